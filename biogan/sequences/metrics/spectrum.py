"""k-mer spectra: divergence, correlation and overlap, and mutual information at a distance.

Mutual information of two letters at a distance sees order in nucleotides of any length, unaligned.
"""

from __future__ import annotations

import numpy as np

from biogan.evaluation.distances import entropy, jsd, pearson
from biogan.evaluation.intervals import GROUPS, jackknifed
from biogan.evaluation.metric import Value
from biogan.sequences.dataset import OTHER, SequenceSet, four_codes
from biogan.sequences.kmers import choose_k, kmer_counts, windows
from biogan.sequences.metrics.comparison import Comparison, Sample, metric
from biogan.sequences.metrics.composition import remaining

# A table of all k-mers, which says whether each occurs, has at most so many cells.
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


@metric("kmer-precision", "k-mers", "k-mer precision", goal="high", high=1.0, unit="share",
        default=False)  # fmt: skip
def word_precision(comparison: Comparison) -> Value:
    """Share of the candidate's k-mers, repeats counted, that the reference has."""
    return _kmer_overlap(comparison, comparison.candidate, comparison.reference)


@metric("kmer-recall", "k-mers", "k-mer recall", goal="high", high=1.0, unit="share",
        default=False)  # fmt: skip
def word_recall(comparison: Comparison) -> Value:
    """Share of the reference's k-mers, repeats counted, that the candidate has."""
    return _kmer_overlap(comparison, comparison.reference, comparison.candidate)


def _kmer_overlap(comparison: Comparison, read: Sample, known: Sample) -> Value:
    # The shortest k-mers of which random letters have a quarter at most: of short ones, all occur.
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


_FURTHEST = 100
_MOST = 5_000


@metric("information-decay", "k-mers", "information decay", needs=("nucleotides",), unit="bits",
        most=_MOST, default=False)  # fmt: skip
def information_difference(comparison: Comparison) -> Value:
    """Mean over distances of the absolute difference of the mutual information of two letters."""
    furthest = furthest_distance(comparison.reference.plain)
    if furthest < 1:
        return Value(None, note="records are too short for letters at a distance")
    new, real = (group_pairs(s, furthest) for s in (comparison.candidate, comparison.reference))

    def difference(g: int | None) -> float:
        curves = (mutual_information(remaining(x, g)) for x in (new, real))
        return float(np.abs(np.subtract(*curves)).mean())

    return jackknifed(comparison, difference, note=f"distances 1 to {furthest}")


def furthest_distance(sequences: SequenceSet) -> int:
    """Return the largest distance that is read: half of the median length, at most 100."""
    return min(_FURTHEST, int(np.median(sequences.lengths)) // 2) if len(sequences) else 0


def group_pairs(sample: Sample, furthest: int) -> np.ndarray:
    """Count the pairs of nucleotides at each distance by jackknife group.

    Parameters
    ----------
    sample : Sample
        Nucleotides; pairs with another letter than the four are left out, and none crosses the
        border of a record.
    furthest : int
        Largest distance, in letters.

    Returns
    -------
    numpy.ndarray, shape (GROUPS, furthest, 4, 4), int64
        Cell ``[g, d - 1, a, b]``: letter b stands d letters behind a.
    """
    sequences = sample.plain
    codes = four_codes(sequences).astype(np.int32)
    record = np.repeat(np.arange(len(sequences), dtype=np.int32), sequences.lengths)
    # Five letters, so that what is left out has cells of its own.
    first = (sample.groups[record].astype(np.int32) * (OTHER + 1) + codes) * (OTHER + 1)
    cells = GROUPS * (OTHER + 1) ** 2
    counts = np.zeros((furthest, cells), np.int64)
    for d in range(1, min(furthest, len(codes) - 1) + 1):
        inside = record[d:] == record[:-d]
        counts[d - 1] = np.bincount((first[:-d] + codes[d:])[inside], minlength=cells)
    shape = (furthest, GROUPS, OTHER + 1, OTHER + 1)
    return counts.reshape(shape)[:, :, :OTHER, :OTHER].swapaxes(0, 1)


def mutual_information(counts: np.ndarray) -> np.ndarray:
    """Mutual information of two letters in bits, corrected for the number of pairs.

    Parameters
    ----------
    counts : numpy.ndarray, shape (..., A, A)
        Counts of pairs.

    Returns
    -------
    numpy.ndarray, shape (...)
        H(a) + H(b) - H(a, b) - (A - 1)^2 / (2 N ln 2) for N pairs, which for independent letters
        is 0 on average; 0 without pairs.

    Notes
    -----
    Grosse et al. 2000, Phys. Rev. E 61:5624; correction of Roulston 1999, Physica D 125:285.
    Records that differ in composition share information at every distance.

    Examples
    --------
    >>> mutual_information(np.array([[500_000, 0], [0, 500_000]])).round(5).item()
    1.0
    """
    joint = counts.reshape(*counts.shape[:-2], -1)
    n = joint.sum(-1)
    shared = entropy(counts.sum(-1)) + entropy(counts.sum(-2)) - entropy(joint)
    bias = (counts.shape[-1] - 1) ** 2 / (2 * np.log(2) * np.maximum(n, 1))
    return np.asarray(np.where(n > 0, shared - bias, 0.0))
