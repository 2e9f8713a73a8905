"""What metrics compare: samples with shared counts, and a candidate beside real data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from biogan.datasets.codons import genetic_code
from biogan.datasets.sequences import SequenceSet
from biogan.metrics.base import Compared, Value
from biogan.metrics.extras import Extras
from biogan.metrics.identities import pair_identities
from biogan.metrics.intervals import GROUPS, jackknife
from biogan.metrics.kmers import grouped_kmer_counts
from biogan.metrics.order import first_of
from biogan.metrics.profile import unavailable
from biogan.similarity import has_near_copy, nearest

#: Needs that the kind of data and the extras decide, alike for every candidate.
KINDS = frozenset({"nucleotides", "protein", "profile", "motifs", "coding", "labels"})
# Share of whole genes in the reference from which its records count as genes.
_CODING = 0.5


class Sample:
    """A set of sequences with the counts that several metrics share, each computed once.

    Parameters
    ----------
    sequences : SequenceSet
        Records in an order without information, see :func:`biogan.metrics.inputs.shuffled`.
    """

    def __init__(self, sequences: SequenceSet) -> None:
        self.sequences = sequences
        self._kmers: dict[int, np.ndarray] = {}
        self._identities: dict[bool, np.ndarray] = {}
        self._near: dict[tuple[Sample, float], np.ndarray] = {}
        self._nearest: dict[Sample, tuple[np.ndarray, np.ndarray]] = {}
        self._first: dict[int, Sample] = {}
        self._values: dict[Callable[[SequenceSet], np.ndarray], np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.sequences)

    @cached_property
    def plain(self) -> SequenceSet:
        """The records without alignment gaps: what composition and k-mers are counted on."""
        return self.sequences.ungapped()

    @cached_property
    def groups(self) -> np.ndarray:
        """Jackknife group of each record, shape (n,)."""
        return np.arange(len(self)) % GROUPS

    @cached_property
    def matrix(self) -> np.ndarray:
        """Codes of a set of one length, shape (n, L)."""
        return self.sequences.matrix()

    def first(self, n: int) -> Sample:
        """Return the first ``n`` records, for what is too dear to be computed on all of them."""
        if n >= len(self):
            return self
        if n not in self._first:
            self._first[n] = Sample(self.sequences[:n])
        return self._first[n]

    def group_kmers(self, k: int) -> np.ndarray:
        """k-mer counts of each jackknife group, shape (GROUPS, A**k)."""
        if k not in self._kmers:
            self._kmers[k] = grouped_kmer_counts(self.plain, k, self.groups, GROUPS)
        return self._kmers[k]

    def by_group(self, values: np.ndarray) -> np.ndarray:
        """Sum values of records, shape (n, ...), by jackknife group: shape (GROUPS, ...)."""
        return np.stack([values[self.groups == g].sum(0) for g in range(GROUPS)])

    def values(self, compute: Callable[[SequenceSet], np.ndarray]) -> np.ndarray:
        """Return what ``compute`` makes of the records without gaps; computed once."""
        if compute not in self._values:
            self._values[compute] = compute(self.plain)
        return self._values[compute]

    def pair_identities(self, by_position: bool) -> np.ndarray:
        """Identities of random pairs; see :func:`biogan.metrics.identities.pair_identities`."""
        if by_position not in self._identities:
            self._identities[by_position] = pair_identities(self.sequences, by_position)
        return self._identities[by_position]

    def near_copies(self, source: Sample, identity: float) -> np.ndarray:
        """Tell which records have this identity to some record of ``source``: shape (n,), bool."""
        if (source, identity) not in self._near:
            self._near[source, identity] = has_near_copy(self.sequences, source.sequences, identity)
        return self._near[source, identity]

    def nearest(self, source: Sample) -> tuple[np.ndarray, np.ndarray]:
        """Nearest record of ``source`` for each record and identity to it: two of shape (n,).

        In the sample itself the nearest other record.
        """
        if source not in self._nearest:
            own = source is self
            found = nearest(self.sequences, None if own else source.sequences)
            self._nearest[source] = found[1:]
        return self._nearest[source]


@dataclass(frozen=True, eq=False)
class Comparison:
    """One candidate beside the real data that it is compared with.

    Attributes
    ----------
    candidate : Sample
        What is judged: generated, held-out or floor sequences.
    reference : Sample
        Real sequences.
    source : Sample
        What the candidate may have copied: the training data.
    fresh : Sample or None
        Held-out real records none of which stands in ``source``: how alike to it real ones are.
    lengths_vary : bool
        Whether any set of the evaluation has records of different lengths.
    identity : float
        Identity from which a record is a near copy.
    seed : int
        Seed of random pairs and folds.
    extras : Extras
        What the caller knows beyond the sequences.
    """

    candidate: Sample
    reference: Sample
    source: Sample
    fresh: Sample | None = None
    lengths_vary: bool = True
    identity: float = 0.9
    seed: int = 0
    extras: Extras = field(default_factory=Extras)
    _first: dict[int, Comparison] = field(default_factory=dict, repr=False)

    def first(self, n: int) -> Comparison:
        """Return the comparison of the first ``n`` records of candidate, reference and fresh."""
        return first_of(self, n)

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
        if need == "fresh" and self.fresh is None:
            return "no held-out records to compare with"
        return ""

    def _without_genes(self) -> str:
        if self.extras.coding is not None:
            return "" if self.extras.coding else "not genes, as told"
        share = self.reference.values(genetic_code(self.extras.code).valid).mean()
        return "" if share >= _CODING else f"{share:.0%} of the reference are genes: --coding"

    def _without_profile(self) -> str:
        training = self.source.sequences
        aligned = training.alphabet.has_gap and training.is_fixed_length
        if self.extras.hmm is None and not aligned:
            return "no profile: align the training data, or give one with --hmm"
        return unavailable()


def jackknifed(
    comparison: Compared,
    statistic: Callable[[int | None], float],
    low: float = 0.0,
    high: float = np.inf,
    correct: bool = True,
    note: str = "",
) -> Value:
    """Estimate a statistic of candidate and reference with its jackknife interval.

    Parameters
    ----------
    comparison : Compared
        Gives the numbers of records.
    statistic : callable
        ``statistic(g)`` without jackknife group ``g`` of both sets, all records for ``None``.
    low, high : float
        Range, infinite without a border: a corrected value beyond it is moved to its border.
    correct : bool
        Take the bias of the plug-in estimate off the value; otherwise only the interval is taken
        from the jackknife.
    note : str
        Passed on.
    """
    n = len(comparison.candidate)
    if min(n, len(comparison.reference)) < GROUPS:
        few = f"fewer than {GROUPS} records: no interval"
        return Value(statistic(None), n=n, note=f"{note}; {few}" if note else few)
    plain, value, left, right = jackknife(statistic)
    if not correct:
        left, right, value = left + plain - value, right + plain - value, plain
    value, left, right = np.clip([value, left, right], low, high).tolist()
    return Value(value, left, right, plain, n, note)
