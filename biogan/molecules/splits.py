"""Splits of molecules: by scaffold, so that no series of relatives stands on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from biogan.core.rng import rng
from biogan.molecules.dataset import MoleculeSet
from biogan.molecules.workers import FEW, chunks, run

#: Molecules of a set up to which it is split by scaffold: of more, scaffolds take minutes.
MOST_SCAFFOLDS = 50_000
#: Molecules that are kept for validation at most: more would not be read.
MOST_VALIDATION = 20_000


def all_scaffolds(smiles: Sequence[str]) -> list[str]:
    """Return the Murcko scaffolds of molecules, in further processes where there are many."""
    parts = run("biogan.molecules.features:scaffolds", chunks(smiles), many=len(smiles) > FEW)
    return [scaffold for part in parts for scaffold in part]


def split(records: MoleculeSet, wanted: int, seed: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Hold about ``wanted`` molecules out.

    Sets of up to 50,000 molecules are split by scaffold: a scaffold goes to one side whole, in an
    order that a hash of the seed and the scaffold gives, so that the order of the file does not
    count. Molecules without a ring are dealt out one by one. Larger sets are split at random.

    Returns
    -------
    rest, held_out : numpy.ndarray of int
        Numbers of the records.
    how : str
        In words.

    Examples
    --------
    >>> some = MoleculeSet.from_smiles(["Cc1ccccc1", "CCc1ccccc1", "C1CCCC1", "CC1CCCC1"])
    >>> sorted(map(len, split(some, 2, 0)[:2])), split(some, 2, 0)[2]
    ([2, 2], 'by scaffold')
    """
    n = len(records)
    wanted = min(wanted, n - 1)
    if n > MOST_SCAFFOLDS:
        order = rng(seed, "split").permutation(n)
        return np.sort(order[wanted:]), np.sort(order[:wanted]), "at random"
    groups = all_scaffolds(records.smiles)
    keys = [scaffold or text for scaffold, text in zip(groups, records.smiles, strict=True)]
    sizes: dict[str, int] = {}
    for key in keys:
        sizes[key] = sizes.get(key, 0) + 1
    held: set[str] = set()
    missing = wanted
    for key in sorted(sizes, key=lambda k: hashlib.sha256(f"{seed} {k}".encode()).digest()):
        if sizes[key] <= missing:
            held.add(key)
            missing -= sizes[key]
        if not missing:
            break
    mask = np.array([key in held for key in keys], bool)
    if not mask.any() or mask.all():
        order = rng(seed, "split").permutation(n)
        return (
            np.sort(order[wanted:]),
            np.sort(order[:wanted]),
            "at random, as no scaffold is rare enough to be held out",
        )
    return np.flatnonzero(~mask), np.flatnonzero(mask), "by scaffold"
