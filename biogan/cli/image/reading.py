"""Reading what an image GAN learns or is judged by: images, or protein structures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from biogan.cli import console
from biogan.config import ImageReadingConfig

if TYPE_CHECKING:
    from biogan.imaging.domain import Records


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
    """
    from biogan.images.read import read_images
    from biogan.structures.read import is_structures, read_fragments, read_structures

    records: Records
    if Path(data).exists() and is_structures(data):
        # What was generated is judged as it is: nothing is cut or left out.
        records = read_fragments(data) if name == "generated" else read_structures(data, reading)
    else:
        records = read_images(data, reading, progress=console.Bar("downloading"))
    console.end_status()
    for note in records.notes:
        console.say(f"{name}: {note}" if name else note)
    return records
