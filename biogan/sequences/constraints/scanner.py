"""Deterministic automata that look for words: which state is where a word has just ended.

A word of sets of letters is never written out as all words that it stands for: the states of a
deterministic automaton are sets of beginnings of words, kept as bits (Baeza-Yates and Gonnet 1992,
Communications of the ACM 35:74), so that long stretches of N cost little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from biogan.core.errors import ConfigError
from biogan.sequences.alphabet import GAP, Alphabet
from biogan.sequences.constraints.language import DEAD, Automaton
from biogan.sequences.constraints.patterns import Pattern, flank_letters

# States of the automaton of one constraint.
_MOST = 200_000


@dataclass(frozen=True)
class Scanner:
    """A complete automaton whose states tell which words end at the last letter.

    Attributes
    ----------
    table : numpy.ndarray, shape (states, letters), int
        The next state; state 0 is before any letter, and gaps do not change the state.
    longest : numpy.ndarray, shape (states,), int
        Letters of the longest word that ends here, 0 where none does.
    """

    table: np.ndarray
    longest: np.ndarray

    def state_after(self, codes: np.ndarray) -> int:
        """Return the state after some letters."""
        state = 0
        for code in codes:
            state = int(self.table[state, code])
        return state

    def without(self, alphabet: Alphabet, flanks: tuple[str, str]) -> Automaton:
        """Return the automaton of all sequences without any of the words.

        Parameters
        ----------
        alphabet : Alphabet
            The letters of the table.
        flanks : tuple of str
            What stands before and behind each sequence. A word counts where it shares a letter
            with the sequence.
        """
        left, right = (alphabet.encode(flank_letters(flank, alphabet)) for flank in flanks)
        ends_word = self.longest[self.table] > 0
        if alphabet.has_gap:
            # No word ends at a gap, also where one has ended just before the sequence.
            ends_word[:, alphabet.letters.index(GAP)] = False
        table = np.where(ends_word, DEAD, self.table)
        accepted, state = np.ones(len(table), bool), np.arange(len(table))
        for place, code in enumerate(right, 1):
            state = self.table[state, code]
            accepted &= self.longest[state] <= place
        return minimised(table, accepted, self.state_after(left))

    def holding(self) -> Automaton:
        """Return the automaton of all sequences with at least one of the words."""
        found = len(self.table)
        table = np.where(self.longest[self.table] > 0, found, self.table)
        table = np.vstack([table, np.full((1, table.shape[1]), found)])
        return minimised(table, np.arange(found + 1) == found, 0)


def scanner(words: Sequence[Pattern], alphabet: Alphabet) -> Scanner:
    """Return the automaton that looks for several words at once.

    Raises
    ------
    ConfigError
        If it has too many states.

    Examples
    --------
    >>> from biogan import DNA
    >>> found = scanner([("A", "ACGT", "A")], DNA)
    >>> len(found.table), int(found.longest[found.state_after(DNA.encode("CATA"))])
    (6, 3)
    """
    # Bit i of a state: the letters read last fit the beginning of a word up to its place i, where
    # the places of all words are numbered one behind another.
    accepts = dict.fromkeys(alphabet.letters, 0)
    first = 0
    ends: list[tuple[int, int]] = []
    bit = 1
    for word in sorted(words, key=len, reverse=True):
        first |= bit
        for place in word:
            for letter in place:
                accepts[letter] |= bit
            bit <<= 1
        ends.append((bit >> 1, len(word)))
    masks = [accepts[letter] for letter in alphabet.letters]
    gap = alphabet.letters.find(GAP)
    numbers, states, rows = {0: 0}, [0], []
    for state in states:
        # Behind the last place of a word the first of the next begins, which is set anyway.
        moved = (state << 1) | first
        row = []
        for code, mask in enumerate(masks):
            after = state if code == gap else moved & mask
            if after not in numbers:
                numbers[after] = len(states)
                states.append(after)
            row.append(numbers[after])
        rows.append(row)
        if len(states) > _MOST:
            raise ConfigError(
                f"the words take more than {_MOST:,} states: give fewer words, or shorter "
                "stretches of letters that may be any"
            )
    # The longest words come first.
    longest = [next((n for end, n in ends if state & end), 0) for state in states]
    return Scanner(np.array(rows, np.int64), np.array(longest, np.int64))


def minimised(table: np.ndarray, accepted: np.ndarray, start: int) -> Automaton:
    """Merge the states with the same continuations (Moore 1956).

    Parameters
    ----------
    table : numpy.ndarray, shape (states, letters), int
        Next states, ``DEAD`` for none.
    accepted : numpy.ndarray, shape (states,), bool
        Where a sequence may end.
    start : int
        The state before the first letter.
    """
    labels, count = accepted.astype(np.int64), 0
    while True:
        # Two states stay together while they and what follows them have one label.
        key = labels
        for column in table.T:
            after = np.append(labels, -1)[column] + 1
            key = np.unique(key * (len(table) + 2) + after, return_inverse=True)[1]
        labels, before, count = key, count, int(key.max()) + 1
        if count == before:
            break
    some, first = np.unique(labels, return_index=True)
    merged = np.append(labels, DEAD)[table[first]]
    ends = accepted[first]
    return Automaton([merged], int(labels[start]), ends=lambda letters: ends)
