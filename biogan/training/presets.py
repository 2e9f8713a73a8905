"""Presets of GANs of images and structures: settings that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from biogan.training.config import ImageGANConfig, PresetName
from biogan.training.losses import OWN_DEFAULTS, own_defaults
from biogan.training.trainer import DEFAULT_TIME, check_patience

if TYPE_CHECKING:
    from biogan.core.protocols import Domain


#: What each preset fills in; measured in docs/benchmarks.md.
SETTINGS: dict[PresetName, dict[str, Any]] = {
    "relativistic": {
        "loss": "relativistic", "r1": 0.02, "r2": 0.02, "penalty_every": 1, "width": 32,
        "dropout": 0.0, "batch_size": 64, "lr": 1e-3, "beta1": 0.0, "beta2": 0.9, "ema": 0.999,
        "decay_start": 0.5, "decay_to": 0.02,
    },
    "wgan-gp": {
        "loss": "wgan-gp", "gp": 1.0, "critic_steps": 2, "penalty_every": 1, "width": 32,
        "dropout": 0.0, "batch_size": 64, "lr": 1e-3, "beta1": 0.0, "beta2": 0.9, "ema": 0.999,
        "decay_start": 0.5, "decay_to": 0.02,
    },
    # Goodfellow's game with the settings of the DCGAN tutorials: no penalty, no averaging.
    "classic": {
        "loss": "standard", "r1": 0.0, "width": 64, "dropout": 0.3,
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
