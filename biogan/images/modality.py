"""Images as a kind of data: intensities to [-1, 1] and back, splits, features, floors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import one_hot

from biogan.core.errors import CheckpointError, ConfigError, DataError
from biogan.core.files import Size, check_fields
from biogan.core.options import unknown_name
from biogan.core.rng import layers_from, rng
from biogan.images.augment import Augment, Augmented
from biogan.images.catalog import KNOWN
from biogan.images.config import ImageReadingConfig, ImageSamplingConfig
from biogan.images.dataset import DEPTHS, ImageSet
from biogan.images.read import is_images, read_images
from biogan.images.write import grid, write_images
from biogan.nn.conditioning import join, split
from biogan.nn.image_nets import (
    DCGANCritic2D,
    DCGANGenerator2D,
    ImageNoise,
    RecordShape,
)
from biogan.nn.layers import Networks
from biogan.training.config import ImageGANConfig
from biogan.training.modality import Plan, Progress, planned
from biogan.training.presets import Preset, PresetModality, resolve
from biogan.training.validation import Features

#: Images of each class from which classes are learned without being asked for.
LEARNABLE = 50


_Pixel = Annotated[int, msgspec.Meta(ge=0, lt=1 << 16)]
# Types of the layout in a model card.
_LAYOUT = {
    **dict.fromkeys(("channels", "height", "width"), Size),
    "depth": Literal["uint8", "uint16"],
    **dict.fromkeys(("low", "high"), _Pixel),
    "frames": bool,
    "classes": list[str],
    "shares": list[Annotated[float, msgspec.Meta(ge=0, le=1)]],
}

if TYPE_CHECKING:
    from biogan.evaluation.metric import MetricRegistry
    from biogan.evaluation.report.report import Report


@dataclass(frozen=True)
class ImageModality(PresetModality):
    """Shape, intensities and classes of the images of a model.

    Attributes
    ----------
    channels, height, width : int
        Shape of an image.
    depth : str
        Type of the pixels, ``"uint8"`` or ``"uint16"``.
    low, high : int
        Intensities that become -1 and 1: the whole range of 8 bits, the training data's of 16.
    frames : bool
        Whether the channels are a time series.
    classes : tuple of str
        Names of the classes of the data.
    shares : tuple of float
        Share of each class; empty where classes are not learned.
    """

    channels: int
    height: int
    width: int
    depth: str
    low: int
    high: int
    frames: bool
    classes: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()

    name = "images"
    noun = "image"
    records = (ImageSet,)
    reading = ImageReadingConfig
    sampling = ImageSamplingConfig
    reader = "read_images"
    kind = "pixels"
    known = tuple(KNOWN)
    preset = Preset("wgan-gp", {}, "dcgan")

    # --- files ----------------------------------------------------------------------------

    @classmethod
    def recognises(cls, data: str) -> bool:
        """Whether these are images, by the name of a known set or what a file begins with."""
        return is_images(data)

    @classmethod
    def read(
        cls, data: str, reading: ImageReadingConfig, progress: Any = None, whose: str = ""
    ) -> ImageSet:
        """Read images, see :func:`biogan.read_images`."""
        return read_images(data, reading, progress)

    @classmethod
    def like(cls, real: ImageSet, reading: ImageReadingConfig) -> ImageReadingConfig:
        """Return the options that read further images in the shape of ``real``."""
        colour = {1: "grey", 3: "rgb"}.get(real.shape.channels, reading.colour)
        square = real.shape.height == real.shape.width and 16 <= real.shape.height <= 128
        return reading.replace(
            size=real.shape.height if square else reading.size,
            colour=reading.colour if real.frames else colour,
            frames=real.shape.channels if real.frames else reading.frames,
            labels=None,
        )

    @classmethod
    def write(cls, records: ImageSet, path: str, overwrite: bool = False) -> list[str]:
        """Write images, see :func:`biogan.write_images`."""
        return write_images(records, path, overwrite)

    @classmethod
    def rows_picture(cls, records: ImageSet, columns: int) -> Image.Image:
        """Draw images in rows of ``columns``; a time series is a row of its own."""
        return grid(records, columns=1 if records.frames else columns, most=len(records))

    @classmethod
    def metrics(cls) -> MetricRegistry:
        """Return the metrics of the kind."""
        from biogan.images.metrics import IMAGE_METRICS

        return IMAGE_METRICS

    @classmethod
    def evaluate(cls, real: ImageSet, generated: ImageSet, **options: Any) -> Report:
        """Score generated images, see :func:`biogan.evaluate_images`."""
        from biogan.images.evaluate import evaluate_images

        return evaluate_images(real, generated, **options)

    # --- what is learned ------------------------------------------------------------------

    @classmethod
    def plan(cls, records: ImageSet, config: ImageGANConfig) -> Plan:
        """Find shape, depth and classes, and fill in the preset."""
        modality = cls.of(records, config)
        config, reasons = resolve(config, cls.preset, cls.kind, len(modality.shares))
        Augment(config.augment)  # a wrong name is refused before the monitor learns its features
        return planned(modality, records, config, reasons)

    @classmethod
    def of(cls, records: ImageSet, config: ImageGANConfig) -> ImageModality:
        """Read the modality off training images.

        Classes are learned where the option ``conditional`` is true, or where it is ``None`` and
        every class has :data:`LEARNABLE` images.

        Raises
        ------
        DataError
            If there is nothing to learn: fewer than two images, or no contrast.
        ConfigError
            If classes are to be learned and there are none.
        """
        if len(records) < 2:
            found = "1 image is too few" if len(records) else "no images"
            raise DataError(f"{records.source}: {found} to learn from")
        low, high = int(records.pixels.min()), int(records.pixels.max())
        if low == high:
            raise DataError(f"{records.source}: every pixel has the value {low}: nothing to learn")
        depth = records.pixels.dtype.name
        if depth == "uint8":
            low, high = 0, DEPTHS[depth]
        conditional, shares = config.conditional, tuple[float, ...]()
        if records.labels is not None:
            counts = np.bincount(records.labels, minlength=len(records.classes))
            if conditional is None:
                conditional = len(counts) > 1 and counts.min() >= LEARNABLE
            shares = tuple((counts / counts.sum()).tolist()) if conditional else ()
        elif conditional:
            raise ConfigError(
                f"--conditional: {records.source} has no labels: give them with --labels, or "
                "one folder a class"
            )
        return cls(*records.shape, depth, low, high, records.frames, records.classes, shares)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ImageModality:
        """Read the modality off a model card."""
        check_fields("layout", data, _LAYOUT)
        if data["low"] >= data["high"]:
            raise CheckpointError(f"'low' of layout is {data['low']}, 'high' is {data['high']}")
        if len(data["shares"]) not in (0, len(data["classes"])):
            raise CheckpointError("'shares' of layout are not those of its classes")
        values = {k: v for k, v in data.items() if k != "kind"}
        return cls(**values | {k: tuple(values[k]) for k in ("classes", "shares")})

    def to_dict(self) -> dict[str, Any]:
        """Return what the model card holds."""
        return {"kind": self.kind, **asdict(self)}

    def describe(self) -> str:
        """Say in a few words what an image is."""
        what = f"{self.channels} frames" if self.frames else {1: "grey", 3: "colour"}.get(
            self.channels, f"{self.channels} channels"
        )  # fmt: skip
        text = f"{self.height} x {self.width}, {what}, {self.depth.removeprefix('uint')} bit"
        if self.depth != "uint8":
            text += f", intensities {self.low} to {self.high}"
        if self.shares:
            return f"{text}, {len(self.classes):,} classes to learn"
        return f"{text}, {len(self.classes):,} classes" if self.classes else text

    @property
    def shape(self) -> RecordShape:
        """Shape of a record."""
        return RecordShape(self.channels, self.height, self.width, self.shares)

    def networks(self, config: ImageGANConfig) -> Networks:
        """Build generator and critic."""
        if config.architecture != "dcgan":
            raise ConfigError(
                f"--architecture {config.architecture}: writes coordinates, images need dcgan"
            )
        with layers_from(config.seed, "weights"):
            return Networks(DCGANGenerator2D(config, self.shape), DCGANCritic2D(config, self.shape))

    def augmented(self, critic: nn.Module, config: ImageGANConfig) -> nn.Module:
        """Put the changes of ``--augment`` before the critic."""
        augment = Augment(config.augment)
        return Augmented(critic, augment, self.shape) if augment else critic

    def bare(self, critic: nn.Module) -> nn.Module:
        """Return a critic without its augmentation."""
        return critic.critic if isinstance(critic, Augmented) else critic

    # --- sampling -------------------------------------------------------------------------

    def check_sampling(self, generator: nn.Module, how: ImageSamplingConfig) -> None:
        """Refuse a class that was not learned."""
        if how.label is None:
            return
        if not self.shares:
            raise ConfigError(
                f"--label {how.label}: this model has not learned classes: train it with "
                "--conditional"
            )
        if how.label not in self.classes:
            raise ConfigError("--label: " + unknown_name("class", how.label, self.classes))

    def draw(self, generator: nn.Module, noise: ImageNoise, how: ImageSamplingConfig) -> np.ndarray:
        """Paint the images of some noise, all of one class if one is asked for."""
        if how.label is not None:
            classes = torch.zeros_like(noise.classes)
            classes[:, self.classes.index(how.label)] = 1
            noise = noise._replace(classes=classes)
        return super().draw(generator, noise, how)

    # --- records and tensors --------------------------------------------------------------

    def stored(self, records: ImageSet) -> Tensor:
        """Lay images out in their own depth; with classes (n, pixels + 1), the class last."""
        images = self.checked(records)
        wide = images.pixels if self.depth == "uint8" else images.pixels.astype(np.int32)
        pixels = torch.from_numpy(np.ascontiguousarray(wide))
        if not self.shares:
            return pixels
        assert images.labels is not None
        labels = torch.from_numpy(images.labels)[:, None]
        if len(self.classes) > DEPTHS["uint8"] + 1:  # the number would not fit into a pixel
            pixels = pixels.int()
        return torch.cat([pixels.flatten(1), labels.to(pixels.dtype)], 1)

    def encoder(
        self, device: torch.device, critic: nn.Module | None = None
    ) -> Callable[[Tensor], Tensor]:
        """Scale intensities to [-1, 1]; put the class beside them as a one-hot vector."""

        def encode(stored: Tensor) -> Tensor:
            batch = stored.to(device)
            if not self.shares:
                return self._scaled(batch)
            classes = one_hot(batch[:, -1].long(), len(self.shares)).float()
            return join(self._scaled(batch[:, :-1]), classes)

        return encode

    def _scaled(self, pixels: Tensor) -> Tensor:
        return (pixels.float() - self.low) * (2 / (self.high - self.low)) - 1

    def decode(self, batch: np.ndarray, prefix: str, first: int, rough: bool = False) -> ImageSet:
        """Turn records into images of the depth of the training data."""
        labels = None
        if self.shares:
            images, classes = split(torch.from_numpy(batch), self.shape[:3], len(self.shares))
            batch, labels = images.numpy(), classes.numpy().argmax(1)
        grey = (batch + 1) * ((self.high - self.low) / 2) + self.low
        # What the generator overshoots would wrap around.
        pixels = np.rint(np.clip(grey, 0, DEPTHS[self.depth])).astype(self.depth)
        ids = tuple(f"{prefix}_{i}" for i in range(first + 1, first + 1 + len(pixels)))
        names = self.classes if self.shares else ()
        return ImageSet(pixels, ids, labels, names, self.frames, "generated")

    def apart(self, records: ImageSet, share: float, seed: int) -> tuple[ImageSet, ImageSet]:
        """Take a random part off; repeats of an image stay together."""
        flat = np.ascontiguousarray(records.pixels.reshape(len(records), -1))
        # Whole images as single values, so that equal ones are found by sorting.
        rows = flat.view(f"V{flat.shape[1] * flat.itemsize}").ravel()
        different, kind = np.unique(rows, return_inverse=True)
        place = rng(seed, "image-split").permutation(len(different))[kind]
        held_out = place < round(share * len(different))
        return records[~held_out], records[held_out]

    def features(self, train: ImageSet, seed: int, progress: Progress | None) -> Features:
        """Return the features of a small classifier, or of random weights without classes."""
        from biogan.images.features import feature_net

        return feature_net(train, seed, progress=progress)

    def floors(self, train: ImageSet, n: int, seed: int) -> Mapping[str, ImageSet]:
        """Sample pixels one by one, and from one Gaussian of all of them."""
        from biogan.images.baselines import gaussian, pixel_gaussian

        return {
            "pixel-gaussian": pixel_gaussian(train, n, seed),
            "gaussian": gaussian(train, n, seed),
        }

    def picture(self, records: ImageSet) -> Image.Image:
        """Draw a grid of the first images."""
        # A 16-bit camera often uses a small part of its range: drawn over that part.
        seen = (records.pixels.astype(np.float64) - self.low) * (255 / (self.high - self.low))
        pixels = np.rint(np.clip(seen, 0, 255)).astype(np.uint8)
        return grid(replace(records, pixels=pixels), most=self.previewed)

    def checked(self, records: ImageSet) -> ImageSet:
        """Return images that fit this model.

        Raises
        ------
        DataError
            If their shape, depth or classes are others.
        """
        if not isinstance(records, ImageSet):
            raise DataError(f"this model knows images, not {type(records).__name__}")
        if records.shape != (self.channels, self.height, self.width):
            raise DataError(
                f"{records.source}: images of {tuple(records.shape)}, this model knows "
                f"{(self.channels, self.height, self.width)} (channels, height, width)"
            )
        if records.pixels.dtype.name != self.depth:
            raise DataError(
                f"{records.source}: {records.pixels.dtype} pixels, this model knows {self.depth}"
            )
        if self.shares and (records.labels is None or records.classes != self.classes):
            raise DataError(f"{records.source}: this model needs the classes {self.classes}")
        return records
