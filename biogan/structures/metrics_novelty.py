"""Metrics of fragments: whether they are new, and whether a classifier can tell them."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from biogan.metrics.base import Value
from biogan.metrics.discriminability import FOLDS, grouped_folds, out_of_fold, trainable
from biogan.metrics.intervals import auroc, effective, newcombe, wilson
from biogan.structures.features import describe
from biogan.structures.samples import FragmentComparison, FragmentSample, structure_metric

#: RMSD in Angstrom below which a fragment is a near copy, and an exact one but for rounding.
NEAR, EXACT = 1.0, 0.05
#: Fragments whose nearest training fragments are looked up, and that classifiers learn from.
MOST_NEAREST, MOST_CLASSIFIED = 500, 5_000


@structure_metric("copies", "novelty", "exact copies", high=1.0, unit="share",
                  most=MOST_NEAREST)  # fmt: skip
def exact_copies(comparison: FragmentComparison) -> Value:
    """Share of the fragments that lie on a training fragment within 0.05 Angstrom."""
    return _copies(comparison, EXACT)


@structure_metric("near-copies", "novelty", "near copies", high=1.0, unit="share",
                  most=MOST_NEAREST)  # fmt: skip
def near_copies(comparison: FragmentComparison) -> Value:
    """Share of the fragments within 1 Angstrom RMSD of a training fragment."""
    return _copies(comparison, NEAR)


@structure_metric("near-excess", "novelty", "near-copy excess", low=-1.0, high=1.0,
                  needs=("fresh",), unit="share", most=MOST_NEAREST)  # fmt: skip
def near_copy_excess(comparison: FragmentComparison) -> Value:
    """Near-copy rate minus that of held-out fragments: copying, not likeness."""
    assert comparison.fresh is not None  # the need "fresh" was met
    shares, counts = [], []
    for sample in (comparison.candidate, comparison.fresh):
        near, worth = sample.nearest(comparison.source)[1] < NEAR, _worth(sample, comparison.source)
        shares.append(int(near.sum()) / len(near))
        counts += [shares[-1] * worth, worth]
    return Value(shares[0] - shares[1], *newcombe(*counts), n=len(comparison.candidate))


@structure_metric("nearest-rmsd", "novelty", "nearest RMSD", goal="high", unit="Angstrom",
                  most=MOST_NEAREST)  # fmt: skip
def nearest_rmsd(comparison: FragmentComparison) -> Value:
    """Median RMSD to the nearest training fragment."""
    found = np.sort(comparison.candidate.nearest(comparison.source)[1])
    n = len(found)
    # Ranks between which the median lies with 95 %, whatever the distribution; of families, those
    # of as many fragments as they are worth.
    worth = max(1, round(_worth(comparison.candidate, comparison.source)))
    low, high = binom.interval(0.95, worth, 0.5)
    low, high = int(np.floor(low * (n / worth))), int(np.ceil(high * (n / worth)))
    edges = found[max(0, low - 1)], found[min(n - 1, high)]
    return Value(float(np.median(found)), float(edges[0]), float(edges[1]), n=n)


@structure_metric("auroc", "discriminability", "classifier AUROC", goal="half", high=1.0,
                  most=MOST_CLASSIFIED)  # fmt: skip
def classifier_auroc(comparison: FragmentComparison) -> Value:
    """Out-of-fold AUROC of ridge logistic regression on local and global features.

    Folds never part a family, so that no fold is learned by heart.
    """
    new, real = comparison.candidate, comparison.reference
    n = len(new)
    if min(n, len(real)) < 2 * FOLDS:
        return Value(None, note=f"needs {2 * FOLDS} fragments a class")
    labels, groups = np.repeat([1, 0], [n, len(real)]), comparison.related
    folds = grouped_folds(groups, labels, comparison.seed)
    if np.bincount(np.unique(groups, return_inverse=True)[1]).max() > len(labels) / 2 or (
        not trainable(folds, labels)
    ):
        return Value(None, note="half of the fragments or more are one family: no folds")
    names = describe(real.fragments.xyz[:1])[1]
    table = np.concatenate([s.values(described) for s in (new, real)])
    varying = table.std(0) > 1e-9 * np.maximum(1.0, np.abs(table).max(0))
    if not varying.any():
        return Value(None, note="all features are constant")
    scores, weights = out_of_fold(table[:, varying], labels, folds)
    area, low, high = auroc(scores[:n], scores[n:], groups, out_of_fold=True)
    telling = np.flatnonzero(varying)[np.argsort(-np.abs(weights), kind="stable")[:5]]
    sign = dict(zip(np.flatnonzero(varying).tolist(), weights.tolist(), strict=True))
    details = tuple(f"{names[i]} {'+' if sign[i] > 0 else '-'}" for i in telling.tolist())
    return Value(area, low, high, n=n, details=details)


def described(xyz: np.ndarray) -> np.ndarray:
    """Features of the classifier, shape (n, d)."""
    return describe(xyz)[0]


def _copies(comparison: FragmentComparison, border: float) -> Value:
    near = comparison.candidate.nearest(comparison.source)[1] < border
    hits, n = int(near.sum()), len(near)
    worth = _worth(comparison.candidate, comparison.source)
    names = [comparison.candidate.fragments.ids[i] for i in np.flatnonzero(near)[:5]]
    return Value(hits / n, *wilson(hits / n * worth, worth), n=n, details=tuple(names))


def _worth(sample: FragmentSample, source: FragmentSample) -> float:
    """Return how many independent fragments a sample is worth; each, if all families differ.

    From the distances to the source, as a share of few or no copies does not tell how alike
    families are. What is below the border of exact copies is rounding.
    """
    return effective(np.maximum(sample.nearest(source)[1], EXACT), sample.fragments.families)
