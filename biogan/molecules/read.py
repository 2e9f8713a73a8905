"""Reading molecules: files of SMILES, tables and SDF, with a count of all that was left out."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

import numpy as np

from biogan.core.display import shown
from biogan.core.errors import ConfigError, DataError, FastaError, plural
from biogan.core.inputs import (
    Packed,
    Readable,
    head,
    name_of,
    split_compression,
    unpacked,
    unreadable,
)
from biogan.core.labels import join_labels
from biogan.core.rng import rng
from biogan.molecules.config import MoleculeReadingConfig
from biogan.molecules.dataset import CANONICAL, MoleculeSet
from biogan.molecules.toolkit import Parsed, chem, quiet
from biogan.molecules.workers import CHUNK, FEW, run

SMILES_SUFFIXES = (".smi", ".smiles", ".ism", ".can")
SDF_SUFFIXES = (".sdf", ".sd", ".mol")
TABLE_SUFFIXES = (".csv", ".tsv")
#: What a column of SMILES is called, and a column of names.
_COLUMNS = ("smiles", "canonical_smiles", "canonicalsmiles", "smi")
_NAMES = ("id", "name", "ids", "names", "mol_id", "molecule", "chembl_id", "zinc_id")
# Characters of SMILES, and those that sequences lack.
_SMILES = re.compile(r"[A-Za-z0-9@+\-\[\]()\\/%=#$:.~*]+")
_TELLING = re.compile(r"[=#()\[\]0-9]")
_LOOKED_AT = 4096
# Lines that a message names.
_NAMED = 3
_END_OF_RECORD, _V2000 = "$$$$", re.compile(r"V[23]000")

#: Receives bytes done and bytes to do.
Watch = Callable[[int, int | None], None]


class Entry(NamedTuple):
    """One record of a file: its line, its text, its id and its labels."""

    line: int
    text: str
    name: str
    labels: dict[str, str]


def is_molecules(data: str) -> bool:
    """Whether a file holds molecules, by its name or by what it begins with.

    Examples
    --------
    >>> is_molecules("drugs.smi.gz"), is_molecules("genes.fasta")
    (True, False)
    """
    name = split_compression(data)[0]
    if name.endswith((*SMILES_SUFFIXES, *SDF_SUFFIXES)):
        return True
    if name.endswith((".fasta", ".fa", ".fna", ".faa", ".fastq", ".fq", ".png", ".npz", ".pdb")):
        return False
    try:
        text = head(data, _LOOKED_AT).decode("utf-8", "replace")
    except (DataError, FastaError):
        return False
    return _format_of(text) is not None


def _format_of(text: str) -> str | None:
    """Tell the format by the beginning of a file; None where it holds no molecules."""
    if _V2000.search(text):
        return "sdf"
    whole = text.splitlines()
    whole = whole[:-1] if len(text) >= _LOOKED_AT and len(whole) > 1 else whole
    lines = [line for line in whole if line.strip()]
    if not lines:
        return None
    fields = [field.strip().strip('"').lower() for field in re.split(r"[,\t;]", lines[0])]
    if len(fields) > 1 and any(field in _COLUMNS for field in fields):
        return "table"
    first = [line.split()[0] for line in lines]
    first = first[1:] if first[0].lower() in _COLUMNS and len(first) > 1 else first
    plain = all(_SMILES.fullmatch(text) and text[0].isalpha() or text[0] == "[" for text in first)
    telling = sum(bool(_TELLING.search(text)) for text in first)
    return "smiles" if plain and telling > len(first) / 2 else None


def read_molecules(
    data: Readable, config: MoleculeReadingConfig | None = None, *, watch: Watch | None = None
) -> MoleculeSet:
    r"""Read molecules, each once, as canonical SMILES.

    Charges, isotopes and stereo stay. What is no molecule, what occurs again, and the smaller
    parts of salts are left out or not as ``config`` says, and ``notes`` of the set counts all.

    Parameters
    ----------
    data : Readable
        SMILES, one on each line with or without an id behind it; a table with a header (CSV, TSV);
        or SDF. Compressed or not; ``-`` for standard input.
    config : MoleculeReadingConfig, optional
        Policies.
    watch : callable, optional
        Receives bytes done and bytes to do.

    Raises
    ------
    DataError
        If nothing can be read, or what is there is to be an error.
    ConfigError
        If a table has no such column, or RDKit is not installed.

    Examples
    --------
    >>> import io
    >>> found = read_molecules(io.BytesIO(b"OCC ethanol\nCCO again\nC(C bad\n"))
    >>> found.smiles, found.ids
    (['CCO'], ['ethanol'])
    >>> for note in found.notes: print(note)
    3 records read
    1 record is no molecule and left out: line 3 (no SMILES)
    1 record repeats a molecule and is left out: line 2
    """
    config = config or MoleculeReadingConfig()
    found, notes = _read(data, config, watch)
    name = name_of(data)
    if not len(found.smiles):
        raise DataError(f"{name}: no molecules" + (f" ({'; '.join(notes)})" if notes else ""))
    return replace(found, notes=tuple(notes))


def read_generated(data: Readable, config: MoleculeReadingConfig | None = None) -> MoleculeSet:
    r"""Read what a generator wrote, as it is: what is no molecule stays, and is marked.

    Examples
    --------
    >>> import io
    >>> read_generated(io.BytesIO(b"CCO a\nC(C b\nCCO c\n")).valid.tolist()
    [True, False, True]
    """
    config = (config or MoleculeReadingConfig()).replace(
        salts="keep", duplicates="keep", invalid="drop", labels=None, limit=None
    )
    found, _ = _read(data, config, None, as_is=True)
    if not len(found):
        raise DataError(f"{name_of(data)}: no molecules")
    bad = int((~found.valid).sum())
    said = f"{bad:,} of {plural(len(found), 'record')} {'is' if bad == 1 else 'are'} no molecule"
    return replace(found, notes=(said,) if bad else ())


@dataclass
class _Lines:
    """Records of one fate: how many, and the lines of the first."""

    count: int = 0
    lines: list[str] | None = None

    def add(self, line: int, why: str = "") -> None:
        self.count += 1
        self.lines = self.lines or []
        if len(self.lines) < _NAMED:
            self.lines.append(f"line {line:,}" + (f" ({shown(why, 80)})" if why else ""))

    def said(self, one: str, many: str) -> list[str]:
        if not self.count or self.lines is None:
            return []
        more = ", ..." * (self.count > len(self.lines))
        verb = one if self.count == 1 else many
        return [f"{plural(self.count, 'record')} {verb}: {', '.join(self.lines)}{more}"]


def _read(
    data: Readable, config: MoleculeReadingConfig, watch: Watch | None, as_is: bool = False
) -> tuple[MoleculeSet, list[str]]:
    chem()
    name = name_of(data)
    salts = "keep" if config.salts == "error" else config.salts
    bad, salted, repeated, count = _Lines(), _Lines(), _Lines(), 0
    smiles: list[str] = []
    names: list[str] = []
    marks: list[bool] = []
    columns: dict[str, list[str]] = {}
    seen: set[str] = set()
    notes: list[str] = []
    for entries, results in _canonical(_entries(data, config, notes, watch), salts):
        for entry, one in zip(entries, results, strict=True):
            count += 1
            if not one.smiles:
                bad.add(entry.line, one.fault)
                if config.invalid == "error":
                    raise DataError(
                        f"{name}, line {entry.line:,}: {shown(entry.text, 60)!r} is no molecule "
                        f"({one.fault}); correct it, or take --invalid drop"
                    )
                if not as_is:
                    continue
            if one.salt:
                salted.add(entry.line)
                if config.salts == "error":
                    raise DataError(
                        f"{name}, line {entry.line:,}: a molecule of several parts; take --salts "
                        "largest, keep or drop"
                    )
            text = one.smiles or entry.text
            if config.duplicates == "drop":
                if text in seen:
                    repeated.add(entry.line)
                    continue
                seen.add(text)
            for key in entry.labels:
                if key not in columns:
                    columns[key] = [""] * len(smiles)
            smiles.append(text)
            names.append(entry.name or f"mol_{len(smiles):d}")
            marks.append(bool(one.smiles))
            for key, column in columns.items():
                column.append(entry.labels.get(key, ""))
    labels = {key: np.array(column, object) for key, column in columns.items()}
    if config.labels:
        merged, more = join_labels(columns, config.labels, names, names)
        notes += more
        labels = {key: np.array(column, object) for key, column in merged.items()}
    part = {"largest": "of which the largest was kept", "keep": "which were kept"}.get(salts, "")
    said = [f"{plural(count, 'record')} read", *notes]
    said += bad.said("is no molecule and left out", "are no molecules and left out")
    if part:
        said += salted.said(f"has several parts, {part}", f"have several parts, {part}")
    said += repeated.said(
        "repeats a molecule and is left out", "repeat a molecule and are left out"
    )
    return MoleculeSet(smiles, names, np.array(marks, bool), labels, name), said


def _canonical(
    entries: Iterator[Entry], salts: str
) -> Iterator[tuple[list[Entry], Sequence[Parsed]]]:
    """Read the texts of entries, in further processes where there are many."""
    waiting: list[list[Entry]] = []

    def texts(batches: Iterator[list[Entry]]) -> Iterator[list[str]]:
        for batch in batches:
            waiting.append(batch)
            yield [entry.text for entry in batch]

    # The first few thousand are looked at before processes are started for more.
    start = [*islice(entries, FEW)]
    many = len(start) == FEW

    def batches() -> Iterator[list[Entry]]:
        for at in range(0, len(start), CHUNK):
            yield start[at : at + CHUNK]
        while batch := [*islice(entries, CHUNK)]:
            yield batch

    for found in run(CANONICAL, texts(batches()), salts, many=many):
        yield waiting.pop(0), found


def _entries(
    data: Readable, config: MoleculeReadingConfig, notes: list[str], watch: Watch | None
) -> Iterator[Entry]:
    """Yield the records of a file; with ``limit``, some drawn at random, in their order."""
    every = _all_entries(data, config, notes, watch)
    if config.limit is None:
        yield from every
        return
    some = [*every]
    if len(some) <= config.limit:
        yield from some
        return
    chosen = np.sort(rng(0, "limit").permutation(len(some))[: config.limit])
    notes.append(f"--limit {config.limit:,}: drawn at random from {len(some):,} records")
    for i in chosen.tolist():
        yield some[i]


def _all_entries(
    data: Readable, config: MoleculeReadingConfig, notes: list[str], watch: Watch | None
) -> Iterator[Entry]:
    name = name_of(data)
    form: str = config.format
    if config.column is not None:
        form = "table"
    try:
        with closing(Packed(data)) as packed, unpacked(packed, notes, config.unpack_ratio) as file:

            def lines() -> Iterator[str]:
                for i, line in enumerate(file):
                    if watch is not None and i % CHUNK == 0:
                        watch(packed.done, packed.size)
                    yield line.decode("utf-8-sig" if i == 0 else "utf-8", "surrogateescape")
                if watch is not None:
                    watch(packed.done, packed.size)

            rows = lines()
            if form == "auto":
                form, rows = _found_format(rows, name)
            readers = {"smiles": _smiles_lines, "sdf": _sdf_records}
            if form == "table":
                yield from _table_rows(rows, name, config.column)
            else:
                yield from readers[form](rows)
    except OSError as error:
        raise unreadable(error, data) from error


def _found_format(rows: Iterator[str], name: str) -> tuple[str, Iterator[str]]:
    """Tell the format by the name, else by the first lines, which are given back."""
    stem = split_compression(name)[0]
    for suffixes, form in (
        (SMILES_SUFFIXES, "smiles"), (SDF_SUFFIXES, "sdf"), (TABLE_SUFFIXES, "table"),
    ):  # fmt: skip
        if stem.endswith(suffixes):
            return form, rows
    start = [*islice(rows, 50)]

    def again() -> Iterator[str]:
        yield from start
        yield from rows

    return _format_of("".join(start)) or "smiles", again()


def _smiles_lines(rows: Iterator[str]) -> Iterator[Entry]:
    for number, row in enumerate(rows, 1):
        text, _, rest = row.strip().partition("\t") if "\t" in row else row.strip().partition(" ")
        if not text or (number == 1 and text.lower() in _COLUMNS):
            continue
        yield Entry(number, text, rest.split("\t")[0].strip(), {})


def _table_rows(rows: Iterator[str], name: str, column: str | None) -> Iterator[Entry]:
    header = next(rows, "")
    mark = "\t" if "\t" in header else ";" if ";" in header and "," not in header else ","
    fields = [field.strip() for field in next(csv.reader([header], delimiter=mark), [])]
    small = [field.lower() for field in fields]
    if column is not None and column not in fields:
        raise ConfigError(
            f"--column {column}: {name} has no such column; it has {', '.join(fields[:12])}"
        )
    known = [column] if column else [f for f, s in zip(fields, small, strict=True) if s in _COLUMNS]
    if not known:
        raise ConfigError(
            f"{name}: no column is called smiles; name it with --column: {', '.join(fields[:12])}"
        )
    place = fields.index(known[0])
    ids = next((small.index(one) for one in _NAMES if one in small), None)
    others = [i for i in range(len(fields)) if i not in (place, ids)]
    reader = csv.reader(rows, delimiter=mark)
    try:
        for row in reader:
            if not any(row):
                continue
            row += [""] * (len(fields) - len(row))
            yield Entry(
                reader.line_num + 1, row[place].strip(), "" if ids is None else row[ids].strip(),
                {fields[i]: row[i].strip() for i in others},
            )  # fmt: skip
    except csv.Error as error:
        raise DataError(f"{name}, line {reader.line_num + 1:,}: {error}") from error


def _sdf_records(rows: Iterator[str]) -> Iterator[Entry]:
    block: list[str] = []
    first = 1
    for number, row in enumerate(rows, 1):
        if row.startswith(_END_OF_RECORD):
            yield _sdf_entry(block, first)
            block, first = [], number + 1
        else:
            block.append(row.rstrip("\r\n"))
    if any(line.strip() for line in block):
        yield _sdf_entry(block, first)


def _sdf_entry(block: list[str], first: int) -> Entry:
    labels, key = dict[str, str](), ""
    end = next((i for i, line in enumerate(block) if line.startswith("M  END")), len(block))
    for line in block[end + 1 :]:
        if line.startswith(">"):
            found = re.search(r"<([^>]*)>", line)
            key = found[1] if found else ""
        elif key and line.strip():
            labels[key] = f"{labels[key]} {line.strip()}" if key in labels else line.strip()
    with quiet():
        one = chem().MolFromMolBlock("\n".join(block[: end + 1]) + "\n")
        text = "" if one is None else chem().MolToSmiles(one)
    return Entry(first, text, block[0].strip() if block else "", labels)
