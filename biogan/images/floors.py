"""Trivial samplers of images: what a GAN has to beat.

``noise`` knows nothing of the data, ``pixel-gaussian`` each pixel by itself, ``gaussian`` also how
pixels vary together, as far as straight lines go.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from biogan.errors import DataError
from biogan.images.imageset import ImageSet
from biogan.images.space import PixelSpace
from biogan.seeds import rng

# Images that are drawn at once.
_BLOCK = 2_000


def noise(images: ImageSet, n: int, seed: int) -> ImageSet:
    """Draw every pixel evenly between the darkest and the brightest of the images.

    Parameters
    ----------
    images : ImageSet
        Real images; their shape and range are kept.
    n : int
        Images to draw.
    seed : int
        Seed of the pixels.
    """
    _check(images)
    low, high = int(images.pixels.min()), int(images.pixels.max())
    shape = (n, *images.shape)
    drawn = rng(seed, "noise-floor").integers(low, high + 1, shape, dtype=images.pixels.dtype)
    return _named(drawn, images, "noise")


def pixel_gaussian(images: ImageSet, n: int, seed: int) -> ImageSet:
    """Draw every pixel by itself, with its own mean and standard deviation, and cut at the range.

    Parameters as for :func:`noise`.
    """
    _check(images)
    mean = images.pixels.mean(0, dtype=np.float64)
    sd = images.pixels.std(0, dtype=np.float64)
    random = rng(seed, "pixel-gaussian")

    def draw(m: int) -> np.ndarray:
        return mean + sd * random.standard_normal((m, *images.shape))

    return _named(_blocks(draw, n, images), images, "pixel-gaussian")


def gaussian(images: ImageSet, n: int, seed: int) -> ImageSet:
    """Draw from one Gaussian along the first 64 principal components, and cut at the range.

    The best of samplers without a nonlinearity, but for the cut. Parameters as for :func:`noise`.
    """
    _check(images)
    space = PixelSpace.fit(images, seed)
    random = rng(seed, "gaussian")

    def draw(m: int) -> np.ndarray:
        points = random.standard_normal((m, len(space.sd))) * space.sd
        flat = space.mean + points @ space.axes
        return flat.reshape(m, *images.shape) * images.brightest

    return _named(_blocks(draw, n, images), images, "gaussian")


#: The samplers by name, from the worst to the best.
FLOORS: dict[str, Callable[[ImageSet, int, int], ImageSet]] = {
    "noise": noise,
    "pixel-gaussian": pixel_gaussian,
    "gaussian": gaussian,
}


def _blocks(draw: Callable[[int], np.ndarray], n: int, images: ImageSet) -> np.ndarray:
    """Round what is drawn to whole intensities within the range of the type."""
    out = np.empty((n, *images.shape), images.pixels.dtype)
    for start in range(0, n, _BLOCK):
        part = draw(min(_BLOCK, n - start))
        out[start : start + _BLOCK] = np.clip(np.rint(part), 0, images.brightest)
    return out


def _named(pixels: np.ndarray, images: ImageSet, name: str) -> ImageSet:
    return ImageSet.from_pixels(pixels, prefix=name, source=name, frames=images.frames)


def _check(images: ImageSet) -> None:
    if not len(images):
        raise DataError(f"{images.source}: no images to learn a trivial sampler from")
