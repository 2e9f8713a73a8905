"""A run and its folder: begun or taken up again, saved while it goes on, described when it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from biogan.card import check_same_run, training_card
from biogan.config import TrainingConfig
from biogan.errors import ConfigError
from biogan.protocols import Callback
from biogan.training.engine import Engine
from biogan.training.folder import CRITIC, GENERATOR, ModelFolder
from biogan.training.trainer import Trainer


def run_folder(
    out: str | Path | None, resume: bool, overwrite: bool, engine: Engine
) -> ModelFolder | None:
    """Return the folder of a run, refused before what takes time if it must not be used.

    Raises
    ------
    OutputError, CheckpointError
        If it cannot be used.
    """
    if out is None:
        if resume:
            raise ConfigError("resume: needs out, the folder of the run that is to go on")
        return None
    folder = ModelFolder(out)
    engine.alone(lambda: folder.check(resume, overwrite))
    return folder


def saver(
    folder: ModelFolder | None,
    card: dict[str, Any],
    bare: Callable[[nn.Module], nn.Module] = lambda critic: critic,
) -> Callable[[Trainer], None] | None:
    """Return what a trainer calls to write its model and state; nothing without a folder.

    ``bare`` takes off a critic what serves training alone, so that a loaded model has its weights.
    """
    if folder is None:
        return None

    def save(trainer: Trainer) -> None:
        card["training"] = training_card(trainer)
        folder.write_weights(GENERATOR, trainer.best)
        folder.write_weights(CRITIC, bare(trainer.players.critic))
        folder.write_config(card)
        folder.write_state(trainer.state())

    return save


def tell(callbacks: Sequence[Callback], engine: Engine, event: str, **details: Any) -> None:
    """Tell the watchers of a run about an event; the first process speaks for all."""
    for callback in callbacks if engine.lead else ():
        callback.on_event(event, **details)


def carry_out(
    build: Callable[[], Trainer],
    card: dict[str, Any],
    config: TrainingConfig,
    engine: Engine,
    folder: ModelFolder | None,
    resume: bool,
    callbacks: Sequence[Callback],
    end: Callable[[Trainer], None],
    last: str | None = None,
) -> Trainer:
    """Train from the start, or go on with the run in the folder.

    Parameters
    ----------
    build : callable
        Returns the trainer.
    card : dict
        The model card, kept up to date.
    config : TrainingConfig
        Options with nothing left open.
    engine : Engine
        Device and processes.
    folder : ModelFolder or None
        Where the model is written; it has been checked.
    resume : bool
        Go on with the run that is there.
    callbacks : sequence of Callback
        Watchers, who are told what the run starts from.
    end : callable
        Receives the trainer at the end, also after an interrupt or a fault: what was learned until
        then can be used.
    last : str, optional
        What the card has when all is done that follows the training: a run that was stopped before
        is over and yet goes on from there.

    Raises
    ------
    ConfigError
        If the run that is to be resumed is another one, or has finished.
    """
    if folder and resume:
        old = folder.read_config(card["kind"])
        check_same_run(old, card, type(config))
        card["chosen"] = old.get("chosen", [])
    trainer = build()
    if folder and resume:
        folder.restore(trainer)
        card["training"] = training_card(trainer)
        if trainer.over and last and last not in old:
            end(trainer)
            return trainer
        if trainer.over:
            raise ConfigError(
                f"--resume: this run has finished ({trainer.step_count} steps, "
                f"{trainer.elapsed:.0f} s): "
                + (trainer.ended or "give a larger --steps or --max-time")
            )
    elif folder:
        engine.alone(lambda: folder.claim(card["data"].get("stored", False)))
    if folder:
        engine.alone(lambda: folder.write_config(card))
    tell(callbacks, engine, "start", lines=card["data"]["split"])
    try:
        trainer.run()
    finally:
        card["training"] = training_card(trainer)
        end(trainer)
    return trainer
