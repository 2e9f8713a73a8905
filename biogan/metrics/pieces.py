"""Pieces of training records in others: patchwork, and copies that were moved or turned."""

from __future__ import annotations

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.datasets.strands import reverse_complement
from biogan.metrics.kmers import windows, word_numbers

# A word of random letters stands in the training data with a chance of one in this many, at most.
_RARE = 1_000
# Training records are read in pieces of this many letters.
_LETTERS = 1 << 22


def shared_words(new: SequenceSet, source: SequenceSet) -> tuple[np.ndarray, np.ndarray, int]:
    """Count the long words of each record, and those that stand in the training data.

    Parameters
    ----------
    new, source : SequenceSet
        Generated and training records without gaps; of nucleotides both strands are known.

    Returns
    -------
    hits, words : numpy.ndarray, shape (n,)
        Words of each record that were found, and all of them.
    k : int
        Letters of a word, see :func:`word_length`.
    """
    known, size = [source], source.alphabet.size
    states = size
    if source.alphabet.complement is not None:
        # Further letters are rare: a word tells no more with them.
        known, states = [source, reverse_complement(source)], 4
    k = word_length(states, sum(windows(s, 1) for s in known), size)
    numbers, owners = word_numbers(new, k)
    found = stands_in(numbers, known, k) if len(numbers) else np.zeros(0, bool)
    n = len(new)
    return np.bincount(owners, found, minlength=n), np.bincount(owners, minlength=n), k


def word_length(states: int, letters: int, size: int = 0) -> int:
    """Return the shortest length of words of which ``letters`` hold one in a thousand, at most.

    There are ``states`` equally likely letters; the numbers of words over ``size`` letters fit 63
    bits.

    Examples
    --------
    >>> word_length(4, 500_000), word_length(20, 500_000)
    (15, 7)
    """
    k, states = 1, max(2, states)
    while states**k < _RARE * letters and max(states, size) ** (k + 1) < 2**62:
        k += 1
    return k


def stands_in(numbers: np.ndarray, sets: list[SequenceSet], k: int) -> np.ndarray:
    """Tell which words of ``k`` letters occur in one of the sets, shape (words,), bool."""
    words, where = np.unique(numbers, return_inverse=True)
    found = np.zeros(len(words), bool)
    for sequences in sets:
        ends = np.cumsum(sequences.lengths)
        cuts = np.flatnonzero(np.diff(ends // _LETTERS, prepend=0))
        for part in np.split(np.arange(len(sequences)), cuts):
            other = word_numbers(sequences.take(part), k)[0]
            place = np.minimum(np.searchsorted(words, other), len(words) - 1)
            found[place[words[place] == other]] = True
    return found[where]
