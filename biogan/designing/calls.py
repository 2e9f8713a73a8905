"""The record of a search: every question to its oracle, in one table that a run is resumed from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from biogan.core.display import shown
from biogan.core.errors import CheckpointError
from biogan.core.files import reading, writing

#: Columns before those of the oracle.
COLUMNS = ("call", "round", "kind", "parent", "sequence")


class Call(NamedTuple):
    """One question and its answer.

    Attributes
    ----------
    round : int
        Round of the search, from 1.
    kind : str
        How the sequence was proposed.
    parent : int
        Number of the call of its parent, from 1; 0 for none.
    sequence : str
        Letters.
    values : tuple of float
        The oracle's values.
    """

    round: int
    kind: str
    parent: int
    sequence: str
    values: tuple[float, ...]


class CallTable:
    """``calls.tsv``: written line by line, so that no answer is lost.

    Parameters
    ----------
    path : Path or None
        The table; None keeps it in memory.

    Attributes
    ----------
    calls : list of Call
        All calls in order.
    known : dict of str to tuple of float
        The first answer for each sequence.
    columns : tuple of str
        Names of the values.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.calls: list[Call] = []
        self.known: dict[str, tuple[float, ...]] = {}
        self.columns: tuple[str, ...] = ()

    def read(self) -> None:
        """Read what a stopped run has left; half of a last line is cut off.

        Raises
        ------
        CheckpointError
            If it is none of these tables.
        """
        if self.path is None or not self.path.exists():
            return
        with reading(self.path, "no table of calls", CheckpointError):
            text = self.path.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]
        if len(whole) < len(text):
            with writing(self.path), self.path.open("r+b") as file:
                file.truncate(len(whole.encode()))
        lines = whole.splitlines()
        if not lines:
            return
        head = tuple(lines[0].split("\t"))
        if head[: len(COLUMNS)] != COLUMNS:
            raise CheckpointError(f"{self.path}, line 1: is no header of a table of calls")
        self.columns = head[len(COLUMNS) :]
        for number, line in enumerate(lines[1:], 2):
            cells = line.split("\t")
            try:
                _, turn, kind, parent, sequence, *values = cells
                call = Call(int(turn), kind, int(parent), sequence, tuple(map(float, values)))
            except ValueError as error:
                raise CheckpointError(
                    f"{self.path}, line {number:,}: {shown(line, 60)} is no call; restore the file"
                ) from error
            if len(call.values) != len(self.columns):
                raise CheckpointError(
                    f"{self.path}, line {number:,}: {len(call.values):,} values, the header has "
                    f"{len(self.columns):,}"
                )
            self._keep(call)

    def add(self, calls: Sequence[Call], columns: tuple[str, ...]) -> None:
        """Add calls and write them out before the search goes on."""
        first = not self.columns
        self.columns = columns
        lines = ["\t".join((*COLUMNS, *columns))] if first else []
        for call in calls:
            self._keep(call)
            values = map(repr, call.values)
            row = (len(self.calls), call.round, call.kind, call.parent, call.sequence, *values)
            lines.append("\t".join(map(str, row)))
        if self.path is not None and lines:
            with writing(self.path), self.path.open("ab") as file:
                file.write(("\n".join(lines) + "\n").encode())
                file.flush()
                os.fsync(file.fileno())

    def _keep(self, call: Call) -> None:
        self.calls.append(call)
        self.known.setdefault(call.sequence, call.values)

    def values(self) -> np.ndarray:
        """Return the values of all calls, shape (calls, columns)."""
        return np.array([call.values for call in self.calls], float).reshape(-1, len(self.columns))
