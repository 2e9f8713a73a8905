"""Protein chains of PDB and mmCIF files: their C-alpha atoms, and an account of what is left out.

The first model counts, of alternative places of an atom the first, and the 20 amino acids with
selenomethionine. A chain id that comes back, after TER or with residue numbers that were there
before, is a further chain.
"""

from __future__ import annotations

import io
import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from biogan.core.errors import DataError, few, plural
from biogan.core.files import reading
from biogan.core.inputs import (
    RATIO,
    Readable,
    head,
    is_lasting,
    name_of,
    read_arrays,
    split_compression,
)
from biogan.core.text import Source
from biogan.structures.dataset import Chain

#: Endings of files of structures, each also with ``.gz``, ``.bz2``, ``.xz`` or ``.zst``: ``.pdb1``
#: is the first biological assembly.
ENDINGS = (".pdb", ".pdb1", ".ent", ".cif", ".mmcif")
_ENDING = re.compile(r"\.(pdb\d*|ent|cif|mmcif)$")
_CIF = (".cif", ".mmcif")
#: Angstrom; what is farther out is no place of an atom, and its square would not fit into float32.
_FARTHEST = 1e6
NPZ = ".npz"
_ARRAYS = ("xyz", "offsets", "ids", "maps")
#: How chains of a pipe are called.
STRUCTURE = "structure"
_START = 4096  # bytes that tell a format
# Places that a note names.
_NAMED = 3
# What is said of a C-alpha atom at two places of this file.
_ALTERNATIVE = "in alternative places left out, the first place counts"


def structure_files(path: Path) -> Iterator[Path]:
    """Yield the PDB and mmCIF files of a folder and of all folders in it, or the file itself."""
    yield from (file for file in _files(path) if ending(file))


def holds_structures(folder: Path) -> bool:
    """Tell whether files of structures lie in a folder, or are most of those in its folders."""
    return any(ending(file) for file in folder.iterdir()) or (
        sum(1 if ending(file) else -1 for file in _files(folder)) > 0
    )


def _files(path: Path) -> Iterator[Path]:
    """Yield all files of a folder and of its folders, in order, or the file itself."""
    if not path.is_dir():
        yield path
        return
    visited = set()
    for folder, inner, files in os.walk(path, followlinks=True):
        real = os.path.realpath(folder)
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        if real in visited:  # a link to a folder further up
            inner.clear()
            continue
        visited.add(real)
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(folder, name)


def ending(path: Path) -> str:
    """Return the ending of the name of a file of structures, in small letters; others have ``""``.

    Examples
    --------
    >>> [ending(Path(name)) for name in ("pdb1abc.ent.gz", "1ABC.PDB1", "1abc.fasta")]
    ['.ent', '.pdb1', '']
    """
    found = _ENDING.search(split_compression(path.name)[0])
    return found[0] if found and not path.name.startswith(".") else ""


def read_chains(data: Readable, ratio: float = RATIO) -> tuple[list[Chain], list[str]]:
    """Read every protein chain of a folder, of a PDB or mmCIF file, or of an ``.npz``.

    Parameters
    ----------
    data : str, Path or open file
        A folder of files, at any depth, whose names end in ``.pdb``, ``.pdb1`` (any number),
        ``.ent``, ``.cif`` or ``.mmcif`` (also compressed), one such file, or an ``.npz`` with
        ``xyz`` of shape (total, 3), ``offsets`` of shape (n + 1,) and, if there are names, ``ids``;
        or with ``xyz`` of shape (n, residues, 3). A pipe or an open file is known by how it begins.
    ratio : float
        How many times its size a compressed file may unpack to, see
        :func:`biogan.core.inputs.unpacked`.

    Returns
    -------
    chains : list of Chain
        Of the first model of each file, by name of the file. The 20 amino acids and
        selenomethionine count; of alternative places of an atom the first. A chain id that comes
        back is a further chain, ``1ABC_A_2``.
    notes : list of str
        What was odd about the files, and what was left out, with its number and the first places.

    Raises
    ------
    DataError
        If there is no such file, no chain in it, or a number that is no place.
    FastaError
        If a file cannot be opened or unpacked.
    """
    path, piped = Path(name_of(data)), not is_lasting(data)
    if not piped and not path.exists():
        raise DataError(f"{path}: no such file or folder; give PDB or mmCIF files or an .npz")
    format = format_of(data) if piped else path.suffix.lower()
    if format is None:
        raise DataError(f"{path}: begins neither as a PDB or mmCIF file nor as an .npz")
    if format == NPZ:
        return _from_arrays(data, ratio), []
    return _from_files(data, ratio)


def format_of(data: Readable) -> str | None:
    """Return the ending of files that begin as an input does; None if it holds no structures.

    What begins the input is left to its reader.
    """
    start = head(data, _START)
    if start.startswith(b"PK"):
        # In a zip archive the name of the first array stands here.
        return NPZ if re.match(rb"(xyz|offsets|maps)\.npy", start[30:]) else None
    if re.match(rb"\s*(#[^\n]*\n\s*)*data_", start):
        return ENDINGS[-2]
    return ENDINGS[0] if start[:6].decode("latin-1").strip() in _RECORDS else None


class _Account:
    """What is left out or odd, by its words: how often, and the first places."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._places: dict[tuple[str, str], list[str]] = {}

    def add(self, noun: str, words: str, place: str) -> None:
        self._counts[noun, words] += 1
        if len(places := self._places.setdefault((noun, words), [])) < _NAMED:
            places.append(place)

    def notes(self) -> list[str]:
        return [
            f"{plural(count, noun)} {words}: {few(self._places[noun, words], _NAMED, count)}"
            for (noun, words), count in self._counts.items()
        ]


def _from_files(data: Readable, ratio: float) -> tuple[list[Chain], list[str]]:
    path = Path(name_of(data))
    named = is_lasting(data)
    account = _Account()
    files = list(structure_files(path)) if named else [path]
    if path.is_dir():
        # To open a pipe would wait for somebody who writes into it.
        for file in files:
            if not file.is_file():
                account.add("file", "(a pipe or a broken link) left out", file.name)
        files = [file for file in files if file.is_file()]
    if not files:
        raise DataError(
            f"{path}: no structures found; PDB or mmCIF files are known by their ending "
            f"({', '.join(ENDINGS)}, also compressed), arrays by .npz"
        )
    stems = [_stem(file, path) for file in files] if named else [STRUCTURE]
    twice = Counter(stems)
    chains: list[Chain] = []
    oddities: list[str] = []
    for file, stem in zip(files, stems, strict=True):
        # Where 1abc.pdb and 1abc.cif lie side by side, their chains need names of their own.
        name = stem if twice[stem] == 1 else stem + ending(file)
        source = Source(file if named else data, oddities, ratio=ratio)
        found = _parse(source, name, account)
        chains += found
        if not found:
            account.add("file", "without protein left out", file.name)
    if not chains:
        what = "no C-alpha atom of an amino acid" if len(files) == 1 else "no protein chain"
        raise DataError(
            f"{path}: {what} in {plural(len(files), 'file')}; is it DNA, a ligand, or "
            "no file of structures?"
        )
    return chains, [*dict.fromkeys(oddities), *account.notes()]


def _stem(file: Path, path: Path) -> str:
    """Return the name of a file without its ending, behind the folders that it lies in."""
    name = file.name[: file.name.lower().rindex(ending(file))]
    inner = file.parent.relative_to(path) if path.is_dir() else Path()
    return str(inner / name)


class _Row(NamedTuple):
    """An atom, as text: what its file says."""

    where: str
    model: str
    part: int  # how many TER stand before it
    kind: str
    chain: str
    label: str
    residue: str
    altloc: str
    name: str
    atom: str
    xyz: tuple[str, str, str]


@dataclass
class _Run:
    """Residues of one chain that stand together."""

    name: str
    part: int
    where: str
    whole: bool = False  # has residues of ATOM records, as polymers have
    letters: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[float, ...]] = field(default_factory=dict)
    altlocs: dict[str, str] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)


def _parse(source: Source, stem: str, account: _Account) -> list[Chain]:
    """Return the chains of one file."""
    path, oddities = Path(source.path), source.notes
    with closing(source):
        lines = [line.rstrip("\n") for line in source]
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    if not first:
        raise DataError(f"{path}: the file is empty; fetch it again or take it out")
    cif = first.startswith("data_")
    named = ending(path)  # none of a pipe
    if named and cif != (named in _CIF) and (cif or first[:6].strip() in _RECORDS):
        oddities.append(f"{path.name}: read as {'mmCIF' if cif else 'PDB'}, which it holds")
    elif named in _CIF:
        cif = True
    rows = _cif_rows(lines, path, account) if cif else _pdb_rows(lines)
    runs = _runs(rows, path, account)
    chains, names = [], set[str]()
    for run in _joined(runs, path, account):
        name, number = f"{stem}_{run.name}" if run.name.strip() else stem, 1
        while name in names:
            number += 1
            name = f"{stem}_{run.name}_{number}" if run.name.strip() else f"{stem}_{number}"
        names.add(name)
        xyz = np.array(list(run.places.values()), np.float32)
        chains.append(Chain(name, xyz, "".join(run.letters.values())))
    return chains


_RECORDS = (
    "HEADER", "OBSLTE", "TITLE", "SPLIT", "CAVEAT", "COMPND", "SOURCE", "KEYWDS", "EXPDTA",
    "AUTHOR", "REMARK", "CRYST1", "MODEL", "ATOM", "HETATM",
)  # fmt: skip


def _pdb_rows(lines: Sequence[str]) -> Iterator[_Row]:
    """Read ATOM and HETATM records (wwPDB format 3.3, sections 9 and 12) of every model."""
    model = part = 0
    closed = False
    for number, line in enumerate(lines, 1):
        record = line[:6].rstrip()
        if record in ("ATOM", "HETATM"):
            model += closed
            closed = False
            xyz = line[30:38], line[38:46], line[46:54]
            yield _Row(
                f"line {number}", str(model), part, record, line[21:22], "", line[22:27],
                line[16:17].strip(), line[17:20].strip().upper(), line[12:16].strip(), xyz,
            )  # fmt: skip
        elif record in ("ENDMDL", "END", "MODEL"):
            # Also where models are parted by END, as simulations write them.
            closed = True
        elif record == "TER":
            part += 1


# Columns of _atom_site, the one that counts first; those without a default have to be there.
_COLUMNS: dict[str, tuple[tuple[str, ...], str | None]] = {
    "model": (("pdbx_pdb_model_num",), "1"),
    "kind": (("group_pdb",), "ATOM"),
    "chain": (("auth_asym_id", "label_asym_id"), ""),
    "label": (("label_asym_id",), ""),
    "number": (("auth_seq_id", "label_seq_id"), None),
    "insertion": (("pdbx_pdb_ins_code",), ""),
    "altloc": (("label_alt_id",), ""),
    "name": (("label_comp_id", "auth_comp_id"), None),
    "atom": (("label_atom_id", "auth_atom_id"), None),
    "x": (("cartn_x",), None),
    "y": (("cartn_y",), None),
    "z": (("cartn_z",), None),
}


def _cif_rows(lines: list[str], path: Path, account: _Account) -> Iterator[_Row]:
    """Read the rows of ``_atom_site`` of the first block of data that has some."""
    from Bio.PDB.MMCIF2Dict import MMCIF2Dict

    blocks = 0
    for block in _blocks(lines):
        loops = sum(line.lower().split()[:1] == ["_atom_site.cartn_x"] for line in block)
        if loops > 1:  # the second would take the place of the first
            raise DataError(
                f"{path}: no valid mmCIF file: {loops} loops of _atom_site in one block of data; "
                "make a file of each"
            )
        if not loops:
            continue
        blocks += 1
        if blocks > 1:
            name = block[0].split()[0]
            account.add("block", "of data left out, the first of a file is read", name)
            continue
        with reading(path, "no valid mmCIF file"):
            found = MMCIF2Dict(io.StringIO("\n".join(block)))
        yield from _table(found, path)
    if not blocks:
        raise DataError(
            f"{path}: no valid mmCIF file: no _atom_site with coordinates in it; fetch it again or "
            "take it out"
        )


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Divide the lines of an mmCIF file at ``data_``, which a text between semicolons may hold."""
    starts, text = [0], False
    for i, line in enumerate(lines):
        if line.startswith(";"):
            text = not text
        elif i and line[:5].lower() == "data_" and not text:
            starts.append(i)
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield lines[start:stop]


def _table(found: Mapping[str, list[str]], path: Path) -> Iterator[_Row]:
    # Names of CIF do not tell capitals from small letters.
    atoms = {
        key.lower().removeprefix("_atom_site."): values
        for key, values in found.items()
        if key.lower().startswith("_atom_site.")
    }
    size = len(atoms.get("cartn_x", ()))
    short = [name for name, values in atoms.items() if len(values) != size]
    if short:
        raise DataError(
            f"{path}: no valid mmCIF file: _atom_site is cut off inside row {size:,} (column "
            f"{short[0]!r}); fetch it again or take it out"
        )
    columns = {}
    for what, (names, default) in _COLUMNS.items():
        there = next((atoms[name] for name in names if name in atoms), None)
        if there is None and default is None:
            raise DataError(
                f"{path}: no valid mmCIF file: no column _atom_site.{names[0]}; fetch it again or "
                "take it out"
            )
        columns[what] = there if there is not None else [default or ""] * size
    for i in range(size):
        row = {what: "" if text[i] in "?." else text[i] for what, text in columns.items()}
        yield _Row(
            f"row {i + 1:,} of _atom_site", row["model"], 0, row["kind"], row["chain"],
            row["label"], f"{row['number']}{row['insertion'] or ' '}", row["altloc"],
            row["name"].upper(), row["atom"], (row["x"], row["y"], row["z"]),
        )  # fmt: skip


def _runs(rows: Iterator[_Row], path: Path, account: _Account) -> list[_Run]:
    """Gather the residues of the first model, and account for the rest."""
    from Bio.Data.PDBData import protein_letters_3to1

    letters = {**protein_letters_3to1, "MSE": "M"}
    runs: list[_Run] = []
    models: dict[str, str] = {}
    others: set[tuple[str, str]] = set()
    label, latest = "", ""
    for row in rows:
        place = f"{path.name} {row.where}"
        models.setdefault(row.model, place)
        if len(models) > 1:
            continue
        letter = letters.get(row.name)
        if letter is None:
            # An ion of calcium is no residue.
            other = row.atom == "CA" and row.name != "CA"
            if other and (row.chain, row.residue) not in others:
                others.add((row.chain, row.residue))
                words = "of another kind than the 20 amino acids left out"
                account.add("residue", words, f"{row.name} ({place})")
            continue
        run = runs[-1] if runs else None
        if run is None or (run.name, run.part, label) != (row.chain, row.part, row.label):
            run, label, latest = _Run(row.chain, row.part, place), row.label, ""
            runs.append(run)
        # A free amino acid may have the number of a residue.
        key = f"{row.kind} {row.residue}"
        if row.atom == "CA" and key in run.places:
            if key == latest or row.altloc != run.altlocs[key]:
                different = row.altloc != run.altlocs[key] or letter != run.letters[key]
                twice = "left out, its residue is there twice"
                account.add("C-alpha atom", _ALTERNATIVE if different else twice, place)
                continue
            run = _Run(row.chain, row.part, place)
            runs.append(run)
        run.whole = run.whole or row.kind != "HETATM"
        run.seen.setdefault(key, f"{row.name} ({place})")
        if row.atom == "CA":
            latest = key
            run.places[key] = _place(row, path)
            run.letters[key], run.altlocs[key] = letter, row.altloc
    for place in list(models.values())[1:]:
        account.add("further model", "left out, the first model of each file is read", place)
    for run in runs:
        for key, place in run.seen.items():
            if key not in run.places:
                account.add("residue", "without a C-alpha atom left out", place)
    return runs


def _place(row: _Row, path: Path) -> tuple[float, ...]:
    """Read the coordinates of an atom."""
    xyz = []
    for text in row.xyz:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not abs(value) < _FARTHEST:
            raise DataError(
                f"{path}, {row.where}: coordinate {text.strip()!r} is no finite number in "
                "Angstrom; fetch the file again or take it out"
            )
        xyz.append(value)
    return tuple(xyz)


def _joined(runs: list[_Run], path: Path, account: _Account) -> list[_Run]:
    """Join what belongs to one chain: what follows TER or repeats residues is a further chain."""
    chains: list[_Run] = []
    current: dict[str, _Run] = {}
    for run in runs:
        if not run.places:
            continue
        before = current.get(run.name)
        repeated = before is not None and any(
            run.altlocs[key] == before.altlocs[key] for key in run.places if key in before.places
        )
        if before is None or repeated or (run.part != before.part and run.whole):
            if before is not None:
                words = "with the id of an earlier chain read as one more (TER, or residue numbers)"
                account.add("chain", words, f"{run.name} ({run.where})")
            chains.append(run)
            current[run.name] = run
            continue
        for key, xyz in run.places.items():
            if key in before.places:
                account.add("C-alpha atom", _ALTERNATIVE, run.where)
                continue
            before.places[key] = xyz
            before.letters[key], before.altlocs[key] = run.letters[key], run.altlocs[key]
    return chains


def _from_arrays(data: Readable, ratio: float) -> list[Chain]:
    """Read an ``.npz`` of coordinates."""
    path = name_of(data)
    parts, held = read_arrays(data, _ARRAYS, ratio)
    if "xyz" not in parts:
        raise DataError(f"{path}: no array 'xyz' with C-alpha coordinates; it holds {few(held, 8)}")
    xyz = parts["xyz"]
    if xyz.ndim == 3 and "offsets" not in parts:
        parts["offsets"] = np.arange(len(xyz) + 1) * xyz.shape[1]
        xyz = xyz.reshape(-1, xyz.shape[2])
    if xyz.ndim != 2 or xyz.shape[1] != 3 or xyz.dtype.kind not in "fiu":
        raise DataError(
            f"{path}: 'xyz' has shape {parts['xyz'].shape} and type {xyz.dtype}; numbers of shape "
            "(total, 3) with 'offsets', or (n, residues, 3), are needed"
        )
    chains = _cut(path, xyz, parts.get("offsets"), parts.get("ids"))
    for chain in chains:
        good = (np.abs(chain.xyz) < _FARTHEST).all(1)
        if not good.all():
            raise DataError(
                f"{path}: chain {chain.name} has a coordinate that is no finite number in Angstrom "
                f"at residue {int(np.flatnonzero(~good)[0]) + 1}; take the chain out"
            )
    maps = _maps(path, parts.get("maps"), len(chains))
    return [
        Chain(chain.name, chain.xyz.astype(np.float32), distances=map)
        for chain, map in zip(chains, maps, strict=True)
    ]


def _maps(
    path: str, maps: np.ndarray | None, chains: int
) -> Sequence[np.ndarray | None] | np.ndarray:
    if maps is None:
        return [None] * chains
    if maps.dtype.kind != "f" or not np.isfinite(maps).all():
        raise DataError(f"{path}, array maps: finite numbers in Angstrom are needed")
    if len(maps) != chains:
        raise DataError(f"{path}, array maps: {len(maps):,} maps for {plural(chains, 'chain')}")
    return maps


def _cut(
    path: str, xyz: np.ndarray, offsets: np.ndarray | None, ids: np.ndarray | None
) -> list[Chain]:
    if (
        offsets is None
        or offsets.ndim != 1
        or offsets.dtype.kind not in "iu"
        or len(offsets) < 2
        or offsets[0] != 0
        or offsets[-1] != len(xyz)
        or (np.diff(offsets.astype(np.int64)) < 1).any()
    ):
        raise DataError(
            f"{path}: 'offsets' must rise from 0 to the {len(xyz):,} rows of 'xyz', one more than "
            "there are chains"
        )
    names: Sequence[str] = (
        [f"chain_{i}" for i in range(1, len(offsets))] if ids is None else list(map(str, ids.flat))
    )
    if len(names) != len(offsets) - 1:
        raise DataError(f"{path}: {len(names):,} 'ids' for {len(offsets) - 1:,} chains")
    edges = offsets.tolist()
    return [Chain(name, xyz[a:b]) for name, a, b in zip(names, edges[:-1], edges[1:], strict=True)]
