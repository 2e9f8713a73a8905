"""Near pairs and nearest neighbours by Hamming distance, for sequences of one common length."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from biogan.similarity.interest import Every
from biogan.similarity.joins import Index, window_hashes

Hits = Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]

BLOCK = 2048  # rows and columns of a block of a matrix product: 4 M pairs, 16 MB of float32
# Comparing one candidate letter by letter costs about as much as this many pairs of a product.
CANDIDATE_COST = 8


def near(a: np.ndarray, b: np.ndarray | None, most: int, interest: Every) -> Hits:
    """Yield every pair with at most ``most`` mismatches, perhaps more than once.

    Two sequences with at most t mismatches share one of t + 1 segments in its place (pigeonhole).
    Where that leaves too many candidates, as in an aligned family with conserved columns, all
    pairs are compared by products of one-hot matrices instead.

    Parameters
    ----------
    a : numpy.ndarray, shape (n, length), uint8
        Codes.
    b : numpy.ndarray, shape (m, length), uint8, or None
        Codes; ``None`` compares ``a`` with itself and yields i < j only.
    most : int
        Largest number of mismatches, below ``length``.
    interest : Every
        The pairs that are wanted; may change between two yields.

    Yields
    ------
    i, j : numpy.ndarray, int64
        Rows of ``a`` and of ``b``.
    distance : numpy.ndarray, int64
        Mismatches.
    """
    other = a if b is None else b
    edges = np.arange(most + 2) * a.shape[1] // (most + 1)
    segments = list(zip(edges[:-1], edges[1:], strict=True))
    candidates = 0
    joins = []
    for start, stop in segments:
        joins.append((Index(_keys(other, start, stop)), _keys(a, start, stop)))
        index, keys = joins[-1]
        candidates += index.count(keys)
        if candidates * CANDIDATE_COST > len(a) * len(other):
            yield from _near_by_product(a, b, most, interest)
            return
    for index, keys in joins:
        for i, j in index.pairs(keys):
            keep = interest.pairs(i, j)
            if b is None:
                keep &= i < j
            i, j = i[keep], j[keep]
            distance = np.count_nonzero(a[i] != other[j], axis=1)
            hit = distance <= most
            yield i[hit], j[hit], distance[hit]


def nearest(
    a: np.ndarray, b: np.ndarray, own: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Find the first of the nearest rows of ``b`` for each row of ``a``.

    Parameters
    ----------
    a : numpy.ndarray, shape (n, length), uint8
        Codes of the queries.
    b : numpy.ndarray, shape (m, length), uint8
        Codes of the targets.
    own : numpy.ndarray, shape (n,), int64, optional
        Row of ``b`` that is the query itself and does not count.

    Returns
    -------
    j, distance : numpy.ndarray, shape (n,), int64
        The nearest row and its mismatches.
    """
    best = np.full(len(a), -1.0, np.float32)
    where = np.zeros(len(a), np.int64)
    for rows, columns, matches in _products(a, b):
        if own is not None:
            inside = np.flatnonzero((own[rows] >= columns[0]) & (own[rows] <= columns[-1]))
            matches[inside, own[rows][inside] - columns[0]] = -1
        column = matches.argmax(1)
        top = matches[np.arange(len(rows)), column]
        better = top > best[rows]
        best[rows[better]] = top[better]
        where[rows[better]] = columns[column[better]]
    return where, a.shape[1] - best.astype(np.int64)


def matches(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Count the equal letters of every pair of rows, shape (len(a), len(b)), float32."""
    found = np.zeros((len(a), len(b)), np.float32)
    for rows, columns, some in _products(a, b):
        found[np.ix_(rows, columns)] = some
    return found


def _keys(matrix: np.ndarray, start: int, stop: int) -> np.ndarray:
    """One key a row for the columns from ``start`` to ``stop``."""
    width = stop - start
    return window_hashes(np.ascontiguousarray(matrix[:, start:stop]).ravel(), width)[::width]


def _products(
    a: np.ndarray, b: np.ndarray, interest: Every | None = None, upper: bool = False
) -> Hits:
    """Yield blocks of numbers of matching letters: rows, columns, matches (rows, columns).

    With ``upper`` the blocks wholly below the diagonal are left out.
    """
    letters = int(max(a.max(initial=0), b.max(initial=0))) + 1
    # 64 MB for each one-hot block at the most, however long the sequences are.
    size = max(1, min(BLOCK, 16_000_000 // (a.shape[1] * letters)))
    for top in range(0, len(a), size):
        rows = np.arange(top, min(top + size, len(a)))
        left = _one_hot(a[rows], letters)
        for first in range(top if upper else 0, len(b), size):
            if interest is not None and not (open_ := interest.rows(rows)).all():
                rows, left = rows[open_], left[open_]
            if not len(rows):
                break
            columns = np.arange(first, min(first + size, len(b)))
            yield rows, columns, left @ _one_hot(b[columns], letters).T


def _one_hot(matrix: np.ndarray, letters: int) -> np.ndarray:
    """Flat one-hot rows, shape (n, length * letters), float32."""
    return np.eye(letters, dtype=np.float32)[matrix].reshape(len(matrix), -1)


def _near_by_product(a: np.ndarray, b: np.ndarray | None, most: int, interest: Every) -> Hits:
    length = a.shape[1]
    blocks = _products(a, a if b is None else b, interest, upper=b is None)
    for rows, columns, matches in blocks:
        r, c = np.nonzero(matches >= length - most)
        i, j = rows[r], columns[c]
        keep = interest.pairs(i, j)
        if b is None:
            keep &= i < j
        yield i[keep], j[keep], length - matches[r[keep], c[keep]].astype(np.int64)
