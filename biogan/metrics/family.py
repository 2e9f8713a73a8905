"""Whether generated proteins belong to the family: scores against its profile."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from biogan.errors import DataError
from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison, Sample
from biogan.metrics.composition import value_distance
from biogan.metrics.inputs import shuffled
from biogan.metrics.intervals import wilson
from biogan.metrics.profile import Profile, build_profile

# Records of each set that are scored: their scores are as good as those of more.
_MOST = 2000


@metric("hmm-score-w1", "protein", "profile score W1", needs=("protein", "profile"), unit="bits",
        most=_MOST)  # fmt: skip
def score_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the bit scores against the profile of the family."""
    try:
        _, new, real = _scores(comparison)
    except DataError as error:
        return Value(None, note=str(error))
    return value_distance(comparison, new, real)


@metric("hmm-hits", "protein", "profile hits", goal="high", high=1.0,
        needs=("protein", "profile"), unit="share", most=_MOST)  # fmt: skip
def hits(comparison: Comparison) -> Value:
    """Share of the records that the profile finds, at an E-value of 0.01 among 10,000."""
    try:
        profile, new, _ = _scores(comparison)
    except DataError as error:
        return Value(None, note=str(error))
    count, n = int((new >= profile.threshold).sum()), len(new)
    return Value(count / n, *wilson(count, n), n=n, note=f">= {profile.threshold:.1f} bits")


def _scores(comparison: Comparison) -> tuple[Profile, np.ndarray, np.ndarray]:
    profile = comparison.extras.hmm or _built(comparison.source, comparison.seed)
    new, real = (s.values(profile.bits) for s in (comparison.candidate, comparison.reference))
    return profile, new, real


@lru_cache(maxsize=1)
def _built(source: Sample, seed: int) -> Profile:
    # Not the first records of the file: their order must not matter.
    return build_profile(shuffled(source.sequences, seed))
