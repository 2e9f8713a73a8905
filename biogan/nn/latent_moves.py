"""Moves of a generator's noise that keep its distribution: preconditioned Crank-Nicolson.

z' = sqrt(1 - b^2) z + b e with e from N(0, 1) leaves N(0, 1) as it is, so that a
Metropolis-Hastings chain with these proposals takes a move by the ratio of the weights alone, in
any dimension (Cotter et al. 2013, Statistical Science 28:424, section 4.2). Moves of small b are
taken often, those of large b lead far: each chain draws one of several sizes for each move.
"""

from __future__ import annotations

import torch
from torch import Tensor

from biogan.nn.sequence_heads import Noise

#: Sizes b of the moves; 1 is a fresh draw.
SIZES = (0.1, 0.2, 0.4, 0.7, 1.0)
# What a move changes: the latent vector, all positions, both, or a stretch of positions.
_LATENT, _POSITIONS, _BOTH, _STRETCH = range(4)
# Letters that a circle is turned by at most in a small move.
_NEAR = 4


def moved(noise: Noise, rng: torch.Generator, lengths: bool = False, turns: int = 0) -> Noise:
    """Propose other noise, for each sequence on its own.

    Parameters
    ----------
    noise : Noise
        N sequences, on the device of ``rng``.
    rng : torch.Generator
        Source of randomness.
    lengths : bool
        Whether the quantiles of the lengths move, too.
    turns : int
        Letters of the circles whose turns move, too; 0: there are none.

    Returns
    -------
    Noise
        The Gumbel noise is the same.

    Examples
    --------
    >>> from biogan.nn.config import SequenceNetConfig
    >>> from biogan.nn.sequence_heads import Shape, draw_noise
    >>> rng = torch.Generator().manual_seed(0)
    >>> noise = draw_noise(1000, SequenceNetConfig(), Shape(4, 50), rng)
    >>> other = moved(noise, rng)
    >>> round(float(other.latent.std()), 1), bool((other.latent == noise.latent).all())
    (1.0, False)
    """
    n, channels, positions = noise.position.shape
    size = _sizes(n, rng)
    part = torch.randint(4 if channels else 1, (n,), generator=rng)
    size_latent = torch.where((part == _LATENT) | (part == _BOTH), size, 0)
    latent = _mixed(noise.latent, size_latent[:, None], rng)
    place, start = torch.arange(positions), torch.randint(positions, (n, 1), generator=rng)
    width = 1 + torch.randint(max(1, positions // 4), (n, 1), generator=rng)
    stretch = (place >= start) & (place < start + width)
    touched = (part == _POSITIONS)[:, None] | (part == _BOTH)[:, None]
    touched = touched | ((part == _STRETCH)[:, None] & stretch)
    size_position = torch.where(touched, size[:, None], 0)
    position = _mixed(noise.position, size_position[:, None], rng)
    turn, quantile = noise.turn, noise.quantile
    if turns:
        near = torch.randint(-_NEAR, _NEAR + 1, (n,), generator=rng)
        far = torch.randint(turns, (n,), generator=rng)
        step = torch.where(torch.rand(n, generator=rng) < 0.25, far, near)
        turn = (turn + torch.where(torch.rand(n, generator=rng) < 0.5, step, 0)) % turns
    if lengths:
        normal = torch.special.ndtri(quantile.double().clamp(1e-7, 1 - 1e-7))
        size = torch.where(torch.rand(n, generator=rng) < 0.5, _sizes(n, rng), 0)
        quantile = torch.special.ndtr(_mixed(normal, size, rng)).to(quantile.dtype)
    return noise._replace(latent=latent, position=position, turn=turn, quantile=quantile)


def _sizes(n: int, rng: torch.Generator) -> Tensor:
    return torch.tensor(SIZES)[torch.randint(len(SIZES), (n,), generator=rng)]


def _mixed(normal: Tensor, size: Tensor, rng: torch.Generator) -> Tensor:
    """Return normal numbers that were moved by a size, exactly the same where it is 0."""
    fresh = torch.randn(normal.shape, generator=rng, dtype=normal.dtype)
    return (1 - size**2).sqrt() * normal + size * fresh
