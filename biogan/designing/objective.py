"""What a search wants of the values of its oracle, as one score for each sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from biogan.core.errors import ConfigError
from biogan.designing.pareto import fronts, ordered


@dataclass(frozen=True)
class Kept:
    """A value that has to stay in a range.

    Attributes
    ----------
    name : str
        Column of the oracle.
    low, high : float
        Ends of the range, both inside.
    """

    name: str
    low: float
    high: float

    @classmethod
    def parsed(cls, text: str) -> Kept:
        """Read ``stability=0.8:``, ``=:2`` or ``=1:2``.

        Raises
        ------
        ConfigError
            If it is none of them.

        Examples
        --------
        >>> Kept.parsed("stability=0.8:")
        Kept(name='stability', low=0.8, high=inf)
        """
        name, _, span = text.partition("=")
        ends = span.split(":")
        try:
            low, high = (float(end) if end.strip() else None for end in ends)
        except ValueError:
            low = high = None
        if not name or (low is None and high is None) or low != low or high != high:
            raise ConfigError(f"--keep {text}: write NAME=LOW:HIGH, one of them may be left out")
        low, high = -np.inf if low is None else low, np.inf if high is None else high
        if not low <= high:
            raise ConfigError(f"--keep {text}: {low:g} is more than {high:g}")
        return cls(name, low, high)

    def missing(self, values: np.ndarray) -> np.ndarray:
        """Return how far each value lies outside, shape (n,)."""
        return np.maximum(self.low - values, 0) + np.maximum(values - self.high, 0)


@dataclass(frozen=True)
class Objective:
    """Columns to raise or lower, and ranges to keep.

    With several columns the score of a sequence is minus the number of its front, 0 for those that
    no other one beats, and the more the fewer sequences of its front are near
    (:func:`biogan.designing.pareto.ordered`); sequences that do not keep a range come behind all
    that do, the nearest first.

    Parameters
    ----------
    maximise, minimise : tuple of str
        Names of columns; without any, the only column there is is raised.
    keep : tuple of Kept
        Ranges.

    Examples
    --------
    >>> both = Objective(("a",), ("b",))
    >>> both.scores(np.array([[1.0, 0.0], [2.0, 1.0], [1.0, 2.0]]), ("a", "b")).tolist()
    [0.3333333333333333, 0.0, -1.0]
    """

    maximise: tuple[str, ...] = ()
    minimise: tuple[str, ...] = ()
    keep: tuple[Kept, ...] = ()

    def __str__(self) -> str:
        parts = [f"--maximise {name}" for name in self.maximise]
        parts += [f"--minimise {name}" for name in self.minimise]
        parts += [f"--keep {kept.name}={kept.low:g}:{kept.high:g}" for kept in self.keep]
        return " ".join(parts)

    def check(self, columns: Sequence[str]) -> None:
        """Refuse names that the oracle does not give, or a choice that is left open.

        Raises
        ------
        ConfigError
            With the names that there are.
        """
        named = [*self.maximise, *self.minimise, *(kept.name for kept in self.keep)]
        for name in named:
            if name not in columns:
                raise ConfigError(f"the oracle gives {', '.join(columns)}, and no {name!r}")
        if set(self.maximise) & set(self.minimise):
            raise ConfigError("--maximise and --minimise name the same value")
        if not self.maximise and not self.minimise and len(columns) > 1:
            raise ConfigError(
                f"the oracle gives {', '.join(columns)}: say which with --maximise and --minimise"
            )

    def names(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the columns that are raised or lowered."""
        return (*self.maximise, *self.minimise) or tuple(columns[:1])

    def sign(self, name: str) -> int:
        """Return -1 for a column that is lowered, 1 for one that is raised."""
        return -1 if name in self.minimise else 1

    def checked(
        self, values: np.ndarray, columns: Sequence[str], names: Sequence[str]
    ) -> np.ndarray:
        """Return a check's values of what is optimised, shape (n, names); the higher the better.

        Parameters
        ----------
        values : numpy.ndarray, shape (n, columns)
            What the check has answered.
        columns : sequence of str
            Names of these; a single one is of the same property, whatever its name.
        names : sequence of str
            What is optimised.

        Raises
        ------
        ConfigError
            If it cannot be told which column is which.
        """
        places = [*columns]
        if len(places) == len(names) == 1:
            return self.sign(names[0]) * values
        for name in names:
            if name not in places:
                raise ConfigError(
                    f"--check gives {', '.join(columns)}, and no {name!r}, which was optimised"
                )
        parts = [self.sign(name) * values[:, places.index(name)] for name in names]
        return np.stack(parts, 1)

    def wanted(self, values: np.ndarray, columns: Sequence[str]) -> np.ndarray:
        """Return the values to be raised, shape (n, objectives); those to be lowered negated."""
        if not self.maximise and not self.minimise:
            return values[:, :1]
        places = [*columns]
        parts = [values[:, places.index(name)] for name in self.maximise]
        parts += [-values[:, places.index(name)] for name in self.minimise]
        return np.stack(parts, 1)

    def scores(self, values: np.ndarray, columns: Sequence[str]) -> np.ndarray:
        """Return one score a sequence, shape (n,), higher is better; -inf: not feasible."""
        wanted = self.wanted(values, columns)
        feasible = np.isfinite(values).all(1)
        found = wanted[:, 0].copy()
        outside = self.outside(values, columns)
        inside = feasible & (outside == 0)
        if wanted.shape[1] > 1:
            found[:] = 0
            found[inside] = ordered(wanted[inside])
        if (outside > 0).any() and feasible.any():
            # Behind the worst that keeps all, the nearest first.
            found = np.where(outside > 0, found[feasible].min() - 1 - outside, found)
        return np.where(feasible, found, -np.inf)

    def front(self, values: np.ndarray, columns: Sequence[str]) -> np.ndarray:
        """Return the front of each sequence from 1, shape (n,); 0 where it keeps no range."""
        found = np.zeros(len(values), np.int64)
        inside = np.isfinite(values).all(1) & (self.outside(values, columns) == 0)
        found[inside] = 1 + fronts(self.wanted(values, columns)[inside])
        return found

    def outside(self, values: np.ndarray, columns: Sequence[str]) -> np.ndarray:
        """Return how far each sequence lies outside the ranges, shape (n,), 0 inside.

        Distances of several values are added up as shares of the span of each value.
        """
        feasible = np.isfinite(values).all(1)
        found = np.zeros(len(values))
        for kept in self.keep:
            own = values[:, [*columns].index(kept.name)]
            spread = np.ptp(own[feasible]) if feasible.any() else 1.0
            found += kept.missing(own) / (spread or 1.0)
        return found
