"""What metrics of sequences compare, and the registry that they join.

A :class:`Sample` keeps counts that several metrics share; a :class:`Comparison` puts one beside
real sequences and says which metrics can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from biogan.core.errors import percentage
from biogan.evaluation.intervals import GROUPS
from biogan.evaluation.metric import MetricRegistry
from biogan.evaluation.samples import BaseComparison, BaseSample
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.genetic_code import genetic_code
from biogan.sequences.kmers import grouped_kmer_counts
from biogan.sequences.metrics.context import Extras, unavailable
from biogan.sequences.overlaps import Overlaps, joined
from biogan.sequences.similarity.pairs import clusters, has_near_copy, nearest
from biogan.sequences.similarity.words import covered

#: The metrics of sequences, with the sections of the report in order.
SEQUENCE_METRICS = MetricRegistry(
    "novelty", "discriminability", "k-mers", "positions", "lengths", "features", "composition",
    "protein", "genes", "motifs", "diversity", "conditions",
)  # fmt: skip
metric = SEQUENCE_METRICS.metric

_MAX_PAIRS = 2000
# Letters of the pairs that are aligned: 2,000 pairs of 500 letters, 100 of 10,000. The time of an
# alignment grows with the square of the length, so that this bounds it where lengths are great.
_MAX_LETTERS = 2_000_000


def pair_identities(sequences: SequenceSet, by_position: bool) -> np.ndarray:
    """Identity of record 1 with 2, 3 with 4, ...: 1 - distance / longer length.

    Parameters
    ----------
    sequences : SequenceSet
        Records in an order that carries no information.
    by_position : bool
        Hamming distance, for records of one length; otherwise edit distance, on as many pairs as
        have 2 million letters together, but at least 20.

    Returns
    -------
    numpy.ndarray, shape (pairs,)
        At most 2000 values, 0 to 1.

    Examples
    --------
    >>> some = SequenceSet.from_strings(["ACGT", "CGTA", "TTTT", "AAAA"])
    >>> pair_identities(some, by_position=True).tolist()
    [0.0, 0.0]
    >>> pair_identities(some, by_position=False).tolist()
    [0.5, 0.0]
    """
    pairs = min(len(sequences) // 2, _MAX_PAIRS)
    if by_position:
        matrix = sequences[: 2 * pairs].matrix()
        differ = (matrix[::2] != matrix[1::2]).sum(1)
        return np.asarray(1 - differ / max(matrix.shape[1], 1))
    import edlib

    letters = sequences.lengths[: 2 * pairs].reshape(pairs, 2).sum(1).cumsum()
    pairs = min(pairs, max(GROUPS, int(np.searchsorted(letters, _MAX_LETTERS, side="right"))))
    texts = sequences[: 2 * pairs].strings()
    return np.array([
        1 - edlib.align(a, b)["editDistance"] / max(len(a), len(b), 1)
        for a, b in zip(texts[::2], texts[1::2], strict=True)
    ])  # fmt: skip


#: Needs that the kind of data and the extras decide, alike for every candidate.
FIXED_NEEDS = frozenset({
    "nucleotides", "protein", "profile", "motifs", "coding", "labels", "condition",
})  # fmt: skip
#: Why metrics of labels cannot be read of most data, which is not worth a note.
NO_CONDITION = "no label that real and generated records share: --condition"
# Share of whole genes in the reference from which its records count as genes.
_CODING = 0.5


class Sample(BaseSample[SequenceSet]):
    """A set of sequences with the counts that several metrics share, each computed once."""

    @property
    def sequences(self) -> SequenceSet:
        """The records, in an order without information."""
        return self.records

    @cached_property
    def overlaps(self) -> Overlaps:
        """Which records overlap, as windows of one sequence do."""
        return Overlaps.of(self.sequences)

    @cached_property
    def clusters(self) -> np.ndarray:
        """Stretch of overlapping records that each record belongs to, shape (n,)."""
        return self.overlaps.stretches

    @cached_property
    def groups(self) -> np.ndarray:
        """Jackknife group of each record, shape (n,); overlapping ones are in one, nearly all."""
        return self.overlaps.groups(GROUPS)

    @cached_property
    def plain(self) -> SequenceSet:
        """The records without alignment gaps: what composition and k-mers are counted on."""
        return self.sequences.ungapped()

    @cached_property
    def matrix(self) -> np.ndarray:
        """Codes of a set of one length, shape (n, L)."""
        return self.sequences.matrix()

    def group_kmers(self, k: int) -> np.ndarray:
        """k-mer counts of each jackknife group, shape (GROUPS, A**k)."""
        return self._array(
            ("kmers", k), lambda: grouped_kmer_counts(self.plain, k, self.groups, GROUPS)
        )

    def values(self, compute: Callable[[SequenceSet], np.ndarray]) -> np.ndarray:
        """Return what ``compute`` makes of the records without gaps; computed once."""
        return self._array(compute, lambda: compute(self.plain))

    def pair_identities(self, by_position: bool) -> np.ndarray:
        """Identities of random pairs; see :func:`pair_identities`."""
        return self._array(
            ("pairs", by_position), lambda: pair_identities(self.sequences, by_position)
        )

    def relatives(self, identity: float) -> np.ndarray:
        """Group records that overlap or have this identity to each other: shape (n,)."""
        return self._array(
            ("relatives", identity),
            lambda: joined(clusters(self.sequences, identity), self.clusters),
        )

    def near_copies(self, source: Sample, identity: float) -> np.ndarray:
        """Tell which records have this identity to some record of ``source``: shape (n,), bool."""
        return self._array(
            ("near", source, identity),
            lambda: has_near_copy(self.sequences, source.sequences, identity),
        )

    def shared_letters(self, source: Sample) -> np.ndarray:
        """Count the letters of each record in long words that ``source`` holds, shape (n,)."""
        return self._array(("shared", source), lambda: covered(self.plain, source.plain))

    def nearest(self, source: Sample) -> tuple[np.ndarray, np.ndarray]:
        """Nearest record of ``source`` for each record and identity to it: two of shape (n,).

        In the sample itself the nearest other record.
        """
        other = None if source is self else source.sequences
        _, place, identity = self.kept(("nearest", source), lambda: nearest(self.sequences, other))
        return place, identity

    def _array(self, key: Hashable, compute: Callable[[], np.ndarray]) -> np.ndarray:
        found: np.ndarray = self.kept(key, compute)
        return found


@dataclass(frozen=True, eq=False)
class Comparison(BaseComparison[Sample]):
    """One candidate beside the real sequences that it is compared with.

    Attributes
    ----------
    lengths_vary : bool
        Whether any set of the evaluation has records of different lengths.
    identity : float
        Identity from which a record is a near copy.
    extras : Extras
        What the caller knows beyond the sequences.
    """

    lengths_vary: bool = True
    identity: float = 0.9
    extras: Extras = field(default_factory=Extras)

    def missing(self, need: str) -> str:
        """Say why ``need`` is not met; an empty string if it is."""
        real, new = self.reference.sequences, self.candidate.sequences
        if need == "motifs" and not self.extras.motifs:
            return "no motifs given: --motifs"
        if (
            need in ("nucleotides", "motifs", "coding")
            and self.reference.plain.alphabet.complement is None
        ):
            return "nucleotides only"
        if need == "protein" and self.reference.plain.alphabet.name != "protein":
            return "protein only"
        if need == "coding":
            return self._without_genes()
        if need == "profile":
            return self._without_profile()
        if need == "condition":
            return NO_CONDITION
        if need == "labels" and not real.labels:
            return "no labels in the reference"
        if need == "labels" and not set(real.labels) & set(new.labels):
            return "no label of the reference in the candidate"
        if need == "columns":
            if not real.is_fixed_length:
                return "lengths vary: a position does not mean the same in every record"
            if not new.is_fixed_length or new.lengths[0] != real.lengths[0]:
                return f"not all candidates have the {real.lengths[0]} positions of the reference"
        if need == "lengths" and not self.lengths_vary:
            return "not informative: all sequences have one length"
        return super().missing(need)

    def _without_genes(self) -> str:
        if self.extras.coding is not None:
            return "" if self.extras.coding else "not genes, as told"
        share = self.reference.values(genetic_code(self.extras.code).valid).mean()
        return (
            "" if share >= _CODING else f"{percentage(share)} of the reference are genes: --coding"
        )

    def _without_profile(self) -> str:
        training = self.source.sequences
        aligned = training.alphabet.has_gap and training.is_fixed_length
        if self.extras.hmm is None and not aligned:
            return "no profile: align the training data, or give one with --hmm"
        return unavailable()
