"""What metrics of images compare: samples with shared features, a candidate beside real ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from biogan.images.imageset import ImageSet
from biogan.images.nearest import nearest
from biogan.images.space import flat
from biogan.metrics.intervals import GROUPS
from biogan.metrics.order import first_of, random_order, row_keys

# Images turned to numbers at once.
_BLOCK = 1_000
#: Share of held-out images that are nearer to the training data than the border of a near copy.
NEAR = 0.01


class Embedding(Protocol):
    """Turns images into features; those that know classes have ``classify`` too."""

    def __call__(self, images: ImageSet) -> np.ndarray:
        """Return one row of features an image, shape (n, d)."""
        ...


class Classifier(Embedding, Protocol):
    """An embedding that sorts images into classes, if it has any."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; empty where there are none."""
        ...

    def classify(self, images: ImageSet) -> np.ndarray:
        """Return the class of each image, shape (n,), int."""
        ...


class ImageSample:
    """A set of images with what several metrics share, each computed once.

    Parameters
    ----------
    images : ImageSet
        Images in an order without information, see :func:`shuffled`.
    embed : callable
        Gives images their features.
    """

    def __init__(
        self, images: ImageSet, embed: Embedding, whole: ImageSample | None = None
    ) -> None:
        self.images, self.embed = images, embed
        self._whole = whole
        self._first: dict[int, ImageSample] = {}
        self._nearest: dict[ImageSample, Near] = {}

    def __len__(self) -> int:
        return len(self.images)

    def first(self, n: int) -> ImageSample:
        """Return the first ``n`` images, for what is too dear to be computed on all of them."""
        if n >= len(self):
            return self
        if n not in self._first:
            self._first[n] = ImageSample(self.images[:n], self.embed, self)
        return self._first[n]

    @cached_property
    def features(self) -> np.ndarray:
        """Features, shape (n, d), float64."""
        if self._whole is not None:
            return self._whole.features[: len(self)]
        return np.asarray(self.embed(self.images), np.float64)

    @cached_property
    def classes(self) -> np.ndarray:
        """Class that the embedding sees in each image, shape (n,), int."""
        if self._whole is not None:
            return self._whole.classes[: len(self)]
        classify = getattr(self.embed, "classify")  # noqa: B009 - not all embeddings have it
        return np.asarray(classify(self.images), np.int64)

    @cached_property
    def keys(self) -> list[bytes]:
        """A hash of the pixels of each image: equal for equal images."""
        return keys(self.images)

    @cached_property
    def intensity(self) -> np.ndarray:
        """Mean intensity of each image, from 0 to 1, shape (n,)."""
        pixels = self.images.pixels.reshape(len(self), -1)
        return np.asarray(pixels.mean(1, dtype=np.float64) / self.images.brightest)

    @cached_property
    def sharpness(self) -> np.ndarray:
        """Mean absolute difference of neighbouring pixels, intensities from 0 to 1, shape (n,)."""
        out = np.empty(len(self))
        for start in range(0, len(self), _BLOCK):
            pixels = self.images[start : start + _BLOCK].unit()
            steps = [np.abs(np.diff(pixels, axis=a)).reshape(len(pixels), -1) for a in (2, 3)]
            out[start : start + _BLOCK] = np.concatenate(steps, 1).mean(1, dtype=np.float64)
        return out

    @cached_property
    def pair_distances(self) -> np.ndarray:
        """Root mean square differences of the images 1 and 2, 3 and 4, ..., shape (n // 2,)."""
        out = np.empty(len(self) // 2)
        for start in range(0, len(out), _BLOCK):
            some = flat(self.images[2 * start : 2 * min(start + _BLOCK, len(out))])
            squares = ((some[::2] - some[1::2]) ** 2).mean(1, dtype=np.float64)
            out[start : start + _BLOCK] = np.sqrt(squares)
        return out

    def nearest(self, source: ImageSample) -> Near:
        """Find the nearest image of a source for each image."""
        if source not in self._nearest:
            places, distance = nearest(self.images, source.images)
            asked, where = np.unique(places, return_inverse=True)
            between = nearest(source.images[asked], source.images, asked)[1][where]
            # Where all others are the same image, nothing says what is near.
            between = np.where(np.isfinite(between), between, distance)
            # An exact copy is near, however close its relatives stand.
            relative = np.where(distance > 0, distance / np.maximum(between, 1e-12), 0.0)
            self._nearest[source] = Near(places, distance, relative)
        return self._nearest[source]


@dataclass(frozen=True, eq=False)
class Near:
    """Nearest training images.

    Attributes
    ----------
    places : numpy.ndarray, shape (n,), int64
        Which image of the source it is.
    distance : numpy.ndarray, shape (n,)
        Root mean square difference of the pixels, intensities from 0 to 1.
    relative : numpy.ndarray, shape (n,)
        Distance over that of the training image from its own nearest other: about 1 for fresh
        images, 0 for copies. Without it ones, which are all alike, would count as copies of one
        another, and a copied eight with a little noise would not.
    """

    places: np.ndarray
    distance: np.ndarray
    relative: np.ndarray


@dataclass(frozen=True, eq=False)
class ImageComparison:
    """One candidate beside the real images that it is compared with.

    Attributes
    ----------
    candidate : ImageSample
        What is judged: generated, held-out or floor images.
    reference : ImageSample
        Real images.
    source : ImageSample
        What the candidate may have copied: the training images.
    fresh : ImageSample or None
        Held-out real images none of which stands in ``source``.
    seed : int
        Seed of folds.
    """

    candidate: ImageSample
    reference: ImageSample
    source: ImageSample
    fresh: ImageSample | None = None
    seed: int = 0
    _first: dict[int, ImageComparison] = field(default_factory=dict, repr=False)

    def first(self, n: int) -> ImageComparison:
        """Return the comparison of the first ``n`` images of candidate, reference and fresh."""
        return first_of(self, n)

    def missing(self, need: str) -> str:
        """Say why ``need`` is not met; an empty string if it is, as ``features`` always are."""
        if need == "classes" and not getattr(self.reference.embed, "classes", ()):
            return "the reference has no classes"
        if need == "fresh" and self.fresh is None:
            return "no held-out images to compare with"
        if need == "relatives" and len(self.source) < GROUPS:
            return f"fewer than {GROUPS} training images"
        return ""

    @property
    def border(self) -> float:
        """Relative distance of near copies: one held-out image in a hundred is nearer."""
        assert self.fresh is not None  # the need "fresh" was met
        return float(np.quantile(self.fresh.nearest(self.source).relative, NEAR))


def keys(images: ImageSet) -> list[bytes]:
    """Return a hash of the pixels of each image."""
    return row_keys(images.pixels)


def shuffled(images: ImageSet, seed: int) -> ImageSet:
    """Put images into a random order that depends on their pixels, not on the order of the file."""
    return images[random_order(keys(images), seed)]
