"""95 % intervals: jackknife for plug-in statistics, Wilson and Newcombe for shares, DeLong's.

Records that come in clusters count for fewer than they are; :func:`effective` says for how many.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import norm, rankdata, t

from biogan.evaluation.metric import Compared, Value

#: Groups of the delete-a-group jackknife.
GROUPS = 20

_T19 = float(t.ppf(0.975, GROUPS - 1))
_Z = float(norm.ppf(0.975))


def jackknife(statistic: Callable[[int | None], float]) -> tuple[float, float, float, float]:
    """Correct a plug-in statistic for the size of the sample, with an interval.

    A divergence of two samples is biased upwards by their finite size, and a bootstrap adds to
    that bias; leaving out one group at a time removes it to first order.

    Parameters
    ----------
    statistic : callable
        ``statistic(None)`` is the plug-in estimate on all records, ``statistic(g)`` the one
        without group ``g``, for ``g`` from 0 to 19.

    Returns
    -------
    plain, corrected, low, high : float
        Plug-in estimate, G theta - (G-1) mean(theta_g), and the t interval with G-1 degrees of
        freedom around the corrected value.

    Notes
    -----
    SE = sqrt((G-1)/G sum((theta_g - mean)**2)); Kott 2001, J. Official Statistics 17:521.
    """
    plain = statistic(None)
    left_out = np.array([statistic(g) for g in range(GROUPS)])
    mean = left_out.mean()
    corrected = GROUPS * plain - (GROUPS - 1) * mean
    error = np.sqrt((GROUPS - 1) / GROUPS * np.sum((left_out - mean) ** 2))
    half = _T19 * error
    return plain, float(corrected), float(corrected - half), float(corrected + half)


def effective(values: np.ndarray, groups: np.ndarray, times: float = 1.0) -> float:
    """Return how many independent records the records of clusters are worth.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        What is measured of each record: the more alike it is within clusters, the less its
        records add.
    groups : numpy.ndarray, shape (n,), int
        Cluster of each record.
    times : float
        Factor of the intraclass correlation: 2 where a value is one of two records.

    Returns
    -------
    float
        ``n`` where every record is its own cluster or clusters do not matter; about the number of
        clusters where their records are alike, or all are.

    Examples
    --------
    >>> effective(np.array([1.0, 1.0, 5.0, 5.0]), np.array([0, 0, 1, 1]))
    2.0

    Notes
    -----
    n / (1 + (m - 1) rho), m the mean size of the cluster that a record is in (Kish 1965, Survey
    Sampling, 8.2), rho the intraclass correlation by analysis of variance (Donner 1986, Int. Stat.
    Rev. 54:67).
    """
    _, at, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    n, count = len(values), len(sizes)
    if count == n:
        return float(n)
    if count == 1:
        return 1.0
    means = np.bincount(at, values) / sizes
    between = float(sizes @ (means - values.mean()) ** 2) / (count - 1)
    within = float(((values - means[at]) ** 2).sum()) / (n - count)
    typical = (n - float(sizes @ sizes) / n) / (count - 1)
    spread = between + (typical - 1) * within
    # Where nothing varies, nothing says that clusters do not matter.
    rho = min(1.0, max(0.0, times * (between - within) / spread)) if spread > 0 else 1.0
    return n / (1 + (float(sizes @ sizes) / n - 1) * rho)


def wilson(hits: float, n: float) -> tuple[float, float]:
    """Wilson score interval of a share.

    Numbers need not be whole: of clusters, give hits and n as the effective number has them.

    Examples
    --------
    >>> [round(x, 4) for x in wilson(0, 100)]
    [0.0, 0.037]

    Notes
    -----
    Wilson 1927, J. Am. Stat. Assoc. 22:209.
    """
    share, z2 = hits / n, _Z**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    # At no hits and at all hits the border is exact; rounding would miss it by 1e-17.
    return (
        float(centre - half) if hits else 0.0,
        float(centre + half) if hits < n else 1.0,
    )


def clustered_share(hits: np.ndarray, clusters: np.ndarray) -> tuple[float, float, float]:
    """Return a share of records that come in clusters, with its interval.

    Parameters
    ----------
    hits : numpy.ndarray, shape (n,), bool
        Which records count.
    clusters : numpy.ndarray, shape (n,), int
        Cluster of each record.

    Returns
    -------
    share, low, high : float
        Wilson's interval, of as many records as these are worth (:func:`effective`).

    Examples
    --------
    >>> hits = np.arange(8) < 4
    >>> [round(x, 3) for x in clustered_share(hits, np.arange(8))]
    [0.5, 0.215, 0.785]
    >>> [round(x, 3) for x in clustered_share(hits, np.arange(8) // 2)]
    [0.5, 0.15, 0.85]
    """
    n, total = len(hits), int(hits.sum())
    worth = effective(hits.astype(float), clusters)
    return total / n, *wilson(total * worth / n, worth)


def grouped_half(errors: np.ndarray, groups: np.ndarray) -> float:
    """Half of the interval of a mean of records that come in groups.

    Parameters
    ----------
    errors : numpy.ndarray, shape (n,)
        What each record adds to the spread; those of a group come together.
    groups : numpy.ndarray, shape (n,), int
        Group of each record.

    Examples
    --------
    >>> round(grouped_half(np.array([0.5, 0.5, -1.0]), np.array([0, 0, 1])), 4)
    0.9239
    """
    pieces = np.bincount(groups, errors)
    return _Z * float(np.sqrt((pieces**2).sum())) / len(errors)


def newcombe(hits1: float, n1: float, hits2: float, n2: float) -> tuple[float, float]:
    """Interval of the difference of two shares, hits1/n1 - hits2/n2.

    Notes
    -----
    Newcombe 1998, Stat. Med. 17:873, method 10: the Wilson intervals of both, put together.
    """
    p1, p2 = hits1 / n1, hits2 / n2
    (l1, u1), (l2, u2) = wilson(hits1, n1), wilson(hits2, n2)
    low = p1 - p2 - np.hypot(p1 - l1, u2 - p2)
    high = p1 - p2 + np.hypot(u1 - p1, p2 - l2)
    return float(low), float(high)


def auroc(
    positive: np.ndarray,
    negative: np.ndarray,
    groups: np.ndarray | None = None,
    out_of_fold: bool = False,
) -> tuple[float, float, float]:
    """Area under the ROC curve with DeLong's interval, for records that may come in clusters.

    Parameters
    ----------
    positive, negative : numpy.ndarray, shape (m,) and (n,)
        Scores of the two classes; ties count one half.
    groups : numpy.ndarray, shape (m + n,), int, optional
        Cluster of each record, the positive ones first; records of one cluster are no independent
        evidence. All different by default.
    out_of_fold : bool
        The scores of each fold are those of a classifier that learned from the other folds.

    Returns
    -------
    area, low, high : float

    Examples
    --------
    >>> auroc(np.array([2.0, 3.0]), np.array([1.0, 2.0]))[0]
    0.875

    Notes
    -----
    DeLong et al. 1988, Biometrics 44:837; for clusters Obuchowski 1997, Biometrics 53:567. The
    quantile is that of Student's t, as few clusters tell little of their own spread.

    Where nothing can be told, what two records of different folds have in common counts twice out
    of fold: once when the one is tested and once when the other is. The variance is twice DeLong's
    then, and his where all is told: it is taken 1 + 4 area (1 - area) times (docs/metrics.md).
    """
    m, n = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    # Share of the other class that each score is on the right side of.
    above = (ranks[:m] - rankdata(positive)) / n
    below = 1 - (ranks[m:] - rankdata(negative)) / m
    area = float(above.mean())
    cluster = np.arange(m + n) if groups is None else np.unique(groups, return_inverse=True)[1]
    parts = [
        np.bincount(cluster[rows], errors, cluster.max() + 1)
        for rows, errors in (
            (slice(m), (above - area) / m),
            (slice(m, None), (below - area) / n),
        )
    ]
    counts = [len(np.unique(cluster[:m])), len(np.unique(cluster[m:])), cluster.max() + 1]
    own, other, every = (count / max(1, count - 1) for count in counts)
    variance = (
        own * (parts[0] @ parts[0])
        + other * (parts[1] @ parts[1])
        + 2 * every * (parts[0] @ parts[1])
    )
    twice = 1 + 4 * area * (1 - area) * out_of_fold
    freedom = max(1, counts[0] + counts[1] - 2)
    half = float(t.ppf(0.975, freedom) * np.sqrt(twice * max(0.0, variance)))
    return area, max(0.0, area - half), min(1.0, area + half)


def jackknifed(
    comparison: Compared,
    statistic: Callable[[int | None], float],
    low: float = 0.0,
    high: float = np.inf,
    correct: bool = True,
    note: str = "",
) -> Value:
    """Estimate a statistic of candidate and reference with its jackknife interval.

    Parameters
    ----------
    comparison : Compared
        Gives the numbers of records.
    statistic : callable
        ``statistic(g)`` without jackknife group ``g`` of both sets, all records for ``None``.
    low, high : float
        Range, infinite without a border: a corrected value beyond it is moved to its border.
    correct : bool
        Take the bias of the plug-in estimate off the value; otherwise only the interval is taken
        from the jackknife.
    note : str
        Passed on.
    """
    n = len(comparison.candidate)
    if min(n, len(comparison.reference)) < GROUPS:
        few = f"fewer than {GROUPS} records: no interval"
        return Value(statistic(None), n=n, note=f"{note}; {few}" if note else few)
    if (
        min(len(np.unique(s.clusters)) for s in (comparison.candidate, comparison.reference))
        < GROUPS
    ):
        few = f"records overlap, in fewer than {GROUPS} stretches: no interval"
        return Value(statistic(None), n=n, note=f"{note}; {few}" if note else few)
    plain, value, left, right = jackknife(statistic)
    if not correct:
        left, right, value = left + plain - value, right + plain - value, plain
    value, left, right = np.clip([value, left, right], low, high).tolist()
    return Value(value, left, right, plain, n, note)
