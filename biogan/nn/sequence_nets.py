"""Generators and critics of sequences: residual, dense, DCGAN and hybrid networks.

A generator turns a :class:`~biogan.nn.sequence_heads.Noise` into letters, a critic turns letters of
shape (N, channels, length) into one logit a sequence. Networks know no files and no alphabets.

* Residual (Gulrajani et al. 2017, character model; Killoran et al. 2017; Gupta & Zou 2019): a dense
  layer maps the latent vector to all positions, residual blocks refine them at full resolution, a
  pointwise convolution gives the logits. The critic is the mirror image.
* Dense: fully connected. If a column of the data has a meaning of its own (an alignment, a fixed
  distance to a start site), the dependence of two distant columns is one weight here and many
  layers in a convolutional network: pair correlations of a family are learned within a minute.
* DCGAN in one dimension (Radford et al. 2016): the generator starts at a short length with many
  channels and doubles the length while it halves the channels; the critic does the reverse with
  strided convolutions. For other lengths the generator crops and the critic pads.
* Hybrid (wide and deep, Cheng et al. 2016): a convolutional and a dense network whose logits are
  added. The convolutions learn motifs that occur anywhere, the dense layers learn columns.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from biogan.nn.config import SequenceNetConfig
from biogan.nn.layers import (
    RESIDUAL,
    SLOPE,
    GroupCritic,
    Networks,
    PositionNoise,
    SelfAttention,
    activate,
    body,
    convolution,
)
from biogan.nn.sequence_heads import LetterGenerator, Shape


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
    config : SequenceNetConfig
        Units, latent, head.
    shape : Shape
        Channels and length of the output.
    """

    def __init__(self, config: SequenceNetConfig, shape: Shape) -> None:
        super().__init__(config.replace(position_noise=0), shape)
        self.layers = dense(config.latent, config.chosen("units"), shape.channels * shape.length)

    def logits(self, latent: Tensor, position: Tensor) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        return self.layers(latent).view(len(latent), *self.shape)


class DenseCritic(GroupCritic):
    """Letters to one logit a sequence.

    Parameters
    ----------
    config : SequenceNetConfig
        Units, minibatch_std.
    shape : Shape
        Channels and length of the input.
    """

    def __init__(self, config: SequenceNetConfig, shape: Shape) -> None:
        units = config.chosen("units")
        super().__init__(units if config.minibatch_std else 0)
        self.layers = dense(shape.channels * shape.length, units, 1)

    def forward(self, letters: Tensor) -> Tensor:
        """Judge (N, channels, length), return (N,)."""
        hidden = self.layers[:-1](letters.flatten(1))
        return self.with_group(self.layers[-1](hidden).squeeze(1), hidden)


class ResNetGenerator(LetterGenerator):
    """Latent vector and per-position noise to letters.

    Parameters
    ----------
    config : SequenceNetConfig
        Width, depth, kernel, dilation, attention, latent, position_noise, head.
    shape : Shape
        Channels and length of the output.
    """

    def __init__(self, config: SequenceNetConfig, shape: Shape) -> None:
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
    config : SequenceNetConfig
        Width, depth, kernel, dilation, attention, minibatch_std.
    shape : Shape
        Channels and length of the input.
    """

    def __init__(self, config: SequenceNetConfig, shape: Shape) -> None:
        width = config.chosen("width")
        super().__init__(width if config.minibatch_std else 0)
        self.embed = convolution(shape.channels, width, config.kernel)
        self.blocks = body(config)
        self.judge = nn.Linear(width * shape.length, 1)

    def forward(self, letters: Tensor) -> Tensor:
        """Judge (N, channels, length), return (N,)."""
        x = activate(self.blocks(self.embed(letters)))
        return self.with_group(self.judge(x.flatten(1)).squeeze(1), x)


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

    def __init__(self, config: SequenceNetConfig, shape: Shape) -> None:
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

    def __init__(self, config: SequenceNetConfig, shape: Shape) -> None:
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


class HybridGenerator(LetterGenerator):
    """The sum of a residual and a dense generator of one latent vector."""

    def __init__(self, config: SequenceNetConfig, shape: Shape) -> None:
        super().__init__(config, shape)
        self.local = ResNetGenerator(config, shape)
        self.distant = DenseGenerator(config, shape)

    def logits(self, latent: Tensor, position: Tensor) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        return self.local.logits(latent, position) + self.distant.logits(latent, position)


class HybridCritic(nn.Module):
    """The sum of a residual and a dense critic."""

    def __init__(self, config: SequenceNetConfig, shape: Shape) -> None:
        super().__init__()
        self.local, self.distant = ResNetCritic(config, shape), DenseCritic(config, shape)

    def forward(self, letters: Tensor) -> Tensor:
        """Judge (N, channels, length), return (N,)."""
        return self.local(letters) + self.distant(letters)


__all__ = ["CRITICS", "GENERATORS", "Networks", "Shape", "build"]

GENERATORS: dict[str, Callable[[SequenceNetConfig, Shape], nn.Module]] = {
    "resnet": ResNetGenerator,
    "dcgan": DCGANGenerator,
    "dense": DenseGenerator,
    "hybrid": HybridGenerator,
}
CRITICS: dict[str, Callable[[SequenceNetConfig, Shape], nn.Module]] = {
    "resnet": ResNetCritic,
    "dcgan": DCGANCritic,
    "dense": DenseCritic,
    "hybrid": HybridCritic,
}


def build(config: SequenceNetConfig, shape: Shape) -> Networks:
    """Build the pair of networks that a configuration names.

    Parameters
    ----------
    config : SequenceNetConfig
        Architecture, width, depth and the rest.
    shape : Shape
        Channels and length of one encoded sequence.
    """
    family = config.chosen("architecture")
    return Networks(GENERATORS[family](config, shape), CRITICS[family](config, shape))
