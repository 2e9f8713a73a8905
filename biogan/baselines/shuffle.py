"""Shuffled training sequences: the composition stays, the order goes."""

from __future__ import annotations

import numpy as np

from biogan.baselines.base import Baseline, draw_records, runs
from biogan.datasets.sequences import SequenceSet
from biogan.errors import ConfigError
from biogan.options import unknown_name

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
        change = _shuffled if self.kind == "mono" else dinucleotide_shuffled
        codes = np.concatenate([change(some, random) for some in runs(drawn)])
        return SequenceSet(drawn.alphabet, codes, drawn.offsets)


def _shuffled(sequences: SequenceSet, random: np.random.Generator) -> np.ndarray:
    """Codes of the sequences, each in random order."""
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
