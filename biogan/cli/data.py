"""Reading records for a command: into memory, or a large file into files beside the model."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biogan.cli import console
from biogan.sequences.config import ReadingConfig, SequenceGANConfig

if TYPE_CHECKING:
    from biogan.models.gan import GAN
    from biogan.sequences.dataset import SequenceSet
    from biogan.sequences.store import SequenceStore
    from biogan.training.engine import Engine
    from biogan.training.modality import Modality


def say_dropped(records: SequenceSet) -> SequenceSet:
    """Say how many records of a file were left out and why; nothing if none was. Return them."""
    report = records.report
    if report is not None and report.dropped:
        first, *_ = report.lines()
        for line in (first, *(one.line() for one in report.findings if one.dropped)):
            console.say(line)
    return records


def read_training_data(
    fasta: str,
    reading: ReadingConfig,
    config: SequenceGANConfig,
    store: bool | None,
    folder: Path | None,
    stack: ExitStack,
    digest: str | None = None,
) -> tuple[SequenceSet | SequenceStore, Engine | None]:
    """Read a file, with a progress bar.

    Parameters
    ----------
    fasta : str
        File name, ``-`` for standard input.
    reading, config
        How to read, and which processes there are.
    store : bool or None
        Whether to store the sequences; by default large files are.
    folder : Path or None
        Where to; a temporary folder where nothing is to be written.
    stack : ExitStack
        Removes the temporary folder.
    digest : str, optional
        Of the sequences of the run that is to go on; a store of them is not replaced by others.

    Returns
    -------
    sequences : SequenceSet or SequenceStore
    engine : Engine or None
        The processes, which had to be started to read once for all of them.
    """
    from biogan.core.inputs import is_pipe
    from biogan.sequences.io.fasta import read_fasta
    from biogan.sequences.store import is_large, store_fasta

    if store and is_pipe(fasta):
        raise click.UsageError(f"--store: {fasta!r} is a pipe and cannot be stored, give a file")
    bar = console.Bar("reading")
    if not (is_large(fasta) if store is None else store):
        sequences = read_fasta(fasta, reading, watch=bar)
        console.end_status()
        return sequences, None
    if folder is None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()), "sequences")
        opened = store_fasta(fasta, folder, reading, watch=bar)
        console.end_status()
        return opened, None

    from biogan.sequences.store import SequenceStore
    from biogan.training.engine import Engine

    engine, place = Engine(config), folder

    def read() -> None:
        store_fasta(fasta, place, reading, watch=bar, digest=digest)

    engine.alone(read)
    console.end_status()
    return SequenceStore(folder), engine


def read_records(
    kind: type[Modality], data: str, reading: Any, name: str = "", whose: str = ""
) -> Any:
    """Read records of a kind, and say what was found and done.

    Parameters
    ----------
    kind : type
        The kind of data.
    data : str
        A file, a folder, ``-`` or the name of a known set.
    reading : Options
        How to read.
    name : str
        What the data are, put before each message; ``generated`` is read as it is.
    whose : str
        Whose letters the records have to have, for messages.
    """
    if name == "generated":
        records = kind.read_generated(data, reading, whose=whose)
    else:
        records = kind.read(data, reading, console.Bar("reading"), whose=whose)
    return told(kind, records, name)


def told(kind: type[Modality], records: Any, name: str = "") -> Any:
    """Say what was found and done on reading, and return the records."""
    console.end_status()
    for line in kind.found(records):
        console.say(line if not name or line.startswith(f"{name}: ") else f"{name}: {line}")
    return records


def kind_of_run(run: str) -> str:
    """Return the kind of data of the model in a folder."""
    from biogan.models.checkpoint import ModelFolder
    from biogan.models.registry import kind_of_card

    return kind_of_card(ModelFolder(run).read_config()).name


def load_model(run: str, device: str = "cpu") -> GAN:
    """Load the model in a folder; say so where its generator has not learned anything yet."""
    from biogan.models.gan import GAN

    gan = GAN.load(run, device)
    if not gan.card.training or not gan.card.training.kept_step:
        console.say(f"{run}: no check was reached yet, its generator is untrained")
    return gan
