"""Fully connected networks: every letter meets every other in the first layer.

Where a column of the data has a meaning of its own (an alignment, a fixed distance to a start
site), what two distant columns have to do with each other is one weight here and many layers in a
convolutional network: the pair correlations of a family are learned within a minute.
"""

from __future__ import annotations

from torch import Tensor, nn

from biogan.config import SequenceGANConfig
from biogan.nets.blocks import RESIDUAL, SLOPE, activate
from biogan.nets.heads import LetterGenerator
from biogan.nets.shape import Shape
from biogan.nets.spread import GroupCritic


class DenseBlock(nn.Module):
    """Two linear layers beside an identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus a small correction, same shape."""
        return x + RESIDUAL * self.second(activate(self.first(activate(x))))


def dense(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Return a linear layer to ``hidden`` units, a residual block and a linear layer back."""
    return nn.Sequential(
        nn.Linear(inputs, hidden),
        DenseBlock(hidden),
        nn.LeakyReLU(SLOPE),
        nn.Linear(hidden, outputs),
    )


class DenseGenerator(LetterGenerator):
    """Latent vector to letters; it has no use for per-position noise.

    Parameters
    ----------
    config : SequenceGANConfig
        Units, latent, head.
    shape : Shape
        Channels and length of the output.
    """

    def __init__(self, config: SequenceGANConfig, shape: Shape) -> None:
        super().__init__(config.replace(position_noise=0), shape)
        self.layers = dense(config.latent, config.chosen("units"), shape.channels * shape.length)

    def logits(self, latent: Tensor, position: Tensor) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        return self.layers(latent).view(len(latent), *self.shape)


class DenseCritic(GroupCritic):
    """Letters to one logit a sequence.

    Parameters
    ----------
    config : SequenceGANConfig
        Units, minibatch_std.
    shape : Shape
        Channels and length of the input.
    """

    def __init__(self, config: SequenceGANConfig, shape: Shape) -> None:
        units = config.chosen("units")
        super().__init__(units if config.minibatch_std else 0)
        self.layers = dense(shape.channels * shape.length, units, 1)

    def forward(self, letters: Tensor) -> Tensor:
        """Judge (N, channels, length), return (N,)."""
        hidden = self.layers[:-1](letters.flatten(1))
        return self.with_group(self.layers[-1](hidden).squeeze(1), hidden)
