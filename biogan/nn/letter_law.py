"""The law of the letters that a generator draws, as numbers instead of draws.

Given its noise but for the Gumbel part, the letters of a generator are independent: each is drawn
from the softmax of its logits (the Gumbel-max trick, Maddison et al. 2014), among those that the
grammar permits for the length. So the probability of a sequence is a product, and where the length
is drawn by an end symbol, so is that of a length.
"""

from __future__ import annotations

import torch
from torch import Tensor

from biogan.nn.sequence_heads import Grammar, Shape


def letter_law(scores: Tensor, grammar: Grammar, lengths: Tensor, temperature: float) -> Tensor:
    """Return the log-probability of each code at each position, given the length.

    Parameters
    ----------
    scores : Tensor, shape (N, channels, positions)
        Logits (:meth:`biogan.nn.sequence_heads.LetterGenerator.scores`).
    grammar : Grammar
        Rules.
    lengths : Tensor, shape (N,), int64
        Positions of each sequence before the end symbol; all where there is none.
    temperature : float
        Divides the logits; above 0.

    Returns
    -------
    Tensor, shape (N, channels, positions), float64
        Natural logarithms; behind the length the end symbol has probability 1.

    Examples
    --------
    >>> law = letter_law(torch.zeros(1, 3, 2), Grammar(end=2), torch.tensor([1]), 1.0)
    >>> law.exp()[0].T.tolist()
    [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]
    """
    allowed = grammar.permitted(lengths, Shape(*scores.shape[1:]))
    return (scores.double() / temperature).masked_fill(~allowed, -torch.inf).log_softmax(1)


def length_law(scores: Tensor, grammar: Grammar, temperature: float) -> Tensor:
    """Return the log-probability of each length, where an end symbol is drawn like a letter.

    Parameters
    ----------
    scores : Tensor, shape (N, channels, positions)
        Logits of a generator of before 0.3.
    grammar : Grammar
        Rules, with an end symbol.
    temperature : float
        Divides the logits; above 0.

    Returns
    -------
    Tensor, shape (N, positions + 1), float64
        Natural logarithms, for the lengths 0, 1, 2 ...

    Examples
    --------
    The first position is a letter; the second is the end symbol in one of three cases:

    >>> length_law(torch.zeros(1, 3, 2), Grammar(end=2), 1.0).exp()
    tensor([[0.0000, 0.3333, 0.6667]], dtype=torch.float64)
    """
    law = (scores.double() / temperature).log_softmax(1)
    n, channels, positions = law.shape
    letters = [code for code in range(channels) if code != grammar.end]
    ends, stays = law[:, grammar.end], law[:, letters].logsumexp(1)
    ends[:, 0], stays[:, 0] = -torch.inf, 0.0
    start = law.new_zeros(n, 1)
    # All letters before, and the end symbol behind them or no position left.
    found = torch.cat([start, stays.cumsum(1)], 1) + torch.cat([ends, start], 1)
    least = grammar.shortest(positions)
    found[:, least] = found[:, : least + 1].logsumexp(1)
    found[:, :least] = -torch.inf
    return found
