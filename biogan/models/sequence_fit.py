"""What a fit puts together: the split, the trainer, the judge."""

from __future__ import annotations

import copy
import dataclasses
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from biogan.core.errors import ConfigError
from biogan.core.protocols import Callback
from biogan.models.checkpoint import JUDGE, LOG, SAMPLES, ModelFolder
from biogan.models.fit import saver
from biogan.models.monitor import ValidationMonitor
from biogan.models.refinement import Judge, calibrate, train_judge
from biogan.nn.sequence_heads import LetterGenerator
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.write import write_fasta
from biogan.sequences.modality import Letters, build_batches, build_matching, build_networks
from biogan.sequences.splits import Split, StoredSplit, both_strands, split, split_stored
from biogan.sequences.store import SequenceStore
from biogan.sequences.tokenizer import Tokenizer
from biogan.training.callbacks import JsonLog
from biogan.training.engine import Engine
from biogan.training.signals import Signals
from biogan.training.trainer import Trainer

# Below this a validation split would say nothing and take records away.
FEWEST_FOR_VALIDATION = 50


def split_for(
    sequences: SequenceSet | SequenceStore, config: SequenceGANConfig
) -> Split | StoredSplit:
    """Keep a part for validation, unless the set is too small for one."""
    strands = config.chosen("reverse_complement")
    parts: Split | StoredSplit
    if isinstance(sequences, SequenceStore):
        share = 0.0 if len(sequences) < FEWEST_FOR_VALIDATION else config.validation
        parts, noun = split_stored(sequences, share, config.seed, strands), "records"
    else:
        parts = split(
            sequences, config.validation, config.seed, both_strands=strands,
            fewest=FEWEST_FOR_VALIDATION,
        )  # fmt: skip
        noun = "distinct records"
        if config.repeats == "once":
            for part in (parts.train, parts.held_out):
                part.weights = np.ones(len(part))
    if not config.validation or len(parts.held_out):
        return parts
    n = len(parts.train)
    few = f"{n} {noun}, {FEWEST_FOR_VALIDATION} needed"
    # The hash of a stored set may pick none of a hundred.
    why = few if n < FEWEST_FOR_VALIDATION else f"none of {n} {noun} was picked, try another --seed"
    if config.patience:
        raise ConfigError(
            f"--patience {config.patience}: no validation split ({why}) says whether a generator "
            "is better; leave it out"
        )
    found = f"no validation split: {why}; the last averaged generator is kept"
    return dataclasses.replace(parts, report=(*parts.report, found))


def data_card(sequences: SequenceSet | SequenceStore, parts: Split | StoredSplit) -> dict[str, Any]:
    """Say what is trained on and what is kept for validation."""
    report = sequences.report
    read = report.to_dict() if report is not None else None
    if read and read["options"].get("labels"):
        # As it was typed it would only be found from this folder.
        read["options"]["labels"] = str(Path(read["options"]["labels"]).absolute())
    return {
        "records": len(sequences),
        "train": len(parts.train),
        "validation": len(parts.held_out),
        "digest": sequences.digest,
        "input": read,
        "split": list(parts.report),
        "stored": isinstance(sequences, SequenceStore),
    }


def in_memory(parts: Split | StoredSplit) -> Split:
    """Return the split that a monitor compares with: all of it, or the sample of a stored one."""
    if isinstance(parts, Split):
        return parts
    return Split(parts.sample, parts.held_out, 1.0, parts.report)


def build_trainer(
    config: SequenceGANConfig,
    layout: Tokenizer,
    parts: Split | StoredSplit,
    engine: Engine,
    folder: ModelFolder | None,
    card: dict[str, Any],
    callbacks: Sequence[Callback],
) -> Trainer:
    """Put networks, batches, monitor and files together.

    Parameters
    ----------
    config : SequenceGANConfig
        Options with nothing left open.
    layout : Tokenizer
        How sequences become codes.
    parts : Split or StoredSplit
        Training and validation records.
    engine : Engine
        Device and processes.
    folder : ModelFolder or None
        Where the model, its state and its log are written.
    card : dict
        The model card, kept up to date at each save.
    callbacks : sequence of Callback
        Further watchers.
    """
    networks = build_networks(config, layout)
    preview = (lambda some: write_fasta(some, folder.path / SAMPLES)) if folder else None
    monitor = None
    if engine.lead:  # it judges for all
        strands = config.chosen("reverse_complement")
        monitor = ValidationMonitor(in_memory(parts), layout, config.seed, preview, strands)
    log = [JsonLog(lambda: folder.path / LOG)] if folder else []
    return Trainer(
        networks.generator,
        networks.critic,
        build_batches(config, layout, parts),
        Letters(layout.channels, engine.device),
        config,
        engine,
        monitor=monitor,
        callbacks=[*callbacks, *log],
        save=saver(folder, card),
        matching=build_matching(config, layout),
    )


def fit_judge(
    trainer: Trainer,
    layout: Tokenizer,
    parts: Split | StoredSplit,
    card: dict[str, Any],
    folder: ModelFolder | None,
) -> Judge | None:
    """Train and calibrate a judge of the generator that was kept, the same in every process.

    Parameters
    ----------
    trainer : Trainer
        A finished run.
    layout : Tokenizer
        How sequences become codes.
    parts : Split or StoredSplit
        Training and validation records.
    card : dict
        The model card, which gets the calibration.
    folder : ModelFolder or None
        Where both are written.

    Returns
    -------
    Judge or None
        None without validation records or with ``judge_steps`` 0.

    Raises
    ------
    Interrupted
        After Ctrl-C or SIGTERM before it was made; the model is whole without it.
    """
    config, engine = trainer.config, trainer.engine
    assert isinstance(config, SequenceGANConfig)
    # No longer than the run itself was: a trial of a few steps stays one.
    steps = min(config.judge_steps, trainer.step_count)
    if not steps or not len(parts.held_out):
        return None
    generator, players = trainer.best.network, trainer.adversarial_step
    assert isinstance(generator, LetterGenerator)
    prepare = players.prepare
    critic, calibration = copy.deepcopy(players.critic), None

    def work() -> None:
        nonlocal critic, calibration
        held_out = (
            both_strands(parts.held_out) if config.chosen("reverse_complement") else parts.held_out
        )

        def watch(step: int) -> None:
            trainer.tell("on_event", "judge", step=step, steps=steps, wanted=config.judge_steps)
            if signals.caught is not None:
                raise KeyboardInterrupt

        with suppress(KeyboardInterrupt):
            critic = train_judge(critic, generator, players.batches, layout, prepare, steps, watch)
            calibration = calibrate(
                critic, generator, held_out, layout, prepare, config.seed, bool(config.rotate)
            )

    with engine.busy(), Signals(engine.lead) as signals:
        engine.alone(work)
        number, calibration = engine.agree((signals.caught, calibration))
    if calibration is None:
        raise trainer.stopped(number or signal.SIGINT)
    judge = Judge(engine.place(critic), calibration, prepare)
    card["judge"] = calibration.to_dict()
    if folder:
        # The card last: it tells that there is a judge.
        engine.alone(lambda: folder.write_weights(JUDGE, judge.critic))
        engine.alone(lambda: folder.write_config(card))
    return judge
