"""Options of a sequence GAN."""

from __future__ import annotations

from dataclasses import dataclass

from biogan.config.training import TrainingConfig
from biogan.errors import ConfigError
from biogan.options import option

REPEATS = ("all", "once")
HEADS = ("straight-through", "gumbel", "softmax")
ARCHITECTURES = ("resnet", "dense", "hybrid", "dcgan")


@dataclass(frozen=True)
class SequenceGANConfig(TrainingConfig):
    """Options of a sequence GAN."""

    architecture: str | None = option(
        None,
        "Family of generator and critic (hybrid).",
        "Networks",
        choices=ARCHITECTURES,
    )
    width: int | None = option(
        None, "Channels of the convolutions (by the data).", "Networks", low=1, high=4096
    )
    depth: int | None = option(
        None,
        "Residual blocks of convolutions in each network (by the data).",
        "Networks",
        low=1,
        high=64,
    )
    kernel: int = option(5, "Kernel size of the convolutions, odd.", "Networks", low=1, high=63)
    dilation: int | None = option(
        None,
        "Dilations double up to this value and start again (1: none; by the length).",
        "Networks",
        low=1,
    )
    attention: bool = option(False, "Add a self-attention layer to both networks.", "Networks")
    minibatch_std: bool = option(
        False,
        "Show the critic, while it trains, how the records of each eight of a batch differ.",
        "Networks",
    )
    units: int | None = option(
        None, "Hidden units of the dense layers (by the data).", "Networks", low=1, high=65536
    )
    latent: int = option(128, "Size of the latent vector.", "Networks", low=1, high=65536)
    position_noise: int = option(
        8, "Noise channels at each position beside the latent vector.", "Networks", low=0, high=4096
    )
    head: str = option(
        "straight-through", "How logits become letters while training.", "Networks", choices=HEADS
    )
    tau: float = option(1.0, "Temperature of the Gumbel-softmax.", "Networks", low=0.01, high=100)
    kmer_matching: float | None = option(
        None,
        "Weight of the distance between mean k-mer counts, at one length also by position, "
        "beside the critic (0: none; 1).",
        "Loss",
        low=0,
    )
    word: int | None = option(
        None,
        "Letters written together: 3 for codons (3 where the records are open reading frames, "
        "else 1).",
        "Data",
        low=1,
        high=8,
    )
    validation: float = option(
        0.1, "Share of the records kept for validation.", "Data", low=0, high=0.5
    )
    repeats: str | None = option(
        None,
        "Read a record that stands several times in the data as often, or once (once in "
        "alignments, else all).",
        "Data",
        choices=REPEATS,
    )
    judge_steps: int = option(
        200,
        "Steps of a critic against the kept generator at the end, for sample --refine (0: none; "
        "at most as many as the run has).",
        "Budget",
        low=0,
        free=True,
    )
    reverse_complement: bool | None = option(
        None,
        "Read each record from a random strand each time (DNA and RNA without gaps; on where no "
        "test tells the strands of 500 DNA records or more apart).",
        "Data",
    )
    rotate: bool | None = option(
        None,
        "Turn each record as a circle by a random number of letters each time, and write such "
        "records (one length, no gaps; on where letters hardly tell their place).",
        "Data",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kernel % 2 == 0:
            raise ConfigError(
                f"--kernel {self.kernel}: must be odd, so that positions stay aligned"
            )
        if self.architecture == "dcgan" and self.dilation not in (None, 1):
            raise ConfigError("--dilation: --architecture dcgan sees far by itself and has none")
