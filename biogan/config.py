"""Options, declared once: the command line, the Python keywords and ``config.json`` are one thing.

From a field made with :func:`biogan.options.option` come ``biogan train --gp 10``,
``SequenceGAN(gp=10)`` and ``"gp": 10``. A new option is one line here.
"""

from __future__ import annotations

from dataclasses import dataclass

from biogan.errors import ConfigError
from biogan.options import Options, flag, option, seconds

LOSSES = ("wgan-gp", "standard", "minimax", "hinge", "relativistic")
HEADS = ("straight-through", "gumbel", "softmax")
REFINEMENTS = ("rejection", "mh")
DEVICES = ("auto", "cpu", "cuda", "mps")
ARCHITECTURES = ("resnet", "dense", "hybrid", "dcgan")


@dataclass(frozen=True)
class TrainingConfig(Options):
    """What every GAN of biogan is trained with, whatever its data."""

    loss: str | None = option(
        None,
        "Adversarial loss (relativistic for sequences of one length, else wgan-gp).",
        "Loss",
        choices=LOSSES,
    )
    gp: float | None = option(
        None, "Weight of the one-centred gradient penalty (WGAN-GP's lambda).", "Loss", low=0
    )
    r1: float | None = option(
        None, "Weight of the zero-centred penalty on real data.", "Loss", low=0
    )
    r2: float | None = option(
        None, "Weight of the zero-centred penalty on generated data.", "Loss", low=0
    )
    critic_steps: int | None = option(
        None, "Critic steps for each generator step.", "Loss", low=1, high=1000
    )
    batch_size: int = option(64, "Sequences in a batch.", "Optimiser", low=1)
    lr: float = option(1e-3, "Learning rate of Adam.", "Optimiser", low=0)
    beta1: float = option(0.0, "Adam's first moment decay.", "Optimiser", low=0, high=0.9999)
    beta2: float = option(0.9, "Adam's second moment decay.", "Optimiser", low=0, high=0.999999)
    decay_start: float = option(
        0.5, "Share of the run after which the learning rate falls.", "Optimiser", low=0, high=1
    )
    decay_to: float = option(
        0.02, "Share of the learning rate left at the end.", "Optimiser", low=0, high=1
    )
    ema: float = option(
        0.9995, "Decay of the averaged generator weights.", "Optimiser", low=0, high=0.999999
    )
    steps: int | None = option(None, "Stop after this many generator steps.", "Budget", low=1)
    max_time: str | None = option(
        None, "Stop after this time, e.g. 90s, 10m, 2h (10m if --steps is not given).", "Budget"
    )
    check_every: int | None = option(
        None, "Generator steps between two checks on the validation split.", "Budget", low=1
    )
    patience: int | None = option(
        None,
        "Stop after this many checks in a row without a better fidelity (never before the time).",
        "Budget",
        low=1,
    )
    seed: int = option(0, "Seed of every random stream.", "Budget")
    device: str = option("auto", "Where to compute.", "Machine", choices=DEVICES)
    threads: int | None = option(
        None, "CPU threads (up to 4: small networks gain nothing from more).", "Machine", low=1
    )
    devices: int = option(1, "Processes, one a device.", "Machine", low=1)
    nodes: int = option(1, "Machines.", "Machine", low=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        seconds(self.max_time)

    # Options that may change between a run and its resumption: they bound or place the work.
    FREE = (
        "steps", "max_time", "patience", "judge_steps", "device", "threads", "devices", "nodes",
    )  # fmt: skip

    def differences(self, other: TrainingConfig) -> list[str]:
        """Name the options that keep a run from being resumed under ``other``."""
        mine, theirs = self.to_dict(), other.to_dict()
        return [
            f"{flag(name)} was {mine[name]}, now {theirs[name]}"
            for name in mine
            if name not in self.FREE and mine[name] != theirs[name]
        ]


@dataclass(frozen=True)
class SequenceGANConfig(TrainingConfig):
    """Options of a sequence GAN."""

    architecture: str | None = option(
        None,
        "Family of generator and critic (hybrid).",
        "Networks",
        choices=ARCHITECTURES,
    )
    width: int | None = option(None, "Channels of the convolutions.", "Networks", low=1, high=4096)
    depth: int | None = option(
        None, "Residual blocks of convolutions in each network.", "Networks", low=1, high=64
    )
    kernel: int = option(5, "Kernel size of the convolutions, odd.", "Networks", low=1, high=63)
    dilation: int | None = option(
        None, "Dilations double up to this value and start again (1: none).", "Networks", low=1
    )
    attention: bool = option(False, "Add a self-attention layer to both networks.", "Networks")
    units: int | None = option(
        None, "Hidden units of the dense layers.", "Networks", low=1, high=65536
    )
    latent: int = option(128, "Size of the latent vector.", "Networks", low=1, high=65536)
    position_noise: int = option(
        8, "Noise channels at each position beside the latent vector.", "Networks", low=0, high=4096
    )
    head: str = option(
        "straight-through", "How logits become letters while training.", "Networks", choices=HEADS
    )
    tau: float = option(1.0, "Temperature of the Gumbel-softmax.", "Networks", low=0.01, high=100)
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
    judge_steps: int = option(
        200,
        "Steps of a critic against the kept generator at the end, for sample --refine (0: none).",
        "Budget",
        low=0,
    )
    reverse_complement: bool = option(
        False,
        "Read each record from a random strand each time (DNA and RNA without gaps; only where "
        "either strand means the same).",
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


@dataclass(frozen=True)
class ReadingConfig(Options):
    """How sequence files are read: one documented policy for each kind of doubtful letter."""

    format: str = option(
        "auto",
        "File format (auto: FASTQ for names in .fastq or .fq, else FASTA; lines: one bare "
        "sequence a line).",
        "Input",
        choices=("auto", "fasta", "fastq", "lines"),
    )
    alphabet: str | None = option(
        None, "dna, rna, protein or custom:LETTERS (found from the data).", "Input"
    )
    ambiguous: str = option(
        "drop",
        "Records with ambiguous letters (N, R, X, ...): drop them, resolve to a random "
        "possible letter, keep the letters as letters of their own, or stop.",
        "Input",
        choices=("drop", "resolve", "keep", "error"),
    )
    case: str = option(
        "auto",
        "Lower case: same as upper case, or an A2M insert to remove (auto: A2M only where "
        "the file has '.' gaps and lower case and taking both out aligns it).",
        "Input",
        choices=("auto", "upper", "a2m", "error"),
    )
    gaps: str = option(
        "auto",
        "Gaps '-' and '.': a letter, removed, or an error (auto: a letter where all records "
        "have one length, else removed).",
        "Input",
        choices=("auto", "letter", "remove", "error"),
    )
    stop: str = option(
        "strip",
        "'*': strip it at the end and drop records with one inside, keep it as a letter, "
        "drop every such record, or stop.",
        "Input",
        choices=("strip", "keep", "drop", "error"),
    )
    foreign: str = option(
        "drop",
        "Records with letters that no policy covers: drop them, or stop.",
        "Input",
        choices=("drop", "error"),
    )
    length: int | None = option(None, "Drop records longer than this.", "Input", low=1)
    window: int | None = option(
        None, "Cut records into windows of this length; drop shorter ones.", "Input", low=1
    )
    stride: int | None = option(
        None, "Distance between windows (the window length).", "Input", low=1
    )
    labels: str | None = option(
        None, "TSV of labels: first column id, one column a label; wins over headers.", "Input"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride is not None and self.window is None:
            raise ConfigError("--stride: needs --window")
        if self.length is not None and self.window is not None:
            raise ConfigError("--length: cannot be combined with --window")
