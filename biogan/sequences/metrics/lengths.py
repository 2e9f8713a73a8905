"""Lengths and ends of records of varying length.

A mean or a distance of means hides lengths that are missing; the distribution functions and shares
of bins show them. At the ends stand start and stop codons, primers, and cut sites.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from biogan.evaluation.intervals import clustered_share, jackknifed
from biogan.evaluation.metric import Value
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.genetic_code import CODON
from biogan.sequences.kmers import kmer_names
from biogan.sequences.metrics.comparison import Comparison, Sample, metric
from biogan.sequences.metrics.composition import count_divergence, value_distance, without

# Bins of lengths, and records for each word at an end, at least.
_BINS, _PER_WORD = 20, 10


@metric("length-w1", "lengths", "length W1", needs=("lengths",), unit="letters")
def length_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the length distributions, gaps not counted."""
    new, real = comparison.candidate.plain.lengths, comparison.reference.plain.lengths
    return value_distance(comparison, new, real)


@metric("length-ks", "lengths", "length KS", high=1.0, needs=("lengths",))
def length_supremum(comparison: Comparison) -> Value:
    """Kolmogorov-Smirnov distance: largest difference of the cumulative shares of lengths."""
    samples = comparison.candidate, comparison.reference
    points = np.union1d(*(s.plain.lengths for s in samples))

    def distance(g: int | None) -> float:
        below = []
        for sample in samples:
            kept = without(sample, sample.plain.lengths, g)
            below.append(np.searchsorted(np.sort(kept), points, "right") / max(1, len(kept)))
        return float(np.abs(below[0] - below[1]).max())

    # A supremum is no smooth function of the shares: the jackknife cannot take off its bias.
    return jackknifed(comparison, distance, high=1.0, correct=False)


@metric("length-jsd", "lengths", "length JSD", high=1.0, needs=("lengths",), unit="bits")
def length_divergence(comparison: Comparison) -> Value:
    """Jensen-Shannon divergence of the lengths in bins that hold as many real records each.

    Up to 20 bins; details name those whose share differs.
    """
    real = comparison.reference.plain.lengths
    steps = np.linspace(0, 1, _BINS + 1)[1:-1]
    borders = np.unique(np.quantile(real, steps, method="higher"))
    bins = np.searchsorted(borders, np.arange(1 + max(
        int(s.plain.lengths.max(initial=0)) for s in (comparison.candidate, comparison.reference)
    )), "right")  # fmt: skip
    new, old = (
        s.by_group(np.eye(len(borders) + 1)[bins[s.plain.lengths]])
        for s in (comparison.candidate, comparison.reference)
    )
    ends = [f"below {borders[0]}", *(f"{a} to {b - 1}" for a, b in pairwise(borders)),
            f"{borders[-1]} or more"]  # fmt: skip
    return count_divergence(comparison, new, old, ends, f"{len(ends):,} bins")


@metric("length-outside", "lengths", "lengths outside", high=1.0, needs=("lengths",),
        unit="share", alike=False)  # fmt: skip
def length_outside(comparison: Comparison) -> Value:
    """Share of the records that are shorter or longer than every reference record."""
    new, real = comparison.candidate.plain.lengths, comparison.reference.plain.lengths
    outside = (new < real.min()) | (new > real.max())
    share = clustered_share(outside, comparison.candidate.clusters)
    note = f"{new.min()} to {new.max()} letters, real {real.min()} to {real.max()}"
    return Value(*share, n=len(new), note=note)


@metric("start-jsd", "lengths", "first letters JSD", high=1.0, needs=("lengths",), unit="bits")
def start_divergence(comparison: Comparison) -> Value:
    """Jensen-Shannon divergence of the first letters of records, such as start codons."""
    return _outer_divergence(comparison, from_end=False)


@metric("end-jsd", "lengths", "last letters JSD", high=1.0, needs=("lengths",), unit="bits")
def end_divergence(comparison: Comparison) -> Value:
    """Jensen-Shannon divergence of the last letters of records, such as stop codons."""
    return _outer_divergence(comparison, from_end=True)


def _outer_divergence(comparison: Comparison, from_end: bool) -> Value:
    """Compare the first or last k letters, k up to 3 with at least 10 records for each word."""
    both = comparison.candidate, comparison.reference
    alphabet = comparison.reference.plain.alphabet
    most = min(len(s.sequences) for s in both) / _PER_WORD
    k = 1
    while k < CODON and alphabet.size ** (k + 1) <= most:
        k += 1

    def counts(sample: Sample) -> np.ndarray:
        letters = outer_letters(sample.plain, k, from_end)[:, :: -1 if from_end else 1]
        whole = (letters < alphabet.size).all(1)
        word = letters.astype(np.int64) @ alphabet.size ** np.arange(k - 1, -1, -1)
        word = np.where(whole, word, alphabet.size**k)
        return sample.by_group(np.eye(alphabet.size**k + 1)[word])

    names = [*kmer_names(alphabet.letters, k), f"fewer than {k} letters"]
    new, real = map(counts, both)
    return count_divergence(comparison, new, real, names, f"k={k}")


def outer_letters(sequences: SequenceSet, positions: int, from_end: bool) -> np.ndarray:
    """Return the first or the last letters of every record, of any length.

    Parameters
    ----------
    sequences : SequenceSet
        Records.
    positions : int
        Letters of each.
    from_end : bool
        The last letter first, instead of the first one.

    Returns
    -------
    numpy.ndarray, shape (n, positions), uint8
        Codes; the size of the alphabet where a record is shorter.

    Examples
    --------
    >>> some = SequenceSet.from_strings(["ACG", "T"])
    >>> outer_letters(some, 2, False).tolist(), outer_letters(some, 2, True).tolist()
    ([[0, 1], [3, 4]], [[2, 1], [3, 4]])
    """
    step = np.arange(positions)
    place = (
        sequences.offsets[1:, None] - 1 - step
        if from_end
        else (sequences.offsets[:-1, None] + step)
    )
    found = np.full(place.shape, sequences.alphabet.size, np.uint8)
    inside = step < sequences.lengths[:, None]
    found[inside] = sequences.codes[place[inside]]
    return found
