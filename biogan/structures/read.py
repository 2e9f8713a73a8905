"""Fragments of one length from structures of any origin, one chain a family."""

from __future__ import annotations

import zipfile
from itertools import islice
from pathlib import Path

import numpy as np

from biogan.config import ImageReadingConfig
from biogan.errors import ConfigError, DataError
from biogan.io.input_report import plural
from biogan.structures.chains import CIF, PDB, read_chains, structure_files
from biogan.structures.families import find_families
from biogan.structures.fragments import FragmentSet

#: Numbers of residues that a fragment may have: what the networks halve.
RESIDUES = (16, 32, 64, 128)
#: Residues between the starts of neighbouring fragments of a chain.
STRIDE = 2
#: With more fragments than this the stride is doubled.
MOST = 200_000


def is_structures(data: str | Path) -> bool:
    """Tell whether a path holds protein structures, by names alone; images are read otherwise.

    Parameters
    ----------
    data : str or Path
        A file that ends in ``.pdb``, ``.ent``, ``.cif`` or ``.mmcif`` (also ``.gz``), a folder
        with such a file, or an ``.npz`` with arrays ``xyz`` and ``offsets`` or ``maps``.
    """
    path = Path(data)
    if path.is_dir():
        return any(islice(structure_files(path), 1))
    if path.suffix.lower() == ".npz":
        try:
            with zipfile.ZipFile(path) as archive:
                names = set(archive.namelist())
        except (OSError, zipfile.BadZipFile):
            return False
        return "xyz.npy" in names and bool(names & {"offsets.npy", "maps.npy"})
    return path.name.lower().removesuffix(".gz").endswith(PDB + CIF)


def read_structures(data: str | Path, reading: ImageReadingConfig | None = None) -> FragmentSet:
    """Read chains and cut them into fragments of one length.

    Every ``STRIDE`` residues a fragment starts; one that would cross a break of the chain is left
    out. Of each family only the chain that gives most fragments is used, so that a protein that was
    solved fifty times does not count fifty times.

    Parameters
    ----------
    data : str or Path
        See :func:`biogan.structures.chains.read_chains`.
    reading : ImageReadingConfig, optional
        ``residues`` of a fragment (64 by default) and ``labels``, a TSV with the id of a chain
        first and a column ``family``, see :func:`biogan.structures.families.find_families`.

    Returns
    -------
    FragmentSet
        Its notes say what was done.

    Raises
    ------
    DataError
        If nothing can be read, or no chain is long enough.
    ConfigError
        If fragments of another length are asked for.
    """
    reading = reading or ImageReadingConfig()
    residues = 64 if reading.residues is None else reading.residues
    if residues not in RESIDUES:
        raise ConfigError(f"--residues {residues}: give {', '.join(map(str, RESIDUES))}")
    chains, notes = read_chains(data)
    families, said = find_families(chains, Path(data), reading.labels)
    notes.append(f"{plural(len(chains), 'chain')}; {said}")

    # Per chain the starts of all whole fragments, at stride 1.
    starts = [
        [(a, b - residues) for a, b in chain.stretches() if b - a >= residues] for chain in chains
    ]
    room = np.array([sum(last - first + 1 for first, last in some) for some in starts])
    if not room.any():
        longest = max(b - a for chain in chains for a, b in chain.stretches())
        raise DataError(
            f"{data}: no chain has {residues} residues without a break, the longest has {longest}; "
            "give a smaller --residues, or longer chains"
        )
    best = _best(families, room)
    stride = STRIDE
    while room[best].sum() > MOST * stride:
        stride *= 2
    xyz, ids, belongs = [], [], []
    for i in best:
        for first, last in starts[i]:
            for at in range(first, last + 1, stride):
                xyz.append(chains[i].xyz[at : at + residues])
                ids.append(f"{chains[i].name}:{at + 1}")
                belongs.append(int(families[i]))
    notes.append(
        f"{plural(len(ids), 'fragment')} of {residues} residues, one every {stride} residues, from "
        f"{plural(len(best), 'chain')}, one a family"
    )
    if short := len(set(families.tolist())) - len(best):
        notes.append(
            f"{short} {'family has' if short == 1 else 'families have'} no chain of {residues} "
            "residues without a break"
        )
    return FragmentSet(np.stack(xyz), tuple(ids), np.array(belongs), str(data), tuple(notes))


def read_fragments(data: str | Path) -> FragmentSet:
    """Read chains of one length as they are: what a generator wrote, nothing cut or left out.

    Every chain is its own family.

    Raises
    ------
    DataError
        If nothing can be read, or lengths differ.
    """
    chains, notes = read_chains(data)
    lengths = sorted({len(chain.xyz) for chain in chains})
    if len(lengths) > 1:
        raise DataError(
            f"{data}: chains of {lengths[0]} to {lengths[-1]} residues; fragments of one length "
            "are needed"
        )
    ids = tuple(chain.name for chain in chains)
    xyz = np.stack([chain.xyz for chain in chains])
    maps = None
    if Path(data).suffix.lower() == ".npz":
        with np.load(data, allow_pickle=False) as arrays:
            maps = arrays["maps"] if "maps" in arrays else None
    return FragmentSet(xyz, ids, np.arange(len(ids)), str(data), tuple(notes), maps)


def _best(families: np.ndarray, room: np.ndarray) -> list[int]:
    """Find the chain with most room of each family that has any; numbers in the order of chains."""
    best: dict[int, int] = {}
    for i, family in enumerate(families.tolist()):
        if room[i] > room[best.get(family, i)] or (family not in best and room[i]):
            best[family] = i
    return sorted(best.values())
