"""Families of chains: what is related stays on one side of a split, and counts once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from biogan.errors import DataError
from biogan.io.input_report import plural
from biogan.io.labels import join_labels, read_label_table
from biogan.seeds import rng
from biogan.structures.chains import Chain
from biogan.structures.fragments import FragmentSet

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
            note += f", {plural(missing, 'chain')} without a row each its own"
    elif all(chain.letters for chain in chains):
        families = by_words([chain.letters for chain in chains])
        note = f"families of chains that share {WORD} residues in a row"
    else:
        families = np.arange(len(chains))
        note = "every chain counts as its own family (--labels TSV with a column family tells)"
    count = len(set(families.tolist()))
    return families, f"{note}: {count:,} {'family' if count == 1 else 'families'}"


def by_table(names: Sequence[str], table: str) -> tuple[np.ndarray, int]:
    """Return the families that a table gives, and how many chains have none in it."""
    columns, _ = join_labels({}, table, names, names)
    told = columns.get(COLUMN) or next(iter(columns.values()))
    labels = [label or f"\0{i}" for i, label in enumerate(told)]
    return _numbered(labels), sum(not label for label in told)


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
    if source.suffix.lower() != ".npz":
        return None
    for path in (source.with_suffix(".tsv"), source.with_name("ca_chains.tsv")):
        if path.is_file():
            columns, rows = read_label_table(str(path))
            if COLUMN in columns and set(rows) == set(names):
                return path
    return None
