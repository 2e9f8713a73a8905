"""The validation distance: a quick score of generated sequences, to choose checkpoints by.

It is cheap and nearly free of noise, and says nothing about memorisation, as it compares with
held-out records only: :func:`biogan.evaluate` judges.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from biogan.core.errors import DataError
from biogan.core.rng import rng
from biogan.evaluation.distances import jsd
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.genetic_code import are_coding, whole_genes
from biogan.sequences.kmers import choose_k, kmer_counts, kmer_shares
from biogan.sequences.metrics.diversity import distinct_share
from biogan.sequences.metrics.positions import (
    column_pairs,
    joint_counts,
    letter_counts,
    pair_counts,
    pair_covariance,
    some_columns,
)

# Draws of training records whose distances are averaged into the denominators.
_DRAWS = 4
_BINS = 16
# Held-out C_ij are not scaled up further: of independent columns they share nothing but noise.
_MOST_GAIN = 3.0


@dataclass(frozen=True)
class MeasuredDistance:
    """Result of :meth:`ValidationDistance.measure`.

    Attributes
    ----------
    total : float
        Geometric mean of ``parts``, those below 1 taken as 1; 1 = as close to held-out data as
        training data of the same number is, lower is better.
    parts : dict of str to float
        The single ratios.
    """

    total: float
    parts: dict[str, float]


class ValidationDistance:
    """Scores generated sequences against held-out ones, relative to training data.

    Each part is d(generated, held-out) / d(train, held-out) with as many training as generated
    records, so that the error of a finite sample cancels. The parts:

    - ``kmers-K``: divergence of the k-mer spectrum, at the largest K that the held-out data fill
      and at two less;
    - ``pairs``: mean divergence of neighbouring letters by position (fixed length only);
    - ``correlations``: squared error of C_ij (fixed length only): x.x - 2 b x.y + b t.y for C_ij of
      generated, held-out and training records, where b = t.t / t.y makes up for what clusters that
      were held out share with the others. y enters linearly, so that its sampling noise, which is
      most of y, averages out; what it adds to x.x is the least error, as less is luck;
    - ``composition``: divergence of the letter shares of single records, along the axis on which
      those of training records vary most (GC of DNA): pooled k-mers do not see how records differ;
    - ``lengths``: divergence of the length distribution (variable length only);
    - ``uniqueness``: share of distinct records in train over that in the generated set;
    - ``genes``: share of whole genes, likewise (open reading frames only).

    Parameters
    ----------
    train, held_out : SequenceSet
        Real records of one alphabet.
    seed : int
        Seed of the draws from ``train``.

    Raises
    ------
    DataError
        If a set is empty or the alphabets differ.

    Examples
    --------
    >>> from biogan.sequences.dataset import SequenceSet
    >>> real = SequenceSet.from_strings(["ACGTAC", "AGGTAC", "ACGTTC", "AAGTAC"])
    >>> other = SequenceSet.from_strings(["ACGTAC", "AAGTTC"])
    >>> distance = ValidationDistance(real, other)
    >>> unlike = SequenceSet.from_strings(["TTTTTT", "TTTTTT"])
    >>> distance.measure(real[:2]).total < distance.measure(unlike).total
    True
    """

    def __init__(self, train: SequenceSet, held_out: SequenceSet, seed: int = 0) -> None:
        for name, part in (("train", train), ("held-out", held_out)):
            if not len(part):
                raise DataError(f"the {name} set is empty: a distance needs both")
        if train.alphabet.symbols != held_out.alphabet.symbols:
            raise DataError(
                f"train has the letters {train.alphabet.described}, "
                f"held-out {held_out.alphabet.described}"
            )
        self.train, self.held_out, self.seed = train, held_out, seed
        self.coding = are_coding(train)
        self.length = int(held_out.lengths[0])
        self.fixed = all(s.is_fixed_length and s.lengths[0] == self.length
                         for s in (train, held_out))  # fmt: skip
        largest = choose_k(held_out)
        self.ks = sorted({max(1, largest - 2), largest})
        # One state more than letters: a generated record that ends early is different, not wrong.
        self.states = train.alphabet.size + 1
        self.columns = some_columns(self.length, self.states, rng(seed, "columns"))
        self.edges = _quantiles(train.lengths)
        covariance = np.cov(kmer_shares(train, 1).T, ddof=0)
        self.axis = np.linalg.eigh(np.atleast_2d(covariance))[1][:, -1]
        self.compositions = _quantiles(self._composition(train))
        self.target = self._statistics(held_out)
        if "correlations" in self.target:
            joint = self._correlations(train.matrix(self.length))
            self.noise = _sampling_noise(held_out.matrix(self.length)[:, self.columns], self.states)
            self.shared = float(joint @ self.target["correlations"])
            own = float(joint @ joint) - self.noise / len(train)
            self.gain = min(max(1.0, own / self.shared), _MOST_GAIN) if self.shared > 0 else 1.0
        self._scales: dict[int, dict[str, float]] = {}

    def measure(self, generated: SequenceSet) -> MeasuredDistance:
        """Score generated records; where they outnumber ``train`` the first ones are taken.

        Raises
        ------
        DataError
            If the set is empty or of another alphabet.
        """
        if not len(generated) or generated.alphabet.symbols != self.train.alphabet.symbols:
            raise DataError(
                f"cannot score {len(generated):,} sequences of {generated.alphabet.described} "
                f"against {self.train.alphabet.described}"
            )
        generated = generated[: len(self.train)]
        n = len(generated)
        distances, scale = self._distances(generated), self._scale(n)
        parts = {name: _ratio(value, scale[name]) for name, value in distances.items()}
        for name, share in self._shares(generated).items():
            parts[name] = scale[name] / max(share, 1 / n)
        # Closer than training data is luck, and makes up for nothing.
        total = np.exp(np.mean(np.log(np.maximum(list(parts.values()), 1.0))))
        return MeasuredDistance(float(total), parts)

    def _scale(self, n: int) -> dict[str, float]:
        if n not in self._scales:
            draws = []
            for i in range(_DRAWS):
                chosen = rng(self.seed, "draw", n, i).permutation(len(self.train))[:n]
                draw = self.train.take(chosen)
                draws.append({**self._distances(draw), **self._shares(draw)})
            self._scales[n] = {k: float(np.mean([d[k] for d in draws])) for k in draws[0]}
        return self._scales[n]

    def _shares(self, sequences: SequenceSet) -> dict[str, float]:
        """Return the shares that a generated set should not fall short of."""
        shares = {"uniqueness": distinct_share(sequences)}
        if self.coding:
            shares["genes"] = whole_genes(sequences)
        return shares

    def _statistics(self, sequences: SequenceSet) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {f"kmers-{k}": kmer_counts(sequences, k) for k in self.ks}
        found["composition"] = _histogram(self._composition(sequences), self.compositions)
        if self.fixed:
            matrix = sequences.matrix(self.length)
            if self.length > 1:
                found["pairs"] = pair_counts(matrix, self.states)
                found["correlations"] = self._correlations(matrix)
            else:
                found["pairs"] = letter_counts(matrix, self.states)
        else:
            found["lengths"] = _histogram(sequences.lengths, self.edges)
        return found

    def _composition(self, sequences: SequenceSet) -> np.ndarray:
        # Rounded, so that records of the same letters fall into one bin.
        return np.round(kmer_shares(sequences, 1) @ self.axis, 9)

    def _correlations(self, matrix: np.ndarray) -> np.ndarray:
        joint = joint_counts(matrix[:, self.columns], self.states)
        covariance = pair_covariance(joint, len(matrix))
        return covariance[column_pairs(len(self.columns), self.states)]

    def _distances(self, sequences: SequenceSet) -> dict[str, float]:
        found = self._statistics(sequences)
        distances = {}
        for name, value in found.items():
            if name == "correlations":
                missed = self.gain * (self.shared - 2 * value @ self.target[name])
                error = value @ value + missed
                pairs = comb(len(self.columns), 2)
                distances[name] = max(float(error), self.noise / len(sequences)) / pairs
            else:
                distances[name] = float(jsd(value, self.target[name]).mean())
        return distances


def _histogram(values: np.ndarray, borders: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(borders, values, "left"), minlength=len(borders) + 1)


def _quantiles(values: np.ndarray) -> np.ndarray:
    """Return the borders of bins that hold about as many values each."""
    return np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1]))


def _sampling_noise(matrix: np.ndarray, states: int) -> float:
    """Expect n times the sum of squares of C_ij of n records whose columns are independent."""
    # Var C_ij(a,b) = f_i(a) (1 - f_i(a)) f_j(b) (1 - f_j(b)) / n
    shares = letter_counts(matrix, states) / len(matrix)
    varied = (shares * (1 - shares)).sum(1)
    return float(varied.sum() ** 2 - (varied**2).sum()) / 2


def _ratio(value: float, scale: float) -> float:
    # Both are 0 where a part has nothing to tell (all lengths in one bin, two identical sets).
    smallest = 1e-6
    return (value + smallest) / (scale + smallest)
