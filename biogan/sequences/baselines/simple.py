"""Samplers without a model: random letters, shuffled training sequences and verbatim copies.

Random letters are the lowest floor. Shuffled sequences keep the composition but not the order.
Copies are the control that a test of memorisation must detect.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Self

import numpy as np

from biogan.core.errors import ConfigError, DataError
from biogan.core.options import check_count, unknown_name
from biogan.core.rng import rng
from biogan.sequences.dataset import SequenceSet

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


class LikelihoodBaseline(Baseline):
    """A sampler that can tell the probability of a sequence.

    What it learns from sets ``_shortest`` and ``_longest``, the lengths that it writes.

    Attributes
    ----------
    noun : str
        What it is, for messages.
    """

    noun = "chain"
    _shortest: int
    _longest: int

    def log_prob(self, sequences: SequenceSet) -> np.ndarray:
        """Return the log-probability of each sequence.

        Parameters
        ----------
        sequences : SequenceSet
            Sequences over the alphabet of the training data.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Natural logarithms (nats); minus infinity for lengths that are never written.

        Raises
        ------
        DataError
            If nothing was fitted yet, or the alphabets differ.
        """
        letters = self.train.alphabet.symbols
        if sequences.alphabet.symbols != letters:
            raise DataError(
                f"the {self.noun} was fitted to sequences over {self.train.alphabet.described!r}, "
                f"these are over {sequences.alphabet.described!r}: read both with one alphabet"
            )
        lengths = sequences.lengths
        possible = (lengths >= self._shortest) & (lengths <= self._longest)
        some = np.flatnonzero(possible)
        out = np.full(len(sequences), -np.inf)
        out[some] = self._log_prob(sequences.take(some))
        return out

    @abstractmethod
    def _log_prob(self, sequences: SequenceSet) -> np.ndarray:
        """Return the log-probabilities, shape (n,), of sequences of lengths that are written."""


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


KINDS = ("mono", "dinucleotide")


class Shuffle(Baseline):
    """Draws training sequences with their letters in random order.

    Parameters
    ----------
    kind : {"mono", "dinucleotide"}
        ``mono``: every order of the letters is equally likely. ``dinucleotide``: every sequence
        with the same counts of all words of two letters, the same first and the same last letter
        is equally likely (:func:`dinucleotide_shuffled`).

    Raises
    ------
    ConfigError
        If the kind is unknown.

    Examples
    --------
    >>> train = SequenceSet.from_strings(["AACCGGTT"])
    >>> sorted(Shuffle("mono").fit(train).sample(1)[0])
    ['A', 'A', 'C', 'C', 'G', 'G', 'T', 'T']
    """

    def __init__(self, kind: str = "mono") -> None:
        super().__init__()
        if kind not in KINDS:
            raise ConfigError(unknown_name("kind of shuffle", kind, KINDS))
        self.kind = kind
        self.prefix = "shuffle" if kind == "mono" else "dinucleotide_shuffle"

    def _draw(self, train: SequenceSet, n: int, random: np.random.Generator) -> SequenceSet:
        drawn = train.take(draw_records(train, n, random))
        change = letters_shuffled if self.kind == "mono" else dinucleotide_shuffled
        codes = np.concatenate([change(some, random) for some in runs(drawn)])
        return SequenceSet(drawn.alphabet, codes, drawn.offsets)


def letters_shuffled(sequences: SequenceSet, random: np.random.Generator) -> np.ndarray:
    """Return the codes of the sequences, each in random order, shape (total,), uint8."""
    record = np.repeat(np.arange(len(sequences)), sequences.lengths)
    return sequences.codes[np.lexsort((random.random(len(record)), record))]


def dinucleotide_shuffled(sequences: SequenceSet, random: np.random.Generator) -> np.ndarray:
    """Shuffle each sequence so that the counts of its words of two letters stay.

    A sequence is a walk through its letters that uses every step (word of two letters) once. The
    walks with the same steps and ends are drawn uniformly: choose for every letter its last step,
    so that the last steps lead to the final letter, put the other steps in random order, and walk
    (Altschul & Erickson 1985, Mol. Biol. Evol. 2:526). The last steps are a random spanning tree,
    drawn by popping cycles (Propp & Wilson 1998, J. Algorithms 27:170).

    Parameters
    ----------
    sequences : SequenceSet
        Sequences over any alphabet.
    random : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    numpy.ndarray, shape (total,), uint8
        Shuffled codes, to be read with the same offsets.
    """
    n, size = len(sequences), sequences.alphabet.size
    codes, lengths = sequences.codes.astype(np.int64), sequences.lengths
    record = np.repeat(np.arange(n), lengths)
    inside = record[:-1] == record[1:]
    # Steps sorted by vertex, that is by record and letter; vertex v has starts[v]:starts[v + 1].
    # Short numbers are sorted several times faster.
    vertex = (record * size + codes)[:-1][inside].astype(np.min_scalar_type(n * size))
    order = np.argsort(vertex, kind="stable")
    vertex, target = vertex[order], codes[1:][inside][order]
    counts = np.bincount(vertex, minlength=n * size)
    starts = np.cumsum(counts) - counts
    some = np.flatnonzero(lengths)
    final = np.full(n, -1)
    final[some] = some * size + codes[sequences.offsets[1:][some] - 1]

    last = _last_steps(target, starts, counts, final, size, random)
    key = random.random(len(target)) / 2
    key[last] = 0.75
    target = target[np.argsort(vertex + key)]

    out = sequences.codes.copy()
    place = sequences.offsets[:-1].copy()
    rows = np.flatnonzero(lengths > 1)
    for position in range(1, int(lengths.max(initial=0))):
        rows = rows[lengths[rows] > position]
        here = rows * size + out[place[rows]]
        place[rows] += 1
        out[place[rows]] = target[starts[here]]
        starts[here] += 1
    return out


def _last_steps(
    target: np.ndarray,
    starts: np.ndarray,
    counts: np.ndarray,
    final: np.ndarray,
    size: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Draw the last step of every vertex but the final ones: indices into ``target``."""
    root = np.repeat(final, size)
    free = np.flatnonzero((counts > 0) & (np.arange(len(counts)) != root))
    last, arrow = np.zeros(len(counts), np.int64), np.arange(len(counts))
    unsure = again = free
    while len(again):
        last[again] = starts[again] + (random.random(len(again)) * counts[again]).astype(np.int64)
        arrow[again] = again // size * size + target[last[again]]
        # Every vertex on a cycle is drawn anew, until none is left in its record.
        cyclic = np.zeros(len(unsure), bool)
        at = unsure
        for _ in range(size):
            at = arrow[at]
            cyclic |= at == unsure
        again = unsure[cyclic]
        unsure = unsure[np.isin(unsure // size, again // size)]
    return last[free]


class Uniform(Baseline):
    """Draws every letter of the alphabet with the same probability; lengths are the data's.

    Examples
    --------
    >>> train = SequenceSet.from_strings(["ACGT", "ACGT"])
    >>> Uniform().fit(train).sample(3).lengths.tolist()
    [4, 4, 4]
    """

    prefix = "uniform"

    def _draw(self, train: SequenceSet, n: int, random: np.random.Generator) -> SequenceSet:
        offsets = np.zeros(n + 1, np.int64)
        np.cumsum(train.lengths[draw_records(train, n, random)], out=offsets[1:])
        codes = random.integers(0, train.alphabet.size, offsets[-1], np.uint8)
        return SequenceSet(train.alphabet, codes, offsets)


class Copies(Baseline):
    """Draws training sequences as they are: perfect by every distribution metric, and worthless.

    Examples
    --------
    >>> train = SequenceSet.from_strings(["ACGT", "GGG"])
    >>> sorted(Copies().fit(train).sample(2))
    ['ACGT', 'GGG']
    """

    prefix = "copies"

    def _draw(self, train: SequenceSet, n: int, random: np.random.Generator) -> SequenceSet:
        return train.take(draw_records(train, n, random))
