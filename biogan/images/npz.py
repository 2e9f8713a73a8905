"""Images in NumPy's ``.npz``: as biogan writes them, and as others do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from biogan.errors import DataError
from biogan.images.imageset import DEPTHS

PIXELS = ("images", "pixels", "x_train", "arr_0")
LABELS = ("labels", "y_train")
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
    """

    pixels: np.ndarray
    labels: list[str] | None
    classes: tuple[str, ...]
    frames: bool
    ids: tuple[str, ...]


def read_npz(path: str | Path, frames: int | None = None) -> Arrays:
    """Read images from an ``.npz``.

    Parameters
    ----------
    path : str or Path
        The file, with an array ``images``, ``pixels``, ``x_train`` or ``arr_0`` of shape (n, h, w),
        (n, h, w, c) or (n, c, h, w); and if there are any ``labels`` or ``y_train``, ``classes``,
        ``frames``, ``ids``. Nothing in it is unpickled.
    frames : int, optional
        Read (n, frames, h, w) as time series, whether or not the file says so.

    Raises
    ------
    DataError
        If the file is damaged, or an array is missing, ambiguous or of another type.
    """
    held = _load(path)
    found = [name for name in PIXELS if name in held]
    if len(found) != 1:
        what = f"several arrays of images ({', '.join(found)})" if found else "no array of images"
        raise DataError(
            f"{path}: {what}; it holds {', '.join(held) or 'nothing'}, and one of "
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
    return Arrays(pixels, labels, classes, series, ids)


def _load(path: str | Path) -> dict[str, np.ndarray]:
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except OSError as error:
        if error.strerror:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error
        raise DataError(f"{path}: damaged .npz: {error}") from error
    except Exception as error:  # a damaged archive fails anywhere: zip, zlib, header, shape
        pickled = " (arrays of objects are not read)" if "pickle" in str(error) else ""
        raise DataError(f"{path}: no .npz that can be read{pickled}: {_first(error)}") from error


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


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
    if labels.dtype.kind not in "ui" or labels.min(initial=0) < 0:
        raise DataError(f"{where}: {labels.dtype}; numbers from 0, or words, are needed")
    return _named(labels, held.get("classes"), where)


def _named(
    labels: np.ndarray, names: np.ndarray | None, where: str
) -> tuple[list[str], tuple[str, ...]]:
    highest = int(labels.max(initial=-1))
    if names is None and highest > 65535:
        raise DataError(f"{where}: label {highest:,}; classes are counted from 0")
    classes: Sequence[str] = (
        [str(i) for i in range(highest + 1)] if names is None else [str(name) for name in names]
    )
    if highest >= len(classes) or len(set(classes)) != len(classes):
        raise DataError(
            f"{where}: labels up to {highest} for {len(set(classes))} different names in classes"
        )
    return [classes[i] for i in labels.tolist()], tuple(classes)
