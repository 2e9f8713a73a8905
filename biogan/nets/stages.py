"""Later stages of a generator: they read the letters drawn so far and draw again.

Logits alone say how often a letter stands at a position, and each position is drawn by itself: a
stop codon and the end symbol behind it agree only as far as the latent vector has settled both.
A stage sees what was drawn, keeps most of it, and mends what does not go together.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from biogan.config import SequenceGANConfig
from biogan.nets.blocks import ResidualBlock, activate, convolution
from biogan.nets.shape import Shape

#: Share of the letters that an untrained stage keeps.
KEPT = 0.95
#: Channels where the generator has no convolutions of its own.
WIDTH = 32


class Stage(nn.Module):
    """Letters and per-position noise to the logits of another draw.

    Parameters
    ----------
    config : SequenceGANConfig
        Width, kernel, position_noise.
    shape : Shape
        Channels and length of the letters.
    """

    def __init__(self, config: SequenceGANConfig, shape: Shape) -> None:
        super().__init__()
        width = config.width or WIDTH
        self.read = convolution(shape.channels + config.position_noise, width, config.kernel)
        self.block = ResidualBlock(width, config.kernel)
        self.mend = nn.Conv1d(width, shape.channels, 1)
        # At first nothing is mended, so that a stage does no harm while the letters are noise.
        nn.init.zeros_(self.mend.weight)
        nn.init.zeros_(self.mend.bias)  # type: ignore[arg-type]
        odds = KEPT / (1 - KEPT) * (shape.channels - 1)
        self.keep = nn.Parameter(torch.tensor(math.log(odds)))

    def forward(self, letters: Tensor, position: Tensor) -> Tensor:
        """Score the letters anew, shape (N, channels, length)."""
        x = self.block(self.read(torch.cat([letters, position], 1)))
        return self.keep * letters + self.mend(activate(x))
