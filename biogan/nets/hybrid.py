"""A convolutional and a fully connected network side by side, their logits added.

The convolutions learn what may stand anywhere (motifs), the dense layers what belongs to a column
and what two distant columns have to do with each other (wide and deep, Cheng et al. 2016).
"""

from __future__ import annotations

from torch import Tensor, nn

from biogan.config import SequenceGANConfig
from biogan.nets.dense import DenseCritic, DenseGenerator
from biogan.nets.heads import LetterGenerator
from biogan.nets.resnet1d import ResNetCritic, ResNetGenerator
from biogan.nets.shape import Shape


class HybridGenerator(LetterGenerator):
    """The sum of a residual and a dense generator of one latent vector."""

    def __init__(self, config: SequenceGANConfig, shape: Shape) -> None:
        super().__init__(config, shape)
        self.local = ResNetGenerator(config, shape)
        self.distant = DenseGenerator(config, shape)

    def logits(self, latent: Tensor, position: Tensor) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        return self.local.logits(latent, position) + self.distant.logits(latent, position)


class HybridCritic(nn.Module):
    """The sum of a residual and a dense critic."""

    def __init__(self, config: SequenceGANConfig, shape: Shape) -> None:
        super().__init__()
        self.local, self.distant = ResNetCritic(config, shape), DenseCritic(config, shape)

    def forward(self, letters: Tensor) -> Tensor:
        """Judge (N, channels, length), return (N,)."""
        return self.local(letters) + self.distant(letters)
