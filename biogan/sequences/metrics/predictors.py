"""Predictors of labels from letters, learned from real training records.

Linear ones (ridge) for classes and numbers, and boosted trees as a second family for numbers: what
two families read alike is in the records, not in one predictor.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from biogan.evaluation.conditions import Strata
from biogan.evaluation.two_sample import ridge
from biogan.sequences.metrics.comparison import Sample
from biogan.sequences.metrics.discriminability import MAX_SITE_CELLS, classifier_features

#: Records that are learned from at most.
MOST = 4_000
# Penalties that are tried for a number, by the leave-one-out error on the training records.
_PENALTIES = np.logspace(0, 6, 13)
_TREES, _RATE, _LEAVES, _SHRINKAGE = 150, 0.08, 15, 1.0


class Described:
    """Records as numbers: k-mer counts and, where all have one length, letters by position.

    Parameters
    ----------
    train : Sample
        Records that mean and spread are taken from.
    by_position : bool
        Whether all records have the same columns; positions are read up to 1,500 cells.

    Attributes
    ----------
    what : str
        What is read, for notes.
    size : int
        Numbers of a record: those that vary among ``train``.
    """

    def __init__(self, train: Sample, by_position: bool) -> None:
        cells = train.sequences.longest * train.sequences.alphabet.size
        self._by_position = by_position and cells <= MAX_SITE_CELLS
        self.what = "k-mers and positions" if self._by_position else "k-mers"
        features = self._features(train)
        spread = features.std(0)
        self._kept = spread > 0
        self.size = int(self._kept.sum())
        self._middle, self._spread = features.mean(0)[self._kept], spread[self._kept]

    def of(self, sample: Sample) -> np.ndarray:
        """Return what is read of each record, shape (n, d), float32, standardised."""
        found: np.ndarray = sample.kept(
            self, lambda: (self._features(sample)[:, self._kept] - self._middle) / self._spread
        )
        return found

    def _features(self, sample: Sample) -> np.ndarray:
        return classifier_features([sample], self._by_position, constant=True)[0]


class Classes:
    """Ridge logistic regression of classes, or of each of several classes at once.

    Parameters
    ----------
    described : Described
        What is read of records.
    train : Sample
        Labelled real records.
    strata : Strata
        Classes.
    """

    def __init__(self, described: Described, train: Sample, strata: Strata) -> None:
        self._described = described
        features = described.of(train)
        belongs = strata.members(train.sequences.labels[strata.name])
        known = strata.labelled(train.sequences.labels[strata.name])
        if strata.exclusive:
            rows = np.flatnonzero(belongs.any(1))
            self._models = [ridge(features[rows], belongs[rows].argmax(1))]
        else:
            self._models = [ridge(features[known], column[known]) for column in belongs.T]
        self._exclusive = strata.exclusive

    def predict(self, sample: Sample) -> np.ndarray:
        """Return the class of each record, shape (n,), or which ones it has: (n, classes), bool."""
        features = self._described.of(sample)
        found = [np.asarray(model.predict(features)) for model in self._models]
        return found[0] if self._exclusive else np.stack(found, 1)


class Numbers:
    """Two predictors of a number: ridge regression and boosted trees.

    Both learn ranks, so that few extreme values do not rule, and never leave the range that they
    have seen: an unbounded predictor rewards sequences unlike any other.

    Parameters
    ----------
    described : Described
        What is read of records.
    train : Sample
        Real records.
    values : numpy.ndarray, shape (n,)
        Their numbers.
    seed : int
        Seed of the trees.
    """

    #: The names of the two.
    FAMILIES = ("ridge", "boosting")

    def __init__(self, described: Described, train: Sample, values: np.ndarray, seed: int) -> None:
        self._described, self._features, self._seed = described, described.of(train), seed
        self._ordered = np.sort(values)
        first, last = (np.searchsorted(self._ordered, values, x) for x in ("left", "right"))
        self._ranks = (first + last) / (2 * len(values))

    def predict(self, sample: Sample, family: str) -> np.ndarray:
        """Return the number of each record that one of the two predicts, shape (n,)."""
        model = self._ridge if family == self.FAMILIES[0] else self._trees
        ranks = np.clip(model.predict(self._described.of(sample)), 0, 1)
        return np.quantile(self._ordered, ranks)

    @cached_property
    def _ridge(self):  # type: ignore[no-untyped-def]
        from sklearn.linear_model import RidgeCV

        return RidgeCV(_PENALTIES).fit(self._features, self._ranks)

    @cached_property
    def _trees(self):  # type: ignore[no-untyped-def]
        from sklearn.ensemble import HistGradientBoostingRegressor

        return HistGradientBoostingRegressor(
            max_iter=_TREES, learning_rate=_RATE, max_leaf_nodes=_LEAVES,
            l2_regularization=_SHRINKAGE, random_state=self._seed, early_stopping=False,
        ).fit(self._features, self._ranks)  # fmt: skip
