"""Surrogates of an oracle, learned from its answers: they choose among candidates, free of calls.

Where calls are few, many more candidates are made than are asked about, and those that two
regressions of different kinds promise most are taken. Both learn ranks of the scores, so that a few
extreme ones do not rule, and an unusual candidate is promised no more than the best there was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.stats import rankdata

from biogan.sequences.alphabet import Alphabet
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.kmers import kmer_table

#: Candidates that are made for each that is asked about.
FACTOR = 20
#: Answers from which surrogates say more than nothing.
FEWEST = 50
# Answers that they learn from: the best ones, and the latest ones.
_BEST, _LATEST = 200, 50
# Share of the positions at which the likeness of two sequences has fallen to 1/e, and the part of
# the variance that neighbours do not explain.
_RANGE, _NOISE = 0.3, 0.1
# 1 - exp(-3): the last of a batch is chosen with three standard deviations added.
_SURE = 0.95
# Penalties of the linear regression.
_PENALTIES = np.logspace(-1, 4, 11)
_MOST_KMERS = 1000


@dataclass(frozen=True)
class Surrogate:
    """Two regressions of the score: by neighbours, and linear in k-mers and letters by position.

    The first is a Gaussian process whose covariance falls with the share of differing positions
    (Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, equations 2.25 and 2.26),
    the second ridge regression, with the penalty of the smallest leave-one-out error.

    Attributes
    ----------
    rows : numpy.ndarray, shape (n, positions), uint8
        Sequences that the oracle was asked about.
    scores : numpy.ndarray, shape (n,)
        Its answers; -inf counts as the lowest.
    alphabet : Alphabet
        Letters of the rows; a code behind them is none (the end symbol).

    Examples
    --------
    >>> from biogan.sequences.alphabet import DNA
    >>> rows = np.random.default_rng(0).integers(0, 4, (200, 12)).astype(np.uint8)
    >>> learned = Surrogate(rows, (rows == 2).sum(1), DNA)
    >>> learned.chosen(np.array([[0] * 12, [2] * 12], np.uint8), 1).tolist()
    [1]
    """

    rows: np.ndarray
    scores: np.ndarray
    alphabet: Alphabet

    def __post_init__(self) -> None:
        order = np.argsort(-self.scores, kind="stable")[:_BEST]
        late = np.arange(max(0, len(self.scores) - _LATEST), len(self.scores))
        kept = np.union1d(order, late)
        object.__setattr__(self, "rows", self.rows[kept])
        object.__setattr__(self, "scores", rankdata(self.scores[kept]) / len(kept))

    def chosen(self, rows: np.ndarray, n: int) -> np.ndarray:
        """Return the numbers of the n candidates to be asked about, in ascending order.

        The first is the most promising one by mean alone; those behind it are taken with more and
        more of the uncertainty added, the last with three standard deviations, so that a batch
        both uses and doubts what is known.

        Parameters
        ----------
        rows : numpy.ndarray, shape (m, positions), uint8
            Candidates, at least n.
        n : int
            How many to choose.
        """
        mean, doubt = self(rows)
        left = np.ones(len(rows), bool)
        for kappa in -np.log1p(-np.arange(n) / n * _SURE):
            left[np.argmax(np.where(left, mean + kappa * doubt, -np.inf))] = False
        return np.flatnonzero(~left)

    def __call__(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what each candidate promises, and how uncertain that is, both shape (n,)."""
        middle, spread = self.scores.mean(), self.scores.std() or 1.0
        target = (self.scores - middle) / spread
        near, doubt = self._neighbours(rows, target)
        linear = self._linear(rows, target)
        # Where the two do not agree, neither is sure.
        return (near + linear) / 2, doubt + np.abs(near - linear) / 2

    def _neighbours(self, rows: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation of the Gaussian process."""
        own = np.exp(-_unlike(self.rows, self.rows) / _RANGE)
        own[np.diag_indices(len(own))] += _NOISE
        factor = cho_factor(own, lower=True)
        across = np.exp(-_unlike(rows, self.rows) / _RANGE)
        mean = across @ cho_solve(factor, target)
        known = (solve_triangular(factor[0], across.T, lower=True) ** 2).sum(0)
        return mean, np.sqrt(np.maximum(1 - known, 0))

    def _linear(self, rows: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Return what ridge regression predicts."""
        both = self._features(np.concatenate([self.rows, rows]))
        learned, asked = both[: len(self.rows)], both[len(self.rows) :]
        middle, spread = learned.mean(0), learned.std(0)
        kept = spread > 0
        learned, asked = ((x[:, kept] - middle[kept]) / spread[kept] for x in (learned, asked))
        values, vectors = np.linalg.eigh(learned @ learned.T)
        turned = vectors.T @ target
        best, smallest = np.zeros(len(target)), np.inf
        for penalty in _PENALTIES:
            # Leave-one-out errors in closed form (Hastie et al. 2009, equation 7.52).
            inverse = 1 / (np.maximum(values, 0) + penalty)
            weights = vectors @ (inverse * turned)
            errors = weights / ((vectors**2) @ inverse)
            if (error := float((errors**2).mean())) < smallest:
                best, smallest = weights, error
        return np.asarray(asked @ (learned.T @ best))

    def _features(self, rows: np.ndarray) -> np.ndarray:
        alphabet = self.alphabet
        letters = np.minimum(rows, alphabet.size)
        known = (letters < alphabet.size).all(1)
        tables = [(letters[:, :, None] == np.arange(alphabet.size)).reshape(len(rows), -1)]
        if known.all():
            records = SequenceSet.from_matrix(alphabet, letters)
            tables += [kmer_table(records, k) for k in (2, 3) if alphabet.size**k <= _MOST_KMERS]
        return np.concatenate(tables, 1, dtype=np.float64)


def _unlike(rows: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the share of positions at which rows differ, shape (n, m)."""
    hot, theirs = ((x[:, :, None] == np.arange(int(max(rows.max(), other.max())) + 1))
                   .reshape(len(x), -1).astype(np.float32) for x in (rows, other))  # fmt: skip
    return np.asarray(1 - (hot @ theirs.T) / rows.shape[1], float)
