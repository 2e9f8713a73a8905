"""Several generated sets on one scale: a table for the terminal, a data frame and a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from biogan.report import page
from biogan.report.kind import get_kind
from biogan.report.report import SCHEMA, Report
from biogan.report.row import CONTROL, Row
from biogan.report.text import MARKS, number
from biogan.report.words import words_of

if TYPE_CHECKING:
    import pandas as pd


def to_text(reports: Mapping[str, Report]) -> str:
    """Return a table with one row a metric and one column a set, each number with its mark."""
    first = next(iter(reports.values()))
    read = [row for row in first.rows if row.generated.value is not None]
    floors = list(read[0].floors) if read else []
    cells = [["metric", *reports, "held-out", *map(get_kind(first.kind).short, floors)]]
    for row in read:
        own = [report[row.metric.name] for report in reports.values()]
        marked = [f"{number(r.generated.value)} {MARKS[r.status]}" for r in own]
        others = [number(v.value) for v in (row.ceiling, *row.floors.values())]
        cells.append([row.metric.title, *marked, *others])
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = [
        "  ".join(c.ljust(w) if i == 0 else c.rjust(w)
                  for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in cells
    ]  # fmt: skip
    lines.insert(1, "-" * max(map(len, lines)))
    said = [f"{name}: {sentence}" for name, r in reports.items() for sentence in r.verdict()[:1]]
    return "\n".join([*lines, "", *said])


def to_frame(reports: Mapping[str, Report]) -> pd.DataFrame:
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
        for name, report in reports.items()
        for row in report.rows
    ])  # fmt: skip


def to_dict(reports: Mapping[str, Report]) -> dict[str, Any]:
    """Return plain data for JSON: each set's report by name."""
    return {"schema": SCHEMA, "reports": {name: r.to_dict() for name, r in reports.items()}}


def to_html(reports: Mapping[str, Report], command: str = "", files: Sequence[str] = ()) -> str:
    """Return one page for all sets: one table, one verdict a set, drawings of all."""
    first = next(iter(reports.values()))
    drawn = get_kind(first.kind).panels(_merged(reports), list(reports))
    read = [row for row in first.rows if row.generated.value is not None]
    sections = [
        {
            "id": f"group-{i}",
            "words": words_of(first.kind, group),
            "rows": [_row(row, reports) for row in read if row.metric.group == group],
            "panels": drawn.get(group, []),
        }
        for i, group in enumerate(dict.fromkeys(row.metric.group for row in read))
    ]
    facts = page.provenance(first)
    sets = [page.set_row(r, name, r.sets["generated"]) for name, r in reports.items()]
    return page.environment().get_template("compare.html").render(
        **{**page.head(first, " · ".join(reports), "comparison"),
           "lead": f"{len(reports)} generated sets against the same real "
                   f"{get_kind(first.kind).noun}s, at n = {first.n:,} of each"},
        **{**facts, "set_table": [*sets, *facts["set_table"][1:]]},
        names=list(reports),
        verdicts=[{"name": name, "sentences": page.sentences(r), "counts": page.tally(r.rows)}
                  for name, r in reports.items()],
        sections=sections,
        command=command,
        files=list(files),
    )  # fmt: skip


def _row(row: Row, reports: Mapping[str, Report]) -> dict[str, Any]:
    own = [report[row.metric.name] for report in reports.values()]
    losses = [row.metric.loss(r.generated.value) for r in own if r.generated.value is not None]
    return {
        **page.row_facts(row),
        "cells": [
            {**page.row_facts(r), "best": len(own) > 1 and r.generated.value is not None
             and row.metric.loss(r.generated.value) == min(losses)}
            for r in own
        ],
    }  # fmt: skip


def _merged(reports: Mapping[str, Report]) -> Report:
    """One report whose samples and columns hold every generated set under its own name."""
    first = next(iter(reports.values()))
    scale = {k: v for k, v in first.samples.items() if k != "generated"}
    rows = [
        replace(row, columns={
            **{k: v for k, v in row.columns.items() if k != CONTROL},
            **{name: r[row.metric.name].generated for name, r in reports.items()},
        })
        for row in first.rows
    ]  # fmt: skip
    own = {name: r.samples["generated"] for name, r in reports.items() if r.samples}
    return replace(first, rows=rows, samples={**scale, **own} if own else {})
