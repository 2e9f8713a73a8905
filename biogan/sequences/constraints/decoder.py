"""Constraints on records that are written letter by letter.

Each letter is drawn among those from which the record can still be completed, in its length, so
that every record keeps the constraints. How likely the completions are is not looked at: letters
are those of the generator given what was written before, not given what has to follow. That is near
to the law of the generator under the constraints where these leave much open, and further from it
where they lead into what the model hardly writes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from biogan.core.errors import ConfigError
from biogan.nn.latent_nets import CodeNoise, LatentGenerator
from biogan.nn.layers import exact
from biogan.sequences.constraints.language import DEAD, Language

NO_LENGTH = "no sequence of a length that this model writes keeps them"


class ConstrainedDecoder:
    """A generator of codes whose sequences keep to languages.

    Parameters
    ----------
    generator : LatentGenerator
        The trained network.
    languages : sequence of Language
        Each sequence keeps to one of them, the item of that number.
    masks : numpy.ndarray, shape (items, channels, positions), bool, optional
        Codes that may stand at each position; then there is one language, and an item is that
        language under a mask.
    temperature : float
        Divides the logits; above 0.
    low, high : int
        Lengths in positions from ``low`` to ``high`` only, where lengths vary.

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

    def left(self, item: int, length: int) -> list[np.ndarray]:
        """Return the codes that may stand in a record of a length.

        Parameters
        ----------
        item, length : int
            Number of the item, and positions.

        Returns
        -------
        list of numpy.ndarray, shape (states, channels), bool
            For each position whether a code, read in a state, leaves the record to be completed.
        """
        (channels, positions), grammar = self.generator.shape, self.generator.grammar
        codes = np.ones((channels, positions), bool)
        if grammar.end is not None:
            told = grammar.permitted(torch.tensor([length]), self.generator.shape)
            codes = np.broadcast_to(told[0].numpy(), codes.shape)
        if self._masks is not None:
            codes = codes & self._masks[item]
        alive: np.ndarray = np.array([True])
        found: list[np.ndarray] = []
        layers = self._languages[item if self._masks is None else 0].layers
        for layer, may in zip(reversed(layers), codes.T[::-1], strict=True):
            # State DEAD, the last one, leads nowhere.
            found.append(np.append(alive, False)[layer] & (layer != DEAD) & may)
            alive = np.asarray(found[-1].any(1))
        return found[::-1]

    def admits(self, item: int, length: int) -> bool:
        """Whether a record of a length can keep an item."""
        return bool(self.left(item, length)[0].any())

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
            Of the letters that were left at each place, given those before, summed.
        """
        noise, n = noise.to(self.device), len(items)
        lengths, log_p = self._drawn_lengths(noise, items)
        keys = [*zip(items.tolist(), lengths.tolist(), strict=True)]
        tables = {key: self.left(*key) for key in {*keys}}
        state, letters = np.zeros(n, np.int64), self.generator.decoder.letters
        many = self._masks is None

        def steer(scores: Tensor, live: Tensor, before: Tensor, place: int) -> Tensor:
            may = np.zeros((len(live), letters), bool)
            written = before.tolist()
            for row, number in enumerate(live.tolist()):
                if place:
                    layers = self._languages[keys[number][0] if many else 0].layers
                    state[number] = layers[place - 1][state[number], written[row]]
                may[row] = tables[keys[number]][place][state[number], :letters]
            masked = scores.masked_fill(~torch.from_numpy(may).to(scores.device), -torch.inf)
            log_p[live] += masked.logsumexp(1) - scores.logsumexp(1)
            return masked

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
