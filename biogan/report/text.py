"""A report as plain text: aligned, at most 110 columns, readable in a log."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from biogan.io.input_report import plural
from biogan.metrics.base import Value
from biogan.report.kind import get_kind
from biogan.report.row import BETWEEN, CONTROL, EXCESS, FLOOR, REAL, UNREAD, unread

if TYPE_CHECKING:
    from biogan.report.report import Report
    from biogan.report.row import Row

WIDTH = 110
#: Mark of each status.
MARKS = {REAL: "=", BETWEEN: "~", FLOOR: "x", EXCESS: "x", UNREAD: "?"}
#: Notes that begin so are parameters, and stand beside the title of a metric.
PARAMETERS = ("k=", "id>=", "d<")
_LEGEND = (
    "= indistinguishable from held-out real data at this n",
    "~ between real data and the floors",
    "x no better than the best floor, or more copies than held-out real data",
    "? not assessed",
)


def number(value: float | None) -> str:
    """Write a number in at most seven characters (eight with a minus sign).

    Examples
    --------
    >>> number(0.000541), number(0.00541), number(0.4931), number(-0.05), number(123.4)
    ('0.00054', '0.0054', '0.493', '-0.050', '123')
    """
    if value is None:
        return "-"
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-5:
        return "<1e-5" if value > 0 else "0"
    if size < 0.01:
        return f"{value:.5f}" if size < 0.001 else f"{value:.4f}"
    return f"{value:.3f}" if size < 10 else f"{value:.1f}" if size < 100 else f"{value:.0f}"


def interval(value: Value) -> str:
    """Write a 95 % interval, nothing where there is none."""
    return "" if value.low is None else f"[{number(value.low)}, {number(value.high)}]"


def to_text(report: Report) -> str:
    """Return sets, table, notes and verdict of a report."""
    kind = get_kind(report.kind)
    lines = [f"biogan {report.version} evaluation, seed {report.seed}", ""]
    for name, facts in report.sets.items():
        lines.append(f"{name:<11}{plural(facts['records'], kind.noun)}, {kind.describe(facts)}")
    lines += ["", *_table(report), "", *_LEGEND, *_wrap(_columns(report)), ""]
    for note in [*report.notes, *_unread(report)]:
        lines += _wrap(note, "- ")
    lines += ["", "Verdict"]
    for sentence in report.verdict():
        lines += _wrap(sentence, "* ")
    return "\n".join(lines)


def _table(report: Report) -> list[str]:
    readable = [row for row in report.rows if row.generated.value is not None]
    if not readable:
        return ["No metric could be read."]
    others = [*readable[0].floors, CONTROL]
    names = [_name(row) for row in readable]
    first = max(map(len, [*names, "metric"]))
    cells = [["generated", "95 % interval", "held-out", *map(get_kind(report.kind).short, others)]]
    cells += [
        [number(r.generated.value), interval(r.generated), number(r.ceiling.value),
         *(number(r.columns[k].value) for k in others)]
        for r in readable
    ]  # fmt: skip
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    marks = [" ", *(MARKS[row.status] for row in readable)]
    lines = [
        f"{mark} {name:<{first}} " + " ".join(f"{c:>{w}}" for c, w in zip(row, widths, strict=True))
        for mark, name, row in zip(marks, ["metric", *names], cells, strict=True)
    ]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def _columns(report: Report) -> str:
    """Spell out the columns whose names were shortened, and what each is for."""
    kind = get_kind(report.kind)
    short, real = kind.short, f"real {kind.noun}s"
    floors = [f"{short(n)} ({n})" if short(n) != n else n for n in report.rows[0].floors]
    return (
        f"held-out: {real}, the ceiling; {', '.join(floors)}: trivial samplers, the floors; "
        f"{CONTROL}: {real} verbatim, which only novelty can tell"
    )


def _name(row: Row) -> str:
    note = row.generated.note.partition(";")[0]
    return f"{row.metric.title} {note}" if note.startswith(PARAMETERS) else row.metric.title


def _unread(report: Report) -> list[str]:
    """One line for each reason why metrics say nothing."""
    return [f"{', '.join(titles)}: {reason}" for reason, titles in unread(report.rows).items()]


def _wrap(text: str, bullet: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=bullet,
        subsequent_indent=" " * len(bullet),
        break_on_hyphens=False,
    )
