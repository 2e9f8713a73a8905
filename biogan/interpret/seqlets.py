"""Seqlets: the stretches of a record whose letters add to the score more than chance.

What chance is, shuffled records tell: their letters are explained by the same score. As many of
their stretches as reach a threshold are expected by chance among those of the records (target and
decoy, Elias & Gygi 2007, Nat. Methods 4:207).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# Penalties of a position that are tried, in what a letter of a shuffled record adds: the one by
# which most is found is taken.
_PENALTIES = (1.0, 0.5, 0.25)
# Letters in a row that add nothing and end a stretch.
_RUN = 9
# Those at either end of the run that may still belong to a stretch beside it.
_EDGE = 3
# More than any stretch adds.
_BAR = 1e9


class Seqlets(NamedTuple):
    """Stretches of records.

    Attributes
    ----------
    record, start, stop : numpy.ndarray, shape (m,), int64
        Record and positions, counted from 0; ``stop`` is not included.
    score : numpy.ndarray, shape (m,), float64
        Sum of the attributions of its letters.
    """

    record: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    score: np.ndarray

    def __len__(self) -> int:
        return len(self.record)

    def take(self, chosen: np.ndarray) -> Seqlets:
        """Return some of them, by a mask or by numbers."""
        return Seqlets(*(part[chosen] for part in self))


def segments(attributions: np.ndarray, penalty: float, barred: np.ndarray | None = None) -> Seqlets:
    """Cut records into their maximal scoring segments.

    Parameters
    ----------
    attributions : numpy.ndarray, shape (n, L)
        Of each position; 0 behind the end.
    penalty : float
        Taken off every position, so that a segment ends where too many letters add nothing.
    barred : numpy.ndarray, shape (n, L), bool, optional
        Positions that are in no segment.

    Returns
    -------
    Seqlets
        With sums of the attributions as scores, without the penalty.

    Notes
    -----
    All maximal scoring subsequences, in linear time (Ruzzo & Tompa 1999, ISMB 234).

    Examples
    --------
    >>> found = segments(np.array([[0, 2, 0, 2, 0, 0, 0, 1.0]]), 0.5)
    >>> found.start.tolist(), found.stop.tolist(), found.score.tolist()
    ([1, 7], [4, 8], [4.0, 1.0])
    """
    rows: list[tuple[int, int, int]] = []
    reduced = attributions - penalty
    if barred is not None:
        reduced = np.where(barred, -_BAR, reduced)
    for record in np.flatnonzero((reduced > 0).any(1)).tolist():
        # Each candidate: start, stop, and the sums of all letters before and up to its end.
        found: list[tuple[int, int, float, float]] = []
        total = 0.0
        for place, value in enumerate(reduced[record].tolist()):
            before, total = total, total + value
            if value <= 0:
                continue
            start, low = place, before
            while True:
                j = next((k for k in range(len(found) - 1, -1, -1) if found[k][2] < low), None)
                if j is None or found[j][3] >= total:
                    break
                start, low = found[j][0], found[j][2]
                del found[j:]
            found.append((start, place + 1, low, total))
        rows += [(record, start, stop) for start, stop, _, _ in found]
    table = np.array(rows, np.int64).reshape(-1, 3)
    sums = np.pad(np.cumsum(attributions, 1, dtype=np.float64), ((0, 0), (1, 0)))
    score = sums[table[:, 0], table[:, 2]] - sums[table[:, 0], table[:, 1]]
    return Seqlets(table[:, 0], table[:, 1], table[:, 2], score)


def score_threshold(real: np.ndarray, null: np.ndarray, ratio: float, rate: float) -> float:
    """Return the lowest score at which the false discovery rate is not above ``rate``.

    Parameters
    ----------
    real, null : numpy.ndarray
        Scores of the stretches of records and of shuffled ones.
    ratio : float
        Records for each shuffled one.
    rate : float
        Wanted, above 0 and below 1.

    Returns
    -------
    float
        Infinity where there is none.

    Examples
    --------
    >>> score_threshold(np.arange(100.0), np.arange(50.0), 1.0, 0.1)
    46.0
    """
    order = np.unique(real)
    reached = len(real) - np.searchsorted(np.sort(real), order)
    chance = ratio * (1 + len(null) - np.searchsorted(np.sort(null), order))
    good = np.flatnonzero(chance <= rate * reached)
    return float(order[good[0]]) if len(good) else float("inf")


class Rule(NamedTuple):
    """How records are cut into stretches.

    Attributes
    ----------
    usual : float
        Root mean square of what a letter of a shuffled record adds. A stretch ends where none of
        9 letters adds twice as much: what stands farther apart are two motifs with a gap between
        them.
    penalty : float
        Taken off every position, see :func:`segments`.
    threshold : float
        Lowest score of a stretch.
    """

    usual: float
    penalty: float
    threshold: float = -np.inf

    def cut(self, attributions: np.ndarray) -> Seqlets:
        """Return the stretches of records that reach the threshold.

        Parameters
        ----------
        attributions : numpy.ndarray, shape (n, L)
            Of each position.
        """
        found = segments(attributions, self.penalty, _quiet(attributions <= 2 * self.usual))
        return found.take(found.score >= self.threshold)


def _quiet(low: np.ndarray) -> np.ndarray:
    """Return the middle positions of runs of 9 or more; shape (n, L), bool."""
    if low.shape[1] < _RUN:
        return np.zeros_like(low)
    whole = np.lib.stride_tricks.sliding_window_view(low, _RUN, 1).all(2)
    found = np.zeros_like(low)
    for k in range(_EDGE, _RUN - _EDGE):
        found[:, k : k + whole.shape[1]] |= whole
    return found


def found_seqlets(real: np.ndarray, null: np.ndarray, rate: float) -> tuple[Seqlets, Rule]:
    """Find the stretches that add more to the score than those of shuffled records.

    Parameters
    ----------
    real, null : numpy.ndarray, shape (n, L) and (m, L)
        Attributions of records and of shuffled ones, which have the same lengths.
    rate : float
        False discovery rate.

    Returns
    -------
    seqlets : Seqlets
    rule : Rule
        By which they were found.
    """
    # What a letter adds in shuffled records, which hold nothing.
    usual = float(np.sqrt(np.square(null, dtype=np.float64).mean())) if null.size else 0.0
    ratio = len(real) / max(1, len(null))
    best = None
    for share in _PENALTIES:
        rule = Rule(usual, share * usual)
        one, other = rule.cut(real), rule.cut(null)
        rule = rule._replace(threshold=score_threshold(one.score, other.score, ratio, rate))
        found = one.take(one.score >= rule.threshold)
        if best is None or len(found) > len(best[0]):
            best = found, rule
    assert best is not None
    return best
