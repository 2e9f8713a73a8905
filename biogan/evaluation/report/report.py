"""The report of an evaluation: its results, with a verdict, a text, a page and files.

Several generated sets on one scale are a :class:`ComparisonReport`. Among the files are tables that
MultiQC finds by their names (MultiQC documentation, "Custom content"): files with one section id
become the rows of one table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biogan.core.display import shown, visible
from biogan.core.errors import ConfigError
from biogan.core.files import write_json, write_text, write_tsv
from biogan.evaluation.report import axes as drawn
from biogan.evaluation.report import html, text
from biogan.evaluation.report.results import CONTROL, SCHEMA, Results, Row
from biogan.evaluation.report.text import MARKS, number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Names of the files of a report.
PAGE, JSON, TABLE, VERDICT = "report.html", "metrics.json", "metrics.tsv", "verdict.txt"
NEAREST = "nearest.tsv"


@dataclass(frozen=True)
class Report(Results):
    """Result of :func:`biogan.evaluate`: plain results that write themselves as text and page."""

    def verdict(self) -> list[str]:
        """Return at most six sentences: number, interval, ceiling, best floor, consequence."""
        return [str(sentence) for sentence in text.verdict(self)]

    def to_text(self) -> str:
        """Return a plain table of at most 110 columns, then the verdict."""
        return text.to_text(self)

    def to_html(self, title: str = "", command: str = "") -> str:
        """Return the page: one HTML file that loads nothing and runs no script.

        Parameters
        ----------
        title : str
            Heading, by default the name of the file with the generated records.
        command : str
            Command line to be named in it.
        """
        return html.to_html(self, title, command)

    def _repr_html_(self) -> str:
        """Verdict and scoreboard for a notebook."""
        return html.to_fragment(self)

    def plot_metric(self, name: str, axes: Axes | None = None) -> Axes:
        """Draw one metric, each set with its interval.

        Parameters
        ----------
        name : str
            Name of the metric, such as ``"auroc"``.
        axes : matplotlib.axes.Axes, optional
            Where to draw, by default on a figure of its own.

        Raises
        ------
        KeyError
            If the report has no such metric.
        """
        return drawn.plot_metric(self, name, axes)

    def plot_status(self, axes: Axes | None = None) -> Axes:
        """Draw how many metrics of each group reach real data, as :meth:`plot_metric`."""
        return drawn.plot_status(self, axes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON with the verdict; a number that was not read is ``None``."""
        return {**super().to_dict(), "verdict": self.verdict()}

    def write(self, folder: Path, command: str = "") -> list[str]:
        """Write page, numbers and tables into a folder that is there, each file atomically.

        Parameters
        ----------
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
        write_json(self.to_dict(), folder / JSON)
        write_tsv(self.to_frame(), folder / TABLE)
        write_text(self.to_text() + "\n", folder / VERDICT)
        files = [JSON, TABLE, VERDICT]
        if "generated" in self.samples and self.spec.nearest is not None:
            write_tsv(self.spec.nearest(self), folder / NEAREST)
            files.append(NEAREST)
        source = Path(str(self.sets["generated"].get("source", "generated"))).name
        tables = {
            FILE: to_multiqc(self, source),
            GENERAL: to_general(self, source),
        }
        for name, table in tables.items():
            if table is not None:
                write_json(table, folder / name)
                files.append(name)
        for name in self.tables:
            write_tsv(self.to_frame(name), folder / f"{name}.tsv")
            files.append(f"{name}.tsv")
        write_text(html.to_html(self, command=command, files=files), folder / PAGE)
        return [PAGE, *files]


FILE, GENERAL = "biogan_mqc.json", "biogan_general_mqc.json"


# What stands in the general statistics, from the left, where the report has it.
_MAIN = ("auroc", "near-copies", "kmer-jsd", "unique")


# ColorBrewer scales that MultiQC knows: darker is farther from the goal.
_SCALES = {"low": "Oranges", "high": "Oranges-rev", "half": "Oranges", "same": "Oranges",
           "held-out": "Oranges"}  # fmt: skip


def to_multiqc(results: Results, sample: str) -> dict[str, Any]:
    """Return the generated set as one row: its values, and those of held-out data beside them.

    Parameters
    ----------
    results : Results
        What to show.
    sample : str
        Name of the row; MultiQC prints it as HTML, so that only letters, digits and ``._-`` stay.
    """
    read = [row for row in results.rows if row.generated.value is not None]
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
        "description": f"Generated {results.spec.name} judged beside held-out real data "
        "(columns of that name) and trivial samplers; see each report.html for the floors and "
        "the verdict.",
        "plot_type": "table",
        "pconfig": {"id": "biogan_table", "title": "biogan: evaluation", "namespace": "biogan"},
        "headers": headers,
        "data": {_plain(sample): values},
    }


def to_general(results: Results, sample: str) -> dict[str, Any] | None:
    """Return the columns of the general statistics; None where the report has none of them.

    The parameters are those of :func:`to_multiqc`.
    """
    read = [r for r in results.rows if r.metric.name in _MAIN and r.generated.value is not None]
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


COMPARED_PAGE, COMPARED_TABLE, COMPARED_JSON = "compare.html", "compare.tsv", "compare.json"


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

    def __post_init__(self) -> None:
        """Refuse reports at different n: most metrics depend on it, an AUROC above all."""
        if len({report.n for report in self.reports.values()}) > 1:
            sizes = ", ".join(f"{name} {report.n:,}" for name, report in self.reports.items())
            raise ConfigError(
                f"reports at different n ({sizes}) cannot be compared; score the sets together"
            )

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
        sets = self._shown()
        lines: list[str] = []
        for rows in self.first.blocks:
            if read := [row for row in rows if row.generated.value is not None]:
                lines += [*([""] if lines else []), *self._block(sets, read)]
        notes = [f"- {note}" for note in [*self.first.notes[:1], *self._at_other_n()]]
        verdicts = [
            f"{name}: {sentence}"
            for name, report in sets.items()
            for sentence in text.briefly(report)
        ]
        said = [*lines, "", *text.LEGEND, "", *notes, "", *verdicts]
        return visible("\n".join(said), keep="\n")

    def _block(self, sets: Mapping[str, Report], rows: Sequence[Row]) -> list[str]:
        """Tabulate rows beside the same trivial samplers."""
        cells = [
            ["metric", *sets, "held-out", *map(self.first.spec.short, rows[0].floors)],
            *(
                [
                    row.metric.title,
                    *(f"{number(r.generated.value)} {MARKS[r.status]}"
                      for r in self.rows_of(row.metric.name)),
                    *(number(v.value) for v in (row.ceiling, *row.floors.values())),
                ]
                for row in rows
            ),
        ]  # fmt: skip
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        lines = [
            "  ".join(c.ljust(w) if i == 0 else c.rjust(w)
                      for i, (c, w) in enumerate(zip(row, widths, strict=True)))
            for row in cells
        ]  # fmt: skip
        lines.insert(1, "-" * max(map(len, lines)))
        return lines

    def _at_other_n(self) -> list[str]:
        """Say that a classifier's area rises with n, and where it was not read at one n."""
        found = []
        for row in self.readable:
            if row.metric.goal == "half":
                own = zip(self._shown(), self.rows_of(row.metric.name), strict=True)
                sizes = {name: r.generated.n for name, r in own if r.generated.n is not None}
                if len(set(sizes.values())) > 1:
                    said = ", ".join(f"{name} {n:,}" for name, n in sizes.items())
                    found.append(f"{row.metric.title}: not comparable, as n differs ({said})")
                else:
                    n = next(iter(sizes.values()), self.first.n)
                    found.append(f"{row.metric.title} is that of n = {n:,} and rises with n: "
                                 "compare it with others at this n only")  # fmt: skip
        return found

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
                "needed": row.needed,
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
        reports = self._shown()
        drawn = self._merged(reports).panels(*reports)
        sections = [
            {
                "id": f"group-{i}",
                "text": first.spec.section(group),
                "rows": [self._row(row) for row in self.readable if row.metric.group == group],
                "floors": html.own_floors(first, group),
                "panels": drawn.get(group, []),
            }
            for i, group in enumerate(dict.fromkeys(row.metric.group for row in self.readable))
        ]
        facts = html.provenance(first)
        sets = [html.set_row(r, name, r.sets["generated"]) for name, r in reports.items()]
        return html.render(
            "compare.html",
            **{**html.head(first, " · ".join(reports), "comparison"),
               "lead": f"{len(self.reports):,} generated sets against the same real "
                       f"{first.spec.noun}s, at n = {first.n:,} of each"},
            **{**facts, "set_table": [*sets, *facts["set_table"][1:]]},
            names=list(reports),
            verdicts=[
                {"name": name, "sentences": html.sentences(r), "counts": html.count_marks(r.rows)}
                for name, r in reports.items()
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
        write_tsv(self.to_frame(), folder / COMPARED_TABLE)
        write_json(self.to_dict(), folder / COMPARED_JSON)
        write_text(self.to_html(command, [COMPARED_TABLE, COMPARED_JSON]), folder / COMPARED_PAGE)
        return [COMPARED_PAGE, COMPARED_TABLE, COMPARED_JSON]

    def _row(self, row: Row) -> dict[str, Any]:
        own = self.rows_of(row.metric.name)
        losses = [row.loss(r.generated.value) for r in own if r.generated.value is not None]
        return {
            **html.row_facts(row),
            "cells": [
                {**html.row_facts(r), "best": len(own) > 1 and r.generated.value is not None
                 and row.loss(r.generated.value) == min(losses)}
                for r in own
            ],
        }  # fmt: skip

    def _shown(self) -> dict[str, Report]:
        """Return the reports under names for a page."""
        return {shown(name): report for name, report in self.reports.items()}

    def _merged(self, reports: Mapping[str, Report]) -> Report:
        """One report whose samples and columns hold every generated set under its own name."""
        shared = {k: v for k, v in self.first.samples.items() if k != "generated"}
        rows = [
            replace(row, columns={
                **{k: v for k, v in row.columns.items() if k != CONTROL},
                **{name: r[row.metric.name].generated for name, r in reports.items()},
            })
            for row in self.first.rows
        ]  # fmt: skip
        own = {name: r.samples["generated"] for name, r in reports.items() if r.samples}
        return replace(self.first, rows=rows, samples={**shared, **own} if own else {})
