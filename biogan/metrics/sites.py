"""Agreement by position and between positions, for aligned or fixed-length sets."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import comb

import numpy as np

from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison, Sample, jackknifed
from biogan.metrics.composition import remaining
from biogan.metrics.intervals import GROUPS
from biogan.metrics.kmers import entropy, jsd, pearson
from biogan.metrics.position import (
    column_pairs,
    joint_counts,
    letter_counts,
    pair_counts,
    pair_covariance,
    slope,
    some_columns,
    some_triplets,
    triplet_counts,
    triplet_covariance,
)
from biogan.seeds import rng

# Indicators of all letters take some 100 bytes a column and record.
_MOST = 20_000

Count = Callable[[np.ndarray, int], np.ndarray]

_EMPTY = Value(None, note="empty sequences have no positions")


@metric("site-jsd", "positions", "position letter JSD", high=1.0, needs=("columns",),
        unit="bits", most=_MOST)  # fmt: skip
def site_divergence(comparison: Comparison) -> Value:
    """Mean over positions of the divergence of the letters there."""
    if comparison.reference.matrix.shape[1] < 1:
        return _EMPTY
    return _divergence(comparison, letter_counts)


@metric("site-pair-jsd", "positions", "position 2-mer JSD", high=1.0, needs=("columns",),
        unit="bits", most=_MOST)  # fmt: skip
def neighbour_divergence(comparison: Comparison) -> Value:
    """Mean over positions of the divergence of the two letters there."""
    if comparison.reference.matrix.shape[1] < 2:
        return Value(None, note="sequences of one letter have no neighbours")
    return _divergence(comparison, pair_counts)


@metric("site-entropy", "positions", "entropy difference", needs=("columns",), unit="bits",
        most=_MOST, default=False)  # fmt: skip
def entropy_difference(comparison: Comparison) -> Value:
    """Mean over positions of the absolute difference of the Shannon entropy of the letters."""
    if comparison.reference.matrix.shape[1] < 1:
        return _EMPTY
    new, real = _counts(comparison, letter_counts)
    return jackknifed(
        comparison,
        lambda g: float(np.abs(entropy(remaining(new, g)) - entropy(remaining(real, g))).mean()),
    )


@metric("pair-pearson", "positions", "pair correlation r", goal="high", low=-1.0, high=1.0,
        needs=("columns",), most=_MOST)  # fmt: skip
def covariance_correlation(comparison: Comparison) -> Value:
    """Pearson correlation of C_ij(a,b) = f_ij - f_i f_j over all pairs of positions."""
    return _from_pairs(comparison, 0, low=-1.0, high=1.0)


@metric("pair-slope", "positions", "pair correl. slope", goal="same", low=None, needs=("columns",),
        most=_MOST)  # fmt: skip
def covariance_slope(comparison: Comparison) -> Value:
    """Slope of the generated C_ij on the real ones: below 1, right pattern but too weak."""
    return _from_pairs(comparison, 1, low=-np.inf, high=np.inf)


@metric("triplet-pearson", "positions", "triplet correlation r", goal="high", low=-1.0, high=1.0,
        needs=("columns",), most=_MOST, default=False)  # fmt: skip
def triplet_correlation(comparison: Comparison) -> Value:
    """Pearson correlation of C_ijk, the correlation of three positions that no two explain."""
    length = comparison.reference.matrix.shape[1]
    if length < 3:
        return Value(None, note="sequences of fewer than 3 letters have no triplets")
    size = comparison.reference.sequences.alphabet.size
    triplets = some_triplets(length, size, rng(comparison.seed, "triplets"))
    new, real = _counts(comparison, lambda matrix, a: triplet_counts(matrix, triplets, a))
    note = f"{len(triplets):,} of {comb(length, 3):,} triplets"
    return jackknifed(
        comparison,
        lambda g: pearson(*(triplet_covariance(remaining(x, g)) for x in (real, new))),
        low=-1.0,
        high=1.0,
        correct=False,
        note="" if len(triplets) == comb(length, 3) else note,
    )


def _divergence(comparison: Comparison, count: Count) -> Value:
    new, real = _counts(comparison, count)
    return jackknifed(
        comparison, lambda g: float(jsd(remaining(new, g), remaining(real, g)).mean()), high=1.0
    )


def _counts(comparison: Comparison, count: Count) -> tuple[np.ndarray, np.ndarray]:
    """Count in candidate and reference by jackknife group: (GROUPS, ...) each."""
    return _by_group(comparison.candidate, count), _by_group(comparison.reference, count)


def _by_group(sample: Sample, count: Count) -> np.ndarray:
    size = sample.sequences.alphabet.size
    return np.stack([count(sample.matrix[sample.groups == g], size) for g in range(GROUPS)])


def _from_pairs(comparison: Comparison, which: int, low: float, high: float) -> Value:
    if comparison.reference.matrix.shape[1] < 2:
        return Value(None, note="sequences of one letter have no pairs")
    found, note = _pair_statistics(comparison)
    return jackknifed(
        comparison,
        lambda g: found[GROUPS if g is None else g][which],
        low=low,
        high=high,
        correct=False,
        note=note,
    )


@lru_cache(maxsize=1)
def _pair_statistics(comparison: Comparison) -> tuple[list[tuple[float, float]], str]:
    """Pearson and slope without each jackknife group, and last with all records."""
    length = comparison.reference.matrix.shape[1]
    size = comparison.reference.sequences.alphabet.size
    columns = some_columns(length, size, rng(comparison.seed, "columns"))
    mask = column_pairs(len(columns), size)
    real = _covariances(comparison.reference, columns.tobytes(), size)
    new = _covariances(comparison.candidate, columns.tobytes(), size)
    found = []
    for g in (*range(GROUPS), None):
        x, y = real(g)[mask], new(g)[mask]
        found.append((pearson(x, y), slope(x, y)))
    note = "" if len(columns) == length else f"{len(columns)} of {length} columns"
    return found, note


# The reference, which stands in every comparison, and a candidate.
@lru_cache(maxsize=2)
def _covariances(sample: Sample, columns: bytes, size: int) -> Callable[[int | None], np.ndarray]:
    """Count the pairs of each jackknife group once; return C_ij without a group, or of all."""
    some = sample.matrix[:, np.frombuffer(columns, np.int64)]
    # float32 holds whole numbers up to 2**24.
    joints = [
        joint_counts(some[sample.groups == g], size).astype(np.float32) for g in range(GROUPS)
    ]
    total = sum(joints, np.zeros(()))

    def without(g: int | None) -> np.ndarray:
        if g is None:
            return pair_covariance(total, len(sample))
        kept = max(1, len(sample) - int((sample.groups == g).sum()))
        return pair_covariance(total - joints[g], kept)

    return without
