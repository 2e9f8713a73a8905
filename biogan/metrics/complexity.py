"""Low complexity: repeats of few letters or short words within a record."""

from __future__ import annotations

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison
from biogan.metrics.composition import value_distance
from biogan.metrics.kmers import entropy, kmer_table

# Cells of the tables of k-mer counts of single records that are held at once.
_CELLS = 1 << 22


@metric("complexity-w1", "composition", "complexity W1", unit="bits", default=False)
def complexity_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the entropy of the words within records, low for repeats."""
    nucleotides = comparison.reference.plain.alphabet.complement is not None
    compute = triplet_entropy if nucleotides else letter_entropy
    new, real = (s.values(compute) for s in (comparison.candidate, comparison.reference))
    return value_distance(comparison, new, real, note="k=3" if nucleotides else "k=1")


def triplet_entropy(sequences: SequenceSet) -> np.ndarray:
    """Entropy of the triplets of letters of each record in bits, shape (n,); at most 6 for DNA.

    Low for simple repeats of any short unit, like the DUST score, which counts the same triplets
    (Morgulis et al. 2006, J. Comput. Biol. 13:1028).

    Examples
    --------
    >>> triplet_entropy(SequenceSet.from_strings(["AAAAAA", "ATATAT", "AACAG"])).round(3).tolist()
    [0.0, 1.0, 1.585]
    """
    return _word_entropy(sequences, 3)


def letter_entropy(sequences: SequenceSet) -> np.ndarray:
    """Entropy of the letters of each record in bits, shape (n,).

    The measure of SEG for proteins (Wootton & Federhen 1993, Comput. Chem. 17:149), over the whole
    record.
    """
    return _word_entropy(sequences, 1)


def _word_entropy(sequences: SequenceSet, k: int) -> np.ndarray:
    step = max(1, _CELLS // sequences.alphabet.size**k)
    parts = [
        entropy(kmer_table(sequences[i : i + step], k)) for i in range(0, len(sequences), step)
    ]
    return np.concatenate([np.zeros(0), *parts])
