"""What every GAN is trained and sampled with, whatever its data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal, get_args

from biogan.core.errors import ConfigError
from biogan.core.options import ANY, Options, flag, option, seconds
from biogan.nn.config import ImageNetConfig

#: The names of the losses; the functions behind them are in :mod:`biogan.training.losses`, whose
#: table has exactly these, apart from here because ``--help`` must not load torch.
LossName = Literal["wgan-gp", "standard", "minimax", "hinge", "relativistic"]
Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["float32", "bf16"]
#: Layers of the critic that fine-tuning may leave as they are.
Freeze = Literal["early"]
#: The presets of images and structures; their settings are in :mod:`biogan.training.presets`.
PresetName = Literal["relativistic", "wgan-gp", "classic"]


@dataclass(frozen=True)
class TrainingConfig(Options):
    """What every GAN of biogan is trained with, whatever its data."""

    # It changed no result, only the time of a step (docs/experiments.md).
    dropped = {"compile": ANY}

    loss: LossName | None = option(
        None,
        "Adversarial loss (relativistic for unaligned sequences of one length, else wgan-gp).",
        "Loss",
        level="basic",
    )
    gp: float | None = option(
        None,
        "Weight of the gradient penalty of WGAN-GP, one-centred (chosen by the loss).",
        "Loss",
        low=0,
    )
    r1: float | None = option(
        None,
        "Weight of the gradient penalty on real data, zero-centred (chosen by the loss).",
        "Loss",
        low=0,
    )
    r2: float | None = option(
        None,
        "Weight of the gradient penalty on generated data, zero-centred (chosen by the loss).",
        "Loss",
        low=0,
    )
    critic_steps: int | None = option(
        None,
        "Critic updates for each generator update (chosen by the loss).",
        "Loss",
        low=1,
        high=1000,
    )
    penalty_every: int | None = option(
        None,
        "Compute the gradient penalties only in every n-th critic update, with n times their "
        "weight (chosen by the loss).",
        "Loss",
        low=1,
        high=1000,
    )
    batch_size: int | None = option(64, "Records in a batch.", "Optimiser", low=1, level="basic")
    lr: float | None = option(1e-3, "Learning rate of Adam.", "Optimiser", low=0)
    beta1: float | None = option(
        0.0, "Decay rate of Adam's first moment.", "Optimiser", low=0, high=0.9999
    )
    beta2: float | None = option(
        0.9, "Decay rate of Adam's second moment.", "Optimiser", low=0, high=0.999999
    )
    decay_start: float | None = option(
        0.5, "Share of the run after which the learning rate decreases.", "Optimiser", low=0, high=1
    )
    decay_to: float | None = option(
        0.02, "Learning rate at the end of the run, as a share of --lr.", "Optimiser", low=0, high=1
    )
    ema: float | None = option(
        0.9995,
        "Decay rate of the moving average of the generator's weights (0: no average).",
        "Optimiser",
        low=0,
        high=0.999999,
    )
    steps: int | None = option(
        None, "Stop after this many generator updates.", "Budget", low=1, free=True, level="basic"
    )
    max_time: str | None = option(
        None,
        "Stop after this time, e.g. 90s, 10m, 2h (10m where neither this nor --steps is given).",
        "Budget",
        free=True,
        level="basic",
    )
    check_every: int | None = option(
        None,
        "Generator updates between two checks on the validation split (by default 25 checks in "
        "a run).",
        "Budget",
        low=1,
    )
    patience: int | None = option(
        None,
        "Stop after this many checks in a row without improvement (unset: use all the time).",
        "Budget",
        low=1,
        free=True,
    )
    seed: int = option(0, "Seed of all random numbers.", "Budget", level="basic")
    device: Device = option(
        "auto",
        "Where to compute (auto: a GPU if there is one).",
        "Machine",
        free=True,
        level="basic",
    )
    threads: int | None = option(
        None,
        "CPU threads (by default up to 4: small networks do not profit from more).",
        "Machine",
        low=1,
        free=True,
        level="basic",
    )
    devices: int = option(
        1, "Number of processes on this machine, one for each device.", "Machine", low=1, free=True
    )
    nodes: int = option(1, "Number of machines.", "Machine", low=1, free=True)
    precision: Precision = option(
        "float32",
        "Number format of the networks during training; with bf16, weights, losses and "
        "penalties stay float32 (for large networks on a GPU; not tried on a GPU yet).",
        "Machine",
        level="experimental",
    )
    cuda_graph: bool = option(
        False,
        "Start each training step as one CUDA graph (one GPU; not tried on a GPU yet).",
        "Machine",
        free=True,
        level="experimental",
    )
    device_noise: bool = option(
        False,
        "Draw the noise on the GPU instead of the CPU: faster for large batches, but a seed "
        "gives other numbers on another model of GPU (not tried on a GPU yet).",
        "Machine",
        level="experimental",
    )

    validation: float = option(
        0.1, "Share of the records kept for validation.", "Data", low=0, high=0.5
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        seconds(self.max_time)

    def differences(self, other: TrainingConfig) -> list[str]:
        """Name the options that keep a run from being resumed under ``other``."""
        mine, theirs = self.to_dict(), other.to_dict()
        return [
            f"{flag(field.name)} was {mine[field.name]}, now {theirs[field.name]}"
            for field in dataclasses.fields(self)
            if not field.metadata["free"] and mine[field.name] != theirs[field.name]
        ]


@dataclass(frozen=True)
class LabelConfig(Options):
    """Which labels of the records are learned."""

    condition: str | None = option(
        None,
        "Labels to learn, so that sample --label can ask for them: NAME, or NAME=class, "
        "NAME=number, NAME=multi where the kind is not found rightly; may be repeated (labels: "
        "key=value in the headers, or --labels).",
        "Data",
        level="basic",
        repeat=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        # In one order, as the order in which labels are named means nothing.
        object.__setattr__(self, "condition", ",".join(self.conditions) or None)

    @property
    def conditions(self) -> tuple[str, ...]:
        """Labels to learn, ``NAME`` or ``NAME=KIND`` each."""
        names = [name.strip() for name in (self.condition or "").split(",")]
        return tuple(sorted(filter(None, names)))


@dataclass(frozen=True)
class ImageGANConfig(ImageNetConfig, LabelConfig, TrainingConfig):
    """Options of a GAN of images or structures; what is left open is filled in by the preset."""

    preset: PresetName | None = option(
        None,
        "Settings that belong together: relativistic (a modern loss), wgan-gp, or classic (the "
        "DCGAN of 2015). By default wgan-gp, for structures relativistic.",
        "Networks",
        level="basic",
    )
    conditional: bool | None = option(
        None,
        "Learn the class, so that sample --label can ask for one; needs labels (on where there "
        "are labels and at least 50 images of every class, and no --condition).",
        "Networks",
        level="basic",
    )
    augment: str = option(
        "none",
        "Random changes of real and generated images before the critic sees them, joined by "
        "commas: flip, rotate, shift, cutout, brightness, contrast, cells (flip, rotate and "
        "shift), or none.",
        "Data",
        level="basic",
    )
    validation: float = option(
        0.1, "Share of the images kept for validation.", "Data", low=0, high=0.5
    )
    loss: LossName | None = option(None, "Adversarial loss (chosen by the preset).", "Loss")
    batch_size: int | None = option(
        None, "Images in a batch (chosen by the preset).", "Optimiser", low=1
    )
    lr: float | None = option(
        None, "Learning rate of Adam (chosen by the preset).", "Optimiser", low=0
    )
    beta1: float | None = option(
        None,
        "Decay rate of Adam's first moment (chosen by the preset).",
        "Optimiser",
        low=0,
        high=0.9999,
    )
    beta2: float | None = option(
        None,
        "Decay rate of Adam's second moment (chosen by the preset).",
        "Optimiser",
        low=0,
        high=0.999999,
    )
    decay_start: float | None = option(
        None,
        "Share of the run after which the learning rate decreases (chosen by the preset).",
        "Optimiser",
        low=0,
        high=1,
    )
    decay_to: float | None = option(
        None,
        "Learning rate at the end of the run, as a share of --lr (chosen by the preset).",
        "Optimiser",
        low=0,
        high=1,
    )
    ema: float | None = option(
        None,
        "Decay rate of the moving average of the generator's weights; 0: no average (chosen by "
        "the preset).",
        "Optimiser",
        low=0,
        high=0.999999,
    )


#: How :mod:`biogan.models.refinement` chooses among candidates.
Refinement = Literal["rejection", "mh", "labels"]
#: Methods that make a chain of candidates for each record, which keeps its labels.
CHAINS: tuple[Refinement, ...] = ("mh", "labels")
#: Of these the one that judges nothing but how well a candidate goes with its labels.
BY_LABELS: Refinement = "labels"
EFFORT = 10


@dataclass(frozen=True)
class SamplingConfig(Options):
    """How records are drawn from a trained generator; the same options give the same records."""

    seed: int = option(0, "Seed of all random numbers.", "Sampling", level="basic")
    refine: Literal["none", "rejection", "mh", "labels"] | None = option(
        None,
        "Choose among candidates, by rejection sampling or Metropolis-Hastings chains with the "
        "calibrated critic, or by chains with predictors of the labels alone (slower by about "
        "--effort; by default labels for sequence models that have learned some, else none).",
        "Sampling",
        level="basic",
    )
    effort: int | None = option(
        None,
        f"Candidates that --refine may use for each record (by default {EFFORT}).",
        "Sampling",
        low=1,
        level="basic",
    )
    device_noise: bool = option(
        False,
        "Draw the noise on the GPU instead of the CPU: faster, but a seed gives other records "
        "on another model of GPU.",
        "Sampling",
        level="experimental",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.refinement and self.device_noise:
            raise ConfigError(
                f"--refine {self.refine} --device-noise: refined records begin with those of the "
                "CPU's noise, take one of the two"
            )
        if self.refine == "none" and self.effort is not None:
            raise unrefined(self.effort)
        if self.refinement and self.effort is None:
            object.__setattr__(self, "effort", EFFORT)

    @property
    def refinement(self) -> Refinement | None:
        """How candidates are chosen; ``None`` where the first one is taken."""
        return None if self.refine == "none" else self.refine


@dataclass(frozen=True)
class LabelSamplingConfig(SamplingConfig):
    """How records are drawn from a generator that may have learned labels."""

    label: str | None = option(
        None,
        "What to write, of a model trained with --condition: NAME=CLASS, NAME=NUMBER, "
        "NAME=LOW:HIGH, NAME=top10 (per cent) or NAME=LABEL,LABEL; may be repeated; of images also "
        "the class alone (default: as often as in the training data).",
        "Sampling",
        level="basic",
        repeat=True,
    )
    labels: str | None = option(
        None,
        "TSV file of labels, one record to write in each row: first column an id, each further "
        "column a label, as for --label.",
        "Sampling",
        level="basic",
        file=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.label and self.labels:
            raise ConfigError("--label: cannot be combined with --labels, write it into the table")
        if self.labels and self.refine == "rejection":
            raise ConfigError(
                "--labels --refine rejection: keeps records in another order than that of the "
                "table, take --refine mh"
            )


def unrefined(effort: int) -> ConfigError:
    """Return the error of effort that nothing is spent on."""
    return ConfigError(
        f"--effort {effort}: nothing is refined, add --refine "
        + " or --refine ".join(get_args(Refinement)[:2])
    )
