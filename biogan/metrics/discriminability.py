"""Classifier two-sample test: how well generated sequences can be told from real ones."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison, Sample
from biogan.metrics.intervals import auroc
from biogan.metrics.kmers import kmer_names, kmer_table
from biogan.metrics.position import one_hot
from biogan.seeds import rng
from biogan.similarity import clusters

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

FOLDS = 5
# Records a class; the error of the AUROC is already below 0.005 there.
_MOST = 10_000
_MAX_KMER_CELLS = 1000
_MAX_SITE_CELLS = 1500
# Inverse of the ridge penalty. Hundreds of features, few of them telling: at 0.1 a GC shift of a
# tenth reads 0.84 with 1,000 records a class, here 0.90, of 0.92 that an ideal classifier gets.
_STRENGTH = 0.003


@metric("auroc", "discriminability", "classifier AUROC", goal="half", high=1.0,
        most=_MOST)  # fmt: skip
def classifier_auroc(comparison: Comparison) -> Value:
    """Out-of-fold AUROC of logistic regression on k-mer counts and, at one length, positions.

    0.5: cannot be told apart, 1: always told apart. Folds never part a cluster of near copies, so
    that repeats cannot be learned by heart; where one cluster holds half of the records or more
    there may be nothing left to learn from, and there is no value.
    """
    test = two_samples(comparison)
    if isinstance(test, Value):
        return test
    n, new, real = test.n, test.new, test.real
    cells = int(new.sequences.lengths[0]) * new.sequences.alphabet.size
    by_position = not comparison.missing("columns") and cells <= _MAX_SITE_CELLS
    features, names = classifier_features([new, real], by_position)
    scores, weights = out_of_fold(features, test.labels, test.folds)
    area, low, high = auroc(scores[:n], scores[n:], test.groups, out_of_fold=True)
    telling = np.argsort(-np.abs(weights), kind="stable")[:5]
    return Value(
        area, low, high, n=n,
        note="k-mers and positions" if by_position else "k-mers",
        details=tuple(f"{names[i]} {'+' if weights[i] > 0 else '-'}" for i in telling),
    )  # fmt: skip


@dataclass(frozen=True)
class TwoSamples:
    """The records of a classifier two-sample test, the generated ones first.

    Attributes
    ----------
    new, real : Sample
        ``n`` records of each class.
    labels : numpy.ndarray, shape (2 n,), int
        1 for generated records.
    groups, folds : numpy.ndarray, shape (2 n,), int
        Cluster of near copies, and fold, of each record.
    """

    new: Sample
    real: Sample
    labels: np.ndarray
    groups: np.ndarray
    folds: np.ndarray

    @property
    def n(self) -> int:
        """Records a class."""
        return len(self.new)


def two_samples(comparison: Comparison) -> TwoSamples | Value:
    """Deal as many records of each class to folds; a value without number where it is no use."""
    n = min(len(comparison.candidate), len(comparison.reference))
    if n < 2 * FOLDS:
        return Value(None, note=f"needs {2 * FOLDS} records a class")
    new, real = (Sample(s.sequences[:n]) for s in (comparison.candidate, comparison.reference))
    labels = np.repeat([1, 0], n)
    groups = clusters(SequenceSet.concatenate([new.sequences, real.sequences]), 0.9)
    folds = grouped_folds(groups, labels, comparison.seed)
    if np.bincount(groups).max() > n or not trainable(folds, labels):
        return Value(
            None, note="half of the records or more are one cluster of near copies: no folds"
        )
    return TwoSamples(new, real, labels, groups, folds)


def grouped_folds(groups: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """Deal records to folds, whole groups at a time, both classes evenly.

    Parameters
    ----------
    groups : numpy.ndarray, shape (n,), int
        Records with one number stay together.
    labels : numpy.ndarray, shape (n,), int
        Class 0 or 1.
    seed : int
        Seed of the order.

    Returns
    -------
    numpy.ndarray, shape (n,), int
        Fold of each record, from 0 to 4.

    Notes
    -----
    The aim of scikit-learn's ``StratifiedGroupKFold``, which takes minutes on ten thousand groups:
    here single records, nearly all of them, are dealt at once.
    """
    _, group = np.unique(groups, return_inverse=True)
    sizes = np.stack([np.bincount(group, labels == c) for c in (0, 1)], 1)
    order = rng(seed, "folds").permutation(len(sizes))
    order = order[np.argsort(-sizes[order].sum(1), kind="stable")]
    fold_of, load = np.zeros(len(sizes), np.int64), np.zeros((FOLDS, 2))
    big = order[sizes[order].sum(1) > 1]
    for g in big:
        # The fold that is left most even: largest class load after taking the group.
        fold_of[g] = np.argmin(((load + sizes[g]) ** 2).sum(1))
        load[fold_of[g]] += sizes[g]
    for c in (0, 1):
        single = order[len(big) :][sizes[order[len(big) :], c] == 1]
        fold_of[single] = _fill(load[:, c], len(single))
    return fold_of[group]


def _fill(load: np.ndarray, n: int) -> np.ndarray:
    """Folds of ``n`` single records, so that the loads become as equal as they can."""
    # The j-th free place of a fold lies at height load + j; the n lowest places are taken.
    heights = load[:, None] + np.arange(n)
    lowest = np.argsort(heights, axis=None, kind="stable")[:n]
    return lowest // max(n, 1)


def trainable(folds: np.ndarray, labels: np.ndarray) -> bool:
    """Whether both classes are left to learn from for every fold that holds records."""
    return all(len(np.unique(labels[folds != fold])) == 2 for fold in np.unique(folds))


def classifier_features(
    samples: Sequence[Sample], by_position: bool
) -> tuple[np.ndarray, list[str]]:
    """Describe records by numbers that a linear classifier learns from.

    Parameters
    ----------
    samples : sequence of Sample
        Sets over one alphabet.
    by_position : bool
        Indicators of the letters at each position too; needs one length.

    Returns
    -------
    features : numpy.ndarray, shape (n of all sets, d), float32
        Counts of k-mers, k = 1 to 4 while there are at most 1,000; none is constant.
    names : list of str
        Their names.
    """
    alphabet = samples[0].plain.alphabet
    tables, names = [], []
    k = 1
    while k <= 4 and alphabet.size**k <= _MAX_KMER_CELLS:
        tables.append(np.concatenate([kmer_table(s.plain, k) for s in samples]))
        names += kmer_names(alphabet.letters, k)
        k += 1
    letters = samples[0].sequences.alphabet.letters
    if by_position:
        length = samples[0].matrix.shape[1]
        tables.append(np.concatenate([one_hot(s.matrix, len(letters)) for s in samples]))
        names += [f"{letter}@{i + 1}" for i in range(length) for letter in letters]
    features = np.concatenate(tables, axis=1, dtype=np.float32)
    keep = features.std(0) > 0
    return features[:, keep], [name for name, k in zip(names, keep, strict=True) if k]


def ridge(features: np.ndarray, classes: np.ndarray, scale: float = 1.0) -> LogisticRegression:
    """Fit ridge logistic regression with classes of equal weight.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, d)
        Standardised.
    classes : numpy.ndarray, shape (n,)
        Two classes or more.
    scale : float
        Weight of a record, above 0.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=scale * _STRENGTH, max_iter=100, tol=1e-3, class_weight="balanced")
    with warnings.catch_warnings():
        # A score needs no last digit of the coefficients.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(features, classes)


def out_of_fold(
    features: np.ndarray, labels: np.ndarray, folds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Score records with classifiers that have not seen their fold; return scores and weights.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, d)
        None is constant.
    labels, folds : numpy.ndarray, shape (n,)
        Class 0 or 1, and fold from 0 to 4.
    """
    features = (features - features.mean(0)) / features.std(0)
    scores, weights = np.zeros(len(labels)), np.zeros(features.shape[1])
    for fold in range(FOLDS):
        held = folds == fold
        if not held.any():
            continue
        model = ridge(features[~held], labels[~held])
        scores[held] = model.decision_function(features[held])
        weights += model.coef_[0] / FOLDS
    return scores, weights
