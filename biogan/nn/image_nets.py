"""Convolutional generator and critic for images (DCGAN, Radford et al. 2016).

At width 64 and 28 x 28 pixels the generator is dense 7 x 7 x 256, then transposed convolutions
5 x 5 to 128 (stride 1), 64 and the channels (stride 2 each), tanh; the critic is convolutions 5 x 5
to 64 and 128 (stride 2), 6,272 features, one logit. Larger images double once or twice more.

Without labels a record is (N, channels, height, width). With labels it is one flat row: the pixels,
then the labels as the networks read them (:mod:`biogan.nn.conditioning`). The critic sees both
together, and losses and penalties need no special case for labels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from biogan.core.label_rows import Conditions
from biogan.nn.conditioning import LabelEncoder, Projection, draw_labels, join, split
from biogan.nn.config import ImageNetConfig


class RecordShape(NamedTuple):
    """Shape of one record.

    Attributes
    ----------
    channels, height, width : int
        Of the image.
    conditions : Conditions
        Labels that are learned.
    """

    channels: int
    height: int
    width: int
    conditions: Conditions = Conditions()

    @property
    def labels(self) -> int:
        """Numbers that stand for the labels of a record, 0 where none are learned."""
        return LabelEncoder(self.conditions).width


class ImageNoise(NamedTuple):
    """Everything random that a generator needs for N images.

    Attributes
    ----------
    latent : Tensor, shape (N, latent)
        Standard normal.
    labels : Tensor, shape (N, size), uint8
        Rows of labels; of width 0 where none are learned.
    """

    latent: Tensor
    labels: Tensor

    @property
    def paired(self) -> bool:
        """Whether generated images take the labels of the real ones of their batch: they do not.

        All that was measured of images was trained with labels drawn by themselves.
        """
        return False

    def to(self, device: torch.device) -> ImageNoise:
        """Move both parts to a device."""
        return ImageNoise(*(part.to(device) for part in self))

    def rows(self, index: slice) -> ImageNoise:
        """Return the noise of some of the images."""
        return ImageNoise(*(part[index] for part in self))


class ImageGenerator(nn.Module, ABC):
    """Base of the generators; a subclass writes :meth:`images`."""

    def __init__(self, config: ImageNetConfig, shape: RecordShape) -> None:
        super().__init__()
        self.config, self.shape = config, shape
        self.encoder = LabelEncoder(shape.conditions) if shape.conditions.size else None

    def noise(self, n: int, rng: torch.Generator) -> ImageNoise:
        """Draw the noise of ``n`` images, where the generator ``rng`` draws."""
        place = rng.device
        latent = torch.randn(n, self.config.latent, generator=rng, device=place)
        if self.encoder is None:
            return ImageNoise(latent, torch.empty(n, 0, dtype=torch.uint8, device=place))
        return ImageNoise(latent, draw_labels(self.encoder.conditions, n, rng))

    @abstractmethod
    def images(self, code: Tensor) -> Tensor:
        """Turn (N, latent + labels) into (N, channels, height, width)."""

    def forward(self, noise: ImageNoise) -> Tensor:
        """Return records: (N, channels, height, width), with labels (N, pixels + labels)."""
        if self.encoder is None:
            return self.images(noise.latent)
        labels = self.encoder(noise.labels)
        return join(self.images(torch.cat([noise.latent, labels], 1)), labels)


class ImageCritic(nn.Module, ABC):
    """Base of the critics; a subclass writes :meth:`features` and has ``size`` of them.

    The labels are judged by their product with the features (Miyato & Koyama 2018, projection).
    """

    def __init__(self, shape: RecordShape, size: int) -> None:
        super().__init__()
        self.shape = shape
        self.judge = nn.Linear(size, 1)
        self.match = Projection(shape.labels, size) if shape.labels else None

    @abstractmethod
    def features(self, images: Tensor) -> Tensor:
        """Turn (N, channels, height, width) into (N, size)."""

    def forward(self, records: Tensor) -> Tensor:
        """Judge records, return (N,)."""
        if self.match is None:
            return self.judge(self.features(records)).squeeze(1)
        images, labels = split(records, self.shape[:3], self.match.in_features)
        found = self.features(images)
        matching = self.match(labels, found) / found.shape[1] ** 0.5
        return self.judge(found).squeeze(1) + matching


KERNEL, SLOPE = 5, 0.3
# The doubling of channels ends here: more would cost time and memory for little.
MOST_CHANNELS = 512


def halvings(side: int) -> tuple[int, int]:
    """Return how often a side is halved and what is left: at least 4, at most 8 where it can be.

    Examples
    --------
    >>> halvings(28), halvings(32), halvings(128), halvings(16)
    ((2, 7), (2, 8), (4, 8), (2, 4))
    """
    count = 0
    while side % 2 == 0 and (side > 8 or (count < 2 and side >= 8)):
        count, side = count + 1, side // 2
    return count, side


def widths(width: int, count: int) -> list[int]:
    """Channels after each halving, from the image inwards.

    Examples
    --------
    >>> widths(64, 2), widths(64, 4)
    ([64, 128], [64, 128, 256, 512])
    """
    return [min(width * 2**i, max(MOST_CHANNELS, width)) for i in range(count)]


class DCGANGenerator2D(ImageGenerator):
    """Latent vector to images by transposed convolutions."""

    def __init__(self, config: ImageNetConfig, shape: RecordShape) -> None:
        super().__init__(config, shape)
        count, _ = halvings(shape.height)
        self.bottom = shape.height // 2**count, shape.width // 2**count
        width = config.chosen("width")
        # One layer deeper than the critic's last, which the first convolution takes back.
        channels = [*reversed(widths(width, count + 1))]
        units = channels[0] * self.bottom[0] * self.bottom[1]
        self.unfold = nn.Linear(config.latent + shape.labels, units, bias=False)
        self.first = nn.BatchNorm1d(units)
        # The stride is 1 first: the dense layer has made the smallest image.
        self.grow = nn.ModuleList(
            nn.Sequential(
                _transposed(a, b, stride=1 if i == 0 else 2, bias=False),
                nn.BatchNorm2d(b),
            )
            for i, (a, b) in enumerate(zip(channels[:-1], channels[1:], strict=True))
        )
        self.paint = _transposed(channels[-1], shape.channels, stride=2)

    def images(self, code: Tensor) -> Tensor:
        """Paint (N, channels, height, width) in [-1, 1]."""
        return self.canvas(code).tanh()

    def canvas(self, code: Tensor) -> Tensor:
        """Paint without the last squashing, (N, channels, height, width)."""
        x = leaky_relu(self.first(self.unfold(code)), SLOPE).unflatten(1, (-1, *self.bottom))
        for layer in self.grow:
            x = leaky_relu(layer(x), SLOPE)
        return self.paint(x)


class DCGANCritic2D(ImageCritic):
    """Images to one logit by strided convolutions."""

    def __init__(self, config: ImageNetConfig, shape: RecordShape) -> None:
        count, _ = halvings(shape.height)
        channels = [shape.channels, *widths(config.chosen("width"), count)]
        bottom = (shape.height // 2**count) * (shape.width // 2**count)
        super().__init__(shape, channels[-1] * bottom)
        self.shrink = nn.ModuleList(
            nn.Conv2d(a, b, KERNEL, stride=2, padding=KERNEL // 2)
            for a, b in zip(channels[:-1], channels[1:], strict=True)
        )
        self.drop = nn.Dropout(config.chosen("dropout"))

    def features(self, images: Tensor) -> Tensor:
        """See (N, channels, height, width), return (N, size)."""
        x = images
        for layer in self.shrink:
            x = self.drop(leaky_relu(layer(x), SLOPE))
        return x.flatten(1)


def _transposed(inputs: int, outputs: int, stride: int, bias: bool = True) -> nn.ConvTranspose2d:
    """Return a transposed convolution that makes the image ``stride`` times as large."""
    return nn.ConvTranspose2d(
        inputs, outputs, KERNEL, stride, KERNEL // 2, output_padding=stride - 1, bias=bias
    )
