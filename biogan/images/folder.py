"""A folder or a file of images: classes in subfolders, or time series."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from biogan.config import ImageReadingConfig
from biogan.errors import ConfigError, DataError
from biogan.images.files import SUFFIXES, read_pages
from biogan.images.gather import COLOUR, Gathering, natural
from biogan.images.idx import is_idx
from biogan.images.imageset import ImageSet
from biogan.images.labels import TABLE, LabelTable
from biogan.images.resize import grey
from biogan.io.input_report import plural

MNIST_NAME = re.compile(r"train-images[-.]idx3-ubyte(\.gz)?")


class Listing(NamedTuple):
    """What lies in a folder, in natural order, hidden files left out."""

    images: list[Path]
    folders: list[Path]
    others: int


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
    return Listing(images, folders, len(seen) - len(images) - len(folders))


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
    path : Path
        Folder, or one file.
    reading : ImageReadingConfig
        How to read.
    """

    def __init__(self, path: Path, reading: ImageReadingConfig) -> None:
        self.path, self.reading = path, reading
        self.gathering = Gathering(str(path), reading, reading.frames is not None)
        self.done: Counter[str] = Counter()
        beside = path / TABLE  # as written with images; a file has none
        if reading.labels and is_idx(reading.labels):
            raise ConfigError(
                f"--labels {reading.labels}: IDX labels belong to IDX images or an .npz; for files "
                "give a TSV (first column id, second column class)"
            )
        table = reading.labels or (beside if beside.is_file() else None)
        self.table = LabelTable(table) if table else None
        if self.table and not reading.labels:
            self.gathering.notes.append(f"classes are read from {beside}")
        self.short = self.long = self.loose = 0

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
            self._files([self.path], None, "")
        for words, n in self.done.items():
            if n:
                notes.append(f"{plural(n, 'image')}: {words}")
        self._say_series()
        if self.table:
            notes += [*self.table.notes, *self.table.unused()]
        return self.gathering.finish()

    def _folder(self) -> None:
        images, folders, others = listing(self.path)
        inner = [(folder, listing(folder)) for folder in folders]
        others += sum(found.others for _, found in inner)
        deeper = sum(len(found.folders) for _, found in inner)
        inner = [(folder, found) for folder, found in inner if found.images]
        if images and inner and self.reading.frames is None:
            raise DataError(
                f"{self.path}: holds images ({images[0].name}) and folders of images "
                f"({inner[0][0].name}); folders are read as classes, so all images must be in one"
            )
        if others:
            self.gathering.notes.append(f"{plural(others, 'file')} passed over: no images")
        if deeper:
            self.gathering.notes.append(f"{plural(deeper, 'folder')} inside folders passed over")
        if not images and not inner:
            raise DataError(
                f"{self.path}: no images; {', '.join(SUFFIXES)} are read, in the folder or in one "
                "folder a class"
            )
        self._files(images, None, "", cell=False)
        for folder, found in inner:
            self._files(found.images, folder.name, f"{folder.name}/")

    def _files(
        self, files: Sequence[Path], folder: str | None, prefix: str, cell: bool = True
    ) -> None:
        """Read files that lie together; as time series, single images among them are one."""
        names = _names(files)
        if self.reading.frames is None:
            for file, name in zip(files, names, strict=True):
                pages = self._pages(file)
                for page, pixels in enumerate(pages, 1):
                    whole = f"{prefix}{name}" + (f"_p{page}" if len(pages) > 1 else "")
                    label = folder
                    if self.table:
                        label = self.table.of(whole, f"{prefix}{name}", name, file.name)
                    self.gathering.add(whole, pixels, label)
            return
        single: list[np.ndarray] = []
        for file, name in zip(files, names, strict=True):
            pages = self._pages(file)
            if len(pages) == 1:
                single += pages
            else:
                self._series(pages, f"{prefix}{name}", True, file)
        if single and cell:
            self._series(single, folder or names[0], False, files[0])
        elif single:
            self.loose += len(single)

    def _pages(self, file: Path) -> list[np.ndarray]:
        if self.reading.frames is None:
            return list(read_pages(file, self.done))
        return [self._moment(page, file) for page in read_pages(file, self.done)]

    def _moment(self, page: np.ndarray, file: Path) -> np.ndarray:
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
            self.short += 1
            return
        number = len(pages) // frames if many else 1
        self.long += len(pages) > number * frames
        for i in range(number):
            whole = f"{name}_s{i + 1}" if number > 1 else name
            label = self.table.of(whole, name, file.name) if self.table else None
            series = np.concatenate(pages[i * frames : (i + 1) * frames])
            self.gathering.add(whole, series, label)

    def _say_series(self) -> None:
        frames, notes = self.reading.frames, self.gathering.notes
        if self.short:
            notes.append(f"{plural(self.short, 'cell')} of fewer than {frames} images left out")
        if self.long:
            notes.append(
                f"{plural(self.long, 'cell')} with more images than series of {frames} need: the "
                "last ones left out"
            )
        if self.loose:
            notes.append(
                f"{plural(self.loose, 'single image')} beside the cells left out (a cell is a "
                "folder or a TIFF of several pages)"
            )


def _names(files: Sequence[Path]) -> list[str]:
    """Name files by what stands before the suffix, or whole where that is not unique."""
    stems = Counter(file.stem for file in files)
    return [file.stem if stems[file.stem] == 1 else file.name for file in files]
