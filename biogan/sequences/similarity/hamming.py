"""Near pairs and nearest neighbours by Hamming distance, for sequences of one common length.

The file also has what the search by edit distance uses too: pairs of equal keys in blocks of
bounded size, and filters that say which pairs are wanted, so that a search can stop early.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

# Any odd number has an inverse modulo 2**64; this one is the 64-bit golden ratio.
_ODD = 0x9E3779B97F4A7C15
_INVERSE = pow(_ODD, -1, 2**64)
CHUNK = 500_000


def window_hashes(codes: np.ndarray, width: int) -> np.ndarray:
    """Hash every window of a flat array of codes.

    A polynomial hash modulo 2**64 from one running sum: the time does not depend on ``width``.
    Equal windows have equal hashes; unequal ones hardly ever do, so hits are to be verified.

    Parameters
    ----------
    codes : numpy.ndarray, shape (total,), uint8
        Letters.
    width : int
        Letters in a window.

    Returns
    -------
    numpy.ndarray, shape (max(total - width + 1, 0),), uint64
    """
    n = len(codes)
    if n < width:
        return np.zeros(0, np.uint64)
    powers = np.full(n + 1, _ODD, np.uint64)
    powers[0] = 1
    np.cumprod(powers, out=powers)
    sums = np.zeros(n + 1, np.uint64)
    np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * powers[:n], out=sums[1:])
    powers[:] = _INVERSE
    powers[0] = 1
    np.cumprod(powers, out=powers)
    return (sums[width:] - sums[: n - width + 1]) * powers[: n - width + 1]


def with_number(keys: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Make new 64-bit keys from keys and whole numbers (a position, a bucket)."""
    return (keys ^ (keys >> np.uint64(29))) * np.uint64(_ODD) + number.astype(
        np.uint64
    ) * np.uint64(0xBF58476D1CE4E5B9)


class Index:
    """Keys sorted once, to be joined with several lists.

    Parameters
    ----------
    keys : numpy.ndarray, shape (n,), uint64
        Keys, repeats allowed.
    """

    def __init__(self, keys: np.ndarray) -> None:
        self._order = np.argsort(keys)
        self._keys = keys[self._order]

    def _ranges(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the first place and the number of the indexed keys equal to each of ``keys``."""
        # Looking up in sorted order walks through memory instead of jumping.
        rank = np.argsort(keys)
        low, high = np.empty(len(keys), np.int64), np.empty(len(keys), np.int64)
        low[rank] = np.searchsorted(self._keys, keys[rank], "left")
        high[rank] = np.searchsorted(self._keys, keys[rank], "right")
        return low, high - low

    def count(self, keys: np.ndarray) -> int:
        """Return the number of pairs that :meth:`pairs` would give."""
        return int(self._ranges(keys)[1].sum())

    def pairs(self, keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield all pairs of equal keys, about ``CHUNK`` at a time.

        Yields
        ------
        left : numpy.ndarray, int64
            Index into ``keys``, ascending from piece to piece.
        right : numpy.ndarray, int64
            Index into the keys of the index.
        """
        low, counts = self._ranges(keys)
        ends = np.cumsum(counts)
        start = 0
        while start < len(keys):
            before = ends[start - 1] if start else 0
            stop = max(int(np.searchsorted(ends, before + CHUNK, "right")), start + 1)
            size = counts[start:stop]
            if total := int(size.sum()):
                left = np.repeat(np.arange(start, stop), size)
                within = np.arange(total) - np.repeat(ends[start:stop] - size - before, size)
                yield left, self._order[low[left] + within]
            start = stop


class AllPairs:
    """Every pair is wanted."""

    def rows(self, i: np.ndarray) -> np.ndarray:
        """Return a mask of the rows that may still have wanted pairs."""
        return np.ones(len(i), bool)

    def pairs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Return a mask of the pairs that are wanted."""
        return np.ones(len(i), bool)

    def turn(self, i: np.ndarray, j: np.ndarray, quota: int) -> np.ndarray:
        """Return the indices of the pairs to compare next, ``quota`` for each open question."""
        return np.arange(len(i))


def _first_of_each(question: np.ndarray, quota: int) -> np.ndarray:
    """Return the indices of the first ``quota`` entries of every value, ascending."""
    order = np.argsort(question, kind="stable")
    starts = np.flatnonzero(np.diff(question[order], prepend=-1))
    sizes = np.diff(starts, append=len(question))
    rank = np.arange(len(question)) - np.repeat(starts, sizes)
    return np.sort(order[rank < quota])


class FirstHit(AllPairs):
    """Only rows without a hit so far are wanted.

    Parameters
    ----------
    n : int
        Number of rows.
    """

    def __init__(self, n: int) -> None:
        self.found = np.zeros(n, bool)

    def rows(self, i: np.ndarray) -> np.ndarray:
        """Return a mask of the rows without a hit."""
        return ~self.found[i]

    def pairs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Return a mask of the pairs whose row has no hit."""
        return ~self.found[i]

    def turn(self, i: np.ndarray, j: np.ndarray, quota: int) -> np.ndarray:
        """Return the indices of the first pairs of every row."""
        return _first_of_each(i, quota)


class AcrossClusters(AllPairs):
    """Only pairs that lie in two clusters are wanted: one inside a cluster changes nothing.

    Parameters
    ----------
    labels : numpy.ndarray, shape (n,), int64
        Clusters of all sequences so far, numbered below n; changed in place.
    rows, columns : numpy.ndarray, int64
        The sequences that are compared: those of the pairs' i, and those of their j.
    """

    def __init__(self, labels: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> None:
        self._labels, self._rows, self._columns = labels, rows, columns

    def _clusters(self, i: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self._labels[self._rows[i]], self._labels[self._columns[j]]

    def pairs(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Return a mask of the pairs that would join two clusters."""
        return np.not_equal(*self._clusters(i, j))

    def turn(self, i: np.ndarray, j: np.ndarray, quota: int) -> np.ndarray:
        """Return the indices of the first pairs of every two clusters."""
        one, other = self._clusters(i, j)
        return _first_of_each(one * len(self._labels) + other, quota)

    def join(self, i: np.ndarray, j: np.ndarray) -> None:
        """Join the clusters of ``i`` and ``j``."""
        if len(i):
            n = len(self._labels)
            links = coo_matrix((np.ones(len(i), bool), self._clusters(i, j)), (n, n))
            self._labels[:] = connected_components(links, directed=False)[1][self._labels]


Hits = Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]

BLOCK = 2048  # rows and columns of a block of a matrix product: 4 M pairs, 16 MB of float32
# Comparing one candidate letter by letter costs about as much as this many pairs of a product.
CANDIDATE_COST = 8


def near(a: np.ndarray, b: np.ndarray | None, most: int, pair_filter: AllPairs) -> Hits:
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
    pair_filter : AllPairs
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
    indexes = []
    for start, stop in segments:
        indexes.append((Index(_keys(other, start, stop)), _keys(a, start, stop)))
        index, keys = indexes[-1]
        candidates += index.count(keys)
        if candidates * CANDIDATE_COST > len(a) * len(other):
            yield from _near_by_product(a, b, most, pair_filter)
            return
    for index, keys in indexes:
        for i, j in index.pairs(keys):
            keep = pair_filter.pairs(i, j)
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
    a: np.ndarray, b: np.ndarray, pair_filter: AllPairs | None = None, upper: bool = False
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
            if pair_filter is not None and not (open_ := pair_filter.rows(rows)).all():
                rows, left = rows[open_], left[open_]
            if not len(rows):
                break
            columns = np.arange(first, min(first + size, len(b)))
            yield rows, columns, left @ _one_hot(b[columns], letters).T


def _one_hot(matrix: np.ndarray, letters: int) -> np.ndarray:
    """Flat one-hot rows, shape (n, length * letters), float32."""
    return np.eye(letters, dtype=np.float32)[matrix].reshape(len(matrix), -1)


def _near_by_product(a: np.ndarray, b: np.ndarray | None, most: int, pair_filter: AllPairs) -> Hits:
    length = a.shape[1]
    blocks = _products(a, a if b is None else b, pair_filter, upper=b is None)
    for rows, columns, matches in blocks:
        r, c = np.nonzero(matches >= length - most)
        i, j = rows[r], columns[c]
        keep = pair_filter.pairs(i, j)
        if b is None:
            keep &= i < j
        yield i[keep], j[keep], length - matches[r[keep], c[keep]].astype(np.int64)
