"""Records that overlap: windows of one sequence tell less than as many independent records.

Every interval and test counts what overlaps as dependent. Overlapping records form chains, which
are cut into stretches much longer than a record: what is left between two stretches is little
(the blocks of the block jackknife and bootstrap).

References
----------
Kunsch 1989, Ann. Stat. 17:1217.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, reverse_cuthill_mckee

from biogan.sequences.dataset import SequenceSet
from biogan.sequences.regions import Regions
from biogan.sequences.similarity.words import dovetails

# A stretch holds this many lengths of a record at most, and at least; many stretches come first.
_LONGEST, _SHORTEST, _STRETCHES = 5, 2, 50


@dataclass(frozen=True, eq=False)
class Overlaps:
    """The chains of overlapping records of a set.

    Attributes
    ----------
    chain : numpy.ndarray, shape (n,), int64
        Chain of each record, numbered in the order of their first records; a record that overlaps
        none is a chain by itself.
    rank : numpy.ndarray, shape (n,), int64
        Place of each record where the chains lie one behind another, neighbours side by side.
    depth : numpy.ndarray, shape (n,), float64
        Records of its chain over a letter of it, on average: 1 where nothing overlaps.

    Examples
    --------
    >>> from biogan.sequences.dataset import cut_windows
    >>> genome = SequenceSet.from_strings(["ACGTTGCAAC", "GGATC"], ["a", "b"])
    >>> windows, _ = cut_windows(genome, 4, 2)
    >>> found = Overlaps.of(windows)
    >>> found.chain.tolist(), found.any
    ([0, 0, 0, 0, 1], True)
    """

    chain: np.ndarray
    rank: np.ndarray
    depth: np.ndarray

    @classmethod
    def of(cls, sequences: SequenceSet) -> Overlaps:
        """Find the chains of a set: by the regions of its records, or else by their letters.

        Records of an alignment, and such without a region that are equal, do not overlap.
        """
        n, regions = len(sequences), sequences.regions
        i, j = regions.joined()
        others = _crossings(regions)
        order = np.concatenate([regions.order(), np.flatnonzero(~regions.known)])
        if not regions.known.all() and not sequences.alphabet.has_gap:
            one, other = dovetails(sequences)
            unnamed = ~(regions.known[one] & regions.known[other])
            found = np.concatenate([one[unnamed], other[unnamed]])
            others = others + np.bincount(found, minlength=n)
            i, j = np.concatenate([i, one]), np.concatenate([j, other])
            ends = np.concatenate([i, j]), np.concatenate([j, i])
            links = coo_array((np.ones(2 * len(i), np.int8), ends), (n, n)).tocsr()
            # Neighbours stand side by side, where that can be.
            order = reverse_cuthill_mckee(links, symmetric_mode=True)
        if not len(i):
            return cls(np.arange(n), np.arange(n), np.ones(n))
        graph = coo_array((np.ones(len(i), bool), (i, j)), (n, n))
        labels = connected_components(graph, directed=False)[1]
        _, first, chain = np.unique(labels, return_index=True, return_inverse=True)
        chain = np.argsort(np.argsort(first))[chain]
        place = np.empty(n, np.int64)
        place[order] = np.arange(n)
        rank = np.empty(n, np.int64)
        rank[np.lexsort((place, chain))] = np.arange(n)
        depth = 1 + np.bincount(chain, others) / np.bincount(chain) / 2
        return cls(chain, rank, depth[chain])

    def __len__(self) -> int:
        return len(self.chain)

    @property
    def any(self) -> bool:
        """Whether any two records overlap."""
        return len(self) > 0 and int(self.chain.max()) < len(self) - 1

    @property
    def overlapping(self) -> int:
        """Number of records that overlap another one."""
        return int((self._sizes > 1).sum())

    @property
    def worth(self) -> float:
        """About how many records side by side hold the same letters."""
        return float((1 / self.depth).sum())

    @cached_property
    def _sizes(self) -> np.ndarray:
        """Records of the chain of each record."""
        return np.bincount(self.chain)[self.chain]

    @cached_property
    def _within(self) -> np.ndarray:
        """Place of each record in its chain, from 0."""
        sizes = np.bincount(self.chain)
        return np.asarray(self.rank - (np.cumsum(sizes) - sizes)[self.chain])

    @cached_property
    def stretches(self) -> np.ndarray:
        """Stretch of each record, shape (n,): chains, the long ones cut into pieces."""
        if not self.any:
            return np.arange(len(self))
        lengths = np.clip(self.worth / _STRETCHES, _SHORTEST, _LONGEST)
        pieces = np.maximum(1, np.floor(self._sizes / (lengths * self.depth))).astype(np.int64)
        piece = self._within * pieces // self._sizes
        return np.unique(self.chain * (int(pieces.max()) + 1) + piece, return_inverse=True)[1]

    def apart(self) -> np.ndarray:
        """Tell which pairs of different records share no letter, shape (n, n), bool."""
        reach = np.ceil(self.depth).astype(np.int64)
        near = np.abs(self.rank[:, None] - self.rank) < np.maximum(reach[:, None], reach)
        return np.asarray((self.chain[:, None] != self.chain) | ~near)

    def blocks(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Cut long chains into blocks that share no letter, by leaving out some records.

        Parameters
        ----------
        count : int
            Blocks that all records together would make; one is at least five records long.

        Returns
        -------
        block : numpy.ndarray, shape (n,), int64
            Block of each record: a chain, or a part of a long one.
        kept : numpy.ndarray, shape (n,), bool
            Records that overlap none of another block.
        """
        sizes, within = self._sizes, self._within
        least = np.maximum(len(self) / count, _LONGEST * self.depth)
        pieces = np.maximum(1, np.floor(sizes / least)).astype(np.int64)
        piece = within * pieces // sizes
        # The first records of a piece overlap the last ones of the piece before.
        overlap = np.ceil(self.depth).astype(np.int64) - 1
        before = np.maximum(within - overlap, 0) * pieces // sizes
        kept = before == piece
        number = self.chain * (int(pieces.max(initial=1)) + 1) + piece
        return np.unique(number, return_inverse=True)[1], kept

    def groups(self, count: int) -> np.ndarray:
        """Sort records into groups of about one size that part no short chain, shape (n,).

        Without overlaps record i is in group i modulo ``count``. Neighbours stand in one group
        where they can, so that little is left between two groups.
        """
        n = len(self)
        if not self.any:
            return np.arange(n) % count
        place = (np.bincount(self.chain, self.rank + 0.5) / np.bincount(self.chain))[self.chain]
        # A long chain may be cut anywhere.
        long = self._sizes > 2 * _LONGEST * self.depth
        place[long] = self.rank[long] + 0.5
        return np.minimum((place * count / n).astype(np.int64), count - 1)


def joined(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Join groups of two kinds that have a record in common.

    Parameters
    ----------
    one, other : numpy.ndarray, shape (n,), int64
        Group of each record, from 0.

    Examples
    --------
    >>> joined(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])).tolist()
    [0, 0, 0, 1]
    """
    n = int(one.max(initial=-1)) + 1
    size = n + int(other.max(initial=-1)) + 1
    links = coo_array((np.ones(len(one), bool), (one, n + other)), (size, size))
    found: np.ndarray = connected_components(links, directed=False)[1][one]
    return found


def _crossings(regions: Regions) -> np.ndarray:
    """Count the other rows that share a letter with each row, shape (n,)."""
    found = np.zeros(len(regions), np.int64)
    rows = np.flatnonzero(regions.known)
    base = regions.lines()
    first, last = (base + regions.start)[rows], (base + regions.stop)[rows]
    begun = np.searchsorted(np.sort(first), last, "left")
    over = np.searchsorted(np.sort(last), first, "right")
    found[rows] = begun - over - 1
    return found
