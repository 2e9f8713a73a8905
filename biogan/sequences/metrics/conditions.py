"""Metrics of conditional generation: how well records follow the labels they were asked for.

Predictors learn each label from real training records (:mod:`biogan.sequences.metrics.predictors`)
and are asked about generated records and, as the ceiling, about real ones that they have not seen.
To follow a label better than these is a fault as well: it is what a generator does that writes the
typical record of each label only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from biogan.core.conditions import (
    MOST_CLASSES,
    ConditionKind,
    chosen_conditions,
    kind_of,
    numbers,
)
from biogan.core.errors import percentage
from biogan.evaluation.conditions import (
    LEAST_R,
    MANY_LABELS,
    Accuracies,
    Measured,
    Strata,
    chance,
    chance_rank,
    class_accuracy,
    mean_over,
    median_error,
    multi_accuracy,
    rank_correlation,
    reciprocal_ranks,
)
from biogan.evaluation.distances import jsd, median_width, squared_distances
from biogan.evaluation.intervals import GROUPS, effective, jackknifed
from biogan.evaluation.metric import Value
from biogan.evaluation.report.results import MEDIUM_EFFECT
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import shuffled
from biogan.sequences.kmers import choose_k, grouped_kmer_counts
from biogan.sequences.metrics.comparison import (
    SEQUENCE_METRICS,
    Comparison,
    Sample,
    metric,
)
from biogan.sequences.metrics.features import points
from biogan.sequences.metrics.predictors import MOST, Classes, Described, Numbers
from biogan.sequences.overlaps import joined
from biogan.sequences.similarity.pairs import clusters

#: The section of the report.
GROUP = "conditions"
# Records whose distances from one another are taken; of a label, by position; pairs that are
# aligned, of all labels.
_MOST_POINTS, _MOST_NEAREST, _MOST_ALIGNED = 2_000, 1_000, 100_000
# Labels that details name, the worst first.
_WORST = 5
_Z = 1.959964
#: Metrics that learn from training records: held-out data are the target itself.
UNSEEN = frozenset({
    "label-accuracy", "label-r", "label-r-boosting", "label-mae", "label-mae-boosting",
})  # fmt: skip
#: What rows say that not even real records can answer.
UNANSWERABLE = "cannot be assessed: not even real records follow it"
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


class Condition:
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
        # One rare label would take the power from all others.
        if (self._cut >= MEDIUM_EFFECT).any():
            self.labels = np.flatnonzero(self._cut >= MEDIUM_EFFECT)
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
        found: np.ndarray = sample.kept(
            "near copies or overlaps",
            lambda: joined(clusters(sample.sequences, 0.9), sample.clusters),
        )
        return found

    @cached_property
    def learned(self) -> tuple[Sample, int]:
        """Return the records that predictors learn from, and how many relatives were left out."""
        known = np.flatnonzero(self.strata.labelled(self._fit.labels[self.name]))
        some = Sample(shuffled(self._fit.take(known), self.seed)[:MOST])
        near = some.near_copies(self.target, self._identity)
        if not some.sequences.alphabet.has_gap:
            near |= 2 * some.shared_letters(self.target) >= np.maximum(some.sequences.lengths, 1)
        return Sample(some.sequences.take(np.flatnonzero(~near))), int(near.sum())

    @cached_property
    def described(self) -> Described:
        """Return what predictors read of records."""
        return Described(self.learned[0], self.by_position)

    @cached_property
    def _classes(self) -> Classes | None:
        train = self.learned[0]
        counts = self.strata.members(train.sequences.labels[self.name]).sum(0)
        one_is_all = self.kind == "multi" and (counts >= len(train)).any()
        if not counts.all() or one_is_all:
            return None
        return Classes(self.described, train, self.strata)

    @cached_property
    def _numbers(self) -> Numbers:
        train = self.learned[0]
        values = numbers(train.sequences.labels[self.name])
        return Numbers(self.described, train, values, self.seed)

    def values(self, sample: Sample) -> np.ndarray:
        """Return the numbers that the records of :meth:`rows` were asked for."""
        return numbers(self.column(sample)[self.rows(sample)])

    def predicted(self, sample: Sample, family: str = "") -> np.ndarray:
        """Return what is predicted of the records of :meth:`rows`.

        Classes, shape (n,); which of several classes they have, shape (n, strata); or numbers by
        one of the families of :class:`~biogan.sequences.metrics.predictors.Numbers`.
        """
        found: np.ndarray = sample.kept(
            (self, "predicted", family), lambda: self._predict(sample, family)
        )
        return found

    def _predict(self, sample: Sample, family: str) -> np.ndarray:
        if family:
            found = self._numbers.predict(sample, family)
        else:
            assert self._classes is not None
            found = self._classes.predict(sample)
        return np.asarray(found[self.rows(sample)])

    @property
    def untaught(self) -> bool:
        """Whether too few training records have no relative in the target."""
        few = len(self.learned[0]) < GROUPS
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
        rows = np.flatnonzero(belongs.any(1))
        assert self._classes is not None
        predicted = self._classes.predict(self.target)[rows]
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

    def correlation(self, sample: Sample, family: str) -> Measured | None:
        """Return the correlation of asked and predicted numbers; ``None`` where one is constant."""
        rows, asked = self.rows(sample), self.values(sample)
        predicted = self.predicted(sample, family)
        if min(len(np.unique(asked)), len(np.unique(predicted))) < 2:
            return None
        return rank_correlation(asked, predicted, self.evidence(sample)[rows])

    def number_unanswerable(self, family: str) -> str:
        """Why a number says nothing by a family of predictors; empty where it says something."""
        if self.untaught:
            return UNTAUGHT
        found = self.correlation(self.target, family)
        if found is not None and found.value >= LEAST_R:
            return ""
        said = "held-out r undefined" if found is None else f"held-out r {found.value:.2f}"
        return f"{UNANSWERABLE} ({said}, needed {LEAST_R:.1f})"

    @property
    def note(self) -> str:
        """What predictors read, for the note of a value."""
        train, near = self.learned
        left = f", {near:,} relatives of held-out records left out" if near else ""
        return f"label {self.name}; {self.described.what} of {len(train):,} records{left}"


@dataclass(frozen=True, eq=False)
class LabelledComparison(Comparison):
    """A comparison in which one label is read.

    Attributes
    ----------
    condition : Condition or None
        The label.
    """

    condition: Condition | None = None

    @property
    def label(self) -> Condition:
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


def suits(condition: Condition, need: str) -> bool:
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
        condition = Condition(
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


def _value(
    comparison: LabelledComparison,
    found: Measured,
    note: str,
    details: tuple[str, ...] = (),
    low: float = -np.inf,
    high: float = np.inf,
) -> Value:
    value, first, last = np.clip(found, low, high).tolist()
    n = len(comparison.label.rows(comparison.candidate))
    return Value(value, first, last, n=n, note=note, details=details)


@metric("label-accuracy", GROUP, "label accuracy", goal="held-out", high=1.0, unit="share",
        needs=("condition", "classes"))  # fmt: skip
def label_accuracy(comparison: LabelledComparison) -> Value:
    """Balanced share of records that a classifier of training data gives the asked label."""
    condition = comparison.label
    if reason := condition.accuracy_unanswerable:
        return Value(None, note=f"label {condition.name}: {reason}")
    if condition.kind == "multi":
        asked = condition.members(comparison.candidate)[condition.rows(comparison.candidate)]
        own = asked[:, condition.read]
        if own.all(0).any() or not own.any(0).all():
            return Value(None, note="a label that all records have, or none, has no accuracy")
    found = condition.accuracies(comparison.candidate)
    names = [condition.strata.names[i] for i in condition.read]
    note = f"{condition.note}; chance {condition.chance:.2f}"
    details = _worst(dict(zip(names, found.each, strict=False)), lambda x: x, percentage)
    return _value(comparison, found.all, note, details, 0.0, 1.0)


def _worst(
    found: Mapping[str, float], loss: Callable[[float], float], text: Callable[[float], str]
) -> tuple[str, ...]:
    """Name the labels, the one of the smallest ``loss`` first."""
    names = sorted(found, key=lambda name: (loss(found[name]), name))
    return tuple(f"{name} {text(found[name])}" for name in names[:_WORST])


def _ridge_or_boosting(comparison: LabelledComparison, family: str, error: bool) -> Value:
    condition, sample = comparison.label, comparison.candidate
    if reason := condition.number_unanswerable(family):
        return Value(None, note=f"label {condition.name}: {reason}")
    note = f"{condition.note}, {family}"
    if error:
        rows = condition.rows(sample)
        asked, predicted = condition.values(sample), condition.predicted(sample, family)
        found = median_error(asked, predicted, condition.evidence(sample)[rows])
        return _value(comparison, found, note, low=0.0)
    correlation = condition.correlation(sample, family)
    if correlation is None:
        return Value(None, note=f"label {condition.name}: all are asked for one number, or alike")
    return _value(comparison, correlation, note, (), -1.0, 1.0)


@metric("label-r", GROUP, "asked r", goal="held-out", low=-1.0, high=1.0,
        needs=("condition", "numbers"))  # fmt: skip
def label_correlation(comparison: LabelledComparison) -> Value:
    """Spearman correlation of the asked number with that of ridge regression on training data."""
    return _ridge_or_boosting(comparison, Numbers.FAMILIES[0], error=False)


@metric("label-r-boosting", GROUP, "asked r, boosting", goal="held-out", low=-1.0, high=1.0,
        needs=("condition", "numbers"))  # fmt: skip
def label_correlation_boosting(comparison: LabelledComparison) -> Value:
    """Spearman correlation of the asked number with that of boosted trees of training data."""
    return _ridge_or_boosting(comparison, Numbers.FAMILIES[1], error=False)


@metric("label-mae", GROUP, "asked error", goal="held-out", unit="of the label",
        needs=("condition", "numbers"))  # fmt: skip
def label_error(comparison: LabelledComparison) -> Value:
    """Median absolute difference of the asked number from that of ridge regression."""
    return _ridge_or_boosting(comparison, Numbers.FAMILIES[0], error=True)


@metric("label-mae-boosting", GROUP, "asked error, boosting", goal="held-out",
        unit="of the label", needs=("condition", "numbers"))  # fmt: skip
def label_error_boosting(comparison: LabelledComparison) -> Value:
    """Median absolute difference of the asked number from that of boosted trees."""
    return _ridge_or_boosting(comparison, Numbers.FAMILIES[1], error=True)


@metric("label-auroc", GROUP, "in-label AUROC", goal="half", high=1.0, needs=("condition",))
def label_auroc(comparison: LabelledComparison) -> Value:
    """Mean over labels of the classifier AUROC of records of the label against real ones of it."""
    condition = comparison.label
    auroc, found = SEQUENCE_METRICS["auroc"].function, {}
    for label in condition.labels.tolist():
        value = auroc(_within(comparison, label))
        if value.value is not None and value.low is not None and value.high is not None:
            found[condition.strata.names[label]] = Measured(value.value, value.low, value.high)
    if not found:
        return Value(None, note=f"label {condition.name}: {_few(condition)}")
    mean = mean_over([*found.values()], condition.strata.exclusive)
    details = _worst({k: m.value for k, m in found.items()}, lambda x: -x, lambda x: f"{x:.2f}")
    value, low, high = np.clip(mean, 0, 1).tolist()
    return Value(value, low, high, n=condition.n, note=_each(condition), details=details)


def _within(comparison: LabelledComparison, label: int) -> Comparison:
    condition = comparison.label
    new, real = (condition.part(s, label) for s in (comparison.candidate, comparison.reference))
    return Comparison(
        new, real, comparison.source, seed=comparison.seed, lengths_vary=comparison.lengths_vary,
        identity=comparison.identity, extras=comparison.extras,
    )  # fmt: skip


def _few(condition: Condition) -> str:
    return f"no label has {GROUPS} records in every set"


def _each(condition: Condition) -> str:
    left = f", {len(condition.left_out):,} rarer ones left out" if condition.left_out else ""
    return f"label {condition.name}; {len(condition.labels):,} labels{left}, {condition.n:,} each"


@metric("label-jsd", GROUP, "in-label JSD", high=1.0, unit="bit", needs=("condition",))
def label_divergence(comparison: LabelledComparison) -> Value:
    """Mean over labels of the k-mer divergence of records of the label from real ones of it."""
    condition, samples = comparison.label, (comparison.candidate, comparison.reference)
    labels = condition.labels.tolist()
    if not labels:
        return Value(None, note=f"label {condition.name}: {_few(condition)}")
    parts = [[condition.part(s, label).plain for label in labels] for s in samples]
    k = choose_k(*(part for some in parts for part in some))
    counts = [
        np.stack([
            grouped_kmer_counts(part, k, s.groups[condition.part_rows(s, label)], GROUPS)
            for part, label in zip(some, labels, strict=True)
        ])
        for s, some in zip(samples, parts, strict=True)
    ]  # fmt: skip

    def each(left_out: int | None) -> np.ndarray:
        kept = [g for g in range(GROUPS) if g != left_out]
        new, real = (c[:, kept].sum(1) for c in counts)
        return jsd(new, real)

    worst = dict(zip((condition.strata.names[i] for i in labels), each(None), strict=True))
    found = jackknifed(
        comparison, lambda g: float(each(g).mean()), high=1.0, note=f"k={k}; {_each(condition)}"
    )
    details = _worst(worst, lambda x: -x, lambda x: f"{x:.3f} (not corrected)")
    return Value(found.value, found.low, found.high, found.plain, found.n, found.note, details)


@metric("label-spread", GROUP, "in-label spread", goal="same", needs=("condition",))
def label_spread(comparison: LabelledComparison) -> Value:
    """Mean over labels of the distance to the nearest other record of a label, over real ones'.

    As many records of both, so that few records written again and again are told, and records that
    are too much alike.
    """
    condition = comparison.label
    by_position = not comparison.missing("columns")
    labels = condition.labels.tolist()
    if not labels:
        return Value(None, note=f"label {condition.name}: {_few(condition)}")
    most = _MOST_NEAREST if by_position else int(np.sqrt(_MOST_ALIGNED / len(labels)))
    n, found = min(condition.n, max(GROUPS, most)), {}
    for label in labels:
        samples = comparison.candidate, comparison.reference
        parts = [condition.part(s, label).first(n) for s in samples]
        apart = [1 - part.nearest(part)[1] for part in parts]
        if apart[1].mean() > 0:
            found[condition.strata.names[label]] = _ratio(*apart, *(p.clusters for p in parts))
    if not found:
        return Value(None, note=f"label {condition.name}: real records of a label have copies")
    mean = mean_over([*found.values()], condition.strata.exclusive)
    details = _worst(
        {k: m.value for k, m in found.items()}, lambda x: -abs(x - 1), lambda x: f"{x:.2f}"
    )
    value, low, high = np.clip(mean, 0, np.inf).tolist()
    each = f"label {condition.name}; {len(found):,} labels, {n:,} records each"
    return Value(value, low, high, n=n * len(found), note=each, details=details)


def _ratio(new: np.ndarray, real: np.ndarray, of_new: np.ndarray, of_real: np.ndarray) -> Measured:
    """Ratio of two means of distances with its interval, by the delta method.

    Two records that are nearest to one another have one distance: it counts as one.
    """
    ratio = float(new.mean() / real.mean())
    errors = [
        x.std(ddof=1) / np.sqrt(effective(x, groups) / 2)
        for x, groups in ((new, of_new), (real, of_real))
    ]
    half = _Z * float(np.hypot(errors[0], ratio * errors[1]) / real.mean())
    return Measured(ratio, ratio - half, ratio + half)


@metric("label-mrr", GROUP, "rank of the label", goal="high", high=1.0,
        needs=("condition", "many-labels"))  # fmt: skip
def label_rank(comparison: LabelledComparison) -> Value:
    """Mean reciprocal rank of the asked label among real labels by unbiased squared MMD.

    Notes
    -----
    Kucera et al. 2022, Bioinformatics 38:3454, there with a biased distance.
    """
    condition = comparison.label
    labels = condition.labels.tolist()
    new, real, what = points(comparison)
    n = max(2, min(condition.n, _MOST_POINTS // len(labels)))
    samples = comparison.candidate, comparison.reference
    rows = [[condition.part_rows(s, label)[:n] for label in labels] for s in samples]
    x, y = (table[np.concatenate(r)] for table, r in zip((new, real), rows, strict=True))
    width = median_width(y)
    if width == 0:
        return Value(None, note="half of the real records or more are alike: no width")
    shape = len(labels), n, len(labels), n
    between, within = (
        np.exp(squared_distances(a, y) / (-2 * width**2)).reshape(shape) for a in (x, y)
    )
    own = np.array([within[i, :, i].sum() - n for i in range(len(labels))]) / (n * (n - 1))
    # The part of the generated records alone is the same for every real label.
    distances = own - 2 * between.mean((1, 3))
    found = reciprocal_ranks(distances)
    ranks = (distances <= np.diagonal(distances)[:, None]).sum(1)
    names = [condition.strata.names[i] for i in labels]
    details = _worst(
        dict(zip(names, ranks.astype(float), strict=True)), lambda r: -r, lambda r: f"rank {r:.0f}"
    )
    note = f"{what}; {_each(condition)}; chance {chance_rank(len(labels)):.2f}"
    return Value(*found, n=n * len(labels), note=note, details=details)
