"""Mutual information of letters at a distance: order in nucleotides of any length, unaligned."""

from __future__ import annotations

import numpy as np

from biogan.datasets.nucleotides import OTHER, four_codes
from biogan.datasets.sequences import SequenceSet
from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison, Sample, jackknifed
from biogan.metrics.composition import remaining
from biogan.metrics.intervals import GROUPS
from biogan.metrics.kmers import entropy

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
