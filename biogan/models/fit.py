"""A run and its folder: begun or taken up again, saved while it goes on, described when it ends."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from torch import nn

from biogan.core.errors import CheckpointError, ConfigError, Interrupted
from biogan.core.files import atomic_path
from biogan.core.protocols import Callback
from biogan.models.card import check_same_run, training_card
from biogan.models.checkpoint import CRITIC, GENERATOR, LOG, STATE, ModelFolder, held
from biogan.training.config import TrainingConfig
from biogan.training.engine import Engine
from biogan.training.trainer import Trainer


@contextmanager
def run_folder(
    out: str | Path | None, resume: bool, overwrite: bool, engine: Engine
) -> Iterator[ModelFolder | None]:
    """Give the folder of a run, held until the block ends; refused before what takes time.

    Raises
    ------
    OutputError, CheckpointError
        If it cannot be used.
    """
    if out is None:
        if resume:
            raise ConfigError("resume: needs out, the folder of the run that is to go on")
        yield None
        return
    folder = ModelFolder(out)
    with ExitStack() as stack:

        def hold() -> None:
            folder.check(resume, overwrite)
            stack.enter_context(held(folder.home))

        engine.alone(hold)
        yield folder


def saver(
    folder: ModelFolder | None,
    card: dict[str, Any],
    bare: Callable[[nn.Module], nn.Module] = lambda critic: critic,
) -> Callable[[Trainer], None] | None:
    """Return what a trainer calls to write its model and state; nothing without a folder.

    In a folder with an older model it writes beside that one until a generator is kept.
    ``bare`` takes off a critic what serves training alone, so that a loaded model has its weights.
    """
    if folder is None:
        return None

    def save(trainer: Trainer) -> None:
        card["training"] = training_card(trainer)
        folder.write_weights(GENERATOR, trainer.best.network)
        folder.write_weights(CRITIC, bare(trainer.adversarial_step.critic))
        folder.write_config(card)
        folder.write_state(trainer.state())
        folder.saved = trainer.step_count
        if trainer.best.step:
            folder.settle()

    return save


def restore(folder: ModelFolder, trainer: Trainer) -> None:
    """Put a trainer back to the saved state, and the log to the step of that state.

    Raises
    ------
    CheckpointError
        If the state is damaged or of another model.
    """
    state = folder.read_state(trainer.engine.device)
    try:
        trainer.load_state(state)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise CheckpointError(
            f"{folder.path / STATE}: not the state of this model, the run cannot be resumed"
        ) from error
    folder.saved = trainer.step_count
    trainer.engine.alone(folder.tidy)
    trainer.engine.alone(lambda: trim_log(folder.path / LOG, trainer.step_count))


def trim_log(path: Path, step: int) -> None:
    """Drop log lines later than ``step``: a resumed run writes them again."""
    if not path.is_file():
        return
    kept = []
    for line in path.read_text().splitlines():
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line + "\n")
        except (ValueError, KeyError, TypeError):
            continue  # a line that a kill cut short
    with atomic_path(path) as temporary:
        temporary.write_text("".join(kept))


def stopped(error: Interrupted | KeyboardInterrupt, folder: ModelFolder | None) -> BaseException:
    """Return what a run that was stopped ends with: it says what is in its folder."""
    if folder is None:
        return error
    if isinstance(error, Interrupted):
        code, name = error.exit_code, signal.Signals(error.exit_code - 128).name
    else:
        code, name = 128 + signal.SIGINT, "SIGINT"
    if folder.replacing:
        left = f"stopped before the first check, the model in {folder.home} is as it was"
    elif isinstance(error, Interrupted):
        return error
    elif folder.saved is None:
        left = f"stopped at once, nothing is saved in {folder.path}"
    else:
        left = f"stopped at once; the state of step {folder.saved} is in {folder.path}, --resume "
        left += "goes on"
    return Interrupted(f"{name}: {left}", code)


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
    afterwards: str | None = None,
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
    afterwards : str, optional
        Key of the card that is made after the training: a run that was stopped before is over and
        yet goes on from there.

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
        restore(folder, trainer)
        card["training"] = training_card(trainer)
        if trainer.over and afterwards and afterwards not in old:
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
    lines = list(card["data"]["split"])
    if resume:
        lines.append(f"going on from step {trainer.step_count:,}")
    if folder:
        engine.alone(lambda: folder.write_config(card))
        if folder.replacing:
            lines.append(f"the model in {folder.home} stays until this run has kept a generator")
    tell(callbacks, engine, "start", lines=lines)
    try:
        trainer.run()
    except (Interrupted, KeyboardInterrupt) as error:
        raise stopped(error, folder) from error
    finally:
        if folder:
            folder.discard()
        card["training"] = training_card(trainer)
        end(trainer)
    return trainer
