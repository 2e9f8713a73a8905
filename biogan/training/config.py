"""What every GAN is trained with, whatever its data: loss, optimiser, budget, machine."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from biogan.core.options import Options, flag, option, seconds

#: The names of the losses; the functions behind them are in :mod:`biogan.training.losses`, whose
#: table has exactly these, apart from here because ``--help`` must not load torch.
LossName = Literal["wgan-gp", "standard", "minimax", "hinge", "relativistic"]
Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["float32", "bf16"]


@dataclass(frozen=True)
class TrainingConfig(Options):
    """What every GAN of biogan is trained with, whatever its data."""

    loss: LossName | None = option(
        None,
        "Adversarial loss (relativistic for unaligned sequences of one length, else wgan-gp).",
        "Loss",
    )
    gp: float | None = option(
        None,
        "Weight of the one-centred gradient penalty, WGAN-GP's lambda (by the loss).",
        "Loss",
        low=0,
    )
    r1: float | None = option(
        None, "Weight of the zero-centred penalty on real data (by the loss).", "Loss", low=0
    )
    r2: float | None = option(
        None,
        "Weight of the zero-centred penalty on generated data (by the loss).",
        "Loss",
        low=0,
    )
    critic_steps: int | None = option(
        None, "Critic steps for each generator step (by the loss).", "Loss", low=1, high=1000
    )
    penalty_every: int | None = option(
        None,
        "Critic steps from one with penalties to the next, with as many times their weight (by the "
        "loss).",
        "Loss",
        low=1,
        high=1000,
    )
    batch_size: int | None = option(64, "Records in a batch.", "Optimiser", low=1)
    lr: float | None = option(1e-3, "Learning rate of Adam.", "Optimiser", low=0)
    beta1: float | None = option(0.0, "Adam's first moment decay.", "Optimiser", low=0, high=0.9999)
    beta2: float | None = option(
        0.9, "Adam's second moment decay.", "Optimiser", low=0, high=0.999999
    )
    decay_start: float | None = option(
        0.5, "Share of the run after which the learning rate falls.", "Optimiser", low=0, high=1
    )
    decay_to: float | None = option(
        0.02, "Share of the learning rate left at the end.", "Optimiser", low=0, high=1
    )
    ema: float | None = option(
        0.9995, "Decay of the averaged generator weights.", "Optimiser", low=0, high=0.999999
    )
    steps: int | None = option(
        None, "Stop after this many generator steps.", "Budget", low=1, free=True
    )
    max_time: str | None = option(
        None,
        "Stop after this time, e.g. 90s, 10m, 2h (10m if --steps is not given).",
        "Budget",
        free=True,
    )
    check_every: int | None = option(
        None,
        "Generator steps between two checks on the validation split (25 checks a run).",
        "Budget",
        low=1,
    )
    patience: int | None = option(
        None,
        "Stop after this many checks in a row without a better fidelity (unset: use all the time).",
        "Budget",
        low=1,
        free=True,
    )
    seed: int = option(0, "Seed of every random stream.", "Budget")
    device: Device = option("auto", "Where to compute.", "Machine", free=True)
    threads: int | None = option(
        None,
        "CPU threads (by default up to 4: small networks gain nothing from more).",
        "Machine",
        low=1,
        free=True,
    )
    devices: int = option(1, "Processes, one a device.", "Machine", low=1, free=True)
    nodes: int = option(1, "Machines.", "Machine", low=1, free=True)
    precision: Precision = option(
        "float32",
        "Numbers of the networks while they train, where a GPU convolves in TF32; bf16 keeps "
        "weights, losses and penalties in float32 (for large networks on a GPU; not tried on one "
        "yet).",
        "Machine",
    )
    compile: bool = option(
        False,
        "Compile a training step first (torch.compile): one to six minutes, then shorter steps "
        "(one process; for long runs).",
        "Machine",
        free=True,
    )
    cuda_graph: bool = option(
        False,
        "Launch a training step at once, as a CUDA graph (one GPU; not tried on one yet).",
        "Machine",
        free=True,
    )
    device_noise: bool = option(
        False,
        "Draw the noise on the device, too: large batches need not wait for the CPU, but a seed "
        "means other numbers on every model of GPU (not tried on one yet).",
        "Machine",
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
