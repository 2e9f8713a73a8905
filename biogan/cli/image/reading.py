"""Reading what an image GAN learns or is judged by: images, or protein structures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from biogan.cli import console
from biogan.cli.options import given
from biogan.config import ImageReadingConfig
from biogan.errors import ConfigError

if TYPE_CHECKING:
    from biogan.imaging.domain import Records


#: Options that only one of the two kinds of data has.
_OF_IMAGES, _OF_STRUCTURES = ("size", "crop", "frames", "colour"), ("residues",)


def read_records(data: str, reading: ImageReadingConfig, name: str = "") -> Records:
    """Read images, or structures where the names of the files say so, and say what was done.

    Parameters
    ----------
    data : str
        A known set, a file or a folder.
    reading : ImageReadingConfig
        How to read.
    name : str
        What the data are, put before each message.

    Raises
    ------
    ConfigError
        If an option was given that these data do not have.
    """
    from biogan.images.read import read_images
    from biogan.structures.read import read_fragments, read_structures

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
        records = read_fragments(data) if name == "generated" else read_structures(data, reading)
    else:
        records = read_images(data, reading, progress=console.Bar("downloading"))
    console.end_status()
    for note in records.notes:
        console.say(f"{name}: {note}" if name else note)
    return records


def lasting(data: str, reading: ImageReadingConfig) -> dict[str, Any]:
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
