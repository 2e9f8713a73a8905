"""Matches of a motif among known ones, by Tomtom's statistic.

Columns are compared by their Euclidean distance, motifs by the sum over the columns that overlap,
of which each is counted from the median of its column over all known columns, so that a column
beside the overlap counts nothing. Its distribution where the overlapping columns are drawn from all
known ones is exact, by convolution; the best offset on either strand is corrected for their number
(Gupta et al. 2007, Genome Biol. 8:R24).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from biogan.sequences.io.motifs import Motif

# Steps of the range of scores of a column.
_STEPS = 100
#: Known motifs below which the p-values depend much on which they are.
FEW = 25


class Match(NamedTuple):
    """How much a motif is like a known one.

    Attributes
    ----------
    name : str
        Of the known motif.
    p, e : float
        Chance of as good a match with it, and matches as good that are expected among all.
    offset : int
        Column of the motif under the first column of the known one.
    reverse : bool
        Whether the known one lies on the other strand.
    """

    name: str
    p: float
    e: float
    offset: int
    reverse: bool


def matches(frequencies: np.ndarray, known: Sequence[Motif], strands: bool = True) -> list[Match]:
    """Compare a motif with known ones.

    Parameters
    ----------
    frequencies : numpy.ndarray, shape (width, 4)
        Of A, C, G and T at each position; rows sum to 1.
    known : sequence of Motif
        One or more.
    strands : bool
        Compare with their other strands, too.

    Returns
    -------
    list of Match
        In the order of ``known``.

    Examples
    --------
    >>> box, other = np.eye(4)[[3, 0, 3, 0, 0, 3]], np.eye(4)[[2, 2, 1, 1, 2, 2]]
    >>> found = matches(box, [Motif("other", other), Motif("TATAAT", box)])
    >>> [bool(match.p < 0.01) for match in found]
    [False, True]
    """
    sets = [[motif.frequencies for motif in known]]
    if strands:
        sets.append([f[::-1, ::-1] for f in sets[0]])
    columns = np.concatenate([f for some in sets for f in some])
    distance = np.sqrt(np.square(frequencies[:, None] - columns[None]).sum(2))
    scores = np.median(distance, 1, keepdims=True) - distance
    step = max(float(np.ptp(scores)), 1e-9) / _STEPS
    whole = np.rint(scores / step).astype(np.int64)
    tails = _Tails(whole)
    found, at = [], 0
    where: list[list[int]] = []
    for some in sets:
        where.append([])
        for f in some:
            where[-1].append(at)
            at += len(f)
    width = len(frequencies)
    for k, motif in enumerate(known):
        length, tried = motif.width, 0
        best = (2.0, 0, False)
        for turned, starts in enumerate(where):
            table = whole[:, starts[k] : starts[k] + length]
            for offset in range(1 - length, width):
                rows = np.arange(max(0, offset), min(width, offset + length))
                tried += 1
                p = tails.above(rows[0], rows[-1] + 1, int(table[rows, rows - offset].sum()))
                if p < best[0]:
                    best = (p, offset, bool(turned))
        p = float(-np.expm1(tried * np.log1p(-min(best[0], 1 - 1e-16))))
        found.append(Match(motif.name, p, p * len(known), best[1], best[2]))
    return found


class _Tails:
    """Chance of a sum of scores of neighbouring columns, each against a random known column."""

    def __init__(self, scores: np.ndarray) -> None:
        self.low = scores.min(1)
        self.single = [np.bincount(row - row.min()) / scores.shape[1] for row in scores]
        self.known: dict[tuple[int, int], np.ndarray] = {}

    def above(self, start: int, stop: int, score: int) -> float:
        """Return the chance of ``score`` or more over the columns from ``start`` to ``stop``."""
        if (start, stop) not in self.known:
            chance = np.ones(1)
            for row in self.single[start:stop]:
                chance = np.convolve(chance, row)
            self.known[start, stop] = chance[::-1].cumsum()[::-1]
        tail = self.known[start, stop]
        return float(tail[max(0, score - int(self.low[start:stop].sum()))].clip(0, 1))
