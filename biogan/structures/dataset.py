"""Reading protein chains: C-alpha atoms from PDB and mmCIF files or from an array.

A set of protein fragments of one length: C-alpha coordinates, all in memory.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from biogan.core.errors import DataError, few, plural
from biogan.core.files import read_arrays
from biogan.core.text import Source, split_compression


@dataclass(frozen=True, eq=False)
class FragmentSet:
    """Fragments of one number of residues.

    Attributes
    ----------
    xyz : numpy.ndarray, shape (n, residues, 3), float32
        C-alpha coordinates in Angstrom.
    ids : tuple of str
        One name a fragment: chain and first residue.
    families : numpy.ndarray, shape (n,), int64
        Number of the family of the chain that a fragment was cut from; training and held-out
        fragments never share one.
    source : str
        Where they come from, for messages and reports.
    notes : tuple of str
        What was done on reading, one sentence each.
    maps : numpy.ndarray or None, shape (n, residues, residues)
        The distances (Angstrom) that the coordinates were found from, where they may contradict one
        another: those that a generator painted.

    Raises
    ------
    DataError
        If the parts do not fit one another.
    """

    xyz: np.ndarray
    ids: tuple[str, ...]
    families: np.ndarray
    source: str = "structures"
    notes: tuple[str, ...] = ()
    maps: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.xyz.ndim != 3 or self.xyz.shape[2] != 3:
            raise DataError(
                f"{self.source}: coordinates of shape {self.xyz.shape}, (n, residues, 3) are needed"
            )
        if not len(self.xyz) == len(self.ids) == len(self.families):
            raise DataError(
                f"{self.source}: {len(self.xyz)} fragments, {len(self.ids)} ids and "
                f"{len(self.families)} families"
            )
        if self.maps is not None and self.maps.shape != (len(self), *(self.residues,) * 2):
            raise DataError(
                f"{self.source}: maps of shape {self.maps.shape} for {len(self)} fragments of "
                f"{self.residues} residues"
            )

    def __len__(self) -> int:
        return len(self.xyz)

    def __getitem__(self, rows: slice | np.ndarray) -> FragmentSet:
        """Return some of the fragments, by a slice, numbers or a mask."""
        numbers = np.arange(len(self))[rows]
        return replace(
            self,
            xyz=self.xyz[numbers],
            ids=tuple(self.ids[i] for i in numbers),
            families=self.families[numbers],
            maps=None if self.maps is None else self.maps[numbers],
        )

    @property
    def residues(self) -> int:
        """Residues of a fragment."""
        return int(self.xyz.shape[1])

    @classmethod
    def concatenate(cls, sets: Sequence[FragmentSet]) -> FragmentSet:
        """Join sets of one length, at least one, in order."""
        maps = [s.maps for s in sets if s.maps is not None]
        return replace(
            sets[0],
            xyz=np.concatenate([s.xyz for s in sets]),
            ids=tuple(name for s in sets for name in s.ids),
            families=np.concatenate([s.families for s in sets]),
            maps=np.concatenate(maps) if maps else None,
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the coordinates and families, not of names."""
        found = hashlib.sha256(repr(self.xyz.shape).encode())
        found.update(self.xyz.tobytes())
        found.update(self.families.tobytes())
        return found.hexdigest()


#: Endings of files of structures, each also with ``.gz``, ``.bz2``, ``.xz`` or ``.zst``.
PDB, CIF = (".pdb", ".ent"), (".cif", ".mmcif")
#: C-alpha atoms of neighbours are 3.8 Angstrom apart, 2.9 at a cis peptide; what lies outside these
#: borders is no bond.
SHORTEST, LONGEST = 2.0, 4.2


@dataclass(frozen=True, eq=False)
class Chain:
    """One protein chain.

    Attributes
    ----------
    name : str
        File and chain, ``1UBQ_A``.
    xyz : numpy.ndarray, shape (n, 3), float32
        C-alpha coordinates in Angstrom.
    letters : str
        Its sequence; empty where only coordinates are known.
    """

    name: str
    xyz: np.ndarray
    letters: str = ""

    def stretches(self) -> list[tuple[int, int]]:
        """Return start and end of each part without a break.

        Examples
        --------
        >>> x = np.array([0, 3.8, 7.6, 20, 23.8], np.float32)
        >>> Chain("a", np.stack([x, 0 * x, 0 * x], 1)).stretches()
        [(0, 3), (3, 5)]
        """
        steps = np.linalg.norm(np.diff(self.xyz, axis=0), axis=1)
        breaks = np.flatnonzero((steps > LONGEST) | (steps < SHORTEST)) + 1
        edges = [0, *breaks.tolist(), len(self.xyz)]
        return list(zip(edges[:-1], edges[1:], strict=True))


def structure_files(path: Path) -> Iterator[Path]:
    """Yield the PDB and mmCIF files of a folder, in no order, or the file itself."""
    for file in path.iterdir() if path.is_dir() else [path]:
        if _ending(file) in PDB + CIF and not file.name.startswith("."):
            yield file


def read_chains(data: str | Path) -> tuple[list[Chain], list[str]]:
    """Read every protein chain of a folder, of a PDB or mmCIF file, or of an ``.npz``.

    Parameters
    ----------
    data : str or Path
        A folder of files ending in ``.pdb``, ``.ent``, ``.cif`` or ``.mmcif`` (also
        compressed), one such file, or an ``.npz`` with ``xyz`` of shape (total, 3), ``offsets``
        of shape (n + 1,) and, if there are names, ``ids``; or with ``xyz`` of shape (n, residues,
        3).

    Returns
    -------
    chains : list of Chain
        Of the first model of each file, by name of the file. The 20 amino acids and
        selenomethionine count; of alternative places of an atom the first.
    notes : list of str
        What was odd about the files.

    Raises
    ------
    DataError
        If there is no such file, no chain in it, or a number that is no place.
    FastaError
        If a file cannot be opened or unpacked.
    """
    path = Path(data)
    if not path.exists():
        raise DataError(f"{path}: no such file or folder; give PDB or mmCIF files or an .npz")
    notes: list[str] = []
    if path.suffix.lower() == ".npz":
        chains = _from_arrays(path)
    else:
        chains, notes = _from_files(path)
    for chain in chains:
        if not np.isfinite(chain.xyz).all():
            wrong = int(np.flatnonzero(~np.isfinite(chain.xyz).all(1))[0]) + 1
            raise DataError(
                f"{path}: chain {chain.name} has a coordinate that is no finite number at residue "
                f"{wrong} of those read; take the chain out"
            )
    return chains, notes


def _ending(path: Path) -> str:
    name = split_compression(path.name)[0]
    return name[name.rfind(".") :] if "." in name else ""


def _from_files(path: Path) -> tuple[list[Chain], list[str]]:
    files = sorted(structure_files(path))
    if not files:
        raise DataError(
            f"{path}: no structures found; PDB or mmCIF files are known by their ending (.pdb, "
            ".ent, .cif, .mmcif, also compressed), arrays by .npz"
        )
    chains: list[Chain] = []
    empty: list[str] = []
    oddities: list[str] = []
    odd = 0
    for file in files:
        found, said = _parse(file, oddities)
        chains += found
        odd += bool(said)
        empty += [] if found else [file.name]
    if not chains:
        what = "no C-alpha atom of an amino acid" if len(files) == 1 else "no protein chain"
        raise DataError(f"{path}: {what} in {plural(len(files), 'file')}; is it DNA or a ligand?")
    notes = list(dict.fromkeys(oddities))
    if odd:
        notes.append(f"{plural(odd, 'file')} with warnings of Bio.PDB")
    if empty:
        notes.append(f"{plural(len(empty), 'file')} without protein left out (first: {empty[0]})")
    return chains, notes


def _parse(path: Path, oddities: list[str]) -> tuple[list[Chain], int]:
    """Return the chains of one file and how often Bio.PDB warned."""
    from Bio.Data.PDBData import protein_letters_3to1
    from Bio.PDB.MMCIFParser import MMCIFParser
    from Bio.PDB.PDBParser import PDBParser

    with closing(Source(path, oddities)) as source:
        text = "".join(source)
    parser: Any = MMCIFParser() if _ending(path) in CIF else PDBParser()
    stem = path.name[: path.name.lower().rfind(_ending(path))]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            models = list(parser.get_structure(stem, io.StringIO(text)))
        # Whatever a foreign parser stumbles over: the file is damaged.
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            if text.strip() and isinstance(error, KeyError):
                reason = f"no {reason} in it"
            raise DataError(
                f"{path}: no valid {'mmCIF' if _ending(path) in CIF else 'PDB'} file: "
                f"{reason}; fetch it again or take it out"
            ) from error
    chains = []
    for part in models[0] if models else ():
        letters, places = [], []
        for residue in part:
            # Where two residues are written in one place, the first of them.
            if residue.is_disordered() == 2:
                residue = residue.disordered_get_list()[0]
            name = residue.get_resname().strip().upper()
            letter = "M" if name == "MSE" else protein_letters_3to1.get(name)
            if letter is None or "CA" not in residue:
                continue
            atom = residue["CA"]
            atom = atom.disordered_get_list()[0] if atom.is_disordered() else atom
            letters.append(letter)
            places.append(atom.coord)
        if places:
            name = f"{stem}_{part.id}" if part.id.strip() else stem
            chains.append(Chain(name, np.array(places, np.float32), "".join(letters)))
    return chains, len(said)


def _from_arrays(path: Path) -> list[Chain]:
    """Read an ``.npz`` of coordinates."""
    parts, held = read_arrays(path, ("xyz", "offsets", "ids"))
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
    return _cut(path, xyz.astype(np.float32), parts.get("offsets"), parts.get("ids"))


def _cut(
    path: Path, xyz: np.ndarray, offsets: np.ndarray | None, ids: np.ndarray | None
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
            f"{path}: 'offsets' must rise from 0 to the {len(xyz)} rows of 'xyz', one more than "
            "there are chains"
        )
    names: Sequence[str] = (
        [f"chain_{i}" for i in range(1, len(offsets))] if ids is None else [str(i) for i in ids]
    )
    if len(names) != len(offsets) - 1:
        raise DataError(f"{path}: {len(names)} 'ids' for {len(offsets) - 1} chains")
    edges = offsets.tolist()
    return [Chain(name, xyz[a:b]) for name, a, b in zip(names, edges[:-1], edges[1:], strict=True)]
