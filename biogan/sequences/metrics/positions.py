"""Agreement by position and between positions, for sets whose columns mean the same everywhere.

That is so for alignments and for windows cut at a landmark (a start site, a splice junction).
All statistics take the code rectangle ``SequenceSet.matrix()`` and the number of states.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from math import comb
from typing import Literal, NamedTuple

import numpy as np

from biogan.core.rng import rng
from biogan.evaluation.distances import entropy, jsd, pearson
from biogan.evaluation.intervals import GROUPS, jackknifed
from biogan.evaluation.metric import Value
from biogan.sequences.io.fasta import shuffled
from biogan.sequences.metrics.comparison import Comparison, Sample, metric
from biogan.sequences.metrics.composition import remaining

# Pair statistics need (columns * states)**2 numbers; longer sets are read at random columns.
MAX_PAIR_CELLS = 1200
# Three columns have A**3 cells; this many in all, and triplets, are counted in every record.
MAX_TRIPLET_CELLS = 400_000
MAX_TRIPLETS = 1000


def letter_counts(matrix: np.ndarray, states: int) -> np.ndarray:
    """Count the letters of each column.

    Parameters
    ----------
    matrix : numpy.ndarray, shape (n, L), uint8
        Codes below ``states``.
    states : int
        Number of letters A.

    Returns
    -------
    numpy.ndarray, shape (L, A), int64

    Examples
    --------
    >>> letter_counts(np.array([[0, 1], [0, 0]], np.uint8), 2).tolist()
    [[2, 0], [1, 1]]
    """
    length = matrix.shape[1]
    cells = matrix + np.arange(length) * states
    return np.bincount(cells.ravel(), minlength=length * states).reshape(length, states)


def pair_counts(matrix: np.ndarray, states: int) -> np.ndarray:
    """Count the letter pairs of neighbouring columns.

    Returns
    -------
    numpy.ndarray, shape (L - 1, A * A), int64

    Examples
    --------
    >>> pair_counts(np.array([[0, 1], [1, 1]], np.uint8), 2).tolist()
    [[0, 1, 0, 1]]
    """
    pairs = matrix[:, :-1].astype(np.int64) * states + matrix[:, 1:]
    return letter_counts(pairs, states * states)


def one_hot(matrix: np.ndarray, states: int) -> np.ndarray:
    """Return indicator columns: shape (n, L * A), float32."""
    eye = np.eye(states, dtype=np.float32)
    return eye[matrix].reshape(len(matrix), matrix.shape[1] * states)


def joint_counts(matrix: np.ndarray, states: int) -> np.ndarray:
    """Count letter pairs of all pairs of columns: shape (L * A, L * A), float64.

    The diagonal blocks hold the letter counts of the single columns.
    """
    # float32 is exact for counts up to 2**24 records and twice as fast.
    hot = one_hot(matrix, states)
    return (hot.T @ hot).astype(np.float64)


def pair_covariance(joint: np.ndarray, n: int) -> np.ndarray:
    """Turn joint counts of ``n`` records into C_ij(a,b) = f_ij(a,b) - f_i(a) f_j(b).

    Parameters
    ----------
    joint : numpy.ndarray, shape (L * A, L * A)
        From :func:`joint_counts`, or a difference of two for a jackknife.
    n : int
        Number of records counted.

    Returns
    -------
    numpy.ndarray, shape (L * A, L * A), float64

    Notes
    -----
    The two-site statistic of direct coupling analysis (Muntoni et al. 2021, BMC Bioinformatics
    22:528), without sequence weights.
    """
    single = np.diagonal(joint) / n
    return joint / n - np.outer(single, single)


def column_pairs(columns: int, states: int) -> np.ndarray:
    """Mask of the blocks i > j of a (L * A, L * A) matrix: each pair of columns once."""
    column = np.repeat(np.arange(columns), states)
    return column[:, None] > column


def some_columns(length: int, states: int, rng: np.random.Generator) -> np.ndarray:
    """Columns that pair statistics read: all, or a sorted random choice where L * A is large."""
    kept = min(length, max(2, MAX_PAIR_CELLS // states))
    return np.sort(rng.permutation(length)[:kept])


def some_triplets(length: int, states: int, rng: np.random.Generator) -> np.ndarray:
    """Columns i < j < k of the triplets that are counted: shape (T, 3).

    All of them where they are few, otherwise distinct ones at random.
    """
    most = max(1, min(MAX_TRIPLETS, MAX_TRIPLET_CELLS // states**3))
    if comb(length, 3) <= 4 * most:
        every = np.array(list(combinations(range(length), 3)))
        return every[np.sort(rng.permutation(len(every))[:most])]
    drawn = np.argsort(rng.random((2 * most, length)), axis=1)[:, :3]
    distinct = np.unique(np.sort(drawn, 1), axis=0)
    return distinct[np.sort(rng.permutation(len(distinct))[:most])]


def triplet_counts(matrix: np.ndarray, triplets: np.ndarray, states: int) -> np.ndarray:
    """Count the letters of three columns together: shape (T, A, A, A), int64."""
    cells = states**3
    counts = np.empty((len(triplets), cells), np.int64)
    wide = matrix.T.astype(np.int64)
    for row, (i, j, k) in zip(counts, triplets, strict=True):
        row[:] = np.bincount((wide[i] * states + wide[j]) * states + wide[k], minlength=cells)
    return counts.reshape(len(triplets), states, states, states)


def triplet_covariance(counts: np.ndarray) -> np.ndarray:
    """Turn triplet counts into the connected correlations of three columns.

    Parameters
    ----------
    counts : numpy.ndarray, shape (T, A, A, A)
        From :func:`triplet_counts`, of at least one record.

    Returns
    -------
    numpy.ndarray, shape (T, A, A, A), float64
        C_ijk = f_ijk - f_ij f_k - f_ik f_j - f_jk f_i + 2 f_i f_j f_k: what no pair of columns
        explains; 0 if one of them is independent of the two others.

    Notes
    -----
    The three-site statistic of direct coupling analysis (Muntoni et al. 2021, BMC Bioinformatics
    22:528), without sequence weights: the third central moment of the indicators.
    """
    f = counts / counts.sum((1, 2, 3), keepdims=True)
    ij, ik, jk = (f.sum(axis, keepdims=True) for axis in (3, 2, 1))
    i, j, k = (f.sum(axes, keepdims=True) for axes in ((2, 3), (1, 3), (1, 2)))
    return np.asarray(f - ij * k - ik * j - jk * i + 2 * i * j * k)


def slope(reference: np.ndarray, generated: np.ndarray) -> float:
    """Least-squares slope of ``generated`` on ``reference``; 0 where ``reference`` is constant.

    Below 1: the generated correlations have the right pattern but are too weak, which a Pearson
    correlation cannot see.
    """
    x = reference - reference.mean()
    norm = float(x @ x)
    return float(x @ generated) / norm if norm > 0 else 0.0


# Strong pairs: at most so many, so far apart, with this Cramer's V (the border that SDMetrics has)
# and sum of squared C_ij (one record in 25 differs in both), among so many training records.
_STRONGEST, _APART, _STRONG, _OFTEN, _MOST_PAIRED = 50, 4, 0.3, 0.005, 5_000
# Weak ones that are named.
_NAMED = 5
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


@metric("weakest-pair", "positions", "weakest pair", goal="high", low=None, needs=("columns",),
        most=_MOST)  # fmt: skip
def weakest_pair(comparison: Comparison) -> Value:
    """Least slope of C_ij among the pairs of positions that depend most on each other.

    One pair that is lost, as a base pair or a contact, is not seen among thousands. The pairs are
    those of the training data: at most 50, four positions or more apart, with Cramer's V of 0.3 or
    more. Details name the weakest ones, positions counted from 1.

    Notes
    -----
    V with the correction of Bergsma 2013, J. Korean Stat. Soc. 42:323.
    """
    found, note = _pair_statistics(comparison)
    if not len(found[GROUPS].slopes):
        return Value(None, note="no two positions that are apart depend clearly on each other")
    value = jackknifed(
        comparison,
        lambda g: float(found[GROUPS if g is None else g].slopes.min()),
        low=-np.inf,
        correct=False,
        note=note,
    )
    slopes = found[GROUPS].slopes
    named = [
        f"{i + 1} and {j + 1}: {slopes[k]:.2f}"
        for k in np.argsort(slopes, kind="stable")[:_NAMED]
        for i, j in [_strong_pairs(comparison.source, *_read(comparison))[k]]
    ]
    return replace(value, details=tuple(named))


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


def _from_pairs(comparison: Comparison, which: Literal[0, 1], low: float, high: float) -> Value:
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


class PairStatistics(NamedTuple):
    """Pearson correlation and slope of all pairs of positions, and slopes of the strong ones."""

    pearson: float
    slope: float
    slopes: np.ndarray


@lru_cache(maxsize=1)
def _pair_statistics(comparison: Comparison) -> tuple[list[PairStatistics], str]:
    """Compare pairs without each jackknife group, and last with all records."""
    length = comparison.reference.matrix.shape[1]
    columns, size = _read(comparison)
    places = np.frombuffer(columns, np.int64)
    mask = column_pairs(len(places), size)
    real = _covariances(comparison.reference, columns, size)
    new = _covariances(comparison.candidate, columns, size)
    pairs = np.searchsorted(places, _strong_pairs(comparison.source, columns, size))
    found = []
    for g in (*range(GROUPS), None):
        x, y = real(g), new(g)
        blocks = (
            c.reshape(len(places), size, len(places), size)[pairs[:, 0], :, pairs[:, 1]]
            for c in (x, y)
        )
        own, other = (b.reshape(len(pairs), size**2) for b in blocks)
        strong = (own * other).sum(1) / np.maximum((own**2).sum(1), 1e-12)
        found.append(PairStatistics(pearson(x[mask], y[mask]), slope(x[mask], y[mask]), strong))
    note = "" if len(places) == length else f"{len(places):,} of {length:,} columns"
    return found, note


def _read(comparison: Comparison) -> tuple[bytes, int]:
    """Columns whose pairs are read, and the number of letters."""
    size = comparison.reference.sequences.alphabet.size
    length = comparison.reference.matrix.shape[1]
    return some_columns(length, size, rng(comparison.seed, "columns")).tobytes(), size


@lru_cache(maxsize=1)
def _strong_pairs(source: Sample, columns: bytes, size: int) -> np.ndarray:
    """Pairs of columns of the training data that depend most on each other: shape (pairs, 2)."""
    places, none = np.frombuffer(columns, np.int64), np.zeros((0, 2), np.int64)
    records = shuffled(source.sequences, 0)[:_MOST_PAIRED]
    if not records.is_fixed_length or records.lengths[0] <= places.max() or len(records) < 2:
        return none
    i, j = np.triu_indices(len(places), 1)
    far = places[j] - places[i] >= _APART
    i, j = i[far], j[far]
    strength, v = dependence(records.matrix()[:, places], size)
    kept = np.flatnonzero((v[i, j] >= _STRONG) & (strength[i, j] >= _OFTEN))
    kept = kept[np.argsort(-strength[i, j][kept], kind="stable")[:_STRONGEST]]
    return np.stack([places[i[kept]], places[j[kept]]], 1) if len(kept) else none


def dependence(matrix: np.ndarray, states: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how much, and how strictly, the columns of each pair depend on each other.

    Parameters
    ----------
    matrix : numpy.ndarray, shape (n, L), uint8
        Codes below ``states``, two records or more.
    states : int
        Number of letters A.

    Returns
    -------
    strength : numpy.ndarray, shape (L, L)
        Sum of the squared C_ij(a, b): large where many records differ in both columns.
    v : numpy.ndarray, shape (L, L)
        Cramer's V, corrected for chance: 1 where one letter says which the other is, if only in
        few records.

    Examples
    --------
    >>> strength, v = dependence(np.array([[0, 0], [1, 1]] * 50, np.uint8), 2)
    >>> float(strength[0, 1]), float(v[0, 1].round(2))
    (0.25, 1.0)

    Notes
    -----
    Bergsma 2013, J. Korean Stat. Soc. 42:323.
    """
    n, length = matrix.shape
    joint = joint_counts(matrix, states)
    single = np.diagonal(joint) / n
    expected = np.outer(single, single)
    squares = pair_covariance(joint, n) ** 2
    strength, chi2 = (
        cells.reshape(length, states, length, states).sum((1, 3))
        for cells in (squares, squares / np.where(expected > 0, expected, np.inf))
    )
    used = (single.reshape(length, states) > 0).sum(1)
    rows, columns = used[:, None], used[None]
    chi2 = np.maximum(0, chi2 - (rows - 1) * (columns - 1) / (n - 1))
    least = np.minimum(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1))
    varies = np.minimum(rows, columns) > 1
    return strength, np.sqrt(chi2 / np.maximum(least - 1, 1e-9)) * varies


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
