"""Metrics of the pixels themselves: copies of training images, intensity, sharpness, variety."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom, norm, wasserstein_distance

from biogan.images.registry import image_metric
from biogan.images.samples import ImageComparison, ImageSample
from biogan.metrics.base import Value
from biogan.metrics.comparison import jackknifed
from biogan.metrics.intervals import GROUPS, newcombe, wilson

#: Images whose nearest training images are looked up.
MOST = 2_000
_Z = float(norm.ppf(0.975))


@image_metric("copies", "novelty", "exact copies", high=1.0, unit="share")
def exact_copies(comparison: ImageComparison) -> Value:
    """Share of the images that stand pixel for pixel among the training images."""
    sample = comparison.candidate
    known = set(comparison.source.keys)
    hits = [i for i, key in enumerate(sample.keys) if key in known]
    share = _share(len(hits), len(sample))
    return Value(*share, n=len(sample), details=tuple(sample.images.ids[i] for i in hits[:5]))


@image_metric("near-copies", "novelty", "near copies", high=1.0, needs=("fresh", "relatives"),
              unit="share", most=MOST)  # fmt: skip
def near_copies(comparison: ImageComparison) -> Value:
    """Share of the images nearer to a training image than 99 in 100 held-out images are.

    Distances are root mean square differences of pixels, over the distance of the training image
    from its own nearest other.
    """
    hits, n = _near(comparison, comparison.candidate)
    return Value(*_share(hits, n), n=n, note=f"d<{comparison.border:.2f}")


@image_metric("near-excess", "novelty", "near-copy excess", low=-1.0, high=1.0,
              needs=("fresh", "relatives"), unit="share", most=MOST)  # fmt: skip
def near_copy_excess(comparison: ImageComparison) -> Value:
    """Near-copy rate minus that of held-out images: copying, not likeness."""
    assert comparison.fresh is not None  # the need "fresh" was met
    hits, n = _near(comparison, comparison.candidate)
    real_hits, real_n = _near(comparison, comparison.fresh)
    low, high = newcombe(hits, n, real_hits, real_n)
    return Value(hits / n - real_hits / real_n, low, high, n=n)


@image_metric("nearest-distance", "novelty", "nearest distance", goal="high", needs=("relatives",),
              most=MOST, default=False)  # fmt: skip
def nearest_distance(comparison: ImageComparison) -> Value:
    """Median distance to the nearest training image over that one's from its own nearest.

    Blurred images are nearer without being copies.
    """
    relative = np.sort(comparison.candidate.nearest(comparison.source).relative)
    n = len(relative)
    # Ranks between which the median lies with 95 %, whatever the distribution.
    low, high = (int(x) for x in binom.interval(0.95, n, 0.5))
    edges = relative[max(0, low - 1)], relative[min(n - 1, high)]
    return Value(float(np.median(relative)), float(edges[0]), float(edges[1]), n=n)


@image_metric("intensity-w1", "pixels", "intensity W1", high=1.0)
def intensity(comparison: ImageComparison) -> Value:
    """Distance of the distributions of the mean intensity of an image, from 0 to 1."""
    return _wasserstein(comparison, comparison.candidate.intensity, comparison.reference.intensity)


@image_metric("sharpness-w1", "pixels", "sharpness W1", high=1.0)
def sharpness(comparison: ImageComparison) -> Value:
    """Distance of the distributions of the mean absolute difference of neighbouring pixels."""
    return _wasserstein(comparison, comparison.candidate.sharpness, comparison.reference.sharpness)


@image_metric("unique", "diversity", "unique", goal="high", high=1.0, unit="share")
def unique_share(comparison: ImageComparison) -> Value:
    """Share of distinct images; it falls with n, so it is compared at one n only."""
    n = len(comparison.candidate)
    distinct = len(set(comparison.candidate.keys))
    return Value(distinct / n, *wilson(distinct, n), n=n)


@image_metric("pair-distance", "diversity", "pair distance", goal="same")
def pair_distance(comparison: ImageComparison) -> Value:
    """Mean pixel distance of random pairs over that of real pairs: below 1 less diverse."""
    new, real = comparison.candidate.pair_distances, comparison.reference.pair_distances
    if min(len(new), len(real)) < 2 or real.mean() == 0:
        return Value(None, note="too few images for random pairs, or all are alike")
    ratio = float(new.mean() / real.mean())
    # Delta method; the pairs share no image, so they are independent.
    spread = [values.std(ddof=1) / np.sqrt(len(values)) for values in (new, real)]
    half = _Z * float(np.hypot(spread[0], ratio * spread[1]) / real.mean())
    return Value(ratio, max(0.0, ratio - half), ratio + half, n=len(comparison.candidate))


def _wasserstein(comparison: ImageComparison, new: np.ndarray, real: np.ndarray) -> Value:
    groups = [np.arange(len(values)) % GROUPS for values in (new, real)]

    def statistic(g: int | None) -> float:
        left = (values[group != g] for values, group in zip((new, real), groups, strict=True))
        return float(wasserstein_distance(*left))

    return jackknifed(comparison, statistic)


def _share(hits: int, n: int) -> tuple[float, float, float]:
    return hits / n, *wilson(hits, n)


def _near(comparison: ImageComparison, sample: ImageSample) -> tuple[int, int]:
    relative = sample.nearest(comparison.source).relative
    return int((relative < comparison.border).sum()), len(relative)
