"""Which pairs a search still has to compare: what lets it stop early without missing anything."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


class Every:
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


class FirstHit(Every):
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


class AcrossClusters(Every):
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
