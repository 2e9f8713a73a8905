"""Pictures inside a page: grids of images as PNG, pixel for pixel, in the page itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable

import numpy as np
from markupsafe import Markup

# Grey between images, and its width in pixels.
_BETWEEN, _GAP = 235, 1
_PAIR = Markup("<figure><figcaption><b>{:.2f}</b> {}<br>{}</figcaption>{}</figure>")


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


def picture_pairs(pairs: Iterable[tuple[float, str, str, np.ndarray]]) -> Markup:
    """Put pairs of pictures side by side.

    Parameters
    ----------
    pairs : iterable of (float, str, str, numpy.ndarray)
        A distance, the names of the left and the right picture, and both, shape (2, h, w, 3).
    """
    figures = [
        _PAIR.format(distance, left, right, embedded(grid(both, 2), f"{left} beside {right}"))
        for distance, left, right, both in pairs
    ]
    return Markup('<div class="picturepairs">{}</div>').format(Markup("").join(figures))
