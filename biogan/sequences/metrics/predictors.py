"""What predicts a label from letters: linear models and boosted trees, of two families.

Evaluations read with them how well labels are followed; ``biogan oracle`` keeps one in a folder.
There are two families, so that one can check what the other says. Numbers are learned as ranks, so
that few extreme values do not rule, and no prediction leaves the labels that were learned from: an
unbounded predictor gives sequences unlike any other the highest score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.special import expit, softmax

from biogan.core.conditions import ConditionKind
from biogan.evaluation.two_sample import ridge
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.kmers import kmer_table
from biogan.sequences.metrics.discriminability import MAX_SITE_CELLS
from biogan.sequences.metrics.positions import one_hot

#: Boosted regression trees, and linear models with a squared penalty.
Family = Literal["boosting", "ridge"]
FAMILIES: tuple[Family, ...] = get_args(Family)
# Cells of the table of k-mers.
_MAX_KMERS, _HIGHEST_K = 1000, 4
# Penalties that are tried, by the leave-one-out error.
_PENALTIES = np.logspace(0, 6, 13)
_TREES, _RATE, _DEPTH, _SUBSAMPLE = 300, 0.06, 5, 0.5
# Log-odds of what is always or never so.
_CERTAIN = 30.0
# Steps of the distribution of a number.
_QUANTILES = 1001


@dataclass(frozen=True, eq=False)
class Described:
    """Records as numbers: k-mer counts and, where all have one length, letters by position.

    Attributes
    ----------
    alphabet : Alphabet
        Letters.
    length : int
        The one length of all records, 0 where positions are not read.
    kept : numpy.ndarray, shape (d,), int32
        Columns that vary among the records that were learned from.
    middle, spread : numpy.ndarray, shape (d,), float32
        Their means and standard deviations there.
    """

    alphabet: Alphabet
    length: int
    kept: np.ndarray
    middle: np.ndarray
    spread: np.ndarray

    @classmethod
    def by(cls, records: SequenceSet, by_position: bool = True) -> Described:
        """Take columns, means and spread from records.

        Parameters
        ----------
        records : SequenceSet
            What is learned from. k-mers are counted without alignment gaps.
        by_position : bool
            Whether letters are read by position where all have one length, up to 1,500 cells.
        """
        length = records.longest if by_position and records.is_fixed_length else 0
        length = length if length * records.alphabet.size <= MAX_SITE_CELLS else 0
        every = cls(records.alphabet, length, *np.zeros((3, 0), np.float32))
        table = every._table(records)
        spread = table.std(0)
        kept = np.flatnonzero(spread > 0).astype(np.int32)
        return cls(records.alphabet, length, kept, table.mean(0)[kept], spread[kept])

    @property
    def size(self) -> int:
        """Numbers that are read of a record; 0 where nothing can be learned."""
        return len(self.kept)

    @property
    def what(self) -> str:
        """What is read, for messages."""
        return "k-mers and positions" if self.length else "k-mers"

    def of(self, records: SequenceSet) -> np.ndarray:
        """Return what is read of each record, shape (n, d), float32, standardised."""
        return (self._table(records)[:, self.kept] - self.middle) / self.spread

    def _table(self, records: SequenceSet) -> np.ndarray:
        plain = records.ungapped()
        size = plain.alphabet.size
        tables = [
            kmer_table(plain, k)
            for k in range(1, _HIGHEST_K + 1)
            if k == 1 or size**k <= _MAX_KMERS
        ]
        if self.length:
            tables.append(one_hot(records.matrix(self.length), self.alphabet.size))
        return np.concatenate(tables, 1, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Ridge:
    """Linear regression with a squared penalty, of one target.

    Attributes
    ----------
    weights : numpy.ndarray, shape (d, targets), float32
        Change of each target with each column.
    means : numpy.ndarray, shape (targets,), float32
        Mean of each target.
    """

    weights: np.ndarray
    means: np.ndarray

    @classmethod
    def fitted(cls, features: np.ndarray, targets: np.ndarray) -> Ridge:
        """Fit to rows, with the penalty of the smallest leave-one-out error."""
        from sklearn.linear_model import RidgeCV

        means = targets.mean(0)
        model = RidgeCV(_PENALTIES, fit_intercept=False).fit(features, targets - means)
        weights = np.reshape(model.coef_, (targets.shape[1], -1)).T
        return cls(np.ascontiguousarray(weights, np.float32), means.astype(np.float32))

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Predict all targets, shape (n, targets)."""
        return _products(features, self.weights) + self.means


def _products(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Multiply each row alone: last digits of matrix products depend on the number of rows."""
    return np.stack([(features * column).sum(1, dtype=float) for column in weights.T], 1)


@dataclass(frozen=True, eq=False)
class Logistic:
    """Ridge logistic regression, of classes or of each of several classes at once.

    Classes count alike, however many records each has.

    Attributes
    ----------
    slopes : numpy.ndarray, shape (d, targets), float64
        Change of the log-odds of each class with each column.
    intercepts : numpy.ndarray, shape (targets,), float64
        Log-odds of each class in the mean of all columns.
    exclusive : numpy.ndarray, shape (), bool
        Whether a record has one class only, so that the probabilities add up to 1.
    """

    slopes: np.ndarray
    intercepts: np.ndarray
    exclusive: np.ndarray

    @classmethod
    def fitted(cls, features: np.ndarray, targets: np.ndarray, exclusive: bool) -> Logistic:
        """Fit to rows; with exclusive classes, those without any do not count."""
        slopes = np.zeros((targets.shape[1], features.shape[1]))
        intercepts = np.zeros(targets.shape[1])
        rows = np.flatnonzero(targets.any(1)) if exclusive else np.arange(len(targets))
        asked = [targets[rows].argmax(1)] if exclusive else targets.T > 0
        for i, column in enumerate(asked):
            if column.min() == column.max():
                # All records have the class, or none.
                intercepts[i] = _CERTAIN if column[0] else -_CERTAIN
                continue
            model = ridge(features[rows], column)
            # Of two classes alone the log-odds of the second are known.
            own = slice(-len(model.coef_), None) if exclusive else slice(i, i + 1)
            slopes[own], intercepts[own] = model.coef_, model.intercept_
        return cls(np.ascontiguousarray(slopes.T), intercepts, np.array(exclusive))

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Predict the probability of each class, shape (n, targets)."""
        scores = _products(features, self.slopes) + self.intercepts
        return softmax(scores, axis=1) if self.exclusive else expit(scores)


@dataclass(frozen=True, eq=False)
class Trees:
    """Boosted regression trees (Friedman 2002, Comput. Stat. Data Anal. 38:367).

    Attributes
    ----------
    columns, lefts, rights : numpy.ndarray, shape (targets, trees, nodes), int32
        Column that a node asks for, and the nodes behind the two answers; a leaf is behind itself.
    thresholds, values : numpy.ndarray, shape (targets, trees, nodes), float64
        Up to which value the answer is left, and what a leaf adds.
    means : numpy.ndarray, shape (targets,), float32
        Mean of each target.
    """

    columns: np.ndarray
    lefts: np.ndarray
    rights: np.ndarray
    thresholds: np.ndarray
    values: np.ndarray
    means: np.ndarray

    @classmethod
    def fitted(cls, features: np.ndarray, targets: np.ndarray, seed: int) -> Trees:
        """Fit to rows; every tree sees half of them, and of the columns a few at each node."""
        from sklearn.ensemble import GradientBoostingRegressor

        means = targets.mean(0)
        grown = []
        for column, mean in zip(targets.T, means, strict=True):
            model = GradientBoostingRegressor(
                n_estimators=_TREES, learning_rate=_RATE, max_depth=_DEPTH, subsample=_SUBSAMPLE,
                max_features="sqrt", init="zero", random_state=seed,
            ).fit(features, column - mean)  # fmt: skip
            grown.append([tree.tree_ for tree in model.estimators_[:, 0]])
        nodes = max(tree.node_count for trees in grown for tree in trees)
        shape = (len(grown), _TREES, nodes)
        columns, lefts, rights = np.zeros((3, *shape), np.int32)
        thresholds, values = np.zeros((2, *shape))
        for i, trees in enumerate(grown):
            for j, tree in enumerate(trees):
                n, own = tree.node_count, np.arange(tree.node_count)
                leaf = tree.children_left < 0
                columns[i, j, :n] = np.where(leaf, 0, tree.feature)
                lefts[i, j, :n] = np.where(leaf, own, tree.children_left)
                rights[i, j, :n] = np.where(leaf, own, tree.children_right)
                thresholds[i, j, :n] = tree.threshold
                values[i, j, :n] = _RATE * tree.value[:, 0, 0]
        return cls(columns, lefts, rights, thresholds, values, means.astype(np.float32))

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Predict all targets, shape (n, targets)."""
        found = np.tile(self.means.astype(float), (len(features), 1))
        rows, trees = np.arange(len(features))[:, None], np.arange(self.columns.shape[1])
        for i in range(len(self.means)):
            at = np.zeros((len(features), len(trees)), np.int64)
            for _ in range(_DEPTH):
                asked = features[rows, self.columns[i, trees, at]]
                left = asked <= self.thresholds[i, trees, at]
                at = np.where(left, self.lefts[i, trees, at], self.rights[i, trees, at])
            found[:, i] += self.values[i, trees, at].sum(1)
        return found


Model = Ridge | Logistic | Trees
#: Each by the name of its class.
MODELS: dict[str, type[Model]] = {one.__name__: one for one in (Ridge, Logistic, Trees)}


def learned(
    features: np.ndarray, targets: np.ndarray, family: Family, kind: ConditionKind, seed: int
) -> Model:
    """Fit a model of a family.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, d), float32
        Standardised (:meth:`Described.of`).
    targets : numpy.ndarray, shape (n, targets)
        0 to 1: ranks of a number (:func:`ranks`), or which classes a record has.
    family : {"boosting", "ridge"}
        Boosted trees; or linear: ridge regression of numbers, ridge logistic regression of classes.
    kind : {"class", "multi", "number"}
        What the label is.
    seed : int
        Seed of the trees.
    """
    if family == "boosting":
        return Trees.fitted(features, targets, seed)
    if kind == "number":
        return Ridge.fitted(features, targets)
    return Logistic.fitted(features, targets, kind == "class")


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the rank of each number among all, from 0 to 1, the same for equal ones, shape (n,).

    Examples
    --------
    >>> ranks(np.array([5.0, 1.0, 5.0, 9.0])).tolist()
    [0.5, 0.125, 0.5, 0.875]
    """
    ordered = np.sort(values)
    first, last = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return np.asarray((first + last) / (2 * len(values)))


def quantiles(values: np.ndarray) -> np.ndarray:
    """Return the distribution of numbers in a thousand steps, from which ranks are read back."""
    return np.asarray(np.quantile(values, np.linspace(0, 1, _QUANTILES)))


def from_ranks(predicted: np.ndarray, distribution: np.ndarray) -> np.ndarray:
    """Read predicted ranks as numbers, none beyond those that were learned from.

    Examples
    --------
    >>> from_ranks(np.array([-3.0, 0.5, 7.0]), quantiles(np.array([1.0, 2.0, 9.0]))).tolist()
    [1.0, 2.0, 9.0]
    """
    places = np.linspace(0, 1, len(distribution))
    return np.asarray(np.interp(np.clip(predicted, 0, 1), places, distribution))
