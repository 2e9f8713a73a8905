"""Whether the two strands of a set can be told apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from biogan.alphabet import DNA, UNKNOWN
from biogan.datasets.drawing import spaced
from biogan.datasets.sequences import SequenceSet
from biogan.datasets.strands import reverse_complement
from biogan.metrics.kmers import kmer_table

# Words of up to this many letters, and letters in this many stretches of each record, are counted.
_LONGEST, _STRETCHES = 3, 10
# With fewer records a difference that matters could stay unseen.
FEWEST = 500
# More say nothing new, and their table would be large.
_MOST = 20_000
# Chance to take two equal strands for different ones.
_LEVEL = 0.05


class Strandedness(NamedTuple):
    """How far records are from their reverse complements.

    Attributes
    ----------
    z : float
        Largest difference of a count, in its standard errors.
    p : float
        Chance of one as large without strands, corrected for the number of counts (Bonferroni).
    """

    z: float
    p: float


def strandedness(sequences: SequenceSet) -> Strandedness:
    """Test whether records and their reverse complements look different.

    A paired z-test, a record against its other strand, of each count of words of 1 to 3 letters
    and of the letters in ten stretches of the records. What both strands have alike on average
    (Chargaff's second rule) is equal in all of them; a motif with a direction, a reading frame or
    a fixed place is not.

    Parameters
    ----------
    sequences : SequenceSet
        DNA without gaps, at least two records; of more than 20,000 as many, evenly spaced.

    Returns
    -------
    Strandedness

    Raises
    ------
    ConfigError
        If the letters have no complement, or the gap is one of them.

    Examples
    --------
    >>> found = strandedness(SequenceSet.from_strings(["AAAC", "AAGC", "ACAA"] * 20))
    >>> found.z > 10, found.p < 1e-9
    (True, True)
    >>> strandedness(SequenceSet.from_strings(["AAAC", "GTTT", "ACGT"] * 20)).z
    0.0
    """
    sequences = spaced(sequences, _MOST)
    difference = _counts(sequences) - _counts(reverse_complement(sequences))
    mean, spread = difference.mean(0), difference.std(0, ddof=1)
    varies = spread > 0
    z = np.abs(mean[varies]) / spread[varies] * np.sqrt(len(sequences))
    largest = float(z.max(initial=0.0))
    # Where all records differ alike there is no spread, and no doubt either.
    if (mean[~varies] != 0).any():
        return Strandedness(float("inf"), 0.0)
    return Strandedness(largest, min(1.0, 2 * float(norm.sf(largest)) * max(len(z), 1)))


def strands_alike(sequences: SequenceSet) -> Strandedness | None:
    """Return the test if it finds no strand in a set that is large enough, else None.

    Parameters
    ----------
    sequences : SequenceSet
        Any records; DNA of 500 records or more is tested, at the level of 5 %.

    Examples
    --------
    >>> strands_alike(SequenceSet.from_strings(["AAAC", "GTTT", "ACGT"] * 200)).p
    1.0
    >>> strands_alike(SequenceSet.from_strings(["AAAC", "GTTT", "ACGT"])) is None
    True
    """
    # RNA is written as it was transcribed, columns of an alignment cannot be turned, and letters
    # that only look like those of DNA have no complement.
    alphabet = sequences.alphabet
    is_dna = (alphabet.letters, alphabet.complement) == (DNA.letters, DNA.complement)
    if not is_dna or len(sequences) < FEWEST or (sequences.codes == UNKNOWN).any():
        return None
    found = strandedness(sequences)
    return found if found.p >= _LEVEL else None


def _counts(sequences: SequenceSet) -> np.ndarray:
    """Count words, and letters by stretch: shape (n, counts)."""
    tables = [kmer_table(sequences, k) for k in range(1, _LONGEST + 1)]
    size, n = sequences.alphabet.size, len(sequences)
    lengths = np.maximum(sequences.lengths, 1)
    owner = np.repeat(np.arange(n), sequences.lengths)
    place = np.arange(len(owner)) - sequences.offsets[:-1][owner]
    cell = (owner * _STRETCHES + place * _STRETCHES // lengths[owner]) * size + sequences.codes
    letters = np.bincount(cell, minlength=n * _STRETCHES * size).reshape(n, -1)
    return np.concatenate([*tables, letters], 1).astype(float)
