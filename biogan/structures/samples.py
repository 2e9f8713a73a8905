"""What metrics of fragments compare: samples with what several metrics share, computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np

from biogan.evaluation.intervals import GROUPS
from biogan.evaluation.metric import Metric, first_of, metric
from biogan.structures.dataset import FragmentSet
from biogan.structures.geometry import nearest

STRUCTURE_METRICS: dict[str, Metric] = {}
#: Sections of the report, in order.
GROUP_ORDER = ("novelty", "discriminability", "bonds", "twists", "folds", "diversity")
#: As :func:`biogan.evaluation.metric.metric`, for structures.
structure_metric = partial(metric, registry=STRUCTURE_METRICS)

Measure = Callable[[np.ndarray], np.ndarray]


class FragmentSample:
    """A set of fragments with what several metrics share, each computed once.

    Parameters
    ----------
    fragments : FragmentSet
        Fragments in an order without information.
    """

    def __init__(self, fragments: FragmentSet) -> None:
        self.fragments = fragments
        self._first: dict[int, FragmentSample] = {}
        self._nearest: dict[FragmentSample, tuple[np.ndarray, np.ndarray]] = {}
        self._values: dict[Measure, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.fragments)

    def first(self, n: int) -> FragmentSample:
        """Return the first ``n`` fragments, for what is too dear to be computed on all of them."""
        if n >= len(self):
            return self
        if n not in self._first:
            self._first[n] = FragmentSample(self.fragments[:n])
        return self._first[n]

    @cached_property
    def groups(self) -> np.ndarray:
        """Jackknife group of each fragment, shape (n,): families, which are alike, stay whole."""
        seen = {name: i for i, name in enumerate(dict.fromkeys(self.fragments.families.tolist()))}
        return np.array([seen[name] % GROUPS for name in self.fragments.families.tolist()], int)

    def values(self, measure: Measure) -> np.ndarray:
        """Return what a measure makes of the coordinates, shape (n, ...); computed once."""
        if measure not in self._values:
            self._values[measure] = measure(self.fragments.xyz.astype(np.float64))
        return self._values[measure]

    def nearest(self, source: FragmentSample) -> tuple[np.ndarray, np.ndarray]:
        """Nearest fragment of ``source`` and the RMSD to it, Angstrom: two of shape (n,)."""
        if source not in self._nearest:
            self._nearest[source] = nearest(self.fragments.xyz, source.fragments.xyz)
        return self._nearest[source]


@dataclass(frozen=True, eq=False)
class FragmentComparison:
    """One candidate beside the real fragments that it is compared with.

    Attributes
    ----------
    candidate : FragmentSample
        What is judged: generated, held-out or floor fragments.
    reference : FragmentSample
        Real fragments.
    source : FragmentSample
        What the candidate may have copied: the training fragments.
    fresh : FragmentSample or None
        Held-out real fragments none of which stands in ``source``.
    seed : int
        Seed of folds.
    """

    candidate: FragmentSample
    reference: FragmentSample
    source: FragmentSample
    fresh: FragmentSample | None = None
    seed: int = 0
    _first: dict[int, FragmentComparison] = field(default_factory=dict, repr=False)

    def first(self, n: int) -> FragmentComparison:
        """Return the comparison of the first ``n`` fragments of candidate, reference and fresh."""
        return first_of(self, n)

    def missing(self, need: str) -> str:
        """Say why ``need`` is not met; an empty string if it is."""
        if need == "fresh" and self.fresh is None:
            return "no held-out fragments to compare with"
        return ""

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
