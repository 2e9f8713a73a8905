"""Results as a page: one HTML file that loads nothing, runs no script and escapes every name.

The small bar beside a number says where it stands between held-out real data and the best floor.
Every bar has the ceiling at one place and the best floor at another, so that a column of bars can
be read at a glance: left is like real data, right is like a trivial sampler.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from biogan.core.display import message, shown, visible
from biogan.core.errors import plural
from biogan.evaluation.intervals import GROUPS
from biogan.evaluation.metric import Value
from biogan.evaluation.report.results import (
    BETWEEN,
    CONTROL,
    EXCESS,
    FLOOR,
    REAL,
    UNREAD,
    Results,
    Row,
    unread,
)
from biogan.evaluation.report.text import PARAMETERS, interval, number, verdict

if TYPE_CHECKING:
    from jinja2 import Environment


WIDTH = 132
#: Places of ceiling and best floor.
CEILING, BAR_FLOOR = 34, 96
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
    """Return the bar of a row for one column; ``None`` where nothing could be read."""
    if row.status_of(column) == UNREAD and row.needed_by(column) is None:
        return None
    found, ceiling = row.columns[column], row.ceiling
    assert found.value is not None and ceiling.value is not None
    zero = row.loss(ceiling.value)
    best = row.floors[row.best_floor].value if row.best_floor is not None else None
    unit = row.loss(best) - zero if best is not None else 0.0
    intervals = [_losses(row, value) for value in (found, ceiling)]
    scale = unit
    if unit <= 0:
        # No floor to measure with: the farthest end of an interval takes its place.
        scale = max(high - zero for _, high in intervals) or 1.0

    def place(loss: float) -> float:
        where = CEILING + (BAR_FLOOR - CEILING) * (loss - zero) / scale
        return round(min(max(where, _EDGE), WIDTH - _EDGE), 1)

    loss = row.loss(found.value)
    span, band = ((place(low), place(high)) for low, high in intervals)
    far = CEILING + (BAR_FLOOR - CEILING) * (loss - zero) / scale > WIDTH - _EDGE
    return Bar(place(loss), span, band, place(zero + unit) if unit > 0 else None, far)


def _losses(row: Row, value: Value) -> tuple[float, float]:
    """Smallest and largest distance from the goal within an interval."""
    assert value.low is not None and value.high is not None
    ends = sorted((row.loss(value.low), row.loss(value.high)))
    goal = {"half": 0.5, "same": 1.0, "held-out": row.ceiling.value}.get(row.metric.goal)
    if goal is not None and value.low <= goal <= value.high:
        return 0.0, ends[1]
    return ends[0], ends[1]


@dataclass(frozen=True)
class Status:
    """How a status looks: a shape, a colour and words, so that none of them is needed alone."""

    sign: str
    css: str
    word: str


STATUSES = {
    REAL: Status("✓", "good", "indistinguishable from held-out real data at this n"),
    BETWEEN: Status("~", "mid", "between held-out real data and the best floor"),
    FLOOR: Status("✗", "bad", "no better than the best floor"),
    EXCESS: Status("✗", "bad", "more copies than held-out real data"),
    UNREAD: Status("?", "none", "not assessed: cannot be read, or too few records"),
}
# Rows of a further table that the page shows.
_TABLE_ROWS = 50
_GOALS = {"low": "low", "high": "high", "half": "0.5", "same": "1", "held-out": "as held-out"}


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the templates; whatever is put into them is escaped, and cut where it is very long."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("biogan.evaluation.report"), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=lambda value: message(value) if type(value) is str else value,
    )  # fmt: skip


def render(template: str, **facts: Any) -> str:
    """Return a page, in which drawings, too, have escapes for what cannot be shown."""
    return visible(environment().get_template(template).render(**facts), keep="\n\t")


def to_html(results: Results, title: str = "", command: str = "", files: Sequence[str] = ()) -> str:
    """Return the page of an evaluation.

    Parameters
    ----------
    results : Results
        What to show; drawings need its samples.
    title : str
        Heading, by default the name of the file with the generated records.
    command : str
        Command line that made them.
    files : sequence of str
        Names of files in the same folder to link to.
    """
    drawable = results.has_samples("target", "source", "generated")
    return render(
        "report.html",
        **head(results, title, "evaluation"),
        verdict=sentences(results),
        gallery=results.spec.gallery(results, ["generated"]) if drawable else [],
        sections=_sections(results, results.panels("generated")),
        tables=[_table(name, rows) for name, rows in results.tables.items()],
        pairs=results.spec.pairs(results) if drawable else None,
        command=command,
        files=list(files),
        **provenance(results),
    )  # fmt: skip


def to_fragment(results: Results) -> str:
    """Return verdict and scoreboard only, for a notebook."""
    return render(
        "fragment.html",
        verdict=sentences(results), sections=_sections(results, {}), **head(results, "", ""),
        floors=_floors(results), most_floors=max((len(r.floors) for r in results.rows), default=0),
    )  # fmt: skip


def head(results: Results, title: str, kind: str) -> dict[str, Any]:
    """Return what the top of every page needs."""
    name = str(results.sets["generated"].get("source", f"generated {results.spec.name}"))
    noun = results.spec.noun
    records = plural(results.sets["generated"]["records"], f"generated {noun}")
    return {
        "version": results.version,
        "kind": kind,
        "title": title or name.rpartition("/")[2],
        "lead": f"{records}, judged beside held-out real data and trivial samplers "
        f"at n = {results.n:,} of each",
        "n": results.n,
        "noun": noun,
        "counts": count_marks(results.rows),
        "statuses": [STATUSES[s] for s in (REAL, BETWEEN, FLOOR, UNREAD)],
    }


def sentences(results: Results) -> list[dict[str, Any]]:
    """Return the verdict with its marks."""
    return [
        {"subject": s.subject or "Verdict", "status": STATUSES[s.status], "evidence": s.evidence,
         "consequence": s.consequence}
        for s in verdict(results)
    ]  # fmt: skip


def provenance(results: Results) -> dict[str, Any]:
    """Return files, letters, numbers of records, versions, methods: where the page comes from."""
    packages = [f"{name} {version(name)}" for name in results.spec.packages]
    versions = [f"biogan {results.version}", f"Python {platform.python_version()}", *packages]
    return {
        "set_columns": results.spec.columns,
        "set_digest": results.spec.digest,
        "set_table": [set_row(results, name, facts) for name, facts in results.sets.items()],
        "notes": results.notes,
        "seed": results.seed,
        "settings": results.spec.settings(results),
        "versions": ", ".join(versions),
        "groups": GROUPS,
        "floors": _floors(results),
        "all_floors": _floors(results, results.floors),
        "most_floors": max((len(row.floors) for row in results.rows), default=0),
        "skipped": _skipped(results.rows),
        "methods": [_method(row) for row in results.rows],
        "sources": results.spec.sources,
    }


def count_marks(rows: Iterable[Row]) -> list[tuple[Status, int]]:
    """Count the marks, worst last."""
    found = Counter(STATUSES[row.status].sign for row in rows)
    first = {s.sign: s for s in reversed(STATUSES.values())}
    return [(first[sign], found[sign]) for sign in "✓~✗?" if found[sign]]


def _sections(results: Results, drawn: dict[str, Any]) -> list[dict[str, Any]]:
    # A group without a number has no section: why is said where the skipped metrics are listed.
    groups = dict.fromkeys(r.metric.group for r in results.rows if r.generated.value is not None)
    return [
        {
            "id": "".join(c if c.isalnum() else "-" for c in f"group-{group}"),
            "text": results.spec.section(group),
            "rows": [row_facts(row) for row in results.rows if row.metric.group == group],
            "counts": count_marks(row for row in results.rows if row.metric.group == group),
            "floors": own_floors(results, group),
            "panels": drawn.get(group, []),
        }
        for group in groups
    ]


def own_floors(results: Results, group: str) -> list[dict[str, str]]:
    """Return the trivial samplers of a section where they are not those of the first row."""
    rows = [row for row in results.rows if row.metric.group == group]
    names = list(dict.fromkeys(name for row in rows for name in row.floors))
    return [] if names == list(results.rows[0].floors) else _floors(results, names)


def row_facts(row: Row) -> dict[str, Any]:
    """Return what the tables say about a row."""
    found, ceiling = row.generated, row.ceiling
    first, _, rest = found.note.partition("; ")
    parameter = first if first.startswith(PARAMETERS) else ""
    notes = [rest if parameter else found.note, *found.details]
    if row.all_real is not None:
        told = ", told" if row.told_by_all else ""
        against = f"{number(row.all_real.value)} {interval(row.all_real)}{told}"
        notes.append(f"against all real records {against}")
    if row.needed is not None:
        notes.append(f"about n = {row.needed:,} is needed for a judgement")
    status = STATUSES[row.status]
    return {
        "title": row.metric.title,
        "parameter": f"n = {found.n:,}" if _rises(row) else _spelled(parameter),
        "status": status,
        "read": found.value is not None,
        "value": number(found.value),
        "interval": interval(found),
        "plain": number(found.plain),
        "n": "" if found.n is None else f"{found.n:,}",
        "ceiling": number(ceiling.value),
        "ceiling_interval": interval(ceiling),
        "floors": [
            {"value": number(value.value), "best": name == row.best_floor}
            for name, value in row.floors.items()
        ],
        "copies": number(row.columns[CONTROL].value) if CONTROL in row.columns else "",
        "bar": bar(row),
        "bar_text": _bar_text(row, found, ceiling),
        "details": "; ".join(note for note in notes if note),
    }  # fmt: skip


def _rises(row: Row) -> bool:
    """Whether a number rises with n, so that it never stands without it."""
    return row.metric.goal == "half" and row.generated.n is not None


def _spelled(parameter: str) -> str:
    for brief, full in ((">=", " ≥ "), ("k=", "k = "), ("d<", "distance < ")):
        parameter = parameter.replace(brief, full)
    return parameter


def _bar_text(row: Row, found: Value, ceiling: Value) -> str:
    best = row.best_floor
    floor = f", {best} {number(row.floors[best].value)}" if best else ""
    return f"generated {number(found.value)}, held-out {number(ceiling.value)}{floor}"


def _floors(results: Results, names: Iterable[str] | None = None) -> list[dict[str, str]]:
    """Say what the trivial samplers are, by default those of the first row."""
    first = list(results.rows[0].floors) if results.rows else []
    spec = results.spec
    return [
        {"name": n, "short": spec.short(n), "about": spec.about(n)}
        for n in (first if names is None else names)
    ]


def _skipped(rows: Iterable[Row]) -> list[dict[str, str]]:
    found = unread(rows).items()
    return [{"titles": ", ".join(titles), "reason": reason} for reason, titles in found]


def _table(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Show the first rows of a further table; the file beside the page holds all."""
    first = [
        [
            number(v) if isinstance(v, float) else "" if v is None else shown(str(v))
            for v in row.values()
        ]
        for row in rows[:_TABLE_ROWS]
    ]
    left = len(rows) - len(first)
    return {"name": name, "head": list(rows[0]) if rows else [], "rows": first, "left": left}


def set_row(results: Results, name: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return what the table of sets says about one."""
    dropped = facts.get("dropped", {})
    why = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items() if count)
    return {
        "name": name,
        "source": facts.get("source", "from memory"),
        "records": facts["records"],
        "cells": [(c.text(facts), c.code) for c in results.spec.columns],
        "dropped": why or "none",
        "sha256": facts["sha256"],
    }


def _method(row: Row) -> dict[str, str]:
    m = row.metric
    text = (m.function.__doc__ or "").strip().partition("\n")[0]
    ends = ["" if x is None else f"{x:g}" for x in (m.low, m.high)]
    span = " to ".join(ends) if all(ends) else f"{ends[0]} up" if ends[0] else "any"
    return {"title": m.title, "name": m.name, "definition": text, "goal": _GOALS[m.goal],
            "range": span, "unit": m.unit}  # fmt: skip
