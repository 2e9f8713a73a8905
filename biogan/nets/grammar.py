"""What every sequence keeps to, and drawing letters that do.

Positions are drawn one by one, so a stop codon and the end symbol behind it agree only as far as
the latent vector has settled both. Where the data show a word that closes every record and stands
nowhere else, the drawing is conditioned on that, which is exact and costs nothing to learn.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Grammar(NamedTuple):
    """Rules of a sequence, in codes.

    Attributes
    ----------
    end : int or None
        The end symbol, which does not open a sequence: it has at least one letter. ``None`` where
        all have one length.
    closing : tuple of int
        Codes one of which stands last in every sequence, and none of which elsewhere; empty where
        there are no such.
    opening : tuple of int
        Codes one of which stands first in every sequence; empty where any may.
    """

    end: int | None
    closing: tuple[int, ...] = ()
    opening: tuple[int, ...] = ()


def likeliest(scores: Tensor) -> Tensor:
    """Return the best channel at each position, shape (N, length)."""
    # The same as argmax(1), which takes twenty times as long on a CPU.
    return scores.max(1).indices


def best(scores: Tensor, grammar: Grammar | None = None) -> Tensor:
    """Return the best codes that keep to a grammar.

    The length is that of the best codes without it. The first letter is then the best opening one,
    the last one the best closing one, and a closing one before it gives way to the next best. With
    Gumbel noise in the scores this draws from the product of the letters' distributions given the
    length and the grammar.

    Parameters
    ----------
    scores : Tensor, shape (N, channels, length)
        Logits, with Gumbel noise where letters are drawn.
    grammar : Grammar, optional
        Rules; none without it.

    Returns
    -------
    Tensor, shape (N, length)
        Codes.

    Examples
    --------
    >>> scores = torch.tensor([[[3.0, 0, 1], [1, 2, 2], [2, 1, 3]]])
    >>> best(scores).tolist(), best(scores, Grammar(end=2, closing=(0,))).tolist()
    ([[0, 1, 2]], [[1, 0, 2]])
    """
    codes = likeliest(scores)
    if grammar is None:
        return codes
    never = _marked((grammar.end,) if grammar.end is not None else (), scores)
    ruled = never if not grammar.opening else ~_marked(grammar.opening, scores)
    codes[:, :1] = likeliest(scores[:, :, :1].masked_fill(ruled, -torch.inf))
    if not grammar.closing:
        return codes
    closing = _marked(grammar.closing, scores)
    ends = codes == (-1 if grammar.end is None else grammar.end)
    last = (ends.cumsum(1) == 0).sum(1, keepdim=True) - 1
    place = torch.arange(codes.shape[1], device=codes.device)
    inner = likeliest(scores.masked_fill(closing | never, -torch.inf))
    if grammar.opening:
        inner[:, :1] = codes[:, :1]
    codes = torch.where(place < last, inner, codes)
    return torch.where(place == last, likeliest(scores.masked_fill(~closing, -torch.inf)), codes)


def _marked(codes: tuple[int, ...], scores: Tensor) -> Tensor:
    """Mark some channels: shape (channels, 1), bool."""
    marked = torch.zeros(scores.shape[1], 1, dtype=torch.bool, device=scores.device)
    marked[list(codes)] = True
    return marked
