"""Predictors of a label from letters: oracles that are fitted to labelled records.

There are two families, so that one can check what was optimised by the other. Neither ever predicts
more than the labels that it has learned from hold: an unbounded predictor gives sequences unlike
any other the highest score (a genetic search on a linear one reached 43 where the largest label is
17, and measured nothing but its faults).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from biogan.core import __version__
from biogan.core.conditions import ConditionKind, chosen_conditions, members, numbers
from biogan.core.errors import CheckpointError, DataError
from biogan.core.files import check_fields, claim_folder, read_json, reading, write_json, writing
from biogan.evaluation.conditions import Measured, class_accuracy, multi_accuracy, rank_correlation
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.kmers import kmer_table
from biogan.sequences.metrics.positions import one_hot
from biogan.sequences.similarity.pairs import clusters
from biogan.sequences.splits import split

#: Ridge regression, and boosted regression trees.
Family = Literal["ridge", "boosting"]
FAMILIES: tuple[Family, ...] = get_args(Family)
#: Files of a predictor.
FACTS, WEIGHTS = "oracle.json", "weights.safetensors"
#: Records that a predictor needs at least.
FEWEST = 40
# Share of the records that is held out to say how good a predictor is.
_HELD_OUT = 0.2
# Cells of the tables of k-mers and of letters by position.
_MAX_KMERS, _HIGHEST_K, _MAX_SITES = 1000, 4, 1500
# Penalties that are tried, by the leave-one-out error.
_PENALTIES = np.logspace(0, 6, 13)
_TREES, _RATE, _DEPTH, _SUBSAMPLE = 300, 0.06, 5, 0.5
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
    def by(cls, records: SequenceSet) -> Described:
        """Take columns, means and spread from records without gaps.

        Raises
        ------
        DataError
            If all are alike.
        """
        length = records.longest if records.is_fixed_length else 0
        length = length if length * records.alphabet.size <= _MAX_SITES else 0
        every = cls(records.alphabet, length, *np.zeros((3, 0), np.float32))
        table = every._table(records)
        spread = table.std(0)
        kept = np.flatnonzero(spread > 0).astype(np.int32)
        if not len(kept):
            raise DataError("all labelled sequences are alike: nothing can be learned from them")
        return cls(records.alphabet, length, kept, table.mean(0)[kept], spread[kept])

    @property
    def what(self) -> str:
        """What is read, for messages."""
        return "k-mers and positions" if self.length else "k-mers"

    def of(self, records: SequenceSet) -> np.ndarray:
        """Return what is read of each record, shape (n, d), float32, standardised."""
        return (self._table(records)[:, self.kept] - self.middle) / self.spread

    def _table(self, records: SequenceSet) -> np.ndarray:
        size = self.alphabet.size
        tables = [
            kmer_table(records, k)
            for k in range(1, _HIGHEST_K + 1)
            if k == 1 or size**k <= _MAX_KMERS
        ]
        if self.length:
            tables.append(one_hot(records.matrix(self.length), size))
        return np.concatenate(tables, 1, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Ridge:
    """Linear regression with a squared penalty, of one target or several.

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
    def fitted(cls, features: np.ndarray, targets: np.ndarray, seed: int) -> Ridge:
        """Fit to rows, with the penalty of the smallest leave-one-out error."""
        from sklearn.linear_model import RidgeCV

        means = targets.mean(0)
        model = RidgeCV(_PENALTIES, fit_intercept=False).fit(features, targets - means)
        weights = np.reshape(model.coef_, (targets.shape[1], -1)).T
        return cls(np.ascontiguousarray(weights, np.float32), means.astype(np.float32))

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Predict all targets, shape (n, targets)."""
        # Row by row: the last digits of a product of matrices depend on the number of rows.
        sums = [(features * column).sum(1, dtype=float) for column in self.weights.T]
        return np.stack(sums, 1) + self.means


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


_MODELS: dict[Family, type[Ridge] | type[Trees]] = {"ridge": Ridge, "boosting": Trees}


@dataclass(frozen=True, eq=False)
class Predictor:
    """A predictor of one label, which can be asked as an oracle.

    A number is learned as its rank among the labels and read back from their distribution, so that
    predictions stay within them; a class as the share of records that have it, from 0 to 1.

    Attributes
    ----------
    label, kind : str
        Name of the label and what it is.
    family : {"ridge", "boosting"}
        How it predicts.
    names : tuple of str
        Columns: the label, or its classes.
    described : Described
        What it reads.
    model : Ridge or Trees
        What it has learned.
    quantiles : numpy.ndarray, shape (q,)
        Distribution of a number; empty for classes.
    records : int
        How many it has learned from.
    assessed : dict
        What :func:`assess` has found; empty if it was not assessed.

    Examples
    --------
    >>> texts = ["ACGT" * 3, "AAGT" * 3, "GGGC" * 3, "TTTA" * 3] * 20
    >>> reads = SequenceSet.from_strings(texts, labels={"gc": [f"{t.count('G')}" for t in texts]})
    >>> predict = Predictor.fitted(reads, "gc", kind="number")
    >>> predict(["GGGCGGGCGGGC"])["gc"].round(1).tolist(), predict.names
    ([9.0], ('gc',))
    """

    label: str
    kind: ConditionKind
    family: Family
    names: tuple[str, ...]
    described: Described
    model: Ridge | Trees
    quantiles: np.ndarray
    records: int
    assessed: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def fitted(
        cls,
        records: SequenceSet,
        label: str,
        family: Family = "ridge",
        kind: ConditionKind | None = None,
        seed: int = 0,
    ) -> Predictor:
        """Learn a label from records; those without one do not count.

        Parameters
        ----------
        records : SequenceSet
            Labelled records; alignment gaps are taken out.
        label : str
            Name of the label.
        family : {"ridge", "boosting"}
            How it predicts.
        kind : {"class", "multi", "number"}, optional
            What the label is; found from its values.
        seed : int
            Seed of the trees.

        Raises
        ------
        ConfigError
            If there is no such label.
        DataError
            If too few records have one, or all have the same.
        """
        asked = label if kind is None else f"{label}={kind}"
        found = chosen_conditions([asked], records.labels, "the records")[label]
        records = labelled(records, label).ungapped()
        if len(records) < FEWEST:
            raise DataError(
                f"label {label!r}: {len(records):,} records have one, {FEWEST} are needed"
            )
        names, targets = _targets(records.labels[label], label, found)
        if (np.ptp(targets, 0) == 0).all():
            raise DataError(f"label {label!r}: all {len(records):,} records have the same")
        quantiles = np.zeros(0)
        if found == "number":
            values = numbers(records.labels[label])
            quantiles = np.quantile(values, np.linspace(0, 1, _QUANTILES))
        described = Described.by(records)
        model = _MODELS[family].fitted(described.of(records), targets, seed)
        return cls(label, found, family, names, described, model, quantiles, len(records))

    def __call__(self, sequences: list[str]) -> dict[str, np.ndarray]:
        """Predict sequences.

        Returns
        -------
        dict of str to numpy.ndarray, shape (n,)
            The number within the labels that were learned from; of classes the share of records of
            this kind that have each, from 0 to 1.

        Raises
        ------
        DataError, AlphabetError
            If a sequence has another length or other letters than the records it has learned from.
        """
        records = SequenceSet.from_strings(sequences, alphabet=self.described.alphabet)
        length = self.described.length
        if length and (records.lengths != length).any():
            other = records.lengths[records.lengths != length][0]
            raise DataError(
                f"a sequence of {other:,} letters; this predictor reads positions, of {length:,}"
            )
        found = np.clip(self.model(self.described.of(records)), 0, 1)
        if self.kind == "number":
            found = np.interp(found, np.linspace(0, 1, len(self.quantiles)), self.quantiles)
        return dict(zip(self.names, found.T, strict=True))

    def save(self, folder: Path) -> None:
        """Write ``oracle.json`` and ``weights.safetensors`` into a folder.

        Raises
        ------
        OutputError
            If they cannot be written.
        """
        claim_folder(folder)
        own = {key: np.ascontiguousarray(value) for key, value in vars(self.model).items()}
        described = {name: getattr(self.described, name) for name in ("kept", "middle", "spread")}
        with writing(folder / WEIGHTS):
            (folder / WEIGHTS).write_bytes(save(own | described | {"quantiles": self.quantiles}))
        write_json(
            {
                "version": __version__, "label": self.label, "kind": self.kind,
                "family": self.family, "names": list(self.names), "records": self.records,
                "alphabet": self.described.alphabet.to_dict(), "length": self.described.length,
                "assessed": self.assessed,
            },
            folder / FACTS,
        )  # fmt: skip

    @classmethod
    def load(cls, folder: Path) -> Predictor:
        """Read what :meth:`save` has written.

        Raises
        ------
        CheckpointError
            If it is no such folder, or damaged.
        """
        facts = check_fields(
            str(folder / FACTS), read_json(folder / FACTS, CheckpointError),
            {"label": str, "kind": ConditionKind, "family": Family, "names": list[str],
             "records": int, "alphabet": dict, "length": int, "assessed": dict},
        )  # fmt: skip
        path = folder / WEIGHTS
        with reading(path, "damaged or not a safetensors file", CheckpointError):
            try:
                found = load(path.read_bytes())
            except SafetensorError as error:
                raise CheckpointError(f"{path}: damaged or not a safetensors file") from error
        with reading(folder, "weights of another predictor", CheckpointError):
            alphabet = Alphabet.from_dict(facts.pop("alphabet"))
            read = (found.pop(name) for name in ("kept", "middle", "spread"))
            described = Described(alphabet, facts.pop("length"), *read)
            quantiles = found.pop("quantiles")
            model = _MODELS[facts["family"]](**found)
        if len(model.means) != len(facts["names"]):
            raise CheckpointError(
                f"{folder}: weights of {len(model.means):,} targets for {len(facts['names']):,}"
            )
        names = tuple(facts.pop("names"))
        return cls(**facts, names=names, described=described, model=model, quantiles=quantiles)


def labelled(records: SequenceSet, label: str) -> SequenceSet:
    """Return the records that have a label."""
    return records[np.array([bool(str(value).strip()) for value in records.labels[label]])]


def _targets(
    values: np.ndarray, label: str, kind: ConditionKind
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names of the columns and what is learned, shape (n, columns), 0 to 1."""
    if kind == "number":
        read = numbers(values)
        ordered = np.sort(read)
        first, last = (np.searchsorted(ordered, read, side) for side in ("left", "right"))
        return (label,), ((first + last) / (2 * len(read)))[:, None]
    have = [members(v) if kind == "multi" else (str(v).strip(),) for v in values]
    names = tuple(sorted({name for some in have for name in some}))
    return names, np.array([[name in some for name in names] for some in have], float)


def assess(
    records: SequenceSet,
    label: str,
    family: Family = "ridge",
    kind: ConditionKind | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Say how well a label of held-out records is predicted, none of which has a near copy.

    Parameters
    ----------
    records, label, family, kind, seed
        As for :meth:`Predictor.fitted`; the seed decides also what is held out.

    Returns
    -------
    dict
        ``measure`` (Spearman's ``r``, or ``accuracy``, balanced over classes), its ``value``,
        ``low`` and ``high`` (95 %), ``held_out`` (records) and ``identity`` across the split.
    """
    # One copy of each sequence: a copy on both sides would be known by heart.
    parts = split(labelled(records, label).ungapped(), _HELD_OUT, seed)
    predictor = Predictor.fitted(parts.train, label, family, kind, seed)
    held = parts.held_out
    found = _measured(predictor, held)
    return {
        "measure": "r" if predictor.kind == "number" else "accuracy",
        **found._asdict(), "held_out": len(held), "identity": parts.identity,
    }  # fmt: skip


def _measured(predictor: Predictor, held: SequenceSet) -> Measured:
    predicted = np.stack([*predictor(held.strings()).values()], 1)
    groups = clusters(held, 0.9)
    if predictor.kind == "number":
        true = numbers(held.labels[predictor.label])
        if min(np.ptp(true), np.ptp(predicted)) == 0:
            return Measured(0.0, -1.0, 1.0)
        return rank_correlation(true, predicted[:, 0], groups)
    names, true = _targets(held.labels[predictor.label], predictor.label, predictor.kind)
    own = [predictor.names.index(name) for name in names if name in predictor.names]
    true = true[:, [name in predictor.names for name in names]].astype(bool)
    if predictor.kind == "multi":
        both = true.any(0) & ~true.all(0)
        return multi_accuracy(true[:, both], predicted[:, own][:, both] > 0.5, groups).all
    known = true.any(1)
    asked = np.array(own)[true[known].argmax(1)]
    return class_accuracy(asked, predicted[known].argmax(1), groups[known]).all


def other(family: Family) -> Family:
    """Return the family that checks another one."""
    return "boosting" if family == "ridge" else "ridge"


def halves(records: SequenceSet, label: str, seed: int) -> Sequence[SequenceSet]:
    """Part labelled records into two halves without near copies between them.

    Raises
    ------
    DataError
        If they cannot be parted.
    """
    parts = split(labelled(records, label).ungapped(), 0.5, seed)
    if min(len(parts.train), len(parts.held_out)) < FEWEST:
        raise DataError(
            f"label {label!r}: the records cannot be parted into two halves of {FEWEST} without "
            "near copies between them: give a second predictor with --check"
        )
    return parts.train, parts.held_out
