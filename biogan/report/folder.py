"""The files of an evaluation, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from biogan.io.tables import atomic_path, write_json, write_tsv
from biogan.report import compared, multiqc, page
from biogan.report.kind import get_kind

if TYPE_CHECKING:
    from biogan.report.report import Report

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
        multiqc.FILE: multiqc.to_multiqc(report, Path(source).name),
        multiqc.GENERAL: multiqc.to_general(report, Path(source).name),
    }
    for name, table in tables.items():
        if table is not None:
            write_json(table, folder / name)
            files.append(name)
    for name in report.tables:
        write_tsv(report.to_frame(name), folder / f"{name}.tsv")
        files.append(f"{name}.tsv")
    _write_text(page.to_html(report, command=command, files=files), folder / PAGE)
    return [PAGE, *files]


def write_comparison(reports: Mapping[str, Report], folder: Path, command: str = "") -> list[str]:
    """Write page, table and JSON of several generated sets; see :func:`write_report`."""
    names = ["compare.html", "compare.tsv", "compare.json"]
    write_tsv(compared.to_frame(reports), folder / names[1])
    write_json(compared.to_dict(reports), folder / names[2])
    _write_text(compared.to_html(reports, command, names[1:]), folder / names[0])
    return names


def _write_text(text: str, path: Path) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
