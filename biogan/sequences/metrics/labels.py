"""Generated records with labels: the main metrics for each label, and what a classifier gains.

A set may be right as a whole and wrong in each part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from biogan.core.conditions import kind_of
from biogan.evaluation.intervals import GROUPS, effective
from biogan.evaluation.metric import Value
from biogan.evaluation.two_sample import ridge
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import shuffled
from biogan.sequences.metrics.comparison import SEQUENCE_METRICS, Comparison, Sample, metric
from biogan.sequences.metrics.conditions import GROUP
from biogan.sequences.metrics.context import Extras
from biogan.sequences.metrics.discriminability import classifier_features
from biogan.sequences.metrics.labelled import LabelledComparison

#: Metrics of the table; those that do not fit the data are left out.
MAIN = ("kmer-jsd", "letter-jsd", "gc-w1", "gravy-w1", "length-w1", "unique")
#: Labels with more values are names or numbers rather than classes, and have no rows.
MAX_VALUES = 50
_MOST = 5_000
_Z = float(norm.ppf(0.975))


def label_table(
    samples: Mapping[str, Sample], lengths_vary: bool, seed: int, extras: Extras
) -> list[dict[str, Any]]:
    """Compare generated and real records that share a label.

    Parameters
    ----------
    samples : mapping of str to Sample
        ``generated``, ``held-out``, ``target`` and ``source``, see
        :class:`~biogan.evaluation.report.report.Report`.
    lengths_vary, seed, extras
        As for :class:`~biogan.sequences.metrics.comparison.Comparison`.

    Returns
    -------
    list of dict
        For each label, each value that both sets have and each metric: ``label``, ``value``,
        ``metric``, ``n`` (records of each set, cut to one number), ``generated`` with ``low`` and
        ``high``, ``held_out`` (real records of that label, the ceiling) and ``note``. With fewer
        than 20 records of a set there is one row without a metric; its note says so.
    """
    new, real = samples["generated"].sequences.labels, samples["target"].sequences.labels
    rows = []
    for label in (name for name in real if name in new):
        values = {str(x) for x in real[label]} & {str(x) for x in new[label]} - {""}
        if len(set(real[label])) > MAX_VALUES or kind_of(real[label]) == "number":
            continue
        for value in sorted(values):
            parts = {
                name: _part(samples[name], label, value)
                for name in ("generated", "held-out", "target")
            }
            rows += [
                {"label": label, "value": value, **row}
                for row in _rows(parts, samples["source"], lengths_vary, seed, extras)
            ]
    return rows


def _part(sample: Sample, label: str, value: str) -> Sample:
    labels = sample.sequences.labels.get(label, ())
    chosen = np.flatnonzero([str(x) == value for x in labels])
    return Sample(sample.sequences.take(chosen))


def _rows(
    parts: dict[str, Sample], source: Sample, lengths_vary: bool, seed: int, extras: Extras
) -> list[dict[str, Any]]:
    sizes = {name: len(part) for name, part in parts.items()}
    n = min(sizes["generated"], sizes["target"])
    empty = dict.fromkeys(("generated", "low", "high", "held_out"))
    if n < GROUPS:
        counted = f"{sizes['generated']:,} generated, {sizes['target']:,} real"
        note = f"fewer than {GROUPS} records: {counted}"
        return [{"metric": None, "n": n, **empty, "note": note}]
    with_ceiling = sizes["held-out"] >= GROUPS
    if with_ceiling:
        n = min(n, sizes["held-out"])
    rows = []
    for name in MAIN:
        found = {
            part: SEQUENCE_METRICS[name](
                Comparison(
                    parts[part].first(n), parts["target"].first(n), source,
                    lengths_vary=lengths_vary, seed=seed, extras=extras,
                )
            )
            for part in (["generated", "held-out"] if with_ceiling else ["generated"])
        }  # fmt: skip
        value = found["generated"]
        if value.value is not None:
            rows.append({
                "metric": name, "n": n, "generated": value.value, "low": value.low,
                "high": value.high,
                "held_out": found["held-out"].value if with_ceiling else None,
                "note": value.note if with_ceiling
                else f"fewer than {GROUPS} held-out records with this label",
            })  # fmt: skip
    return rows


@metric("utility", GROUP, "gain of a classifier", goal="high", low=-1.0, high=1.0,
        needs=("labels", "classes"), most=_MOST, default=False)  # fmt: skip
def classifier_gain(comparison: Comparison) -> Value:
    """Balanced accuracy on real records after training on real and candidate records together.

    The gain over training on the real ones alone. The classifier is ridge logistic regression on
    k-mer counts, tested on the reference; near copies of the records that it is tested on are
    left out of all that it learns from, the candidate's as well. More records do not loosen the
    ridge, so that copies gain nothing.
    """
    test = comparison.reference
    source = Sample(shuffled(comparison.source.sequences, comparison.seed)[:_MOST])
    near = [some.near_copies(test, comparison.identity) for some in (source, comparison.candidate)]
    train, new = (
        some.sequences.take(np.flatnonzero(~left))
        for some, left in zip((source, comparison.candidate), near, strict=True)
    )
    read = comparison.condition if isinstance(comparison, LabelledComparison) else None
    task = _task(
        train, new, test.sequences, [*test.sequences.labels] if read is None else [read.name]
    )
    if isinstance(task, Value):
        return task
    told = f"label {task.label}{left_out(*near)}"
    alone, both, only = (task.right(use) for use in ((True, False), (True, True), (False, True)))
    gain, half = balanced_gain(both, alone, task.test, test.clusters[task.rows])
    accuracy = [balanced_gain(x, np.zeros_like(x), task.test)[0] for x in (alone, both, only)]
    return Value(
        gain, gain - half, gain + half, n=len(task.test), note=told,
        details=tuple(f"{name} {x:.3f}" for name, x in
                      zip(("real alone", "with candidate", "candidate alone"), accuracy,
                          strict=True)),
    )  # fmt: skip


def left_out(train: np.ndarray, new: np.ndarray) -> str:
    """Say how many near copies of the reference were left out; nothing where there were none.

    Examples
    --------
    >>> left_out(np.array([True, False]), np.array([False]))
    '; near copies left out: 1 training, 0 candidate'
    """
    counts = int(train.sum()), int(new.sum())
    if not any(counts):
        return ""
    return f"; near copies left out: {counts[0]:,} training, {counts[1]:,} candidate"


def balanced_gain(
    right: np.ndarray,
    before: np.ndarray,
    classes: np.ndarray,
    clusters: np.ndarray | None = None,
) -> tuple[float, float]:
    """Difference of two balanced accuracies on the same records, with half its 95 % interval.

    Parameters
    ----------
    right, before : numpy.ndarray, shape (n,), bool
        Whether each record is classified rightly by one and by the other classifier.
    classes : numpy.ndarray, shape (n,)
        True class of each record.
    clusters : numpy.ndarray, shape (n,), optional
        Records with one number are one piece of evidence; by default all differ.

    Returns
    -------
    gain, half : float
        Mean over classes of the share of records right, ``right`` minus ``before``; the half width
        is normal, from the variance of the differences within each class.

    Examples
    --------
    >>> classes = np.array([0, 0, 0, 0, 1, 1])
    >>> balanced_gain(np.array([1, 1, 1, 0, 0, 1]), np.array([1, 1, 0, 0, 0, 1]), classes)[0]
    0.125
    """
    differences = right.astype(float) - before.astype(float)
    group = np.arange(len(classes)) if clusters is None else clusters
    parts = [differences[classes == c] for c in np.unique(classes)]
    worth = [
        effective(part, group[classes == c])
        for part, c in zip(parts, np.unique(classes), strict=True)
    ]
    errors = [
        part.var(ddof=1) / n if len(part) > 1 else 0.0 for part, n in zip(parts, worth, strict=True)
    ]
    gain = float(np.mean([part.mean() for part in parts]))
    return gain, _Z * float(np.sqrt(np.sum(errors))) / len(parts)


@dataclass(frozen=True)
class _Task:
    """Features and classes of the real training records, the candidate's and the test records.

    ``rows`` are the test records among those of the reference.
    """

    label: str
    features: tuple[np.ndarray, np.ndarray, np.ndarray]
    classes: tuple[np.ndarray, np.ndarray, np.ndarray]
    rows: np.ndarray

    @property
    def test(self) -> np.ndarray:
        return self.classes[2]

    def right(self, use: tuple[bool, bool]) -> np.ndarray:
        """Train on the real records, the candidate's or both; tell which test records are right."""
        chosen = [i for i in (0, 1) if use[i]]
        features = np.concatenate([self.features[i] for i in chosen])
        classes = np.concatenate([self.classes[i] for i in chosen])
        # The penalty against one mean loss, whatever the number of records.
        model = ridge(features, classes, len(self.classes[0]) / len(classes))
        return np.asarray(model.predict(self.features[2]) == self.test)


def _task(
    train: SequenceSet, new: SequenceSet, test: SequenceSet, labels: Sequence[str]
) -> _Task | Value:
    """Make a task of the first label that all three sets have in enough records."""
    sets = (train, new, test)
    for label in labels:
        if not all(label in s.labels for s in sets) or len(set(test.labels[label])) > MAX_VALUES:
            continue
        columns = [np.array([str(x) for x in s.labels[label]]) for s in sets]
        values = [
            v for v in np.unique(columns[2])
            if v and min(int((c == v).sum()) for c in columns) >= GROUPS
        ]  # fmt: skip
        if len(values) < 2:
            continue
        kept = [np.flatnonzero(np.isin(c, values)) for c in columns]
        samples = [Sample(s.take(k)) for s, k in zip(sets, kept, strict=True)]
        features, _ = classifier_features(samples, by_position=False)
        borders = np.cumsum([len(k) for k in kept])[:-1]
        middle, spread = features[: borders[0]].mean(0), features[: borders[0]].std(0)
        features = (features - middle) / np.where(spread > 0, spread, 1)
        first, second, third = np.split(features, borders)
        classes = [c[k] for c, k in zip(columns, kept, strict=True)]
        three = classes[0], classes[1], classes[2]
        return _Task(label, (first, second, third), three, kept[2])
    return Value(
        None,
        note=f"no label has two values with {GROUPS} records in the reference, and in training "
        "data and candidate without near copies of the reference",
    )
