"""Reading images from a known set, IDX, ``.npz``, files or a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from biogan.core.errors import ConfigError, DataError
from biogan.core.inputs import Readable, is_lasting, is_pipe, name_of
from biogan.core.options import unknown_name
from biogan.core.text import HEAD, foreign
from biogan.images.catalog import CATALOG, DIGITS, KNOWN, Progress, fetch
from biogan.images.config import ImageReadingConfig
from biogan.images.dataset import CLASS, ImageSet, LabelTable
from biogan.images.files import STARTS
from biogan.images.folder import FolderReader, Gathering, mnist_images
from biogan.images.formats import (
    distinct,
    is_idx,
    is_npz,
    labels_beside,
    read_idx_images,
    read_idx_labels,
    read_npz,
    start_of,
)

DIGITS_SIZE, DIGITS_BRIGHTEST = 28, 16


def read_images(
    data: Readable, reading: ImageReadingConfig | None = None, progress: Progress | None = None
) -> ImageSet:
    """Read images.

    Parameters
    ----------
    data : str, Path or open file
        ``mnist`` (60,000 training images), ``mnist-test`` (10,000), ``digits``; or a path: an IDX
        file, an ``.npz``, a folder, a PNG, TIFF or JPEG, also compressed. A known name comes before
        a path of that name (``./mnist`` is the path). ``-`` is standard input. A file is opened
        once, so that a pipe will do.
    reading : ImageReadingConfig, optional
        Size, crop, colour, frames and labels.
    progress : callable, optional
        Told of bytes fetched and expected, where a known set is not in the cache yet.

    Returns
    -------
    ImageSet
        Of one size, colour and depth; ``notes`` say what was done to make it so.

    Raises
    ------
    DataError
        If the data are missing, damaged, or do not fit one another or the options.
    ConfigError
        If an option does not suit the data.

    Examples
    --------
    >>> digits = read_images("digits")
    >>> len(digits), digits.shape.height, digits.classes[:3]
    (1797, 28, ('0', '1', '2'))
    """
    reading = reading or ImageReadingConfig()
    name = name_of(data)
    if name in KNOWN:
        _no_frames(name, reading)
        if name == DIGITS:
            return _digits(reading)
        return _idx(fetch(name, progress), reading, name, CATALOG[name].classes)
    path = Path(name)
    if not is_pipe(data) and not path.exists():
        raise DataError(
            f"{name}: no such file or folder; " + unknown_name("set", name, KNOWN)
            if "/" not in name and "." not in name
            else f"{name}: no such file or folder (known sets: {', '.join(KNOWN)})"
        )
    if path.is_dir():
        mnist = mnist_images(path) if reading.frames is None else None
        return _idx(mnist, reading, name) if mnist else FolderReader(path, reading).read()
    start = start_of(data, HEAD)
    if not start:
        raise DataError(f"{name}: the file is empty")
    if start.startswith(b"\0\0"):
        return _idx(data, reading, name)
    if is_npz(start, name):
        return _npz(data, reading)
    if start.startswith(STARTS):
        return FolderReader(data, reading).read()
    what = foreign(start) or f"begins with {start[:4].hex(' ')}"
    raise DataError(f"{name}: {what}: no IDX, .npz, PNG, TIFF or JPEG file")


def is_images(data: Readable) -> bool:
    """Tell whether a name, a folder or a file holds images, by its name and first bytes alone.

    Parameters
    ----------
    data : str, Path or open file
        As :func:`read_images` takes it. Any folder counts: there are no other data in folders but
        structures, which are found by :func:`biogan.structures.read.is_structures`. What begins a
        pipe is left to its reader.
    """
    path = Path(name_of(data))
    if name_of(data) in KNOWN or path.is_dir():
        return True
    if not is_pipe(data) and not path.is_file():
        return False
    try:
        start = start_of(data, HEAD)
        return start.startswith((b"\0\0", *STARTS)) or is_npz(start, name_of(data))
    except DataError:
        return False  # the reader says what is wrong


def _no_frames(name: str, reading: ImageReadingConfig) -> None:
    if reading.frames is not None:
        raise ConfigError(f"--frames {reading.frames}: {name} holds single images, no time series")


def _digits(reading: ImageReadingConfig) -> ImageSet:
    """Return the digits of scikit-learn, enlarged: they need no network."""
    from sklearn.datasets import load_digits

    found = load_digits()
    reading = replace(reading, size=reading.size or DIGITS_SIZE)
    pixels = np.rint(found.images * (255 / DIGITS_BRIGHTEST)).astype(np.uint8)[:, None]
    names = [f"digit_{i}" for i in range(1, len(pixels) + 1)]
    classes = tuple(str(name) for name in found.target_names)
    labels = [(classes[i],) for i in found.target.tolist()]
    return _gathered(Gathering(DIGITS, reading), names, pixels, labels, classes)


def _idx(
    path: Readable, reading: ImageReadingConfig, source: str, classes: Sequence[str] = ()
) -> ImageSet:
    _no_frames(source, reading)
    pixels = read_idx_images(path, reading.unpack_ratio)[:, None]
    beside = None if reading.labels or not is_lasting(path) else labels_beside(name_of(path))
    labels = None
    if beside:
        own, classes = _idx_labels(beside, len(pixels), reading.unpack_ratio, classes)
        labels = [(one,) for one in own]
    return _gathered(Gathering(source, reading), (), pixels, labels, classes)


def _npz(path: Readable, reading: ImageReadingConfig) -> ImageSet:
    held = read_npz(path, reading.frames, reading.unpack_ratio)
    gathering = Gathering(name_of(path), reading, held.frames)
    columns = dict(held.columns)
    if held.labels is not None:
        columns = {held.class_name: held.labels, **columns}
    gathering.names, gathering.class_name = tuple(columns), held.class_name
    rows = [*zip(*columns.values(), strict=True)] if columns else None
    return _gathered(gathering, held.ids, held.pixels, rows, held.classes)


def _idx_labels(
    path: Readable, images: int, ratio: float, classes: Sequence[str] = ()
) -> tuple[list[str], Sequence[str]]:
    numbers = read_idx_labels(path, images, ratio)
    if not classes:
        return distinct(numbers)
    if not 0 <= numbers.min() <= numbers.max() < len(classes):
        wrong = numbers[(numbers < 0) | (numbers >= len(classes))][0]
        raise DataError(f"{path}: label {wrong}; the classes are {', '.join(classes)}")
    return [classes[i] for i in numbers.tolist()], classes


def _gathered(
    gathering: Gathering,
    names: Sequence[str],
    pixels: np.ndarray,
    labels: Sequence[tuple[str, ...]] | None,
    classes: Sequence[str],
) -> ImageSet:
    """Put an array of images through; ``--labels`` comes before the labels found.

    Images without names are numbered.
    """
    given, ratio = gathering.reading.labels, gathering.reading.unpack_ratio
    gathering.check(pixels)
    names = names or [f"image_{i}" for i in range(1, len(pixels) + 1)]
    if given and is_idx(given):
        own, classes = _idx_labels(given, len(names), ratio)
        gathering.names, gathering.class_name = (CLASS,), CLASS
        labels = [(one,) for one in own]
    elif given:
        table = LabelTable(given)
        gathering.names, gathering.class_name = table.names, table.class_name
        labels, classes = [table.of(name) for name in names], ()
        gathering.notes += [*table.notes, *table.unused()]
    gathering.add_all(names, pixels, labels)
    return gathering.finish(classes)
