"""Constrained records of a seed: noise of its prior, or of chains that move it towards likely ones.

- ``free``: the noise is drawn from its prior and the letters given the constraints. What is fixed
  tells the other letters nothing of what they share through the noise.
- ``mcmc``: the noise, too, is drawn given the constraints, so that the other letters respond to
  what is fixed. Each record is the end of a Metropolis-Hastings chain that starts at the prior,
  proposes moves that keep the prior (:mod:`biogan.nn.latent_moves`) and takes them by the ratio of
  p(constraints | noise). Resampling of prior draws would do the same with fewer draws only where
  that probability hardly varies: for ten fixed letters of a promoter, 25 of 6,000 counted.

Both draw from the same law where p(constraints | noise) is the same for all noise. With a density
ratio r(x) of data and generator (:mod:`biogan.models.refinement`), the chains also move the record
x, and r(x) is a further factor of what is compared.

A block of records has streams of its own, so record ``i`` depends on the seed and ``i`` alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from biogan.core.errors import DataError, percentage
from biogan.core.rng import torch_generator
from biogan.nn.latent_moves import moved
from biogan.nn.sequence_heads import Noise, turns
from biogan.sequences.constraints.generator import ConstrainedGenerator
from biogan.sequences.constraints.plan import ConstraintPlan
from biogan.sequences.dataset import SequenceSet
from biogan.training.engine import keep_freed_memory

Latents = Literal["free", "mcmc"]
#: Estimates log p_data / p_generator of rows of codes.
LogRatio = Callable[[np.ndarray], np.ndarray]
#: Chains of a block: so many are drawn for the sake of one.
CHAINS = 32
#: Standard deviation of log p(constraints | noise) up to which noise is drawn from its prior. The
#: noise then differs from that of the joint law by about half its square, 0.12 nats.
VARIES = 0.5
#: Moves of a chain for each unit of that deviation, at least and at most; at most where lengths
#: move, too: noise that suits a length holds it.
MOVES, FEWEST_MOVES, MOST_MOVES, MOST_WITH_LENGTHS = 100, 50, 300, 900
#: Probability of the constraints under a model below which it is told.
RARE = 1e-9
# Items by which both are estimated.
_ITEMS = 4


class Chains(NamedTuple):
    """What became of the chains of some records.

    Attributes
    ----------
    steps : int
        Moves proposed to each, 0 where noise is that of the prior.
    taken : numpy.ndarray, shape (n,), int64
        Moves taken by each.
    before, after : numpy.ndarray, shape (n,)
        Log-probability of the constraints at the first and the last noise.
    latents : numpy.ndarray, shape (n,), int64
        A hash of the last latent vector: distinct ones can be counted.
    """

    steps: int
    taken: np.ndarray
    before: np.ndarray
    after: np.ndarray
    latents: np.ndarray

    def rows(self, low: int, high: int) -> Chains:
        """Return some of the records."""
        return Chains(self.steps, *(part[low:high] for part in self[1:]))

    @classmethod
    def concatenate(cls, some: list[Chains]) -> Chains:
        """Join those of several blocks."""
        parts = zip(*(chains[1:] for chains in some), strict=True)
        return cls(some[0].steps, *map(np.concatenate, parts))

    def __str__(self) -> str:
        n = len(self.taken)
        after = f"{round(_mean(self.after), 1) + 0.0:.1f}"  # never -0.0
        if not self.steps:
            return f"latents free: mean log-probability of the constraints {after}"
        share = percentage(self.taken.sum() / (n * self.steps))
        return (
            f"latents mcmc: {n:,} chains of {self.steps:,} steps, {share} of the moves taken; mean "
            f"log-probability of the constraints {_mean(self.before):.1f} before, {after} after; "
            f"{len(set(self.latents)):,} distinct latents"
        )


def _mean(log_probabilities: np.ndarray) -> float:
    finite = log_probabilities[np.isfinite(log_probabilities)]
    return float(finite.mean()) if len(finite) else -math.inf


class Constrained(NamedTuple):
    """Rows of codes and labels of some records, uint8, and what became of the chains."""

    rows: np.ndarray
    chains: Chains


@dataclass(frozen=True)
class Probe:
    """How the probability of the constraints varies over the prior of the noise.

    Attributes
    ----------
    spread : float
        Standard deviation of log p(constraints | noise).
    log_probability : float
        log p(constraints), of the least probable item.
    lengths : bool
        Whether the constraints leave several lengths, which move with the noise.
    """

    spread: float
    log_probability: float
    lengths: bool = False

    #: Sequences of noise that it looks at.
    SIZE: ClassVar[int] = 64

    @classmethod
    def of(cls, generator: ConstrainedGenerator, noise: Noise) -> Probe:
        """Look at some noise of the prior, under the first items."""
        n, spreads, found = len(noise.latent), [], []
        for item in range(min(generator.items, _ITEMS)):
            items = torch.full((n,), item, device=generator.device)
            log_p = generator.log_probability(noise, items, True)
            finite = log_p[torch.isfinite(log_p)]
            spreads.append(float(finite.std()) if len(finite) > 1 else math.inf)
            found.append(float(log_p.logsumexp(0)) - math.log(n))
        several = generator.admitted.sum(1).max() > 1
        lengths = bool(generator.generator.grammar.lengths) and bool(several)
        return cls(sum(spreads) / len(spreads), min(found), lengths)

    @property
    def latents(self) -> Latents:
        """What suits: chains where the probability varies."""
        return "mcmc" if self.spread > VARIES else "free"

    @property
    def steps(self) -> int:
        """Moves that a chain needs: few where it starts close to where it has to come to."""
        most = MOST_WITH_LENGTHS if self.lengths else MOST_MOVES
        return int(min(max(MOVES * self.spread, FEWEST_MOVES), most))

    def lines(self, chosen: Latents | None) -> list[str]:
        """Say what was found, one line each; the choice of latents only if it was made by it."""
        said = []
        if chosen is not None:
            side = "more than" if chosen == "mcmc" else "at most"
            said.append(
                f"latents {chosen}: the log-probability of the constraints varies by "
                f"{self.spread:.2g} (standard deviation over the noise), {side} {VARIES}"
            )
        if self.log_probability == -math.inf:
            said.append(
                "the constraints are rarer than numbers can say, given all noise that was looked at"
            )
        elif self.log_probability < math.log(RARE):
            said.append(
                "the constraints are rare: of what this model writes, about one record in "
                f"10^{-self.log_probability / math.log(10):.0f} keeps them (log-probability "
                f"{self.log_probability:.1f})"
            )
        return said


@dataclass(frozen=True)
class Drawing:
    """Draws blocks of constrained records.

    Attributes
    ----------
    generator : ConstrainedGenerator or ConstrainedDecoder
        Generator and constraints; record ``i`` keeps item ``i`` modulo their number.
    seed : int
        Seed of all streams.
    latents : str
        ``free`` or ``mcmc``.
    steps : int
        Moves proposed to a chain.
    size : int
        Records of a block.
    log_ratio : callable, optional
        Density ratio of rows, with ``mcmc`` alone.
    ask : callable
        Puts what is asked for into the noise of a block, given the names of its stream.
    plan : ConstraintPlan, optional
        What each record keeps; its ids stand in the headers.
    lines : tuple of str
        What there is to say before anything is drawn.
    """

    generator: Any
    seed: int
    latents: Latents
    steps: int
    size: int
    log_ratio: LogRatio | None = None
    ask: Callable[..., Noise] = lambda noise, *stream: noise
    plan: ConstraintPlan | None = None
    lines: tuple[str, ...] = ()

    def block(self, *stream: str | int) -> Constrained:
        """Draw a block from a named stream, whose first number is that of the block."""
        keep_freed_memory()
        rng = torch_generator(self.seed, "constrained", self.latents, *stream)
        noise = self.ask(self.generator.generator.noise(self.size, rng), *stream)
        first = next(part for part in stream if isinstance(part, int)) * self.size
        items = torch.arange(first, first + self.size) % self.generator.items
        items = items.to(self.generator.device)
        if self.latents == "free":
            codes, log_p = self._draw(noise, items, rng, True)
            found = Constrained(codes.numpy(), _still(noise, log_p.numpy()))
        else:
            found = self._chains(noise, items, rng)
        if not np.isfinite(found.chains.after).all():
            raise DataError(
                "the constraints have a probability below e^-700 given some noise of this model, "
                "which is none in numbers: loosen them, or take a temperature nearer to 1"
            )
        return found

    def named(self, records: SequenceSet, first: int) -> SequenceSet:
        """Put the ids of templates and proteins into the labels of records from a number on."""
        if self.plan is not None:
            asked = [self.plan.labels(first + i) for i in range(len(records))]
            for label in self.plan.each:
                records.labels[label] = np.array([one[label] for one in asked], object)
        return records

    def _draw(
        self, noise: Noise, items: Tensor, rng: torch.Generator, every: bool
    ) -> tuple[Tensor, Tensor]:
        """Draw records given their noise; return codes and log-probability of the constraints."""
        positions = self.generator.generator.shape.length
        uniform = torch.rand(self.size, positions + 1, generator=rng, dtype=torch.float64)
        codes, log_p = self.generator.draw(noise, items, uniform, every)
        return torch.cat([codes.cpu(), noise.labels.cpu()], 1), log_p.cpu()

    def _chains(self, noise: Noise, items: Tensor, rng: torch.Generator) -> Constrained:
        network = self.generator.generator
        lengths, circle = bool(network.grammar.lengths), turns(network.config, network.shape)
        now = self._weighed(noise, items, rng)
        before, taken = now.log_p, torch.zeros(self.size, dtype=torch.long)
        for _ in range(self.steps):
            other = moved(noise, rng, lengths, circle)
            new = self._weighed(other, items, rng)
            coins = torch.rand(self.size, generator=rng, dtype=torch.float64).log()
            # A chain that starts where the constraints cannot be kept takes what leads out of it.
            move = coins < new.weight - now.weight
            noise = Noise(*(_where(move, a, b) for a, b in zip(other, noise, strict=True)))
            now = _Weighed(*(_where(move, a, b) for a, b in zip(new, now, strict=True)))
            taken += move
        codes = now.codes
        if self.log_ratio is None:
            codes, _ = self._draw(noise, items, rng, False)
        chains = _still(noise, now.log_p.numpy())
        chains = chains._replace(steps=self.steps, taken=taken.numpy(), before=before.numpy())
        return Constrained(codes.numpy(), chains)

    def _weighed(self, noise: Noise, items: Tensor, rng: torch.Generator) -> _Weighed:
        """Return the weights of noise: p(constraints | noise), times r(x) of a record."""
        if self.log_ratio is None:
            log_p = self.generator.log_probability(noise, items, False).cpu()
            return _Weighed(log_p, log_p, torch.zeros(self.size, 0, dtype=torch.uint8))
        codes, log_p = self._draw(noise, items, rng, False)
        ratio = torch.from_numpy(np.asarray(self.log_ratio(codes.numpy()), float))
        return _Weighed(log_p + ratio, log_p, codes)


class _Weighed(NamedTuple):
    """Log weight of each chain, log-probability of its constraints, and its record, if any."""

    weight: Tensor
    log_p: Tensor
    codes: Tensor


def _where(rows: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Return some rows of ``a`` and the others of ``b``."""
    return torch.where(rows.view(-1, *[1] * (a.dim() - 1)), a, b)


def _still(noise: Noise, log_p: np.ndarray) -> Chains:
    """Return what is there to say of noise that was not moved."""
    latents = np.array([hash(row.tobytes()) for row in noise.latent.numpy()], np.int64)
    return Chains(0, np.zeros(len(log_p), np.int64), log_p, log_p, latents)
