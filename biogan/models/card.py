"""The model card: what ``config.json`` says about data, options, training and versions.

Reading ``config.json``: whoever uses a model card later finds in it what it needs.
"""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import biogan
from biogan.core.errors import BioganError, CheckpointError, ConfigError
from biogan.core.files import read_json
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.tokenizer import Tokenizer
from biogan.training.config import TrainingConfig
from biogan.training.presets import ImageGANConfig
from biogan.training.trainer import Trainer

SCHEMA = 1
#: Kinds of model, as their cards call them.
SEQUENCES, IMAGES = "sequence-gan", "image-gan"
# Options that cards of before do not have, as those runs were.
LATER_OPTIONS = {"rotate": False}
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
_SEQUENCES: dict[str, _Types] = {"alphabet": dict, "length": int, "kind": str}
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


def read_card(path: Path, kind: str | None = None) -> dict[str, Any]:
    """Read ``config.json`` and see that it is whole.

    Parameters
    ----------
    path : Path
        The file.
    kind : str, optional
        Kind of model that is needed: :data:`SEQUENCES` or :data:`IMAGES`.

    Raises
    ------
    CheckpointError
        If it is damaged, or no model of this kind that this version understands.
    """
    data = read_json(path, CheckpointError)
    if not isinstance(data, dict) or "kind" not in data or "schema" not in data:
        raise CheckpointError(f"{path}: not written by biogan (no 'kind' and 'schema')")
    if data["schema"] != SCHEMA:
        raise CheckpointError(
            f"{path}: schema {data['schema']!r}, this version reads {SCHEMA}: update biogan"
        )
    if kind is not None and data["kind"] != kind:
        commands = "biogan image" if data["kind"] == IMAGES else "biogan"
        raise CheckpointError(
            f"{path}: this model is of kind {data['kind']}, {kind} is needed: use {commands}"
        )
    try:
        _check(data)
    except BioganError as error:
        raise CheckpointError(f"{path}: damaged: {error}") from error
    return data


def _check(data: dict[str, Any]) -> None:
    """Refuse a card whose parts are not what they are read as; fill in what older ones lack."""
    _hold("the card", data, {"biogan": str, **dict.fromkeys(_PARTS, dict)})
    for part, wanted in _PARTS.items():
        _hold(part, data[part], wanted)
    if isinstance(data.get("training"), dict):
        data["training"] = with_present_names(data["training"])
    for part, wanted in _LATER.items():
        if data.get(part) is not None:
            _hold("the card", data, {part: dict})
            _hold(part, data[part], wanted)
    done = data.get("training") or {"references": {}}
    _hold("references", done["references"], dict.fromkeys(done["references"], _MAYBE))
    if data["data"].get("input") is not None:
        _hold("data", data["data"], {"input": dict})
    options: type[TrainingConfig] = ImageGANConfig
    if data["kind"] == SEQUENCES:
        options = SequenceGANConfig
        data["config"] = LATER_OPTIONS | data["config"]
        _check_layout(data["layout"])
    # A newer version may know more options: reading a card aloud needs none of them.
    known = {field.name for field in dataclasses.fields(options)}
    read = options.from_dict({k: v for k, v in data["config"].items() if k in known}).to_dict()
    _hold(
        "config", {k: v for k, v in read.items() if v is not None}, dict.fromkeys(_NEEDED, object)
    )
    data["config"] = read | data["config"]


def _check_layout(layout: Mapping[str, Any]) -> None:
    _hold("layout", layout, _SEQUENCES)
    _hold("alphabet", layout["alphabet"], {"name": str, "letters": str, "ambiguity": dict})
    try:
        Tokenizer.from_dict(dict(layout)).describe()
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"layout cannot be read ({error})") from error


def _hold(name: str, part: Mapping[str, Any], wanted: Mapping[str, _Types]) -> None:
    """Refuse a part without what is read of it."""
    for key, types in wanted.items():
        if key not in part or (part[key] is None and not isinstance(None, types)):
            raise CheckpointError(f"{name} has no {key!r}")
        if not isinstance(part[key], types):
            raise CheckpointError(f"{key!r} of {name} is {str(part[key])[:40]!r}")


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
        :data:`biogan.models.card.SEQUENCES` or ``IMAGES``.
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
