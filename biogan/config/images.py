"""Options of an image GAN: three presets, and what may be changed in each."""

from __future__ import annotations

from dataclasses import dataclass

from biogan.config.training import LOSSES, TrainingConfig
from biogan.options import Options, option

PRESETS = ("relativistic", "wgan-gp", "classic")
SIZES = (16, 28, 32, 64, 128)
IMAGE_ARCHITECTURES = ("dcgan", "chain")


@dataclass(frozen=True)
class ImageGANConfig(TrainingConfig):
    """Options of an image GAN; what is left open is filled in by the preset."""

    preset: str | None = option(
        None,
        "Settings that belong together: a modern loss, WGAN-GP, or the classic DCGAN (wgan-gp; "
        "relativistic for structures).",
        "Networks",
        choices=PRESETS,
    )
    architecture: str | None = option(
        None,
        "Family of generator and critic (dcgan; for structures chain, which writes coordinates).",
        "Networks",
        choices=IMAGE_ARCHITECTURES,
    )
    width: int | None = option(
        None,
        "Channels of the largest convolution of either network (64; 32 for quick presets).",
        "Networks",
        low=1,
        high=1024,
    )
    latent: int = option(100, "Size of the latent vector.", "Networks", low=1, high=65536)
    batch_norm: bool | None = option(None, "Batch norm in the generator.", "Networks")
    dropout: float | None = option(
        None, "Share of the critic's features that is dropped while training.", "Networks", low=0,
        high=0.9,
    )  # fmt: skip
    conditional: bool | None = option(
        None,
        "Learn each class, which sample can then ask for: needs labels (where there are labels, "
        "and 50 images or more of every class).",
        "Networks",
    )
    augment: str = option(
        "none",
        "Changes that real and generated images undergo before the critic sees them, joined by "
        "commas: flip, rotate, shift, cutout, brightness, contrast, cells (flip, rotate "
        "and shift), or none.",
        "Data",
    )
    validation: float = option(
        0.1, "Share of the images kept for validation.", "Data", low=0, high=0.5
    )

    loss: str | None = option(None, "Adversarial loss.", "Loss", choices=LOSSES)
    batch_size: int | None = option(None, "Images in a batch.", "Optimiser", low=1)
    lr: float | None = option(None, "Learning rate of Adam.", "Optimiser", low=0)
    beta1: float | None = option(
        None, "Adam's first moment decay.", "Optimiser", low=0, high=0.9999
    )
    beta2: float | None = option(
        None, "Adam's second moment decay.", "Optimiser", low=0, high=0.999999
    )
    decay_start: float | None = option(
        None, "Share of the run after which the learning rate falls.", "Optimiser", low=0, high=1
    )
    decay_to: float | None = option(
        None, "Share of the learning rate left at the end.", "Optimiser", low=0, high=1
    )
    ema: float | None = option(
        None, "Decay of the averaged generator weights.", "Optimiser", low=0, high=0.999999
    )


@dataclass(frozen=True)
class ImageReadingConfig(Options):
    """How images and structures are read."""

    size: int | None = option(
        None,
        "Height and width in pixels: 16, 28, 32, 64 or 128; others are resized (found from the "
        "data).",
        "Input",
        low=16,
        high=128,
    )
    crop: str = option(
        "none",
        "Where an image is not square, or larger than --size: none (resize it), center, or tiles "
        "(cut it into squares of --size).",
        "Input",
        choices=("none", "center", "tiles"),
    )
    frames: int | None = option(
        None,
        "Images of a folder or pages of a TIFF that belong together as a time series, and are "
        "generated together.",
        "Input",
        low=2,
        high=64,
    )
    colour: str = option(
        "auto", "Grey, colour, or as the files are.", "Input", choices=("auto", "grey", "rgb")
    )
    labels: str | None = option(
        None,
        "IDX file of labels, or TSV (first column id, second column class or, for structures, "
        "family); found beside MNIST files and from the folders of images.",
        "Input",
    )
    residues: int | None = option(
        None,
        "Cut structures into fragments of this many residues: 16, 32, 64 or 128.  [default: 64]",
        "Input",
        low=16,
        high=128,
    )
