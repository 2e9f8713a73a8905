"""Labels of records: ``key=value`` in the FASTA header, or a TSV whose first column is the id."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import NamedTuple

from biogan.core.display import excerpt, shown, visible
from biogan.core.errors import DataError, few, plural
from biogan.core.text import Source, legible

LABEL_NAME = r"[A-Za-z_][\w.-]*"
LABEL = re.compile(rf"\s({LABEL_NAME})=")
# Columns that a table of sequences has anyway; a label of that name moves aside.
RESERVED = {"id": "label_id", "sequence": "label_sequence"}
# More columns of a table would take more memory than the table.
MOST_COLUMNS = 1000
# From this many cells on, a key has to stand in one of so many records to be a label.
MANY_CELLS, RARE = 10_000_000, 1000
MOST_KEYS = 100  # with more keys the headers hold free text, and columns of it fill the memory

Columns = dict[str, list[str]]


def header_labels(descriptions: Sequence[str]) -> tuple[Columns, list[str]]:
    """Read ``key=value`` labels from header texts.

    A value reaches to the next ``key=`` or the end of the header, as UniProt writes them, so that
    values may hold blanks. The first value of a repeated key counts. What cannot be shown is an
    escape in a value, as biogan writes it: labels of generated records, read back, equal those of
    real ones. With more than ``MOST_KEYS`` keys in all, none is a label.

    Parameters
    ----------
    descriptions : sequence of str
        For each record the header text behind the id.

    Returns
    -------
    columns : dict of str to list of str
        One column a key; ``""`` where a record does not have it.
    notes : list of str
        Why there are none, where there are too many keys; which keys are too rare.

    Examples
    --------
    >>> columns, notes = header_labels(["OS=Homo sapiens OX=9606", "plain text", "OX=562"])
    >>> columns
    {'OS': ['Homo sapiens', '', ''], 'OX': ['9606', '', '562']}
    """
    if not any(descriptions):
        return {}, []
    found: dict[str, dict[int, str]] = {}
    for i, text in enumerate(descriptions):
        if "=" not in text:
            continue
        parts = LABEL.split(" " + text)
        for key, value in zip(parts[1::2], parts[2::2], strict=True):
            key = RESERVED.get(key, key)
            values = found.setdefault(key, {})
            values[i] = values.get(i) or visible(value.strip())
        if len(found) > MOST_KEYS:
            return {}, [
                f"more than {MOST_KEYS} different 'key=' in the headers (first: "
                f"{next(iter(found))!r}): none is read as a label (--labels FILE.tsv gives labels)"
            ]
    notes = []
    records = range(len(descriptions))
    if len(found) * len(records) > MANY_CELLS:
        rare = [key for key, values in found.items() if len(values) * RARE < len(records)]
        found = {key: values for key, values in found.items() if key not in rare}
        if rare:
            notes.append(
                f"{plural(len(rare), 'key')} of the headers in fewer than one of {RARE:,} records "
                f"(first: {rare[0]!r}): not read as labels (--labels FILE.tsv gives labels)"
            )
    return {key: [values.get(i, "") for i in records] for key, values in found.items()}, notes


class LabelTable(NamedTuple):
    """A table of labels.

    Attributes
    ----------
    names : list of str
        Names of the label columns.
    rows : dict of str to list of str
        Labels by id.
    key : str
        Name of the column of ids.
    """

    names: list[str]
    rows: dict[str, list[str]]
    key: str


def read_label_table(path: str, notes: list[str] | None = None, once: bool = False) -> LabelTable:
    """Read a TSV of labels; the first column is the id, the first row names the columns.

    Parameters
    ----------
    path : str
        TSV, plain or compressed, without quoting.
    notes : list of str, optional
        Receives what is odd about the file and was dealt with, one sentence each.
    once : bool
        Whether an id may stand in one row only, also where another one says the same.

    Returns
    -------
    LabelTable

    Raises
    ------
    DataError
        If a row has another number of columns than the header, or an id has two different rows.
    FastaError
        If the file cannot be read.
    """
    source = Source(path, notes)
    key, names = "", list[str]()
    rows: dict[str, list[str]] = {}
    lines: dict[str, int] = {}
    again, missing = _Rows(), dict[str, _Rows]()
    with closing(source):
        for line in source:
            where = f"{path}, line {source.number}"
            line = legible(line.removesuffix("\n"), "the table", source.notes)
            if not line or line.isspace():
                continue
            name, *labels = line.split("\t")
            row = [visible(label) for label in labels]
            if not names:
                key, names = name, [RESERVED.get(label, label) for label in row]
                _check_header(where, line, names)
            elif len(row) != len(names):
                hint = (
                    "; does the header lack a name for the ids? (R: col.names=NA)"
                    if len(row) == len(names) + 1 and not rows
                    else ""
                )
                raise DataError(
                    f"{where}: {plural(len(row) + 1, 'column')}, the header has "
                    f"{len(names) + 1:,}{hint}"
                )
            elif name in rows:
                if once:
                    raise DataError(
                        f"{where}: id {excerpt(name)} stands on line {lines[name]:,}, too: each "
                        "row needs its own id in the first column"
                    )
                if rows[name] != row:
                    raise DataError(
                        f"{where}: id {excerpt(name)} has other labels on line {lines[name]:,}"
                    )
                again.add(name, source.number)
            else:
                rows[name], lines[name] = row, source.number
                for label in _MISSING.intersection(row):
                    missing.setdefault(label, _Rows()).add(name, source.number)
    if not names:
        raise DataError(f"{path}: the table of labels is empty")
    if not rows:
        raise DataError(f"{path}: the table of labels has a header and no row")
    if again.count:
        source.notes.append(f"rows that repeat one further up: {again}")
    for label, found in sorted(missing.items()):
        source.notes.append(
            f"rows with the label {label!r}, one like any other (without a label a cell is empty): "
            f"{found}"
        )
    return LabelTable(names, rows, key)


class _Rows:
    """How many rows, and the first of them."""

    def __init__(self) -> None:
        self.count, self.first = 0, list[str]()

    def add(self, name: str, line: int) -> None:
        self.count += 1
        if len(self.first) < 3:
            self.first.append(f"{shown(name, 40)} (line {line:,})")

    def __str__(self) -> str:
        return f"{self.count:,} (first: {', '.join(self.first)})"


# How programs write that there is no value.
_MISSING = {"NA", "N/A", "NaN", "nan", "NULL", "None"}


def _check_header(where: str, line: str, names: list[str]) -> None:
    """Refuse a first row that is no header of a table of labels."""
    if not names:
        if line.startswith(">"):
            hint = "; this looks like FASTA"
        elif line.startswith(("#", "%", "//")):
            hint = "; this looks like a comment: take it out, the first line names the columns"
        elif "," in line or ";" in line:
            hint = "; this looks like CSV: save it with tabs between the columns"
        else:
            hint = ", with a tab between them"
        raise DataError(f"{where}: a table of labels needs an id column and a label column{hint}")
    if len(names) > MOST_COLUMNS:
        raise DataError(f"{where}: {len(names):,} label columns, at most {MOST_COLUMNS:,} are read")
    if len(set(names)) != len(names) or "" in names:
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1 or not name]
        raise DataError(
            f"{where}: label columns need distinct names, found more than one, or an empty one: "
            f"{few([excerpt(name) for name in twice])}"
        )


# What may be done to the ids of a table so that they are those of records, and what to say then.
_LIKENESS: dict[str, Callable[[str], str]] = {
    "take the quotes out of the table": lambda name: name.strip("'\""),
    "take the '>' out of the table": lambda name: name.removeprefix(">"),
    "take the blanks around the ids out of the table": str.strip,
    "ids of the table go on behind a blank: the id of a record is the first word of its header":
        lambda name: (name.split() or [""])[0],
    "capitals and small letters differ": str.lower,
}  # fmt: skip


def _likeness(table: Iterable[str], ids: Iterable[str]) -> str:
    """Say what to do where the ids of a table are nearly those of the records."""
    table, known = list(table), set(ids)
    for hint, change in _LIKENESS.items():
        wanted = {name.lower() for name in known} if change is str.lower else known
        if any(change(name) in wanted for name in table):
            return hint
    return ""


def join_labels(
    columns: Columns, path: str, ids: Sequence[str], raw_ids: Sequence[str]
) -> tuple[Columns, list[str]]:
    """Add the labels of a TSV to those of the headers; the TSV wins.

    Parameters
    ----------
    columns : dict of str to list of str
        Labels from the headers.
    path : str
        The TSV.
    ids, raw_ids : sequence of str
        Ids of the records as biogan names them and as the file does (they differ for repeated
        ids); either finds its row.

    Returns
    -------
    columns : dict of str to list of str
        All labels, ``""`` where there is none.
    notes : list of str
        What does not fit, one sentence each.

    Raises
    ------
    DataError
        If no id of the table is in the file.
    """
    oddities: list[str] = []
    names, rows, corner = read_label_table(path, oddities)
    keys = [name if name in rows else raw for name, raw in zip(ids, raw_ids, strict=True)]
    missing = [key for key in keys if key not in rows]
    if corner in missing:
        raise DataError(
            f"{path}, line 1: the first row names the columns, and begins with the id of a record "
            f"({excerpt(corner)}); add a header"
        )
    if len(missing) == len(keys):
        raise DataError(
            f"{path}: no record has a row (the first id of the table is "
            f"{excerpt(next(iter(rows)))}, of the sequences {excerpt(keys[0])}); "
            f"{_likeness(rows, keys) or 'is it the table of this file?'}"
        )
    notes, known = [f"{path}: {oddity}" for oddity in oddities], set(keys)
    unknown = [name for name in rows if name not in known]
    if missing:
        notes.append(
            f"{plural(len(missing), 'record')} without a row in {path} and without a label: "
            f"{few([shown(name, 40) for name in missing])}"
        )
    if unknown:
        notes.append(
            f"{plural(len(unknown), 'id')} of {path} not among the sequences: "
            f"{few([shown(name, 40) for name in unknown])}"
        )
    merged = dict(columns)
    for i, name in enumerate(names):
        before = columns.get(name, [""] * len(keys))
        table = [rows[k][i] if k in rows else "" for k in keys]
        merged[name] = [new or old for new, old in zip(table, before, strict=True)]
        differ = sum(
            bool(new and old and new != old) for new, old in zip(table, before, strict=True)
        )
        if differ:
            notes.append(
                f"label {name}: {differ:,} records have another value in {path} than in the "
                f"header; the table counts"
            )
    return merged, notes
