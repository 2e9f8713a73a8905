"""Classifier two-sample tests: cross-validation that keeps clusters whole, and ridge classifiers.

A classifier that cannot tell generated records from real ones (AUROC 0.5) found no difference
(Lopez-Paz and Oquab 2017). Records that are alike stay in one fold, so that none is learned by
heart.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from biogan.core.memory import room_for_blas
from biogan.core.rng import rng
from biogan.evaluation.intervals import auroc
from biogan.evaluation.metric import Value

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

FOLDS = 5
# Features that are named as telling.
_TELLING = 5


# Inverse of the ridge penalty. Hundreds of features, few of them telling: at 0.1 a GC shift of a
# tenth reads 0.84 with 1,000 records a class, here 0.90, of 0.92 that an ideal classifier gets.
_STRENGTH = 0.003


def grouped_folds(groups: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """Assign records to folds, whole groups at a time, both classes evenly.

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
    here single records, nearly all of them, are assigned at once.
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
    room_for_blas()
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


@dataclass(frozen=True)
class CrossValidation:
    """The records of a two-sample test, the generated ones first, and their folds.

    Attributes
    ----------
    labels : numpy.ndarray, shape (n,), int
        1 for generated records, 0 for real ones.
    groups, folds : numpy.ndarray, shape (n,), int
        Records with one group are one piece of evidence; fold of each record, from 0 to 4.
    """

    labels: np.ndarray
    groups: np.ndarray
    folds: np.ndarray

    def auroc(self, scores: np.ndarray) -> tuple[float, float, float]:
        """Return the area of out-of-fold scores and its interval."""
        new = self.labels == 1
        return auroc(scores[new], scores[~new], self.groups, out_of_fold=True)


def too_few(new: int, real: int, noun: str) -> str:
    """Say that there are too few records for the folds; an empty string if there are not."""
    return f"needs {2 * FOLDS} {noun}s a class" if min(new, real) < 2 * FOLDS else ""


def cross_validation(
    new: int,
    real: int,
    groups: np.ndarray,
    seed: int,
    noun: str,
    alike: str,
    evidence: np.ndarray | None = None,
) -> CrossValidation | Value:
    """Split generated and real records into folds.

    Parameters
    ----------
    new, real : int
        Numbers of generated and of real records.
    groups : numpy.ndarray, shape (new + real,)
        Records that are alike have one number and stay together, so that none is learned by heart.
    seed : int
        Seed of the folds.
    noun, alike : str
        A record, and what a group is, for the note.
    evidence : numpy.ndarray, shape (new + real,), optional
        Smaller groups, whose records are one piece of evidence; ``groups`` by default.

    Returns
    -------
    CrossValidation or Value
        A value without number, with the reason in its note, where no folds can be made.
    """
    if few := too_few(new, real, noun):
        return Value(None, note=few)
    labels = np.repeat([1, 0], [new, real])
    numbers = np.unique(groups, return_inverse=True)[1]
    folds = grouped_folds(groups, labels, seed)
    if np.bincount(numbers).max() > len(labels) / 2 or not trainable(folds, labels):
        return Value(None, note=f"half of the {noun}s or more are one {alike}: no folds")
    return CrossValidation(labels, groups if evidence is None else evidence, folds)


def ridge_auroc(
    table: np.ndarray,
    validation: CrossValidation | Value,
    names: Sequence[str] = (),
    note: str = "",
) -> Value:
    """Out-of-fold AUROC of ridge logistic regression.

    Parameters
    ----------
    table : numpy.ndarray, shape (n, d)
        Features of generated and real records; constant ones are left out.
    validation : CrossValidation or Value
        From :func:`cross_validation`; a value is returned as it is.
    names : sequence of str, length d
        Names of the features: the most telling ones become the details, ``+`` where generated
        records have more.
    note : str
        Note of the value.
    """
    if isinstance(validation, Value):
        return validation
    varying = np.flatnonzero(table.std(0) > 1e-9 * np.maximum(1.0, np.abs(table).max(0)))
    if not len(varying):
        return Value(None, note="all features are constant")
    scores, weights = out_of_fold(table[:, varying], validation.labels, validation.folds)
    telling = np.argsort(-np.abs(weights), kind="stable")[: _TELLING if names else 0]
    details = tuple(f"{names[varying[i]]} {'+' if weights[i] > 0 else '-'}" for i in telling)
    return Value(
        *validation.auroc(scores), n=int(validation.labels.sum()), note=note, details=details
    )
