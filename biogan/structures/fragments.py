"""A set of protein fragments of one length: C-alpha coordinates, all in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from biogan.errors import DataError


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

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the coordinates and families, not of names."""
        found = hashlib.sha256(repr(self.xyz.shape).encode())
        found.update(self.xyz.tobytes())
        found.update(self.families.tobytes())
        return found.hexdigest()
