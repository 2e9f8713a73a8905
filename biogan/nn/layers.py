"""Layers of the networks of sequences, their numerical precision, and rotation of sequences.

Every hidden tensor is (N, channels, length). Half precision is for networks alone: losses,
penalties, counts and letters keep float32. :func:`rotated` rotates circular sequences and others
whose letters mean the same at any position: a critic then cannot learn what stands at which
position, and a generator need not learn each word again for each position.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from biogan.nn.conditioning import modulated
from biogan.nn.config import SequenceNetConfig

SLOPE = 0.2
# Weight of a residual branch: blocks start near the identity (Gulrajani et al. 2017).
RESIDUAL = 0.3


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU, the nonlinearity of every network here."""
    return leaky_relu(x, SLOPE)


def convolution(inputs: int, outputs: int, kernel: int, dilation: int = 1) -> nn.Conv1d:
    """Return a convolution that keeps the length; ``kernel`` must be odd."""
    return nn.Conv1d(inputs, outputs, kernel, padding=dilation * (kernel // 2), dilation=dilation)


def dilations(depth: int, top: int) -> list[int]:
    """Return the dilation of each block: 1, 2, 4 … up to ``top``, then from the start.

    Examples
    --------
    >>> dilations(5, 4)
    [1, 2, 4, 1, 2]
    """
    cycle = int(math.log2(top)) + 1
    return [2 ** (i % cycle) for i in range(depth)]


def reach(config: SequenceNetConfig) -> int:
    """Return how many positions to either side :func:`body` sees, attention left out.

    Examples
    --------
    >>> reach(SequenceNetConfig(depth=2, dilation=4))
    10
    """
    steps = dilations(config.chosen("depth"), config.dilation or 1)
    return sum((step + 1) * (config.kernel // 2) for step in steps)


class ResidualBlock(nn.Module):
    """Two convolutions beside an identity (pre-activation, no normalisation)."""

    def __init__(self, width: int, kernel: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = convolution(width, width, kernel, dilation)
        self.second = convolution(width, width, kernel)

    def forward(self, x: Tensor, change: Tensor | None = None) -> Tensor:
        """Return x plus a small correction, same shape; ``change`` as of :func:`modulated`."""
        h = modulated(self.first(activate(x)), change)
        return x + RESIDUAL * self.second(activate(h))


class SelfAttention(nn.Module):
    """Every position looks at every other (Zhang et al. 2019, SAGAN), four heads where they fit.

    Written out instead of the fused kernel, which has no second derivative, and a gradient penalty
    needs one.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = 4 if width % 4 == 0 else 1
        self.project = nn.Conv1d(width, 3 * width, 1)
        self.out = nn.Conv1d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus what the other positions say, same shape."""
        n, width, length = x.shape
        q, k, v = self.project(x).reshape(n, 3, self.heads, width // self.heads, length).unbind(1)
        scores = (q.transpose(-1, -2) @ k) / math.sqrt(width // self.heads)  # (N, heads, L, L)
        mixed = v @ scores.softmax(-1).transpose(-1, -2)  # (N, heads, width / heads, L)
        return x + RESIDUAL * self.out(mixed.reshape(n, width, length))


def body(config: SequenceNetConfig) -> nn.Sequential:
    """Return a stack of residual blocks, with self-attention behind the middle one if asked for."""
    width, depth = config.chosen("width"), config.chosen("depth")
    layers: list[nn.Module] = [
        ResidualBlock(width, config.kernel, d) for d in dilations(depth, config.dilation or 1)
    ]
    if config.attention:
        layers.insert((depth + 1) // 2, SelfAttention(width))
    return nn.Sequential(*layers)


class DenseBlock(nn.Module):
    """Two linear layers beside an identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor, change: Tensor | None = None) -> Tensor:
        """Return x plus a small correction, same shape; ``change`` as of ``modulated``."""
        hidden = modulated(self.first(activate(x)), change)
        return x + RESIDUAL * self.second(activate(hidden))


def dense(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Return a linear layer to ``hidden`` units, a residual block and a linear layer back."""
    return nn.Sequential(
        nn.Linear(inputs, hidden),
        DenseBlock(hidden),
        nn.LeakyReLU(SLOPE),
        nn.Linear(hidden, outputs),
    )


class PositionNoise(nn.Module):
    """Add noise channels to hidden features; nothing where there are none."""

    def __init__(self, noise: int, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(noise, width, 1) if noise else None

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        """Return features plus mixed noise, same shape as ``x``."""
        return x if self.mix is None else x + self.mix(position)


#: Records of a group, one behind another in a batch.
GROUP = 8
# Keeps the derivative of a root finite where all records of a group are alike.
_LEAST = 1e-8


class MinibatchStd(nn.Module):
    """A further summand of the logits, the same for all records of a group.

    Standard deviations of hidden units over eight records, weighed by a linear layer: records that
    are too much alike, or vary together otherwise than real ones, show in them where each of them
    alone would pass (Karras et al. 2018, "Progressive growing of GANs", section 3, with the units
    kept apart).

    Parameters
    ----------
    units : int
        Hidden units.

    Examples
    --------
    >>> import torch
    >>> spread = MinibatchStd(3)
    >>> logits = spread(torch.rand(16, 3, 5))
    >>> tuple(logits.shape), len(logits.unique())
    ((16,), 2)
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        self.weigh = nn.Linear(units, 1)

    def forward(self, hidden: Tensor) -> Tensor:
        """Judge groups by (N, units) or (N, units, length), return (N,); N divides by a group."""
        spread = (hidden.unflatten(0, (-1, GROUP)).var(1, unbiased=False) + _LEAST).sqrt()
        if spread.dim() == 3:
            spread = spread.mean(2)
        return self.weigh(spread).squeeze(1).repeat_interleave(GROUP)


class GroupCritic(nn.Module):
    """A critic that may look at groups while it trains; afterwards it judges record by record.

    Parameters
    ----------
    units : int
        Hidden units of which the spread is taken, 0 to look at none.
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        self.spread = MinibatchStd(units) if units else None

    def with_group(self, logits: Tensor, hidden: Tensor) -> Tensor:
        """Add what the group of each record says, if this critic trains and looks at groups."""
        if self.spread is None or not self.training:
            return logits
        return logits + self.spread(hidden)


def widened(x: Tensor) -> Tensor:
    """Return numbers of half precision as float32, others as they are.

    Examples
    --------
    >>> widened(torch.ones(1, dtype=torch.bfloat16)).dtype, widened(torch.ones(1).double()).dtype
    (torch.float32, torch.float64)
    """
    return x.float() if x.dtype == torch.bfloat16 else x


@contextmanager
def exact() -> Iterator[None]:
    """Convolve in float32 proper inside the block.

    A GPU takes TF32 unasked, whose ten bits would turn one letter in some thousand.
    """
    conv = getattr(torch.backends.cudnn, "conv", None)
    if conv is None:  # torch before 2.9
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            yield
        return
    before, conv.fp32_precision = conv.fp32_precision, "ieee"
    try:
        yield
    finally:
        conv.fp32_precision = before


def rotated(rows: Tensor, by: Tensor) -> Tensor:
    """Turn each row to the left, its first letters go behind its last.

    Parameters
    ----------
    rows : Tensor, shape (N, length) or (N, channels, length)
        Codes or one-hot letters.
    by : Tensor, shape (N,), int64
        Number of letters, from 0.

    Returns
    -------
    Tensor
        Of the same shape; exact, so that it can be differentiated any number of times.

    Examples
    --------
    >>> rotated(torch.tensor([[0, 1, 2, 3], [0, 1, 2, 3]]), torch.tensor([0, 1])).tolist()
    [[0, 1, 2, 3], [1, 2, 3, 0]]
    """
    length = rows.shape[-1]
    source = (torch.arange(length, device=rows.device) + by[:, None]) % length
    if rows.dim() == 3:
        source = source[:, None].expand_as(rows)
    return rows.gather(-1, source)


def windows(rows: Tensor, first: Tensor, length: int) -> Tensor:
    """Cut a window out of each circular row.

    Parameters
    ----------
    rows : Tensor, shape (N, channels, size)
        Features by position; the first position follows the last.
    first : Tensor, shape (N,), int64
        Position at which each window begins.
    length : int
        Positions of a window.

    Returns
    -------
    Tensor, shape (N, channels, length)

    Examples
    --------
    >>> windows(torch.arange(5).view(1, 1, 5), torch.tensor([3]), 4).tolist()
    [[[3, 4, 0, 1]]]
    """
    source = (first[:, None] + torch.arange(length, device=rows.device)) % rows.shape[2]
    return rows.gather(2, source[:, None].expand(-1, rows.shape[1], -1))


def from_end(x: Tensor, lengths: Tensor, positions: int | None = None) -> Tensor:
    """Read features from the last position of each record to the first, zeros behind.

    Applied again it gives the features back. A layer with a weight for each position, behind it,
    knows how far the end is.

    Parameters
    ----------
    x : Tensor, shape (N, channels, length)
        Features by position.
    lengths : Tensor, shape (N,), int64
        Positions of each record.
    positions : int, optional
        Positions to read, by default all.

    Examples
    --------
    >>> from_end(torch.tensor([[[1, 2, 3, 4]]]), torch.tensor([3])).tolist()
    [[[3, 2, 1, 0]]]
    """
    some = x.shape[-1] if positions is None else positions
    source = lengths[:, None] - 1 - torch.arange(some, device=x.device)
    read = x.gather(-1, source.clamp(min=0)[:, None].expand(-1, x.shape[1], -1))
    return read * (source >= 0)[:, None]


def draw_rotations(n: int, length: int, rng: torch.Generator) -> Tensor:
    """Draw by how many letters each of ``n`` records is turned, shape (n,), 0 to ``length`` - 1."""
    return torch.randint(length, (n,), generator=rng, device=rng.device)


class Networks(NamedTuple):
    """A generator and its critic."""

    generator: nn.Module
    critic: nn.Module
