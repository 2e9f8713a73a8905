"""Cutting and resizing one image, with the depth that it has."""

from __future__ import annotations

import numpy as np
from PIL import Image


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
