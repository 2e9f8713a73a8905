"""A report as tables that MultiQC finds by their names, beside those of other tools.

MultiQC reads every ``*_mqc.json`` below the folder that it is given; files with one section id are
merged, so that several evaluations become the rows of one table. The few columns that matter most
also go into its general statistics, where one row gathers what all tools say about a sample.
Structure: MultiQC documentation, "Custom content".

The report of an evaluation: data first, then text, table, JSON and a verdict.

The files of an evaluation, each written whole or not at all.

Several generated sets on one scale: a table for the terminal, a data frame and a page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biogan.core.files import atomic_path, write_json, write_tsv
from biogan.evaluation.report import html
from biogan.evaluation.report.results import CONTROL, Row
from biogan.evaluation.report.spec import get_kind, words_of
from biogan.evaluation.report.text import MARKS, number

if TYPE_CHECKING:
    import pandas as pd

    from biogan.evaluation.report.results import Row


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
        What the caller gave beyond the sequences
        (:class:`~biogan.sequences.metrics.context.Extras`). Not part of the JSON.
    kind : str
        What is judged, a key of :data:`biogan.evaluation.report.spec.KINDS`: it chooses words and
        drawings.
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
        from biogan.evaluation.report.text import verdict

        return [str(sentence) for sentence in verdict(self)]

    def to_text(self) -> str:
        """Return a plain table of at most 110 columns, then the verdict."""
        from biogan.evaluation.report.text import to_text

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
        from biogan.evaluation.report.html import to_html

        return to_html(self, title, command)

    def _repr_html_(self) -> str:
        """Verdict and scoreboard for a notebook."""
        from biogan.evaluation.report.html import to_fragment

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


PAGE, JSON, TABLE, VERDICT = "report.html", "metrics.json", "metrics.tsv", "verdict.txt"
NEAREST = "nearest.tsv"


def write_report(report: Report, folder: Path, command: str = "") -> list[str]:
    """Write page, numbers and tables of a report into a folder that is there.

    Parameters
    ----------
    report : Report
        What to write.
    folder : Path
        Where.
    command : str
        Command line to be named in the page.

    Returns
    -------
    list of str
        Names of the files.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    write_json(report.to_dict(), folder / JSON)
    write_tsv(report.to_frame(), folder / TABLE)
    _write_text(report.to_text() + "\n", folder / VERDICT)
    files = [JSON, TABLE, VERDICT]
    if "generated" in report.samples:
        write_tsv(get_kind(report.kind).nearest(report), folder / NEAREST)
        files.append(NEAREST)
    source = str(report.sets["generated"].get("source", "generated"))
    tables = {
        FILE: to_multiqc(report, Path(source).name),
        GENERAL: to_general(report, Path(source).name),
    }
    for name, table in tables.items():
        if table is not None:
            write_json(table, folder / name)
            files.append(name)
    for name in report.tables:
        write_tsv(report.to_frame(name), folder / f"{name}.tsv")
        files.append(f"{name}.tsv")
    _write_text(html.to_html(report, command=command, files=files), folder / PAGE)
    return [PAGE, *files]


def write_comparison(reports: Mapping[str, Report], folder: Path, command: str = "") -> list[str]:
    """Write page, table and JSON of several generated sets; see :func:`write_report`."""
    names = ["compare.html", "compare.tsv", "compare.json"]
    write_tsv(to_frame(reports), folder / names[1])
    write_json(to_dict(reports), folder / names[2])
    _write_text(to_html(reports, command, names[1:]), folder / names[0])
    return names


def _write_text(text: str, path: Path) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


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
    facts = html.provenance(first)
    sets = [html.set_row(r, name, r.sets["generated"]) for name, r in reports.items()]
    return html.environment().get_template("compare.html").render(
        **{**html.head(first, " · ".join(reports), "comparison"),
           "lead": f"{len(reports)} generated sets against the same real "
                   f"{get_kind(first.kind).noun}s, at n = {first.n:,} of each"},
        **{**facts, "set_table": [*sets, *facts["set_table"][1:]]},
        names=list(reports),
        verdicts=[{"name": name, "sentences": html.sentences(r), "counts": html.tally(r.rows)}
                  for name, r in reports.items()],
        sections=sections,
        command=command,
        files=list(files),
    )  # fmt: skip


def _row(row: Row, reports: Mapping[str, Report]) -> dict[str, Any]:
    own = [report[row.metric.name] for report in reports.values()]
    losses = [row.metric.loss(r.generated.value) for r in own if r.generated.value is not None]
    return {
        **html.row_facts(row),
        "cells": [
            {**html.row_facts(r), "best": len(own) > 1 and r.generated.value is not None
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


FILE, GENERAL = "biogan_mqc.json", "biogan_general_mqc.json"
# What stands in the general statistics, from the left, where the report has it.
_MAIN = ("auroc", "near-copies", "kmer-jsd", "unique")
# ColorBrewer scales that MultiQC knows: darker is farther from the goal.
_SCALES = {"low": "Oranges", "high": "Oranges-rev", "half": "Oranges", "same": "Oranges"}


def to_multiqc(report: Report, sample: str) -> dict[str, Any]:
    """Return the generated set as one row: its values, and those of held-out data beside them.

    Parameters
    ----------
    report : Report
        What to show.
    sample : str
        Name of the row; MultiQC prints it as HTML, so that only letters, digits and ``._-`` stay.
    """
    read = [row for row in report.rows if row.generated.value is not None]
    values: dict[str, float | str | None] = {}
    headers: dict[str, dict[str, Any]] = {}
    for row in read:
        name = row.metric.name
        values[name], headers[name] = row.generated.value, _header(row)
        if row.ceiling.value is not None:
            values[f"{name}-held-out"] = row.ceiling.value
            headers[f"{name}-held-out"] = {
                **_header(row), "title": f"{row.metric.title}, held-out", "hidden": True,
                "description": f"{row.metric.title} of held-out real data, the ceiling",
            }  # fmt: skip
    return {
        "id": "biogan",
        "section_name": "biogan",
        "description": f"Generated {get_kind(report.kind).name} judged beside held-out real data "
        "(columns of that name) and trivial samplers; see each report.html for the floors and "
        "the verdict.",
        "plot_type": "table",
        "pconfig": {"id": "biogan_table", "title": "biogan: evaluation", "namespace": "biogan"},
        "headers": headers,
        "data": {_plain(sample): values},
    }


def to_general(report: Report, sample: str) -> dict[str, Any] | None:
    """Return the columns of the general statistics; None where the report has none of them.

    The parameters are those of :func:`to_multiqc`.
    """
    read = [r for r in report.rows if r.metric.name in _MAIN and r.generated.value is not None]
    if not read:
        return None
    read.sort(key=lambda row: _MAIN.index(row.metric.name))
    columns = [{row.metric.name: {**_header(row), "namespace": "biogan"}} for row in read]
    return {
        "id": "biogan_general",
        "plot_type": "generalstats",
        # Documented as pconfig; some releases look for headers, so both are there.
        "pconfig": columns,
        "headers": columns,
        "data": {_plain(sample): {row.metric.name: row.generated.value for row in read}},
    }


def _plain(sample: str) -> str:
    return re.sub(r"[^\w.-]+", "_", sample)


def _header(row: Row) -> dict[str, Any]:
    m = row.metric
    facts = {
        "title": m.title,
        "description": f"{m.group}: goal {m.goal}; {row.status}",
        "format": "{:,.4f}",
        "scale": _SCALES[m.goal],
        "min": m.low,
        "max": m.high,
    }
    return {key: value for key, value in facts.items() if value is not None}
