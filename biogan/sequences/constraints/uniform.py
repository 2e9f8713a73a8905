"""Sequences that keep constraints and know nothing else: letters without a model, drawn exactly."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch

from biogan.nn.constrained import Trellis
from biogan.sequences.constraints.language import Language
from biogan.sequences.tokenizer import VARIABLE, Tokenizer

# Letters of each kind that are added to those that were counted at a position.
_PSEUDOCOUNT = 0.5


class Feasible:
    """Draws independent letters given a language, exactly.

    Parameters
    ----------
    tokenizer : Tokenizer
        Positions, words, end symbol.
    language : Language
        What all sequences keep, with at least one sequence.
    rows : numpy.ndarray, shape (n, positions), uint8, optional
        Sequences from which the share of each code at each position is taken; without them all
        codes are as likely.

    Notes
    -----
    Where lengths vary, a length is drawn by its share among the records of the tokenizer, of those
    that the language has; letters are drawn given it.

    Examples
    --------
    >>> from biogan import GC, SequenceSet
    >>> from biogan.sequences.constraints.joint import language
    >>> tokenizer = Tokenizer.of(SequenceSet.from_strings(["ACGTAC", "ACGTTT"]))
    >>> some = Feasible(tokenizer, language([GC(1, 1)], tokenizer)).draw(50, seed=0)
    >>> sorted({*map(int, some.ravel())})
    [1, 2]
    """

    def __init__(
        self, tokenizer: Tokenizer, language: Language, rows: np.ndarray | None = None
    ) -> None:
        self._tokenizer, self._trellis = tokenizer, Trellis(language.layers)
        channels, end = tokenizer.channels, tokenizer.end
        counts = np.ones((channels, tokenizer.positions))
        if rows is not None:
            counts = (rows[:, None] == np.arange(channels)[:, None]).sum(0) + _PSEUDOCOUNT
        with np.errstate(divide="ignore"):
            shares = np.log(counts[:end] / counts[:end].sum(0))
        self._law = np.full((channels, tokenizer.positions), -np.inf)
        self._law[:end] = shares

    def draw(self, n: int, seed: int) -> np.ndarray:
        """Return rows of codes, shape (n, positions), uint8."""
        draws = torch.Generator().manual_seed(seed)
        uniform = torch.rand(n, self._tokenizer.positions, generator=draws, dtype=torch.float64)
        if self._tokenizer.kind != VARIABLE:
            law = torch.from_numpy(self._law).expand(n, -1, -1)
        else:
            lengths, shares = self._lengths
            which = torch.multinomial(shares, n, replacement=True, generator=draws)
            law = self._laws(lengths[which])
        return self._trellis.draw(law, uniform)[0].numpy()

    def _laws(self, lengths: torch.Tensor) -> torch.Tensor:
        """Return the law of the codes given each length, shape (n, channels, positions)."""
        inside = torch.arange(self._tokenizer.positions) < lengths[:, None]
        found = torch.from_numpy(self._law).expand(len(lengths), -1, -1).clone()
        found.masked_fill_(~inside[:, None], -torch.inf)
        found[:, self._tokenizer.end] = torch.where(inside, -torch.inf, 0.0).to(found)
        return found

    @cached_property
    def _lengths(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Lengths in positions that the language has, and their shares."""
        shares = torch.tensor(self._tokenizer.lengths, dtype=torch.float64)
        found = shares.nonzero()[:, 0]
        there = torch.isfinite(self._trellis.log_probability(self._laws(found)))
        if not there.any():
            found = torch.arange(1, self._tokenizer.positions + 1)
            shares = torch.ones(len(found) + 1, dtype=torch.float64)
            there = torch.isfinite(self._trellis.log_probability(self._laws(found)))
        return found[there], shares[found[there]]
