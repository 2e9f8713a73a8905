"""Divergence and correlation of k-mer spectra."""

from __future__ import annotations

import numpy as np

from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison, Sample, jackknifed
from biogan.metrics.composition import remaining
from biogan.metrics.intervals import GROUPS
from biogan.metrics.kmers import choose_k, jsd, kmer_counts, pearson, windows

# A table of all words of k letters, which says whether each occurs, has at most so many cells.
_WORDS = 1 << 22


@metric("kmer-jsd", "k-mers", "k-mer JSD", high=1.0, unit="bits")
def spectrum_divergence(comparison: Comparison) -> Value:
    """Jensen-Shannon divergence of the spectra, at the largest k with 10 windows a cell."""
    reference = comparison.reference.plain
    # By the reference cut to the candidate's number, so that all columns share one k.
    k = choose_k(reference[: len(comparison.candidate)])
    if not windows(reference, k) or not windows(comparison.candidate.plain, k):
        return Value(None, note=f"no record holds {k} letters")
    new, real = comparison.candidate.group_kmers(k), comparison.reference.group_kmers(k)
    return jackknifed(
        comparison,
        lambda g: float(jsd(remaining(new, g), remaining(real, g))),
        high=1.0,
        note=f"k={k}",
    )


@metric("kmer-pearson", "k-mers", "k-mer Pearson", goal="high", low=-1.0, high=1.0)
def spectrum_correlation(comparison: Comparison) -> Value:
    """Pearson correlation of the spectra: k=6 for nucleotides, 3 or 2 for protein."""
    reference = comparison.reference.plain
    highest = 6 if reference.alphabet.complement is not None else 3
    k = choose_k(reference[: len(comparison.candidate)], per_cell=1, highest=highest)
    new, real = comparison.candidate.group_kmers(k), comparison.reference.group_kmers(k)
    return jackknifed(
        comparison,
        lambda g: pearson(remaining(new, g), remaining(real, g)),
        low=-1.0,
        high=1.0,
        # As published tools print it; the reader compares it with the ceiling at the same n.
        correct=False,
        note=f"k={k}",
    )


@metric("kmer-precision", "k-mers", "words that are real", goal="high", high=1.0, unit="share",
        default=False)  # fmt: skip
def word_precision(comparison: Comparison) -> Value:
    """Share of the candidate's words of k letters, repeats counted, that the reference has."""
    return _shared_words(comparison, comparison.candidate, comparison.reference)


@metric("kmer-recall", "k-mers", "real words found", goal="high", high=1.0, unit="share",
        default=False)  # fmt: skip
def word_recall(comparison: Comparison) -> Value:
    """Share of the reference's words of k letters, repeats counted, that the candidate has."""
    return _shared_words(comparison, comparison.reference, comparison.candidate)


def _shared_words(comparison: Comparison, read: Sample, known: Sample) -> Value:
    # The shortest words of which random letters have a quarter at most: of short ones, all occur.
    reference = comparison.reference.plain
    size, k = max(2, reference.alphabet.size), 1
    while size**k < 4 * windows(reference, 1) and size ** (k + 1) <= _WORDS:
        k += 1
    if not windows(read.plain, k):
        return Value(None, note=f"no record holds {k} letters")
    found = kmer_counts(known.plain, k) > 0

    def of_group(g: int) -> tuple[int, int]:
        # One table at a time: twenty of them would take 640 MB.
        counts = kmer_counts(read.plain.take(np.flatnonzero(read.groups == g)), k)
        return counts[found].sum(), counts.sum()

    hits = np.array([of_group(g) for g in range(GROUPS)])

    def share(g: int | None) -> float:
        shared, total = remaining(hits, g)
        return float(shared / max(1, total))

    note = f"k={k}; random letters {found.mean():.2g}"
    return jackknifed(comparison, share, high=1.0, correct=False, note=note)
