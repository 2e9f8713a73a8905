"""The model card: what ``config.json`` says about data, options, training and versions."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import biogan
from biogan.config import TrainingConfig
from biogan.errors import ConfigError
from biogan.training.trainer import Trainer


def model_card(
    kind: str,
    config: TrainingConfig,
    layout: Mapping[str, Any],
    data: Mapping[str, Any],
    reasons: Sequence[str],
    packages: Sequence[str] = (),
) -> dict[str, Any]:
    """Describe a model before it is trained.

    Parameters
    ----------
    kind : str
        :data:`biogan.training.cards.SEQUENCES` or ``IMAGES``.
    config : TrainingConfig
        Options with nothing left open.
    layout : mapping
        What one record is.
    data : mapping
        Numbers of records, digest, how they were read and split.
    reasons : sequence of str
        Why open options were chosen as they are.
    packages : sequence of str
        Packages beside torch and numpy whose version matters.
    """
    return {
        "kind": kind,
        "biogan": biogan.__version__,
        "config": config.to_dict(),
        "chosen": list(reasons),
        "layout": dict(layout),
        "data": dict(data),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy", *packages)},
        },
    }


def training_card(trainer: Trainer) -> dict[str, Any]:
    """Describe how far a run has come and which generator is kept."""
    return {
        "steps": trainer.step_count,
        "seconds": round(trainer.elapsed, 1),
        "kept_step": trainer.kept.step,
        "fidelity": trainer.score,
        "beside": dict(trainer.beside),
        "rollbacks": trainer.good.count,
        "ended": trainer.ended,
        "processes": trainer.engine.world,
        "device": str(trainer.engine.device),
    }


def check_same_run(
    old: Mapping[str, Any], new: Mapping[str, Any], options: type[TrainingConfig]
) -> None:
    """Compare the card of a run that is to be resumed with that of this call.

    Raises
    ------
    ConfigError
        If an option or the data differ; the message lists each difference.
    """
    config = options.from_dict(new["config"])
    differences = options.from_dict(old["config"]).differences(config)
    was, now = (
        "stored" if card["data"].get("stored", False) else "in memory" for card in (old, new)
    )
    if old["data"]["digest"] != new["data"]["digest"]:
        differences.append("the data are others than those the run began with")
    elif was != now:
        differences.append(f"the data were {was} and are now {now}")
    if differences:
        raise ConfigError("--resume: this is another run: " + "; ".join(differences))
