"""A trained generator under constraints: log-probabilities of languages, and draws given one.

The letters of a generator are independent given its noise, so that both are exact
(:mod:`biogan.nn.constrained`). The law is the joint one: lengths, too, answer to the constraints. A
length is drawn by p(length) p(constraints | noise, length), and letters given both.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from biogan.nn.constrained import Trellis
from biogan.nn.layers import exact, rotated
from biogan.nn.letter_law import length_law, letter_law
from biogan.nn.sequence_heads import LetterGenerator, Noise
from biogan.sequences.constraints.language import Language

# Numbers of the laws of all lengths, under several items, that are looked at together.
_NUMBERS = 2**22


class Lengths(NamedTuple):
    """Lengths that a sequence may have.

    Attributes
    ----------
    positions : Tensor, shape (N, K), int64
        Lengths in positions.
    log_share : Tensor, shape (N, K), float64
        Log-probability of each, before the constraints; -inf where it is not to be had.
    scores : Tensor or None
        Logits of all rows, where they do not depend on the length.
    """

    positions: Tensor
    log_share: Tensor
    scores: Tensor | None = None


def as_mask(language: Language, end: int | None = None) -> np.ndarray | None:
    """Return which codes may stand where, shape (channels, positions), bool.

    Parameters
    ----------
    language : Language
        All sequences of some constraints.
    end : int, optional
        The end symbol, where lengths vary.

    Returns
    -------
    numpy.ndarray or None
        None where the codes that may stand at a position depend on those before by more than
        whether the sequence has ended.
    """
    ended: list[
        int | None
    ] = []  # the state behind the end of the sequence, None where there is no other
    for layer in language.layers:
        ended.append(None)
        if len(layer) > 1:
            stops = (layer >= 0).sum(1) == 1
            if end is None or len(layer) > 2 or stops.sum() != 1 or (layer[:, end] < 0).any():
                return None
            ended[-1] = int(stops.argmax())
    for layer, own, following in zip(language.layers, ended, [*ended[1:], None], strict=True):
        if following is not None and end is not None:
            goes_on = np.delete(layer, end, 1) if own is None else np.delete(layer[1 - own], end)
            if (goes_on == following).any() or (layer[:, end] == 1 - following).any():
                return None
    return np.array([(layer >= 0).any(0) for layer in language.layers]).T


class ConstrainedGenerator:
    """A generator whose sequences keep to languages.

    Parameters
    ----------
    generator : LetterGenerator
        The trained network.
    languages : sequence of Language
        Each sequence keeps to one of them, the item of that number.
    masks : numpy.ndarray, shape (items, channels, positions), bool, optional
        Codes that may stand at each position; then there is one language, and an item is that
        language under a mask.
    temperature : float
        Divides the logits; above 0.
    low, high : int
        Lengths in positions from ``low`` to ``high`` only, where they are drawn first.

    Attributes
    ----------
    items : int
        Number of languages, or of masks.
    log_shares : Tensor, shape (positions + 1,), float64
        Log-probability of each length that the generator writes.
    """

    def __init__(
        self,
        generator: LetterGenerator,
        languages: Sequence[Language],
        masks: np.ndarray | None = None,
        temperature: float = 1.0,
        low: int = 0,
        high: int | None = None,
    ) -> None:
        self.generator, self.temperature, self.lengths = generator, temperature, (low, high)
        grammar, positions = generator.grammar, generator.shape.length
        device = next(generator.parameters()).device
        # Other than CPU and CUDA devices know no float64.
        self.device = device if device.type == "cuda" else torch.device("cpu")
        self._network = device
        self._trellises = [Trellis(language.layers, self.device) for language in languages]
        self._masks = None if masks is None else torch.from_numpy(masks).to(self.device)
        self.items = len(languages) if masks is None else len(masks)
        shares = np.zeros(positions + 1)
        if grammar.lengths:
            last = positions if high is None else high
            shares[low : last + 1] = grammar.lengths[low : last + 1]
        elif grammar.end is not None:
            shares[grammar.shortest(positions) :] = 1
        else:
            shares[positions] = 1
        self.log_shares = torch.from_numpy(shares / shares.sum()).log().to(self.device)

    @cached_property
    def admitted(self) -> Tensor:
        """Which lengths the generator and each item leave, shape (items, positions + 1), bool."""
        grammar, (channels, positions) = self.generator.grammar, self.generator.shape
        some = torch.isfinite(self.log_shares).nonzero()[:, 0]
        flat = letter_law(
            torch.zeros(len(some), channels, positions, device=self.device), grammar, some, 1.0
        )
        found = torch.zeros(self.items, positions + 1, dtype=torch.bool, device=self.device)
        for items in torch.arange(self.items, device=self.device).split(
            max(1, _NUMBERS // flat.numel())
        ):
            own = items.repeat_interleave(len(some))
            inside = self._log_probability(flat.repeat(len(items), 1, 1), own)
            found[items[:, None], some] = (inside > -torch.inf).view(len(items), -1)
        return found

    def under(self, masks: np.ndarray) -> ConstrainedGenerator:
        """Return the same language under other masks, without compiling it again.

        Parameters
        ----------
        masks : numpy.ndarray, shape (items, channels, positions), bool
            As for the class.
        """
        found = copy(self)
        found._masks, found.items = torch.from_numpy(masks).to(self.device), len(masks)
        found.__dict__.pop("admitted", None)
        return found

    @property
    def at_once(self) -> int:
        """Sequences that cost about as much as one, shared by the lengths that are summed over."""
        lengths = int(self.admitted.any(0).sum())
        return min(trellis.rows for trellis in self._trellises) // max(lengths, 1)

    @torch.no_grad()
    def log_probability(self, noise: Noise, items: Tensor, every: bool) -> Tensor:
        """Return the log-probability of the item of each sequence, given its noise.

        Parameters
        ----------
        noise : Noise
            N sequences.
        items : Tensor, shape (N,), int64
            Number of the item of each.
        every : bool
            Whether to sum over all lengths. If not, where lengths are drawn first, the length is
            the one of the quantile among those that the item admits.

        Returns
        -------
        Tensor, shape (N,), float64
        """
        noise = noise.to(self._network)
        with exact():
            return self._weights(noise, items, self._lengths(noise, items, every)).logsumexp(1)

    @torch.no_grad()
    def draw(
        self, noise: Noise, items: Tensor, uniform: Tensor, every: bool
    ) -> tuple[Tensor, Tensor]:
        """Draw sequences given their noise and their languages.

        Parameters
        ----------
        noise, items, every
            As for :meth:`log_probability`, which is not -inf.
        uniform : Tensor, shape (N, positions + 1)
            From U(0, 1); the last one decides the length.

        Returns
        -------
        codes : Tensor, shape (N, positions), uint8
        log_probability : Tensor, shape (N,), float64
        """
        noise, uniform = noise.to(self._network), uniform.to(self.device)
        with exact():
            lengths = self._lengths(noise, items, every)
            if lengths.positions.shape[1] == 1:
                law = self._law(noise, lengths.positions[:, 0], lengths.scores)
                codes, found = self._drawn(law, items, uniform[:, :-1])
                return codes, found + lengths.log_share[:, 0]
            weights = self._weights(noise, items, lengths)
            steps = weights.softmax(1).cumsum(1)
            chosen = (steps <= uniform[:, -1:] * steps[:, -1:]).sum(1, keepdim=True)
            chosen = torch.where(chosen < steps.shape[1], chosen, weights.argmax(1, keepdim=True))
            law = self._law(noise, lengths.positions.gather(1, chosen)[:, 0], lengths.scores)
            return self._drawn(law, items, uniform[:, :-1])[0], weights.logsumexp(1)

    def _lengths(self, noise: Noise, items: Tensor, every: bool) -> Lengths:
        """Return the lengths that the sequences may have."""
        grammar, positions = self.generator.grammar, self.generator.shape.length
        n, admitted = len(items), self.admitted[items]
        if grammar.end is None:
            whole = torch.full((n, 1), positions, device=self.device)
            return Lengths(whole, whole.new_zeros(n, 1, dtype=torch.float64))
        some = admitted.any(0).nonzero()[:, 0]
        log_share, scores = self._log_shares(noise), None
        if not grammar.lengths:
            scores = self._scores(noise, None)
            log_share = length_law(scores, grammar, self.temperature)
        log_share = log_share.masked_fill(~admitted, -torch.inf)
        if not grammar.lengths or every:
            return Lengths(some.expand(n, -1), log_share[:, some], scores)
        # The length of the quantile: one of those admitted, whose shares are summed.
        steps = log_share.exp().cumsum(1)
        asked = noise.quantile.to(steps)[:, None] * steps[:, -1:]
        last = admitted.long() * torch.arange(positions + 1, device=self.device)
        found = torch.minimum((steps <= asked).sum(1), last.amax(1))
        return Lengths(found[:, None], steps[:, -1:].log(), scores)

    def _log_shares(self, noise: Noise) -> Tensor:
        """Return the log-probability of each length before the constraints, given the labels."""
        if not self.generator.grammar.by_label:
            return self.log_shares.expand(len(noise.quantile), -1)
        shares = self.generator.length_shares(noise, *self.lengths).to(self.device)
        shares = shares.masked_fill(self.log_shares == -torch.inf, 0)
        return (shares / shares.sum(1, keepdim=True)).log()

    def _weights(self, noise: Noise, items: Tensor, lengths: Lengths) -> Tensor:
        """Return the log-probability of each length together with the language, shape (N, K)."""
        found = torch.full_like(lengths.log_share, -torch.inf)
        for k in range(found.shape[1]):
            rows = (lengths.log_share[:, k] > -torch.inf).nonzero()[:, 0]
            scores = None if lengths.scores is None else lengths.scores[rows]
            if len(rows):
                law = self._law(noise.rows(rows), lengths.positions[rows, k], scores)
                inside = self._log_probability(law, items[rows])
                found[rows, k] = lengths.log_share[rows, k] + inside
        return found

    def _scores(self, noise: Noise, lengths: Tensor | None) -> Tensor:
        given = None if lengths is None else lengths.to(self._network)
        return self.generator.scores(noise, given).to(self.device)

    def _law(self, noise: Noise, lengths: Tensor, scores: Tensor | None) -> Tensor:
        """Return the law of the letters in the order in which they are written."""
        grammar = self.generator.grammar
        if scores is None:
            scores = self._scores(noise, lengths if grammar.lengths else None)
        law = letter_law(scores, grammar, lengths, self.temperature)
        turn = noise.turn.to(self.device)
        return rotated(law, turn) if self.generator.config.rotate else law

    def _log_probability(self, law: Tensor, items: Tensor) -> Tensor:
        law = self._masked(law, items)
        found = law.new_empty(len(law))
        for trellis, rows in self._groups(items):
            found[rows] = trellis.log_probability(law[rows])
        return found

    def _drawn(self, law: Tensor, items: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        law = self._masked(law, items)
        codes = torch.empty(len(law), law.shape[2], dtype=torch.uint8, device=law.device)
        found = law.new_empty(len(law))
        for trellis, rows in self._groups(items):
            codes[rows], found[rows] = trellis.draw(law[rows], uniform[rows])
        return codes, found

    def _masked(self, law: Tensor, items: Tensor) -> Tensor:
        if self._masks is None:
            return law
        return law.masked_fill(~self._masks[items], -torch.inf)

    def _groups(self, items: Tensor) -> list[tuple[Trellis, Tensor]]:
        """Return the rows of each automaton."""
        if len(self._trellises) == 1:
            return [(self._trellises[0], torch.arange(len(items), device=items.device))]
        return [
            (self._trellises[item], (items == item).nonzero()[:, 0])
            for item in items.unique().tolist()
        ]
