"""Whether a set repeats itself."""

from __future__ import annotations

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.metrics.base import Comparison, Value, metric
from biogan.metrics.intervals import wilson

_MAX_PAIRS = 2000
_Z = 1.959964


@metric("unique", "diversity", "unique", goal="high", high=1.0, unit="share")
def unique_share(comparison: Comparison) -> Value:
    """Share of distinct sequences; it falls with n, so it is compared at one n only."""
    n = len(comparison.candidate)
    distinct = len(set(comparison.candidate.sequences.strings()))
    return Value(distinct / n, *wilson(distinct, n), n=n)


@metric("identity-ratio", "diversity", "identity ratio", goal="same")
def identity_ratio(comparison: Comparison) -> Value:
    """Mean identity of random pairs over that of real pairs: above 1 less diverse than real."""
    new = pair_identities(comparison.candidate.sequences)
    real = pair_identities(comparison.reference.sequences)
    if min(len(new), len(real)) < 2 or real.mean() == 0:
        return Value(None, note="too few records for random pairs")
    ratio = float(new.mean() / real.mean())
    # Delta method; the pairs share no record, so they are independent.
    spread = [values.std(ddof=1) / np.sqrt(len(values)) for values in (new, real)]
    half = _Z * float(np.hypot(spread[0], ratio * spread[1]) / real.mean())
    return Value(ratio, max(0.0, ratio - half), ratio + half, n=len(new))


def pair_identities(sequences: SequenceSet) -> np.ndarray:
    """Identity of record 1 with 2, 3 with 4, ...: 1 - distance / longer length.

    Hamming distance where all records have one length, edit distance otherwise.

    Returns
    -------
    numpy.ndarray, shape (min(n // 2, 2000),)

    Examples
    --------
    >>> from biogan.datasets.sequences import SequenceSet
    >>> pair_identities(SequenceSet.from_strings(["ACGT", "ACGA", "TTTT", "AAAA"])).tolist()
    [0.75, 0.0]
    """
    pairs = min(len(sequences) // 2, _MAX_PAIRS)
    some = sequences[: 2 * pairs]
    if some.is_fixed_length:
        matrix = some.matrix()
        return np.asarray((matrix[::2] == matrix[1::2]).mean(1))
    import edlib

    texts = some.strings()
    return np.array([
        1 - edlib.align(a, b)["editDistance"] / max(len(a), len(b), 1)
        for a, b in zip(texts[::2], texts[1::2], strict=True)
    ])  # fmt: skip
