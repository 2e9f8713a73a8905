"""How well records follow their labels: strata of a label, and statistics of asked and predicted.

A *stratum* is a class, one of several classes that a record may have at once, or an eighth of the
range of a number. A predictor learns labels from real training records; it is asked about real
records that it has not seen and about generated ones, and only the two together mean something.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import binom, norm, rankdata

from biogan.core.conditions import ConditionKind, members, numbers
from biogan.evaluation.intervals import GROUPS, effective, wilson

#: Strata of a number, with as many training records each.
OCTILES = 8
#: Labels of one column that are read at most: those of most training records.
MOST_LABELS = 50
#: Labels from which on their ranks say something.
MANY_LABELS = 8
#: A correlation on real records below which no number can be read off a record.
LEAST_R = 0.3
#: What rows say that not even real records can answer.
UNANSWERABLE = "cannot be assessed: not even real records follow it"
_Z = float(norm.ppf(0.975))


@dataclass(frozen=True, eq=False)
class Strata:
    """The labels of one column that are read.

    Attributes
    ----------
    name : str
        Name of the column.
    kind : {"class", "multi", "number"}
        What it is.
    names : tuple of str
        Classes in alphabetical order, or ranges of a number from below.
    edges : numpy.ndarray, shape (strata - 1,)
        Values between the ranges of a number; empty for classes.

    Examples
    --------
    >>> found = Strata.of("class", "class", ["a", "b"] * 20 + ["rare"])
    >>> found.names, found.members(["b", "rare", "a"]).astype(int).tolist()
    (('a', 'b'), [[0, 1], [0, 0], [1, 0]])
    """

    name: str
    kind: ConditionKind
    names: tuple[str, ...]
    edges: np.ndarray

    @classmethod
    def of(cls, name: str, kind: ConditionKind, column: Sequence[object] | np.ndarray) -> Strata:
        """Read the strata off the labels of real training records.

        Classes of fewer than 20 records, and all but the 50 of most records, are left out.
        """
        if kind == "number":
            values = numbers(column)
            inner = np.linspace(0, 1, OCTILES + 1)[1:-1]
            known = values[~np.isnan(values)]
            edges = np.unique(np.quantile(known, inner)) if len(known) else np.zeros(0)
            ends = [f"{x:.4g}" for x in edges.tolist()]
            names = [f"{a} to {b}" for a, b in zip(ends, ends[1:], strict=False)]
            names = [f"below {ends[0]}", *names, f"from {ends[-1]}"] if ends else ["all"]
            return cls(name, kind, tuple(names), edges)
        texts = [str(value).strip() for value in column]
        counts = Counter(c for text in texts for c in _classes(text, kind))
        known_n = sum(map(bool, texts))
        enough = {
            c: n for c, n in counts.items()
            if n >= GROUPS and (kind == "class" or known_n - n >= GROUPS)
        }  # fmt: skip
        often = sorted(enough, key=lambda c: (-enough[c], c))[:MOST_LABELS]
        return cls(name, kind, tuple(sorted(often)), np.zeros(0))

    def __len__(self) -> int:
        return len(self.names)

    @property
    def exclusive(self) -> bool:
        """Whether a record is in one stratum at most."""
        return self.kind != "multi"

    def members(self, column: Sequence[object] | np.ndarray) -> np.ndarray:
        """Tell which records are in which stratum, shape (n, strata), bool."""
        out = np.zeros((len(column), len(self)), bool)
        if self.kind == "number":
            values = numbers(column)
            known = np.flatnonzero(~np.isnan(values))
            out[known, np.searchsorted(self.edges, values[known], "right")] = True
            return out
        place = {name: i for i, name in enumerate(self.names)}
        for i, value in enumerate(column):
            for c in _classes(str(value).strip(), self.kind):
                if c in place:
                    out[i, place[c]] = True
        return out

    @staticmethod
    def labelled(column: Sequence[object] | np.ndarray) -> np.ndarray:
        """Tell which records have a label at all, shape (n,), bool."""
        return np.array([bool(str(value).strip()) for value in column], bool)


def _classes(text: str, kind: ConditionKind) -> tuple[str, ...]:
    return members(text) if kind == "multi" else (text,) if text else ()


class Measured(NamedTuple):
    """A statistic, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


class Accuracies(NamedTuple):
    """Balanced accuracy, and the share right of each label.

    Attributes
    ----------
    all : Measured
        Mean over labels.
    each : numpy.ndarray, shape (labels,)
        Share of the records of a label that are predicted to have it; of several classes at once
        the mean of that share and of the share of the others that are predicted not to.
    """

    all: Measured
    each: np.ndarray


def class_accuracy(asked: np.ndarray, predicted: np.ndarray, clusters: np.ndarray) -> Accuracies:
    """Balanced share of records whose predicted class is the asked one.

    Parameters
    ----------
    asked, predicted : numpy.ndarray, shape (n,), int
        Classes.
    clusters : numpy.ndarray, shape (n,), int
        Records with one number are one piece of evidence.

    Returns
    -------
    Accuracies
        Over the classes asked for, in ascending order; the interval is normal, of as many records
        as those of each class are worth, and at least as wide as Wilson's.

    Examples
    --------
    >>> found = class_accuracy(np.array([0, 0, 1]), np.array([0, 1, 1]), np.arange(3))
    >>> found.all.value, found.each.tolist()
    (0.75, [0.5, 1.0])
    """
    parts = [asked == c for c in np.unique(asked)]
    right = [(predicted == asked)[part] for part in parts]
    groups = [clusters[part] for part in parts]
    return Accuracies(_balanced(right, groups), np.array([r.mean() for r in right]))


def multi_accuracy(asked: np.ndarray, predicted: np.ndarray, clusters: np.ndarray) -> Accuracies:
    """Mean over labels of the balanced accuracy of having a label or not.

    Parameters
    ----------
    asked, predicted : numpy.ndarray, shape (n, labels), bool
        Labels; each has records with and without it.
    clusters : numpy.ndarray, shape (n,), int
        As for :func:`class_accuracy`.

    Returns
    -------
    Accuracies
        The half width is the mean of those of the labels, which share the records.

    Examples
    --------
    >>> asked = np.array([[True], [True], [False]])
    >>> multi_accuracy(asked, np.array([[True], [False], [False]]), np.arange(3)).all.value
    0.75
    """
    found = []
    for a, p in zip(asked.T, predicted.T, strict=True):
        parts = [a, ~a]
        found.append(_balanced([(p == a)[x] for x in parts], [clusters[x] for x in parts]))
    value, low, high = np.mean(found, 0).tolist()
    return Accuracies(Measured(value, low, high), np.array([one.value for one in found]))


def _balanced(right: list[np.ndarray], groups: list[np.ndarray]) -> Measured:
    """Mean of shares of separate records, with the interval of their mean."""
    shares = np.array([r.mean() for r in right])
    worth = [effective(r.astype(float), g) for r, g in zip(right, groups, strict=True)]
    ends = np.array([wilson(s * w, w) for s, w in zip(shares, worth, strict=True)])
    value = float(shares.mean())
    # The Wilson intervals of the parts put together, as Newcombe's method does for differences.
    below, above = (float(np.sqrt(((ends[:, i] - shares) ** 2).sum())) for i in (0, 1))
    return Measured(value, value - below / len(right), value + above / len(right))


def chance(predicted: np.ndarray, true: np.ndarray, read: np.ndarray) -> float:
    """Balanced accuracy of records that know nothing of their labels.

    Parameters
    ----------
    predicted, true : numpy.ndarray, shape (n,), int
        Predicted and true class of real records.
    read : numpy.ndarray of int
        Classes that the accuracy is the mean of.

    Returns
    -------
    float
        Mean over the classes read of the share of records, every true class with one weight, that
        are predicted to have it: 1 / k where all k classes are read.

    Examples
    --------
    >>> chance(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), np.array([0, 1]))
    0.5
    """
    shares = [
        np.mean([(predicted[true == c] == label).mean() for c in np.unique(true)]) for label in read
    ]
    return float(np.mean(shares))


def rank_correlation(asked: np.ndarray, predicted: np.ndarray, clusters: np.ndarray) -> Measured:
    """Spearman correlation with its interval.

    Parameters
    ----------
    asked, predicted : numpy.ndarray, shape (n,)
        Numbers; neither is constant.
    clusters : numpy.ndarray, shape (n,), int
        Records with one number are one piece of evidence.

    Examples
    --------
    >>> round(rank_correlation(np.arange(5.0), np.arange(5.0) ** 3, np.arange(5)).value, 6)
    1.0

    Notes
    -----
    Fisher's z with the variance (1 + r^2 / 2) / (n - 3) (Bonett & Wright 2000, Psychometrika
    65:23).
    """
    a, b = (rankdata(x) for x in (asked, predicted))
    r = float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))
    n = max(4.0, effective((a - a.mean()) * (b - b.mean()), clusters))
    if abs(r) > 1 - 1e-9:
        return Measured(r, r, r)
    half = _Z * np.sqrt((1 + r * r / 2) / (n - 3))
    low, high = np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)
    return Measured(r, float(low), float(high))


def median_error(asked: np.ndarray, predicted: np.ndarray, clusters: np.ndarray) -> Measured:
    """Median absolute difference, with the ranks between which it lies with 95 %.

    Examples
    --------
    >>> zeros = np.zeros(5)
    >>> median_error(zeros, np.array([1.0, -2, 3, 4, 5]), np.arange(5)).value
    3.0
    """
    errors = np.abs(asked - predicted)
    middle = float(np.median(errors))
    ordered, n = np.sort(errors), len(errors)
    worth = max(1, int(effective((errors > middle).astype(float), clusters)))
    low, high = (int(x * n / worth) for x in binom.interval(0.95, worth, 0.5))
    return Measured(middle, float(ordered[max(0, low - 1)]), float(ordered[min(n - 1, high)]))


def reciprocal_ranks(distances: np.ndarray) -> Measured:
    """Mean reciprocal rank of the own label.

    Parameters
    ----------
    distances : numpy.ndarray, shape (labels, labels)
        Distance of generated records of each label, by rows, from real ones of each label.

    Returns
    -------
    Measured
        Between Wilson's ends of a share of as many labels: a reciprocal rank lies between 0 and 1.

    Examples
    --------
    >>> reciprocal_ranks(np.array([[0.0, 1.0], [0.0, 1.0]])).value
    0.75

    Notes
    -----
    Kucera et al. 2022, Bioinformatics 38:3454.
    """
    own = np.diagonal(distances)[:, None]
    # Ties take the worst of their ranks: whoever writes one thing for all labels gains nothing.
    ranks = (distances <= own).sum(1)
    found, k = 1 / ranks, len(ranks)
    return Measured(float(found.mean()), *wilson(float(found.sum()), k))


def chance_rank(labels: int) -> float:
    """Mean reciprocal rank of a label drawn at random: H_k / k.

    Examples
    --------
    >>> chance_rank(2)
    0.75
    """
    return float((1 / np.arange(1, labels + 1)).mean())


def mean_over(found: Sequence[Measured], exclusive: bool) -> Measured:
    """Mean of a statistic over labels.

    Parameters
    ----------
    found : sequence of Measured
        The statistic of each label.
    exclusive : bool
        Whether labels have records of their own: then errors average out.

    Examples
    --------
    >>> mean_over([Measured(0, -1, 1), Measured(1, 0, 2)], exclusive=False)
    Measured(value=0.5, low=-0.5, high=1.5)
    """
    values = np.array(found, float)
    middle = float(values[:, 0].mean())
    down, up = values[:, 0] - values[:, 1], values[:, 2] - values[:, 0]
    if exclusive:
        below, above = (float(np.sqrt((x**2).sum())) / len(values) for x in (down, up))
    else:
        below, above = float(down.mean()), float(up.mean())
    return Measured(middle, middle - below, middle + above)
