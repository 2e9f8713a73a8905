"""Pairs of equal keys, in bounded pieces: what both pigeonhole searches are made of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

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
