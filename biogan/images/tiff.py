"""What a TIFF holds: which of its pages are images, channels of one image, or reduced copies.

Programs of microscopes write stacks in ways of their own: ImageJ with one header for all planes,
OME-TIFF with a description of which plane is which channel. tifffile knows these; here is decided
what counts as an image.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np

from biogan.core.errors import DataError

#: Channels of an image: grey, or red, green and blue.
GREY, COLOUR = 1, 3
# ImageJ shows at most seven channels; more of them are planes that a program numbered as channels.
_MOST_CHANNELS = 7
# What tifffile finds by itself, without a description by the program that wrote the file.
_PLAIN = ("generic", "uniform")
_UNPACKED = 1  # of the tag Compression
#: Of the tag PhotometricInterpretation.
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
_ALPHA = (1, 2)  # of the tag ExtraSamples
# What axes of a stack are called.
_AXES = {"Z": "depths", "T": "times", "C": "channels"}
_IMAGES = "IQ"
AS_COLOUR = "three channels of a stack, read as colour"


@dataclass
class Layout:
    """What the pages of a TIFF are.

    Attributes
    ----------
    planes : list of int
        Numbers of the planes that are images, from 0; of an image with several channels, these
        stand together. A plane is a page, but for ``behind``.
    channels : int
        Planes of an image: 1, or 3 for colour.
    behind : int
        If not 0, the planes that lie behind the header of the only page.
    words : str
        What planes of a stack are, behind "20 images: "; empty where pages are single images.
    left_out : list of str
        Pages that are no images, in words.
    """

    planes: list[int]
    channels: int = GREY
    behind: int = 0
    words: str = ""
    left_out: list[str] = field(default_factory=list)


def open_tiff(file: IO[bytes], name: str) -> Any:
    """Open a TIFF in tifffile, which must not look for other files."""
    import tifffile

    file.seek(0)
    return tifffile.TiffFile(file, name=name, is_mmstack=False, is_ndtiff=False)


def layout(file: IO[bytes], name: str) -> Layout:
    """Find out what the pages of a TIFF are.

    Parameters
    ----------
    file : file
        Open for bytes; it may be moved in.
    name : str
        Of the file, for messages.

    Returns
    -------
    Layout
        Of pages that differ in size, those of the most frequent size are images (of the largest
        one, where several are equally frequent): others are thumbnails, masks, overviews. So are
        pages that are marked as reduced or as masks, and what stands in SubIFDs.

    Raises
    ------
    DataError
        If pages follow one another in a circle, if there are fewer planes than the header says, or
        if channels are neither one nor three, in planes of their own or in one page.
    """
    size = file.seek(0, os.SEEK_END)
    with open_tiff(file, name) as tiff:
        pages = list(_pages(tiff, name))
        for page in pages:
            _check_samples(page, name)
        found = _stack(tiff, pages, name, size)
        if found is None:
            found = _single(pages)
        found.left_out += [
            f"SubIFD {k} of page {i}"
            for i, page in enumerate(pages, 1)
            for k in range(1, len(page.subifds or ()) + 1)
        ]
        return found


def _pages(tiff: Any, name: str) -> Iterator[Any]:
    seen: set[int] = set()
    for page in tiff.pages:
        if page.offset in seen:  # else it would be read for ever
            raise DataError(f"{name}: damaged image: its pages follow one another in a circle")
        seen.add(page.offset)
        yield page


def _check_samples(page: Any, name: str) -> None:
    """Refuse pages with channels that Pillow drops without a word, as it reads the first ones."""
    count = int(page.samplesperpixel)
    alpha = any(int(extra) in _ALPHA for extra in page.extrasamples)
    if page.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO):
        known = count in (GREY, COLOUR) or (count == GREY + 1 and alpha)
    else:
        known = page.photometric != RGB or count <= COLOUR + 1
    if not known:
        raise _channels(name, "a page", count)


def _channels(name: str, what: str, count: int) -> DataError:
    return DataError(
        f"{name}: {what} of {count:,} channels; grey or RGB is needed: save each channel as a "
        "stack of its own"
    )


def _size(page: Any) -> tuple[int, int]:
    return int(page.imagelength), int(page.imagewidth)


def _single(pages: Sequence[Any]) -> Layout:
    """Take each page for an image, but for copies."""
    whole = [i for i, page in enumerate(pages) if not (page.is_reduced or page.is_mask)]
    whole = whole or list(range(len(pages)))
    sizes = Counter(_size(pages[i]) for i in whole)
    chosen = max(sizes, key=lambda size: (sizes[size], math.prod(size)))
    planes = [i for i in whole if _size(pages[i]) == chosen]
    return Layout(planes, left_out=_others(pages, planes))


def _others(pages: Sequence[Any], planes: Sequence[int]) -> list[str]:
    images = set(planes)
    return [
        f"page {i + 1} ({page.imagewidth} x {page.imagelength})"
        for i, page in enumerate(pages)
        if i not in images
    ]


def _stack(tiff: Any, pages: Sequence[Any], name: str, size: int) -> Layout | None:
    """Read the description of a stack, if there is one."""
    if len(pages) == 1 and not pages[0].description:
        return None  # the common case, and the quick one
    if tiff.is_imagej:
        return _imagej(tiff.imagej_metadata or {}, pages, name, size)
    if tiff.is_ome and len(set(re.findall(r'FileName="([^"]*)"', tiff.ome_metadata))) > 1:
        found = _single(pages)
        found.words = "planes of a part of an OME data set of several files, each an image"
        return found
    described = [some for some in tiff.series if some.kind not in _PLAIN]
    if not described:
        return None
    first = described[0]
    outer = first.axes.removesuffix(pages[0].axes)
    if outer == first.axes or any(_alike(some, first) for some in described[1:]):
        return None  # where several stacks have one size, all their pages are images
    shape = first.shape[: len(outer)]
    total = math.prod(shape)
    if len(pages) == 1:
        _check_room(total, pages[0], name, size)
        return _arranged(range(total), outer, shape, name, behind=total if total > 1 else 0)
    numbers = [page.index for page in first.pages if page is not None]
    if len(numbers) != total:
        raise DataError(
            f"{name}: cut off: its description says {total:,} planes, {len(numbers):,} are there; "
            "fetch the file again"
        )
    found = _arranged(numbers, outer, shape, name)
    found.left_out = _others(pages, numbers)
    return found


def _check_room(planes: int, page: Any, name: str, size: int) -> None:
    """See that as many planes lie behind the header of a page as it says."""
    if planes == 1:
        return
    room = (size - page.dataoffsets[0]) // page.nbytes if page.nbytes and page.dataoffsets else 0
    if planes > room or page.compression != _UNPACKED:
        raise DataError(
            f"{name}: cut off: the header says {planes:,} images, {room:,} follow; fetch the file "
            "again"
        )


def _alike(one: Any, other: Any) -> bool:
    return bool(one.shape[-2:] == other.shape[-2:] and one.dtype == other.dtype)


def _imagej(said: dict[str, Any], pages: Sequence[Any], name: str, size: int) -> Layout | None:
    """Read what ImageJ writes: numbers of channels, slices and frames, and often one header."""
    counts = {axis: _count(said, key) for axis, key in zip("CZT", _KEYS, strict=True)}
    if counts["C"] == pages[0].samplesperpixel:
        counts["C"] = 1
    if len(pages) > 1:
        total = len(pages)
        if len({_size(page) for page in pages}) > 1:
            return None
    else:
        total = max(_count(said, "images"), math.prod(counts.values()))
        _check_room(total, pages[0], name, size)
    order = str(said.get("order", "czt")).upper()
    if sorted(order) != sorted("CZT"):
        order = "CZT"
    # The first axis of the order runs fastest, and stands last in a shape.
    outer = "".join(axis for axis in reversed(order) if counts[axis] > 1)
    shape = [counts[axis] for axis in outer]
    if math.prod(shape) != total:
        outer, shape = "I", [total]
    behind = total if len(pages) == 1 and total > 1 else 0
    return _arranged(range(total), outer, shape, name, behind)


_KEYS = ("channels", "slices", "frames")


def _count(said: dict[str, Any], key: str) -> int:
    value = said.get(key, 1)
    return value if isinstance(value, int) and value > 0 else 1


def _arranged(
    numbers: Sequence[int], axes: str, shape: Sequence[int], name: str, behind: int = 0
) -> Layout:
    """Put the channels of an image together."""
    at = axes.find("C")
    channels = shape[at] if at >= 0 else GREY
    if channels not in (GREY, COLOUR) and channels <= _MOST_CHANNELS:
        raise _channels(name, "a stack", channels)
    if channels == COLOUR:
        order = np.moveaxis(np.array(numbers).reshape(shape), at, -1)
        return Layout(order.ravel().tolist(), COLOUR, behind, AS_COLOUR)
    what = [axis for axis, n in zip(axes, shape, strict=True) if n > 1 and axis not in _IMAGES]
    named = " and ".join(_AXES.get(axis, axis) for axis in what)
    words = f"planes of a stack ({named}), each an image" if what else ""
    return Layout(list(numbers), GREY, behind, words)


def plane_behind(file: IO[bytes], page: Any, number: int) -> np.ndarray:
    """Read a plane that lies behind the header of a page, in its axes."""
    kind = page.dtype.newbyteorder(page.parent.byteorder)
    file.seek(page.dataoffsets[0] + number * page.nbytes)
    values = np.frombuffer(file.read(page.nbytes), kind).reshape(page.shape)
    return values.astype(kind.newbyteorder("="))
