"""Options of reading and sampling images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from biogan.core.options import InputOptions, option
from biogan.training.config import LabelSamplingConfig

SIZES = (16, 28, 32, 64, 128)


@dataclass(frozen=True)
class ImageReadingConfig(InputOptions):
    """How images are read."""

    size: int | None = option(
        None,
        "Height and width in pixels: 16, 28, 32, 64 or 128; images of another size are resized "
        "(found from the data).",
        "Input",
        low=16,
        high=128,
        level="basic",
    )
    crop: Literal["none", "center", "tiles"] = option(
        "none",
        "Images that are not square, or larger than --size: none (resize them), center (cut out "
        "the middle), or tiles (cut into squares of --size).",
        "Input",
        level="basic",
    )
    frames: int | None = option(
        None,
        "Number of images of a folder, or pages of a TIFF, that form one time series; a series "
        "is generated as a whole.",
        "Input",
        low=2,
        high=64,
    )
    colour: Literal["auto", "grey", "rgb"] = option(
        "auto", "Read images as grey, as colour (rgb), or as the files are (auto).", "Input"
    )
    labels: str | None = option(
        None,
        "IDX file of labels, or TSV (first column id, each further column a label, the first of "
        "which is the class unless it holds numbers); found beside MNIST files and from the "
        "folders of images.",
        "Input",
        level="basic",
        file=True,
    )


@dataclass(frozen=True)
class ImageSamplingConfig(LabelSamplingConfig):
    """How images are drawn from a trained generator."""
