"""Fragments of one length from structures of any origin, one chain a family.

Families of chains: what is related stays on one side of a split, and counts once.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from biogan.core.errors import ConfigError, DataError, FastaError, few, plural
from biogan.core.inputs import RATIO, Readable, is_lasting, name_of, seekable
from biogan.core.labels import join_labels, read_label_table
from biogan.core.rng import rng
from biogan.structures.config import StructureReadingConfig
from biogan.structures.dataset import Chain, FragmentSet
from biogan.structures.files import NPZ, ending, format_of, holds_structures, read_chains

#: Chains that share a word of this many residues are related.
WORD = 12
# Words of fewer different letters are tags and repeats, which unrelated chains share.
_DIVERSE = 5
#: Column of a table that names the family.
COLUMN = "family"


def find_families(
    chains: Sequence[Chain], source: Path, table: str | None
) -> tuple[np.ndarray, str]:
    """Find the family of each chain, and say in one sentence where it comes from.

    A table that was given counts most, then ``NAME.tsv`` or ``ca_chains.tsv`` beside ``NAME.npz``
    if its ids are exactly those of the chains, then :func:`by_words`, if sequences are known;
    otherwise every chain is its own family.

    Returns
    -------
    families : numpy.ndarray, shape (n,), int64
        Numbered from 0 in the order of the chains.
    note : str
        Where they come from.

    Raises
    ------
    DataError
        If the table has no row for any chain, or is damaged.
    """
    names = [chain.name for chain in chains]
    beside = _table_beside(source, names) if table is None else None
    if table is not None or beside is not None:
        families, missing = by_table(names, str(table or beside))
        note = f"families from {table or beside}"
        if missing:
            chosen = f"{plural(len(missing), 'chain')} without a row each its own"
            note += f", {chosen} ({few(missing)})"
    elif all(chain.letters for chain in chains):
        families = by_words([chain.letters for chain in chains])
        note = f"families of chains that share {WORD} residues in a row"
    else:
        families = np.arange(len(chains))
        note = "every chain counts as its own family (--labels TSV with a column family tells)"
    count = len(set(families.tolist()))
    return families, f"{note}: {count:,} {'family' if count == 1 else 'families'}"


def by_table(names: Sequence[str], table: str) -> tuple[np.ndarray, list[str]]:
    """Return the families that a table gives, and the chains that have none in it."""
    columns, _ = join_labels({}, table, names, names)
    told = columns.get(COLUMN) or next(iter(columns.values()))
    labels = [label or f"\0{i}" for i, label in enumerate(told)]
    missing = [name for name, label in zip(names, told, strict=True) if not label]
    return _numbered(labels), missing


def by_words(letters: Sequence[str], word: int = WORD) -> np.ndarray:
    """Link chains that share a word (single linkage), and number the families, shape (n,).

    Examples
    --------
    >>> by_words(["MKVLAAGIW", "WWCDMKVLA", "CDEFGHIKL"], word=5).tolist()
    [0, 0, 1]
    """
    first: dict[str, int] = {}
    pairs = [(0, 0)]
    for i, text in enumerate(letters):
        for at in range(len(text) - word + 1):
            piece = text[at : at + word]
            if len(set(piece)) >= min(_DIVERSE, word):
                pairs.append((first.setdefault(piece, i), i))
    one, other = np.array(sorted(set(pairs))).T
    graph = coo_matrix((np.ones(len(one)), (one, other)), shape=(len(letters), len(letters)))
    return _numbered(connected_components(graph, directed=False)[1].tolist())


def split_families(
    fragments: FragmentSet, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split by whole families, so that no held-out fragment has a relative in the training part.

    Parameters
    ----------
    fragments : FragmentSet
        What is split.
    share : float
        Share of the fragments to hold out, from 0 to below 1; met as nearly as whole families let.
    seed : int
        Seed of the order in which families are taken.

    Returns
    -------
    training, held_out : numpy.ndarray, shape (n,), bool
        Two masks; together they are all fragments. With a share above 0 neither is empty.

    Raises
    ------
    DataError
        If there is only one family, and a share is to be held out.
    """
    names, counts = np.unique(fragments.families, return_counts=True)
    held = np.zeros(len(fragments), bool)
    if share > 0:
        if len(names) < 2:
            raise DataError(
                f"{fragments.source}: all fragments come from one family, so none can be held out; "
                "give more structures, or --validation 0"
            )
        goal, taken = share * len(fragments), 0
        chosen: list[int] = []
        for i in rng(seed, "families").permutation(len(names)).tolist():
            if abs(taken + counts[i] - goal) < abs(taken - goal) and len(chosen) < len(names) - 1:
                chosen.append(i)
                taken += int(counts[i])
        held = np.isin(fragments.families, names[chosen or [int(counts.argmin())]])
    return ~held, held


def _numbered(labels: Sequence[str | int]) -> np.ndarray:
    """Replace labels by numbers, from 0 in the order in which they come first."""
    order = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    return np.array([order[label] for label in labels], np.int64)


def _table_beside(source: Path, names: Sequence[str]) -> Path | None:
    """Find a table of families beside an array whose ids are exactly those of the chains."""
    if source.suffix.lower() != NPZ:
        return None
    for path in (source.with_suffix(".tsv"), source.with_name("ca_chains.tsv")):
        if path.is_file():
            columns, rows, _ = read_label_table(str(path))
            if COLUMN in columns and set(rows) == set(names):
                return path
    return None


#: Numbers of residues that a fragment may have: what the networks halve.
RESIDUES = (16, 32, 64, 128)
#: Residues between the starts of neighbouring fragments of a chain.
STRIDE = 2
#: With more fragments than this the stride is doubled.
MOST = 200_000


def is_structures(data: Readable) -> bool:
    """Tell whether a path holds protein structures; images are read otherwise.

    Parameters
    ----------
    data : str, Path or open file
        A file that ends in ``.pdb``, ``.pdb1``, ``.ent``, ``.cif`` or ``.mmcif`` (also compressed),
        a folder with such a file or in whose folders most files are such, an ``.npz`` with an
        array ``xyz``, or a pipe that begins as one of these files; what begins it is left to its
        reader.
    """
    if not is_lasting(data):
        try:
            return format_of(data) is not None
        except FastaError:
            return False  # the reader says what is wrong
    path = Path(name_of(data))
    if path.is_dir():
        return holds_structures(path)
    if path.suffix.lower() == NPZ:
        try:
            with seekable(path) as file, zipfile.ZipFile(file) as archive:
                names = set(archive.namelist())
        except Exception:  # whatever a damaged directory of a zip makes it raise: a reader tells
            return False
        return "xyz.npy" in names
    return bool(ending(path))


def read_structures(data: Readable, reading: StructureReadingConfig | None = None) -> FragmentSet:
    """Read chains and cut them into fragments of one length.

    Every ``STRIDE`` residues a fragment starts; one that would cross a break of the chain is left
    out. Of each family only the chain that gives most fragments is used, so that a protein that was
    solved fifty times does not count fifty times.

    Parameters
    ----------
    data : str, Path or open file
        See :func:`biogan.structures.files.read_chains`.
    reading : StructureReadingConfig, optional
        ``residues`` of a fragment (64 by default) and ``labels``, a TSV with the id of a chain
        first and a column ``family``, see :func:`biogan.structures.read.find_families`.

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
    reading = reading or StructureReadingConfig()
    residues = 64 if reading.residues is None else reading.residues
    if residues not in RESIDUES:
        raise ConfigError(f"--residues {residues}: give {', '.join(map(str, RESIDUES))}")
    chains, notes = read_chains(data, reading.unpack_ratio)
    data = name_of(data)
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
    used = set(families[best].tolist())
    short = {family: chain.name for family, chain in zip(families.tolist(), chains, strict=True)
             if family not in used}  # fmt: skip
    if short:
        notes.append(
            f"{len(short):,} {'family has' if len(short) == 1 else 'families have'} no chain of "
            f"{residues} residues without a break ({few(list(short.values()))})"
        )
    return FragmentSet(np.stack(xyz), tuple(ids), np.array(belongs), data, tuple(notes))


def read_fragments(data: Readable, ratio: float = RATIO) -> FragmentSet:
    """Read chains of one length as they are: what a generator wrote, nothing cut or left out.

    Every chain is its own family.

    Raises
    ------
    DataError
        If nothing can be read, or lengths differ.
    """
    chains, notes = read_chains(data, ratio)
    data = name_of(data)
    lengths = sorted({len(chain.xyz) for chain in chains})
    if len(lengths) > 1:
        raise DataError(
            f"{data}: chains of {lengths[0]} to {lengths[-1]} residues; fragments of one length "
            "are needed"
        )
    ids = tuple(chain.name for chain in chains)
    xyz = np.stack([chain.xyz for chain in chains])
    found = [chain.distances for chain in chains if chain.distances is not None]
    maps = np.stack(found) if found else None
    return FragmentSet(xyz, ids, np.arange(len(ids)), data, tuple(notes), maps)


def _best(families: np.ndarray, room: np.ndarray) -> list[int]:
    """Find the chain with most room of each family that has any; numbers in the order of chains."""
    best: dict[int, int] = {}
    for i, family in enumerate(families.tolist()):
        if room[i] > room[best.get(family, i)] or (family not in best and room[i]):
            best[family] = i
    return sorted(best.values())
