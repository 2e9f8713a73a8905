"""A report as tables that MultiQC finds by their names, beside those of other tools.

MultiQC reads every ``*_mqc.json`` below the folder that it is given; files with one section id are
merged, so that several evaluations become the rows of one table. The few columns that matter most
also go into its general statistics, where one row gathers what all tools say about a sample.
Structure: MultiQC documentation, "Custom content".
"""

from __future__ import annotations

import re
from typing import Any

from biogan.evaluation.report.results import Results, Row

FILE, GENERAL = "biogan_mqc.json", "biogan_general_mqc.json"
# What stands in the general statistics, from the left, where the report has it.
_MAIN = ("auroc", "near-copies", "kmer-jsd", "unique")
# ColorBrewer scales that MultiQC knows: darker is farther from the goal.
_SCALES = {"low": "Oranges", "high": "Oranges-rev", "half": "Oranges", "same": "Oranges"}


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
