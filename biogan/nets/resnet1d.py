"""Residual convolutional networks over one-hot letters.

The shape of Gulrajani et al. 2017 (character model), Killoran et al. 2017 and Gupta & Zou 2019: a
dense layer lays the latent vector out over the positions, residual blocks refine it at full
resolution, a pointwise convolution gives the logits; the critic mirrors it.
"""

from __future__ import annotations

from torch import Tensor, nn

from biogan.config import SequenceGANConfig
from biogan.nets.blocks import PositionNoise, activate, body, convolution
from biogan.nets.heads import LetterGenerator
from biogan.nets.shape import Shape
from biogan.nets.spread import GroupCritic


class ResNetGenerator(LetterGenerator):
    """Latent vector and per-position noise to letters.

    Parameters
    ----------
    config : SequenceGANConfig
        Width, depth, kernel, dilation, attention, latent, position_noise, head.
    shape : Shape
        Channels and length of the output.
    """

    def __init__(self, config: SequenceGANConfig, shape: Shape) -> None:
        super().__init__(config, shape)
        self.width = width = config.chosen("width")
        self.unfold = nn.Linear(config.latent, width * shape.length)
        self.position = PositionNoise(config.position_noise, width)
        self.blocks = body(config)
        self.letters = nn.Conv1d(width, shape.channels, 1)

    def logits(self, latent: Tensor, position: Tensor) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        x = self.unfold(latent).view(len(latent), self.width, self.shape.length)
        x = self.blocks(self.position(x, position))
        return self.letters(activate(x))


class ResNetCritic(GroupCritic):
    """Letters to one logit a sequence.

    Parameters
    ----------
    config : SequenceGANConfig
        Width, depth, kernel, dilation, attention, minibatch_std.
    shape : Shape
        Channels and length of the input.
    """

    def __init__(self, config: SequenceGANConfig, shape: Shape) -> None:
        width = config.chosen("width")
        super().__init__(width if config.minibatch_std else 0)
        self.embed = convolution(shape.channels, width, config.kernel)
        self.blocks = body(config)
        self.judge = nn.Linear(width * shape.length, 1)

    def forward(self, letters: Tensor) -> Tensor:
        """Judge (N, channels, length), return (N,)."""
        x = activate(self.blocks(self.embed(letters)))
        return self.with_group(self.judge(x.flatten(1)).squeeze(1), x)
