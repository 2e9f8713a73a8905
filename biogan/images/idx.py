"""IDX files, as MNIST comes in: a header of sizes, then the numbers, plain or gzip."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

import numpy as np

from biogan.errors import DataError
from biogan.io.input_report import plural

GZIP = b"\x1f\x8b"
#: Third byte of the file: type of the numbers, big-endian.
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
IMAGE_AXES = 3  # images, rows, columns


def head(path: str | Path) -> bytes:
    """Return the first bytes of a file, unpacked where it is gzip.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    try:
        with open(path, "rb") as raw:
            start = raw.read(16)
        if not start.startswith(GZIP):
            return start
        with gzip.open(path, "rb") as packed:
            return packed.read(16)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: {_reason(error)}") from error


def is_idx(path: str | Path) -> bool:
    """Whether a file begins as every IDX file does, with two zero bytes."""
    return head(path)[:2] == b"\0\0"


def read_idx(path: str | Path) -> np.ndarray:
    """Read an IDX file whole and check every part of it.

    The format is that of http://yann.lecun.com/exdb/mnist: two zero bytes, a byte for the type, a
    byte for the number of axes, a big-endian 32-bit size for each, the numbers.

    Parameters
    ----------
    path : str or Path
        Plain or gzip, known by its first bytes.

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
    data = _bytes(path)
    if not data:
        raise DataError(f"{path}: the file is empty")
    if data[:2] != b"\0\0":
        raise DataError(f"{path}: no IDX file: it begins with {data[:4].hex(' ')}, not with 00 00")
    if len(data) < 4 or len(data) < 4 + 4 * data[3]:
        raise DataError(f"{path}: ends inside its header, after {len(data)} bytes")
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
    return np.frombuffer(data, kind, offset=start).reshape(shape).astype(kind.newbyteorder("="))


def read_idx_images(path: str | Path) -> np.ndarray:
    """Read images of unsigned bytes, (n, height, width).

    Raises
    ------
    DataError
        Also if there are none, or the file holds labels or other numbers.
    """
    images = read_idx(path)
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


def read_idx_labels(path: str | Path, images: int) -> np.ndarray:
    """Read labels, (images,) int64.

    Raises
    ------
    DataError
        Also if they are not as many as the images, or no counts.
    """
    labels = read_idx(path)
    if labels.ndim != 1 or labels.dtype.kind not in "ui":
        raise DataError(
            f"{path}: {labels.ndim} axes of {labels.dtype}; labels are one axis of whole numbers"
        )
    if len(labels) != images:
        raise DataError(f"{path}: {len(labels):,} labels for {images:,} images")
    if labels.min(initial=0) < 0:
        raise DataError(f"{path}: label {labels.min()}; classes are counted from 0")
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


def _bytes(path: str | Path) -> bytes:
    try:
        data = Path(path).read_bytes()
        return gzip.decompress(data) if data.startswith(GZIP) else data
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    if isinstance(error, EOFError):
        return "cut off: the gzip data end too early; fetch the file again"
    return f"damaged gzip data ({error}); fetch the file again"
