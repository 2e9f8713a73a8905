"""Distances of two clouds of points: Frechet, kernel, and neighbourhoods."""

from __future__ import annotations

import numpy as np
from scipy.special import entr, rel_entr

from biogan.core.rng import rng
from biogan.evaluation.intervals import GROUPS


def jackknife_groups(n: int) -> np.ndarray:
    """Return the jackknife group of each of n independent records, shape (n,)."""
    return np.arange(n) % GROUPS


# Squared distances are read up to this, where the spread of the points is about 1.
_ROUNDING = 1e-10


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


def moments(
    x: np.ndarray, groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers, sums and sums of products of the jackknife groups of points (n, d).

    ``groups`` is the group of each point, its number modulo 20 by default.
    """
    group = jackknife_groups(len(x)) if groups is None else groups
    parts = [x[group == g] for g in range(GROUPS)]
    return (
        np.array([len(p) for p in parts]),
        np.stack([p.sum(0) for p in parts]),
        np.stack([p.T @ p for p in parts]),
    )


def gaussian_of(
    n: np.ndarray, sums: np.ndarray, products: np.ndarray, left_out: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance without a jackknife group, from what :func:`moments` returns."""
    keep = np.arange(GROUPS) != (-1 if left_out is None else left_out)
    total = int(n[keep].sum())
    mean = sums[keep].sum(0) / total
    return mean, (products[keep].sum(0) - total * np.outer(mean, mean)) / max(total - 1, 1)


def median_width(real: np.ndarray) -> float:
    """Median distance of record 1 from 2, 3 from 4, ...: width of a Gaussian kernel."""
    pairs = len(real) // 2
    return float(np.median(np.linalg.norm(real[: 2 * pairs : 2] - real[1 : 2 * pairs : 2], axis=1)))


def kernel_sums(
    a: np.ndarray,
    b: np.ndarray,
    width: float,
    groups: tuple[np.ndarray, np.ndarray] | None = None,
    counted: np.ndarray | None = None,
) -> np.ndarray:
    """Sum exp(-d^2 / (2 width^2)) over pairs of jackknife groups: shape (GROUPS, GROUPS).

    ``groups`` are those of both clouds, numbers of the points modulo 20 by default. ``counted``,
    shape (len(a), len(b)), tells which pairs count, by default all.
    """
    kernel = np.exp(squared_distances(a, b) / (-2 * width**2))
    if counted is not None:
        kernel *= counted
    of_a, of_b = groups or (jackknife_groups(len(a)), jackknife_groups(len(b)))
    hot_a, hot_b = np.eye(GROUPS)[of_a], np.eye(GROUPS)[of_b]
    return hot_a.T @ kernel @ hot_b


class Neighbourhoods:
    """Who lies within the distance of whose k-th neighbour, for two clouds of points.

    Equal points are read once, and a point on the border lies inside: otherwise repeats make balls
    of radius 0, and identical sets would have a precision far below 1.

    Parameters
    ----------
    real, new : numpy.ndarray, shape (n, d) and (m, d)
        Points.
    k : int
        Neighbours; all others where there are fewer.
    groups : tuple of two numpy.ndarray, optional
        Jackknife group of each real and of each new point; number i modulo 20 by default.

    Notes
    -----
    Precision and recall: Kynkaanniemi et al. 2019, NeurIPS; density and coverage: Naeem et al.
    2020, ICML.

    Examples
    --------
    >>> line = np.arange(4.0)[:, None]
    >>> Neighbourhoods(line, line + 0.5, k=1).shares()
    array([1.  , 1.  , 1.75, 1.  ])
    """

    def __init__(
        self,
        real: np.ndarray,
        new: np.ndarray,
        k: int = 5,
        groups: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        of_real, of_new = groups or (jackknife_groups(len(real)), jackknife_groups(len(new)))
        (real, self._real), (new, self._new) = _distinct(real, of_real), _distinct(new, of_new)
        self.sizes = len(real), len(new)
        self.k = k
        self._between = squared_distances(real, new)
        self._near_real, self._near_new = (
            _Nearest(x, groups, k) for x, groups in ((real, self._real), (new, self._new))
        )

    def shares(self, left_out: int | None = None) -> np.ndarray:
        """Return precision, recall, density and coverage, shape (4,).

        Precision is the share of the new points inside the ball of some real one, recall that of
        the real points inside the ball of some new one, density the mean number of real balls
        round a new point over k (1 for equal clouds), coverage the share of real balls that hold
        a new point.

        Parameters
        ----------
        left_out : int, optional
            A jackknife group of both clouds that does not count.
        """
        real, new = self._real != left_out, self._new != left_out
        # A ball without radius holds nothing, and a centre that is left out has none.
        in_real = self._between <= np.where(real, self._near_real.radii(left_out), -1.0)[:, None]
        in_new = self._between <= np.where(new, self._near_new.radii(left_out), -1.0)
        if left_out is not None:
            in_real[:, ~new] = False
        balls = in_real.sum(0)[new]
        k = min(self.k, max(1, int(real.sum()) - 1))
        return np.array([
            (balls > 0).mean(), in_new[real].any(1).mean(), balls.mean() / k,
            in_real[real].any(1).mean(),
        ])  # fmt: skip


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances, shape (len(a), len(b)), by one product of matrices."""
    both = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * (a @ b.T)
    return np.asarray(np.maximum(both, 0.0, out=both))


def _distinct(points: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct points and their group; -1, which is never left out, if they stand in several."""
    found, first, owner = np.unique(points, axis=0, return_index=True, return_inverse=True)
    owner = owner.ravel()
    several = np.zeros(len(found), bool)
    several[owner[group != group[first][owner]]] = True
    return found, np.where(several, -1, group[first])


class _Nearest:
    """The nearest others of each point, so many that k are left without a jackknife group."""

    def __init__(self, points: np.ndarray, groups: np.ndarray, k: int) -> None:
        self.k = k
        distances = squared_distances(points, points)
        np.fill_diagonal(distances, -1.0)  # itself, always first
        kept = min(len(points), 1 + 4 * k)
        rows = np.arange(len(points))[:, None]
        nearest = np.argpartition(distances, kept - 1, axis=1)[:, :kept]
        nearest = nearest[rows, np.argsort(distances[rows, nearest], axis=1)]
        self._distances = np.maximum(distances[rows, nearest], 0.0)
        self._groups = groups[nearest]

    def radii(self, left_out: int | None) -> np.ndarray:
        """Squared distance to the k-th other, a little more so that its rounding does not count."""
        counts = self._groups != left_out
        counts[:, 0] = True
        # Of all that remain the farthest, where there are fewer than k.
        place = np.minimum(self.k + 1, counts.sum(1))
        column = (counts.cumsum(1) == place[:, None]).argmax(1)
        found = self._distances[np.arange(len(column)), column]
        return np.asarray(found * (1 + _ROUNDING) + _ROUNDING)


def jsd(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence of counts or frequencies along the last axis, in bits.

    The divergence itself, not its square root: 0 for equal spectra, 1 for disjoint ones.

    Parameters
    ----------
    p, q : numpy.ndarray, shape (..., cells)
        Not negative; normalised here. An empty spectrum (all zero) is 1 bit away from any other
        and 0 from another empty one.

    Returns
    -------
    numpy.ndarray, shape (...)

    Notes
    -----
    JSD = KL(p||m)/2 + KL(q||m)/2 with m = (p+q)/2 (Lin 1991, IEEE Trans. Inf. Theory 37:145).

    Examples
    --------
    >>> float(jsd(np.array([1, 1, 0]), np.array([1, 0, 1])))
    0.5
    """
    total_p, total_q = p.sum(-1, keepdims=True), q.sum(-1, keepdims=True)
    p = p / np.where(total_p > 0, total_p, 1)
    q = q / np.where(total_q > 0, total_q, 1)
    m = (p + q) / 2
    divergence = (rel_entr(p, m).sum(-1) + rel_entr(q, m).sum(-1)) / (2 * np.log(2))
    one_empty = ((total_p > 0) != (total_q > 0))[..., 0]
    return np.where(one_empty, 1.0, np.clip(divergence, 0.0, 1.0))


def entropy(counts: np.ndarray) -> np.ndarray:
    """Shannon entropy of counts or frequencies along the last axis, in bits.

    Parameters
    ----------
    counts : numpy.ndarray, shape (..., cells)
        Not negative; normalised here. All zero: no entropy.

    Returns
    -------
    numpy.ndarray, shape (...)
        The plug-in estimate, about (cells - 1) / (2 n ln 2) bits too low for n counts.

    Examples
    --------
    >>> entropy(np.array([[4, 0], [2, 2]])).tolist()
    [0.0, 1.0]
    """
    total = counts.sum(-1, keepdims=True)
    return np.asarray(entr(counts / np.where(total > 0, total, 1)).sum(-1) / np.log(2))


def pearson(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson correlation of two arrays; 0 where one of them is constant."""
    x, y = x.ravel().astype(float), y.ravel().astype(float)
    x, y = x - x.mean(), y - y.mean()
    norm = np.sqrt((x @ x) * (y @ y))
    return float(np.clip(x @ y / norm, -1, 1)) if norm > 0 else 0.0


#: Directions kept at most where a covariance is estimated.
AXES = 32


def directions(d: int, n: int) -> np.ndarray:
    """Return orthonormal directions that no data choose: at most 32, and a tenth of the records.

    Parameters
    ----------
    d : int
        Coordinates of a point.
    n : int
        Points of the smaller set.

    Returns
    -------
    numpy.ndarray, shape (d, directions)
        Columns of length sqrt(d / directions), so that the total variance is kept on average.

    Notes
    -----
    Johnson & Lindenstrauss 1984, Contemp. Math. 26:189.
    """
    kept = max(1, min(AXES, n // 10, d))
    axes = np.linalg.qr(rng(0, "directions").normal(size=(d, kept)))[0]
    return np.asarray(axes * np.sqrt(d / kept))
