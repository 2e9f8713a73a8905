"""The model card: what ``config.json`` says about data, options, training and versions.

It is checked when it is read: whoever uses it later finds in it what it needs.
"""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from biogan.core import __version__
from biogan.core.errors import BioganError, CheckpointError, ConfigError
from biogan.core.files import check_fields, read_json
from biogan.models.registry import kind_of_card, modality_from
from biogan.training.config import TrainingConfig
from biogan.training.modality import Plan
from biogan.training.trainer import Trainer

SCHEMA = 1
_NUMBER, _MAYBE = (int, float), (int, float, type(None))
_Types = type | tuple[type, ...]

# What is read of each part, and its type.
_PARTS: dict[str, dict[str, _Types]] = {
    "config": {},
    "layout": {},
    "data": {"records": int, "train": int, "validation": int, "digest": str, "split": list},
    "versions": {},
}
# Parts that a run has from its first checkpoint, or from its end.
_LATER: dict[str, dict[str, _Types]] = {
    "training": {
        "steps": int, "seconds": _NUMBER, "kept_step": int, "validation_distance": _MAYBE,
        "references": dict, "rollbacks": int, "ended": (str, type(None)), "processes": int,
        "device": str,
    },
    "judge": dict.fromkeys(
        ("slope", "intercept", "max_ratio", "auroc", "low", "high", "real", "generated"), _NUMBER
    ),
}  # fmt: skip
# Options without which nothing can be said of a model.
_NEEDED = (
    "architecture", "loss", "critic_steps", "gp", "r1", "r2", "lr", "batch_size", "ema", "seed",
)  # fmt: skip


# Keys that earlier versions wrote, in the card and in log.jsonl, and what they are called today.
_RENAMED = {"fidelity": "validation_distance", "beside": "references"}


def with_present_names(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of a card or a row of a log with the keys of this version.

    Examples
    --------
    >>> with_present_names({"step": 20, "fidelity": 1.5})
    {'step': 20, 'validation_distance': 1.5}
    """
    return {_RENAMED.get(key, key): value for key, value in part.items()}


def read_card(path: Path, allowed: tuple[str, ...] = ()) -> dict[str, Any]:
    """Read ``config.json`` and see that it is whole.

    Parameters
    ----------
    path : Path
        The file.
    allowed : tuple of str
        Kinds of data that are allowed, by default all.

    Raises
    ------
    CheckpointError
        If it is damaged, or no model of these kinds that this version understands.
    """
    data = read_json(path, CheckpointError)
    if not isinstance(data, dict) or "kind" not in data or "schema" not in data:
        raise CheckpointError(f"{path}: not written by biogan (no 'kind' and 'schema')")
    if data["schema"] != SCHEMA:
        raise CheckpointError(
            f"{path}: schema {data['schema']!r}, this version reads {SCHEMA}: update biogan"
        )
    try:
        _check(data)
        found = kind_of_card(data).name
    except BioganError as error:
        raise CheckpointError(f"{path}: damaged: {error}") from error
    if allowed and found not in allowed:
        wanted = " or ".join(allowed)
        raise CheckpointError(f"{path}: this is a model of {found}, one of {wanted} is needed")
    return data


def _check(data: dict[str, Any]) -> None:
    """Refuse a card whose parts are not what they are read as; fill in what older ones lack."""
    check_fields("the card", data, {"biogan": str, **dict.fromkeys(_PARTS, dict)})
    for part, wanted in _PARTS.items():
        check_fields(part, data[part], wanted)
    if isinstance(data.get("training"), dict):
        data["training"] = with_present_names(data["training"])
    for part, wanted in _LATER.items():
        if data.get(part) is not None:
            check_fields("the card", data, {part: dict})
            check_fields(part, data[part], wanted)
    done = data.get("training") or {"references": {}}
    check_fields("references", done["references"], dict.fromkeys(done["references"], _MAYBE))
    if data["data"].get("input") is not None:
        check_fields("data", data["data"], {"input": dict})
    kind = kind_of_card(data)
    data["config"] = {**kind.absent, **data["config"]}
    modality_from(data)
    # A newer version may know more options: reading a card aloud needs none of them.
    known = {field.name for field in dataclasses.fields(kind.config)}
    read = kind.config.from_dict({k: v for k, v in data["config"].items() if k in known}).to_dict()
    needed = [name for name in _NEEDED if name in known]
    check_fields(
        "config", {k: v for k, v in read.items() if v is not None}, dict.fromkeys(needed, object)
    )
    data["config"] = read | data["config"]


def model_card(plan: Plan, data: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a model before it is trained.

    Parameters
    ----------
    plan : Plan
        The kind of data, and the options with nothing left open.
    data : mapping
        Numbers of records, digest, how they were read and split.
    """
    modality = plan.modality
    packages = ("torch", "numpy", *modality.packages)
    return {
        "kind": modality.card,
        "biogan": __version__,
        "config": plan.config.to_dict(),
        "chosen": list(plan.reasons),
        "layout": modality.to_dict(),
        "data": dict(data),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in packages},
        },
    }


def training_card(trainer: Trainer) -> dict[str, Any]:
    """Describe how far a run has come and which generator is kept."""
    return {
        "steps": trainer.step_count,
        "seconds": round(trainer.elapsed, 1),
        "kept_step": trainer.best.step,
        "validation_distance": trainer.score,
        "references": dict(trainer.references),
        "rollbacks": trainer.last_good.count,
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
