"""Options of GANs of images and structures: presets of settings that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from biogan.core.options import option
from biogan.nn.config import ImageNetConfig
from biogan.training.config import LossName, TrainingConfig
from biogan.training.losses import OWN_DEFAULTS, own_defaults
from biogan.training.trainer import DEFAULT_TIME, check_patience

if TYPE_CHECKING:
    from biogan.core.protocols import Domain


PresetName = Literal["relativistic", "wgan-gp", "classic"]


@dataclass(frozen=True)
class ImageGANConfig(ImageNetConfig, TrainingConfig):
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
        "Learn each class, so that sample --label can ask for one; needs labels (on where there "
        "are labels and at least 50 images of every class).",
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


#: What each preset fills in; measured in docs/benchmarks.md.
SETTINGS: dict[PresetName, dict[str, Any]] = {
    "relativistic": {
        "loss": "relativistic", "r1": 0.02, "r2": 0.02, "penalty_every": 1, "width": 32,
        "batch_norm": True,
        "dropout": 0.0, "batch_size": 64, "lr": 1e-3, "beta1": 0.0, "beta2": 0.9, "ema": 0.999,
        "decay_start": 0.5, "decay_to": 0.02,
    },
    "wgan-gp": {
        "loss": "wgan-gp", "gp": 1.0, "critic_steps": 2, "penalty_every": 1, "width": 32,
        "batch_norm": True,
        "dropout": 0.0, "batch_size": 64, "lr": 1e-3, "beta1": 0.0, "beta2": 0.9, "ema": 0.999,
        "decay_start": 0.5, "decay_to": 0.02,
    },
    # Goodfellow's game with the settings of the DCGAN tutorials: no penalty, no averaging.
    "classic": {
        "loss": "standard", "r1": 0.0, "width": 64, "batch_norm": True, "dropout": 0.3,
        "batch_size": 128, "lr": 1e-4, "beta1": 0.9, "beta2": 0.999, "ema": 0.0,
        "decay_start": 1.0, "decay_to": 1.0,
    },
}  # fmt: skip

#: The preset of each kind of data, where none is asked for.
BEST = {"pixels": "wgan-gp", "distances": "relativistic"}
#: Instead, for structures: a map of 64 residues is five times an image of MNIST, and steps count.
STRUCTURES = {"width": 16, "batch_size": 32}


def described(records: int, domain: Domain, reasons: Sequence[str]) -> list[str]:
    """Say what is learned from, and what was chosen for it.

    Parameters
    ----------
    records : int
        Number of images or fragments.
    domain : Domain
        What they are.
    reasons : sequence of str
        What :func:`resolve` chose.
    """
    lines = [f"{records:,} {domain.noun}s: {domain.describe()}"]
    return lines + [f"chosen: {reason}" for reason in reasons]


def resolve(config: ImageGANConfig, domain: Domain) -> tuple[ImageGANConfig, list[str]]:
    """Fill in what the configuration leaves open.

    Parameters
    ----------
    config : ImageGANConfig
        Options; ``None`` means open.
    domain : Domain
        What is learned.

    Returns
    -------
    config : ImageGANConfig
        Nothing is open.
    reasons : list of str
        One sentence a choice.

    Raises
    ------
    ConfigError
        If one option makes another pointless.

    Examples
    --------
    >>> from biogan.structures.modality import Chains
    >>> resolve(ImageGANConfig(), Chains(residues=64))[0].preset
    'relativistic'
    """
    check_patience(config.patience, config.validation)
    kind, reasons = domain.kind, []
    if config.preset is None:
        config = config.replace(preset=BEST[kind])
        reasons.append(f"preset {config.preset} for {kind}")
    settings = SETTINGS[config.chosen("preset")] | (STRUCTURES if kind == "distances" else {})
    # A loss that was asked for by name brings its own penalties.
    own = config.loss in (None, settings["loss"])
    changes = {
        k: v
        for k, v in settings.items()
        if getattr(config, k) is None and (own or k not in OWN_DEFAULTS)
    }
    told = ", ".join(
        f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}" for k, v in changes.items()
    )
    if told:
        reasons.append(f"{told} for the preset {config.preset}")
    if config.conditional is None:
        changes["conditional"] = bool(domain.learned)
        if domain.learned:
            reasons.append(f"conditional, as each of {domain.learned} classes has many images")
    if config.architecture is None:
        changes["architecture"] = "chain" if kind == "distances" else "dcgan"
        reasons.append(f"architecture {changes['architecture']} for {kind}")
    if not config.steps and not config.max_time:
        changes["max_time"] = DEFAULT_TIME
        reasons.append(f"max_time {DEFAULT_TIME}, as neither --steps nor --max-time was given")
    config = config.replace(**changes)
    return config.replace(**own_defaults(config)), reasons
