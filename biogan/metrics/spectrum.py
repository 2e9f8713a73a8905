"""Divergence and correlation of k-mer spectra."""

from __future__ import annotations

from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison, jackknifed
from biogan.metrics.composition import remaining
from biogan.metrics.kmers import choose_k, jsd, pearson, windows


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
