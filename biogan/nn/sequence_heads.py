"""The last layer of a sequence generator: from logits to letters.

A critic that sees one-hot real data can always distinguish soft letters from hard ones. The default
head therefore shows it hard letters: a straight-through Gumbel-softmax (Jang et al. 2017; Maddison
et al. 2017), whose forward pass is a *sample* of the letters and whose gradient is that of the soft
one.

Positions are drawn one by one, so a stop codon and the end symbol after it agree only if the latent
vector determines both. If, in the data, a codon ends every record and occurs nowhere else, the draw
is conditioned on this constraint, which is exact and need not be learned.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from biogan.nn.config import SequenceNetConfig
from biogan.nn.layers import draw_rotations, rotated, widened


class Shape(NamedTuple):
    """Shape of one one-hot sequence.

    Attributes
    ----------
    channels : int
        Letters, and the end symbol where lengths vary.
    length : int
        Positions.
    """

    channels: int
    length: int


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


class Noise(NamedTuple):
    """Everything random that a generator needs for N sequences.

    Attributes
    ----------
    latent : Tensor, shape (N, latent)
        Standard normal; one vector a sequence.
    position : Tensor, shape (N, position_noise, length)
        Standard normal; lets neighbouring letters vary on their own.
    gumbel : Tensor, shape (N, channels, length)
        Standard Gumbel; decides which letter is drawn.
    turn : Tensor, shape (N,), int64
        By how many letters a record is turned where records are circles, else 0.
    """

    latent: Tensor
    position: Tensor
    gumbel: Tensor
    turn: Tensor

    def to(self, device: torch.device) -> Noise:
        """Move all parts to a device."""
        return Noise(*(part.to(device) for part in self))

    def rows(self, index: slice) -> Noise:
        """Return the noise of some of the sequences."""
        return Noise(*(part[index] for part in self))


def draw_noise(n: int, config: SequenceNetConfig, shape: Shape, rng: torch.Generator) -> Noise:
    """Draw the noise of ``n`` sequences, where the generator ``rng`` draws.

    Examples
    --------
    >>> rng = torch.Generator().manual_seed(0)
    >>> [tuple(t.shape) for t in draw_noise(2, SequenceNetConfig(), Shape(4, 50), rng)]
    [(2, 128), (2, 8, 50), (2, 4, 50), (2,)]
    """
    place = rng.device
    latent = torch.randn(n, config.latent, generator=rng, device=place)
    position = torch.randn(n, config.position_noise, shape.length, generator=rng, device=place)
    uniform = torch.rand(n, shape.channels, shape.length, generator=rng, device=place)
    # clamp: rand() can be exactly 0, whose Gumbel is minus infinity. In place: it is the largest
    # tensor of all.
    gumbel = uniform.clamp_(1e-20, 1 - 1e-7).log_().neg_().log_().neg_()
    if config.rotate:
        return Noise(latent, position, gumbel, draw_rotations(n, shape.length, rng))
    return Noise(latent, position, gumbel, torch.zeros(n, dtype=torch.long, device=place))


def straight_through(logits: Tensor, gumbel: Tensor, tau: float) -> Tensor:
    """Hard letters forward, the gradient of the Gumbel-softmax backward.

    Parameters
    ----------
    logits, gumbel : Tensor, shape (N, channels, length)
        Scores of the letters and standard Gumbel noise.
    tau : float
        Temperature of the soft letters.

    Returns
    -------
    Tensor, shape (N, channels, length)
        One-hot.
    """
    soft = ((logits + gumbel) / tau).softmax(1)
    hard = torch.zeros_like(soft).scatter_(1, likeliest(soft).unsqueeze(1), 1.0)
    return hard + soft - soft.detach()


def gumbel_softmax(logits: Tensor, gumbel: Tensor, tau: float) -> Tensor:
    """Soft letters with Gumbel noise, shape (N, channels, length)."""
    return ((logits + gumbel) / tau).softmax(1)


def softmax(logits: Tensor, gumbel: Tensor, tau: float) -> Tensor:
    """Soft letters without noise (the published sequence GANs), shape (N, channels, length)."""
    return (logits / tau).softmax(1)


COLD = 1e-6
HEADS = {"straight-through": straight_through, "gumbel": gumbel_softmax, "softmax": softmax}


def draw_letters(
    logits: Tensor, gumbel: Tensor, temperature: float = 1.0, grammar: Grammar | None = None
) -> Tensor:
    """Draw letters: the Gumbel-max trick samples the softmax of the logits exactly.

    Parameters
    ----------
    logits, gumbel : Tensor, shape (N, channels, length)
        Scores of the letters and standard Gumbel noise.
    temperature : float
        Divides the logits; 0 takes the likeliest letter.
    grammar : Grammar, optional
        Rules that every sequence keeps to.

    Returns
    -------
    Tensor, shape (N, length), uint8
        Codes.
    """
    # Colder than that, all letters but the likeliest have no chance, and logits overflow.
    scores = logits / temperature + gumbel if temperature > COLD else logits
    return best(scores, grammar).to(torch.uint8)


class LetterGenerator(nn.Module):
    """What all sequence generators share: noise in, logits, letters out.

    Subclasses define :meth:`logits`.
    """

    def __init__(self, config: SequenceNetConfig, shape: Shape) -> None:
        super().__init__()
        self.config, self.shape = config, shape

    def noise(self, n: int, rng: torch.Generator) -> Noise:
        """Draw the noise of ``n`` sequences from a private stream."""
        return draw_noise(n, self.config, self.shape, rng)

    def logits(self, latent: Tensor, position: Tensor) -> Tensor:
        """Score every letter at every position, shape (N, channels, length)."""
        raise TypeError(f"{type(self).__name__} defines no logits")

    def forward(self, noise: Noise) -> Tensor:
        """Write training letters, shape (N, channels, length)."""
        # Networks may compute in half precision, letters are drawn in float32.
        logits = widened(self.logits(noise.latent, noise.position))
        letters = HEADS[self.config.head](logits, noise.gumbel, self.config.tau)
        return rotated(letters, noise.turn) if self.config.rotate else letters

    @torch.no_grad()
    def sample(
        self, noise: Noise, temperature: float = 1.0, grammar: Grammar | None = None
    ) -> Tensor:
        """Draw hard letters as codes, shape (N, length), uint8.

        A generator that was trained with the noiseless softmax head is decoded by its likeliest
        letter, as its critic never saw a draw.
        """
        logits = self.logits(noise.latent, noise.position)
        heat = 0.0 if self.config.head == "softmax" else temperature
        codes = draw_letters(logits, noise.gumbel, heat, grammar)
        return rotated(codes, noise.turn) if self.config.rotate else codes
