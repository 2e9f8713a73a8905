"""Images in NumPy's ``.npz``: as biogan writes them, and as others do.

IDX files, as MNIST comes in: a header of sizes, then the numbers, plain or gzip.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from biogan.core.errors import DataError, few, plural
from biogan.core.files import reading
from biogan.core.inputs import (
    RATIO,
    Readable,
    as_data_error,
    head,
    name_of,
    opened,
    read_arrays,
)
from biogan.images.dataset import CLASS, DEPTHS

#: Third byte of the file: type of the numbers, big-endian.
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
IMAGE_AXES = 3  # images, rows, columns


def start_of(path: Readable, size: int = 16) -> bytes:
    """Return the first bytes of a file, unpacked, and leave them to its reader.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    with as_data_error():
        return head(path, size)


def is_npz(start: bytes, name: str) -> bool:
    """Whether a zip archive holds arrays, by its first 512 bytes or else its name."""
    first = start[30 : 30 + int.from_bytes(start[26:28], "little")]
    return start.startswith(b"PK") and (first.endswith(b".npy") or name.lower().endswith(".npz"))


def is_idx(path: Readable) -> bool:
    """Whether a file begins as every IDX file does, with two zero bytes."""
    return start_of(path)[:2] == b"\0\0"


def read_idx(path: Readable, ratio: float = RATIO) -> np.ndarray:
    """Read an IDX file whole and check every part of it.

    The format is that of http://yann.lecun.com/exdb/mnist: two zero bytes, a byte for the type, a
    byte for the number of axes, a big-endian 32-bit size for each, the numbers.

    Parameters
    ----------
    path : str, Path or open file
        Plain or compressed, known by its first bytes.
    ratio : float
        How many times its size the file may unpack to, see :func:`biogan.core.inputs.unpacked`.

    Returns
    -------
    numpy.ndarray
        Of the type and shape that the header says, in the byte order of the machine.

    Raises
    ------
    DataError
        If the file cannot be read, is damaged, or holds fewer or more numbers than the header says.

    Examples
    --------
    >>> path = getfixture("tmp_path") / "labels-idx1-ubyte"
    >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    >>> read_idx(path).tolist()
    [7, 2, 1]
    """
    damaged = "damaged IDX file"
    with as_data_error(), reading(name_of(path), damaged), opened(path, ratio) as file:
        data = file.read()
    path = name_of(path)
    if not data:
        raise DataError(f"{path}: the file is empty")
    if data[:2] != b"\0\0":
        raise DataError(f"{path}: no IDX file: it begins with {data[:4].hex(' ')}, not with 00 00")
    if len(data) < 4 or len(data) < 4 + 4 * data[3]:
        raise DataError(f"{path}: ends inside its header, after {len(data):,} bytes")
    if data[2] not in TYPES:
        raise DataError(
            f"{path}: damaged IDX header: the type byte is 0x{data[2]:02x}; 0x08 (unsigned bytes) "
            "is what MNIST has"
        )
    axes = data[3]
    if not axes:
        raise DataError(f"{path}: damaged IDX header: it names no size")
    kind = np.dtype(TYPES[data[2]])
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes)]
    one = kind.itemsize  # bytes of one image or label; Python's integers cannot overflow
    for size in shape[1:]:
        one *= size
    start, words = 4 + 4 * axes, "labels" if axes == 1 else "images"
    found, wanted = len(data) - start, one * shape[0]
    if found < wanted:
        raise DataError(
            f"{path}: cut off: the header says {shape[0]:,} {words}, {found // one:,} follow; "
            "fetch the file again"
        )
    if found > wanted:
        raise DataError(
            f"{path}: {plural(found - wanted, 'byte')} after the last of {shape[0]:,} {words}; the "
            "header and the file do not belong together"
        )
    with reading(path, damaged):  # numpy takes no more than 64 axes, and 2**63 bytes
        numbers = np.frombuffer(data, kind, offset=start).reshape(shape)
        return numbers.astype(kind.newbyteorder("="))


def read_idx_images(path: Readable, ratio: float = RATIO) -> np.ndarray:
    """Read images of unsigned bytes, (n, height, width), see :func:`read_idx`.

    Raises
    ------
    DataError
        Also if there are none, or the file holds labels or other numbers.
    """
    images, path = read_idx(path, ratio), name_of(path)
    if images.ndim == 1:
        raise DataError(f"{path}: holds labels; give the file of images, and this with --labels")
    if images.ndim != IMAGE_AXES or images.dtype != np.uint8:
        raise DataError(
            f"{path}: {images.ndim} axes of {images.dtype}; images are 3 axes of uint8 (n, height, "
            "width)"
        )
    if not images.size:
        raise DataError(f"{path}: holds no images")
    return images


def read_idx_labels(path: Readable, images: int, ratio: float = RATIO) -> np.ndarray:
    """Read labels, (images,) int64, see :func:`read_idx`.

    Raises
    ------
    DataError
        Also if they are not as many as the images, or no whole numbers.
    """
    labels, path = read_idx(path, ratio), name_of(path)
    if labels.ndim != 1 or labels.dtype.kind not in "ui":
        raise DataError(
            f"{path}: {labels.ndim} axes of {labels.dtype}; labels are one axis of whole numbers"
        )
    if len(labels) != images:
        raise DataError(f"{path}: {len(labels):,} labels for {images:,} images")
    return labels.astype(np.int64)


def labels_beside(path: str | Path) -> Path | None:
    """Return the file of labels that belongs to a file of images by its name, if it is there.

    ``train-images-idx3-ubyte.gz`` has its labels in ``train-labels-idx1-ubyte``, gzip or not.
    """
    path = Path(path)
    name, found = re.subn(r"images([-.])idx3", r"labels\1idx1", path.name)
    if not found:
        return None
    other = name.removesuffix(".gz") if name.endswith(".gz") else f"{name}.gz"
    return next((p for p in (path.with_name(name), path.with_name(other)) if p.is_file()), None)


PIXELS = ("images", "pixels", "x_train", "arr_0")
LABELS = ("labels", "y_train")
FURTHER = ("class_name", "label_names", "label_values")
ARRAYS = (*PIXELS, *LABELS, "classes", "frames", "ids", *FURTHER)
COLOURS = (1, 3)


class Arrays(NamedTuple):
    """What an ``.npz`` holds.

    Attributes
    ----------
    pixels : numpy.ndarray, shape (n, channels, height, width), uint8 or uint16
        Images.
    labels : list of str or None
        Class of each.
    classes : tuple of str
        All classes in their order; empty without labels.
    frames : bool
        Whether the channels are moments of a time series.
    ids : tuple of str
        Names; empty if there are none.
    class_name : str
        What the class is called.
    columns : dict of str to list of str
        Further labels by name.
    """

    pixels: np.ndarray
    labels: list[str] | None
    classes: tuple[str, ...]
    frames: bool
    ids: tuple[str, ...]
    class_name: str
    columns: dict[str, list[str]]


def read_npz(path: Readable, frames: int | None = None, ratio: float = RATIO) -> Arrays:
    """Read images from an ``.npz``.

    Parameters
    ----------
    path : str, Path or open file
        The file, with an array ``images``, ``pixels``, ``x_train`` or ``arr_0`` of shape (n, h, w),
        (n, h, w, c) or (n, c, h, w); and if there are any ``labels`` or ``y_train``, ``classes``,
        ``frames``, ``ids``, and what :func:`~biogan.images.write.write_images` adds where there
        are further labels. Nothing in it is unpickled.
    frames : int, optional
        Read (n, frames, h, w) as time series, whether or not the file says so.
    ratio : float
        How many times the size of the file its arrays may unpack to.

    Raises
    ------
    DataError
        If the file is damaged, or an array is missing, ambiguous or of another type.
    """
    held, names = read_arrays(path, ARRAYS, ratio)
    path = name_of(path)
    found = [name for name in PIXELS if name in held]
    if len(found) != 1:
        what = f"several arrays of images ({', '.join(found)})" if found else "no array of images"
        raise DataError(
            f"{path}: {what}; it holds {few(names, 8) or 'nothing'}, and one of "
            f"{', '.join(PIXELS)} is needed"
        )
    where = f"{path}, array {found[0]}"
    pixels = held[found[0]]
    if pixels.dtype.name not in DEPTHS:
        raise DataError(f"{where}: values are {pixels.dtype}; store uint8 (0-255) or uint16")
    series = bool(_flag(held, path)) or (frames is not None and _as_frames(pixels, frames))
    pixels = _channels_first(pixels, where, series)
    if series and frames is not None and pixels.shape[1] != frames:
        raise DataError(f"{where}: series of {pixels.shape[1]} frames; --frames says {frames}")
    if frames is not None and not series:
        raise DataError(f"{where}: shape {pixels.shape} holds no series of {frames} frames")
    if not pixels.size:
        raise DataError(f"{where}: holds no images, its shape is {pixels.shape}")
    labels, classes = _labels(held, path, len(pixels))
    ids = tuple(str(name) for name in held.get("ids", ()))
    if ids and len(ids) != len(pixels):
        raise DataError(f"{path}, array ids: {len(ids):,} names for {len(pixels):,} images")
    class_name = str(held.get("class_name", np.array(CLASS)))
    return Arrays(
        pixels, labels, classes, series, ids, class_name, _columns(held, path, len(pixels))
    )


def _columns(held: dict[str, np.ndarray], path: str | Path, n: int) -> dict[str, list[str]]:
    """Read labels besides the class, as :func:`biogan.images.write.write_images` keeps them."""
    names, values = held.get("label_names"), held.get("label_values")
    if names is None or values is None:
        return {}
    if names.dtype.kind != "U" or values.dtype.kind != "U" or values.shape != (len(names), n):
        raise DataError(
            f"{path}, arrays label_names and label_values: {names.shape} and {values.shape} of "
            f"{names.dtype} and {values.dtype}; names, and words (names, {n:,}) are needed"
        )
    return dict(zip(names.tolist(), values.tolist(), strict=True))


def _flag(held: dict[str, np.ndarray], path: str | Path) -> bool:
    flag = held.get("frames", np.array(False))
    if flag.size != 1 or flag.dtype != np.bool_:
        raise DataError(f"{path}, array frames: one True or False is needed, not {flag.dtype}")
    return bool(flag.item())


def _as_frames(pixels: np.ndarray, frames: int) -> bool:
    return pixels.ndim == 4 and pixels.shape[1] == frames


def _channels_first(pixels: np.ndarray, where: str, series: bool) -> np.ndarray:
    """Return (n, channels, height, width)."""
    if pixels.ndim == 3:
        return pixels[:, None]
    if pixels.ndim != 4:
        raise DataError(f"{where}: shape {pixels.shape}; (n, h, w) or (n, channels, h, w)")
    if series:
        return pixels
    first, last = pixels.shape[1] in COLOURS, pixels.shape[3] in COLOURS
    if first and last:
        raise DataError(
            f"{where}: shape {pixels.shape} may have its channels first or last; store (n, h, w) "
            "for grey, or larger images"
        )
    if not first and not last:
        raise DataError(
            f"{where}: shape {pixels.shape} has no axis of 1 or 3 channels; for time series say "
            f"--frames {pixels.shape[1]}"
        )
    return pixels if first else np.ascontiguousarray(np.moveaxis(pixels, 3, 1))


def _labels(
    held: dict[str, np.ndarray], path: str | Path, n: int
) -> tuple[list[str] | None, tuple[str, ...]]:
    found = [name for name in LABELS if name in held]
    if not found:
        return None, ()
    where, labels = f"{path}, array {found[0]}", held[found[0]]
    if labels.ndim == 2 and labels.shape[1] == 1:  # as in Keras' CIFAR-10
        labels = labels[:, 0]
    if labels.shape != (n,):
        raise DataError(f"{where}: shape {labels.shape} for {n:,} images; one label an image")
    if labels.dtype.kind == "U":
        names = labels.tolist()
        return names, tuple(sorted(set(names)))
    if labels.dtype.kind not in "ui":
        raise DataError(f"{where}: {labels.dtype}; whole numbers, or words, are needed")
    if "classes" not in held:
        texts, words = distinct(labels)
        return texts, words
    return _named(labels, held["classes"], where)


def distinct(labels: np.ndarray) -> tuple[list[str], tuple[str, ...]]:
    """Take numbers for classes: those that occur, in order, whether or not they begin with 0.

    Returns
    -------
    labels : list of str
        Class of each image.
    classes : tuple of str
        Names of the classes.

    Examples
    --------
    >>> distinct(np.array([7, 2, 7]))
    (['7', '2', '7'], ('2', '7'))
    """
    return [str(i) for i in labels.tolist()], tuple(str(i) for i in np.unique(labels).tolist())


def _named(labels: np.ndarray, names: np.ndarray, where: str) -> tuple[list[str], tuple[str, ...]]:
    """Take numbers for places in a list of names."""
    classes = tuple(str(name) for name in names.flat)
    lowest, highest = int(labels.min(initial=0)), int(labels.max(initial=-1))
    if lowest < 0 or highest >= len(classes) or len(set(classes)) != len(classes):
        raise DataError(
            f"{where}: labels up to {highest if lowest >= 0 else lowest} for {len(set(classes)):,} "
            "different names in classes"
        )
    return [classes[i] for i in labels.tolist()], classes
