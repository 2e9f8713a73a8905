"""Reading images from a known set, IDX, ``.npz``, files or a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from biogan.core.errors import ConfigError, DataError
from biogan.core.options import unknown_name
from biogan.images.catalog import CATALOG, DIGITS, KNOWN, Progress, fetch
from biogan.images.config import ImageReadingConfig
from biogan.images.dataset import ImageSet, LabelTable
from biogan.images.files import STARTS
from biogan.images.folder import FolderReader, Gathering, mnist_images
from biogan.images.formats import (
    distinct,
    head,
    is_idx,
    labels_beside,
    read_idx_images,
    read_idx_labels,
    read_npz,
)

DIGITS_SIZE, DIGITS_BRIGHTEST = 28, 16


def read_images(
    data: str | Path, reading: ImageReadingConfig | None = None, progress: Progress | None = None
) -> ImageSet:
    """Read images.

    Parameters
    ----------
    data : str or Path
        ``mnist`` (60,000 training images), ``mnist-test`` (10,000), ``digits``; or a path: an IDX
        file, an ``.npz``, a folder, a PNG, TIFF or JPEG. A known name comes before a path of that
        name (``./mnist`` is the path).
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
    name = str(data)
    if name in KNOWN:
        _no_frames(name, reading)
        if name == DIGITS:
            return _digits(reading)
        return _idx(fetch(name, progress), reading, name, CATALOG[name].classes)
    path = Path(data)
    if not path.exists():
        raise DataError(
            f"{name}: no such file or folder; " + unknown_name("set", name, KNOWN)
            if "/" not in name and "." not in name
            else f"{name}: no such file or folder (known sets: {', '.join(KNOWN)})"
        )
    if path.is_dir():
        mnist = mnist_images(path) if reading.frames is None else None
        return _idx(mnist, reading, name) if mnist else FolderReader(path, reading).read()
    start = head(path)
    if not start:
        raise DataError(f"{path}: the file is empty")
    if start.startswith(b"\0\0"):
        return _idx(path, reading, name)
    if start.startswith(b"PK"):
        return _npz(path, reading)
    if start.startswith(STARTS):
        return FolderReader(path, reading).read()
    raise DataError(
        f"{path}: begins with {start[:4].hex(' ')}: no IDX, .npz, PNG, TIFF or JPEG file"
    )


def is_images(data: str | Path) -> bool:
    """Tell whether a name, a folder or a file holds images, by its name and first bytes alone.

    Parameters
    ----------
    data : str or Path
        As :func:`read_images` takes it. Any folder counts: there are no other data in folders but
        structures, which are found by :func:`biogan.structures.read.is_structures`.
    """
    path = Path(data)
    if str(data) in KNOWN or path.is_dir():
        return True
    return path.is_file() and head(path).startswith((b"\0\0", b"PK", *STARTS))


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
    labels = [classes[i] for i in found.target.tolist()]
    return _gathered(Gathering(DIGITS, reading), names, pixels, labels, classes)


def _idx(
    path: Path, reading: ImageReadingConfig, source: str, classes: Sequence[str] = ()
) -> ImageSet:
    _no_frames(source, reading)
    pixels = read_idx_images(path)[:, None]
    names = [f"image_{i}" for i in range(1, len(pixels) + 1)]
    beside = None if reading.labels else labels_beside(path)
    labels = None
    if beside:
        labels, classes = _idx_labels(beside, len(names), classes)
    return _gathered(Gathering(source, reading), names, pixels, labels, classes)


def _npz(path: Path, reading: ImageReadingConfig) -> ImageSet:
    held = read_npz(path, reading.frames)
    names = held.ids or tuple(f"image_{i}" for i in range(1, len(held.pixels) + 1))
    gathering = Gathering(str(path), reading, held.frames)
    return _gathered(gathering, names, held.pixels, held.labels, held.classes)


def _idx_labels(
    path: str | Path, images: int, classes: Sequence[str] = ()
) -> tuple[list[str], Sequence[str]]:
    numbers = read_idx_labels(path, images)
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
    labels: Sequence[str] | None,
    classes: Sequence[str],
) -> ImageSet:
    """Put an array of images through; ``--labels`` comes before the labels found."""
    given = gathering.reading.labels
    if given and is_idx(given):
        labels, classes = _idx_labels(given, len(names))
    elif given:
        table = LabelTable(given)
        labels, classes = [table.of(name) for name in names], ()
        gathering.notes += [*table.notes, *table.unused()]
    gathering.add_all(names, pixels, labels)
    return gathering.finish(classes)
