"""Options that the networks read: their families and sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from biogan.core.errors import ConfigError
from biogan.core.options import Options, option

Head = Literal["straight-through", "gumbel", "softmax"]
Architecture = Literal["resnet", "dense", "hybrid", "dcgan", "latent"]
ImageArchitecture = Literal["dcgan", "chain"]


@dataclass(frozen=True)
class SequenceNetConfig(Options):
    """Options of the networks of sequences."""

    architecture: Architecture | None = option(
        None,
        "Family of generator and critic (hybrid: resnet and dense side by side; latent: codes that "
        "a recurrent network writes out).",
        "Networks",
    )
    width: int | None = option(
        None, "Channels of the convolutions (chosen by the data).", "Networks", low=1, high=4096
    )
    depth: int | None = option(
        None,
        "Residual blocks of convolutions in each network (chosen by the data).",
        "Networks",
        low=1,
        high=64,
    )
    kernel: int = option(
        5, "Width of the convolutions, in positions; odd.", "Networks", low=1, high=63
    )
    dilation: int | None = option(
        None,
        "Dilations of the convolutions double up to this value and start again at 1 (1: none; "
        "chosen by the length).",
        "Networks",
        low=1,
    )
    attention: bool = option(False, "Add a self-attention layer to both networks.", "Networks")
    minibatch_std: bool = option(
        False,
        "While it trains, the critic also sees how much the records differ within each group of "
        "eight of a batch.",
        "Networks",
    )
    units: int | None = option(
        None,
        "Hidden units of the dense layers (chosen by the data).",
        "Networks",
        low=1,
        high=65536,
    )
    latent: int = option(128, "Size of the latent vector.", "Networks", low=1, high=65536)
    position_noise: int = option(
        8,
        "Channels of noise at each position, in addition to the latent vector.",
        "Networks",
        low=0,
        high=4096,
    )
    head: Head = option(
        "straight-through",
        "How the generator turns logits into letters during training.",
        "Networks",
    )
    tau: float = option(
        1.0,
        "Temperature of the Gumbel-softmax.",
        "Networks",
        low=0.01,
        high=100,
    )
    rotate: bool | None = option(
        None,
        "Circular sequences: rotate each record by a random number of letters each time it is "
        "read; generated records are rotated, too (needs one length and no gaps).",
        "Data",
    )
    shift: int | None = option(
        None,
        "Records without places: the generator writes a circle that is longer by so many letters, "
        "of which a record shows a window at a random place, and the critic sees stretches that "
        "are shorter by as many (0: none; needs one length and no gaps; a quarter of the length "
        "where letters are nearly independent of the position).",
        "Data",
        low=0,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kernel % 2 == 0:
            raise ConfigError(
                f"--kernel {self.kernel}: must be odd, so that positions stay aligned"
            )
        if self.architecture == "dcgan" and self.dilation not in (None, 1):
            raise ConfigError("--dilation: --architecture dcgan sees far by itself and has none")


@dataclass(frozen=True)
class ImageNetConfig(Options):
    """Options of the networks of images and of structures."""

    # Without it the generator hardly read its latent vector and collapsed (docs/experiments.md).
    dropped = {"batch_norm": True}

    architecture: ImageArchitecture | None = option(
        None,
        "Family of generator and critic (dcgan; for structures chain, which generates "
        "coordinates).",
        "Networks",
    )
    width: int | None = option(
        None,
        "Channels of the largest convolution of each network (chosen by preset and data).",
        "Networks",
        low=1,
        high=1024,
    )
    latent: int = option(100, "Size of the latent vector.", "Networks", low=1, high=65536)
    dropout: float | None = option(
        None,
        "Share of the critic's features that is set to zero during training (chosen by the "
        "preset).",
        "Networks",
        low=0,
        high=0.9,
    )
