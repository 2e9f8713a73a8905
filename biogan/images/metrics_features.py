"""Metrics of images in a space of features: distances, neighbourhoods, classifiers, classes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from biogan.images.imageset import ImageSet
from biogan.images.registry import image_metric
from biogan.images.samples import ImageComparison
from biogan.images.space import PixelSpace
from biogan.metrics.base import Value
from biogan.metrics.comparison import jackknifed
from biogan.metrics.discriminability import FOLDS, grouped_folds, out_of_fold, trainable
from biogan.metrics.embedding import directions
from biogan.metrics.intervals import GROUPS, auroc, wilson
from biogan.metrics.kmers import jsd
from biogan.metrics.manifold import Neighbourhoods, frechet, gaussian_of, moments

#: Images whose distances from one another are taken: a square of numbers.
MOST = 2_000
#: Images a class that classifiers learn from.
MOST_CLASSIFIED = 5_000
# A covariance is estimated of at most one direction for each ten images.
_IMAGES_A_DIRECTION = 10
_DEGREE = 3


@image_metric("auroc", "discriminability", "classifier AUROC", goal="half", high=1.0,
              most=MOST_CLASSIFIED, needs=("features",))  # fmt: skip
def feature_auroc(comparison: ImageComparison) -> Value:
    """Out-of-fold AUROC of ridge logistic regression on features and their squares."""
    features = np.concatenate([comparison.candidate.features, comparison.reference.features])
    return _auroc(comparison, features)


@image_metric("auroc-pixels", "discriminability", "pixel AUROC", goal="half", high=1.0,
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


@image_metric(
    "class-jsd", "classes", "class JSD", high=1.0, needs=("features", "classes"), unit="bit"
)
def class_divergence(comparison: ImageComparison) -> Value:
    """Jensen-Shannon divergence of how often each class is seen by a classifier."""
    new, real = _class_counts(comparison)

    def statistic(g: int | None) -> float:
        keep = np.arange(GROUPS) != (-1 if g is None else g)
        return float(jsd(new[keep].sum(0), real[keep].sum(0)))

    return jackknifed(comparison, statistic, high=1.0)


@image_metric("class-gap", "classes", "largest class gap", high=1.0, needs=("features", "classes"),
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


@image_metric("frechet", "features", "Frechet distance", needs=("features",))
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


@image_metric("kid", "features", "kernel distance", low=None, most=MOST, needs=("features",))
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


@image_metric(
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


@image_metric(
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


@image_metric("density", "features", "density", goal="same", most=MOST, needs=("features",))
def density(comparison: ImageComparison) -> Value:
    """Mean number of balls of real points around a generated one, over 5."""
    return _neighbours(comparison, 2, high=np.inf)


@image_metric(
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
    n = len(new)
    if min(n, len(real)) < 2 * FOLDS:
        return Value(None, note=f"needs {2 * FOLDS} images a class")
    labels = np.repeat([1, 0], [n, len(real)])
    # Equal images stay in one fold, so that they cannot be learned by heart.
    groups = np.unique([*new.keys, *real.keys], return_inverse=True)[1]
    folds = grouped_folds(groups, labels, comparison.seed)
    if np.bincount(groups).max() > len(labels) / 2 or not trainable(folds, labels):
        return Value(None, note="half of the images or more are one image: no folds")
    # Squares too: a sampler may have every mean right and no variance.
    centred = features - features.mean(0)
    table = np.concatenate([centred, centred**2], 1)
    table = table[:, table.std(0) > 1e-9 * max(1.0, float(np.abs(table).max()))]
    if not table.shape[1]:
        return Value(None, note="all features are constant")
    scores, _ = out_of_fold(table, labels, folds)
    area, low, high = auroc(scores[:n], scores[n:], groups, out_of_fold=True)
    return Value(area, low, high, n=n)


def _class_counts(comparison: ImageComparison) -> tuple[np.ndarray, np.ndarray]:
    """Count classes by jackknife group, two of shape (GROUPS, classes)."""
    names = getattr(comparison.reference.embed, "classes", ())
    one_hot = np.eye(len(names))
    new, real = (
        _by_group(one_hot[s.classes]) for s in (comparison.candidate, comparison.reference)
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
