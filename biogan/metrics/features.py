"""Distances of the distributions in a feature space: whether whole records vary as real ones do.

Pooled k-mers cannot see that all records have become alike; the spread of points can.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison, jackknifed
from biogan.metrics.embedding import directions, points
from biogan.metrics.intervals import GROUPS
from biogan.metrics.manifold import (
    Neighbourhoods,
    frechet,
    gaussian_of,
    kernel_sums,
    median_width,
    moments,
)

#: Records whose distances from one another are taken: a square of numbers.
MOST = 2_000
#: Records from which means and covariances are taken.
MOST_MOMENTS = 20_000


@metric("frechet", "features", "Frechet distance", most=MOST_MOMENTS)
def frechet_distance(comparison: Comparison) -> Value:
    """Squared Frechet distance, in units of the variance of training records."""
    new, real, note = points(comparison)
    axes = directions(new.shape[1], min(len(new), len(real)))
    groups = [moments(x @ axes) for x in (new, real)]
    note += f", {axes.shape[1]} directions"

    def statistic(g: int | None) -> float:
        return frechet(*gaussian_of(*groups[0], g), *gaussian_of(*groups[1], g))

    return jackknifed(comparison, statistic, note=note)


@metric("mmd", "features", "MMD squared", low=-1.0, high=2.0, most=MOST)
def kernel_distance(comparison: Comparison) -> Value:
    """Unbiased squared maximum mean discrepancy, Gaussian kernel of the median real distance.

    Near 0, and below it as often as above, for two samples of one source.

    Notes
    -----
    Gretton et al. 2012, J. Mach. Learn. Res. 13:723, equation 3.
    """
    new, real, note = points(comparison)
    width = median_width(real) if len(real) > 1 else 0.0
    if min(len(new), len(real)) < 3 or width == 0:
        return Value(None, note="half of the real records or more are alike: no width")
    sums = [kernel_sums(a, b, width) for a, b in ((new, new), (real, real), (new, real))]
    sizes = [np.bincount(np.arange(len(x)) % GROUPS, minlength=GROUPS) for x in (new, real)]

    def statistic(g: int | None) -> float:
        keep = np.arange(GROUPS) != (-1 if g is None else g)
        xx, yy, xy = (float(s[np.ix_(keep, keep)].sum()) for s in sums)
        m, n = (int(s[keep].sum()) for s in sizes)
        # The pairs of a record with itself, each 1, do not count.
        return (xx - m) / (m * (m - 1)) + (yy - n) / (n * (n - 1)) - 2 * xy / (m * n)

    return jackknifed(comparison, statistic, low=-1.0, high=2.0, correct=False, note=note)


@metric("precision", "features", "precision", goal="high", high=1.0, unit="share", most=MOST,
        default=False)  # fmt: skip
def precision(comparison: Comparison) -> Value:
    """Share of the generated points among the 5 nearest neighbours' balls of real points."""
    return _share(comparison, 0)


@metric("recall", "features", "recall", goal="high", high=1.0, unit="share", most=MOST)
def recall(comparison: Comparison) -> Value:
    """Share of the real points among the 5 nearest neighbours' balls of generated points."""
    return _share(comparison, 1)


@metric("density", "features", "density", goal="same", most=MOST, default=False)
def density(comparison: Comparison) -> Value:
    """Mean number of balls of real points around a generated one, over 5."""
    return _share(comparison, 2, high=np.inf)


@metric("coverage", "features", "coverage", goal="high", high=1.0, unit="share", most=MOST)
def coverage(comparison: Comparison) -> Value:
    """Share of the real points with a generated one within their 5 nearest real neighbours."""
    return _share(comparison, 3)


@lru_cache(maxsize=1)
def _near(comparison: Comparison) -> Neighbourhoods:
    new, real, _ = points(comparison)
    return Neighbourhoods(real, new)


@lru_cache(maxsize=GROUPS + 1)
def _shares(comparison: Comparison, left_out: int | None) -> np.ndarray:
    """All four at once, as four metrics ask for them one after the other."""
    return _near(comparison).shares(left_out)


def _share(comparison: Comparison, which: int, high: float = 1.0) -> Value:
    # Points that share a ball fall together: a binomial interval would be too narrow.
    return jackknifed(
        comparison,
        lambda g: float(_shares(comparison, g)[which]),
        high=high,
        correct=False,
        note=points(comparison)[2],
    )
