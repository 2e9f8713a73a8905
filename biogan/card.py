"""The model card: what ``config.json`` says about data, options, training and versions."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

import biogan
from biogan.config import SequenceGANConfig
from biogan.datasets.layout import Layout
from biogan.datasets.sequences import SequenceSet
from biogan.datasets.splits import Split
from biogan.datasets.store import SequenceStore
from biogan.datasets.stored_split import StoredSplit
from biogan.errors import ConfigError
from biogan.training.trainer import Trainer

KIND = "sequence-gan"


def model_card(
    config: SequenceGANConfig,
    layout: Layout,
    sequences: SequenceSet | SequenceStore,
    parts: Split | StoredSplit,
    reasons: list[str],
) -> dict[str, Any]:
    """Describe a model before it is trained.

    Parameters
    ----------
    config : SequenceGANConfig
        Options with nothing left open.
    layout : Layout
        Letters and length.
    sequences : SequenceSet or SequenceStore
        All of the data.
    parts : Split or StoredSplit
        What is trained on and what is kept for validation.
    reasons : list of str
        Why open options were chosen as they are.
    """
    report = sequences.report
    return {
        "kind": KIND,
        "biogan": biogan.__version__,
        "config": config.to_dict(),
        "chosen": reasons,
        "layout": layout.to_dict(),
        "data": {
            "records": len(sequences),
            "train": len(parts.train),
            "validation": len(parts.held_out),
            "digest": sequences.digest,
            "input": report.to_dict() if report is not None else None,
            "split": list(parts.report),
            "stored": isinstance(sequences, SequenceStore),
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy", "biopython")},
        },
    }


def training_card(trainer: Trainer) -> dict[str, Any]:
    """Describe how far a run has come and which generator is kept."""
    return {
        "steps": trainer.step_count,
        "seconds": round(trainer.elapsed, 1),
        "kept_step": trainer.best_step,
        "fidelity": trainer.score,
        "beside": dict(trainer.beside),
        "rollbacks": trainer.good.count,
        "ended": trainer.ended,
        "processes": trainer.engine.world,
        "device": str(trainer.engine.device),
    }


def check_same_run(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Compare the card of a run that is to be resumed with that of this call.

    Raises
    ------
    ConfigError
        If an option or the data differ; the message lists each difference.
    """
    config = SequenceGANConfig.from_dict(new["config"])
    differences = SequenceGANConfig.from_dict(old["config"]).differences(config)
    if old["data"]["digest"] != new["data"]["digest"]:
        differences.append("the sequences are others than those the run began with")
    elif old["data"].get("stored", False) != new["data"]["stored"]:
        differences.append("the sequences were stored and are now in memory, or the other way")
    if differences:
        raise ConfigError("--resume: this is another run: " + "; ".join(differences))
