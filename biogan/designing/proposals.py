"""Where the candidates of a search come from: changes of parents, and draws from a prior.

Rows are codes of a tokenizer, shape (n, positions). All proposals keep the constraints: what does
not is left out before anything is scored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch

from biogan.core.errors import ConfigError
from biogan.core.rng import rng, torch_generator
from biogan.nn.constrained import Trellis
from biogan.nn.sequence_heads import LetterGenerator
from biogan.sequences.constraints.generator import ConstrainedGenerator
from biogan.sequences.constraints.language import Language
from biogan.sequences.constraints.uniform import Feasible
from biogan.sequences.tokenizer import Tokenizer

# Draws of a sampler, in all, for one record that keeps the constraints.
_PATIENCE = 2000
# Draws for each record after which many are drawn at once, or those that violate them are taken.
_RARE, _MANY = 20, 512
# The longest block that is redrawn or exchanged, as a share of the positions.
_BLOCK = 0.5
# How far the latent vector of a neighbour moves, 1 for a fresh one.
_STEP = 0.25
# Mean of the places by which an exchanged block moves, where it moves.
_SHIFT = 3.0
# How much less likely another letter is than the one of a draw, where that cannot stand.
_UNLIKE = 5.0


class Candidates(NamedTuple):
    """Rows and what a prior keeps beside each, to draw its neighbours.

    Attributes
    ----------
    rows : numpy.ndarray, shape (n, positions), uint8
        Codes.
    states : numpy.ndarray, shape (n, d), or None
        Latent vector, turn and labels of a generator; None where a prior has none.
    """

    rows: np.ndarray
    states: np.ndarray | None = None


class Prior(Protocol):
    """What sequences of the kind look like, before a score is asked for."""

    def fresh(self, n: int, seed: int, *stream: str | int, every: bool = True) -> Candidates:
        """Draw ``n`` records; some may violate rare constraints if not ``every``."""
        ...

    def redrawn(
        self, parents: Candidates, free: np.ndarray, seed: int, *stream: str | int
    ) -> Candidates:
        """Draw some letters of each parent anew, given the others; constraints may be violated.

        ``free`` says which, shape (n, positions), bool.
        """
        ...


def gathered(
    n: int, draw: Callable[[int], tuple[np.ndarray, int]], failure: str, flag: str = ""
) -> np.ndarray:
    """Draw until ``n`` rows are kept.

    Parameters
    ----------
    n : int
        Rows, at least 1.
    draw : callable
        Receives the number of rows that were drawn before; returns the rows of some more that are
        kept, and how many were drawn for them.
    failure : str
        What is said, behind both numbers, where hardly any row is kept.
    flag : str
        What is said before them.

    Raises
    ------
    ConfigError
        If hardly any row is kept.
    """
    kept: list[np.ndarray] = []
    found = drawn = 0
    while found < n:
        rows, size = draw(drawn)
        kept.append(rows)
        found, drawn = found + len(rows), drawn + size
        if drawn > _PATIENCE * (found + 1):
            raise ConfigError(f"{flag}{found:,} of {drawn:,} {failure}")
    return np.concatenate(kept)[:n]


@dataclass(frozen=True)
class ChainPrior:
    """A sampler of sequences as a prior: a Markov chain, a PWM, a uniform draw.

    Attributes
    ----------
    sampler : Sampler
        Draws sequences.
    tokenizer : Tokenizer
        Reads them as codes.
    language : Language or None
        What they have to keep.
    feasible : Feasible or None
        What draws instead where draws of the sampler hardly ever keep it.
    """

    sampler: Any
    tokenizer: Tokenizer
    language: Language | None = None
    feasible: Feasible | None = None

    def fresh(self, n: int, seed: int, *stream: str | int, every: bool = True) -> Candidates:
        """Draw until ``n`` records keep the constraints, or have been looked for long enough.

        Raises
        ------
        ConfigError
            If hardly any does, and nothing else can draw them.
        """

        def draw(drawn: int) -> tuple[np.ndarray, int]:
            number = int(rng(seed, "prior", *stream, drawn).integers(2**31))
            rare = drawn >= _RARE * n
            if rare and self.feasible is not None:
                return self.feasible.draw(n, number), n
            size = max(n, _MANY) if rare and every else n
            rows = self._drawn(size, number)
            if self.language is not None and (every or not rare):
                rows = rows[self.language.holds(rows)]
            return rows, size

        failure = (
            "draws of the prior keep the constraints: take a trained model, whose draws keep them "
            "by construction, or loosen them"
        )
        return Candidates(gathered(n, draw, failure))

    def redrawn(
        self, parents: Candidates, free: np.ndarray, seed: int, *stream: str | int
    ) -> Candidates:
        """Put letters of a draw into each parent.

        Where that violates the constraints, the letters are the likeliest ones near those of the
        draw that keep them.
        """
        draws = rng(seed, "redrawn", *stream)
        other = self._others(parents, int(draws.integers(2**31)))
        rows = np.where(free, other, parents.rows).astype(np.uint8)
        if self.language is None:
            return Candidates(rows)
        bad = np.flatnonzero(~self.language.holds(rows))
        if len(bad):
            codes = np.arange(self.language.layers[0].shape[1])[:, None]
            same = codes == rows[bad][:, None]
            law = np.where(same, 0.0, np.where(free[bad][:, None], -_UNLIKE, -np.inf))
            law -= np.log(np.exp(law).sum(1, keepdims=True))
            uniform = torch.from_numpy(draws.random(rows[bad].shape))
            found, known = self._trellis.draw(torch.from_numpy(law), uniform)
            there = torch.isfinite(known).numpy()
            rows[bad[there]] = found.numpy()[there]
        return Candidates(rows)

    def _others(self, parents: Candidates, seed: int) -> np.ndarray:
        """Return the rows whose letters are put into the parents."""
        other = self._drawn(len(parents.rows), seed)
        # Of words that make no whole codons there are fewer.
        return other[np.arange(len(parents.rows)) % len(other)] if len(other) else parents.rows

    @cached_property
    def _trellis(self) -> Trellis:
        assert self.language is not None
        return Trellis(self.language.layers)

    def _drawn(self, n: int, seed: int) -> np.ndarray:
        """Return the rows of ``n`` draws that the tokenizer can read."""
        some, longest = self.sampler.sample(n, seed), self.tokenizer.length
        fits = (some.lengths % self.tokenizer.word == 0) & (some.lengths <= longest)
        return self.tokenizer.encode(some if fits.all() else some[np.flatnonzero(fits)])


@dataclass(frozen=True)
class CodePrior(ChainPrior):
    """A latent GAN as a prior: its draws, and what its decoder writes of codes near a parent's.

    The encoder reads any parent, also one that no generator drew, so that nothing is kept beside
    it.
    """

    def _others(self, parents: Candidates, seed: int) -> np.ndarray:
        """Move the code of each parent and write it out; labels are left open."""
        generator, critic = self.sampler.networks
        unknown = self.sampler.modality.conditions.unknown
        rows = np.hstack([parents.rows, np.tile(unknown, (len(parents.rows), 1))])
        seen = critic.read(torch.from_numpy(rows.astype(np.uint8)))
        lengths = torch.from_numpy(lengths_of(parents.rows, self.tokenizer.end)).to(seen.device)
        draws = torch_generator(seed, "codes")
        return np.asarray(generator.near(seen, lengths, _STEP, draws).cpu().numpy())


@dataclass(frozen=True)
class GeneratorPrior:
    """A trained generator as a prior: its draws, and blocks that it redraws.

    A neighbour has a latent vector near that of its parent (preconditioned Crank-Nicolson, Cotter
    et al. 2013, Statistical Science 28:424), its labels and its turn where records are circular,
    and a block of its letters is drawn anew from the generator given the others and the
    constraints, exactly.

    Attributes
    ----------
    generator : LetterGenerator
        The trained network.
    language : Language
        What all records keep.
    """

    generator: LetterGenerator
    language: Language

    @cached_property
    def _constrained(self) -> ConstrainedGenerator:
        """The automaton of the constraints, which is the same for every draw."""
        return ConstrainedGenerator(self.generator, [self.language])

    def fresh(self, n: int, seed: int, *stream: str | int, every: bool = True) -> Candidates:
        """Draw records of the generator given the constraints."""
        return self._drawn(self._constrained, np.zeros(n, int), None, seed, *stream)

    def redrawn(
        self, parents: Candidates, free: np.ndarray, seed: int, *stream: str | int
    ) -> Candidates:
        """Move the latent vector of each parent and draw letters anew."""
        codes = np.arange(self.generator.shape.channels)
        masks = free[:, None] | (codes[:, None] == parents.rows[:, None])
        constrained = self._constrained.under(masks)
        items = np.arange(len(parents.rows))
        return self._drawn(constrained, items, parents.states, seed, *stream)

    def _drawn(
        self,
        constrained: ConstrainedGenerator,
        items: np.ndarray,
        states: np.ndarray | None,
        seed: int,
        *stream: str | int,
    ) -> Candidates:
        draws = torch_generator(seed, "prior", *stream)
        noise = self.generator.noise(len(items), draws)
        if states is not None:
            parts = torch.from_numpy(states).to(noise.latent.device)
            width = noise.latent.shape[1]
            moved = (1 - _STEP**2) ** 0.5 * parts[:, :width] + _STEP * noise.latent
            noise = noise._replace(
                latent=moved.to(noise.latent),
                turn=parts[:, width].to(noise.turn),
                labels=parts[:, width + 1 :].to(noise.labels),
            )
        uniform = torch.rand(len(items), self.generator.shape.length + 1, generator=draws)
        which = torch.from_numpy(items).to(constrained.device)
        rows, _ = constrained.draw(noise, which, uniform, every=False)
        kept = (noise.latent, noise.turn[:, None], noise.labels)
        return Candidates(rows.cpu().numpy(), np.hstack([x.cpu().float().numpy() for x in kept]))


def blocks(
    n: int,
    positions: int,
    draws: np.random.Generator,
    shift: float = 0.0,
    longest: float = _BLOCK,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a block of positions for each of n rows.

    Parameters
    ----------
    n, positions : int
        Rows, and positions of each.
    draws : numpy.random.Generator
        Source of randomness.
    shift : float
        Share of the blocks that move by some places.
    longest : float
        The longest block, as a share of the positions.

    Returns
    -------
    inside : numpy.ndarray, shape (n, positions), bool
        Which positions a block fills.
    source : numpy.ndarray, shape (n, positions), int
        The position that what fills each comes from.
    """
    sizes = draws.integers(1, max(2, int(positions * longest) + 1), n)
    starts = draws.integers(0, positions - sizes + 1)
    moves = draws.geometric(1 / _SHIFT, n) * draws.choice([-1, 1], n) * (draws.random(n) < shift)
    moves = np.clip(moves, -starts, positions - starts - sizes)
    first = (starts + moves)[:, None]
    places = np.arange(positions)
    inside = (places >= first) & (places < first + sizes[:, None])
    return inside, np.clip(places - moves[:, None], 0, positions - 1)


def lengths_of(rows: np.ndarray, letters: int) -> np.ndarray:
    """Return how many positions of each row hold a letter, shape (n,)."""
    return np.asarray((rows < letters).sum(1))


def ended(rows: np.ndarray, letters: int) -> np.ndarray:
    """Put the end symbol behind the first one of each row."""
    stopped = np.maximum.accumulate(rows >= letters, axis=1)
    return np.where(stopped, letters, rows).astype(np.uint8)


def likeness(rows: np.ndarray, row: np.ndarray, letters: int) -> np.ndarray:
    """Return the share of positions that are equal, of those where a row or the other has a letter.

    Examples
    --------
    >>> likeness(np.array([[0, 1, 4, 4], [0, 2, 1, 4]]), np.array([0, 1, 4, 4]), 4).tolist()
    [1.0, 0.3333333333333333]
    """
    counted = (rows < letters) | (row < letters)
    return np.asarray(((rows == row) & counted).sum(1) / counted.sum(1))


def mutated(rows: np.ndarray, letters: int, draws: np.random.Generator) -> np.ndarray:
    """Change each letter with the chance of one in the length, at least one of each row.

    Parameters
    ----------
    rows : numpy.ndarray, shape (n, positions), uint8
        Codes; those from ``letters`` on (the end symbol) stay.
    letters : int
        Codes that may be written.
    """
    n, positions = rows.shape
    length = lengths_of(rows, letters)
    changes = draws.random(rows.shape) < 1 / length[:, None]
    changes[np.arange(n), draws.integers(positions, size=n) % length] = True
    steps = draws.integers(1, max(2, letters), rows.shape)
    return np.where(changes & (rows < letters), (rows + steps) % letters, rows).astype(np.uint8)


def crossed(rows: np.ndarray, other: np.ndarray, draws: np.random.Generator) -> np.ndarray:
    """Put a block of another parent into each parent, half of them some places away."""
    inside, source = blocks(len(rows), rows.shape[1], draws, shift=0.5)
    return np.where(inside, np.take_along_axis(other, source, 1), rows).astype(np.uint8)


def shifted(rows: np.ndarray, letters: int, draws: np.random.Generator) -> np.ndarray:
    """Delete a letter of each row and insert one elsewhere: what is between moves by one place.

    Where lengths vary, either may be the place behind the last letter: then a letter is only
    inserted, or only deleted.
    """
    n, positions = rows.shape
    length = lengths_of(rows, letters)
    out, into = (
        draws.integers(positions, size=(2, n, 1)) % np.minimum(length + 1, positions)[:, None]
    )
    fresh = draws.integers(letters, size=(n, 1))
    # A letter that is deleted and not replaced leaves an end symbol behind the last one.
    fresh = np.where((into == length[:, None]) & (out < length[:, None]), letters, fresh)
    places = np.arange(positions)
    # What each place takes its letter from: the next one between a letter that is deleted and one
    # that is inserted behind it, else the one before.
    source = places + ((places >= out) & (places < into)) - ((places <= out) & (places > into))
    found = np.take_along_axis(rows, source, 1)
    return np.where(places == into, fresh, found).astype(np.uint8)
