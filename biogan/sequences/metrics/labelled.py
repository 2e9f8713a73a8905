"""One label of an evaluation: which records are read, and what predicts it from letters.

:class:`LabelReader` fits predictors to real training records and asks them about other records;
a :class:`LabelledComparison` puts a candidate beside real records by one label. The metrics that
read them are in :mod:`biogan.sequences.metrics.conditions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from biogan.core.conditions import (
    MOST_CLASSES,
    ConditionKind,
    chosen_conditions,
    kind_of,
    numbers,
)
from biogan.evaluation.conditions import (
    LEAST_R,
    MANY_LABELS,
    UNANSWERABLE,
    Accuracies,
    Measured,
    Strata,
    chance,
    class_accuracy,
    multi_accuracy,
    rank_correlation,
)
from biogan.evaluation.intervals import GROUPS
from biogan.evaluation.report.results import MEDIUM_EFFECT
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import shuffled
from biogan.sequences.metrics.comparison import Comparison, Sample
from biogan.sequences.metrics.predictors import (
    Described,
    Family,
    Model,
    from_ranks,
    learned,
    quantiles,
    ranks,
)
from biogan.sequences.overlaps import joined
from biogan.sequences.similarity.pairs import clusters

# Records that are learned from at most.
_MOST = 4_000
# Identity of records that are one piece of evidence.
_NEAR = 0.9
#: What rows say where there is nothing to learn from.
UNTAUGHT = "cannot be assessed: training records without a relative in the target are too few"


def label_kinds(
    asked: Sequence[str], real: Mapping[str, SequenceSet], generated: Mapping[str, SequenceSet]
) -> dict[str, ConditionKind]:
    """Find the labels to be read and their kinds.

    Parameters
    ----------
    asked : sequence of str
        ``NAME`` or ``NAME=KIND``; by default labels that all sets have and that are no names.
    real, generated : mapping of str to SequenceSet
        Sets by what messages call them; kinds are found from the first real one.

    Raises
    ------
    ConfigError
        If a label that was asked for is not in every set.
    """
    first, known = next(iter(real.items()))
    every = {**real, **generated}
    if not asked:
        shared = [name for name in known.labels if all(name in s.labels for s in every.values())]
        kinds = {name: kind_of(known.labels[name]) for name in shared}
        return {
            name: kind for name, kind in kinds.items()
            if kind == "number" or len({*known.labels[name]}) <= MOST_CLASSES or kind == "multi"
        }  # fmt: skip
    found = chosen_conditions(asked, known.labels, first)
    for where, some in every.items():
        chosen_conditions([f"{name}={kind}" for name, kind in found.items()], some.labels, where)
    return found


class Learned(NamedTuple):
    """Records that predictors learn from.

    Attributes
    ----------
    sample : Sample
        The records.
    left_out : int
        Records that were left out, as the target holds relatives of them.
    one_family : bool
        Whether nearly all records are relatives of one another, so that only copies were.
    """

    sample: Sample
    left_out: int
    one_family: bool


class LabelReader:
    """One label of an evaluation: which records are read, and what predicts it.

    Parameters
    ----------
    name, kind : str
        Name of the label and what it is.
    fit : SequenceSet
        Real records with labels that predictors learn from.
    target, held_out : Sample
        Real records that predictors have not seen, and those that are compared with them.
    generated : sequence of Sample
        All sets that are judged. What is read of each label depends on all, so that one scale
        serves them.
    identity : float
        Records of ``fit`` with this identity to a target record are not learned from.
    seed : int
        Seed of the order in which records are learned from.

    Attributes
    ----------
    strata : Strata
        Labels that training records have often enough.
    read : numpy.ndarray of int
        Numbers of those that every set has in 20 records.
    labels : numpy.ndarray of int
        Those of them that sets are compared within; ``n`` records of each set and label.
    """

    def __init__(
        self,
        name: str,
        kind: ConditionKind,
        fit: SequenceSet,
        target: Sample,
        held_out: Sample,
        generated: Sequence[Sample],
        identity: float = 0.9,
        seed: int = 0,
    ) -> None:
        self.name, self.kind, self.seed = name, kind, seed
        self.target = target
        self._fit, self._identity = fit, identity
        self._numbers: dict[Family, Model] = {}
        self.strata = Strata.of(name, kind, fit.labels[name])
        sets = (target, held_out, *generated)
        fixed = all(some.sequences.is_fixed_length for some in sets) and fit.is_fixed_length
        lengths = {int(some.sequences.lengths[0]) for some in sets} | {int(fit.lengths[0])}
        self.by_position = fixed and len(lengths) == 1
        counts = [self.members(some).sum(0) for some in sets]
        self._cut = np.min(counts, 0)
        enough = 1 if kind == "number" else GROUPS
        self.read = np.flatnonzero(self._cut >= enough)
        self.labels = np.flatnonzero(self._cut >= GROUPS)
        # A few rare labels would take the power from all others.
        frequent = np.flatnonzero(self._cut >= MEDIUM_EFFECT)
        if 2 * len(frequent) >= len(self.labels):
            self.labels = frequent
        self.n = int(self._cut[self.labels].min()) if len(self.labels) else 0

    @property
    def unreadable(self) -> str:
        """Why nothing can be read; empty where something can."""
        if len(self.strata) < 2:
            return f"fewer than two labels of {GROUPS} training records"
        if not len(self.read):
            return f"no label of {GROUPS} records in every set"
        return ""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Names of the labels that training data have and that sets are not compared within."""
        return tuple(n for i, n in enumerate(self.strata.names) if i not in self.labels)

    def members(self, sample: Sample) -> np.ndarray:
        """Tell which records of a sample are in which stratum, shape (n, strata), bool."""
        found: np.ndarray = sample.kept(
            (self, "members"), lambda: self.strata.members(self.column(sample))
        )
        return found

    def column(self, sample: Sample) -> np.ndarray:
        """Return the label of each record as text; without it, ``""``."""
        empty = np.full(len(sample), "", object)
        return np.asarray(sample.sequences.labels.get(self.name, empty))

    def rows(self, sample: Sample) -> np.ndarray:
        """Return the records that predictors are asked about.

        Of a number as many in each of its ranges as every set has: a correlation depends on how
        far apart the numbers lie.
        """
        belongs = self.members(sample)
        if self.kind == "multi":
            return np.flatnonzero(self.strata.labelled(self.column(sample)))
        if self.kind == "class":
            return np.flatnonzero(belongs[:, self.read].any(1))
        some = [np.flatnonzero(belongs[:, s])[: self._cut[s]] for s in self.read]
        return np.sort(np.concatenate(some))

    def novel(self, sample: Sample) -> np.ndarray:
        """Return the records of a combination of labels that no training record has.

        Only labels count that training records have often enough.
        """
        if self.kind != "multi":
            return np.zeros(0, np.int64)
        known = {row.tobytes() for row in self.strata.members(self._fit.labels[self.name])}
        rows, belongs = self.rows(sample), self.members(sample)
        new = [belongs[i].any() and belongs[i].tobytes() not in known for i in rows.tolist()]
        return rows[np.array(new, bool)]

    def part(self, sample: Sample, label: int) -> Sample:
        """Return the first ``n`` records of a label."""
        found: Sample = sample.kept(
            (self, "part", label),
            lambda: Sample(sample.sequences.take(self.part_rows(sample, label))),
        )
        return found

    def part_rows(self, sample: Sample, label: int) -> np.ndarray:
        """Return which records of a sample :meth:`part` holds."""
        return np.flatnonzero(self.members(sample)[:, label])[: self.n]

    def evidence(self, sample: Sample) -> np.ndarray:
        """Return the cluster of each record: near copies, and records that overlap."""
        identity = 1.0 if self.learned.one_family else _NEAR
        found: np.ndarray = sample.kept(
            ("near copies or overlaps", identity),
            lambda: joined(clusters(sample.sequences, identity), sample.clusters),
        )
        return found

    @cached_property
    def learned(self) -> Learned:
        """Return the records that predictors learn from: none with a relative in the target.

        Where most have one, as in a set of mutants, all are relatives of one another, generated
        records too: then only copies are left out.
        """
        known = np.flatnonzero(self.strata.labelled(self._fit.labels[self.name]))
        some = Sample(shuffled(self._fit.take(known), self.seed)[:_MOST])
        near = some.near_copies(self.target, self._identity)
        if not some.sequences.alphabet.has_gap:
            near |= 2 * some.shared_letters(self.target) >= np.maximum(some.sequences.lengths, 1)
        one_family = bool(2 * near.sum() > len(near))
        if one_family:
            near = some.near_copies(self.target, 1.0)
        left = Sample(some.sequences.take(np.flatnonzero(~near)))
        return Learned(left, int(near.sum()), one_family)

    @cached_property
    def described(self) -> Described:
        """Return what predictors read of records."""
        return Described.by(self.learned.sample.sequences, self.by_position)

    def _described(self, sample: Sample) -> np.ndarray:
        """Return what predictors read of a sample, shape (n, d)."""
        found: np.ndarray = sample.kept(self.described, lambda: self.described.of(sample.sequences))
        return found

    @cached_property
    def _classes(self) -> Model | None:
        train = self.learned.sample
        belongs = self.strata.members(train.sequences.labels[self.name])
        counts = belongs.sum(0)
        one_is_all = self.kind == "multi" and (counts >= len(train)).any()
        if not counts.all() or one_is_all:
            return None
        if self.kind == "multi":
            known = self.strata.labelled(train.sequences.labels[self.name])
            return learned(self._described(train)[known], belongs[known], "ridge", "multi", 0)
        return learned(self._described(train), belongs, "ridge", "class", 0)

    def _number(self, family: Family) -> Model:
        """Return what predicts a number, learned as its rank."""
        if family not in self._numbers:
            train = self.learned.sample
            target = ranks(numbers(train.sequences.labels[self.name]))[:, None]
            self._numbers[family] = learned(
                self._described(train), target, family, "number", self.seed
            )
        return self._numbers[family]

    def values(self, sample: Sample) -> np.ndarray:
        """Return the numbers that the records of :meth:`rows` were asked for."""
        return numbers(self.column(sample)[self.rows(sample)])

    def predicted(self, sample: Sample, family: Family | None = None) -> np.ndarray:
        """Return what is predicted of the records of :meth:`rows`.

        Classes, shape (n,); which of several classes they have, shape (n, strata); or numbers by
        one of the families of :class:`~biogan.sequences.metrics.predictors.Numbers`.
        """
        found: np.ndarray = sample.kept(
            (self, "predicted", family), lambda: self._predict(sample, family)
        )
        return found

    def _predict(self, sample: Sample, family: Family | None) -> np.ndarray:
        rows, features = self.rows(sample), self._described(sample)
        if family is not None:
            known = numbers(self.learned.sample.sequences.labels[self.name])
            found = from_ranks(self._number(family)(features)[:, 0], quantiles(known))
        else:
            found = self.classified(sample)
        return np.asarray(found[rows])

    def classified(self, sample: Sample) -> np.ndarray:
        """Return the class of each record, shape (n,), or which ones it has: (n, classes), bool."""
        assert self._classes is not None
        found = self._classes(self._described(sample))
        return found > 0.5 if self.kind == "multi" else found.argmax(1)

    @property
    def untaught(self) -> bool:
        """Whether too few training records have no relative in the target."""
        few = len(self.learned.sample) < GROUPS or not self.described.size
        return few or (self.kind != "number" and self._classes is None)

    def accuracies(self, sample: Sample) -> Accuracies:
        """Return the balanced accuracy of a sample, and that of each label of ``read``."""
        rows, predicted = self.rows(sample), self.predicted(sample)
        asked, evidence = self.members(sample)[rows], self.evidence(sample)[rows]
        if self.kind == "class":
            return class_accuracy(asked.argmax(1), predicted, evidence)
        # Who has all or none of a label was not asked for it.
        own = asked[:, self.read]
        return multi_accuracy(own, predicted[:, self.read], evidence)

    @cached_property
    def chance(self) -> float:
        """Accuracy of records that know nothing of their labels."""
        if self.kind == "multi":
            return 0.5
        belongs = self.members(self.target)
        if belongs.any(0).sum() == 1:  # real records were chosen by the class
            return 1 / len(self.strata)
        rows = np.flatnonzero(belongs.any(1))
        predicted = self.classified(self.target)[rows]
        return chance(predicted, belongs[rows].argmax(1), self.read)

    @cached_property
    def accuracy_unanswerable(self) -> str:
        """Why the accuracy says nothing; empty where it says something."""
        if self.untaught:
            return UNTAUGHT
        found = self.accuracies(self.target).all
        if found.low > self.chance:
            return ""
        said = f"held-out {found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"
        return f"{UNANSWERABLE} ({said}, chance {self.chance:.2f})"

    def correlation(self, sample: Sample, family: Family) -> Measured | None:
        """Return the correlation of asked and predicted numbers; ``None`` where one is constant."""
        rows, asked = self.rows(sample), self.values(sample)
        predicted = self.predicted(sample, family)
        if min(len(np.unique(asked)), len(np.unique(predicted))) < 2:
            return None
        return rank_correlation(asked, predicted, self.evidence(sample)[rows])

    def number_unanswerable(self, family: Family) -> str:
        """Why a number says nothing by a family of predictors; empty where it says something."""
        if self.untaught:
            return UNTAUGHT
        if len(np.unique(self.values(self.target))) == 1:
            return "cannot be assessed: all records that are compared have one value of it"
        found = self.correlation(self.target, family)
        if found is not None and found.value >= LEAST_R:
            return ""
        said = "held-out r undefined" if found is None else f"held-out r {found.value:.2f}"
        return f"{UNANSWERABLE} ({said}, needed {LEAST_R:.1f})"

    @property
    def note(self) -> str:
        """What predictors read, for the note of a value."""
        train, near, one_family = self.learned
        what = "copies" if one_family else "relatives"
        left = f", {near:,} {what} of held-out records left out" if near else ""
        return f"label {self.name}; {self.described.what} of {len(train):,} records{left}"


@dataclass(frozen=True, eq=False)
class LabelledComparison(Comparison):
    """A comparison in which one label is read.

    Attributes
    ----------
    condition : LabelReader or None
        What reads it.
    """

    condition: LabelReader | None = None

    @property
    def reader(self) -> LabelReader:
        """The label; the need ``condition`` was met."""
        assert self.condition is not None
        return self.condition

    def missing(self, need: str) -> str:
        """Say why ``need`` is not met; an empty string if it is."""
        if self.condition is None or need not in NEEDS:
            return super().missing(need)
        return "" if suits(self.condition, need) else f"not of a {self.condition.kind}"


#: Needs of metrics of labels, besides those of all sequences.
NEEDS = ("condition", "classes", "numbers", "many-labels")


def suits(condition: LabelReader, need: str) -> bool:
    """Whether a label is what a metric of it is for."""
    if need == "many-labels":
        return condition.kind != "number" and len(condition.labels) >= MANY_LABELS
    wanted: dict[str, tuple[str, ...]] = {"classes": ("class", "multi"), "numbers": ("number",)}
    return condition.kind in wanted.get(need, (condition.kind,))


def labelled(comparison: Comparison, needs: Sequence[str]) -> Comparison:
    """Return a comparison in which the first label that suits these needs is read, if one does.

    Raises
    ------
    ConfigError
        If a label that was asked for is not in every set.
    """
    source, target = comparison.source, comparison.reference
    real = {"the training records": source.sequences, "the real records": target.sequences}
    new = {"the generated records": comparison.candidate.sequences}
    for name, kind in label_kinds(comparison.extras.conditions, real, new).items():
        condition = LabelReader(
            name, kind, source.sequences, target, target, [comparison.candidate],
            comparison.identity, comparison.seed,
        )  # fmt: skip
        if not condition.unreadable and all(suits(condition, x) for x in needs if x in NEEDS):
            return LabelledComparison(
                comparison.candidate, target, source, comparison.fresh, comparison.seed,
                lengths_vary=comparison.lengths_vary, identity=comparison.identity,
                extras=comparison.extras, condition=condition,
            )  # fmt: skip
    return comparison
