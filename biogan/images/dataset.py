"""A set of images: pixels, ids, classes and other labels, all in memory and never changed.

Which labels an image has, from a table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from biogan.core.conditions import kind_of
from biogan.core.display import excerpt
from biogan.core.errors import DataError, few, plural
from biogan.core.label_codes import FEWEST
from biogan.core.labels import read_label_table

TABLE = "labels.tsv"
#: Name of the class where nothing names it.
CLASS = "class"


class LabelTable:
    """A TSV of labels: first column the id or file name of an image, each further one a label.

    The first of them is the class of the images, unless it holds numbers (:func:`is_class`).

    Parameters
    ----------
    path : str or Path
        The table, with a header.

    Attributes
    ----------
    names : tuple of str
        Names of the labels.
    class_name : str
        Which of them is the class; empty where none is.

    Raises
    ------
    DataError
        If it is no such table.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        names, self.rows, _ = read_label_table(self.path)
        self.names = tuple(names)
        first = is_class([row[0] for row in self.rows.values()])
        self.class_name = names[0] if first else ""
        self.left = set(self.rows)
        self.notes = []
        if len(names) > 1 and first:
            self.notes = [f"column {names[0]} of {path} is the class"]
        elif not first:
            self.notes = [f"column {names[0]} of {path} holds numbers: no class"]

    def of(self, *names: str) -> tuple[str, ...]:
        """Return the labels of the image that is known by one of these names.

        Raises
        ------
        DataError
            If it has no row, or none that says a class.
        """
        for name in names:
            row = self.rows.get(name)
            if row and (row[0] or not self.class_name):
                self.left.discard(name)
                return tuple(row)
        what = "class" if self.class_name else "row"
        raise DataError(
            f"{self.path}: no {what} for image {names[0]!r} (the first id of the table is "
            f"{next(iter(self.rows), '')!r})"
        )

    def unused(self) -> list[str]:
        """Say how many rows no image asked for."""
        if not self.left:
            return []
        names = "names" if len(self.left) == 1 else "name"
        return [
            f"{plural(len(self.left), 'row')} of {self.path} {names} no image: "
            f"{few(sorted(self.left))}"
        ]


def is_class(values: Sequence[str]) -> bool:
    """Tell whether a column of labels is the class of images: no numbers that hardly recur.

    Examples
    --------
    >>> is_class(["0", "1"] * 9), is_class([str(i) for i in range(18)])
    (True, False)
    >>> is_class([str(i) for i in range(100)] * FEWEST)
    True
    """
    known = [value for value in values if value]
    return kind_of(known) != "number" or len(known) >= FEWEST * len(set(known))


#: What a pixel may be stored as, and its largest value.
DEPTHS = {"uint8": 255, "uint16": 65535}


class ImageShape(NamedTuple):
    """Shape of one image.

    Attributes
    ----------
    channels : int
        1 for grey, 3 for red, green and blue, T for a time series of T frames.
    height, width : int
        Pixels.
    """

    channels: int
    height: int
    width: int


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images of one shape.

    Attributes
    ----------
    pixels : numpy.ndarray, shape (n, channels, height, width), uint8 or uint16
        Intensities.
    ids : tuple of str
        One name an image.
    labels : numpy.ndarray or None, shape (n,), int64
        Number of the class of each image.
    classes : tuple of str
        Names of the classes; empty without labels.
    frames : bool
        Whether the channels are moments of a time series.
    source : str
        Where the images come from, for messages and reports.
    notes : tuple of str
        What was done on reading, one sentence each.
    class_name : str
        What the class is called among the labels.
    columns : mapping of str to numpy.ndarray, shape (n,), object
        Labels besides the class by name, as text; ``""`` where an image has none.

    Raises
    ------
    DataError
        If the parts do not fit one another.

    Examples
    --------
    >>> images = ImageSet.from_pixels(np.zeros((5, 28, 28), np.uint8))
    >>> len(images), images.shape
    (5, ImageShape(channels=1, height=28, width=28))
    """

    pixels: np.ndarray
    ids: tuple[str, ...]
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    frames: bool = False
    source: str = "images"
    notes: tuple[str, ...] = ()
    class_name: str = CLASS
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.pixels.ndim != 4 or self.pixels.dtype.name not in DEPTHS:
            raise DataError(
                f"{self.source}: pixels of shape {self.pixels.shape} and type {self.pixels.dtype}; "
                "(n, channels, height, width) of uint8 or uint16 are needed"
            )
        if len(self.ids) != len(self.pixels):
            raise DataError(f"{self.source}: {len(self.ids):,} ids for {len(self.pixels):,} images")
        for name, column in self.columns.items():
            if len(column) != len(self.pixels):
                raise DataError(
                    f"{self.source}: {len(column):,} values of the label {excerpt(name)} for "
                    f"{len(self.pixels):,} images"
                )
        if self.labels is None:
            return
        if len(self.labels) != len(self.pixels):
            raise DataError(
                f"{self.source}: {len(self.labels):,} labels for {len(self.pixels):,} images"
            )
        if len(self.labels) and not 0 <= self.labels.min() <= self.labels.max() < len(self.classes):
            raise DataError(
                f"{self.source}: labels {self.labels.min()} to {self.labels.max()} for "
                f"{len(self.classes):,} classes"
            )

    @classmethod
    def from_pixels(
        cls,
        pixels: np.ndarray,
        labels: np.ndarray | None = None,
        classes: Sequence[str] = (),
        prefix: str = "image",
        source: str = "images",
        frames: bool = False,
    ) -> ImageSet:
        """Make a set of an array of shape (n, h, w) or (n, channels, h, w), and number it.

        Without names, the classes are the labels that occur, in order; ``labels`` of the set are
        their numbers from 0.

        Examples
        --------
        >>> two = ImageSet.from_pixels(np.zeros((3, 28, 28), np.uint8), np.array([2, 1, 2]))
        >>> two.classes, two.labels
        (('1', '2'), array([1, 0, 1]))
        """
        pixels = pixels[:, None] if pixels.ndim == 3 else pixels
        ids = tuple(f"{prefix}_{i}" for i in range(1, len(pixels) + 1))
        if labels is not None:
            labels = np.asarray(labels, np.int64)
            if not classes:
                found, labels = np.unique(labels, return_inverse=True)
                classes = [str(name) for name in found.tolist()]
        return cls(pixels, ids, labels, tuple(classes), frames, source)

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, rows: slice | np.ndarray) -> ImageSet:
        """Return some of the images, by a slice, numbers or a mask."""
        numbers = np.arange(len(self))[rows]
        labels = None if self.labels is None else self.labels[numbers]
        ids = tuple(self.ids[i] for i in numbers)
        columns = {name: column[numbers] for name, column in self.columns.items()}
        return replace(self, pixels=self.pixels[numbers], ids=ids, labels=labels, columns=columns)

    @property
    def texts(self) -> dict[str, np.ndarray]:
        """All labels by name, as text: the class, if there is one, and :attr:`columns`."""
        if self.labels is None:
            return dict(self.columns)
        return {self.class_name: np.array(self.classes, object)[self.labels], **self.columns}

    @property
    def shape(self) -> ImageShape:
        """Shape of one image."""
        return ImageShape(*self.pixels.shape[1:])

    @property
    def brightest(self) -> int:
        """Largest value that the type of the pixels holds: 255 or 65,535."""
        return DEPTHS[self.pixels.dtype.name]

    @classmethod
    def concatenate(cls, sets: Sequence[ImageSet]) -> ImageSet:
        """Join sets of one shape and the same classes, at least one, in order.

        Examples
        --------
        >>> one = ImageSet.from_pixels(np.zeros((2, 8, 8), np.uint8))
        >>> len(ImageSet.concatenate([one, one]))
        4
        """
        labels = [s.labels for s in sets if s.labels is not None]
        return replace(
            sets[0],
            pixels=np.concatenate([s.pixels for s in sets]),
            ids=tuple(name for s in sets for name in s.ids),
            labels=np.concatenate(labels) if labels else None,
            columns={k: np.concatenate([s.columns[k] for s in sets]) for k in sets[0].columns},
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of pixels, shape and labels, not of names."""
        found = hashlib.sha256(repr((self.pixels.shape, self.pixels.dtype.name)).encode())
        found.update(self.pixels.tobytes())
        if self.labels is not None:
            found.update(self.labels.tobytes())
        for name, column in sorted(self.columns.items()):
            found.update(repr((name, column.tolist())).encode())
        return found.hexdigest()

    def unit(self) -> np.ndarray:
        """Return the pixels as float32 between 0 and 1, same shape."""
        return self.pixels.astype(np.float32) / self.brightest
