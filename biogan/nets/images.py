"""What every generator of images or distance maps is: noise in, records for the critic out.

Without classes a record is (N, channels, height, width). With classes it is one flat row, pixels
and then the class as one-hot letters: the critic judges both together, and losses and penalties
need not know that there are classes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn

from biogan.config import ImageGANConfig


class RecordShape(NamedTuple):
    """Shape of one record.

    Attributes
    ----------
    channels, height, width : int
        Of the image.
    shares : tuple of float
        How often each class is drawn; empty where classes are not learned.
    """

    channels: int
    height: int
    width: int
    shares: tuple[float, ...] = ()

    @property
    def classes(self) -> int:
        """Number of classes that are learned, 0 for none."""
        return len(self.shares)


class ImageNoise(NamedTuple):
    """Everything random that a generator needs for N images.

    Attributes
    ----------
    latent : Tensor, shape (N, latent)
        Standard normal.
    classes : Tensor, shape (N, classes)
        One-hot; of width 0 where classes are not learned.
    """

    latent: Tensor
    classes: Tensor

    def to(self, device: torch.device) -> ImageNoise:
        """Move both parts to a device."""
        return ImageNoise(*(part.to(device) for part in self))

    def rows(self, index: slice) -> ImageNoise:
        """Return the noise of some of the images."""
        return ImageNoise(*(part[index] for part in self))


class ImageGenerator(nn.Module, ABC):
    """Base of the generators; a subclass writes :meth:`images`."""

    def __init__(self, config: ImageGANConfig, shape: RecordShape) -> None:
        super().__init__()
        self.config, self.shape = config, shape

    def noise(self, n: int, rng: torch.Generator) -> ImageNoise:
        """Draw the noise of ``n`` images, where the generator ``rng`` draws."""
        place = rng.device
        latent = torch.randn(n, self.config.latent, generator=rng, device=place)
        if not self.shape.classes:
            return ImageNoise(latent, torch.empty(n, 0, device=place))
        shares = torch.tensor(self.shape.shares, device=place)
        drawn = torch.multinomial(shares, n, True, generator=rng)
        return ImageNoise(latent, torch.eye(self.shape.classes, device=place)[drawn])

    @abstractmethod
    def images(self, code: Tensor) -> Tensor:
        """Turn (N, latent + classes) into (N, channels, height, width)."""

    def forward(self, noise: ImageNoise) -> Tensor:
        """Return records: (N, channels, height, width), with classes (N, pixels + classes)."""
        images = self.images(torch.cat(noise, 1))
        return join(images, noise.classes) if self.shape.classes else images


class ImageCritic(nn.Module, ABC):
    """Base of the critics; a subclass writes :meth:`features` and has ``size`` of them.

    The class is judged by its product with the features (Miyato & Koyama 2018, projection).
    """

    def __init__(self, shape: RecordShape, size: int) -> None:
        super().__init__()
        self.shape = shape
        self.judge = nn.Linear(size, 1)
        self.match = nn.Linear(shape.classes, size, bias=False) if shape.classes else None

    @abstractmethod
    def features(self, images: Tensor) -> Tensor:
        """Turn (N, channels, height, width) into (N, size)."""

    def forward(self, records: Tensor) -> Tensor:
        """Judge records, return (N,)."""
        if self.match is None:
            return self.judge(self.features(records)).squeeze(1)
        images, classes = split(records, self.shape)
        found = self.features(images)
        matching = (self.match(classes) * found).sum(1) / found.shape[1] ** 0.5
        return self.judge(found).squeeze(1) + matching


def join(images: Tensor, classes: Tensor) -> Tensor:
    """Put images and one-hot classes into one row each: (N, pixels + classes)."""
    return torch.cat([images.flatten(1), classes], 1)


def split(records: Tensor, shape: RecordShape) -> tuple[Tensor, Tensor]:
    """Take images (N, channels, height, width) and one-hot classes (N, classes) apart."""
    images = records[:, : records.shape[1] - shape.classes]
    return images.unflatten(1, shape[:3]), records[:, records.shape[1] - shape.classes :]
