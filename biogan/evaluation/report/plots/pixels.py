"""Pictures inside a page: grids of images as PNG, pixel for pixel, in the page itself."""

from __future__ import annotations

import base64
import io

import numpy as np
from markupsafe import Markup


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


# Grey between images, and its width in pixels.
_BETWEEN, _GAP = 235, 1
