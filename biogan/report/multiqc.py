"""A report as a table that MultiQC finds by its name, beside those of other tools.

MultiQC reads every ``*_mqc.json`` below the folder that it is given; files with one section id are
merged, so that several evaluations become the rows of one table. Structure: MultiQC documentation,
"Custom content".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from biogan.report.kind import get_kind

if TYPE_CHECKING:
    from biogan.report.report import Report, Row

FILE = "biogan_mqc.json"
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
        "data": {re.sub(r"[^\w.-]+", "_", sample): values},
    }


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
