"""One drawing of a page, and the sets that drawings show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from biogan.report.report import Report

#: What the drawings call the records that every set is scored against.
REAL = "real"


@dataclass(frozen=True)
class Panel:
    """One drawing with its heading; a wide one takes the whole line."""

    title: str
    caption: str
    svg: Markup
    wide: bool = False


def shown(report: Report, *names: str) -> dict[str, Any]:
    """Return the samples that there are, by what the drawings call them.

    ``real`` are the records that every set is scored against, ``floor`` is the first floor.
    """
    held = {**report.samples, REAL: report.samples["target"]}
    found = {name: held[name] for name in names if name in held}
    if "floor" in names and report.rows:
        floor = next(iter(report.rows[0].floors), None)
        if floor in report.samples:
            found[f"floor ({floor})"] = report.samples[str(floor)]
    return found
