"""A quick score of how close generated sequences are to real ones, to choose checkpoints by.

Not a verdict: :func:`biogan.evaluate` judges. This one is cheap, nearly free of noise and says
nothing about memorisation (it compares with held-out records only).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biogan.datasets.frames import are_coding, whole_genes
from biogan.datasets.sequences import SequenceSet
from biogan.errors import DataError
from biogan.metrics.kmers import choose_k, jsd, kmer_counts
from biogan.metrics.position import (
    column_pairs,
    joint_counts,
    letter_counts,
    pair_counts,
    pair_covariance,
    some_columns,
)
from biogan.metrics.variety import distinct_share
from biogan.seeds import rng

# Draws of training records whose distances are averaged into the denominators.
_DRAWS = 4
_LENGTH_BINS = 16
# Below this C_ij share nothing.
_LEAST_CONCORDANCE = 0.01


@dataclass(frozen=True)
class FidelityScore:
    """Result of :meth:`Fidelity.score`.

    Attributes
    ----------
    total : float
        Geometric mean of ``parts``; 1 = as close to held-out data as training data of the same
        number is, lower is better, 0 or more.
    parts : dict of str to float
        The single ratios.
    """

    total: float
    parts: dict[str, float]


class Fidelity:
    """Scores generated sequences against held-out ones, relative to training data.

    Each part is d(generated, held-out) / d(train, held-out) with as many training as generated
    records, so that the error of a finite sample cancels. The parts:

    - ``kmers-K``: divergence of the k-mer spectrum, at the largest K that the held-out data fill
      and at two less;
    - ``pairs``: mean divergence of neighbouring letters by position (fixed length only);
    - ``correlations``: of C_ij, what is not in concordance [1]_ for what is: (1 - c) / c (fixed
      length only). Of hundreds of thousands of single C_ij nearly all is sampling noise, so that
      their distance would hardly tell training data from independent columns;
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

    References
    ----------
    .. [1] Lin, "A concordance correlation coefficient to evaluate reproducibility",
       Biometrics 45:255, 1989.

    Examples
    --------
    >>> from biogan.datasets.sequences import SequenceSet
    >>> real = SequenceSet.from_strings(["ACGTAC", "AGGTAC", "ACGTTC", "AAGTAC"])
    >>> other = SequenceSet.from_strings(["ACGTAC", "AAGTTC"])
    >>> Fidelity(real, other).score(real[:2]).total < Fidelity(real, other).score(
    ...     SequenceSet.from_strings(["TTTTTT", "TTTTTT"])).total
    True
    """

    def __init__(self, train: SequenceSet, held_out: SequenceSet, seed: int = 0) -> None:
        for name, part in (("train", train), ("held-out", held_out)):
            if not len(part):
                raise DataError(f"the {name} set is empty: a fidelity score needs both")
        if train.alphabet.letters != held_out.alphabet.letters:
            raise DataError(
                f"train has the letters {train.alphabet.letters}, "
                f"held-out {held_out.alphabet.letters}"
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
        quantiles = np.quantile(train.lengths, np.linspace(0, 1, _LENGTH_BINS + 1)[1:-1])
        self.edges = np.unique(quantiles)
        self.target = self._statistics(held_out)
        self._scales: dict[int, dict[str, float]] = {}

    def score(self, generated: SequenceSet) -> FidelityScore:
        """Score generated records; where they outnumber ``train`` the first ones are taken.

        Raises
        ------
        DataError
            If the set is empty or of another alphabet.
        """
        if not len(generated) or generated.alphabet.letters != self.train.alphabet.letters:
            raise DataError(
                f"cannot score {len(generated)} sequences of {generated.alphabet.letters} "
                f"against {self.train.alphabet.letters}"
            )
        generated = generated[: len(self.train)]
        n = len(generated)
        distances, scale = self._distances(generated), self._scale(n)
        parts = {name: _ratio(value, scale[name]) for name, value in distances.items()}
        for name, share in self._shares(generated).items():
            parts[name] = scale[name] / max(share, 1 / n)
        return FidelityScore(float(np.exp(np.mean(np.log(list(parts.values()))))), parts)

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
        if self.fixed:
            matrix = sequences.matrix(self.length)
            if self.length > 1:
                found["pairs"] = pair_counts(matrix, self.states)
                joint = joint_counts(matrix[:, self.columns], self.states)
                covariance = pair_covariance(joint, len(sequences))
                found["correlations"] = covariance[column_pairs(len(self.columns), self.states)]
            else:
                found["pairs"] = letter_counts(matrix, self.states)
        else:
            bins = np.searchsorted(self.edges, sequences.lengths, "left")
            found["lengths"] = np.bincount(bins, minlength=len(self.edges) + 1)
        return found

    def _distances(self, sequences: SequenceSet) -> dict[str, float]:
        found = self._statistics(sequences)
        distances = {}
        for name, value in found.items():
            if name == "correlations":
                shared = max(concordance(value, self.target[name]), _LEAST_CONCORDANCE)
                distances[name] = (1 - shared) / shared
            else:
                distances[name] = float(jsd(value, self.target[name]).mean())
        return distances


def concordance(x: np.ndarray, y: np.ndarray) -> float:
    """Concordance correlation coefficient: 1 where y = x, less where only y = a + bx; -1 to 1.

    Examples
    --------
    >>> x = np.array([0.0, 1, 2])
    >>> round(concordance(x, x), 6), round(concordance(x, x / 2), 6)
    (1.0, 0.615385)
    """
    off_x, off_y = x - x.mean(), y - y.mean()
    spread = np.mean(off_x**2) + np.mean(off_y**2) + (x.mean() - y.mean()) ** 2
    return float(2 * np.mean(off_x * off_y) / spread) if spread else 1.0


def _ratio(value: float, scale: float) -> float:
    # Both are 0 where a part has nothing to tell (all lengths in one bin, two identical sets).
    smallest = 1e-6
    return (value + smallest) / (scale + smallest)
