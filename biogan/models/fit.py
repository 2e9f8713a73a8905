"""One fit, from records to a trained model: its folder, its trainer, its end.

:func:`fit` is the whole way; the functions below it are its parts in their order.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace
from torch import nn

from biogan.core.errors import (
    CheckpointError,
    ConfigError,
    DivergedError,
    Interrupted,
    Stopped,
    first_line,
)
from biogan.core.pictures import PICTURE
from biogan.core.protocols import Callback
from biogan.models.card import DataPart, ModelCard, check_same_run, model_card, training_part
from biogan.models.checkpoint import CRITIC, GENERATOR, LOG, SAMPLES, STATE, ModelFolder
from biogan.models.refinement import CalibratedCritic, critic_seconds, fit_critic, read_critic
from biogan.models.sampling import drawer, stream
from biogan.models.transfer import Ancestor, frozen, nearness
from biogan.nn.layers import Networks
from biogan.training.callbacks import JsonLog, clock, forgiving, trim_log
from biogan.training.config import Freeze
from biogan.training.engine import Engine
from biogan.training.modality import Chunk, Modality, Parts, Plan, Validation
from biogan.training.trainer import CheckResult, Trainer

# What is said of a folder that cannot be locked.
NO_LOCKS = "its file system has no locks: see to it that no second run writes there"
NOT_BEGUN = "nothing was saved yet, the run starts from the beginning"
NOTHING_LEARNED = "nothing was learned; try a lower --lr or a larger penalty"
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
    ancestor: Ancestor | None = None,
    freeze: Freeze | None = None,
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
    ancestor : Ancestor, optional
        The model that the run begins with.
    freeze : str, optional
        Which layers of its critic stay as they are.
    """
    modality, config, began = plan.modality, plan.config, time.monotonic()
    with run_folder(out, resume, overwrite, engine) as folder:
        lines = list(plan.lines)
        if folder and not folder.locked:
            lines.insert(0, f"{folder.home}: {NO_LOCKS}")
        chosen = plan.reasons
        if folder and resume and not engine.agree(folder.resumable):
            lines.insert(0, f"{folder.home}: {NOT_BEGUN}")
            resume = False
            if folder.described and not chosen:  # what was left open then is given now
                chosen = folder.read_config((modality.name,)).chosen
        tell(callbacks, engine, "data", lines=lines)
        parts = modality.split(records, config)
        data = data_part(records, parts, modality, reading)
        card = replace(model_card(plan, data), chosen=list(chosen))
        if ancestor:
            notes = ancestor.near_copies(records, parts, modality)
            card = replace(card, lineage=ancestor.lineage(notes, freeze))
            tell(callbacks, engine, "data", lines=notes)
        found: Fitted

        def ended(trainer: Trainer, card: ModelCard) -> None:
            nonlocal found
            critic = modality.bare(trainer.adversarial_step.critic)
            found = Fitted(modality, card, Networks(trainer.best.network, critic))
            end(found)

        refining = bool(modality.refinement_steps(config) and len(parts.held_out))
        trainer = carry_out(
            lambda card: build_trainer(
                plan, parts, engine, folder, card, callbacks, refining, ancestor
            ),
            plan, card, engine, folder, resume, callbacks, ended,
            leave=lambda trainer: leave_time(trainer, modality, parts, began),
        )  # fmt: skip
        if folder:
            engine.alone(lambda: draw_end(trainer, modality, folder))
        if folder and (critic := kept_critic(trainer, modality, found, folder)):
            end(found._replace(calibrated=critic))
        elif calibrated := fit_critic(trainer, modality, parts, found.card, folder):
            critic, card = calibrated
            end(found._replace(card=card, calibrated=critic))


def leave_time(trainer: Trainer, modality: Modality, parts: Parts, began: float) -> list[str]:
    """Shorten the training of a run with ``max_time`` by what comes before and after it.

    Parameters
    ----------
    trainer : Trainer
        A run that has not begun.
    modality : Modality
        The kind of data.
    parts : Parts
        Training and validation records.
    began : float
        When the fit began, by :func:`time.monotonic`.

    Returns
    -------
    list of str
        What there is to say.
    """
    budget, engine = trainer.budget, trainer.engine
    if not budget.max_time:
        return []
    measured = [0.0, 0.0]

    def measure() -> None:
        with engine.busy():
            after = critic_seconds(trainer, modality, parts)
        measured[:] = time.monotonic() - began, after

    engine.alone(measure)
    before, after = engine.agree(measured)
    training, beyond = budget.leave(before, after)
    after = min(after, training)
    line = f"--max-time {budget.max_time}: {clock(training)} of training"
    if round(before):
        line += f"; {clock(before)} were taken by split and validation records"
    if round(after):
        line += f"; about {clock(after)} are left for the critic of sample --refine"
    line += "; reading before, and the last check and the page after it, come on top"
    return [line + (f", with about {clock(beyond)} of the above" if round(beyond) else "")]


def draw_end(trainer: Trainer, modality: Modality, folder: ModelFolder) -> None:
    """Write what is drawn at the end of a run, and samples where they are gone."""
    monitor = trainer.monitor
    if isinstance(monitor, ValidationMonitor) and not {SAMPLES, PICTURE} & {*folder.written()}:
        monitor.show(trainer.adversarial_step.average.network, trainer.step_count)
    modality.finish(folder.path, trainer.step_count)


def kept_critic(
    trainer: Trainer, modality: Modality, found: Fitted, folder: ModelFolder
) -> CalibratedCritic | None:
    """Read the calibrated critic of a run that had finished before; None where it is to be made."""
    step = trainer.adversarial_step
    try:
        return read_critic(folder, found.card, found.networks.critic, modality, step.prepare)
    except CheckpointError:
        return None


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
    ancestor: Ancestor | None = None,
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
    ancestor : Ancestor, optional
        The model whose weights it begins with; of a run that is resumed the state has them.
    """
    modality, config = plan.modality, plan.config
    networks = modality.networks(config)
    if ancestor:
        tell(callbacks, engine, "note", lines=ancestor.give(networks, modality))
    if card.lineage:
        frozen(networks.critic, card.lineage["freeze"])

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
    if ancestor and card.lineage:
        near, line = engine.agree(nearness(monitor, networks.generator) if monitor else (True, ""))
        card.lineage["near"] = near
        tell(callbacks, engine, "note", lines=[line])
    return Trainer(
        networks.generator,
        modality.augmented(networks.critic, config),
        modality.batches(parts.train, config),
        modality.encoder(engine.device, networks.critic),
        config,
        engine,
        monitor=monitor,
        callbacks=[*callbacks, *log],
        save=saver(folder, card, modality.bare),
        matching=modality.matching(config),
        reconstruction=modality.reconstruction(networks),
        afterwards=CRITIC_LEFT if refining else "",
        usual=modality.usual_steps,
        fine_tuned=bool(card.lineage and card.lineage.get("near", True)),
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
        engine.alone(lambda: stack.enter_context(folder.hold(resume, overwrite)))
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
    except Exception as error:
        raise CheckpointError(
            f"{folder.path / STATE}: not the state of this model, the run cannot be resumed: "
            + first_line(error)
        ) from error
    folder.saved = trainer.step_count
    trainer.engine.alone(lambda: folder.clear_previews(trainer.step_count))
    notes: list[str] = []
    trainer.engine.alone(lambda: notes.append(trim_log(folder.path / LOG, trainer.step_count)))
    return [note for note in notes if note]


def stopped(
    error: Interrupted | Stopped | KeyboardInterrupt, folder: ModelFolder | None
) -> BaseException:
    """Return what a run that was stopped ends with: it says what is in its folder."""
    if folder is None:
        return error
    if isinstance(error, Interrupted):
        code = error.exit_code
    else:
        code = 128 + (error.number if isinstance(error, Stopped) else signal.SIGINT)
    name = signal.Signals(code - 128).name
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
    leave: Callable[[Trainer], list[str]] = lambda trainer: [],
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
    leave : callable
        Takes from the time of training what comes before and after it; returns what there is to
        say.

    Raises
    ------
    ConfigError
        If the run that is to be resumed is another one.
    DivergedError
        If it has failed.
    """
    if folder and resume:
        old = folder.read_config((plan.modality.name,))
        check_same_run(old, card, plan.modality.config)
        card = replace(card, chosen=old.chosen, lineage=old.lineage)
    trainer, lines = build(card), list(card.data.split)
    if folder and resume:
        lines += restore(folder, trainer)
        done = f"{trainer.step_count:,} steps, {trainer.elapsed:.0f} s"
        if trainer.over and trainer.failed:
            raise DivergedError(
                f"--resume: this run has failed ({done}): {trainer.ended or NOTHING_LEARNED}"
            )
        if trainer.over:
            more = trainer.ended or "a larger --steps or --max-time goes on"
            lines.append(f"this run has finished ({done}): what is missing is written; {more}")
            tell(callbacks, engine, "start", lines=lines)
            end(trainer, old)
            return trainer
        lines += [*leave(trainer)] * (not trainer.limited)
        lines += [f"going on from step {trainer.step_count:,}", *inexact(old, trainer)]
        card = replace(card, training=training_part(trainer))
    else:
        lines += leave(trainer)
        if folder:
            engine.alone(lambda: folder.claim(card.data.stored))
    try:
        if folder:
            engine.alone(lambda: folder.save(card))
            if folder.replacing:
                lines.append(
                    f"the model in {folder.home} stays until this run has kept a generator"
                )
        tell(callbacks, engine, "start", lines=lines)
        trainer.run()
    except (Interrupted, Stopped, KeyboardInterrupt) as error:
        raise stopped(error, folder) from error
    finally:
        if folder:
            folder.discard()
        end(trainer, replace(card, training=training_part(trainer)))
    return trainer


def inexact(old: ModelCard, trainer: Trainer) -> list[str]:
    """Say why a resumed run is the run without interruption only up to rounding, if so."""
    now, versions = training_part(trainer), old.versions
    known = old.training or now
    pairs = {
        "--threads": (known.threads or now.threads, now.threads),
        "processes": (known.processes, now.processes),
        "device": (known.device, now.device),
        "torch": (versions.get("torch"), version("torch")),
    }
    changed = [f"{name} {was}, now {here}" for name, (was, here) in pairs.items() if was != here]
    said = "from here on it equals a run without interruption up to rounding, not bit for bit"
    return [f"{said}: {', '.join(changed)}"] if changed else []


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
        first, *others = self._chunks(generator)
        self._preview(first, step)
        return self.validation.score([first, *others])

    def measure(self, generator: nn.Module) -> CheckResult:
        """Return the same of a generator that no preview is written of."""
        return self.validation.score([*self._chunks(generator)])

    def show(self, generator: nn.Module, step: int) -> None:
        """Write the preview of a step again."""
        self._preview(next(self._chunks(generator)), step)

    def _chunks(self, generator: nn.Module) -> Iterator[Chunk]:
        modality = self.modality
        draw = drawer(generator, modality, modality.sampling(seed=self.seed))
        n, prefix = self.validation.n, f"check{self.seed}"
        return stream(draw, modality, 0, n, prefix, modality.block, name=STREAM, rough=True)

    def _preview(self, chunk: Chunk, step: int) -> None:
        if self.preview is not None:
            self.preview(chunk.records[: self.modality.previewed], step)
