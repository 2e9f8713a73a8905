"""Whether a set repeats itself."""

from __future__ import annotations

import numpy as np

from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison
from biogan.metrics.intervals import wilson

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
    # One distance for both sets: random records are more alike by edits than by position.
    by_position = not comparison.missing("columns")
    new = comparison.candidate.pair_identities(by_position)
    real = comparison.reference.pair_identities(by_position)
    if min(len(new), len(real)) < 2 or real.mean() == 0:
        return Value(None, note="too few records for random pairs")
    ratio = float(new.mean() / real.mean())
    # Delta method; the pairs share no record, so they are independent.
    spread = [values.std(ddof=1) / np.sqrt(len(values)) for values in (new, real)]
    half = _Z * float(np.hypot(spread[0], ratio * spread[1]) / real.mean())
    return Value(ratio, max(0.0, ratio - half), ratio + half, n=len(new))
