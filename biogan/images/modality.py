"""Images as a kind of data: intensities to [-1, 1] and back, splits, features, floors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from biogan.core.conditions import MOST_CLASSES, parse_condition
from biogan.core.errors import CheckpointError, ConfigError, DataError
from biogan.core.files import Size, check_fields
from biogan.core.found_labels import conditions_of
from biogan.core.label_codes import Condition
from biogan.core.label_requests import labels_asked
from biogan.core.label_rows import Conditions
from biogan.core.rng import layers_from, rng
from biogan.images.augment import Augment, Augmented
from biogan.images.catalog import KNOWN
from biogan.images.config import ImageReadingConfig, ImageSamplingConfig
from biogan.images.dataset import CLASS, DEPTHS, ImageSet
from biogan.images.read import is_images, read_images
from biogan.images.write import grid, write_images
from biogan.nn.conditioning import LabelEncoder, join
from biogan.nn.image_nets import (
    DCGANCritic2D,
    DCGANGenerator2D,
    ImageNoise,
    RecordShape,
)
from biogan.nn.layers import Networks
from biogan.training.batches import BlurredBatches, Stream
from biogan.training.config import ImageGANConfig
from biogan.training.labelled import WANTED, LabelledModality
from biogan.training.modality import Modality, Plan, Progress, planned
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
}

# Of models of biogan 0.2 and before, and of later ones.
_LATER = {
    "shares": list[Annotated[float, msgspec.Meta(ge=0, le=1)]], "class_name": str,
    "conditions": dict[str, Any],
}  # fmt: skip
# Records for a share of 1, where only shares of classes are known.
_ALL = 10**9

if TYPE_CHECKING:
    from biogan.evaluation.metric import MetricRegistry
    from biogan.evaluation.report.report import Report


@dataclass(frozen=True)
class ImageModality(LabelledModality, PresetModality):
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
    class_name : str
        What the class is called among the labels.
    conditions : Conditions
        Labels that are learned.
    """

    channels: int
    height: int
    width: int
    depth: str
    low: int
    high: int
    frames: bool
    classes: tuple[str, ...] = ()
    class_name: str = CLASS
    conditions: Conditions = Conditions()

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
        found = () if config.condition else modality.conditions.parts
        config, reasons = resolve(config, cls.preset, cls.kind, sum(len(p.values) for p in found))
        Augment(config.augment)  # a wrong name is refused before the monitor learns its features
        plan = planned(modality, records, config, reasons)
        return plan._replace(lines=plan.lines + learned(records, config)[1])

    @classmethod
    def of(cls, records: ImageSet, config: ImageGANConfig) -> ImageModality:
        """Read the modality off training images.

        Labels that ``condition`` names are learned; the class also where the option ``conditional``
        is true, or where neither is given and every class has :data:`LEARNABLE` images.

        Raises
        ------
        DataError
            If there is nothing to learn: fewer than two images, or no contrast.
        ConfigError
            If labels are to be learned and there are none.
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
        conditions = learned(records, config)[0]
        return cls(
            *records.shape, depth, low, high, records.frames, records.classes, records.class_name,
            conditions,
        )  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ImageModality:
        """Read the modality off a model card."""
        check_fields("layout", data, _LAYOUT)
        check_fields("layout", data, {k: kind for k, kind in _LATER.items() if k in data})
        if data["low"] >= data["high"]:
            raise CheckpointError(f"'low' of layout is {data['low']}, 'high' is {data['high']}")
        classes = tuple(data["classes"])
        values = {k: data[k] for k in (*_LAYOUT, *_LATER) if k in data} | {"classes": classes}
        shares = values.pop("shares", ())
        conditions = Conditions()
        if "conditions" in data:
            conditions = Conditions.from_dict(data["conditions"])
        elif shares:
            conditions = _classes_alone(classes, shares)
        return cls(**values | {"conditions": conditions})

    def to_dict(self) -> dict[str, Any]:
        """Return what the model card holds."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        labels = found.pop("conditions")
        found["classes"] = list(self.classes)
        return {
            "kind": self.kind, **found,
            **({"conditions": labels.to_dict()} if labels.parts else {}),
        }  # fmt: skip

    def differs(self, other: Modality) -> str:
        """Say why networks of another model cannot go on with these images: labels may differ."""
        if isinstance(other, ImageModality):
            other = replace(
                other, classes=self.classes, class_name=self.class_name, conditions=self.conditions
            )
        return super().differs(other)

    def describe(self) -> str:
        """Say in a few words what an image is."""
        what = f"{self.channels} frames" if self.frames else {1: "grey", 3: "colour"}.get(
            self.channels, f"{self.channels} channels"
        )  # fmt: skip
        text = f"{self.height} x {self.width}, {what}, {self.depth.removeprefix('uint')} bit"
        if self.depth != "uint8":
            text += f", intensities {self.low} to {self.high}"
        return f"{text}, {len(self.classes):,} classes" if self.classes else text

    def facts(self, config: Mapping[str, Any]) -> dict[str, str]:
        """Return shape, labels and networks in words."""
        parts = self.conditions.parts
        if not parts:
            return super().facts(config)
        # An older model knows shares, but no counts.
        old = parts[0].records == _ALL
        labels = f"{len(self.classes):,} classes" if old else self.conditions.describe()
        return {**super().facts(config), "labels": labels}

    @property
    def shape(self) -> RecordShape:
        """Shape of a record."""
        return RecordShape(self.channels, self.height, self.width, self.conditions)

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
        """Refuse labels that were not learned."""
        self.wishes(how)

    def asked_for(self, how: ImageSamplingConfig) -> list[str]:
        """Return what ``--label`` asks for; a value without a name is the class."""
        name, text = self.class_name, how.label
        if text is not None and any(part.name == name for part in self.conditions):
            if text in self.conditions[name].values:
                return [f"{name}={text}"]
            return [x if "=" in x else f"{name}={x}" for x in labels_asked(text)]
        return labels_asked(text)

    def named(self, records: ImageSet, how: ImageSamplingConfig, first: int) -> ImageSet:
        """Add the ids of the table of labels."""
        ids = self.wishes(how).ids[first : first + len(records)]
        return replace(records, columns={**records.columns, WANTED: np.array(ids, object)})

    def draw(self, generator: nn.Module, noise: ImageNoise, how: ImageSamplingConfig) -> np.ndarray:
        """Paint the images of some noise; behind each are the bytes of its labels."""
        found = super().draw(generator, noise, how)
        if not self.conditions.size:
            return found
        images = found[:, : -self.shape.labels]
        return np.hstack([images, noise.labels.cpu().numpy().astype(images.dtype)])

    # --- records and tensors --------------------------------------------------------------

    def stored(self, records: ImageSet) -> Tensor:
        """Lay images out in their own depth; with labels (n, pixels + size), their bytes last."""
        images = self.checked(records)
        wide = images.pixels if self.depth == "uint8" else images.pixels.astype(np.int32)
        pixels = torch.from_numpy(np.ascontiguousarray(wide))
        if not self.conditions.size:
            return pixels
        codes = self.conditions.codes(images.texts, len(images))
        return torch.cat([pixels.flatten(1), torch.from_numpy(codes).to(pixels.dtype)], 1)

    def batches(self, train: ImageSet, config: ImageGANConfig) -> Stream:
        """Lay the training images out; their labels are blurred anew in each batch."""
        found = super().batches(train, config)
        return BlurredBatches(found, self.conditions) if self.conditions.size else found

    def encoder(
        self, device: torch.device, critic: nn.Module | None = None
    ) -> Callable[[Tensor], Tensor]:
        """Scale intensities to [-1, 1]; put the labels beside them as the networks read them."""
        size, labels = self.conditions.size, LabelEncoder(self.conditions)

        def encode(stored: Tensor) -> Tensor:
            batch = stored.to(device)
            if not size:
                return self._scaled(batch)
            return join(self._scaled(batch[:, :-size]), labels(batch[:, -size:]))

        return encode

    def _scaled(self, pixels: Tensor) -> Tensor:
        return (pixels.float() - self.low) * (2 / (self.high - self.low)) - 1

    def decode(self, batch: np.ndarray, prefix: str, first: int, rough: bool = False) -> ImageSet:
        """Turn what :meth:`draw` writes into images of the depth of the training data."""
        texts: dict[str, list[str]] = {}
        if size := self.conditions.size:
            texts = self.conditions.texts(batch[:, -size:].astype(np.uint8))
            batch = batch[:, :-size].reshape(-1, *self.shape[:3])
        grey = (batch + 1) * ((self.high - self.low) / 2) + self.low
        # What the generator overshoots would wrap around.
        pixels = np.rint(np.clip(grey, 0, DEPTHS[self.depth])).astype(self.depth)
        ids = tuple(f"{prefix}_{i}" for i in range(first + 1, first + 1 + len(pixels)))
        labels, names = None, tuple[str, ...]()
        own = texts.get(self.class_name)
        if own is not None and all(own):
            del texts[self.class_name]
            names = tuple(dict.fromkeys((*self.classes, *self.conditions[self.class_name].values)))
            number = {name: i for i, name in enumerate(names)}
            labels = np.array([number[text] for text in own], np.int64)
        columns = {name: np.array(column, object) for name, column in texts.items()}
        return ImageSet(
            pixels, ids, labels, names, self.frames, "generated", (), self.class_name, columns
        )

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
        absent = [part.name for part in self.conditions if part.name not in records.texts]
        if self.conditions.whole and absent:
            raise DataError(f"{records.source}: this model needs the label {absent[0]} of images")
        return records


def learned(records: ImageSet, config: ImageGANConfig) -> tuple[Conditions, list[str]]:
    """Return the labels of training images that are learned, and what there is to say of labels."""
    asked, conditional, own = [*config.conditions], config.conditional, records.class_name
    if conditional and records.labels is None:
        raise ConfigError(
            f"--conditional: {records.source} has no labels: give them with --labels, or one "
            "folder a class"
        )
    if conditional is None and not asked and records.labels is not None:
        counts = np.bincount(records.labels, minlength=len(records.classes))
        conditional = len(counts) > 1 and counts.min() >= LEARNABLE
    if conditional and own not in [parse_condition(text)[0] for text in asked]:
        asked.append(f"{own}=class")
    conditions, lines = conditions_of(records.texts, asked, np.ones(len(records)))
    return replace(conditions, whole=not any(part.missing for part in conditions)), lines


def _classes_alone(classes: tuple[str, ...], shares: Sequence[float]) -> Conditions:
    """Return the labels of a model of biogan 0.2 or before, which knew the shares of classes."""
    if len(shares) != len(classes):
        raise CheckpointError("'shares' of layout are not those of its classes")
    if len(classes) > MOST_CLASSES:
        raise CheckpointError(f"'classes' of layout are {len(classes):,}: at most {MOST_CLASSES:,}")
    counts = tuple(round(share * _ALL) for share in shares)
    part = Condition(CLASS, "class", sum(counts), 0, classes, counts)
    some = [i for i, count in enumerate(counts) if count]
    rows = tuple(bytes([i]) for i in some)
    return Conditions((part,), rows, tuple(counts[i] for i in some), whole=True)
