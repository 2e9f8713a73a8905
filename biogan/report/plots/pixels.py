"""Pictures inside a page: grids of images as PNG, pixel for pixel, in the page itself."""

from __future__ import annotations

import base64
import io

import numpy as np
from markupsafe import Markup

from biogan.images.imageset import ImageSet

# Grey between images, and its width in pixels.
_BETWEEN, _GAP = 235, 1
# Percentiles that become black and white where the range of the type is not used.
_DARK, _BRIGHT = 0.1, 99.9


def window(images: ImageSet) -> tuple[float, float]:
    """Return the intensities that are drawn black and white: of 8 bits all, of 16 those in use."""
    if images.pixels.dtype == np.uint8 or not len(images):
        return 0.0, float(images.brightest)
    low, high = np.percentile(images.pixels, [_DARK, _BRIGHT])
    return (float(low), float(high)) if high > low else (0.0, float(images.brightest))


def tiles(images: ImageSet, low: float, high: float) -> np.ndarray:
    """Turn images into pictures, shape (n, height, width, 3), uint8.

    Three channels that are no time series are red, green and blue; other channels stand side by
    side.
    """
    scaled = (images.pixels.astype(np.float32) - low) * (255 / (high - low))
    pixels = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    if images.shape.channels == 3 and not images.frames:
        return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))
    side_by_side = pixels.transpose(0, 2, 1, 3).reshape(len(pixels), images.shape.height, -1)
    return np.repeat(side_by_side[..., None], 3, axis=3)


def grid(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Put pictures (n, h, w, 3) into rows, with a grey line between: (height, width, 3)."""
    n, h, w = pictures.shape[:3]
    columns = max(1, min(columns, n))
    rows = -(-n // columns)
    shape = (rows * (h + _GAP) + _GAP, columns * (w + _GAP) + _GAP, 3)
    out = np.full(shape, _BETWEEN, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = (_GAP + p * (s + _GAP) for p, s in zip(divmod(i, columns), (h, w), strict=True))
        out[top : top + h, left : left + w] = picture
    return out


def embedded(picture: np.ndarray, alt: str) -> Markup:
    """Return a picture (height, width, 3) as an element of a page, lossless."""
    from PIL import Image

    out = io.BytesIO()
    grey = bool((picture == picture[..., :1]).all())
    Image.fromarray(picture[..., 0] if grey else picture).save(out, "PNG", optimize=True)
    data = base64.b64encode(out.getvalue()).decode()
    height, width = picture.shape[:2]
    return Markup('<img class="pixels" src="data:image/png;base64,{}" width="{}" height="{}" '
                  'alt="{}">').format(data, width, height, alt)  # fmt: skip
