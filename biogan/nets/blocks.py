"""The bricks of the networks; every tensor is (N, channels, length)."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from biogan.config import SequenceGANConfig

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


class ResidualBlock(nn.Module):
    """Two convolutions beside an identity (pre-activation, no normalisation)."""

    def __init__(self, width: int, kernel: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = convolution(width, width, kernel, dilation)
        self.second = convolution(width, width, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus a small correction, same shape."""
        h = self.first(activate(x))
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


def body(config: SequenceGANConfig) -> nn.Sequential:
    """Return a stack of residual blocks, with self-attention behind the middle one if asked for."""
    width, depth = config.chosen("width"), config.chosen("depth")
    layers: list[nn.Module] = [
        ResidualBlock(width, config.kernel, d) for d in dilations(depth, config.dilation or 1)
    ]
    if config.attention:
        layers.insert((depth + 1) // 2, SelfAttention(width))
    return nn.Sequential(*layers)


class PositionNoise(nn.Module):
    """Add noise channels to hidden features; nothing where there are none."""

    def __init__(self, noise: int, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(noise, width, 1) if noise else None

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        """Return features plus mixed noise, same shape as ``x``."""
        return x if self.mix is None else x + self.mix(position)
