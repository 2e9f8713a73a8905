"""The metrics of images: of features, of the pixels themselves, and of copies.

Features come from an :class:`~biogan.images.samples.Embedding`: distances, neighbourhoods,
classifiers and classes are read in them. Copies, intensity, sharpness and variety are read in the
pixels.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.stats import binom, norm, rankdata, wasserstein_distance

from biogan.core.errors import percentage
from biogan.evaluation.conditions import (
    LEAST_R,
    UNANSWERABLE,
    Measured,
    class_accuracy,
    rank_correlation,
)
from biogan.evaluation.distances import (
    Neighbourhoods,
    directions,
    frechet,
    gaussian_of,
    jsd,
    moments,
)
from biogan.evaluation.intervals import GROUPS, jackknifed, newcombe, wilson
from biogan.evaluation.metric import MetricRegistry, Value
from biogan.evaluation.two_sample import cross_validation, ridge_auroc
from biogan.images.baselines import PixelSpace
from biogan.images.dataset import ImageSet
from biogan.images.samples import ImageComparison, ImageSample, shared_number

#: The metrics of images, with the sections of the report in order.
IMAGE_METRICS = MetricRegistry(
    "novelty", "discriminability", "classes", "features", "pixels", "diversity", "conditions"
)
metric = IMAGE_METRICS.metric

#: Images whose distances from one another are taken: a square of numbers.
MOST = 2_000
#: Images a class that classifiers learn from.
MOST_CLASSIFIED = 5_000
# A covariance is estimated of at most one direction for each ten images.
_IMAGES_A_DIRECTION = 10
_DEGREE = 3
#: Images whose nearest training images are looked up.
MOST_PIXELS = 2_000
# Classes that details name, the worst first.
_WORST = 5
# Penalties of ridge regression that are tried, by the leave-one-out error.
_PENALTIES = np.logspace(0, 6, 13)
_Z = float(norm.ppf(0.975))


@metric("auroc", "discriminability", "classifier AUROC", goal="half", high=1.0,
              most=MOST_CLASSIFIED, needs=("features",), alike=False)  # fmt: skip
def feature_auroc(comparison: ImageComparison) -> Value:
    """Out-of-fold AUROC of ridge logistic regression on features and their squares."""
    features = np.concatenate([comparison.candidate.features, comparison.reference.features])
    return _auroc(comparison, features)


@metric("auroc-pixels", "discriminability", "pixel AUROC", goal="half", high=1.0,
              most=MOST_CLASSIFIED)  # fmt: skip
def pixel_auroc(comparison: ImageComparison) -> Value:
    """Out-of-fold AUROC of the same on principal components of pixels, and what these leave out.

    The components are those of both sets together: those of one would fit it better than the other.
    """
    new, real = comparison.candidate.images, comparison.reference.images
    both = ImageSet.from_pixels(np.concatenate([new.pixels, real.pixels]))
    points, rest = PixelSpace.fit(both, comparison.seed).points(both)
    # What is left out tells blurred and noisy images: by orders of magnitude, so its logarithm.
    return _auroc(comparison, np.column_stack([points, np.log(rest + 1e-6)]))


@metric("class-jsd", "classes", "class JSD", high=1.0, needs=("features", "classes"), unit="bit")
def class_divergence(comparison: ImageComparison) -> Value:
    """Jensen-Shannon divergence of how often each class is seen by a classifier."""
    new, real = _class_counts(comparison)

    def statistic(g: int | None) -> float:
        keep = np.arange(GROUPS) != (-1 if g is None else g)
        return float(jsd(new[keep].sum(0), real[keep].sum(0)))

    return jackknifed(comparison, statistic, high=1.0)


@metric("class-gap", "classes", "largest class gap", high=1.0, needs=("features", "classes"),
              unit="share")  # fmt: skip
def class_gap(comparison: ImageComparison) -> Value:
    """Largest difference of the share of a class from that among real images."""
    new, real = _class_counts(comparison)

    def shares(g: int | None) -> np.ndarray:
        keep = np.arange(GROUPS) != (-1 if g is None else g)
        a, b = (counts[keep].sum(0) for counts in (new, real))
        return np.asarray(a / a.sum() - b / b.sum())

    gaps = shares(None)
    widest = int(np.abs(gaps).argmax())
    name = getattr(comparison.reference.embed, "classes", ())[widest]
    found = jackknifed(comparison, lambda g: float(np.abs(shares(g)[widest])), high=1.0,
                       correct=False, note=f"class {name}")  # fmt: skip
    return Value(found.value, found.low, found.high, found.plain, found.n, found.note,
                 (f"{name} {'+' if gaps[widest] > 0 else '-'}",))  # fmt: skip


@metric("frechet", "features", "Frechet distance", needs=("features",))
def frechet_distance(comparison: ImageComparison) -> Value:
    """Squared Frechet distance of the features; no FID, which is one of Inception's features."""
    new, real = comparison.candidate.features, comparison.reference.features
    d, n = new.shape[1], min(len(new), len(real))
    note = f"{d} features"
    if n < _IMAGES_A_DIRECTION * d:
        axes = directions(d, n)
        new, real = new @ axes, real @ axes
        note += f", {axes.shape[1]} directions"
    groups = [moments(x) for x in (new, real)]

    def statistic(g: int | None) -> float:
        return frechet(*gaussian_of(*groups[0], g), *gaussian_of(*groups[1], g))

    return jackknifed(comparison, statistic, note=note)


@metric("kid", "features", "kernel distance", low=None, most=MOST, needs=("features",), alike=False)
def kernel_distance(comparison: ImageComparison) -> Value:
    """Unbiased squared maximum mean discrepancy, cubic kernel, over the mean kernel of real pairs.

    Near 0, and below it as often as above, for two samples of one source. The quotient takes the
    scale of the features away, which the kernel distance itself has (KID is that of Inception's).

    Notes
    -----
    Binkowski et al. 2018, ICLR: k(x, y) = (x y / d + 1)^3.
    """
    new, real = comparison.candidate.features, comparison.reference.features
    if min(len(new), len(real)) < 3:
        return Value(None, note="needs 3 images of each set")
    sums = [_cubic(a, b) for a, b in ((new, new), (real, real), (new, real))]
    own = [_by_group(((x * x).sum(1) / x.shape[1] + 1) ** _DEGREE) for x in (new, real)]
    sizes = [np.bincount(np.arange(len(x)) % GROUPS, minlength=GROUPS) for x in (new, real)]

    def statistic(g: int | None) -> float:
        keep = np.arange(GROUPS) != (-1 if g is None else g)
        xx, yy, xy = (float(s[np.ix_(keep, keep)].sum()) for s in sums)
        # The pairs of an image with itself do not count.
        xx, yy = xx - float(own[0][keep].sum()), yy - float(own[1][keep].sum())
        m, n = (int(s[keep].sum()) for s in sizes)
        within = yy / (n * (n - 1))
        return (xx / (m * (m - 1)) + within - 2 * xy / (m * n)) / within

    return jackknifed(comparison, statistic, low=-np.inf, correct=False)


@metric(
    "precision",
    "features",
    "precision",
    goal="high",
    high=1.0,
    unit="share",
    most=MOST,
    needs=("features",),
)
def precision(comparison: ImageComparison) -> Value:
    """Share of the generated points among the 5 nearest neighbours' balls of real points."""
    return _neighbours(comparison, 0)


@metric(
    "recall",
    "features",
    "recall",
    goal="high",
    high=1.0,
    unit="share",
    most=MOST,
    needs=("features",),
)
def recall(comparison: ImageComparison) -> Value:
    """Share of the real points among the 5 nearest neighbours' balls of generated points."""
    return _neighbours(comparison, 1)


@metric("density", "features", "density", goal="same", most=MOST, needs=("features",))
def density(comparison: ImageComparison) -> Value:
    """Mean number of balls of real points around a generated one, over 5."""
    return _neighbours(comparison, 2, high=np.inf)


@metric(
    "coverage",
    "features",
    "coverage",
    goal="high",
    high=1.0,
    unit="share",
    most=MOST,
    needs=("features",),
)
def coverage(comparison: ImageComparison) -> Value:
    """Share of the real points with a generated one within their 5 nearest real neighbours."""
    return _neighbours(comparison, 3)


@metric("label-accuracy", "conditions", "label accuracy", goal="held-out", high=1.0, unit="share",
        needs=("labels", "features", "classes"))  # fmt: skip
def label_accuracy(comparison: ImageComparison) -> Value:
    """Balanced share of images that a classifier of training images gives the asked class."""
    told = comparison.unanswerable
    if told:
        return Value(None, note=told)
    sample = comparison.candidate
    rows = np.flatnonzero(sample.asked >= 0)
    evidence = np.unique(sample.keys, return_inverse=True)[1]
    found = class_accuracy(sample.asked[rows], sample.classes[rows], evidence[rows])
    names = getattr(comparison.reference.embed, "classes", ())
    shares = zip(np.unique(sample.asked[rows]).tolist(), found.each.tolist(), strict=True)
    worst = sorted(shares, key=lambda pair: pair[1])[:_WORST]
    details = tuple(f"{names[c]} {percentage(share)}" for c, share in worst)
    note = f"chance {1 / len(names):.2f}"
    return Value(*found.all, n=len(rows), note=note, details=details)


@metric("label-r", "conditions", "asked r", goal="held-out", low=-1.0, high=1.0,
        needs=("numbers", "features"))  # fmt: skip
def label_correlation(comparison: ImageComparison) -> Value:
    """Spearman correlation of the asked number with that of ridge regression on training images."""
    source, real, sample = comparison.source, comparison.reference, comparison.candidate
    name = shared_number(source, real, sample)
    can = _asked_r(source, real, name)
    if can is None or can.value < LEAST_R:
        said = "held-out r undefined" if can is None else f"held-out r {can.value:.2f}"
        return Value(None, note=f"label {name}: {UNANSWERABLE} ({said}, needed {LEAST_R:.1f})")
    found = _asked_r(source, sample, name)
    if found is None:
        return Value(None, note=f"label {name}: all are asked for one number, or alike")
    n = int(np.isfinite(source.numbers(name)).sum())
    note = f"label {name}; ridge regression on the features of {n:,} images"
    return Value(*found, n=int(np.isfinite(sample.numbers(name)).sum()), note=note)


def _asked_r(source: ImageSample, sample: ImageSample, name: str) -> Measured | None:
    """Correlate asked and predicted numbers; ``None`` where one is constant."""
    from sklearn.linear_model import RidgeCV

    def learned() -> RidgeCV:
        known = np.isfinite(source.numbers(name))
        # As ranks, so that few extreme values do not rule.
        return RidgeCV(_PENALTIES).fit(
            source.features[known], rankdata(source.numbers(name)[known])
        )

    rows = np.flatnonzero(np.isfinite(sample.numbers(name)))
    asked = sample.numbers(name)[rows]
    predicted = source.kept(("number", name), learned).predict(sample.features[rows])
    if min(len(np.unique(asked)), len(np.unique(predicted))) < 2:
        return None
    evidence = np.unique(sample.keys, return_inverse=True)[1]
    return rank_correlation(asked, predicted, evidence[rows])


def class_table(samples: dict[str, ImageComparison]) -> list[dict[str, object]]:
    """Return the share of each class in several sets, with the interval of the first.

    Parameters
    ----------
    samples : dict of str to ImageComparison
        Comparisons of the sets with the same reference, by the name of a column.
    """
    first = next(iter(samples.values()))
    names = getattr(first.reference.embed, "classes", ())
    counts = {"real": first.reference.classes} | {
        k: c.candidate.classes for k, c in samples.items()
    }
    shares = {k: np.bincount(c, minlength=len(names)) / len(c) for k, c in counts.items()}
    rows: list[dict[str, object]] = []
    for i, name in enumerate(names):
        row: dict[str, object] = {"class": name}
        for key in (*samples, "real"):
            row[key.replace("-", "_")] = float(shares[key][i])
            if key == next(iter(samples)):
                n = len(counts[key])
                row["low"], row["high"] = wilson(round(shares[key][i] * n), n)
        rows.append(row)
    return rows


def _auroc(comparison: ImageComparison, features: np.ndarray) -> Value:
    new, real = comparison.candidate, comparison.reference
    # Equal images stay in one fold.
    groups = np.unique([*new.keys, *real.keys], return_inverse=True)[1]
    validation = cross_validation(len(new), len(real), groups, comparison.seed, "image", "image")
    # Squares too: a sampler may have every mean right and no variance.
    centred = features - features.mean(0)
    return ridge_auroc(np.concatenate([centred, centred**2], 1), validation)


def _class_counts(comparison: ImageComparison) -> tuple[np.ndarray, np.ndarray]:
    """Count classes by jackknife group, two of shape (GROUPS, classes)."""
    names = getattr(comparison.reference.embed, "classes", ())
    one_hot = np.eye(len(names))
    new, real = (
        s.by_group(one_hot[s.classes]) for s in (comparison.candidate, comparison.reference)
    )
    return new, real


def _by_group(values: np.ndarray) -> np.ndarray:
    return np.stack([values[g::GROUPS].sum(0) for g in range(GROUPS)])


def _cubic(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sum (a b / d + 1)^3 over pairs of jackknife groups: shape (GROUPS, GROUPS)."""
    kernel = (a @ b.T / a.shape[1] + 1) ** _DEGREE
    return _by_group(_by_group(kernel).T).T


@lru_cache(maxsize=1)
def _near(comparison: ImageComparison) -> Neighbourhoods:
    return Neighbourhoods(comparison.reference.features, comparison.candidate.features)


@lru_cache(maxsize=GROUPS + 1)
def _shares(comparison: ImageComparison, left_out: int | None) -> np.ndarray:
    """All four at once, as four metrics ask for them one after the other."""
    return _near(comparison).shares(left_out)


def _neighbours(comparison: ImageComparison, which: int, high: float = 1.0) -> Value:
    # Points that share a ball fall together: a binomial interval would be too narrow.
    return jackknifed(
        comparison, lambda g: float(_shares(comparison, g)[which]), high=high, correct=False
    )


@metric("copies", "novelty", "exact copies", high=1.0, unit="share", alike=False, alone=True)
def exact_copies(comparison: ImageComparison) -> Value:
    """Share of the images that stand pixel for pixel among the training images."""
    sample = comparison.candidate
    known = set(comparison.source.keys)
    hits = [i for i, key in enumerate(sample.keys) if key in known]
    share = _share(len(hits), len(sample))
    return Value(*share, n=len(sample), details=tuple(sample.images.ids[i] for i in hits[:5]))


@metric("near-copies", "novelty", "near copies", high=1.0, needs=("fresh", "relatives"),
              unit="share", most=MOST_PIXELS, alike=False, alone=True)  # fmt: skip
def near_copies(comparison: ImageComparison) -> Value:
    """Share of the images nearer to a training image than 99 in 100 held-out images are.

    Distances are root mean square differences of pixels, over the distance of the training image
    from its own nearest other.
    """
    hits, n = _near_copy(comparison, comparison.candidate)
    return Value(*_share(hits, n), n=n, note=f"d<{comparison.border:.2f}")


@metric("near-excess", "novelty", "near-copy excess", low=-1.0, high=1.0,
              needs=("fresh", "relatives"), unit="share", most=MOST_PIXELS, alike=False,
              alone=True)  # fmt: skip
def near_copy_excess(comparison: ImageComparison) -> Value:
    """Near-copy rate minus that of held-out images: copying, not likeness."""
    assert comparison.fresh is not None  # the need "fresh" was met
    hits, n = _near_copy(comparison, comparison.candidate)
    real_hits, real_n = _near_copy(comparison, comparison.fresh)
    low, high = newcombe(hits, n, real_hits, real_n)
    return Value(hits / n - real_hits / real_n, low, high, n=n)


@metric("nearest-distance", "novelty", "nearest distance", goal="high", needs=("relatives",),
              most=MOST_PIXELS, default=False, alike=False, alone=True)  # fmt: skip
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


@metric("intensity-w1", "pixels", "intensity W1", high=1.0)
def intensity(comparison: ImageComparison) -> Value:
    """Distance of the distributions of the mean intensity of an image, from 0 to 1."""
    return _wasserstein(comparison, comparison.candidate.intensity, comparison.reference.intensity)


@metric("sharpness-w1", "pixels", "sharpness W1", high=1.0)
def sharpness(comparison: ImageComparison) -> Value:
    """Distance of the distributions of the mean absolute difference of neighbouring pixels."""
    return _wasserstein(comparison, comparison.candidate.sharpness, comparison.reference.sharpness)


@metric("unique", "diversity", "unique", goal="high", high=1.0, unit="share", alone=True)
def unique_share(comparison: ImageComparison) -> Value:
    """Share of distinct images; it falls with n, so it is compared at one n only."""
    n = len(comparison.candidate)
    distinct = len(set(comparison.candidate.keys))
    return Value(distinct / n, *wilson(distinct, n), n=n)


@metric("pair-distance", "diversity", "pair distance", goal="same", alike=False)
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


def _near_copy(comparison: ImageComparison, sample: ImageSample) -> tuple[int, int]:
    relative = sample.nearest(comparison.source).relative
    return int((relative < comparison.border).sum()), len(relative)
