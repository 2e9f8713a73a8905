"""Several generated sets on one scale: one table, one data frame and one page for all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biogan.core.files import write_json, write_text, write_tsv
from biogan.evaluation.report import html
from biogan.evaluation.report.report import Report
from biogan.evaluation.report.results import CONTROL, SCHEMA, Row
from biogan.evaluation.report.text import MARKS, number

if TYPE_CHECKING:
    import pandas as pd

PAGE, TABLE, JSON = "compare.html", "compare.tsv", "compare.json"


@dataclass(frozen=True)
class ComparisonReport:
    """Reports of several generated sets that share target, ceiling and floors.

    Attributes
    ----------
    reports : mapping of str to Report
        At least one report by the name of its set, as
        :func:`biogan.sequences.evaluate.compare` returns them.
    """

    reports: Mapping[str, Report]

    @property
    def first(self) -> Report:
        """The first report, for what all have in common."""
        return next(iter(self.reports.values()))

    def rows_of(self, name: str) -> list[Row]:
        """Return the rows of one metric, one for each set."""
        return [report[name] for report in self.reports.values()]

    @property
    def readable(self) -> list[Row]:
        """Rows of the first report that have a value."""
        return [row for row in self.first.rows if row.generated.value is not None]

    def to_text(self) -> str:
        """Return a table with one row a metric and one column a set, each number with its mark."""
        read = self.readable
        floors = list(read[0].floors) if read else []
        cells = [
            ["metric", *self.reports, "held-out", *map(self.first.spec.short, floors)],
            *(
                [
                    row.metric.title,
                    *(f"{number(r.generated.value)} {MARKS[r.status]}"
                      for r in self.rows_of(row.metric.name)),
                    *(number(v.value) for v in (row.ceiling, *row.floors.values())),
                ]
                for row in read
            ),
        ]  # fmt: skip
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        lines = [
            "  ".join(c.ljust(w) if i == 0 else c.rjust(w)
                      for i, (c, w) in enumerate(zip(row, widths, strict=True)))
            for row in cells
        ]  # fmt: skip
        lines.insert(1, "-" * max(map(len, lines)))
        verdicts = [
            f"{name}: {sentence}"
            for name, report in self.reports.items()
            for sentence in report.verdict()[:1]
        ]
        return "\n".join([*lines, "", *verdicts])

    def to_frame(self) -> pd.DataFrame:
        """Return one row a metric and set: value, interval, status, ceiling, best floor."""
        import pandas as pd

        return pd.DataFrame([
            {
                "metric": row.metric.name,
                "group": row.metric.group,
                "set": name,
                "n": report.n,
                "status": row.status,
                "value": row.generated.value,
                "low": row.generated.low,
                "high": row.generated.high,
                "held_out": row.ceiling.value,
                "best_floor": row.best_floor,
                "best_floor_value": row.floors[row.best_floor].value if row.best_floor else None,
            }
            for name, report in self.reports.items()
            for row in report.rows
        ])  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON: each set's report by name."""
        reports = {name: report.to_dict() for name, report in self.reports.items()}
        return {"schema": SCHEMA, "reports": reports}

    def to_json(self) -> str:
        """Return :meth:`to_dict` as indented JSON."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def to_html(self, command: str = "", files: Sequence[str] = ()) -> str:
        """Return one page for all sets: one table, one verdict a set, drawings of all."""
        first = self.first
        drawn = self._merged().panels(*self.reports)
        sections = [
            {
                "id": f"group-{i}",
                "text": first.spec.section(group),
                "rows": [self._row(row) for row in self.readable if row.metric.group == group],
                "panels": drawn.get(group, []),
            }
            for i, group in enumerate(dict.fromkeys(row.metric.group for row in self.readable))
        ]
        facts = html.provenance(first)
        sets = [html.set_row(r, name, r.sets["generated"]) for name, r in self.reports.items()]
        return html.environment().get_template("compare.html").render(
            **{**html.head(first, " · ".join(self.reports), "comparison"),
               "lead": f"{len(self.reports)} generated sets against the same real "
                       f"{first.spec.noun}s, at n = {first.n:,} of each"},
            **{**facts, "set_table": [*sets, *facts["set_table"][1:]]},
            names=list(self.reports),
            verdicts=[
                {"name": name, "sentences": html.sentences(r), "counts": html.count_marks(r.rows)}
                for name, r in self.reports.items()
            ],
            sections=sections,
            command=command,
            files=list(files),
        )  # fmt: skip

    def write(self, folder: Path, command: str = "") -> list[str]:
        """Write page, table and JSON into a folder that is there; return the names of the files.

        Raises
        ------
        OutputError
            If a file cannot be written.
        """
        write_tsv(self.to_frame(), folder / TABLE)
        write_json(self.to_dict(), folder / JSON)
        write_text(self.to_html(command, [TABLE, JSON]), folder / PAGE)
        return [PAGE, TABLE, JSON]

    def _row(self, row: Row) -> dict[str, Any]:
        own = self.rows_of(row.metric.name)
        losses = [row.metric.loss(r.generated.value) for r in own if r.generated.value is not None]
        return {
            **html.row_facts(row),
            "cells": [
                {**html.row_facts(r), "best": len(own) > 1 and r.generated.value is not None
                 and row.metric.loss(r.generated.value) == min(losses)}
                for r in own
            ],
        }  # fmt: skip

    def _merged(self) -> Report:
        """One report whose samples and columns hold every generated set under its own name."""
        shared = {k: v for k, v in self.first.samples.items() if k != "generated"}
        rows = [
            replace(row, columns={
                **{k: v for k, v in row.columns.items() if k != CONTROL},
                **{name: r[row.metric.name].generated for name, r in self.reports.items()},
            })
            for row in self.first.rows
        ]  # fmt: skip
        own = {name: r.samples["generated"] for name, r in self.reports.items() if r.samples}
        return replace(self.first, rows=rows, samples={**shared, **own} if own else {})
