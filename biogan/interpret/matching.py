"""Matches of a motif among known ones, by Tomtom's statistic.

Columns are compared by their Euclidean distance, motifs by the sum over the columns that overlap,
of which each is counted from the median of its column over all known columns, so that a column
beside the overlap counts nothing. The distribution of the sum at an offset, where the overlapping
columns are drawn from all known ones, is exact, by convolution (Gupta et al. 2007, Genome Biol.
8:R24). The score of a match is the largest sum over the offsets on either strand, and its p-value
is the chance of as large a sum at any of them, as if they were independent (Tanaka et al. 2011,
Bioinformatics 27:1603).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from biogan.sequences.io.motifs import Motif

# Steps of the range of scores of a column. With Tomtom's 100 the chance of a very good match is off
# by a factor of two; from 400 on it stays within a tenth.
_STEPS = 400
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
    found: list[Match] = []
    starts = np.append(0, np.cumsum([len(f) for some in sets for f in some]))
    width = len(frequencies)
    for k, motif in enumerate(known):
        length, best = motif.width, (-np.inf, 0, 0, False)
        spans = [(max(0, o), min(width, o + length)) for o in range(1 - length, width)]
        for turned in range(len(sets)):
            table = whole[:, starts[turned * len(known) + k] :]
            for offset, (first, last) in zip(range(1 - length, width), spans, strict=True):
                rows = np.arange(first, last)
                score = int(table[rows, rows - offset].sum())
                # Of equal sums the one of more columns counts.
                if (score, len(rows)) > best[:2]:
                    best = (score, len(rows), offset, bool(turned))
        chances = np.array([tails.above(first, last, int(best[0])) for first, last in spans])
        none = len(sets) * np.log1p(-np.minimum(chances, 1 - 1e-16)).sum()
        p = float(-np.expm1(none))
        found.append(Match(motif.name, p, p * len(known), best[2], best[3]))
    return found


class _Tails:
    """Chance of a sum of scores of neighbouring columns, each against a random known column."""

    def __init__(self, scores: np.ndarray) -> None:
        self.low = scores.min(1)
        self.single = [np.bincount(row - row.min()) / scores.shape[1] for row in scores]
        self.spans: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}

    def above(self, start: int, stop: int, score: int) -> float:
        """Return the chance of ``score`` or more over the columns from ``start`` to ``stop``."""
        _, tail = self._span(start, stop)
        at = max(0, score - int(self.low[start:stop].sum()))
        return float(tail[at].clip(0, 1)) if at < len(tail) else 0.0

    def _span(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the chance of each sum, counted from the lowest, and of it or more."""
        if (start, stop) not in self.spans:
            chance = self.single[stop - 1]
            if stop > start + 1:
                chance = np.convolve(self._span(start, stop - 1)[0], chance)
            self.spans[start, stop] = chance, chance[::-1].cumsum()[::-1]
        return self.spans[start, stop]
