"""Reading what an image GAN learns or is judged by: images, or protein structures.

Reading what is to be learned: into memory, or a large file into files beside the model.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biogan.cli import console
from biogan.cli.options import given
from biogan.core.errors import ConfigError
from biogan.images.config import ImageReadingConfig
from biogan.sequences.config import ReadingConfig, SequenceGANConfig
from biogan.structures.config import StructureReadingConfig

if TYPE_CHECKING:
    from biogan.core.protocols import Records
    from biogan.sequences.dataset import SequenceSet
    from biogan.sequences.store import SequenceStore
    from biogan.training.engine import Engine


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
    from biogan.sequences.io.fasta import read_fasta
    from biogan.sequences.store import is_large, store_fasta

    if store and fasta == "-":
        raise click.UsageError("--store: standard input cannot be stored, give a file")
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


@dataclass(frozen=True)
class PictureReadingConfig(ImageReadingConfig, StructureReadingConfig):
    """How images and structures are read."""


#: Options that only one of the two kinds of data has.
_OF_IMAGES, _OF_STRUCTURES = ("size", "crop", "frames", "colour"), ("residues",)


def read_records(data: str, reading: PictureReadingConfig, name: str = "") -> Records:
    """Read images, or structures where the names of the files say so, and say what was done.

    Parameters
    ----------
    data : str
        A known set, a file or a folder.
    reading : PictureReadingConfig
        How to read.
    name : str
        What the data are, put before each message.

    Raises
    ------
    ConfigError
        If an option was given that these data do not have.
    """
    from biogan.images.read import read_images
    from biogan.structures.read import read_fragments

    records: Records
    structures = _structures(data)
    foreign = _OF_IMAGES if structures else _OF_STRUCTURES
    for option, value in given(reading).items():
        if option in foreign:
            kinds = ("images", "structures") if structures else ("structures", "images")
            raise ConfigError(
                f"--{option} {value}: is for {kinds[0]}, and {data} holds {kinds[1]}; leave it out"
            )
    if structures:
        # What was generated is judged as it is: nothing is cut or left out.
        records = read_fragments(data) if name == "generated" else _fragments(data, reading)
    else:
        records = read_images(data, reading, progress=console.Bar("downloading"))
    console.end_status()
    for note in records.notes:
        console.say(f"{name}: {note}" if name else note)
    return records


def _fragments(data: str, reading: PictureReadingConfig) -> Any:
    from biogan.structures.read import read_structures

    own = StructureReadingConfig(residues=reading.residues, labels=reading.labels)
    return read_structures(data, own)


def lasting(data: str, reading: PictureReadingConfig) -> dict[str, Any]:
    """Return how data were read, for the model card, so that they can be read from any folder."""
    from biogan.images.catalog import KNOWN

    known = data in KNOWN and not _structures(data)
    labels = reading.labels and str(Path(reading.labels).absolute())
    return {
        **reading.to_dict(),
        "labels": labels,
        "data": data if known else str(Path(data).absolute()),
    }


def _structures(data: str) -> bool:
    from biogan.structures.read import is_structures

    return Path(data).exists() and is_structures(data)
