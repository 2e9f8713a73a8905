"""What samples of any kind of data share: an order without information, and their first records.

What a metric is: a small function with a name, a direction, a range and what it needs.

A metric reads one comparison (a candidate beside real data; of sequences
:class:`~biogan.sequences.metrics.comparison.Comparison`) and returns a :class:`Value`.
Register a new one with :func:`metric`; ``biogan evaluate`` then prints it with its ceiling and
floors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from biogan.core.errors import ConfigError
from biogan.core.options import unknown_name

#: What is asked for instead of names: the metrics that cost more time too.
ALL = "all"


class Records(Protocol):
    """Some records; how many is all that is asked."""

    def __len__(self) -> int:
        """Return their number."""
        ...


class ComparedT(Protocol):
    """One candidate beside real data, whatever their kind."""

    @property
    def candidate(self) -> Records:
        """What is judged."""
        ...

    @property
    def reference(self) -> Records:
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
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    plain: float | None = None
    n: int | None = None
    note: str = ""
    details: tuple[str, ...] = ()


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
    goal : {"low", "high", "half", "same"}
        Better is lower, higher, nearer to 0.5, nearer to 1.
    low, high : float or None
        Range of possible values.
    needs : tuple of str
        Conditions: ``nucleotides``, ``protein``, ``motifs``, ``coding``, ``profile``, ``columns``,
        ``lengths``, ``labels``, ``fresh``; see
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

    def __call__(self, comparison: ComparedT) -> Value:
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

    def loss(self, value: float) -> float:
        """Distance from the goal, so that lower is better for every metric."""
        return {"low": value, "high": -value, "half": abs(value - 0.5), "same": abs(value - 1)}[
            self.goal
        ]


METRICS: dict[str, Metric] = {}


def metric(
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
    registry: dict[str, Metric] = METRICS,
) -> Callable[[Function], Function]:
    """Register a function as a metric; see :class:`Metric` for the parameters.

    The metrics of sequences stand in :data:`METRICS`, another kind of data has its own registry.
    """

    def register(function: Function) -> Function:
        registry[name] = Metric(
            name, group, goal, low, high, needs, unit, title, function, most, default
        )
        return function

    return register


def choose(
    names: Sequence[str] | None, registry: Mapping[str, Metric], order: Sequence[str]
) -> list[Metric]:
    """Return the metrics with these names, or the default ones in the order of the report.

    Parameters
    ----------
    names : list of str or None
        Names; ``"all"`` stands for every metric, those that cost more time too.
    registry : mapping of str to Metric
        All that there are for a kind of data.
    order : sequence of str
        Groups in the order of the report.

    Raises
    ------
    ConfigError
        If a name is unknown.
    """
    for name in names or ():
        if name not in registry and name != ALL:
            raise ConfigError(unknown_name("metric", name, (*registry, ALL)))
    if names and ALL not in names:
        return [registry[name] for name in names]
    rank = {group: i for i, group in enumerate(order)}
    some = [m for m in registry.values() if m.default or names]
    return sorted(some, key=lambda m: rank.get(m.group, len(rank)))


Compared = TypeVar("Compared")


def row_keys(rows: np.ndarray) -> list[bytes]:
    """Return a hash of each row of an array, shape (n, ...): equal for equal rows."""
    flat = np.ascontiguousarray(rows).reshape(len(rows), -1)
    return [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in flat]


def random_order(keys: Sequence[bytes], seed: int, part: str = "") -> np.ndarray:
    """Return a random order of records, shape (n,), that depends on their keys and the seed alone.

    Equal records are numbered, so that they are spread like others. Sets of which the first records
    are compared need an order each (``part``): by one, records that both hold would be kept in
    both, and the sets look alike.
    """
    seen: dict[bytes, int] = {}
    places = bytearray()
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
        text = f"{seed}|{part}{seen[key]}|".encode() + key
        places += hashlib.blake2b(text, digest_size=8).digest()
    return np.argsort(np.frombuffer(bytes(places), np.uint64), kind="stable")


def first_of(comparison: Compared, n: int) -> Compared:
    """Return the comparison of the first ``n`` records of candidate, reference and fresh.

    Kept in ``comparison._first``, so that what it computes is computed once.
    """
    whole: Any = comparison
    candidate, reference = whole.candidate.first(n), whole.reference.first(n)
    fresh = whole.fresh and whole.fresh.first(n)
    if (candidate, reference, fresh) == (whole.candidate, whole.reference, whole.fresh):
        return comparison
    if n not in whole._first:
        whole._first[n] = replace(
            whole, candidate=candidate, reference=reference, fresh=fresh, _first={}
        )
    kept: Compared = whole._first[n]
    return kept
