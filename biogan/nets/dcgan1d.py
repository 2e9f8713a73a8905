"""An upsampling pair (DCGAN in one dimension, Radford et al. 2016).

The generator starts at a short length with many channels and doubles the length while it halves
the channels; the critic goes the other way with strided convolutions. It sees far at little cost,
as its deepest layers cover the whole sequence. Any length: the generator crops, the critic pads.
"""

from __future__ import annotations

from torch import Tensor, nn

from biogan.config import SequenceGANConfig
from biogan.nets.blocks import PositionNoise, SelfAttention, activate, convolution
from biogan.nets.heads import LetterGenerator
from biogan.nets.shape import Shape
from biogan.nets.spread import GroupCritic


def stages(shape: Shape, depth: int) -> tuple[int, int]:
    """Return how often the length is halved and the length at the bottom (at least 4).

    Examples
    --------
    >>> stages(Shape(4, 50), 2), stages(Shape(4, 3), 2)
    ((2, 13), (0, 3))
    """
    count, bottom = 0, shape.length
    while count < depth and bottom > 7:
        count, bottom = count + 1, (bottom + 1) // 2
    return count, bottom


class DCGANGenerator(LetterGenerator):
    """Latent vector to letters by upsampling; ``depth`` bounds the number of doublings."""

    def __init__(self, config: SequenceGANConfig, shape: Shape) -> None:
        super().__init__(config, shape)
        count, self.bottom = stages(shape, config.chosen("depth"))
        width = config.chosen("width")
        widths = [width * 2**i for i in reversed(range(count + 1))]
        self.unfold = nn.Linear(config.latent, widths[0] * self.bottom)
        self.attend = SelfAttention(widths[0]) if config.attention else nn.Identity()
        self.grow = nn.ModuleList(
            convolution(a, b, config.kernel) for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        self.position = PositionNoise(config.position_noise, width)
        self.mix = convolution(width, width, config.kernel)
        self.letters = nn.Conv1d(width, shape.channels, 1)

    def logits(self, latent: Tensor, position: Tensor) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        x = self.attend(self.unfold(latent).view(len(latent), -1, self.bottom))
        for layer in self.grow:
            x = layer(activate(x).repeat_interleave(2, -1))
        x = self.position(x[..., : self.shape.length], position)
        x = self.mix(activate(x))
        return self.letters(activate(x))


class DCGANCritic(GroupCritic):
    """Letters to one logit by strided convolutions."""

    def __init__(self, config: SequenceGANConfig, shape: Shape) -> None:
        count, bottom = stages(shape, config.chosen("depth"))
        width = config.chosen("width")
        widths = [width * 2**i for i in range(count + 1)]
        super().__init__(widths[-1] if config.minibatch_std else 0)
        self.embed = convolution(shape.channels, width, config.kernel)
        self.shrink = nn.ModuleList(
            nn.Conv1d(a, b, config.kernel, stride=2, padding=config.kernel // 2)
            for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        self.attend = SelfAttention(widths[-1]) if config.attention else nn.Identity()
        self.judge = nn.Linear(widths[-1] * bottom, 1)

    def forward(self, letters: Tensor) -> Tensor:
        """Judge (N, channels, length), return (N,)."""
        x = self.embed(letters)
        for layer in self.shrink:
            x = layer(activate(x))
        x = activate(self.attend(x))
        return self.with_group(self.judge(x.flatten(1)).squeeze(1), x)
