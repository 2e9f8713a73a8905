"""Generators and critics of sequences: residual, dense, DCGAN, hybrid and latent networks.

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
* Latent (Prykhodko et al. 2019): in :mod:`biogan.nn.latent_nets`. Generator and critic see codes,
  which a recurrent network writes out letter by letter.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from biogan.core.label_rows import Conditions
from biogan.nn.conditioning import FiLM, LabelEncoder, Projection, join, modulated, split
from biogan.nn.config import SequenceNetConfig
from biogan.nn.latent_nets import CodeCritic, LatentGenerator
from biogan.nn.layers import (
    GroupCritic,
    Networks,
    PositionNoise,
    ResidualBlock,
    SelfAttention,
    activate,
    body,
    convolution,
    dense,
    from_end,
    windows,
)
from biogan.nn.sequence_heads import Grammar, LetterGenerator, Noise, Shape, margin

#: Positions before the end that dense layers read and write by their distance to it.
NEAR = 8


class SequenceCritic(GroupCritic):
    """A critic of letters, and of the labels that go with them; a subclass judges both.

    Parameters
    ----------
    units : int
        As of :class:`GroupCritic`.
    shape : Shape
        Channels and length of the letters.
    conditions : Conditions
        Labels that are learned.
    features : int
        Features that labels are compared with.
    width : int
        Channels of the first hidden layer, which sees the labels, too.
    """

    presence: Tensor

    def __init__(
        self, units: int, shape: Shape, conditions: Conditions, features: int, width: int
    ) -> None:
        super().__init__(units)
        self.shape = shape
        self.encoded = LabelEncoder(conditions).width
        self.match = Projection(self.encoded, features) if self.encoded else None
        self.read = nn.Linear(self.encoded, width, bias=False) if self.encoded else None
        if self.match is not None:
            # Of the size of the last layer's.
            with torch.no_grad():
                self.match.weight.div_(features**0.5)
            presence = LabelEncoder(conditions).presence()
            self.register_buffer("presence", presence, persistent=False)

    def forward(self, records: Tensor) -> Tensor:
        """Judge records, return (N,).

        Parameters
        ----------
        records : Tensor, shape (N, channels, length)
            One-hot letters; where labels are learned rows of both, see ``join``.
        """
        if self.match is None:
            return self.judge_letters(records, None)
        letters, labels = split(records, self.shape, self.encoded)
        # Adam moves every weight by about as much, also those of labels that few records of a batch
        # have, which follow noise: so these count less. Labels are given: no penalty is about them.
        return self.judge_letters(letters, labels.detach() * self.presence)

    def early_layers(self) -> list[nn.Module]:
        """Return the layers next to the letters, which fine-tuning may leave as they are."""
        raise TypeError(f"{type(self).__name__} defines no early_layers")

    def judge_letters(self, letters: Tensor, labels: Tensor | None) -> Tensor:
        """Judge (N, channels, length) and (N, width), return (N,)."""
        raise TypeError(f"{type(self).__name__} defines no judge_letters")

    def seen(self, hidden: Tensor, labels: Tensor | None) -> Tensor:
        """Let the first hidden layer, (N, width) or (N, width, length), see the labels."""
        if self.read is None or labels is None:
            return hidden
        found = self.read(labels)
        return hidden + (found if hidden.dim() == 2 else found[..., None])

    def with_labels(self, logits: Tensor, features: Tensor, labels: Tensor | None) -> Tensor:
        """Add how well the features go with the labels, where labels are learned."""
        if self.match is None or labels is None:
            return logits
        return logits + self.match(labels, features)


class DenseGenerator(LetterGenerator):
    """Latent vector to letters; it has no use for per-position noise.

    Parameters
    ----------
    config : SequenceNetConfig
        Units, latent, head.
    shape : Shape
        Channels and length of the output.
    """

    def __init__(
        self, config: SequenceNetConfig, shape: Shape, grammar: Grammar, conditions: Conditions
    ) -> None:
        super().__init__(config.replace(position_noise=0), shape, grammar, conditions)
        units, letters = config.chosen("units"), shape.channels * self.written
        self.layers = dense(self.inputs, units, letters)
        self.near = min(NEAR, shape.length)
        ends = nn.Linear(units, shape.channels * self.near) if grammar.lengths else None
        self.ends = ends
        self.film = FiLM(self.encoder.width, units) if self.encoder else None

    def logits(
        self, latent: Tensor, noise: Noise, lengths: Tensor | None, labels: Tensor | None
    ) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        first, block, slope, last = self.layers
        change = None if self.film is None or labels is None else self.film(labels)[0]
        hidden = slope(block(first(latent), change))
        logits = last(hidden).view(len(latent), -1, self.written)
        if self.config.shift:
            logits = windows(logits, noise.turn, self.shape.length)
        if self.ends is None or lengths is None:
            return logits
        ends = self.ends(hidden).view(len(latent), -1, self.near)
        return logits + from_end(pad(ends, (0, self.shape.length - self.near)), lengths)


class DenseCritic(SequenceCritic):
    """Letters to one logit a sequence.

    Parameters
    ----------
    config : SequenceNetConfig
        Units, minibatch_std.
    shape : Shape
        Channels and length of the input.
    """

    def __init__(
        self, config: SequenceNetConfig, shape: Shape, grammar: Grammar, conditions: Conditions
    ) -> None:
        units = config.chosen("units")
        spread = units if config.minibatch_std else 0
        super().__init__(spread, shape, conditions, units, units)
        self.layers = dense(shape.channels * shape.length, units, 1)
        self.grammar = grammar
        self.near = min(NEAR, shape.length)
        ends = nn.Linear(shape.channels * self.near, units, bias=False)
        self.ends = ends if grammar.lengths else None

    def early_layers(self) -> list[nn.Module]:
        """Return the first layer."""
        return [self.layers[0], *([self.ends] if self.ends is not None else [])]

    def judge_letters(self, letters: Tensor, labels: Tensor | None) -> Tensor:
        """Judge (N, channels, length) and (N, width), return (N,)."""
        first = self.seen(self.layers[0](letters.flatten(1)), labels)
        if self.ends is not None:
            lengths = self.grammar.lengths_of(letters)
            first = first + self.ends(from_end(letters, lengths, self.near).flatten(1))
        hidden = self.layers[1:-1](first)
        logits = self.with_labels(self.layers[-1](hidden).squeeze(1), hidden, labels)
        return self.with_group(logits, hidden)


class ResNetGenerator(LetterGenerator):
    """Latent vector and per-position noise to letters.

    Parameters
    ----------
    config : SequenceNetConfig
        Width, depth, kernel, dilation, attention, latent, position_noise, head.
    shape : Shape
        Channels and length of the output.
    """

    def __init__(
        self, config: SequenceNetConfig, shape: Shape, grammar: Grammar, conditions: Conditions
    ) -> None:
        super().__init__(config, shape, grammar, conditions)
        self.width = width = config.chosen("width")
        self.unfold = nn.Linear(self.inputs, width * self.written)
        self.margin = margin(config)
        ends = nn.Linear(self.inputs, width * shape.length) if grammar.lengths else None
        self.ends = ends
        self.position = PositionNoise(config.position_noise, width)
        self.blocks = body(config)
        self.letters = nn.Conv1d(width, shape.channels, 1)
        depth = config.chosen("depth")
        self.film = FiLM(self.encoder.width, width, depth) if self.encoder else None

    def logits(
        self, latent: Tensor, noise: Noise, lengths: Tensor | None, labels: Tensor | None
    ) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        x = self.unfold(latent).view(len(latent), self.width, self.written)
        if self.config.shift:
            x = windows(x, noise.turn - self.margin, self.shape.length + 2 * self.margin)
        if self.ends is not None and lengths is not None:
            x = x + from_end(self.ends(latent).view_as(x), lengths)
        x = self.position(x, noise.position)
        if self.film is None or labels is None:
            return self.letters(activate(self.shown(self.blocks(x))))
        changes = iter(self.film(labels))
        for layer in self.blocks:
            x = layer(x, next(changes)) if isinstance(layer, ResidualBlock) else layer(x)
        return self.letters(activate(self.shown(x)))

    def shown(self, x: Tensor) -> Tensor:
        """Leave out the positions beyond the ends of the windows."""
        return x[..., self.margin : -self.margin] if self.margin else x


class ResNetCritic(SequenceCritic):
    """Letters to one logit a sequence.

    Parameters
    ----------
    config : SequenceNetConfig
        Width, depth, kernel, dilation, attention, minibatch_std.
    shape : Shape
        Channels and length of the input.
    """

    def __init__(
        self, config: SequenceNetConfig, shape: Shape, grammar: Grammar, conditions: Conditions
    ) -> None:
        width = config.chosen("width")
        spread = width if config.minibatch_std else 0
        super().__init__(spread, shape, conditions, width * shape.length, width)
        self.embed = convolution(shape.channels, width, config.kernel)
        self.blocks = body(config)
        self.judge = nn.Linear(width * shape.length, 1)
        self.grammar = grammar
        self.ends = nn.Linear(width * shape.length, 1, bias=False) if grammar.lengths else None

    def early_layers(self) -> list[nn.Module]:
        """Return the embedding and all blocks but the last."""
        return [self.embed, *[*self.blocks][:-1]]

    def judge_letters(self, letters: Tensor, labels: Tensor | None) -> Tensor:
        """Judge (N, channels, length) and (N, width), return (N,)."""
        x = activate(self.blocks(self.seen(self.embed(letters), labels)))
        logits = self.with_labels(self.judge(x.flatten(1)).squeeze(1), x.flatten(1), labels)
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

    def __init__(
        self, config: SequenceNetConfig, shape: Shape, grammar: Grammar, conditions: Conditions
    ) -> None:
        super().__init__(config, shape, grammar, conditions)
        count, self.bottom = stages(shape, config.chosen("depth"))
        width = config.chosen("width")
        widths = [width * 2**i for i in reversed(range(count + 1))]
        self.unfold = nn.Linear(self.inputs, widths[0] * self.bottom)
        self.attend = SelfAttention(widths[0]) if config.attention else nn.Identity()
        self.grow = nn.ModuleList(
            convolution(a, b, config.kernel) for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        self.position = PositionNoise(config.position_noise, width)
        self.mix = convolution(width, width, config.kernel)
        self.letters = nn.Conv1d(width, shape.channels, 1)
        self.films = nn.ModuleList(
            FiLM(self.encoder.width, after) for after in widths[1:] if self.encoder
        )

    def logits(
        self, latent: Tensor, noise: Noise, lengths: Tensor | None, labels: Tensor | None
    ) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        x = self.attend(self.unfold(latent).view(len(latent), -1, self.bottom))
        changes = [None] * len(self.grow)
        if labels is not None:
            changes = [film(labels)[0] for film in self.films]
        for layer, change in zip(self.grow, changes, strict=True):
            x = modulated(layer(activate(x).repeat_interleave(2, -1)), change)
        x = self.position(x[..., : self.shape.length], noise.position)
        x = self.mix(activate(x))
        return self.letters(activate(x))


class DCGANCritic(SequenceCritic):
    """Letters to one logit by strided convolutions."""

    def __init__(
        self, config: SequenceNetConfig, shape: Shape, grammar: Grammar, conditions: Conditions
    ) -> None:
        count, bottom = stages(shape, config.chosen("depth"))
        width = config.chosen("width")
        widths = [width * 2**i for i in range(count + 1)]
        spread = widths[-1] if config.minibatch_std else 0
        super().__init__(spread, shape, conditions, widths[-1] * bottom, width)
        self.embed = convolution(shape.channels, width, config.kernel)
        self.shrink = nn.ModuleList(
            nn.Conv1d(a, b, config.kernel, stride=2, padding=config.kernel // 2)
            for a, b in zip(widths[:-1], widths[1:], strict=True)
        )
        self.attend = SelfAttention(widths[-1]) if config.attention else nn.Identity()
        self.judge = nn.Linear(widths[-1] * bottom, 1)

    def early_layers(self) -> list[nn.Module]:
        """Return the embedding and all halvings but the last."""
        return [self.embed, *[*self.shrink][:-1]]

    def judge_letters(self, letters: Tensor, labels: Tensor | None) -> Tensor:
        """Judge (N, channels, length) and (N, width), return (N,)."""
        x = self.seen(self.embed(letters), labels)
        for layer in self.shrink:
            x = layer(activate(x))
        x = activate(self.attend(x))
        logits = self.with_labels(self.judge(x.flatten(1)).squeeze(1), x.flatten(1), labels)
        return self.with_group(logits, x)


class HybridGenerator(LetterGenerator):
    """The sum of a residual and a dense generator of one latent vector."""

    def __init__(
        self, config: SequenceNetConfig, shape: Shape, grammar: Grammar, conditions: Conditions
    ) -> None:
        super().__init__(config, shape, grammar, conditions)
        self.local = ResNetGenerator(config, shape, grammar, conditions)
        self.distant = DenseGenerator(config, shape, grammar, conditions)
        # Its own layer reads the length for both.
        self.local.length = self.distant.length = None

    def logits(
        self, latent: Tensor, noise: Noise, lengths: Tensor | None, labels: Tensor | None
    ) -> Tensor:
        """Score the letters, shape (N, channels, length)."""
        local = self.local.logits(latent, noise, lengths, labels)
        return local + self.distant.logits(latent, noise, lengths, labels)


class HybridCritic(nn.Module):
    """The sum of a residual and a dense critic."""

    def __init__(
        self, config: SequenceNetConfig, shape: Shape, grammar: Grammar, conditions: Conditions
    ) -> None:
        super().__init__()
        self.local = ResNetCritic(config, shape, grammar, conditions)
        self.distant = DenseCritic(config, shape, grammar, conditions)

    def early_layers(self) -> list[nn.Module]:
        """Return those of both."""
        return [*self.local.early_layers(), *self.distant.early_layers()]

    def forward(self, records: Tensor) -> Tensor:
        """Judge records, as :class:`SequenceCritic` does, return (N,)."""
        return self.local(records) + self.distant(records)


class StretchCritic(nn.Module):
    """A critic of stretches of records whose letters mean the same at any place.

    While it trains it sees a random stretch of each record, real or generated, so that what stands
    at which position of the real ones tells it nothing; afterwards it judges a record by the mean
    over stretches that hold all of it.

    Parameters
    ----------
    critic : nn.Module
        Critic of stretches.
    shape : Shape
        Channels and length of whole records.
    stretch : int
        Positions of a stretch.
    labels : int
        Numbers of the encoded labels behind the letters of a record.
    """

    def __init__(self, critic: nn.Module, shape: Shape, stretch: int, labels: int) -> None:
        super().__init__()
        self.critic, self.shape, self.stretch, self.labels = critic, shape, stretch, labels

    def forward(self, records: Tensor) -> Tensor:
        """Judge records, as :class:`SequenceCritic` does, return (N,)."""
        spare = self.shape.length - self.stretch
        if self.training:
            # From torch's own stream, which the trainer seeds for each step, as for dropout.
            first = torch.randint(spare + 1, (len(records),), device=records.device)
            return self.judged(records, first)
        count = -(-self.shape.length // self.stretch)
        starts = [round(spare * i / max(count - 1, 1)) for i in range(count)]
        nought = torch.zeros(len(records), dtype=torch.long, device=records.device)
        return torch.stack([self.judged(records, nought + start) for start in starts]).mean(0)

    def judged(self, records: Tensor, first: Tensor) -> Tensor:
        """Judge the stretches that begin at some positions, (N,), of records."""
        if not self.labels:
            return self.critic(windows(records, first, self.stretch))
        letters, labels = split(records, self.shape, self.labels)
        return self.critic(join(windows(letters, first, self.stretch), labels))


__all__ = ["CRITICS", "GENERATORS", "Networks", "Shape", "build"]

GENERATORS: dict[str, Callable[[SequenceNetConfig, Shape, Grammar, Conditions], nn.Module]] = {
    "resnet": ResNetGenerator,
    "dcgan": DCGANGenerator,
    "dense": DenseGenerator,
    "hybrid": HybridGenerator,
    "latent": LatentGenerator,
}
CRITICS: dict[str, Callable[[SequenceNetConfig, Shape, Grammar, Conditions], nn.Module]] = {
    "resnet": ResNetCritic,
    "dcgan": DCGANCritic,
    "dense": DenseCritic,
    "hybrid": HybridCritic,
    "latent": CodeCritic,
}


def build(
    config: SequenceNetConfig,
    shape: Shape,
    grammar: Grammar = Grammar(),  # noqa: B008 - it is a tuple
    conditions: Conditions = Conditions(),  # noqa: B008 - nothing can change it
) -> Networks:
    """Build the pair of networks that a configuration names.

    Parameters
    ----------
    config : SequenceNetConfig
        Architecture, width, depth and the rest.
    shape : Shape
        Channels and length of one encoded sequence.
    grammar : Grammar
        Rules of a sequence; by default none.
    conditions : Conditions
        Labels to learn; by default none.
    """
    family = config.chosen("architecture")
    generator = GENERATORS[family](config, shape, grammar, conditions)
    if not config.shift:
        return Networks(generator, CRITICS[family](config, shape, grammar, conditions))
    stretch = shape._replace(length=max(1, shape.length - config.shift))
    critic = CRITICS[family](config, stretch, grammar, conditions)
    width = LabelEncoder(conditions).width
    return Networks(generator, StretchCritic(critic, shape, stretch.length, width))
