"""Trivial samplers of images: what a GAN has to beat.

``noise`` knows nothing of the data, ``pixel-gaussian`` each pixel by itself, ``gaussian`` also how
pixels vary together, as far as straight lines go.

The directions in which real images vary most: principal components of their pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from biogan.core.conditions import numbers
from biogan.core.errors import DataError
from biogan.core.memory import room_for_blas
from biogan.core.rng import rng
from biogan.evaluation.conditions import Strata
from biogan.images.dataset import ImageSet

#: A trivial sampler: training images, a number and a seed to images.
Sampled = Callable[[ImageSet, int, int], ImageSet]
#: Components at most.
AXES = 64
# Images that they are found from, and images turned to numbers at once.
_MOST, _SPACE_BLOCK = 5_000, 1_000


@dataclass(frozen=True, eq=False)
class PixelSpace:
    """Principal components of the pixels of real images, intensities from 0 to 1.

    Attributes
    ----------
    mean : numpy.ndarray, shape (pixels,)
        Mean image.
    axes : numpy.ndarray, shape (k, pixels)
        Orthonormal directions, the one of the largest variance first; k is at most 64.
    sd : numpy.ndarray, shape (k,)
        Standard deviation along each.
    explained : numpy.ndarray, shape (k,)
        Share of the variance along each.
    """

    mean: np.ndarray
    axes: np.ndarray
    sd: np.ndarray
    explained: np.ndarray

    @classmethod
    def fit(cls, images: ImageSet, seed: int = 0) -> PixelSpace:
        """Find the components of some images; of more than 5,000 as many are drawn."""
        from sklearn.utils.extmath import randomized_svd

        rows = rng(seed, "pixel-space").permutation(len(images))[:_MOST]
        table = flat(images[np.sort(rows)])
        mean = table.mean(0, dtype=np.float64)
        table -= mean
        total = float((table.astype(np.float64) ** 2).sum())
        k = min(AXES, len(table), table.shape[1])
        room_for_blas()
        _, values, axes = randomized_svd(table, k, random_state=0)
        # Rounding, where no pixel varies in that direction.
        kept = values > 1e-5 * max(values[0], 1e-3)
        values, axes = values[kept].astype(np.float64), axes[kept].astype(np.float64)
        sd = values / np.sqrt(max(1, len(table) - 1))
        return cls(mean, axes, sd, values**2 / max(total, 1e-12))

    def points(self, images: ImageSet) -> tuple[np.ndarray, np.ndarray]:
        """Return the coordinates of images, (n, k), and what these leave out of each, (n,).

        The second is the mean squared difference of an image from its picture in the space.
        """
        points, rest = np.empty((len(images), len(self.sd))), np.empty(len(images))
        for start in range(0, len(images), _SPACE_BLOCK):
            part = slice(start, start + _SPACE_BLOCK)
            table = flat(images[part]) - self.mean
            points[part] = table @ self.axes.T
            left = (table**2).sum(1) - (points[part] ** 2).sum(1)
            rest[part] = np.maximum(left, 0.0) / table.shape[1]
        return points, rest


def flat(images: ImageSet) -> np.ndarray:
    """Return intensities from 0 to 1, one row an image: (n, pixels) float32."""
    return images.unit().reshape(len(images), -1)


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
FLOORS: dict[str, Sampled] = {
    "noise": noise,
    "pixel-gaussian": pixel_gaussian,
    "gaussian": gaussian,
}


def labelled_floors(labels: np.ndarray, classes: tuple[str, ...]) -> dict[str, Sampled]:
    """Return trivial samplers of images with classes, by name.

    Parameters
    ----------
    labels : numpy.ndarray, shape (m,)
        Classes that are asked for, as numbers: the first n of them.
    classes : tuple of str
        Their names.
    """

    def like(drawn: ImageSet, asked: np.ndarray) -> ImageSet:
        return replace(drawn, labels=asked, classes=classes)

    def each(images: ImageSet, n: int, seed: int) -> ImageSet:
        """Draw of one Gaussian a class."""
        asked = labels[:n]
        pixels = np.empty((len(asked), *images.shape), images.pixels.dtype)
        for c in np.unique(asked):
            own = np.array([name == classes[c] for name in images.classes], bool)
            held = np.zeros(0, int) if images.labels is None else own[images.labels].nonzero()[0]
            some = images[held] if len(held) else images
            pixels[asked == c] = gaussian(some, int((asked == c).sum()), seed).pixels
        return like(_named(pixels, images, "label-gaussian"), asked)

    def one(images: ImageSet, n: int, seed: int) -> ImageSet:
        """Draw of one Gaussian for all."""
        asked = labels[:n]
        return like(gaussian(images, len(asked), seed), asked)

    def mixed(images: ImageSet, n: int, seed: int) -> ImageSet:
        """Give real images the classes of others."""
        asked = labels[:n]
        rows = np.resize(rng(seed, "shuffled labels").permutation(len(images)), len(asked))
        return like(images[rows], asked)

    return {"label-gaussian": each, "no-label": one, "shuffled-labels": mixed}


def numbered_floors(name: str, column: np.ndarray, train: np.ndarray) -> dict[str, Sampled]:
    """Return the same for a label with a number, whose classes are the eighths of its range.

    Parameters
    ----------
    name : str
        The label.
    column : numpy.ndarray, shape (m,)
        Its values that are asked for, as text: the first n of them.
    train : numpy.ndarray
        Those of training images.
    """
    strata = Strata.of(name, "number", train)
    floors = labelled_floors(strata.members(column).argmax(1), strata.names)

    def numbered(floor: Sampled) -> Sampled:
        def draw(images: ImageSet, n: int, seed: int) -> ImageSet:
            known = images[np.isfinite(numbers(images.texts[name]))]
            eighths = strata.members(known.texts[name]).argmax(1)
            drawn = floor(replace(known, labels=eighths, classes=strata.names), n, seed)
            return replace(drawn, labels=None, classes=(), columns={name: column[: len(drawn)]})

        return draw

    return {key: numbered(floor) for key, floor in floors.items()}


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
