"""The small bar beside a number: where it stands between held-out real data and the best floor.

Every bar has the ceiling at one place and the best floor at another, so that a column of bars can
be read at a glance: left is like real data, right is like a trivial sampler.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from biogan.metrics.base import Value
from biogan.report.row import UNREAD

if TYPE_CHECKING:
    from biogan.report.row import Row

WIDTH = 132
#: Places of ceiling and best floor.
CEILING, FLOOR = 34, 96
_EDGE = 4


@dataclass(frozen=True)
class Bar:
    """Places on a line of :data:`WIDTH` units; beyond its ends values are moved to them.

    Attributes
    ----------
    dot : float
        The generated set.
    span, band : tuple of (float, float)
        Its interval, and the interval of the ceiling.
    floor : float or None
        The best floor; ``None`` where it is no worse than the ceiling.
    beyond : bool
        The generated set is worse than the line can show.
    """

    dot: float
    span: tuple[float, float]
    band: tuple[float, float]
    floor: float | None
    beyond: bool


def bar(row: Row, column: str = "generated") -> Bar | None:
    """Return the bar of a row for one column; ``None`` where nothing was judged."""
    if row.status_of(column) == UNREAD:
        return None
    found, ceiling = row.columns[column], row.ceiling
    assert found.value is not None and ceiling.value is not None
    zero = row.metric.loss(ceiling.value)
    best = row.floors[row.best_floor].value if row.best_floor is not None else None
    unit = row.metric.loss(best) - zero if best is not None else 0.0
    intervals = [_losses(row, value) for value in (found, ceiling)]
    scale = unit
    if unit <= 0:
        # No floor to measure with: the farthest end of an interval takes its place.
        scale = max(high - zero for _, high in intervals) or 1.0

    def place(loss: float) -> float:
        where = CEILING + (FLOOR - CEILING) * (loss - zero) / scale
        return round(min(max(where, _EDGE), WIDTH - _EDGE), 1)

    loss = row.metric.loss(found.value)
    span, band = ((place(low), place(high)) for low, high in intervals)
    far = CEILING + (FLOOR - CEILING) * (loss - zero) / scale > WIDTH - _EDGE
    return Bar(place(loss), span, band, place(zero + unit) if unit > 0 else None, far)


def _losses(row: Row, value: Value) -> tuple[float, float]:
    """Smallest and largest distance from the goal within an interval."""
    assert value.low is not None and value.high is not None
    ends = sorted((row.metric.loss(value.low), row.metric.loss(value.high)))
    goal = {"half": 0.5, "same": 1.0}.get(row.metric.goal)
    if goal is not None and value.low <= goal <= value.high:
        return 0.0, ends[1]
    return ends[0], ends[1]
