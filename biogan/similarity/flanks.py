"""Ends that many sequences share (primers, adapters, constant arms), where segments tell little."""

from __future__ import annotations

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.similarity.joins import with_number

FLANK = 8  # letters; shorter ends are shared by chance
MANY = 100  # sequences that share an end; fewer cost little


def shared_flanks(
    pool: SequenceSet, most: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the letters at both ends that are better left out when sequences are cut into segments.

    A segment inside a primer is found in every sequence. Without it the segments are narrower and
    are found more often by chance, so that an end is left out only where that costs less: of n
    sequences over s letters about n (t + 1)(t / 2 + 1) / s**w share one of t + 1 segments of width
    w by chance.

    Parameters
    ----------
    pool : SequenceSet
        Sequences.
    most : numpy.ndarray, shape (n,), int64
        Edits allowed (t), fewer than the sequence has letters.
    seed : int
        Largest width of a segment.

    Returns
    -------
    left, right : numpy.ndarray, shape (n,), int64
        Letters to leave out at the beginning and the end, at most a third each.
    width : numpy.ndarray, shape (n,), int64
        Width of the t + 1 segments of the rest, at least 1 (0 for an empty sequence).
    """
    (left, found_left), (right, found_right) = _shared(pool, 1), _shared(pool, -1)
    sharers = np.maximum(found_left, found_right)
    width = np.minimum((pool.lengths - left - right) // (most + 1), seed)
    chance = len(pool) * (most + 1) * (most / 2 + 1) / float(pool.alphabet.size) ** width
    out = chance < sharers
    left, right = np.where(out, left, 0), np.where(out, right, 0)
    return left, right, np.minimum((pool.lengths - left - right) // (most + 1), seed)


def _shared(pool: SequenceSet, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Letters that each shares with many at its beginning (1) or end (-1), and with how many.

    An end grows as long as half of those that share its first ``FLANK`` letters go along: what a
    family shares behind its primer does not count.
    """
    lengths = pool.lengths
    edge = pool.offsets[:-1] if step > 0 else pool.offsets[1:] - 1
    letters, sharers = np.zeros(len(pool), np.int64), np.zeros(len(pool), np.int64)
    least, key = np.full(len(pool), MANY), np.zeros(len(pool), np.uint64)
    active = np.flatnonzero(lengths >= 3 * FLANK)
    for p in range(int(lengths.max(initial=0)) // 3):
        active = active[lengths[active] > 3 * p + 2]
        if not len(active):
            break
        # Unequal ends with equal keys are rare, and would change the time only.
        key[active] = with_number(key[active], pool.codes[edge[active] + step * p])
        if p + 1 < FLANK:
            continue
        _, which, counts = np.unique(key[active], return_inverse=True, return_counts=True)
        enough = counts[which] > least[active]
        active, together = active[enough], counts[which[enough]]
        letters[active], sharers[active] = p + 1, together
        if p + 1 == FLANK:
            least[active] = np.maximum(MANY, together // 2)
    return letters, sharers
