"""Constraints on records that are written letter by letter.

Each letter is drawn among those from which the record can still be completed, in its length, so
that every record keeps the constraints. The decoder's probability of a letter is multiplied by the
chance that the constraints are kept afterwards, were all letters behind it drawn by themselves, as
often as the model writes them: a word that is required then stands anywhere, where the decoder
likes it, and not at the last place that is left. That chance is an estimate, so records are near to
the law of the generator under the constraints, not exactly of it.

The sum of all factors of a record is an unbiased estimate of the probability of the constraints
given its noise (a particle filter with twisted proposals and one particle, Whiteley & Lee 2014,
Annals of Statistics 42:115).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from biogan.core.errors import ConfigError
from biogan.core.rng import torch_generator
from biogan.nn.latent_nets import CodeNoise, LatentGenerator
from biogan.nn.layers import exact
from biogan.sequences.constraints.language import DEAD, Language

# Records by which the frequencies of letters are counted.
_PROBE = 256
NO_LENGTH = "no sequence of a length that this model writes keeps them"


class ConstrainedDecoder:
    """A generator of codes whose sequences keep to languages.

    Parameters
    ----------
    generator : LatentGenerator
        The trained network.
    languages, masks, temperature, low, high
        As of :class:`biogan.sequences.constraints.generator.ConstrainedGenerator`.

    Attributes
    ----------
    items : int
        Number of languages, or of masks.
    """

    def __init__(
        self,
        generator: LatentGenerator,
        languages: Sequence[Language],
        masks: np.ndarray | None = None,
        temperature: float = 1.0,
        low: int = 0,
        high: int | None = None,
    ) -> None:
        self.generator, self.temperature, self.range = generator, temperature, (low, high)
        self.device = next(generator.parameters()).device
        self._languages, self._masks = languages, masks
        self.items = len(languages) if masks is None else len(masks)

    @property
    def lengths(self) -> np.ndarray:
        """Which lengths the model may write, shape (positions + 1,), bool."""
        positions, (low, high) = self.generator.shape.length, self.range
        found = np.zeros(positions + 1, bool)
        shares = self.generator.grammar.lengths
        if not shares:
            found[positions] = True
            return found
        some = np.array(shares) > 0
        some[:low] = False
        some[(positions if high is None else high) + 1 :] = False
        found[: len(some)] = some
        return found

    @cached_property
    def often(self) -> np.ndarray:
        """How often the model writes each code, shape (channels,); 1 for the end symbol."""
        noise = self.generator.noise(_PROBE, torch_generator(0, "constraints", "letters"))
        codes = self.generator.sample(noise.to(self.device))[:, : self.generator.shape.length]
        letters = self.generator.decoder.letters
        counts = np.bincount(codes.cpu().numpy().ravel(), minlength=letters)[:letters] + 1
        found = np.ones(self.generator.shape.channels)
        found[:letters] = counts / counts.sum()
        return found

    def left(self, item: int, length: int) -> tuple[list[np.ndarray], float]:
        """Return by how much each code makes it likelier that the constraints are kept.

        Parameters
        ----------
        item, length : int
            Number of the item, and positions.

        Returns
        -------
        factors : list of numpy.ndarray, shape (states, channels)
            For each position the logarithm of the chance behind a code, read in a state, over that
            before it; minus infinity where the record could not be completed.
        chance : float
            Logarithm of the chance at the start, minus infinity where no record of the length
            keeps the item.
        """
        (channels, positions), grammar = self.generator.shape, self.generator.grammar
        codes = np.ones((channels, positions), bool)
        if grammar.end is not None:
            told = grammar.permitted(torch.tensor([length]), self.generator.shape)
            codes = np.broadcast_to(told[0].numpy(), codes.shape)
        if self._masks is not None:
            codes = codes & self._masks[item]
        chance, scale = np.ones(1), 0.0
        found: list[np.ndarray] = []
        layers = self._languages[item if self._masks is None else 0].layers
        for layer, may in zip(reversed(layers), codes.T[::-1], strict=True):
            # State DEAD, the last one, leads nowhere.
            behind = np.append(chance, 0.0)[layer] * (layer != DEAD) * may
            chance = behind @ self.often
            most = chance.max(initial=0.0)
            if not most:
                return [], -np.inf
            with np.errstate(divide="ignore", invalid="ignore"):
                found.append(np.log(behind) - np.log(chance)[:, None])
            # In between of one size, so that the chance of rare words is a number.
            chance, scale = chance / most, scale + float(np.log(most))
        return found[::-1], scale + float(np.log(chance[0]))

    def admits(self, item: int, length: int) -> bool:
        """Whether a record of a length can keep an item."""
        return self.left(item, length)[1] > -np.inf

    @torch.no_grad()
    def draw(
        self, noise: CodeNoise, items: Tensor, uniform: Tensor, every: bool
    ) -> tuple[Tensor, Tensor]:
        """Draw sequences, each of the language of its item.

        Parameters
        ----------
        noise : CodeNoise
            N sequences.
        items : Tensor, shape (N,), int64
            Number of the item of each.
        uniform, every
            Not looked at: chance is that of the noise.

        Returns
        -------
        codes : Tensor, shape (N, positions), uint8
        log_probability : Tensor, shape (N,), float64
            An estimate of that of the constraints, see above.
        """
        noise, n = noise.to(self.device), len(items)
        lengths, log_p = self._drawn_lengths(noise, items)
        keys = [*zip(items.tolist(), lengths.tolist(), strict=True)]
        tables = {key: self.left(*key) for key in {*keys}}
        log_p += torch.tensor([tables[key][1] for key in keys], device=self.device)
        state, letters = np.zeros(n, np.int64), self.generator.decoder.letters
        many = self._masks is None

        def steer(scores: Tensor, live: Tensor, before: Tensor, place: int) -> Tensor:
            factors = np.empty((len(live), letters))
            written = before.tolist()
            for row, number in enumerate(live.tolist()):
                if place:
                    layers = self._languages[keys[number][0] if many else 0].layers
                    state[number] = layers[place - 1][state[number], written[row]]
                factors[row] = tables[keys[number]][0][place][state[number], :letters]
            twisted = scores + torch.from_numpy(factors).to(scores.device)
            log_p[live] += twisted.logsumexp(1) - scores.logsumexp(1)
            return twisted

        varies = bool(self.generator.grammar.lengths)
        with exact():
            codes = self.generator.write(
                noise, lengths if varies else None, self.temperature, steer
            )
        return codes, log_p

    def _drawn_lengths(self, noise: CodeNoise, items: Tensor) -> tuple[Tensor, Tensor]:
        """Draw a length of each sequence among those that its item admits, and their share."""
        n, positions = len(items), self.generator.shape.length
        if not self.generator.grammar.lengths:
            whole = torch.full((n,), positions, device=self.device)
            return whole, torch.zeros(n, dtype=torch.float64, device=self.device)
        shares = self.generator.length_shares(noise, *self.range)
        possible = np.flatnonzero(self.lengths)
        admitted = torch.zeros_like(shares, dtype=torch.bool)
        for item in set(items.tolist()):
            some = [length for length in possible if self.admits(item, int(length))]
            if not some:
                raise ConfigError(f"constraints of record {item + 1}: {NO_LENGTH}")
            rows = (items == item).nonzero()
            admitted[rows, torch.tensor(some, device=self.device)] = True
        shares = shares / shares.sum(1, keepdim=True)
        steps = shares.masked_fill(~admitted, 0).cumsum(1)
        asked = noise.quantile.to(steps)[:, None] * steps[:, -1:]
        last = admitted.long() * torch.arange(shares.shape[1], device=self.device)
        found = torch.minimum((steps <= asked).sum(1), last.amax(1))
        return found, steps[:, -1].log()
