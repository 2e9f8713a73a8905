"""Which class an image belongs to, from a table."""

from __future__ import annotations

from pathlib import Path

from biogan.errors import DataError
from biogan.io.input_report import plural
from biogan.io.labels import read_label_table

TABLE = "labels.tsv"


class LabelTable:
    """A TSV of labels: first column the id or file name of an image, second its class.

    Parameters
    ----------
    path : str or Path
        The table, with a header.

    Raises
    ------
    DataError
        If it is no such table.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        names, rows = read_label_table(self.path)
        self.rows = {key: row[0] for key, row in rows.items()}
        self.left = set(self.rows)
        self.notes = [f"column {names[0]} of {path} is the class"] if len(names) > 1 else []

    def of(self, *names: str) -> str:
        """Return the class of the image that is known by one of these names.

        Raises
        ------
        DataError
            If it has no row, or none that says a class.
        """
        for name in names:
            if self.rows.get(name):
                self.left.discard(name)
                return self.rows[name]
        raise DataError(
            f"{self.path}: no class for image {names[0]!r} (the first id of the table is "
            f"{next(iter(self.rows), '')!r})"
        )

    def unused(self) -> list[str]:
        """Say how many rows no image asked for."""
        if not self.left:
            return []
        names = "names" if len(self.left) == 1 else "name"
        return [
            f"{plural(len(self.left), 'row')} of {self.path} {names} no image (first: "
            f"{min(self.left)!r})"
        ]
