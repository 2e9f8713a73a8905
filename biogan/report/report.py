"""The report of an evaluation: data first, then text, table, JSON and a verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from biogan.report.row import CONTROL, Row

if TYPE_CHECKING:
    import pandas as pd

#: Version of the JSON layout.
SCHEMA = "biogan.report/1"


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
