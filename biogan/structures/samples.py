"""What metrics of fragments compare: samples with what several metrics share, computed once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from biogan.evaluation.intervals import GROUPS
from biogan.evaluation.samples import BaseComparison, BaseSample
from biogan.structures.dataset import FragmentSet
from biogan.structures.geometry import nearest

Measure = Callable[[np.ndarray], np.ndarray]


class FragmentSample(BaseSample[FragmentSet]):
    """A set of fragments with what several metrics share, each computed once."""

    @property
    def fragments(self) -> FragmentSet:
        """The records, in an order without information."""
        return self.records

    @cached_property
    def groups(self) -> np.ndarray:
        """Jackknife group of each fragment, shape (n,): families, which are alike, stay whole."""
        seen = {name: i for i, name in enumerate(dict.fromkeys(self.fragments.families.tolist()))}
        return np.array([seen[name] % GROUPS for name in self.fragments.families.tolist()], int)

    def values(self, measure: Measure) -> np.ndarray:
        """Return what a measure makes of the coordinates, shape (n, ...); computed once."""
        found: np.ndarray = self.kept(
            measure, lambda: measure(self.fragments.xyz.astype(np.float64))
        )
        return found

    def nearest(self, source: FragmentSample) -> tuple[np.ndarray, np.ndarray]:
        """Nearest fragment of ``source`` and the RMSD to it, Angstrom: two of shape (n,)."""
        found: tuple[np.ndarray, np.ndarray] = self.kept(
            ("nearest", source), lambda: nearest(self.fragments.xyz, source.fragments.xyz)
        )
        return found


class FragmentComparison(BaseComparison[FragmentSample]):
    """One candidate beside the real fragments that it is compared with."""

    noun = "fragment"

    @property
    def related(self) -> np.ndarray:
        """Family of each fragment of candidate and reference, shape (n + m,).

        Families are numbered set by set: two are one if their fragments share a bond in one place,
        as those of one chain that overlap do.
        """
        new, real = self.candidate.fragments, self.reference.fragments
        offset = int(real.families.max(initial=0)) + 1
        family_of = dict(zip(_bonds(real), np.repeat(real.families, real.residues - 1).tolist(),
                             strict=True))  # fmt: skip
        names = new.families.tolist()
        number = {family: offset + i for i, family in enumerate(dict.fromkeys(names))}
        at = [family for family in names for _ in range(new.residues - 1)]
        for family, bond in zip(at, _bonds(new), strict=True):
            if bond in family_of:
                number[family] = family_of[bond]
        return np.concatenate([[number[family] for family in names], real.families])


def _bonds(fragments: FragmentSet) -> list[bytes]:
    """Return the bytes of both ends of every bond, fragment by fragment."""
    xyz = np.ascontiguousarray(fragments.xyz, np.float32)
    ends = np.concatenate([xyz[:, :-1], xyz[:, 1:]], 2)
    return [row.tobytes() for row in ends.reshape(-1, 6)]
