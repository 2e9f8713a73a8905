"""Distances of two clouds of points: Frechet, kernel, and neighbourhoods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from biogan.metrics.intervals import GROUPS


def frechet(mean1: np.ndarray, cov1: np.ndarray, mean2: np.ndarray, cov2: np.ndarray) -> float:
    """Squared Frechet distance of two Gaussians.

    Parameters
    ----------
    mean1, mean2 : numpy.ndarray, shape (d,)
    cov1, cov2 : numpy.ndarray, shape (d, d)

    Returns
    -------
    float
        0 or more.

    Notes
    -----
    |m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)) (Dowson & Landau 1982, J. Multivar. Anal. 12:450).
    The trace of the root is the sum of the roots of the eigenvalues, so that no root of a nearly
    singular matrix is taken.

    Examples
    --------
    >>> frechet(np.array([0.0]), np.array([[1.0]]), np.array([3.0]), np.array([[4.0]]))
    10.0
    """
    roots = np.sqrt(np.clip(np.linalg.eigvals(cov1 @ cov2).real, 0, None)).sum()
    shift = mean1 - mean2
    return float(max(0.0, shift @ shift + np.trace(cov1) + np.trace(cov2) - 2 * roots))


def median_width(real: np.ndarray) -> float:
    """Median distance of record 1 from 2, 3 from 4, ...: width of a Gaussian kernel."""
    pairs = len(real) // 2
    return float(np.median(np.linalg.norm(real[: 2 * pairs : 2] - real[1 : 2 * pairs : 2], axis=1)))


def kernel_sums(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Sum exp(-d^2 / (2 width^2)) over pairs of jackknife groups: shape (GROUPS, GROUPS)."""
    kernel = np.exp(cdist(a, b, "sqeuclidean") / (-2 * width**2))
    hot_a, hot_b = (np.eye(GROUPS)[np.arange(len(x)) % GROUPS] for x in (a, b))
    return hot_a.T @ kernel @ hot_b


@dataclass(frozen=True)
class Neighbourhoods:
    """Where points of one cloud lie among the neighbours of the other; see :func:`neighbourhoods`.

    Attributes
    ----------
    precision : numpy.ndarray, shape (m,), bool
        Generated points inside the ball of some real point.
    recall : numpy.ndarray, shape (n,), bool
        Real points inside the ball of some generated point.
    density : numpy.ndarray, shape (m,), float
        Balls of real points around each generated one, over k; its mean is 1 for equal clouds.
    coverage : numpy.ndarray, shape (n,), bool
        Real points with a generated one inside their ball.
    """

    precision: np.ndarray
    recall: np.ndarray
    density: np.ndarray
    coverage: np.ndarray


def neighbourhoods(real: np.ndarray, new: np.ndarray, k: int = 5) -> Neighbourhoods:
    """Find who lies within the distance of whose k-th neighbour.

    Equal points are read once, and a point on the border lies inside: otherwise repeats make balls
    of radius 0, and identical sets would have a precision far below 1.

    Parameters
    ----------
    real, new : numpy.ndarray, shape (n, d) and (m, d)
        Points.
    k : int
        Neighbours; all others where there are fewer.

    Notes
    -----
    Precision and recall: Kynkaanniemi et al. 2019, NeurIPS; density and coverage: Naeem et al.
    2020, ICML.
    """
    real, new = np.unique(real, axis=0), np.unique(new, axis=0)
    between = cdist(real, new)
    in_real = between <= _radii(real, k)[:, None]
    in_new = between <= _radii(new, k)
    return Neighbourhoods(
        in_real.any(0),
        in_new.any(1),
        in_real.sum(0) / min(k, max(1, len(real) - 1)),
        in_real.any(1),
    )


def _radii(some: np.ndarray, k: int) -> np.ndarray:
    k = min(k, len(some) - 1)
    return np.asarray(np.partition(cdist(some, some), k, axis=1)[:, k])
