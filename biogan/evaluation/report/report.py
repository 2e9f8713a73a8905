"""The report of an evaluation: its results, with a verdict, a text, a page and files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biogan.core.files import write_json, write_text, write_tsv
from biogan.evaluation.report import html, multiqc, text
from biogan.evaluation.report.results import Results

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
        if "generated" in self.samples:
            write_tsv(self.spec.nearest(self), folder / NEAREST)
            files.append(NEAREST)
        source = Path(str(self.sets["generated"].get("source", "generated"))).name
        tables = {
            multiqc.FILE: multiqc.to_multiqc(self, source),
            multiqc.GENERAL: multiqc.to_general(self, source),
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
