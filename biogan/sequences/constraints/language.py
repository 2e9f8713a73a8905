"""From constraints to the language of all sequences that keep them, as one layered automaton.

Each constraint is a finite automaton that reads a sequence letter by letter (:class:`Automaton`).
Their product over the positions of a tokenizer (:func:`compiled`) has a layer of states for each
position: states that no sequence reaches, and states from which no sequence can be completed, are
left out, and states with the same continuations are merged, so that it is minimal (Revuz 1992,
Theoretical Computer Science 92:181).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from biogan.core.errors import ConfigError
from biogan.sequences.tokenizer import VARIABLE, Tokenizer

#: Where no sequence leads on.
DEAD = -1
#: States of one position, and arcs of all positions, that fit into time and memory.
MOST_STATES, MOST_ARCS = 400_000, 40_000_000


@dataclass(frozen=True)
class Automaton:
    """A deterministic automaton that reads letters, and may differ between positions.

    Attributes
    ----------
    tables : sequence of numpy.ndarray, shape (states, letters), int
        The next state for each state and letter, ``DEAD`` where there is none.
    start : int
        The state before the first letter.
    which : callable, optional
        Number of the table that reads the letter at a position (from 0); by default the first.
    ends : callable, optional
        Which states, shape (states,), bool, a whole sequence of so many letters may have come to;
        by default all.
    tokens : bool
        Whether it reads the codes of a tokenizer (words) instead of letters.
    """

    tables: Sequence[np.ndarray]
    start: int = 0
    which: Callable[[int], int] = field(default=lambda position: 0)
    ends: Callable[[int], np.ndarray] | None = None
    tokens: bool = False

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self.tables[0])

    def accepts(self, letters: int) -> np.ndarray:
        """Return which states a sequence of so many letters may end in, shape (states,), bool."""
        return np.ones(self.states, bool) if self.ends is None else self.ends(letters)


@dataclass(frozen=True)
class Language:
    """All sequences of a tokenizer that keep some constraints.

    Attributes
    ----------
    layers : tuple of numpy.ndarray, shape (states, channels), int32
        For each position, each state and each code the state of the next position, ``DEAD`` where
        no sequence of the language leads on. The first layer has one state, and what follows the
        last one is state 0; all layers are empty where there is no sequence at all.
    """

    layers: tuple[np.ndarray, ...]

    @property
    def empty(self) -> bool:
        """Whether no sequence keeps the constraints."""
        return not len(self.layers[0])

    @property
    def states(self) -> int:
        """Number of states of all positions."""
        return sum(map(len, self.layers))

    def log_count(self) -> float:
        """Return the natural logarithm of the number of sequences, -inf for none."""
        if self.empty:
            return -np.inf
        found, scale = np.ones(1), 0.0
        for layer in reversed(self.layers):
            found = np.append(found, 0.0)[layer].sum(1)
            largest = found.max()
            found, scale = found / largest, scale + np.log(largest)
        return float(np.log(found[0]) + scale)

    def holds(self, codes: np.ndarray) -> np.ndarray:
        """Return which rows of codes, shape (n, positions), are in the language."""
        if self.empty:
            return np.zeros(len(codes), bool)
        state = np.zeros(len(codes), np.int64)
        for layer, column in zip(self.layers, codes.T, strict=True):
            # Row DEAD, the last one, leads nowhere.
            rows = np.vstack([layer, np.full((1, layer.shape[1]), DEAD)])
            state = rows[state, column]
        return state != DEAD


def compiled(automata: Sequence[Automaton], tokenizer: Tokenizer) -> Language:
    """Return the language that several automata accept together.

    Parameters
    ----------
    automata : sequence of Automaton
        Over the letters of the tokenizer's alphabet.
    tokenizer : Tokenizer
        Positions, words and end symbol. Where lengths vary, a sequence has at least one word, and
        behind it the end symbol fills all positions.

    Returns
    -------
    Language

    Raises
    ------
    ConfigError
        If it takes too many states.

    Examples
    --------
    No two A in a row, of two letters:

    >>> from biogan import SequenceSet
    >>> tokenizer = Tokenizer.of(SequenceSet.from_strings(["ACG", "TTT"]))
    >>> once = np.array([[1, 0, 0, 0], [DEAD, 0, 0, 0]])
    >>> language = compiled([Automaton([once])], tokenizer)
    >>> round(float(np.exp(language.log_count()))), language.states
    (57, 5)
    """
    found = free(tokenizer)
    # One at a time, the smallest first: what is in between is minimal, too.
    for automaton in sorted(automata, key=lambda automaton: automaton.states):
        found = narrowed(found, automaton, tokenizer)
    return found


def free(tokenizer: Tokenizer) -> Language:
    """Return the language of all sequences of a tokenizer."""
    words, positions = np.zeros((1, tokenizer.end), np.int32), tokenizer.positions
    if tokenizer.kind != VARIABLE:
        return Language((words,) * positions)
    # State 1 is behind the end.
    first = np.append(words, [[DEAD]], 1)
    later = np.array([[0] * tokenizer.end + [1], [DEAD] * tokenizer.end + [1]])
    last = np.where(later == DEAD, DEAD, 0)
    layers = [first, *[later] * (positions - 2), last][:positions]
    return Language(tuple(layer.astype(np.int32) for layer in layers))


class _Lifted:
    """An automaton that reads the codes of a tokenizer: words of letters."""

    def __init__(self, automaton: Automaton, tokenizer: Tokenizer) -> None:
        self.automaton, self.word = automaton, tokenizer.word
        self._known: dict[tuple[int, ...], np.ndarray] = {}

    def table(self, position: int) -> np.ndarray:
        """Return the next state for each state and code, shape (states, codes)."""
        automaton = self.automaton
        if automaton.tokens:
            return automaton.tables[automaton.which(position)]
        first = position * self.word
        key = tuple(automaton.which(i) for i in range(first, first + self.word))
        if key not in self._known:
            table = np.arange(automaton.states)[:, None]
            for number in key:
                letters = automaton.tables[number]
                # State DEAD reads the last row, which leads nowhere.
                letters = np.vstack([letters, np.full((1, letters.shape[1]), DEAD)])
                table = letters[table].reshape(automaton.states, -1)
            self._known[key] = table
        return self._known[key]


def narrowed(language: Language, automaton: Automaton, tokenizer: Tokenizer) -> Language:
    """Return the language of those sequences that an automaton accepts, too.

    Raises
    ------
    ConfigError
        If it takes too many states.
    """
    lifted, found, arcs = _Lifted(automaton, tokenizer), [], 0
    # A state is a state of the layer and one of the automaton in one number; behind the end of the
    # sequence the automaton is in a state of its own.
    ended = automaton.states
    pairs = np.full(len(language.layers[0]), automaton.start, np.int64)  # none in an empty language
    for position, layer in enumerate(language.layers):
        state, own = np.divmod(pairs, ended + 1)
        stopped = own == ended
        here = np.where(stopped, 0, own)
        rows = lifted.table(position)[here]
        rows[stopped] = DEAD
        if layer.shape[1] > tokenizer.end:
            may_stop = stopped | automaton.accepts(position * tokenizer.word)[here]
            rows = np.column_stack([rows, np.where(may_stop, ended, DEAD)])
        following = layer[state].astype(np.int64)
        alive = (following != DEAD) & (rows != DEAD)
        following = following * (ended + 1) + rows
        pairs, places = np.unique(following[alive], return_inverse=True)
        result = np.full(following.shape, DEAD, np.int32)
        result[alive] = places
        found.append(result)
        arcs += result.size
        if len(pairs) > MOST_STATES or arcs > MOST_ARCS:
            raise ConfigError(
                f"these constraints together take more than {MOST_STATES:,} states at a position, "
                "or too many in all: loosen the widest of them (a shorter range of GC content, "
                "fewer or shorter words, a lower limit of runs)"
            )
    own = pairs % (ended + 1)
    accepted = automaton.accepts(len(language.layers) * tokenizer.word)
    return Language(_minimal(found, np.append(accepted, True)[own]))


def _minimal(layers: list[np.ndarray], accepted: np.ndarray) -> tuple[np.ndarray, ...]:
    """Leave out states that lead nowhere and merge those with the same continuations."""
    merged = np.where(accepted, 0, DEAD)
    found: list[np.ndarray] = []
    for layer in reversed(layers):
        rows = np.append(merged, DEAD)[layer].astype(np.int32)
        alive = (rows != DEAD).any(1)
        some, places = np.unique(rows[alive], axis=0, return_inverse=True)
        merged = np.full(len(rows), DEAD)
        merged[alive] = places.ravel()
        found.append(some)
    return tuple(reversed(found))
