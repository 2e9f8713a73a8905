"""Metrics of conditional generation: how well records follow the labels they were asked for.

Predictors learn each label from real training records (:mod:`biogan.sequences.metrics.predictors`)
and are asked about generated records and, as the ceiling, about real ones that they have not seen.
To follow a label better than these is a fault as well: it is what a generator does that writes the
typical record of each label only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from biogan.core.errors import percentage
from biogan.evaluation.conditions import (
    Measured,
    chance_rank,
    mean_over,
    median_error,
    reciprocal_ranks,
)
from biogan.evaluation.distances import jsd, median_width, squared_distances
from biogan.evaluation.intervals import GROUPS, effective, jackknifed, wilson
from biogan.evaluation.metric import Value
from biogan.sequences.kmers import choose_k, grouped_kmer_counts
from biogan.sequences.metrics.comparison import SEQUENCE_METRICS, Comparison, metric
from biogan.sequences.metrics.features import points
from biogan.sequences.metrics.labelled import LabelledComparison, LabelReader
from biogan.sequences.metrics.predictors import Family

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


def _value(
    comparison: LabelledComparison,
    found: Measured,
    note: str,
    details: tuple[str, ...] = (),
    low: float = -np.inf,
    high: float = np.inf,
) -> Value:
    value, first, last = np.clip(found, low, high).tolist()
    n = len(comparison.reader.rows(comparison.candidate))
    return Value(value, first, last, n=n, note=note, details=details)


@metric("label-accuracy", GROUP, "label accuracy", goal="held-out", high=1.0, unit="share",
        needs=("condition", "classes"))  # fmt: skip
def label_accuracy(comparison: LabelledComparison) -> Value:
    """Balanced share of records that a classifier of training data gives the asked label."""
    reader = comparison.reader
    if reason := reader.accuracy_unanswerable:
        return Value(None, note=f"label {reader.name}: {reason}")
    if reader.kind == "multi":
        asked = reader.members(comparison.candidate)[reader.rows(comparison.candidate)]
        own = asked[:, reader.read]
        if own.all(0).any() or not own.any(0).all():
            return Value(None, note="a label that all records have, or none, has no accuracy")
    found = reader.accuracies(comparison.candidate)
    names = [reader.strata.names[i] for i in reader.read]
    note = f"{reader.note}; chance {reader.chance:.2f}{_of_novel(comparison)}"
    details = _worst(dict(zip(names, found.each, strict=False)), lambda x: x, percentage)
    return _value(comparison, found.all, note, details, 0.0, 1.0)


def _of_novel(comparison: LabelledComparison) -> str:
    """Say how well combinations of labels are met that no training record has, if any were asked.

    As the held-out functions of Kucera et al. 2022, Bioinformatics 38:3454.
    """
    reader, sample = comparison.reader, comparison.candidate
    rows = reader.novel(sample)
    if not len(rows):
        return ""
    place = np.searchsorted(reader.rows(sample), rows)
    asked = reader.members(sample)[rows]
    met = (asked & reader.predicted(sample)[place]).sum(1) / asked.sum(1)
    n = effective(met, reader.evidence(sample)[rows])
    low, high = wilson(met.mean() * n, n)
    return (
        f"; {len(rows):,} of combinations that no training record has: {met.mean():.2f} "
        f"[{low:.2f}, {high:.2f}] of their labels predicted"
    )


def _worst(
    found: Mapping[str, float], loss: Callable[[float], float], text: Callable[[float], str]
) -> tuple[str, ...]:
    """Name the labels, the one of the smallest ``loss`` first."""
    names = sorted(found, key=lambda name: (loss(found[name]), name))
    return tuple(f"{name} {text(found[name])}" for name in names[:_WORST])


def _ridge_or_boosting(comparison: LabelledComparison, family: Family, error: bool) -> Value:
    reader, sample = comparison.reader, comparison.candidate
    if reason := reader.number_unanswerable(family):
        return Value(None, note=f"label {reader.name}: {reason}")
    note = f"{reader.note}, {family}"
    if error:
        rows = reader.rows(sample)
        asked, predicted = reader.values(sample), reader.predicted(sample, family)
        found = median_error(asked, predicted, reader.evidence(sample)[rows])
        return _value(comparison, found, note, low=0.0)
    correlation = reader.correlation(sample, family)
    if correlation is None:
        return Value(None, note=f"label {reader.name}: all are asked for one number, or alike")
    return _value(comparison, correlation, note, (), -1.0, 1.0)


@metric("label-r", GROUP, "asked r", goal="held-out", low=-1.0, high=1.0,
        needs=("condition", "numbers"))  # fmt: skip
def label_correlation(comparison: LabelledComparison) -> Value:
    """Spearman correlation of the asked number with that of ridge regression on training data."""
    return _ridge_or_boosting(comparison, "ridge", error=False)


@metric("label-r-boosting", GROUP, "asked r, boosting", goal="held-out", low=-1.0, high=1.0,
        needs=("condition", "numbers"))  # fmt: skip
def label_correlation_boosting(comparison: LabelledComparison) -> Value:
    """Spearman correlation of the asked number with that of boosted trees of training data."""
    return _ridge_or_boosting(comparison, "boosting", error=False)


@metric("label-mae", GROUP, "asked error", goal="held-out", unit="of the label",
        needs=("condition", "numbers"))  # fmt: skip
def label_error(comparison: LabelledComparison) -> Value:
    """Median absolute difference of the asked number from that of ridge regression."""
    return _ridge_or_boosting(comparison, "ridge", error=True)


@metric("label-mae-boosting", GROUP, "asked error, boosting", goal="held-out",
        unit="of the label", needs=("condition", "numbers"))  # fmt: skip
def label_error_boosting(comparison: LabelledComparison) -> Value:
    """Median absolute difference of the asked number from that of boosted trees."""
    return _ridge_or_boosting(comparison, "boosting", error=True)


@metric("label-auroc", GROUP, "in-label AUROC", goal="half", high=1.0, needs=("condition",))
def label_auroc(comparison: LabelledComparison) -> Value:
    """Mean over labels of the classifier AUROC of records of the label against real ones of it."""
    reader = comparison.reader
    auroc, found = SEQUENCE_METRICS["auroc"].function, {}
    for label in reader.labels.tolist():
        value = auroc(_within(comparison, label))
        if value.value is not None and value.low is not None and value.high is not None:
            found[reader.strata.names[label]] = Measured(value.value, value.low, value.high)
    if not found:
        return Value(None, note=f"label {reader.name}: {_few(reader)}")
    mean = mean_over([*found.values()], reader.strata.exclusive)
    details = _worst({k: m.value for k, m in found.items()}, lambda x: -x, lambda x: f"{x:.2f}")
    value, low, high = np.clip(mean, 0, 1).tolist()
    return Value(value, low, high, n=reader.n, note=_each(reader), details=details)


def _within(comparison: LabelledComparison, label: int) -> Comparison:
    reader = comparison.reader
    new, real = (reader.part(s, label) for s in (comparison.candidate, comparison.reference))
    return Comparison(
        new, real, comparison.source, seed=comparison.seed, lengths_vary=comparison.lengths_vary,
        identity=comparison.identity, extras=comparison.extras,
    )  # fmt: skip


def _few(reader: LabelReader) -> str:
    return f"no label has {GROUPS} records in every set"


def _each(reader: LabelReader) -> str:
    left = f", {len(reader.left_out):,} rarer ones left out" if reader.left_out else ""
    return f"label {reader.name}; {len(reader.labels):,} labels{left}, {reader.n:,} each"


@metric("label-jsd", GROUP, "in-label JSD", high=1.0, unit="bit", needs=("condition",))
def label_divergence(comparison: LabelledComparison) -> Value:
    """Mean over labels of the k-mer divergence of records of the label from real ones of it."""
    reader, samples = comparison.reader, (comparison.candidate, comparison.reference)
    labels = reader.labels.tolist()
    if not labels:
        return Value(None, note=f"label {reader.name}: {_few(reader)}")
    parts = [[reader.part(s, label).plain for label in labels] for s in samples]
    k = choose_k(*(part for some in parts for part in some))
    counts = [
        np.stack([
            grouped_kmer_counts(part, k, s.groups[reader.part_rows(s, label)], GROUPS)
            for part, label in zip(some, labels, strict=True)
        ])
        for s, some in zip(samples, parts, strict=True)
    ]  # fmt: skip

    def each(left_out: int | None) -> np.ndarray:
        kept = [g for g in range(GROUPS) if g != left_out]
        new, real = (c[:, kept].sum(1) for c in counts)
        return jsd(new, real)

    worst = dict(zip((reader.strata.names[i] for i in labels), each(None), strict=True))
    found = jackknifed(
        comparison, lambda g: float(each(g).mean()), high=1.0, note=f"k={k}; {_each(reader)}"
    )
    details = _worst(worst, lambda x: -x, lambda x: f"{x:.3f} (not corrected)")
    return Value(found.value, found.low, found.high, found.plain, found.n, found.note, details)


@metric("label-spread", GROUP, "in-label spread", goal="same", needs=("condition",))
def label_spread(comparison: LabelledComparison) -> Value:
    """Mean over labels of the distance to the nearest other record of a label, over real ones'.

    As many records of both, so that few records written again and again are told, and records that
    are too much alike.
    """
    reader = comparison.reader
    by_position = not comparison.missing("columns")
    labels = reader.labels.tolist()
    if not labels:
        return Value(None, note=f"label {reader.name}: {_few(reader)}")
    most = _MOST_NEAREST if by_position else int(np.sqrt(_MOST_ALIGNED / len(labels)))
    n, found = min(reader.n, max(GROUPS, most)), {}
    for label in labels:
        samples = comparison.candidate, comparison.reference
        parts = [reader.part(s, label).first(n) for s in samples]
        apart = [1 - part.nearest(part)[1] for part in parts]
        if apart[1].mean() > 0:
            found[reader.strata.names[label]] = _ratio(*apart, *(p.clusters for p in parts))
    if not found:
        return Value(None, note=f"label {reader.name}: real records of a label have copies")
    mean = mean_over([*found.values()], reader.strata.exclusive)
    details = _worst(
        {k: m.value for k, m in found.items()}, lambda x: -abs(x - 1), lambda x: f"{x:.2f}"
    )
    value, low, high = np.clip(mean, 0, np.inf).tolist()
    each = f"label {reader.name}; {len(found):,} labels, {n:,} records each"
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
    reader = comparison.reader
    labels = reader.labels.tolist()
    new, real, what = points(comparison)
    n = max(2, min(reader.n, _MOST_POINTS // len(labels)))
    samples = comparison.candidate, comparison.reference
    rows = [[reader.part_rows(s, label)[:n] for label in labels] for s in samples]
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
    names = [reader.strata.names[i] for i in labels]
    details = _worst(
        dict(zip(names, ranks.astype(float), strict=True)), lambda r: -r, lambda r: f"rank {r:.0f}"
    )
    note = f"{what}; {_each(reader)}; chance {chance_rank(len(labels)):.2f}"
    return Value(*found, n=n * len(labels), note=note, details=details)
