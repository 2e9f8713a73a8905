"""Pairs of sequences of any length that share a segment, as all pairs within t edits must."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.similarity.flanks import shared_flanks
from biogan.similarity.interest import Every
from biogan.similarity.joins import Index, window_hashes, with_number

SEED = 16  # letters; longer seeds exclude hardly more
BUCKET = 8  # letters; places are looked up in buckets of this width
ROWS = 1000  # longer sequences looked up at a time
WINDOWS = 4_000_000  # windows of shorter sequences indexed at a time (about 150 MB)


def candidates(
    pool: SequenceSet, first: int | None, most: np.ndarray, interest: Every
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs that share a segment, all those within the allowed edits among them.

    The longer sequence, of t allowed edits, is cut into t + 1 segments, ends that many share aside
    (:mod:`biogan.similarity.flanks`). Let E(k) be the number of edits before segment k of an
    alignment with at most t edits, E(t + 1) all of them. E(k) - k starts at 0 or above, ends below
    0 and falls by at most 1 a segment. Where it first falls below 0, segment k itself is free of
    edits, k edits lie before it and at most t - k behind it: it occurs unchanged in the shorter
    sequence, moved by at most k as seen from the left end and at most t - k from the right end.
    These are the multi-match-aware windows of Pass-Join (Li et al. 2011, PVLDB 5:253).

    Parameters
    ----------
    pool : SequenceSet
        All sequences.
    first : int or None
        Compare the first so many with the others; ``None`` compares all with all.
    most : numpy.ndarray, shape (n,), int64
        Edits allowed where this sequence is the longer one, fewer than it has letters.
    interest : Every
        The pairs that are wanted.

    Yields
    ------
    i, j : numpy.ndarray, int64
        Indices into the pool, i < j, each pair once in a piece.
    """
    lengths, n, shift = pool.lengths, len(pool), first or 0
    side = np.arange(n) >= (n if first is None else first)
    left_out, right_out, widths = shared_flanks(pool, most, SEED)
    inner = lengths - left_out - right_out
    for width in np.unique(widths).tolist():
        long = np.flatnonzero(widths == width)
        low, high = max(int((lengths[long] - most[long]).min()), width), int(lengths[long].max())
        short = np.flatnonzero((lengths >= low) & (lengths <= high))
        hashes = window_hashes(pool.codes, width)
        for some in _blocks(short, lengths[short]):
            y = some[_open(some, first, interest)]
            owner, place = _spread(y, lengths[y] - width + 1)
            word = hashes[pool.offsets[owner] + place]
            index = Index(with_number(word, 2 * (place // BUCKET) + side[owner]))
            for top in range(0, len(long), ROWS):
                x = long[top : top + ROWS]
                x = x[_open(x, first, interest)]
                x, segment = _spread(x, most[x] + 1)
                start = left_out[x] + segment * inner[x] // (most[x] + 1)
                word = hashes[pool.offsets[x] + start]
                low_bucket = (start - segment) // BUCKET
                high_bucket = (start + np.minimum(segment, most[x] - segment)) // BUCKET
                look, step = _spread(np.arange(len(x)), high_bucket - low_bucket + 1)
                partner = side[x[look]] ^ (first is not None)
                keys = with_number(word[look], 2 * (low_bucket[look] + step) + partner)
                for left, right in index.pairs(keys):
                    s, z = look[left], owner[right]
                    i, j = np.minimum(x[s], z), np.maximum(x[s], z)
                    moved, delta = place[right] - start[s], lengths[z] - lengths[x[s]]
                    keep = interest.pairs(i, j - shift)
                    # Of two equally long ones the later counts as the longer.
                    keep &= (delta < 0) | ((delta == 0) & (z < x[s]))
                    keep &= np.abs(moved) <= segment[s]
                    keep &= np.abs(moved - delta) <= most[x[s]] - segment[s]
                    pair = np.unique(i[keep] * n + j[keep])
                    yield pair // n, pair % n


def _open(index: np.ndarray, first: int | None, interest: Every) -> np.ndarray:
    """Mask of the sequences that may still have wanted pairs."""
    keep = np.ones(len(index), bool)
    rows = index < first if first is not None else keep.copy()
    keep[rows] = interest.rows(index[rows])
    return keep


def _spread(index: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Repeat each entry ``counts`` times; beside it the number of the repeat, from 0."""
    number = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(index, counts), number


def _blocks(index: np.ndarray, sizes: np.ndarray) -> list[np.ndarray]:
    """Cut ``index`` where the running sum of ``sizes`` passes a multiple of ``WINDOWS``."""
    block = (np.cumsum(sizes) - sizes) // WINDOWS
    return np.split(index, np.flatnonzero(np.diff(block)) + 1)
