"""What the trivial samplers share: checks, names of records, draws from the training data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Self

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.errors import DataError
from biogan.options import check_count
from biogan.seeds import rng

# Letters that are handled at once: some 50 to 100 bytes each.
_LETTERS = 1 << 19


class Baseline(ABC):
    """A sampler that learns little or nothing: a floor to compare a trained generator with.

    A second :meth:`fit` forgets the first. Weights of the training set count as repeats.

    Attributes
    ----------
    prefix : str
        Beginning of the ids of sampled records.
    """

    prefix = "baseline"

    def __init__(self) -> None:
        self._train: SequenceSet | None = None

    @property
    def train(self) -> SequenceSet:
        """The training data.

        Raises
        ------
        DataError
            If nothing was fitted yet.
        """
        if self._train is None:
            raise DataError(f"{type(self).__name__} is not fitted: call fit with sequences first")
        return self._train

    def fit(self, sequences: SequenceSet) -> Self:
        """Learn from sequences.

        Parameters
        ----------
        sequences : SequenceSet
            Training data.

        Returns
        -------
        Self

        Raises
        ------
        DataError
            If there are no sequences.
        """
        if not len(sequences):
            raise DataError(f"{type(self).__name__} cannot be fitted: there are no sequences")
        self._train = sequences
        self._learn(sequences)
        return self

    def sample(self, n: int, seed: int = 0) -> SequenceSet:
        """Draw sequences; the same ``n`` and ``seed`` give the same ones.

        Parameters
        ----------
        n : int
            Number of sequences, at least 1.
        seed : int
            Seed of a private random stream.

        Returns
        -------
        SequenceSet
            Records ``<prefix>_1`` to ``<prefix>_n``.

        Raises
        ------
        ConfigError
            If ``n`` is below 1.
        DataError
            If nothing was fitted yet.
        """
        n = check_count("n", n, "sequence")
        drawn = self._draw(self.train, n, rng(seed, "baseline", self.prefix))
        ids = [f"{self.prefix}_{i + 1}" for i in range(n)]
        return SequenceSet(drawn.alphabet, drawn.codes, drawn.offsets, ids)

    def _learn(self, sequences: SequenceSet) -> None:  # noqa: B027 - most only keep the set
        """Learn from a set that is not empty."""

    @abstractmethod
    def _draw(self, train: SequenceSet, n: int, random: np.random.Generator) -> SequenceSet:
        """Draw ``n`` sequences."""


def draw_records(train: SequenceSet, n: int, random: np.random.Generator) -> np.ndarray:
    """Draw records: each as often as its weight before any comes up again.

    Returns
    -------
    numpy.ndarray, shape (n,), int64
        Indices into ``train``.
    """
    repeats = np.maximum(np.rint(train.weights), 1).astype(np.int64)
    deck = np.repeat(np.arange(len(train)), repeats)
    rounds = -(-n // len(deck))
    return np.concatenate([random.permutation(deck) for _ in range(rounds)])[:n]


def runs(sequences: SequenceSet) -> Iterator[SequenceSet]:
    """Cut a set into runs of records of about half a million letters, at least one record each."""
    start = 0
    while start < len(sequences):
        end = np.searchsorted(sequences.offsets, sequences.offsets[start] + _LETTERS, "right")
        stop = max(int(end) - 1, start + 1)
        yield sequences[start:stop]
        start = stop
