"""Many images as one picture, and pictures as a film.

Writing images: ``.npz``, one picture of many, a film, or a folder of files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from biogan.core.errors import ConfigError, DataError, OutputError, plural
from biogan.core.files import atomic_path, claim_folder, file_names, write_tsv
from biogan.core.pictures import FILMS, animation
from biogan.images.dataset import CLASS, TABLE, ImageSet

ENLARGED = 64  # images are shown at about this many pixels
WHITE = 255


def grid(
    images: ImageSet,
    columns: int | None = None,
    most: int = 100,
    gap: int = 2,
    scale: int | None = None,
) -> Image.Image:
    """Draw images side by side; a time series as one row, its frames from left to right.

    Parameters
    ----------
    images : ImageSet
        What to draw. 16 bits are drawn with 8, black and white staying where they are.
    columns : int, optional
        Images in a row; series in a row for time series (1). By default the picture is about
        square.
    most : int
        Largest number of images, or series; the first ones are drawn.
    gap : int
        White pixels between images.
    scale : int, optional
        Whole factor by which images are enlarged; small ones are by default, to about 64 pixels.

    Returns
    -------
    PIL.Image.Image
        Grey or RGB.

    Raises
    ------
    DataError
        If there are no images.

    Examples
    --------
    >>> ones = ImageSet.from_pixels(np.zeros((6, 28, 28), np.uint8))
    >>> grid(ones).size  # three columns of 56 pixels and two gaps of 2
    (172, 114)
    """
    pixels = images.pixels[:most]
    if not len(pixels):
        raise DataError(f"{images.source}: no images to draw")
    n, channels, height, width = pixels.shape
    if pixels.dtype == np.uint16:
        pixels = np.rint(pixels / 257).astype(np.uint8)
    if images.frames:
        cells = pixels.reshape(n * channels, 1, height, width)
        columns = (columns or 1) * channels
    else:
        cells, columns = pixels, columns or int(np.ceil(n**0.5))
    columns = min(columns, len(cells))
    scale = scale or max(1, ENLARGED // max(height, width))
    cells = cells.repeat(scale, 2).repeat(scale, 3)
    height, width = height * scale, width * scale
    rows = -(-len(cells) // columns)
    canvas = np.full(
        (rows * (height + gap) - gap, columns * (width + gap) - gap, cells.shape[1]),
        WHITE,
        np.uint8,
    )
    for i, cell in enumerate(cells):
        y, x = i // columns * (height + gap), i % columns * (width + gap)
        canvas[y : y + height, x : x + width] = np.moveaxis(cell, 0, 2)
    return Image.fromarray(canvas[:, :, 0] if canvas.shape[2] == 1 else canvas)


__all__ = ["animation", "grid", "write_images"]

PICTURES = {".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF"}
MOST = 100  # images, or series, of one picture
FILM_MOST = 25


def write_images(images: ImageSet, out: str | Path, overwrite: bool = False) -> list[str]:
    """Write images in the way that a name asks for.

    Parameters
    ----------
    images : ImageSet
        What to write.
    out : str or Path
        ``.npz``: everything, and :func:`~biogan.images.read.read_images` gives it back as it was.
        ``.png``, ``.tif``: the first hundred in one picture. ``.gif``, ``.webp``: time series,
        running. A name without a suffix, or a folder: one file an image, named by its id; PNG, a
        TIFF of several pages for a time series, TIFF for colour of 16 bits, which PNG as Pillow
        writes it does not hold; with labels, ``labels.tsv`` beside them.
    overwrite : bool
        Write into a folder that is not empty; files of other names stay there. A single file takes
        the place of an older one either way.

    Returns
    -------
    list of str
        What was written, in words.

    Raises
    ------
    ConfigError
        If the suffix is unknown, or a film is asked for of images that have no frames.
    DataError
        If there are no images.
    OutputError
        If something cannot be written, or the folder is not empty.

    Examples
    --------
    >>> images = ImageSet.from_pixels(np.zeros((3, 16, 16), np.uint8))
    >>> write_images(images, getfixture("tmp_path") / "samples.npz")
    ['.../samples.npz: 3 images of 16 x 16 pixels']
    """
    out = Path(out)
    if not len(images):
        raise DataError(f"{out}: no images to write")
    suffix = "" if out.is_dir() else out.suffix.lower()
    if suffix == ".npz":
        return _npz(images, out)
    if suffix in PICTURES:
        with atomic_path(out) as temporary:
            grid(images, most=MOST).save(temporary, PICTURES[suffix])
        return [f"{out}: {_shown(images, MOST)}"]
    if suffix in FILMS:
        return _film(images, out)
    if suffix:
        known = ", ".join([".npz", *PICTURES, *FILMS])
        raise ConfigError(
            f"{out}: images are written as {known}, or into a folder (a name without a suffix)"
        )
    return _folder(images, out, overwrite)


def _noun(images: ImageSet, n: int) -> str:
    return f"{n:,} series" if images.frames else plural(n, "image")


def _shown(images: ImageSet, most: int) -> str:
    n = len(images)
    return f"the first {most:,} of {_noun(images, n)}" if n > most else f"all of {_noun(images, n)}"


def _npz(images: ImageSet, out: Path) -> list[str]:
    arrays = {"images": images.pixels, "frames": np.array(images.frames), "ids": _words(images.ids)}
    if images.labels is not None:
        arrays |= {"labels": images.labels, "classes": _words(images.classes)}
        if images.class_name != CLASS:
            arrays["class_name"] = np.array(images.class_name, np.str_)
    if images.columns:
        arrays["label_names"] = _words(tuple(images.columns))
        arrays["label_values"] = np.array([c.tolist() for c in images.columns.values()], np.str_)
    with atomic_path(out) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    shape = images.shape
    frames = f"{shape.channels} frames, " if images.frames else ""
    size = f"{shape.width} x {shape.height} pixels"
    return [f"{out}: {_noun(images, len(images))} of {frames}{size}"]


def _words(words: Sequence[str]) -> np.ndarray:
    """Turn words into an array that needs no pickling, also where there are none."""
    return np.array(words, np.str_)


def _film(images: ImageSet, out: Path) -> list[str]:
    if not images.frames:
        raise ConfigError(f"{out}: only time series run; these images have no frames (use .png)")
    moments = (
        ImageSet(images.pixels[:FILM_MOST, i : i + 1], images.ids[:FILM_MOST])
        for i in range(images.shape.channels)
    )
    animation([grid(moment, most=FILM_MOST) for moment in moments], out)
    return [f"{out}: {_shown(images, FILM_MOST)}, running"]


def _folder(images: ImageSet, out: Path, overwrite: bool) -> list[str]:
    there = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if there and not overwrite:
        raise OutputError(f"{out}: is not empty; use --overwrite, or another folder")
    claim_folder(out)
    deep = images.pixels.dtype == np.uint16 and images.shape.channels > 1 and not images.frames
    suffix = ".tif" if images.frames or deep else ".png"
    names = list(file_names(images.ids, "image"))
    written = set()
    for name, pixels in zip(names, images.pixels, strict=True):
        with atomic_path(out / f"{name}{suffix}") as temporary:
            if deep:
                import tifffile

                tifffile.imwrite(
                    temporary, np.moveaxis(pixels, 0, 2), photometric="rgb", metadata=None
                )
            else:
                _save(pixels, images.frames, temporary)
        written.add(f"{name}{suffix}")
    done = [f"{out}: {_noun(images, len(images))}, each a {suffix} file"]
    if texts := images.texts:
        write_tsv(pd.DataFrame({"id": names, **texts}), out / TABLE)
        written.add(TABLE)
        what = "class" if texts.keys() == {images.class_name} else "labels"
        done.append(f"{out / TABLE}: the {what} of each")
    older = sorted(there - written)
    if older:
        stay = "is" if len(older) == 1 else "are"
        done.append(
            f"{out}: {plural(len(older), 'file')} of before {stay} still there ({older[0]})"
        )
    return done


def _save(pixels: np.ndarray, frames: bool, path: Path) -> None:
    """Write one image as PNG, or its channels as pages of a TIFF."""
    if frames:
        pages = [Image.fromarray(np.ascontiguousarray(page)) for page in pixels]
        pages[0].save(path, "TIFF", save_all=True, append_images=pages[1:])
    elif len(pixels) == 1:
        Image.fromarray(np.ascontiguousarray(pixels[0])).save(path, "PNG")
    else:
        Image.fromarray(np.ascontiguousarray(np.moveaxis(pixels, 0, 2))).save(path, "PNG")
