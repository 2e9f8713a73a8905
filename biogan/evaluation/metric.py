"""What a metric is: a small function with a name, a direction, a range and what it needs.

A metric reads one comparison (a candidate beside real data; of sequences
:class:`~biogan.sequences.metrics.comparison.Comparison`) and returns a :class:`Value`. It is
registered in the :class:`MetricRegistry` of its kind of data; every report then has it as a row,
with its ceiling and floors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

import numpy as np

from biogan.core.errors import ConfigError
from biogan.core.options import unknown_name

#: What is asked for instead of names: the metrics that cost more time too.
ALL = "all"


class Sized(Protocol):
    """Some records: how many, and which of them are one piece of evidence."""

    @property
    def clusters(self) -> np.ndarray:
        """Number of the cluster of each record."""
        ...

    def __len__(self) -> int:
        """Return their number."""
        ...


class Compared(Protocol):
    """One candidate beside real data, whatever their kind."""

    @property
    def candidate(self) -> Sized:
        """What is judged."""
        ...

    @property
    def reference(self) -> Sized:
        """Real records."""
        ...

    def missing(self, need: str) -> str:
        """Say why ``need`` is not met; an empty string if it is."""
        ...

    def first(self, n: int) -> Self:
        """Return the comparison of the first ``n`` records."""
        ...


@dataclass(frozen=True)
class Value:
    """One measured number.

    Attributes
    ----------
    value : float or None
        The estimate; ``None`` where the metric cannot be read, and ``note`` says why.
    low, high : float or None
        95 % interval; ``None`` where there are too few records for one.
    plain : float or None
        The uncorrected plug-in estimate, as other tools print it, where it differs from ``value``.
    n : int or None
        Records (or pairs of records) measured.
    note : str
        A parameter chosen from the data (``k=6``), or why there is no value.
    details : tuple of str
        What a reader can act on, e.g. the k-mers that give a set away.
    worth : int or None
        Independent records that these are worth, where they are fewer than ``n``.
    takes : int
        Records that one of ``n`` takes: 2 where pairs are measured.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    plain: float | None = None
    n: int | None = None
    note: str = ""
    details: tuple[str, ...] = ()
    worth: int | None = field(default=None, repr=False)
    takes: int = field(default=1, repr=False)


#: Of a comparison of the kind that the metric is for.
Function = Callable[[Any], Value]


@dataclass(frozen=True)
class Metric:
    """A registered metric.

    Attributes
    ----------
    name : str
        Key in tables and JSON.
    group : str
        Section of the report.
    goal : {"low", "high", "half", "same", "held-out"}
        Better is lower, higher, nearer to 0.5, nearer to 1, nearer to held-out real data.
    low, high : float or None
        Range of possible values.
    needs : tuple of str
        Conditions: ``nucleotides``, ``protein``, ``motifs``, ``coding``, ``profile``, ``columns``,
        ``lengths``, ``labels``, ``condition``, ``fresh``; see
        :meth:`~biogan.sequences.metrics.comparison.Comparison.missing`.
    unit : str
        Unit of the value.
    title : str
        Short text for tables.
    function : callable
        Computes it.
    most : int or None
        Records of candidate and reference that are read, the first in their random order; ``None``
        for all. The note of the value says so where there are more.
    default : bool
        Whether it is computed without being asked for by name: it costs little.
    alike : bool
        The value depends on the number of records, so that every set is cut to one n; otherwise
        sets are read whole.
    alone : bool
        The reference is not read: the value is one of the candidate, or of it beside the source.
    """

    name: str
    group: str
    goal: str
    low: float | None
    high: float | None
    needs: tuple[str, ...]
    unit: str
    title: str
    function: Function
    most: int | None = None
    default: bool = True
    alike: bool = True
    alone: bool = False

    def __call__(self, comparison: Compared) -> Value:
        """Compute the metric, or say why it cannot be read."""
        for need in self.needs:
            reason = comparison.missing(need)
            if reason:
                return Value(None, note=reason)
        few = comparison if self.most is None else comparison.first(self.most)
        value = self.function(few)
        if len(few.candidate) == len(comparison.candidate):
            return value
        cut = f"{len(few.candidate):,} of {len(comparison.candidate):,} records"
        return replace(value, note=f"{value.note}; {cut}" if value.note else cut)

    def loss(self, value: float, ceiling: float | None = None) -> float:
        """Distance from the goal, so that lower is better for every metric.

        Parameters
        ----------
        value : float
            What was measured.
        ceiling : float, optional
            The value of held-out real data, where they are the goal; infinite without it.
        """
        if self.goal == "held-out":
            return np.inf if ceiling is None else abs(value - ceiling)
        return {"low": value, "high": -value, "half": abs(value - 0.5), "same": abs(value - 1)}[
            self.goal
        ]


class MetricRegistry(dict[str, Metric]):
    """The metrics of one kind of data by name.

    The order of a report is declared here: groups as given, then groups that a caller adds; within
    a group, metrics as they are defined.

    Parameters
    ----------
    *groups : str
        Sections of the report, in order.

    Examples
    --------
    >>> own = MetricRegistry("size", "colour")
    >>> @own.metric("red", "colour", "share of red")
    ... def red(comparison):
    ...     return Value(0.5)
    >>> @own.metric("mean", "size", "mean size")
    ... def mean(comparison):
    ...     return Value(1.0)
    >>> [m.name for m in own.choose()]
    ['mean', 'red']
    """

    def __init__(self, *groups: str) -> None:
        super().__init__()
        self.groups = groups

    def metric(
        self,
        name: str,
        group: str,
        title: str,
        goal: str = "low",
        low: float | None = 0.0,
        high: float | None = None,
        needs: tuple[str, ...] = (),
        unit: str = "",
        most: int | None = None,
        default: bool = True,
        alike: bool = True,
        alone: bool = False,
    ) -> Callable[[Function], Function]:
        """Register a function as a metric; see :class:`Metric` for the parameters."""

        def register(function: Function) -> Function:
            self[name] = Metric(
                name, group, goal, low, high, needs, unit, title, function, most, default,
                alike, alone,
            )  # fmt: skip
            return function

        return register

    def choose(self, names: Sequence[str] | str | None = None) -> list[Metric]:
        """Return the metrics with these names, or the default ones in the order of the report.

        Parameters
        ----------
        names : list of str, or str, optional
            Names, or one; ``"all"`` stands for every metric, those that cost more time too.

        Raises
        ------
        ConfigError
            If a name is unknown.
        """
        names = [names] if isinstance(names, str) else names
        for name in names or ():
            if name not in self and name != ALL:
                raise ConfigError(unknown_name("metric", name, (*self, ALL)))
        if names and ALL not in names:
            return [self[name] for name in names]
        rank = {group: i for i, group in enumerate(self.groups)}
        some = [m for m in self.values() if m.default or names]
        return sorted(some, key=lambda m: rank.get(m.group, len(rank)))
