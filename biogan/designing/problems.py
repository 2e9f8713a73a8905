"""Design problems whose best sequences are known, to measure a search by.

Ehrlich functions (Stanton et al. 2024, "Closed-form test functions for biophysical sequence
design", arXiv:2407.00236) have what makes design hard: most sequences are infeasible, the score
needs several spaced motifs at once, and a part of a motif may gain nothing. The best score is 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biogan.core.errors import ConfigError
from biogan.core.rng import rng
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.constraints.language import DEAD, Automaton

#: Letters of the states of a problem; a custom alphabet takes the first of them.
STATES = "ACDEFGHIKLMNPQRSTVWYBJOUXZ23456789"
# States on either side, as a share, that may follow a state (in a random order of the states), and
# how uneven their chances are.
_BAND, _TEMPERATURE = 0.4, 0.5


@dataclass(frozen=True)
class Ehrlich:
    """One Ehrlich function.

    Attributes
    ----------
    transitions : numpy.ndarray, shape (states, states)
        Chance of each state after each other; 0 where it may not follow. A sequence with such a
        step is infeasible.
    motifs : tuple of numpy.ndarray, shape (k,)
        States of each motif.
    places : tuple of numpy.ndarray, shape (k,)
        Distance of each of them from the first.
    length : int
        States of a sequence.
    quantization : int
        Steps in which the share of a motif counts: a multiple of them divides its length.

    Examples
    --------
    >>> problem = Ehrlich.drawn(states=4, length=12, motifs=2, size=3, seed=1)
    >>> best = problem.solution()
    >>> problem([best]).tolist(), len(best)
    ([1.0], 12)
    """

    transitions: np.ndarray
    motifs: tuple[np.ndarray, ...]
    places: tuple[np.ndarray, ...]
    length: int
    quantization: int

    @classmethod
    def drawn(
        cls,
        states: int = 20,
        length: int = 60,
        motifs: int = 4,
        size: int = 4,
        quantization: int | None = None,
        seed: int = 0,
    ) -> Ehrlich:
        """Draw a function; all its motifs together are feasible and fit into the length.

        Parameters
        ----------
        states : int
            Letters, 2 to 34.
        length : int
            Length of a sequence, at least ``motifs * size``.
        motifs, size : int
            Number of motifs, and states of each.
        quantization : int, optional
            Steps of a motif's score; by default one a state.
        seed : int
            Seed of the draw.

        Raises
        ------
        ConfigError
            If the motifs do not fit, or a number is out of its range.
        """
        steps = size if quantization is None else quantization
        if not 2 <= states <= len(STATES):
            raise ConfigError(f"states {states}: 2 to {len(STATES):,}")
        if length < motifs * size or not 1 <= steps <= size:
            raise ConfigError(f"{motifs} motifs of {size} in {length} letters, {steps} steps")
        draws = rng(seed, "ehrlich", states, length, motifs, size)
        transitions = _transitions(states, draws)
        walk = [int(draws.choice(states, p=_stationary(transitions)))]
        while len(walk) < motifs * size:
            walk.append(int(draws.choice(states, p=transitions[walk[-1]])))
        slack = (length - motifs * size) // motifs
        places = []
        for _ in range(motifs):
            weights = draws.random(size - 1)
            gaps = 1 + np.floor(slack * weights / weights.sum()).astype(int)
            places.append(np.concatenate([[0], gaps.cumsum()]).astype(int))
        parts = tuple(np.array_split(np.array(walk), motifs))
        return cls(transitions, parts, tuple(places), length, steps)

    @property
    def alphabet(self) -> Alphabet:
        """The letters of its states."""
        return Alphabet("ehrlich", STATES[: len(self.transitions)])

    def feasible(self) -> Automaton:
        """Return the automaton of the feasible sequences."""
        states = len(self.transitions)
        after = np.where(self.transitions > 0, np.arange(states), DEAD)
        return Automaton([np.vstack([after, np.arange(states)])], start=states)

    def draw(self, n: int, seed: int) -> np.ndarray:
        """Draw feasible sequences from the chain, shape (n, length), uint8 codes."""
        draws = rng(seed, "ehrlich draws")
        steps = self.transitions.cumsum(1)
        rows = np.zeros((n, self.length), np.uint8)
        rows[:, 0] = draws.choice(len(steps), n, p=_stationary(self.transitions))
        for t in range(1, self.length):
            chance = draws.random(n)[:, None] * steps[rows[:, t - 1], -1:]
            rows[:, t] = (steps[rows[:, t - 1]] <= chance).sum(1)
        return rows

    def score(self, rows: np.ndarray) -> np.ndarray:
        """Score rows of codes, shape (n,), from 0 to 1; infeasible ones are -inf."""
        product = np.ones(len(rows))
        for motif, places in zip(self.motifs, self.places, strict=True):
            starts = np.arange(self.length - places[-1])
            there = (rows[:, starts[:, None] + places] == motif).sum(2).max(1)
            step = len(motif) / self.quantization
            product *= np.floor(there / step) / self.quantization
        steps = self.transitions[rows[:, :-1], rows[:, 1:]]
        return np.where((steps > 0).all(1), product, -np.inf)

    def __call__(self, sequences: list[str]) -> np.ndarray:
        """Score sequences of its letters, as an oracle does."""
        return self.score(np.stack([self.alphabet.encode(text) for text in sequences]))

    def solution(self) -> str:
        """Return a sequence of score 1."""
        row: list[int] = []
        for motif, places in zip(self.motifs, self.places, strict=True):
            start = len(row)
            for state, place in zip(motif.tolist(), places.tolist(), strict=True):
                # A state may always follow itself.
                row += row[-1:] * (start + place - len(row))
                row.append(state)
        row += [row[-1]] * (self.length - len(row))
        return self.alphabet.decode(np.array(row, np.uint8))


def _transitions(states: int, draws: np.random.Generator) -> np.ndarray:
    """Draw chances of steps, some of which cannot occur; every state can be reached."""
    banned = max(0, states - 2 * int(states * _BAND) - 1)
    while True:
        chance = np.exp(draws.normal(size=(states, states)) / _TEMPERATURE)
        columns = draws.permutation(states)
        for row in range(states):
            chance[row, columns[(row + np.arange(banned)) % states]] = 0
        chance[np.diag_indices(states)] = np.exp(draws.normal(size=states) / _TEMPERATURE)
        chance /= chance.sum(1, keepdims=True)
        if (np.linalg.matrix_power(chance, states) > 0).all():
            return chance


def _stationary(transitions: np.ndarray) -> np.ndarray:
    """Return the stationary distribution of a chain, shape (states,)."""
    found = np.linalg.matrix_power(transitions, 4096)[0]
    return found / found.sum()
