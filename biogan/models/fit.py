"""One fit, from records to a trained model: its folder, its trainer, its end.

:func:`fit` is the whole way; the functions below it are its parts in their order.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace
from torch import nn

from biogan.core.errors import CheckpointError, ConfigError, Interrupted
from biogan.core.protocols import Callback
from biogan.models.card import DataPart, ModelCard, check_same_run, model_card, training_part
from biogan.models.checkpoint import CRITIC, GENERATOR, LOG, STATE, ModelFolder, held
from biogan.models.refinement import CalibratedCritic, fit_critic
from biogan.models.sampling import drawer, stream
from biogan.nn.layers import Networks
from biogan.training.callbacks import JsonLog, forgiving, trim_log
from biogan.training.engine import Engine
from biogan.training.modality import Modality, Parts, Plan, Validation
from biogan.training.trainer import CheckResult, Trainer

# What is said of a folder that cannot be locked.
NO_LOCKS = "its file system has no locks: see to it that no second run writes there"
# What is left to do when a run is stopped between training and the calibrated critic.
CRITIC_LEFT = "; the model is whole, --resume trains the critic of sample --refine"


class Fitted(NamedTuple):
    """What a run has so far, also when it was stopped.

    Attributes
    ----------
    modality : Modality
        The kind of data.
    card : ModelCard
        What ``config.json`` holds.
    networks : Networks
        The generator that was kept, and the critic.
    calibrated : CalibratedCritic or None
        The critic that serves refinement, where there is one.
    """

    modality: Modality
    card: ModelCard
    networks: Networks
    calibrated: CalibratedCritic | None = None


def fit(
    records: Any,
    plan: Plan,
    *,
    out: str | Path | None,
    resume: bool,
    overwrite: bool,
    callbacks: Sequence[Callback],
    engine: Engine,
    reading: Mapping[str, Any] | None,
    end: Callable[[Fitted], None],
) -> None:
    """Train on a set of records.

    Parameters
    ----------
    records : set of records
        Training data, of which a part is kept for validation.
    plan : Plan
        The kind of data, and the options with nothing left open.
    out, resume, overwrite, callbacks, reading
        As of :meth:`biogan.models.gan.GAN.fit`.
    engine : Engine
        Device and processes.
    end : callable
        Receives what there is at the end of training, also after an interrupt or a fault, and once
        more with the critic that serves refinement.
    """
    modality, config = plan.modality, plan.config
    with run_folder(out, resume, overwrite, engine) as folder:
        unlocked = [f"{folder.home}: {NO_LOCKS}"] if folder and not folder.locked else []
        tell(callbacks, engine, "data", lines=[*unlocked, *plan.lines])
        parts = modality.split(records, config)
        card = model_card(plan, data_part(records, parts, modality, reading))
        found: Fitted

        def ended(trainer: Trainer, card: ModelCard) -> None:
            nonlocal found
            critic = modality.bare(trainer.adversarial_step.critic)
            found = Fitted(modality, card, Networks(trainer.best.network, critic))
            end(found)

        refining = bool(modality.refinement_steps(config) and len(parts.held_out))
        trainer = carry_out(
            lambda card: build_trainer(plan, parts, engine, folder, card, callbacks, refining),
            plan, card, engine, folder, resume, callbacks, ended,
            afterwards="judge" if refining else None,
        )  # fmt: skip
        if folder:
            engine.alone(lambda: modality.finish(folder.path, trainer.step_count))
        if calibrated := fit_critic(trainer, modality, parts, found.card, folder):
            critic, card = calibrated
            end(found._replace(card=card, calibrated=critic))


def data_part(
    records: Any, parts: Parts, modality: Modality, reading: Mapping[str, Any] | None
) -> DataPart:
    """Say what is trained on and what is kept for validation."""
    return DataPart(
        records=len(records),
        train=len(parts.train),
        validation=len(parts.held_out),
        digest=records.digest,
        split=list(parts.report),
        **modality.origin(records, reading),
    )


def build_trainer(
    plan: Plan,
    parts: Parts,
    engine: Engine,
    folder: ModelFolder | None,
    card: ModelCard,
    callbacks: Sequence[Callback],
    refining: bool = False,
) -> Trainer:
    """Put networks, batches, monitor and files together.

    Parameters
    ----------
    plan : Plan
        The kind of data, and the options with nothing left open.
    parts : Parts
        Training and validation records.
    engine : Engine
        Device and processes.
    folder : ModelFolder or None
        Where the model, its state and its log are written.
    card : ModelCard
        The model card, which is written at each save with how far the run has come.
    callbacks : sequence of Callback
        Further watchers.
    refining : bool
        Whether a critic for refinement is trained afterwards.
    """
    modality, config = plan.modality, plan.config
    networks = modality.networks(config)

    def progress(step: int, steps: int) -> None:
        tell(callbacks, engine, "features", step=step, steps=steps)

    def say(line: str) -> None:
        tell(callbacks, engine, "note", lines=[line])

    preview, log = None, []
    if folder:
        # Asked each time where it is: a run that replaces a model moves.
        log = [JsonLog(lambda: folder.path / LOG, say)]
        preview = forgiving(lambda some, step: modality.preview(some, folder.path, step), say)
    monitor = None
    if engine.lead:  # the first process judges for all
        with engine.busy():
            validation = modality.validation(parts, config, progress)
            monitor = ValidationMonitor(modality, validation, config.seed, preview)
    return Trainer(
        networks.generator,
        modality.augmented(networks.critic, config),
        modality.batches(parts.train, config),
        modality.encoder(engine.device),
        config,
        engine,
        monitor=monitor,
        callbacks=[*callbacks, *log],
        save=saver(folder, card, modality.bare),
        matching=modality.matching(config),
        afterwards=CRITIC_LEFT if refining else "",
    )


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
            folder.locked = stack.enter_context(held(folder.home))

        engine.alone(hold)
        yield folder


def saver(
    folder: ModelFolder | None,
    card: ModelCard,
    bare: Callable[[nn.Module], nn.Module],
) -> Callable[[Trainer], None] | None:
    """Return what a trainer calls to write its model and state; nothing without a folder.

    In a folder with an older model it writes beside that one until a generator is kept.
    ``bare`` takes off a critic what serves training alone, so that a loaded model has its weights.
    """
    if folder is None:
        return None

    def save(trainer: Trainer) -> None:
        critic = bare(trainer.adversarial_step.critic)
        folder.save(
            replace(card, training=training_part(trainer)),
            {GENERATOR: trainer.best.network, CRITIC: critic},
            trainer.state(),
        )
        folder.saved = trainer.step_count
        if trainer.best.step:
            folder.settle()

    return save


def restore(folder: ModelFolder, trainer: Trainer) -> list[str]:
    """Put a trainer back to the saved state, and the log to the step of that state.

    Returns
    -------
    list of str
        What there is to say.

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
    notes: list[str] = []
    trainer.engine.alone(lambda: notes.append(trim_log(folder.path / LOG, trainer.step_count)))
    return [note for note in notes if note]


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
    build: Callable[[ModelCard], Trainer],
    plan: Plan,
    card: ModelCard,
    engine: Engine,
    folder: ModelFolder | None,
    resume: bool,
    callbacks: Sequence[Callback],
    end: Callable[[Trainer, ModelCard], None],
    afterwards: str | None = None,
) -> Trainer:
    """Train from the start, or go on with the run in the folder.

    Parameters
    ----------
    build : callable
        Returns the trainer for a model card.
    plan : Plan
        The kind of data, and the options with nothing left open.
    card : ModelCard
        The model card of a run that begins.
    engine : Engine
        Device and processes.
    folder : ModelFolder or None
        Where the model is written; it has been checked.
    resume : bool
        Go on with the run that is there.
    callbacks : sequence of Callback
        Watchers, who are told what the run starts from.
    end : callable
        Receives the trainer and the card at the end, also after an interrupt or a fault: what was
        learned until then can be used.
    afterwards : str, optional
        Key of the card that is made after the training: a run that was stopped before is over and
        yet goes on from there.

    Raises
    ------
    ConfigError
        If the run that is to be resumed is another one, or has finished.
    """
    if folder and resume:
        old = folder.read_config((plan.modality.name,))
        check_same_run(old, card, plan.modality.config)
        card = replace(card, chosen=old.chosen)
    trainer, notes = build(card), list[str]()
    if folder and resume:
        notes = restore(folder, trainer)
        card = replace(card, training=training_part(trainer))
        if trainer.over and afterwards and afterwards not in old:
            end(trainer, card)
            return trainer
        if trainer.over:
            raise ConfigError(
                f"--resume: this run has finished ({trainer.step_count} steps, "
                f"{trainer.elapsed:.0f} s): "
                + (trainer.ended or "give a larger --steps or --max-time")
            )
    elif folder:
        engine.alone(lambda: folder.claim(card.data.stored))
    lines = [*card.data.split, *notes]
    if resume:
        lines.append(f"going on from step {trainer.step_count:,}")
    if folder:
        engine.alone(lambda: folder.save(card))
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
        end(trainer, replace(card, training=training_part(trainer)))
    return trainer


# A stream of its own: what chose the checkpoint is not what a user samples.
STREAM = "check"


class ValidationMonitor:
    """Samples from the averaged generator and measures the samples.

    Parameters
    ----------
    modality : Modality
        How rows read as records.
    validation : Validation
        What measures them.
    seed : int
        Seed of what the generator writes.
    preview : callable, optional
        Receives a few samples and the step at each check.
    """

    def __init__(
        self,
        modality: Modality,
        validation: Validation,
        seed: int,
        preview: Callable[[Any, int], None] | None = None,
    ) -> None:
        self.modality, self.validation, self.seed = modality, validation, seed
        self.preview = preview

    @property
    def references(self) -> Mapping[str, float]:
        """The validation distance of training data (1) and of trivial samplers."""
        return self.validation.references

    def __call__(self, generator: nn.Module, step: int) -> CheckResult:
        """Return validation distance and variety of the samples of a step."""
        modality = self.modality
        how = modality.sampling(seed=self.seed)
        draw = drawer(generator, modality, how)
        n, prefix = self.validation.n, f"check{self.seed}"
        chunks = [*stream(draw, modality, 0, n, prefix, modality.block, name=STREAM, rough=True)]
        if self.preview is not None:
            self.preview(chunks[0].records[: modality.previewed], step)
        return self.validation.score(chunks)
