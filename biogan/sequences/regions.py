"""Regions: which part of which longer sequence each record was cut from.

A region is named by the id, as :func:`biogan.sequences.dataset.cut_windows`, samtools, bedtools
and Rfam write it (``chr1:101-300``, ``chr1:100-300(+)``, ``chr1/101-300``), or by the label
``range`` of UCSC's headers. It stays with a record through every step that keeps its id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

_NUMBER = r"\d{1,3}(?:,\d{3})+|\d{1,12}"
_REGION = re.compile(
    rf"(?P<name>.+)[:/](?P<turned>c?)(?P<first>{_NUMBER})-(?P<last>{_NUMBER})"
    r"(?:\((?P<strand>[+.-])\)|(?P<rc>/rc))?"
)
#: Label of UCSC's headers that names a region.
RANGE = "range"
# Windows of windows of windows.
_DEEPEST = 4


@dataclass(frozen=True, eq=False)
class Regions:
    """Intervals on longer sequences, one a row; coordinates count from 0, ends are outside.

    Attributes
    ----------
    source : numpy.ndarray, shape (n,), int64
        Number of the longer sequence, -1 where it is not known.
    start, stop : numpy.ndarray, shape (n,), int64
        Letters ``start`` to ``stop - 1`` of it.

    Examples
    --------
    >>> some = Regions.named(["chr1:1-4", "chr1:3-6", "chr2:1-4", "gene"], np.full(4, 4))
    >>> some.source.tolist(), some.start.tolist(), some.overlapping().tolist()
    ([0, 0, 1, -1], [0, 2, 0, 0], [True, True, False, False])
    """

    source: np.ndarray
    start: np.ndarray
    stop: np.ndarray

    @classmethod
    def named(
        cls,
        ids: Sequence[str],
        lengths: np.ndarray,
        ranges: Sequence[str] | np.ndarray | None = None,
    ) -> Regions:
        """Read the regions that ids, or ranges of UCSC's headers, name.

        Parameters
        ----------
        ids : sequence of str, length n
            Identifiers.
        lengths : numpy.ndarray, shape (n,)
            Letters of each record. A region of another length is not believed; they also tell
            whether coordinates count from 1 (samtools) or from 0 (bedtools).
        ranges : sequence of str, optional
            A text for each record that begins with a region; it comes before the id.
        """
        n = len(ids)
        source, start = np.full(n, -1, np.int64), np.zeros(n, np.int64)
        numbers: dict[str, int] = {}
        for i, name, at in named_places(ids, lengths.tolist(), ranges):
            source[i], start[i] = numbers.setdefault(name, len(numbers)), at
        return cls(source, start, start + np.where(source < 0, 0, lengths))

    def __len__(self) -> int:
        return len(self.source)

    def take(self, rows: np.ndarray) -> Regions:
        """Return some of the rows, by numbers or a mask."""
        return Regions(self.source[rows], self.start[rows], self.stop[rows])

    @property
    def known(self) -> np.ndarray:
        """Which rows have a region, shape (n,), bool."""
        return self.source >= 0

    def near(self, chosen: np.ndarray, gap: int = 0) -> np.ndarray:
        """Tell which rows share a letter with a chosen row, or are nearer than a gap.

        Parameters
        ----------
        chosen : numpy.ndarray, shape (n,), bool
            Some rows; those with a region are near themselves.
        gap : int
            Letters that have to lie between two rows that are not near.

        Returns
        -------
        numpy.ndarray, shape (n,), bool
        """
        found = np.zeros(len(self), bool)
        some, rows = np.flatnonzero(chosen & self.known), np.flatnonzero(self.known)
        if not len(some):
            return found
        base = self.lines(gap)
        first = base + self.start
        order = some[np.argsort(first[some], kind="stable")]
        ends = np.maximum.accumulate(base[order] + self.stop[order])
        before = np.searchsorted(first[order], (base + self.stop)[rows] + gap, "left")
        reached = np.where(before > 0, ends[np.maximum(before, 1) - 1], np.iinfo(np.int64).min)
        found[rows] = reached > first[rows] - gap
        return found

    def order(self) -> np.ndarray:
        """Return the rows with a region, sorted by source and start."""
        rows = np.flatnonzero(self.known)
        return rows[np.lexsort((self.stop[rows], self.start[rows], self.source[rows]))]

    def joined(self, gap: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Return pairs of rows that join whatever overlaps, or is nearer than a gap, into chains.

        Returns
        -------
        i, j : numpy.ndarray, shape (pairs,), int64
            Each row with the one before it that reaches farthest.
        """
        order = self.order()
        if not len(order):
            return order, order
        base = self.lines(gap)
        first, last = (base + self.start)[order], (base + self.stop)[order]
        farthest = np.maximum.accumulate(last)
        where = np.maximum.accumulate(np.where(last == farthest, np.arange(len(order)), 0))
        meets = np.flatnonzero(first[1:] < farthest[:-1] + gap) + 1
        return order[where[meets - 1]], order[meets]

    def overlapping(self) -> np.ndarray:
        """Tell which rows share a letter with another row, shape (n,), bool."""
        found = np.zeros(len(self), bool)
        for rows in self.joined():
            found[rows] = True
        return found

    def lines(self, gap: int = 0) -> np.ndarray:
        """Where each source begins if all lie one behind another, farther apart than a gap."""
        return self.source * (int(self.stop.max(initial=0)) - int(self.start.min(initial=0))
                              + 2 * gap + 2)  # fmt: skip


def named_places(
    ids: Sequence[str], lengths: Sequence[int], ranges: Sequence[str] | np.ndarray | None = None
) -> Iterator[tuple[int, str, int]]:
    """Yield number, name of the longer sequence and start (from 0) of records that name a region.

    Examples
    --------
    >>> list(named_places(["chr1:101-103", "peak::chr1:100-103(-)", "x:1-9"], [3, 3, 3]))
    [(0, 'chr1', 100), (1, 'chr1', 100)]
    """
    places: dict[str, tuple[str, int, int]] = {}
    for i, name in enumerate(ids):
        text = str(ranges[i]).partition(" ")[0] if ranges is not None and ranges[i] else name
        if "-" not in text or (found := _REGION.fullmatch(text)) is None:
            continue
        first, last = sorted(int(found[key].replace(",", "")) for key in ("first", "last"))
        if last - first + 1 == lengths[i]:
            first -= 1
        elif last - first != lengths[i]:
            continue
        if first >= 0 and lengths[i]:
            outer = found["name"].rpartition("::")[2] or found["name"]
            if outer not in places:
                places[outer] = _outermost(outer)
            base, offset, direction = places[outer]
            yield i, base, offset + first if direction > 0 else offset - first - lengths[i]


def _outermost(name: str) -> tuple[str, int, int]:
    """Follow a name that is a region itself: the outermost name, where it begins, its direction."""
    offset, direction = 0, 1
    for _ in range(_DEEPEST):
        found = _REGION.fullmatch(name)
        if found is None:
            break
        numbers = [int(found[key].replace(",", "")) for key in ("first", "last")]
        turned = bool(found["turned"] or found["rc"]) or found["strand"] == "-"
        turned |= numbers[0] > numbers[1]
        low, high = min(numbers) - 1, max(numbers)
        # Letter p of the record is letter low + p of its source, or high - 1 - p of a turned one.
        if turned:
            offset, direction = high - offset, -direction
        else:
            offset += low
        name = found["name"].rpartition("::")[2] or found["name"]
    return name, offset, direction
