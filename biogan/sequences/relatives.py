"""What a split must not part: near copies, records that share a long word, windows that overlap.

Groups of relatives go to one side whole. Overlapping windows of a genome are one group, however:
from such a group blocks are carved, and what is related to a block and lies outside it is left out.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from biogan.sequences.regions import Regions
from biogan.sequences.similarity.words import SharedWords

# Blocks that are tried one after another: many are more like the whole, few lose less between.
_BLOCKS = (20, 8, 3, 1)
# Records that may be left out for each that is held out, where there is a choice.
_LOSS = 0.25


class Relatives:
    """Which of n distinct sequences are related, in an order without information.

    Parameters
    ----------
    labels : numpy.ndarray, shape (n,), int64
        Clusters of near copies.
    words : SharedWords, optional
        The long words that they share.
    regions : Regions, optional
        Regions of the records, of which a sequence may have several.
    owner : numpy.ndarray, shape (records,), int64, optional
        The sequence of each region.
    gap : int
        Regions with fewer letters between them are related.

    Examples
    --------
    >>> windows = Regions(np.zeros(9, np.int64), np.arange(9) * 2, np.arange(9) * 2 + 4)
    >>> family = Relatives(np.arange(9), None, windows, np.arange(9))
    >>> held, left = family.carve(2)
    >>> held.nonzero()[0].tolist(), left.nonzero()[0].tolist()
    ([7, 8], [6])
    """

    def __init__(
        self,
        labels: np.ndarray,
        words: SharedWords | None = None,
        regions: Regions | None = None,
        owner: np.ndarray | None = None,
        gap: int = 0,
    ) -> None:
        self.n, self.labels = len(labels), labels
        self.words, self.regions, self.owner, self.gap = words, regions, owner, gap

    @cached_property
    def _graph(self) -> csr_array:
        """Paths that join all relatives."""
        lined = np.argsort(self.labels, kind="stable")
        same = np.flatnonzero(np.diff(self.labels[lined]) == 0)
        pairs = [(lined[same], lined[same + 1])]
        if self.words is not None:
            pairs.append(self.words.pairs)
        if self.regions is not None and self.owner is not None:
            i, j = self.regions.joined(self.gap)
            pairs.append((self.owner[i], self.owner[j]))
        i, j = (np.concatenate(some) for some in zip(*pairs, strict=True))
        graph = coo_array((np.ones(len(i), np.int8), (i, j)), (self.n, self.n)).tocsr()
        graph.sum_duplicates()
        return graph

    def components(self) -> np.ndarray:
        """Return the number of the group of relatives of each sequence, shape (n,)."""
        if self.words is None and self.regions is None:
            return self.labels
        return np.asarray(connected_components(self._graph, directed=False)[1])

    def near(self, chosen: np.ndarray) -> np.ndarray:
        """Tell which sequences are related to a chosen one, or chosen, shape (n,), bool."""
        hit = np.zeros(int(self.labels.max(initial=-1)) + 1, bool)
        hit[self.labels[chosen]] = True
        found = hit[self.labels]
        if self.words is not None:
            found |= self.words.near(chosen)
        if self.regions is not None and self.owner is not None:
            found[self.owner[self.regions.near(chosen[self.owner], self.gap)]] = True
        return found

    def carve(self, wanted: int) -> tuple[np.ndarray, np.ndarray]:
        """Hold out blocks of neighbours, that begin at the first sequences.

        Parameters
        ----------
        wanted : int
            Sequences to hold out, below n.

        Returns
        -------
        held, left : numpy.ndarray, shape (n,), bool
            Sequences held out, and related ones that are on neither side.
        """
        component = connected_components(self._graph, directed=False)[1]
        for blocks in _BLOCKS:
            if blocks > 1 and wanted < 2 * blocks:
                continue
            held = self._blocks(component, wanted, -(-wanted // blocks))
            left = self.near(held) & ~held
            if left.sum() <= _LOSS * held.sum():
                break
        return held, left

    def _blocks(self, component: np.ndarray, wanted: int, size: int) -> np.ndarray:
        """Mark the sequences of blocks of up to a size, in all as many as are wanted."""
        members: np.ndarray
        by_component = np.argsort(component, kind="stable")
        ends = np.cumsum(np.bincount(component))
        taken = np.zeros(self.n, bool)
        total = 0
        for first in range(self.n):
            if total >= wanted:
                break
            if taken[first]:
                continue
            last = ends[component[first]]
            start = ends[component[first] - 1] if component[first] else 0
            members = by_component[start:last]
            if last - start > size:
                members = breadth_first_order(self._graph, first, directed=False)[0]
                if size == wanted:
                    # One block: from an end it has relatives on one side alone.
                    members = breadth_first_order(self._graph, members[-1], directed=False)[0]
            members = members[~taken[members]][: min(size, wanted - total)]
            taken[members] = True
            total += len(members)
        return taken
