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
from torch.nn.functional import pad

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
    from_end,
)
from biogan.nn.sequence_heads import Grammar, LetterGenerator, Shape

#: Positions before the end that dense layers read and write by their distance to it.
NEAR = 8


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

    def __init__(self, config: SequenceNetConfig, shape: Shape, grammar: Grammar) -> None:
        super().__init__(config.replace(position_noise=0), shape, grammar)
        units, letters = config.chosen("units"), shape.channels * shape.length
        self.layers = dense(config.latent, units, letters)
        self.near = min(NEAR, shape.length)
        ends = nn.Linear(units, shape.channels * self.near) if grammar.lengths else None
        self.ends = ends

    def logits(self, latent: Tensor, position: Tensor, lengths: Tensor | None) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        hidden = self.layers[:-1](latent)
        logits = self.layers[-1](hidden).view(len(latent), *self.shape)
        if self.ends is None or lengths is None:
            return logits
        ends = self.ends(hidden).view(len(latent), -1, self.near)
        return logits + from_end(pad(ends, (0, self.shape.length - self.near)), lengths)


class DenseCritic(GroupCritic):
    """Letters to one logit a sequence.

    Parameters
    ----------
    config : SequenceNetConfig
        Units, minibatch_std.
    shape : Shape
        Channels and length of the input.
    """

    def __init__(self, config: SequenceNetConfig, shape: Shape, grammar: Grammar) -> None:
        units = config.chosen("units")
        super().__init__(units if config.minibatch_std else 0)
        self.layers = dense(shape.channels * shape.length, units, 1)
        self.grammar = grammar
        self.near = min(NEAR, shape.length)
        ends = nn.Linear(shape.channels * self.near, units, bias=False)
        self.ends = ends if grammar.lengths else None

    def forward(self, letters: Tensor) -> Tensor:
        """Judge (N, channels, length), return (N,)."""
        first = self.layers[0](letters.flatten(1))
        if self.ends is not None:
            lengths = self.grammar.lengths_of(letters)
            first = first + self.ends(from_end(letters, lengths, self.near).flatten(1))
        hidden = self.layers[1:-1](first)
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

    def __init__(self, config: SequenceNetConfig, shape: Shape, grammar: Grammar) -> None:
        super().__init__(config, shape, grammar)
        self.width = width = config.chosen("width")
        self.unfold = nn.Linear(config.latent, width * shape.length)
        ends = nn.Linear(config.latent, width * shape.length) if grammar.lengths else None
        self.ends = ends
        self.position = PositionNoise(config.position_noise, width)
        self.blocks = body(config)
        self.letters = nn.Conv1d(width, shape.channels, 1)

    def logits(self, latent: Tensor, position: Tensor, lengths: Tensor | None) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        x = self.unfold(latent).view(len(latent), self.width, self.shape.length)
        if self.ends is not None and lengths is not None:
            x = x + from_end(self.ends(latent).view_as(x), lengths)
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

    def __init__(self, config: SequenceNetConfig, shape: Shape, grammar: Grammar) -> None:
        width = config.chosen("width")
        super().__init__(width if config.minibatch_std else 0)
        self.embed = convolution(shape.channels, width, config.kernel)
        self.blocks = body(config)
        self.judge = nn.Linear(width * shape.length, 1)
        self.grammar = grammar
        self.ends = nn.Linear(width * shape.length, 1, bias=False) if grammar.lengths else None

    def forward(self, letters: Tensor) -> Tensor:
        """Judge (N, channels, length), return (N,)."""
        x = activate(self.blocks(self.embed(letters)))
        logits = self.judge(x.flatten(1)).squeeze(1)
        if self.ends is not None:
            lengths = self.grammar.lengths_of(letters)
            logits = logits + self.ends(from_end(x, lengths).flatten(1)).squeeze(1)
        return self.with_group(logits, x)


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

    def __init__(self, config: SequenceNetConfig, shape: Shape, grammar: Grammar) -> None:
        super().__init__(config, shape, grammar)
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

    def logits(self, latent: Tensor, position: Tensor, lengths: Tensor | None) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        x = self.attend(self.unfold(latent).view(len(latent), -1, self.bottom))
        for layer in self.grow:
            x = layer(activate(x).repeat_interleave(2, -1))
        x = self.position(x[..., : self.shape.length], position)
        x = self.mix(activate(x))
        return self.letters(activate(x))


class DCGANCritic(GroupCritic):
    """Letters to one logit by strided convolutions."""

    def __init__(self, config: SequenceNetConfig, shape: Shape, grammar: Grammar) -> None:
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

    def __init__(self, config: SequenceNetConfig, shape: Shape, grammar: Grammar) -> None:
        super().__init__(config, shape, grammar)
        self.local = ResNetGenerator(config, shape, grammar)
        self.distant = DenseGenerator(config, shape, grammar)
        # Its own layer reads the length for both.
        self.local.length = self.distant.length = None

    def logits(self, latent: Tensor, position: Tensor, lengths: Tensor | None) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        local = self.local.logits(latent, position, lengths)
        return local + self.distant.logits(latent, position, lengths)


class HybridCritic(nn.Module):
    """The sum of a residual and a dense critic."""

    def __init__(self, config: SequenceNetConfig, shape: Shape, grammar: Grammar) -> None:
        super().__init__()
        self.local = ResNetCritic(config, shape, grammar)
        self.distant = DenseCritic(config, shape, grammar)

    def forward(self, letters: Tensor) -> Tensor:
        """Judge (N, channels, length), return (N,)."""
        return self.local(letters) + self.distant(letters)


__all__ = ["CRITICS", "GENERATORS", "Networks", "Shape", "build"]

GENERATORS: dict[str, Callable[[SequenceNetConfig, Shape, Grammar], nn.Module]] = {
    "resnet": ResNetGenerator,
    "dcgan": DCGANGenerator,
    "dense": DenseGenerator,
    "hybrid": HybridGenerator,
}
CRITICS: dict[str, Callable[[SequenceNetConfig, Shape, Grammar], nn.Module]] = {
    "resnet": ResNetCritic,
    "dcgan": DCGANCritic,
    "dense": DenseCritic,
    "hybrid": HybridCritic,
}


def build(config: SequenceNetConfig, shape: Shape, grammar: Grammar = Grammar()) -> Networks:  # noqa: B008 - it is a tuple
    """Build the pair of networks that a configuration names.

    Parameters
    ----------
    config : SequenceNetConfig
        Architecture, width, depth and the rest.
    shape : Shape
        Channels and length of one encoded sequence.
    grammar : Grammar
        Rules of a sequence; by default none.
    """
    family = config.chosen("architecture")
    return Networks(
        GENERATORS[family](config, shape, grammar), CRITICS[family](config, shape, grammar)
    )
