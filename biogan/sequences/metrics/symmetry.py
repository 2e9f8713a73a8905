"""Symmetries of a set: whether its strands, or its positions, can be told apart."""

from __future__ import annotations

from math import log, sqrt
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.stats import chi2, ncx2, norm

from biogan.core.rng import rng
from biogan.evaluation.distances import jsd
from biogan.sequences.alphabet import DNA, UNKNOWN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.kmers import kmer_table
from biogan.sequences.metrics.positions import joint_counts, letter_counts, some_columns
from biogan.sequences.overlaps import Overlaps
from biogan.sequences.splits import spaced
from biogan.sequences.strands import reverse_complement

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
    a fixed place is not. Overlapping records are one piece of evidence: the error is that of sums
    over stretches of them.

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
    return _strandedness(spaced(sequences, _MOST))[0]


def _strandedness(sequences: SequenceSet) -> tuple[Strandedness, float]:
    """Test all records; also return how many side by side would hold their letters."""
    overlaps = Overlaps.of(sequences)
    difference = _counts(sequences) - _counts(reverse_complement(sequences))
    mean, spread = difference.mean(0), difference.std(0, ddof=1)
    varies = spread > 0
    if overlaps.any:
        spread = _spread_of_stretches(difference - mean, overlaps.stretches)
    z = np.abs(mean[varies]) / spread[varies] * np.sqrt(len(sequences))
    return _largest(z, bool((mean[~varies] != 0).any())), overlaps.worth


def _spread_of_stretches(errors: np.ndarray, stretches: np.ndarray) -> np.ndarray:
    """Return the spread that as many independent records would have, for means with the same error.

    By the sums of the errors, shape (n, counts), over stretches.
    """
    count = int(stretches.max()) + 1
    if count < 2:
        return np.full(errors.shape[1], np.inf)
    sums = coo_array((np.ones(len(errors)), (stretches, np.arange(len(errors))))) @ errors
    return np.asarray(np.sqrt((sums**2).sum(0) * count / (count - 1) / len(errors)))


def _largest(z: np.ndarray, surely: bool) -> Strandedness:
    """Put all counts together."""
    largest = float(z.max(initial=0.0))
    # Where all records differ alike there is no spread, and no doubt either.
    if surely:
        return Strandedness(float("inf"), 0.0)
    return Strandedness(largest, min(1.0, 2 * float(norm.sf(largest)) * max(len(z), 1)))


def strands_alike(sequences: SequenceSet) -> Strandedness | None:
    """Return the test if it finds no strand in a set that is large enough, else None.

    Parameters
    ----------
    sequences : SequenceSet
        Any records; DNA of 500 records or more is tested, at the level of 5 %. Overlapping windows
        count as many as hold the same letters side by side.

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
    found, worth = _strandedness(spaced(sequences, _MOST))
    return found if found.p >= _LEVEL and worth >= FEWEST else None


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


# Bits about its place that a letter may tell where places are taken to be alike. Natural enhancers
# cut around their middle have 0.0004, random pieces of a genome 0.004, promoters 0.02 and more.
_MOST_BITS = 0.001
# Chance to take equal places, or pairs of places, for different ones; each, corrected for number.
_PLACE_LEVEL = 0.001
# More records say nothing new, more letters take memory.
_MOST_PLACED, _MOST_LETTERS = 20_000, 20_000_000
# Pairs of columns of which the median is a fair picture of all as far apart.
_ENOUGH = 20


class Placement(NamedTuple):
    """How much letters depend on their place.

    Attributes
    ----------
    bits : float
        Mutual information of letter and place, without its bias; below 0 by chance.
    error : float
        Its standard error where there is none; overlapping records make it larger.
    single : float
        p-value of the place whose letters differ most from those of all places (Bonferroni).
    paired : float
        p-value of the pair of places that depend on each other most, beside others as far apart
        (Bonferroni).
    """

    bits: float
    error: float
    single: float
    paired: float


def placement(sequences: SequenceSet) -> Placement:
    """Measure how much letters, and pairs of letters, depend on their place.

    The mutual information of letter and place is a plug-in, less its bias for independent records
    (Miller 1955): (A - 1) / (2 n ln 2) bits for n records of A letters. Single places and pairs
    are likelihood-ratio tests, G. Two places depend on each other also where places are alike, by
    the composition of a record and by words: a pair is compared with a noncentral chi-square of
    which the median is that of the pairs at its distance.

    Parameters
    ----------
    sequences : SequenceSet
        Records of one length, without unknown letters; of more than 20,000 (20 million
        letters) as many, evenly spaced, are read, and of long ones 1,200 / A columns for the pairs.

    Returns
    -------
    Placement

    Examples
    --------
    >>> found = placement(SequenceSet.from_strings(["AC", "AC", "CA", "CA"]))
    >>> round(found.bits, 2), round(found.error, 2)
    (-0.18, 0.18)
    """
    most = min(_MOST_PLACED, max(1, _MOST_LETTERS // int(sequences.lengths[0])))
    sequences = spaced(sequences, most)
    matrix, states = sequences.matrix(), sequences.alphabet.size
    n, length = matrix.shape
    shares = letter_counts(matrix, states) / n
    overall = shares.mean(0)
    free = max(1, int((overall > 0).sum()) - 1)
    # 2 n ln 2 times the information of a place is a chi-square with A - 1 degrees of freedom.
    unit = 1 / (2 * n * log(2))
    bits = _divergence(shares, overall).sum(1)
    single = length * float(chi2.sf(bits.max() / unit, free))
    columns = some_columns(length, states, rng(0, "places"))
    return Placement(
        float(bits.mean()) - free * unit,
        # Of overlapping records, other columns hold the same letters.
        sqrt(2 * free / length * n / Overlaps.of(sequences).worth) * unit,
        min(1.0, single),
        _pairs(matrix[:, columns], columns, states, free**2),
    )


def places_alike(sequences: SequenceSet) -> Placement | None:
    """Return the measure if places are alike as far as it tells, else None.

    Parameters
    ----------
    sequences : SequenceSet
        Any records; those of one length are measured, and there must be enough to be sure of
        less than a thousandth of a bit.

    Examples
    --------
    >>> places_alike(SequenceSet.from_strings(["ACGT", "CGTA", "GTAC", "TACG"])) is None
    True
    """
    fixed = sequences.is_fixed_length and len(sequences) and int(sequences.lengths[0])
    if not fixed or (sequences.codes == UNKNOWN).any():
        return None
    found = placement(sequences)
    vague = max(found.bits, 0) + 2 * found.error > _MOST_BITS
    return None if vague or min(found.single, found.paired) < _PLACE_LEVEL else found


# Letters of the words that are counted across a seam.
_SEAM = 4


class Seam(NamedTuple):
    """How far words across the seam of circular records are from those inside.

    Attributes
    ----------
    k : int
        Letters of a word.
    across : float
        Jensen-Shannon divergence of the words across the seam from all inside, bits.
    inside : float
        That of as many words in the middle of the records: what chance alone gives.
    """

    k: int
    across: float
    inside: float


def seam(sequences: SequenceSet) -> Seam:
    """Measure the seam that records get where their last letter is followed by their first.

    Parameters
    ----------
    sequences : SequenceSet
        Records of one length; of more than 20,000 as many, evenly spaced.

    Returns
    -------
    Seam

    Examples
    --------
    >>> found = seam(SequenceSet.from_strings(["AAAAAAAC"] * 9))
    >>> found.k, found.across, round(found.inside, 2)
    (4, 1.0, 0.02)
    """
    sequences = spaced(sequences, _MOST)
    matrix, size = sequences.matrix().astype(np.int64), sequences.alphabet.size
    length = matrix.shape[1]
    k = min(_SEAM, length)
    if k == 1:
        return Seam(1, 0.0, 0.0)  # no word crosses
    numbers = sum(np.roll(matrix, -i, 1) * size ** (k - 1 - i) for i in range(k))

    def counts(columns: range) -> np.ndarray:
        found = np.bincount(numbers[:, [*columns]].ravel(), minlength=size**k)
        return found / max(1, found.sum())

    border, middle = length - k + 1, length // 2 - k // 2
    whole = counts(range(border))
    return Seam(
        k,
        float(jsd(counts(range(border, length)), whole)),
        float(jsd(counts(range(middle, min(middle + k - 1, border))), whole)),
    )


def _divergence(shares: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Terms of the Kullback-Leibler divergence in bits."""
    ratio = np.divide(shares, expected, out=np.ones_like(shares), where=shares > 0)
    return np.asarray(shares * np.log2(ratio))


def _pairs(matrix: np.ndarray, columns: np.ndarray, states: int, free: int) -> float:
    n, length = matrix.shape
    if length < 2:
        return 1.0
    joint = joint_counts(matrix, states) / n
    single = np.diagonal(joint)
    blocks = _divergence(joint, np.outer(single, single)).reshape(length, states, length, states)
    first, second = np.triu_indices(length, 1)
    g = 2 * n * log(2) * blocks.sum((1, 3))[first, second]
    apart = columns[second] - columns[first]
    excess = np.full(len(g), np.median(g))
    for distance in np.flatnonzero(np.bincount(apart) >= _ENOUGH):
        excess[apart == distance] = np.median(g[apart == distance])
    excess -= chi2.median(free)
    p = np.where(excess > 0, ncx2.sf(g, free, np.maximum(excess, 1e-9)), chi2.sf(g, free))
    return min(1.0, float(p.min()) * len(p))
