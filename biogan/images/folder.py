"""Images of any size go in one by one; a set of one shape comes out, and what was done is said.

A folder or a file of images: classes in subfolders, or time series.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from biogan.core.errors import ConfigError, DataError, few, plural
from biogan.core.inputs import Readable, is_lasting, name_of, split_compression
from biogan.images.config import SIZES, ImageReadingConfig
from biogan.images.dataset import CLASS, DEPTHS, TABLE, ImageSet, LabelTable
from biogan.images.files import SUFFIXES, central, grey, read_pages, resize, tiles
from biogan.images.formats import is_idx

COLOUR = 3
NAMELESS = "image"  # what comes through a pipe
# Images may take this many bytes when they are resized, and more if they grow less than 100 times.
ENLARGED, ENLARGING = 1 << 30, 100
NAMED = 3  # images or files that a note names
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
    # Numbers by their length first: they may have more digits than int() takes.
    digits = (part.lstrip("0") for part in parts[1::2])
    numbers = [(0, len(part), part) for part in digits]
    words = [(1, 0, part) for part in parts[::2]]
    key = [words[0], *chain.from_iterable(zip(numbers, words[1:], strict=True))]
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
    names : tuple of str
        Names of the labels of an image, in their order.
    class_name : str
        Which of them is the class; empty where none is.
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
        self._labels: list[tuple[str, ...]] = []
        self.names: tuple[str, ...] = (CLASS,)
        self.class_name = CLASS
        self._sizes: Counter[tuple[int, int]] = Counter()
        self._sized: dict[tuple[int, int], list[str]] = {}  # first images of each size
        self._first: dict[str, str] = {}  # first image of each depth
        self._resized = self._stretched = self._greyed = self._cut = 0
        self._small: list[str] = []

    def add(self, name: str, image: np.ndarray, label: tuple[str, ...] | None = None) -> None:
        """Take one image (channels, height, width) of uint8 or uint16, and its labels."""
        if self.reading.crop != "tiles":
            self._keep(name, self._fitted(image), label)
            return
        parts = tiles(image, self.reading.chosen("size"))
        for y, x, part in parts:
            self._keep(f"{name}_y{y}_x{x}", part, label)
        self._cut += bool(parts)
        self._small += [] if parts else [name]

    def add_all(
        self,
        names: Sequence[str],
        images: np.ndarray,
        labels: Sequence[tuple[str, ...]] | None = None,
    ) -> None:
        """Take many images of one shape, (n, channels, height, width)."""
        height, width = images.shape[2:]
        if height == width and height in ({self.reading.size} if self.reading.size else SIZES):
            self._add_block(names, images, labels)
            return
        for i, (name, image) in enumerate(zip(names, images, strict=True)):
            self.add(name, image, None if labels is None else labels[i])

    def check(self, images: np.ndarray) -> None:
        """Refuse many images (n, channels, height, width) of a size that does not suit, at once.

        Raises
        ------
        DataError
            If ``--size`` is needed, or would fill the memory with what few pixels are enlarged to.
        """
        n, channels, height, width = images.shape
        size = self.reading.size
        if size is None:
            self._sizes[height, width] += n
            self._check_sizes()
            self._sizes.clear()
            return
        total = n * channels * size * size * images.dtype.itemsize
        if self.reading.crop != "tiles" and total > ENLARGED and total > ENLARGING * images.nbytes:
            raise DataError(
                f"{self.source}: {plural(n, 'image')} of {width} x {height} pixels would take "
                f"{total / 1e9:.1f} GB at --size {size}; give a smaller one"
            )

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
        labels, columns = None, dict[str, np.ndarray]()
        if self._labels:
            if len(self._labels) != len(self._ids):
                without = len(self._ids) - len(self._labels)
                raise DataError(
                    f"{self.source}: {without:,} of {len(self._ids):,} images have no label"
                )
            each = zip(*self._labels, strict=True)
            columns = {
                name: np.array(column, object)
                for name, column in zip(self.names, each, strict=True)
            }
        if self.class_name in columns:
            own = columns.pop(self.class_name).tolist()
            found = set(own)
            numbers = all(re.fullmatch("-?[0-9]{1,18}", name) for name in found)
            order = (lambda name: (int(name), name)) if numbers else natural
            names = list(classes or sorted(found, key=order))
            number = {name: i for i, name in enumerate(names)}
            labels = np.array([number[label] for label in own], np.int64)
            classes = names
            counted = [str(i) for i in range(len(names))]
            if numbers and names != counted:
                self.notes.append(f"the labels that occur are the classes: {few(names, 10)}")
        return ImageSet(
            pixels, tuple(self._ids), labels, () if labels is None else tuple(classes or ()),
            self.frames, self.source, tuple(self.notes), self.class_name or CLASS, columns,
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

    def _keep(self, name: str, image: np.ndarray, label: tuple[str, ...] | None) -> None:
        self._add_block([name], image[None], None if label is None else [label])

    def _add_block(
        self,
        names: Sequence[str],
        images: np.ndarray,
        labels: Sequence[tuple[str, ...]] | None,
    ) -> None:
        height, width = images.shape[2:]
        self._sizes[height, width] += len(images)
        first = self._sized.setdefault((height, width), [])
        first += names[: NAMED - len(first)]
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
        most = [
            f"{w} x {h} ({plural(n, 'image')}"
            + (f": {few(self._sized[h, w], NAMED, n)})" if len(self._sizes) > 1 else ")")
            for (h, w), n in self._sizes.most_common(3)
        ]
        more = f" and {plural(len(self._sizes) - 3, 'other size')}" if len(self._sizes) > 3 else ""
        raise DataError(
            f"{self.source}: found {', '.join(most)}{more}; say --size {_or(SIZES)} to resize "
            "them, with --crop center or --crop tiles to cut squares instead"
        )

    def _left(self) -> list[str]:
        what = f"smaller than {self.reading.size} pixels left out"
        return [_left_out(self._small, "image", what)] if self._small else []

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


def _left_out(names: Sequence[str], noun: str, what: str) -> str:
    return f"{plural(len(names), noun)} {what}: {few(names, NAMED)}"


def _or(sizes: Sequence[int]) -> str:
    return ", ".join(map(str, sizes[:-1])) + f" or {sizes[-1]}"


MNIST_NAME = re.compile(r"train-images[-.]idx3-ubyte(\.gz)?")


class Listing(NamedTuple):
    """What lies in a folder, in natural order, hidden files left out."""

    images: list[Path]
    folders: list[Path]
    others: list[Path]


def listing(folder: Path) -> Listing:
    """Look into a folder.

    Raises
    ------
    DataError
        If it cannot be opened.
    """
    found = sorted(_entries(folder), key=lambda path: natural(path.name))
    seen = [path for path in found if not path.name.startswith(".") and path.name != TABLE]
    images = [path for path in seen if path.suffix.lower() in SUFFIXES and path.is_file()]
    folders = [path for path in seen if path.is_dir()]
    known = {*images, *folders}
    return Listing(images, folders, [path for path in seen if path not in known])


def mnist_images(folder: Path) -> Path | None:
    """Return MNIST's file of training images, if it lies in a folder."""
    names = sorted(path for path in _entries(folder) if MNIST_NAME.fullmatch(path.name))
    return names[0] if names else None


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}") from error


class FolderReader:
    """Reads images of files into a :class:`Gathering`.

    Parameters
    ----------
    path : str, Path or open file
        Folder, or one file.
    reading : ImageReadingConfig
        How to read.
    """

    def __init__(self, path: Readable, reading: ImageReadingConfig) -> None:
        self.data, self.path, self.reading = path, Path(name_of(path)), reading
        self.gathering = Gathering(name_of(path), reading, reading.frames is not None)
        self.done: Counter[str] = Counter()
        beside = self.path / TABLE  # as written with images; a file has none
        if reading.labels and is_idx(reading.labels):
            raise ConfigError(
                f"--labels {reading.labels}: IDX labels belong to IDX images or an .npz; for files "
                "give a TSV (first column id, further columns labels)"
            )
        table = reading.labels or (beside if beside.is_file() else None)
        self.table = LabelTable(table) if table else None
        if self.table:
            self.gathering.names = self.table.names
            self.gathering.class_name = self.table.class_name
        if self.table and not reading.labels:
            self.gathering.notes.append(f"labels are read from {beside}")
        self.pages: list[str] = []
        self.short: list[str] = []
        self.long: list[str] = []
        self.loose: list[str] = []

    def read(self) -> ImageSet:
        """Read everything.

        Raises
        ------
        DataError
            If a file is damaged, or there are no images, or they do not fit one another.
        """
        notes = self.gathering.notes
        if self.path.is_dir():
            self._folder()
        else:
            self._files([self.path], None, "", data=self.data)
        for words, n in self.done.items():
            if n:
                notes.append(f"{plural(n, 'image')}: {words}")
        if self.pages:
            what = "of TIFFs left out (reduced copies, masks, or of another size than the others)"
            notes.append(_left_out(self.pages, "page", what))
        self._say_series()
        if self.table:
            notes += [*self.table.notes, *self.table.unused()]
        return self.gathering.finish()

    def _folder(self) -> None:
        images, folders, others = listing(self.path)
        inner = [(folder, listing(folder)) for folder in folders]
        others += [path for _, found in inner for path in found.others]
        deeper = [path for _, found in inner for path in found.folders]
        bare = [folder for folder, found in inner if not (found.images or found.others)]
        inner = [(folder, found) for folder, found in inner if found.images]
        if images and inner and self.reading.frames is None:
            raise DataError(
                f"{self.path}: holds images ({images[0].name}) and folders of images "
                f"({inner[0][0].name}); folders are read as classes, so all images must be in one"
            )
        if not images and not inner:
            raise DataError(
                f"{self.path}: no images; {', '.join(SUFFIXES)} are read, in the folder or in one "
                f"folder a class; {_held(self.path, others)}"
            )
        for paths, noun, what in (
            (others, "file", f"that {'is' if len(others) == 1 else 'are'} no image passed over"),
            (deeper, "folder", "inside folders passed over"),
            (bare, "folder", "without images passed over"),
        ):
            if paths:
                names = [str(path.relative_to(self.path)) for path in paths]
                self.gathering.notes.append(_left_out(names, noun, what))
        self._files(images, None, "", cell=False)
        for folder, found in inner:
            self._files(found.images, folder.name, f"{folder.name}/")

    def _files(
        self,
        files: Sequence[Path],
        folder: str | None,
        prefix: str,
        cell: bool = True,
        data: Readable | None = None,
    ) -> None:
        """Read files that lie together; as time series, single images among them are one."""
        names = [NAMELESS] if data is not None and not is_lasting(data) else _names(files)
        if self.reading.frames is None:
            for file, name in zip(files, names, strict=True):
                pages = self._pages(file if data is None else data)
                for page, pixels in enumerate(pages, 1):
                    whole = f"{prefix}{name}" + (f"_p{page}" if len(pages) > 1 else "")
                    label: tuple[str, ...] | None = None if folder is None else (folder,)
                    if self.table:
                        label = self.table.of(whole, f"{prefix}{name}", name, file.name)
                    self.gathering.add(whole, pixels, label)
            return
        single: list[np.ndarray] = []
        alone: list[str] = []
        for file, name in zip(files, names, strict=True):
            pages = self._pages(file if data is None else data)
            if len(pages) == 1:
                single += pages
                alone.append(f"{prefix}{name}")
            else:
                self._series(pages, f"{prefix}{name}", True, file)
        if single and cell:
            self._series(single, folder or names[0], False, files[0])
        elif single:
            self.loose += alone

    def _pages(self, file: Readable) -> list[np.ndarray]:
        pages = read_pages(file, self.done, self.reading.unpack_ratio, self.pages)
        if self.reading.frames is None:
            return list(pages)
        return [self._moment(page, name_of(file)) for page in pages]

    def _moment(self, page: np.ndarray, file: str) -> np.ndarray:
        if len(page) == COLOUR and self.reading.colour != "grey":
            raise DataError(
                f"{file}: is in colour; the images of a time series are grey (--colour grey makes "
                "them so)"
            )
        return grey(page) if len(page) == COLOUR else page

    def _series(self, pages: list[np.ndarray], name: str, many: bool, file: Path) -> None:
        """Join pages to series; a file may hold several, a folder is one cell."""
        frames = self.reading.chosen("frames")
        if len({(page.shape, page.dtype) for page in pages}) > 1:
            raise DataError(f"{file}: images of one time series differ in size or depth ({name})")
        if len(pages) < frames:
            self.short.append(name)
            return
        number = len(pages) // frames if many else 1
        self.long += [name] if len(pages) > number * frames else []
        for i in range(number):
            whole = f"{name}_s{i + 1}" if number > 1 else name
            label = self.table.of(whole, name, file.name) if self.table else None
            series = np.concatenate(pages[i * frames : (i + 1) * frames])
            self.gathering.add(whole, series, label)

    def _say_series(self) -> None:
        frames, notes = self.reading.frames, self.gathering.notes
        if frames is None:
            return
        for names, noun, what in (
            (self.short, "cell", f"of fewer than {frames} images left out"),
            (
                self.long,
                "cell",
                f"with more images than series of {frames} need, last ones left out",
            ),
            (
                self.loose,
                "single image",
                "beside the cells left out (a cell is a folder or a TIFF of several pages)",
            ),
        ):
            if names:
                notes.append(_left_out(names, noun, what))


# What files of sequences are called, before the ending of a compression.
_SEQUENCES = (".fa", ".fasta", ".fna", ".faa", ".ffn", ".fastq", ".fq", ".gb", ".embl")


def _held(folder: Path, others: Sequence[Path]) -> str:
    """Say what a folder without images holds, and what may be meant."""
    for inner, _, files in os.walk(folder):
        for name in sorted(files, key=natural):
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                return f"images lie deeper, in {Path(inner).relative_to(folder)}: give that folder"
    if not others:
        return "the folder is empty"
    names = [path.name for path in others]
    held = f"it holds {_left_out(names, 'file', 'of other kinds')}"
    stems = [split_compression(name)[0] for name in names]
    if any(stem.endswith(_SEQUENCES) for stem in stems):
        held += "; sequences are read from one file, give its name (cat joins several)"
    return held


def _names(files: Sequence[Path]) -> list[str]:
    """Name files by what stands before the suffix, or whole where that is not unique."""
    stems = Counter(file.stem for file in files)
    return [file.stem if stems[file.stem] == 1 else file.name for file in files]
