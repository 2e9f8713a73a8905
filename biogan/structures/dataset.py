"""Protein chains, and a set of fragments of one length: C-alpha coordinates, all in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from biogan.core.errors import DataError


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
                f"{self.source}: {len(self.xyz):,} fragments, {len(self.ids):,} ids and "
                f"{len(self.families):,} families"
            )
        if self.maps is not None and self.maps.shape != (len(self), *(self.residues,) * 2):
            raise DataError(
                f"{self.source}: maps of shape {self.maps.shape} for {len(self):,} fragments of "
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
    distances : numpy.ndarray or None, shape (n, n)
        The distances that the coordinates were found from, see :attr:`FragmentSet.maps`.
    """

    name: str
    xyz: np.ndarray
    letters: str = ""
    distances: np.ndarray | None = None

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
