"""The report of an evaluation: data first, then text, table, JSON and a verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from biogan.metrics.base import Metric, Value
from biogan.metrics.intervals import GROUPS

if TYPE_CHECKING:
    import pandas as pd

#: Version of the JSON layout.
SCHEMA = "biogan.report/1"
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

    def status_of(self, column: str) -> str:
        """Return the status of a column: of a floor too, to say what it proves."""
        found = self.columns[column]
        if not (_judged(found) and _judged(self.ceiling)):
            return UNREAD
        if self.metric.name == DIFFERENCE:
            # Held-out data are in the value already: its interval alone decides.
            return EXCESS if found.low is not None and found.low > 0 else REAL
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
            # Which side of chance a classifier falls on means nothing: only how far from it. But
            # few clusters of real records can push it far below, which is no licence for others:
            # then only the width of its interval counts.
            far = max(ceiling.high - 0.5, (ceiling.high - ceiling.low) / 2)
            near = min(self.metric.loss(found.low), self.metric.loss(found.high))
            return found.low <= 0.5 <= found.high or near <= far
        if self.metric.loss(found.value) <= self.metric.loss(ceiling.value):
            return True
        return found.low <= ceiling.high and ceiling.low <= found.high


def _judged(value: Value) -> bool:
    """Whether a value can carry a claim: too few records look alike whatever they are."""
    few = value.n is not None and value.n < GROUPS
    return value.value is not None and value.low is not None and not few


@dataclass(frozen=True)
class Report:
    """Result of :func:`biogan.evaluate`.

    Attributes
    ----------
    rows : list of Row
        The metrics in the order of the report.
    n : int
        Records read of every set.
    seed : int
        Seed of every random choice.
    identity : float or None
        Identity of a near copy; ``None`` where nearness is no identity.
    sets : dict
        For each set given: records, sha256, for sequences alphabet, shortest and longest, for
        images shape and depth; and where it was read from records of any form, ``source``,
        ``read`` and ``dropped`` (numbers of records, by reason).
    notes : tuple of str
        What was chosen and what could not be done.
    version : str
        Version of biogan.
    tables : dict of str to list of dict
        Further tables, one dictionary a row: ``motifs`` where motifs were given, ``labels``
        where generated and real records share labels.
    samples : dict of str to object
        What was scored, record by record: ``target`` (what every column is compared with),
        ``source`` (where copies are sought), ``fresh`` (the held-out records that their number is
        compared with, where there are any) and each column. Not part of the JSON.
    extras : object
        What the caller gave beyond the sequences: :class:`~biogan.metrics.extras.Extras`. Not part
        of the JSON.
    kind : str
        What is judged, a key of :data:`biogan.report.kind.KINDS`: it chooses words and drawings.
    """

    rows: list[Row]
    n: int
    seed: int
    identity: float | None
    sets: dict[str, dict[str, Any]]
    notes: tuple[str, ...]
    version: str
    tables: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    samples: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    extras: Any = field(default=None, repr=False, compare=False)
    kind: str = "sequences"

    def __getitem__(self, name: str) -> Row:
        """Return the row of a metric.

        Raises
        ------
        KeyError
            If the metric was not computed.
        """
        for row in self.rows:
            if row.metric.name == name:
                return row
        raise KeyError(name)

    def __contains__(self, name: str) -> bool:
        return any(row.metric.name == name for row in self.rows)

    def verdict(self) -> list[str]:
        """Return at most six sentences: number, interval, ceiling, best floor, consequence."""
        from biogan.report.verdict import verdict

        return [str(sentence) for sentence in verdict(self)]

    def to_text(self) -> str:
        """Return a plain table of at most 110 columns, then the verdict."""
        from biogan.report.text import to_text

        return to_text(self)

    def to_html(self, title: str = "", command: str = "") -> str:
        """Return the page: one HTML file that loads nothing and runs no script.

        Parameters
        ----------
        title : str
            Heading, by default the name of the file with the generated records.
        command : str
            Command line to be named in it.
        """
        from biogan.report.page import to_html

        return to_html(self, title, command)

    def _repr_html_(self) -> str:
        """Verdict and scoreboard for a notebook."""
        from biogan.report.page import to_fragment

        return to_fragment(self)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; a number that could not be read is ``None``."""
        return {
            "schema": SCHEMA,
            "kind": self.kind,
            "biogan": self.version,
            "n": self.n,
            "seed": self.seed,
            "identity": self.identity,
            "sets": self.sets,
            "notes": list(self.notes),
            "metrics": [
                {
                    "name": row.metric.name,
                    "group": row.metric.group,
                    "goal": row.metric.goal,
                    "unit": row.metric.unit,
                    "range": [row.metric.low, row.metric.high],
                    "status": row.status,
                    "best_floor": row.best_floor,
                    "columns": {
                        k: {**asdict(v), "details": list(v.details)} for k, v in row.columns.items()
                    },
                }
                for row in self.rows
            ],
            "tables": dict(self.tables),
            "verdict": self.verdict(),
        }

    def to_json(self) -> str:
        """Return :meth:`to_dict` as indented JSON."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def to_frame(self, table: str = "metrics") -> pd.DataFrame:
        """Return a table as a data frame.

        Parameters
        ----------
        table : str
            ``metrics``, one row a metric: values of all columns, intervals, status; or a key of
            ``tables``.

        Raises
        ------
        KeyError
            If the report has no such table.
        """
        import pandas as pd

        if table != "metrics":
            return pd.DataFrame(self.tables[table])
        return pd.DataFrame([
            {
                "metric": row.metric.name,
                "group": row.metric.group,
                "goal": row.metric.goal,
                "unit": row.metric.unit,
                "n": self.n,
                "status": row.status,
                "generated": row.generated.value,
                "generated_low": row.generated.low,
                "generated_high": row.generated.high,
                "held_out": row.ceiling.value,
                "held_out_low": row.ceiling.low,
                "held_out_high": row.ceiling.high,
                **{k: v.value for k, v in row.floors.items()},
                CONTROL: row.columns[CONTROL].value,
                "note": row.generated.note,
            }
            for row in self.rows
        ])  # fmt: skip

    def to_tsv(self) -> str:
        """Return :meth:`to_frame` as TSV; what could not be read is empty."""
        return str(self.to_frame().to_csv(sep="\t", index=False))
