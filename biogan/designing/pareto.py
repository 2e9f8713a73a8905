"""Several values at once: fronts of what nothing else beats, and how much a front encloses.

All values are to be raised; those to be lowered are negated before.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.stats import rankdata

from biogan.core.errors import plural

#: Values of which a hypervolume is computed.
MOST = 3


def fronts(values: np.ndarray) -> np.ndarray:
    """Return the front of each row: 0 for what no row beats, 1 for what none of the others, ....

    A row beats another if it is nowhere lower and somewhere higher (non-dominated sorting, Deb et
    al. 2002, IEEE Trans. Evol. Comput. 6:182; the front is found by a binary search, Zhang et al.
    2015, IEEE Trans. Evol. Comput. 19:201).

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
        Finite numbers.

    Returns
    -------
    numpy.ndarray, shape (n,), int

    Examples
    --------
    >>> fronts(np.array([[1.0, 1.0], [0.0, 0.0], [2.0, 0.0], [1.0, 1.0]])).tolist()
    [0, 1, 0, 0]
    """
    # From the highest first value on, so that only rows before a row can beat it.
    rows, places = np.unique(-values, axis=0, return_inverse=True)
    found = np.zeros(len(rows), np.int64)
    if values.shape[1] == 2:
        # The best second value of each front so far, which gets worse from front to front.
        best: list[float] = []
        for i, second in enumerate(rows[:, 1].tolist()):
            found[i] = place = bisect_right(best, second)
            best[place : place + 1] = [second]
        return np.asarray(found[places.ravel()])
    members: list[list[int]] = []
    for i, row in enumerate(rows):
        low, high = 0, len(members)
        while low < high:
            middle = (low + high) // 2
            beaten = (rows[members[middle]] <= row).all(1).any()
            low, high = (middle + 1, high) if beaten else (low, middle)
        members[low : low + 1] = [[*(members[low] if low < len(members) else []), i]]
        found[i] = low
    return np.asarray(found[places.ravel()])


def crowding(values: np.ndarray) -> np.ndarray:
    """Return how far the neighbours of each row of a front are, inf at the ends of a value.

    Distances are those of ranks, so that no value counts more for its unit, summed over the values
    (crowding distance, Deb et al. 2002, section III B). Of equal rows all but the first have 0.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
        Rows of one front.

    Returns
    -------
    numpy.ndarray, shape (n,)

    Examples
    --------
    >>> crowding(np.array([[0.0, 9.0], [1.0, 5.0], [2.0, 4.0], [3.0, 0.0]])).tolist()
    [inf, 4.0, 4.0, inf]
    """
    _, first, places = np.unique(values, axis=0, return_index=True, return_inverse=True)
    ranks = rankdata(values[first], method="dense", axis=0).astype(float)
    total = np.zeros(len(first))
    for column in ranks.T:
        order = np.argsort(column, kind="stable")
        gaps = np.full(len(order), np.inf)
        gaps[1:-1] = column[order[2:]] - column[order[:-2]]
        total[order] += gaps
    found = np.zeros(len(values))
    found[first] = total[places.ravel()[first]]
    return found


def ordered(values: np.ndarray) -> np.ndarray:
    """Return one score a row by which fronts are ordered and, inside a front, the least crowded.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
        Finite numbers.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Minus the front, and less than 1 added, the more the less crowded.

    Examples
    --------
    >>> ordered(np.array([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0], [0.0, 0.0]])).tolist()
    [0.5, 0.0, 0.25, -1.0]
    """
    front = fronts(values)
    found = -front.astype(float)
    for number in range(front.max(initial=-1) + 1):
        own = np.flatnonzero(front == number)
        worst_first = np.argsort(crowding(values[own])[::-1], kind="stable")
        found[own[::-1][worst_first]] += np.arange(len(own)) / (len(own) + 1)
    return found


def spread(values: np.ndarray, n: int) -> np.ndarray:
    """Return the numbers of rows that lie far from each other: the best of each value first.

    Each further one is that with the farthest nearest neighbour among those taken, by ranks; rows
    that equal others come last.

    Parameters
    ----------
    values : numpy.ndarray, shape (m, k)
        Rows of a front.
    n : int
        Rows at most.

    Examples
    --------
    >>> spread(np.array([[0.0, 9.0], [1.0, 8.0], [5.0, 5.0], [9.0, 0.0]]), 3).tolist()
    [3, 0, 1]
    """
    ranks = rankdata(values, method="dense", axis=0)
    taken = [*dict.fromkeys(ranks.argmax(0).tolist())][:n]
    nearest = np.min([np.abs(ranks - ranks[i]).sum(1) for i in taken], axis=0)
    while len(taken) < n and nearest.max() > 0:
        taken.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.abs(ranks - ranks[taken[-1]]).sum(1))
    rest = np.setdiff1d(np.arange(len(values)), taken)
    return np.array([*taken, *rest.tolist()][:n], int)


def nadir(values: np.ndarray) -> np.ndarray:
    """Return the lowest of each value on the front of some rows, shape (k,)."""
    return np.asarray(values[fronts(values) == 0].min(0))


def hypervolume(values: np.ndarray, reference: np.ndarray) -> float:
    """Return the volume of what is above a point and below a row, for two or three values.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, 2) or (n, 3)
        Rows; those that are not above the point in every value add nothing.
    reference : numpy.ndarray, shape (k,)
        The point, :func:`nadir` of real records.

    Returns
    -------
    float
        Exact, 0 or more, in the product of the units.

    Examples
    --------
    >>> hypervolume(np.array([[2.0, 1.0], [1.0, 2.0]]), np.zeros(2))
    3.0
    >>> hypervolume(np.array([[2.0, 1.0, 1.0], [1.0, 2.0, 3.0]]), np.zeros(3))
    7.0
    """
    above = values[(values > reference).all(1)] - reference
    if not len(above):
        return 0.0
    if values.shape[1] == 2:
        first, second = above[np.lexsort((-above[:, 1], -above[:, 0]))].T
        highest = np.maximum.accumulate(second)
        return float((first * np.diff(highest, prepend=0.0)).sum())
    # Slices between the heights of the third value: the area of what reaches up to there.
    above = above[np.argsort(-above[:, 2], kind="stable")]
    heights = np.append(above[:, 2], 0.0)
    total = 0.0
    for i, thick in enumerate(heights[:-1] - heights[1:]):
        if thick:
            total += thick * hypervolume(above[: i + 1, :2], np.zeros(2))
    return float(total)


@dataclass(frozen=True)
class Front:
    """The front of a search, beside that of real records.

    Attributes
    ----------
    names : tuple of str
        What was optimised.
    signs : tuple of int
        -1 for each that was lowered.
    found : numpy.ndarray, shape (n, k)
        Values of all sequences of the search that count, to be raised.
    real : numpy.ndarray, shape (m, k)
        Those of real records; may be empty.
    """

    names: tuple[str, ...]
    signs: tuple[int, ...]
    found: np.ndarray
    real: np.ndarray

    @cached_property
    def best(self) -> np.ndarray:
        """Values of the front, each once, shape (f, k), in ascending order of the first."""
        return np.unique(self.found[fronts(self.found) == 0], axis=0)

    @cached_property
    def size(self) -> int:
        """Number of sequences on the front."""
        return int((fronts(self.found) == 0).sum())

    @cached_property
    def reference(self) -> np.ndarray | None:
        """The lowest of each value on the front of real records; None without any."""
        return nadir(self.real) if len(self.real) and len(self.names) <= MOST else None

    def summary(self) -> dict[str, Any]:
        """Return it for a file."""
        found: dict[str, Any] = {"n": self.size}
        if self.reference is not None:
            above = zip(self.names, self.signs, self.reference.tolist(), strict=True)
            found |= {
                "hypervolume": hypervolume(self.best, self.reference),
                "hypervolume_of_real": hypervolume(self.real, self.reference),
                "above": {name: sign * value for name, sign, value in above},
            }
        return found

    def __str__(self) -> str:
        said = f"{plural(self.size, 'sequence')} on the front"
        if self.reference is None:
            return said
        facts = self.summary()
        above = ", ".join(f"{name} {value:.4g}" for name, value in facts["above"].items())
        return (
            f"{said}, hypervolume {facts['hypervolume']:,.4g}, that of real records "
            f"{facts['hypervolume_of_real']:,.4g} (from {above}, the worst of their front)"
        )
