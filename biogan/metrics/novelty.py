"""Copies and near copies of the training data, beside the rate among held-out real records."""

from __future__ import annotations

from biogan.datasets.strands import reverse_complement
from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison
from biogan.metrics.intervals import newcombe, wilson

#: Records whose likeness to the training data is read: to 0.02 points where none is a near copy.
MOST = 20_000


@metric("copies", "novelty", "exact copies", high=1.0, unit="share")
def exact_copies(comparison: Comparison) -> Value:
    """Share of the records that stand letter for letter in the training data."""
    sequences = comparison.candidate.sequences
    known = set(comparison.source.sequences.strings())
    hits = [i for i, text in enumerate(sequences.strings()) if text in known]
    share = _share(len(hits), len(sequences))
    return Value(*share, n=len(sequences), details=tuple(sequences.ids[i] for i in hits[:5]))


@metric("strand-copies", "novelty", "other-strand copies", high=1.0, needs=("nucleotides",),
        unit="share")  # fmt: skip
def other_strand_copies(comparison: Comparison) -> Value:
    """Share of the records whose reverse complement stands in the training data."""
    turned = reverse_complement(comparison.candidate.plain)
    known = set(comparison.source.plain.strings())
    hits = [i for i, text in enumerate(turned.strings()) if text in known]
    share = _share(len(hits), len(turned))
    return Value(*share, n=len(turned), details=tuple(turned.ids[i] for i in hits[:5]))


@metric("near-copies", "novelty", "near copies", high=1.0, unit="share", most=MOST)
def near_copies(comparison: Comparison) -> Value:
    """Share of the records with a training record at or above the identity (0.9)."""
    hits, n = _near(comparison)
    return Value(*_share(hits, n), n=n, note=f"id>={comparison.identity:g}")


@metric("near-excess", "novelty", "near-copy excess", low=-1.0, high=1.0, needs=("fresh",),
        unit="share", most=MOST)  # fmt: skip
def near_copy_excess(comparison: Comparison) -> Value:
    """Near-copy rate minus that of held-out real records: copying, not likeness."""
    assert comparison.fresh_rate is not None  # the need "fresh" was met
    hits, n = _near(comparison)
    real_hits, real_n = comparison.fresh_rate
    low, high = newcombe(hits, n, real_hits, real_n)
    return Value(hits / n - real_hits / real_n, low, high, n=n)


def _share(hits: int, n: int) -> tuple[float, float, float]:
    return hits / n, *wilson(hits, n)


def _near(comparison: Comparison) -> tuple[int, int]:
    near = comparison.candidate.near_copies(comparison.source, comparison.identity)
    return int(near.sum()), len(near)
