"""Cutting and resizing one image, with the depth that it has.

One file of images, PNG, TIFF or JPEG, as pages of 8 or 16 bits.
"""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from biogan.core.errors import BioganError, DataError
from biogan.images.dataset import DEPTHS

SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
FORMATS = ("PNG", "TIFF", "JPEG")
# First bytes of PNG, TIFF (either byte order, classic and big) and JPEG.
STARTS = (b"\x89PNG", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\xff\xd8\xff")
BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339
WHITE_IS_ZERO = 0
GREY_16 = ("I;16", "I;16L", "I;16B", "I;16N", "I")
HIGHEST = 65535

#: What may be done to pages, in words that stand behind "3 images: ".
ALPHA = "alpha channel left out"
PALETTE = "palette, read as colour"
SHALLOW = "colour PNG of 16 bits, read with 8 (a TIFF keeps 16)"
INKS = "CMYK, YCbCr or LAB, turned into RGB"


def read_pages(path: str | Path, done: Counter[str]) -> Iterator[np.ndarray]:
    """Read the pages of a file.

    Parameters
    ----------
    path : str or Path
        PNG, TIFF or JPEG; only a TIFF can have several pages.
    done : Counter of str
        Counts what was done to pages, in words such as :data:`ALPHA`.

    Yields
    ------
    numpy.ndarray, shape (1 or 3, height, width), uint8 or uint16
        One page.

    Raises
    ------
    DataError
        If the file is damaged, of another format, or its numbers are no 8 or 16 bits.
    """
    path = Path(path)
    try:
        with _quiet():
            if _for_tifffile(path):
                yield from _tifffile_pages(path, done)
            else:
                yield from _pillow_pages(path, done)
    except BioganError:
        raise
    except OSError as error:
        if error.strerror:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error
        raise DataError(f"{path}: {_why(error)}") from error
    except Exception as error:  # what a decoder raises at damaged bytes is no fixed list
        raise DataError(f"{path}: {_why(error)}") from error


def _why(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "no PNG, TIFF or JPEG that can be read"
    said = (str(error).splitlines() or [""])[0].strip(" .") or type(error).__name__
    if "imagecodecs" in said:
        return "a TIFF whose compression cannot be read; save it without compression"
    return f"damaged image: {said}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what libraries say about odd files off the screen: the error or a note tells it."""
    logger = logging.getLogger("tifffile")
    before = logger.disabled
    logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = before


def _for_tifffile(path: Path) -> bool:
    """Whether a TIFF is of a kind that Pillow refuses or cuts to 8 bits."""
    with open(path, "rb") as file:
        if not file.read(4).startswith((b"II", b"MM")):
            return False
    try:
        with Image.open(path, formats=FORMATS) as image:
            bits = image.tag_v2.get(BITS_PER_SAMPLE, (8,))  # type: ignore[attr-defined]
            # Pillow reads 8 bits with a sign as if they had none.
            signed = image.mode == "L" and 2 in image.tag_v2.get(SAMPLE_FORMAT, ())  # type: ignore[attr-defined]
            return (max(bits) > 8 and image.mode not in GREY_16) or signed
    except UnidentifiedImageError:
        return True


def _pillow_pages(path: Path, done: Counter[str]) -> Iterator[np.ndarray]:
    with Image.open(path, formats=FORMATS) as image:
        tiff = image.format == "TIFF"
        shallow = image.format == "PNG" and image.mode not in GREY_16 and _png_bits(path) == 16
        # A JPEG of a telephone may hold a preview as a second page.
        for page in range(image.n_frames if tiff else 1):  # type: ignore[attr-defined]
            image.seek(page)
            image.load()
            turned = ImageOps.exif_transpose(image) if image.format != "PNG" else image
            pixels = _pixels(turned, path, done)
            if tiff and pixels.dtype == np.uint16 and _inverted(image):
                pixels = HIGHEST - pixels
            done[SHALLOW] += shallow
            yield pixels


def _inverted(image: Image.Image) -> bool:
    return image.tag_v2.get(PHOTOMETRIC) == WHITE_IS_ZERO  # type: ignore[attr-defined]


def _png_bits(path: Path) -> int:
    """Bits of a channel, as the header of a PNG says: Pillow does not tell."""
    with open(path, "rb") as file:
        return file.read(25)[24]


def _pixels(image: Image.Image, path: Path, done: Counter[str]) -> np.ndarray:
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


def _tifffile_pages(path: Path, done: Counter[str]) -> Iterator[np.ndarray]:
    import tifffile

    with tifffile.TiffFile(path) as file:
        seen: set[int] = set()
        for page in cast("Iterator[tifffile.TiffPage]", file.pages):
            if page.offset in seen:  # else it would be read for ever
                raise DataError(f"{path}: damaged image: its pages follow one another in a circle")
            seen.add(page.offset)
            values = page.asarray()
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
            if len(values) not in (1, 3):
                raise DataError(f"{path}: {len(values)} channels; grey or RGB is needed")
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
