"""A row of a report: one metric in all columns, and where the generated set stands among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from biogan.evaluation.intervals import GROUPS
from biogan.evaluation.metric import Metric, Value

#: The memorisation control: verbatim copies of the training data.
CONTROL = "copies"
#: The metric that is itself a difference from held-out data.
DIFFERENCE = "near-excess"

REAL, BETWEEN, FLOOR, EXCESS, UNREAD = (
    "indistinguishable", "between", "no better than a floor", "more than held-out", "not assessed",
)  # fmt: skip
#: What counts as a failure.
FAILED = (FLOOR, EXCESS)


@dataclass(frozen=True)
class Row:
    """One metric with all its columns.

    Attributes
    ----------
    metric : Metric
        What was measured.
    columns : dict of str to Value
        ``generated``, ``held-out`` (the ceiling), the floors and ``copies`` (the control).
    """

    metric: Metric
    columns: Mapping[str, Value]

    @property
    def generated(self) -> Value:
        """What is judged."""
        return self.columns["generated"]

    @property
    def ceiling(self) -> Value:
        """Held-out real data."""
        return self.columns["held-out"]

    @property
    def floors(self) -> dict[str, Value]:
        """The trivial samplers."""
        return {
            k: v for k, v in self.columns.items() if k not in ("generated", "held-out", CONTROL)
        }

    @property
    def best_floor(self) -> str | None:
        """The trivial sampler that comes nearest to the goal."""
        read = {k: self.metric.loss(v.value) for k, v in self.floors.items() if v.value is not None}
        return min(read, key=lambda k: read[k]) if read else None

    @cached_property
    def status(self) -> str:
        """Where the generated set stands, relative to ceiling and floors only."""
        return self.status_of("generated")

    @property
    def unread(self) -> str:
        """Why nothing can be said, empty where something can or nobody knows why not."""
        if self.generated.value is None:
            return self.generated.note
        if self.proves_nothing:
            low, high = self.ceiling.low, self.ceiling.high
            return f"held-out data may be anything ({low:.2f} to {high:.2f}), and so may the others"
        return ""

    @property
    def proves_nothing(self) -> bool:
        """Whether held-out data may be so far from chance that noise would pass."""
        half = self.metric.goal == "half" and _judged(self.ceiling)
        return half and _far(self.ceiling) >= 0.5

    def status_of(self, column: str) -> str:
        """Return the status of a column: of a floor too, to say what it proves."""
        found = self.columns[column]
        if not (_judged(found) and _judged(self.ceiling)):
            return UNREAD
        if self.metric.name == DIFFERENCE:
            # Held-out data are in the value already: its interval alone decides.
            return EXCESS if found.low is not None and found.low > 0 else REAL
        if self.proves_nothing:
            return UNREAD
        if self._reaches(found, self.ceiling):
            return REAL
        if self.metric.group == "novelty":
            return EXCESS
        best = self.best_floor
        if best is not None and column != best and found.value is not None:
            floor = self.floors[best].value
            assert floor is not None
            if self.metric.loss(found.value) >= self.metric.loss(floor):
                return FLOOR
        return BETWEEN

    def _reaches(self, found: Value, ceiling: Value) -> bool:
        assert found.value is not None and ceiling.value is not None
        assert found.low is not None and found.high is not None
        assert ceiling.low is not None and ceiling.high is not None
        if self.metric.goal == "half":
            # Which side of chance a classifier falls on means nothing: only how far from it.
            near = min(self.metric.loss(found.low), self.metric.loss(found.high))
            return found.low <= 0.5 <= found.high or near <= _far(ceiling)
        if self.metric.loss(found.value) <= self.metric.loss(ceiling.value):
            return True
        return found.low <= ceiling.high and ceiling.low <= found.high


def unread(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Return the titles of metrics that say nothing, by the reason."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.generated.value is None or row.unread:
            reasons.setdefault(row.unread, []).append(row.metric.title)
    return reasons


def _far(ceiling: Value) -> float:
    """Return how far from chance a classifier may be on held-out data, 0 to 0.5.

    Few clusters of real records can push it far below, which is no licence for others: then only
    the width of its interval counts.
    """
    assert ceiling.low is not None and ceiling.high is not None
    return max(ceiling.high - 0.5, (ceiling.high - ceiling.low) / 2)


def _judged(value: Value) -> bool:
    """Whether a value can carry a claim: too few records look alike whatever they are."""
    few = value.n is not None and value.n < GROUPS
    return value.value is not None and value.low is not None and not few
