"""Whether the letters of records of one length depend on their place."""

from __future__ import annotations

from math import log, sqrt
from typing import NamedTuple

import numpy as np

from biogan.alphabet import UNKNOWN
from biogan.datasets.sequences import SequenceSet
from biogan.metrics.position import letter_counts

# Bits about its place that a letter may tell where places are taken to be alike. Natural enhancers
# cut around their middle have 0.0004, random pieces of a genome 0.004, promoters 0.02 and more.
_MOST_BITS = 0.001


class Placement(NamedTuple):
    """What a letter tells about its place.

    Attributes
    ----------
    bits : float
        Mutual information of letter and place, without its bias; below 0 by chance.
    error : float
        Its standard error where there is none.
    """

    bits: float
    error: float


def placement(sequences: SequenceSet) -> Placement:
    """Measure how much letters depend on their place.

    The mutual information of letter and place, plug-in, less its bias for independent records
    (Miller 1955): (A - 1) / (2 n ln 2) bits for n records of A letters.

    Parameters
    ----------
    sequences : SequenceSet
        Records of one length, without unknown letters.

    Returns
    -------
    Placement

    Examples
    --------
    >>> found = placement(SequenceSet.from_strings(["AC", "AC", "CA", "CA"]))
    >>> round(found.bits, 2), round(found.error, 2)
    (-0.18, 0.18)
    """
    states, n = sequences.alphabet.size, len(sequences)
    shares = letter_counts(sequences.matrix(), states) / n
    overall = shares.mean(0)
    seen = shares > 0
    ratio = np.divide(shares, overall, out=np.ones_like(shares), where=seen)
    plug_in = float((shares * np.log2(ratio)).sum(1).mean())
    used = int((overall > 0).sum())
    unit = 1 / (2 * n * log(2))
    # 2 n ln 2 times the information of one place is a chi-square with A - 1 degrees of freedom.
    return Placement(plug_in - (used - 1) * unit, sqrt(2 * max(used - 1, 1) / len(shares)) * unit)


def places_alike(sequences: SequenceSet) -> Placement | None:
    """Return the measure if places are alike as far as letters tell, else None.

    Parameters
    ----------
    sequences : SequenceSet
        Any records; those of one length are measured, and there must be enough to be sure of
        less than a thousandth of a bit.

    Examples
    --------
    >>> places_alike(SequenceSet.from_strings(["ACGT", "CGTA", "GTAC", "TACG"] * 1000)).bits < 0.001
    True
    >>> places_alike(SequenceSet.from_strings(["ACGT", "CGTA", "GTAC", "TACG"])) is None
    True
    """
    fixed = sequences.is_fixed_length and len(sequences) and int(sequences.lengths[0])
    if not fixed or (sequences.codes == UNKNOWN).any():
        return None
    found = placement(sequences)
    return found if max(found.bits, 0) + 2 * found.error <= _MOST_BITS else None
