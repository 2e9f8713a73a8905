"""The directions in which real images vary most: principal components of their pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biogan.images.imageset import ImageSet
from biogan.seeds import rng

#: Components at most.
AXES = 64
# Images that they are found from, and images turned to numbers at once.
_MOST, _BLOCK = 5_000, 1_000


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
        for start in range(0, len(images), _BLOCK):
            part = slice(start, start + _BLOCK)
            table = flat(images[part]) - self.mean
            points[part] = table @ self.axes.T
            left = (table**2).sum(1) - (points[part] ** 2).sum(1)
            rest[part] = np.maximum(left, 0.0) / table.shape[1]
        return points, rest


def flat(images: ImageSet) -> np.ndarray:
    """Return intensities from 0 to 1, one row an image: (n, pixels) float32."""
    return images.unit().reshape(len(images), -1)
