"""Images of any size go in one by one; a set of one shape comes out, and what was done is said."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from biogan.config import SIZES, ImageReadingConfig
from biogan.errors import ConfigError, DataError
from biogan.images.imageset import DEPTHS, ImageSet
from biogan.images.resize import central, grey, resize, tiles
from biogan.io.input_report import plural

COLOUR = 3
DIM = 8  # 16-bit images that use less than this part of their range look black


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts ``img2`` before ``img10``.

    Examples
    --------
    >>> sorted(["img10", "img2", "Img1"], key=natural)
    ['Img1', 'img2', 'img10']
    """
    parts = re.split(r"([0-9]+)", name.casefold())
    # Pairs of text and number alternate; the name itself settles what is equal otherwise.
    key = [(0, int(part), "") if i % 2 else (1, 0, part) for i, part in enumerate(parts)]
    return [*key, (2, 0, name)]


class Gathering:
    """Fits images to one size, colour and depth as they come, so that no large one is kept.

    Parameters
    ----------
    source : str
        Where the images come from, for messages.
    reading : ImageReadingConfig
        Size, crop and colour.
    frames : bool
        Whether the channels are moments of a time series.

    Attributes
    ----------
    notes : list of str
        What was done, one sentence each.
    """

    def __init__(self, source: str, reading: ImageReadingConfig, frames: bool = False) -> None:
        if reading.size is not None and reading.size not in SIZES:
            raise ConfigError(f"--size {reading.size}: choose {_or(SIZES)}")
        if reading.crop == "tiles" and reading.size is None:
            raise ConfigError(f"--crop tiles: needs --size ({_or(SIZES)})")
        if frames and reading.colour == "rgb":
            raise ConfigError("--colour rgb: the images of a time series are grey")
        self.source, self.reading, self.frames = source, reading, frames
        self.notes: list[str] = []
        self._blocks: list[np.ndarray] = []
        self._ids: list[str] = []
        self._labels: list[str] = []
        self._sizes: Counter[tuple[int, int]] = Counter()
        self._first: dict[str, str] = {}  # first image of each depth
        self._resized = self._stretched = self._greyed = self._cut = self._small = 0

    def add(self, name: str, image: np.ndarray, label: str | None = None) -> None:
        """Take one image (channels, height, width) of uint8 or uint16."""
        if self.reading.crop != "tiles":
            self._keep(name, self._fitted(image), label)
            return
        parts = tiles(image, self.reading.chosen("size"))
        for y, x, part in parts:
            self._keep(f"{name}_y{y}_x{x}", part, label)
        self._cut += bool(parts)
        self._small += not parts

    def add_all(
        self, names: Sequence[str], images: np.ndarray, labels: Sequence[str] | None = None
    ) -> None:
        """Take many images of one shape, (n, channels, height, width)."""
        height, width = images.shape[2:]
        if height == width and height in ({self.reading.size} if self.reading.size else SIZES):
            self._add_block(names, images, labels)
            return
        for i, (name, image) in enumerate(zip(names, images, strict=True)):
            self.add(name, image, None if labels is None else labels[i])

    def finish(self, classes: Sequence[str] | None = None) -> ImageSet:
        """Return the set.

        Parameters
        ----------
        classes : sequence of str, optional
            Names of all classes in their order; left out, those that occur, in natural order.

        Raises
        ------
        DataError
            If there are no images, or they differ in size, depth or having a label.
        """
        self._check_sizes()
        if not self._ids:
            what = f"series of {self.reading.frames} images" if self.frames else "images"
            raise DataError("; ".join([f"{self.source}: no {what}", *self.notes, *self._left()]))
        if len(self._first) > 1:
            (one, a), (other, b) = self._first.items()
            raise DataError(
                f"{self.source}: images of two depths, {one} ({a}) and {other} ({b}); bring all to "
                "one"
            )
        pixels = np.concatenate(self._same_channels()) if len(self._blocks) > 1 else self._blocks[0]
        self._say(pixels)
        labels = None
        if self._labels:
            if len(self._labels) != len(self._ids):
                without = len(self._ids) - len(self._labels)
                raise DataError(
                    f"{self.source}: {without:,} of {len(self._ids):,} images have no label"
                )
            names = list(classes or sorted(set(self._labels), key=natural))
            number = {name: i for i, name in enumerate(names)}
            labels = np.array([number[label] for label in self._labels], np.int64)
            classes = names
        return ImageSet(
            pixels, tuple(self._ids), labels, tuple(classes or ()) if self._labels else (),
            self.frames, self.source, tuple(self.notes),
        )  # fmt: skip

    def _fitted(self, image: np.ndarray) -> np.ndarray:
        if self.reading.crop == "center":
            image = central(image)
        size, (height, width) = self.reading.size, image.shape[1:]
        if size is None or (height, width) == (size, size):
            return image
        self._resized += 1
        self._stretched += height != width
        return resize(self._coloured(image[None])[0], size)

    def _keep(self, name: str, image: np.ndarray, label: str | None) -> None:
        self._add_block([name], image[None], None if label is None else [label])

    def _add_block(
        self, names: Sequence[str], images: np.ndarray, labels: Sequence[str] | None
    ) -> None:
        height, width = images.shape[2:]
        self._sizes[height, width] += len(images)
        self._first.setdefault(f"{8 * images.dtype.itemsize} bits", names[0] if names else "")
        if height != width or height not in SIZES or len(self._sizes) > 1:
            return  # finish() will refuse: there is no reason to hold it
        self._blocks.append(self._coloured(images))
        self._ids += names
        self._labels += labels or []

    def _coloured(self, images: np.ndarray) -> np.ndarray:
        """Apply ``--colour grey`` and ``--colour rgb``; auto waits until all are known."""
        channels = images.shape[1]
        if self.frames or self.reading.colour == "auto":
            return images
        if self.reading.colour == "grey" and channels == COLOUR:
            self._greyed += len(images)
            return grey(images)
        if self.reading.colour == "rgb" and channels == 1:
            return images.repeat(COLOUR, 1)
        return images

    def _same_channels(self) -> list[np.ndarray]:
        channels = {block.shape[1] for block in self._blocks}
        if len(channels) == 1:
            return self._blocks
        plain = sum(len(block) for block in self._blocks if block.shape[1] == 1)
        self.notes.append(
            f"{plural(plain, 'grey image')} made colour, as others are (--colour grey makes all "
            "grey)"
        )
        return [b.repeat(COLOUR, 1) if b.shape[1] == 1 else b for b in self._blocks]

    def _check_sizes(self) -> None:
        if self.reading.size is not None or not self._sizes:
            return
        if len(self._sizes) == 1:
            (height, width), _ = next(iter(self._sizes.items()))
            if height == width and height in SIZES:
                return
        most = [f"{w} x {h} ({plural(n, 'image')})" for (h, w), n in self._sizes.most_common(3)]
        more = f" and {plural(len(self._sizes) - 3, 'other size')}" if len(self._sizes) > 3 else ""
        raise DataError(
            f"{self.source}: found {', '.join(most)}{more}; say --size {_or(SIZES)} to resize "
            "them, with --crop center or --crop tiles to cut squares instead"
        )

    def _left(self) -> list[str]:
        small = f"{plural(self._small, 'image')} smaller than {self.reading.size} pixels left out"
        return [small] if self._small else []

    def _say(self, pixels: np.ndarray) -> None:
        size = self.reading.size
        if self._cut:
            self.notes.append(
                f"{plural(self._cut, 'image')} cut into {plural(len(self._ids), 'square')} of "
                f"{size} pixels; what fills none at the right and lower edges is left out"
            )
        self.notes += self._left()
        if self._resized:
            bent = f", {self._stretched:,} of them not square, so distorted (--crop center is not)"
            self.notes.append(
                f"{plural(self._resized, 'image')} resized to {size} x {size}"
                + (bent if self._stretched else "")
            )
        if self._greyed:
            self.notes.append(f"{plural(self._greyed, 'colour image')} made grey")
        brightest = DEPTHS[pixels.dtype.name]
        if pixels.dtype == np.uint16 and 0 < pixels.max() < brightest // DIM:
            self.notes.append(
                f"the brightest pixel is {pixels.max():,} of {brightest:,}: multiply the images by "
                f"{brightest // int(pixels.max())} if they look black"
            )


def _or(sizes: Sequence[int]) -> str:
    return ", ".join(map(str, sizes[:-1])) + f" or {sizes[-1]}"
