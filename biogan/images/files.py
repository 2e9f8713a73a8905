"""Cutting and resizing one image, with the depth that it has.

One file of images, PNG, TIFF or JPEG, as pages of 8 or 16 bits.
"""

from __future__ import annotations

import logging
import math
import os
import warnings
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from biogan.core.errors import BioganError, DataError
from biogan.core.inputs import (
    RATIO,
    Readable,
    as_data_error,
    excessive,
    name_of,
    seekable,
    too_large,
)
from biogan.images.dataset import DEPTHS
from biogan.images.tiff import (
    COLOUR,
    GREY,
    WHITE_IS_ZERO,
    Layout,
    layout,
    open_tiff,
    plane_behind,
)

SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
FORMATS = ("PNG", "TIFF", "JPEG")
# First bytes of TIFF (either byte order, classic and big), and of PNG and JPEG.
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
STARTS = (b"\x89PNG", *TIFF_STARTS, b"\xff\xd8\xff")
BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLES, SAMPLE_FORMAT = 258, 262, 277, 339
GREY_16 = ("I;16", "I;16L", "I;16B", "I;16N", "I")
HIGHEST = 65535

#: What may be done to pages, in words that stand behind "3 images: ".
ALPHA = "alpha channel left out"
PALETTE = "palette, read as colour"
SHALLOW = "colour PNG of 16 bits, read with 8 (a TIFF keeps 16)"
INKS = "CMYK, YCbCr or LAB, turned into RGB"


def read_pages(
    path: Readable,
    done: Counter[str],
    ratio: float = RATIO,
    left_out: list[str] | None = None,
) -> Iterator[np.ndarray]:
    """Read the images of a file.

    Parameters
    ----------
    path : str, Path or open file
        PNG, TIFF or JPEG; only a TIFF can have several images, see
        :func:`biogan.images.tiff.layout`.
    done : Counter of str
        Counts what was done to pages, in words such as :data:`ALPHA`.
    ratio : float
        How many times the size of the file all pages together may unpack to, from 16 MB on; 0:
        without limit, also where Pillow has one.
    left_out : list of str, optional
        Receives the pages of a TIFF that are no images.

    Yields
    ------
    numpy.ndarray, shape (1 or 3, height, width), uint8 or uint16
        One image.

    Raises
    ------
    DataError
        If the file is damaged, of another format, far larger than it was packed, or its numbers are
        no 8 or 16 bits.
    """
    pages = _pages(path, done, ratio, left_out)
    try:
        while True:
            # Not across a yield: the caller, and other files, may warn meanwhile.
            with _quiet(ratio):
                page = next(pages, None)
            if page is None:
                return
            yield page
    finally:
        with _quiet(ratio):
            pages.close()


def _pages(
    path: Readable, done: Counter[str], ratio: float, left_out: list[str] | None
) -> Generator[np.ndarray, None, None]:
    """Read the images of a file, whatever libraries say about it."""
    name = name_of(path)
    try:
        with as_data_error(), seekable(path, ratio) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            room = _Room(name, size, ratio)
            if not file.read(4).startswith(TIFF_STARTS):
                # A JPEG of a telephone may hold a preview as a second page.
                yield from _pillow_pages(file, room, done, [0])
                return
            found = layout(file, name)
            if left_out is not None:
                left_out += [f"{os.path.basename(name)} {what}" for what in found.left_out]
            if found.words:
                done[found.words] += len(found.planes) // found.channels
            file.seek(0)
            if found.behind or _for_tifffile(file):
                pages = _tifffile_pages(file, room, done, found)
            else:
                pages = _pillow_pages(file, room, done, found.planes)
            yield from _joined(pages, found.channels, name)
    except BioganError:
        raise
    except MemoryError as error:
        raise DataError(f"{name}: not enough memory to read it; give a smaller file") from error
    except OSError as error:
        if error.strerror:
            raise DataError(f"{name}: cannot be read: {error.strerror}") from error
        raise DataError(f"{name}: {_why(error)}") from error
    except Exception as error:  # what a decoder raises at damaged bytes is no fixed list
        raise DataError(f"{name}: {_why(error)}") from error


class _Room:
    """Counts what the pages of a file unpack to, before they are unpacked."""

    def __init__(self, name: str, size: int, ratio: float) -> None:
        self.name, self._size, self._ratio, self._total = name, size, ratio, 0

    def take(self, size: int) -> None:
        """Count the bytes of a page; refuse them where they are too many."""
        self._total += size
        if excessive(self._total, self._size, self._ratio):
            raise DataError(f"{self.name}: {too_large(self._ratio)}")


def _why(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "no PNG, TIFF or JPEG that can be read"
    if isinstance(error, Image.DecompressionBombError):
        return (
            f"an image of more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels; cut it into "
            "smaller ones, or say --unpack-ratio 0"
        )
    said = (str(error).splitlines() or [""])[0].strip(" .") or type(error).__name__
    if "imagecodecs" in said:
        return "a TIFF whose compression cannot be read; save it without compression"
    return f"damaged image: {said}"


@contextmanager
def _quiet(ratio: float) -> Iterator[None]:
    """Keep what libraries say about odd files off the screen: the error or a note tells it.

    Pillow's own limit of pixels is lifted where that of biogan is.
    """
    most = Image.MAX_IMAGE_PIXELS
    loggers = [logging.getLogger(name) for name in ("tifffile", "PIL")]
    before = [logger.propagate for logger in loggers]
    nowhere = logging.NullHandler()
    for logger in loggers:
        logger.addHandler(nowhere)
        logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not ratio:
                Image.MAX_IMAGE_PIXELS = None
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = most
        for logger, propagate in zip(loggers, before, strict=True):
            logger.removeHandler(nowhere)
            logger.propagate = propagate


def _for_tifffile(file: IO[bytes]) -> bool:
    """Whether a TIFF is of a kind that Pillow refuses or cuts to 8 bits."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            bits = image.tag_v2.get(BITS_PER_SAMPLE, (8,))  # type: ignore[attr-defined]
            if len(bits) > 1 and max(bits) > 8:
                return True
            # Pillow reads 8 bits with a sign as if they had none.
            signed = image.mode == "L" and 2 in image.tag_v2.get(SAMPLE_FORMAT, ())  # type: ignore[attr-defined]
            return (max(bits) > 8 and image.mode not in GREY_16) or signed
    except UnidentifiedImageError:
        return True
    finally:
        file.seek(0)


def _joined(pages: Iterator[np.ndarray], channels: int, name: str) -> Iterator[np.ndarray]:
    """Put the channels of an image together."""
    if channels == GREY:
        yield from pages
        return
    for first in pages:
        planes = [first, *islice(pages, channels - 1)]
        if any(plane.shape != (1, *first.shape[1:]) for plane in planes):
            raise DataError(f"{name}: damaged image: channels of the stack differ in shape")
        yield np.concatenate(planes)


def _pillow_pages(
    file: IO[bytes], room: _Room, done: Counter[str], pages: Sequence[int]
) -> Iterator[np.ndarray]:
    file.seek(0)
    bits = _png_bits(file)
    with Image.open(file, formats=FORMATS) as image:
        tiff = image.format == "TIFF"
        shallow = image.format == "PNG" and image.mode not in GREY_16 and bits == 16
        for page in pages:
            image.seek(page)
            depth = 4 if image.mode == "I" else 2 if image.mode in GREY_16 else 1
            room.take(image.width * image.height * len(image.getbands()) * depth)
            with _mute(image):
                image.load()
            turned = ImageOps.exif_transpose(image) if image.format != "PNG" else image
            pixels = _pixels(turned, room.name, done)
            if tiff and pixels.dtype == np.uint16 and _inverted(image):
                pixels = HIGHEST - pixels
            done[SHALLOW] += shallow
            # A fourth channel of which the file does not say that it is alpha: Pillow drops it.
            done[ALPHA] += tiff and image.mode == "RGB" and image.tag_v2.get(SAMPLES) == 4  # type: ignore[attr-defined]
            yield pixels


@contextmanager
def _mute(image: Image.Image) -> Iterator[None]:
    """Keep what libtiff prints on standard error off the screen: Pillow has no way to stop it."""
    tile = getattr(image, "tile", None)
    if not tile or tile[0][0] != "libtiff":
        yield
        return
    try:
        before = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), 2)
            yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def _inverted(image: Image.Image) -> bool:
    return image.tag_v2.get(PHOTOMETRIC) == WHITE_IS_ZERO  # type: ignore[attr-defined]


def _png_bits(file: IO[bytes]) -> int:
    """Bits of a channel, as the header of a PNG says: Pillow does not tell."""
    start = file.read(25)
    file.seek(0)
    return start[24] if len(start) > 24 else 0


def _pixels(image: Image.Image, path: str, done: Counter[str]) -> np.ndarray:
    """Turn a page as Pillow has it into (channels, height, width)."""
    mode = image.mode
    if mode in GREY_16:
        values = np.asarray(image)
        if values.min() < 0 or values.max() > HIGHEST:
            raise DataError(
                f"{path}: values from {values.min():,} to {values.max():,}; 8 or 16 bits (0 to "
                f"{HIGHEST:,}) are needed"
            )
        return values.astype(np.uint16)[None]
    if mode in ("P", "PA"):
        done[PALETTE] += 1
        image = image.convert("RGBA").convert("RGB")
    elif mode in ("LA", "La", "RGBA", "RGBa"):
        done[ALPHA] += 1
        image = image.convert("LA" if mode[0] == "L" else "RGBA")
        bands = image.split()[:-1]
        image = Image.merge("RGB", bands) if len(bands) == 3 else bands[0]
    elif mode == "1":
        image = image.convert("L")
    elif mode not in ("L", "RGB"):
        done[INKS] += 1
        image = image.convert("RGB")
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, 2, 0)


def _tifffile_pages(
    file: IO[bytes], room: _Room, done: Counter[str], found: Layout
) -> Iterator[np.ndarray]:
    path = room.name
    with open_tiff(file, path) as tiff:
        for i in found.planes:
            page = tiff.pages[0 if found.behind else i]
            room.take(math.prod(page.shape) * (page.dtype.itemsize if page.dtype else 1))
            values = plane_behind(file, page, i) if found.behind else page.asarray()
            if values.dtype.name not in DEPTHS:
                raise DataError(f"{path}: values are {values.dtype}; save it as 8 or 16 bits")
            if values.shape != page.shape or not values.size:
                raise DataError(f"{path}: damaged image: its header and its pixels do not agree")
            if page.axes == "YX":
                values = values[None]
            elif page.axes == "YXS":
                values = np.moveaxis(values, 2, 0)
            elif page.axes != "SYX":
                raise DataError(f"{path}: pages with axes {page.axes}; save each plane as a page")
            if len(values) in (2, 4):
                done[ALPHA] += 1
                values = values[:-1]
            if len(values) not in (GREY, COLOUR):
                raise DataError(f"{path}: {len(values):,} channels; grey or RGB is needed")
            if int(page.photometric) == WHITE_IS_ZERO:
                values = np.iinfo(values.dtype).max - values
            yield values


def resize(image: np.ndarray, size: int) -> np.ndarray:
    """Resize an image to a square.

    Each channel goes through Pillow as floats, so that 16 bits stay 16 bits. Bicubic: where the
    image shrinks, its support grows with it, which keeps fine texture from turning into stripes.

    Parameters
    ----------
    image : numpy.ndarray, shape (channels, height, width), uint8 or uint16
        What to resize.
    size : int
        Height and width in pixels.

    Returns
    -------
    numpy.ndarray, shape (channels, size, size), same type
        Rounded, and clipped to the range of the type.

    Examples
    --------
    >>> resize(np.full((1, 40, 20), 1000, np.uint16), 16)[0, 0, :2]
    array([1000, 1000], dtype=uint16)
    """
    brightest = np.iinfo(image.dtype).max
    channels = [
        Image.fromarray(channel.astype(np.float32)).resize((size, size), Image.Resampling.BICUBIC)
        for channel in image
    ]
    values = np.stack([np.asarray(channel) for channel in channels])
    return np.rint(values).clip(0, brightest).astype(image.dtype)


def central(image: np.ndarray) -> np.ndarray:
    """Return the largest square in the middle of an image (channels, height, width).

    Examples
    --------
    >>> central(np.arange(5)[None, None].repeat(3, 1))[0, 0]
    array([1, 2, 3])
    """
    height, width = image.shape[1:]
    side = min(height, width)
    y, x = (height - side) // 2, (width - side) // 2
    return image[:, y : y + side, x : x + side]


def tiles(image: np.ndarray, size: int) -> list[tuple[int, int, np.ndarray]]:
    """Cut an image into squares that do not overlap; what fills none at the edges is left out.

    Returns
    -------
    list of (int, int, numpy.ndarray)
        Top row, left column and pixels (channels, size, size) of each.

    Examples
    --------
    >>> [(y, x) for y, x, _ in tiles(np.zeros((1, 40, 70)), 32)]
    [(0, 0), (0, 32)]
    """
    height, width = image.shape[1:]
    return [
        (y, x, image[:, y : y + size, x : x + size])
        for y in range(0, height - size + 1, size)
        for x in range(0, width - size + 1, size)
    ]


def grey(image: np.ndarray) -> np.ndarray:
    """Turn red, green and blue (..., 3, height, width) into grey (..., 1, height, width).

    The weights are those of ITU-R BT.601 in whole numbers, as Pillow has them, for any depth.
    """
    red, green, blue = np.moveaxis(image.astype(np.uint32), -3, 0)
    # 65,535 times the sum of the weights, 65,536, and a half still fit into 32 bits.
    mixed = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16
    return np.expand_dims(mixed.astype(image.dtype), -3)
