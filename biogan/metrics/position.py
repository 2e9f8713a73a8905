"""Statistics by position, for sets whose columns mean the same in every record.

That is so for alignments and for windows cut at a landmark (a start site, a splice junction).
All functions take the code rectangle ``SequenceSet.matrix()`` and the number of states.
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

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
