"""Many images as one picture, and pictures as a film."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from biogan.errors import ConfigError, DataError
from biogan.images.imageset import ImageSet
from biogan.io.tables import atomic_path

ENLARGED = 64  # images are shown at about this many pixels
WHITE = 255
FILMS = {".gif": "GIF", ".webp": "WEBP"}
LAST = 8  # times that the last picture of a film stays longer than the others


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


def animation(frames: Sequence[Image.Image], path: str | Path, milliseconds: int = 150) -> None:
    """Write pictures of one size as a film that runs for ever; equal pictures give equal bytes.

    Parameters
    ----------
    frames : sequence of PIL.Image.Image
        Pictures in their order.
    path : str or Path
        Name in ``.gif`` or ``.webp``; the file appears whole and takes the place of an older one.
    milliseconds : int
        How long each picture stays; the last one stays eight times as long.

    Raises
    ------
    ConfigError
        If the name says neither GIF nor WebP.
    DataError
        If there are no pictures, or they differ in size.
    OutputError
        If the file cannot be written.
    """
    kind = FILMS.get(Path(path).suffix.lower())
    if kind is None:
        raise ConfigError(f"{path}: a film is written as {' or '.join(FILMS)}")
    sizes = sorted({picture.size for picture in frames})
    if len(sizes) != 1:
        found = ", ".join(f"{width} x {height}" for width, height in sizes) or "none"
        raise DataError(f"{path}: a film needs pictures of one size; found {found}")
    # Grey has its 256 values in a GIF; colour is cut down to 256 colours a picture.
    mode = "L" if kind == "GIF" and all(picture.mode in ("1", "L") for picture in frames) else "RGB"
    pictures = [picture.convert(mode) for picture in frames]
    times = [milliseconds] * (len(pictures) - 1) + [milliseconds * LAST]
    how = {"lossless": True} if kind == "WEBP" else {"optimize": False}
    with atomic_path(path) as temporary:
        pictures[0].save(
            temporary, kind, save_all=True, append_images=pictures[1:], duration=times, loop=0,
            **how,
        )  # fmt: skip
