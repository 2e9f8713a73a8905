"""TIFF as programs of microscopes write it: stacks, channels, reduced copies."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tifffile
from helpers import shared_data
from PIL import Image

from biogan.core.errors import DataError
from biogan.images.config import ImageReadingConfig
from biogan.images.files import read_pages
from biogan.images.read import read_images

STACK = np.random.default_rng(0).integers(0, 60_000, (24, 16, 16)).astype(np.uint16)
SMALL = STACK[0, ::2, ::2]


def pages_of(path: Path) -> tuple[np.ndarray, Counter[str]]:
    done: Counter[str] = Counter()
    return np.stack(list(read_pages(path, done))), +done


def one_header(path: Path, planes: np.ndarray, description: str, order: str = ">") -> None:
    """Write what ImageJ writes of a large stack: one page, all planes behind it."""
    tifffile.imwrite(
        path, planes[0], byteorder=order, description=description, metadata=None, software=False,
        photometric="minisblack",
    )  # fmt: skip
    with tifffile.TiffFile(path) as file:
        at = file.pages[0].dataoffsets[0]
    assert at + planes[0].nbytes == path.stat().st_size
    with open(path, "ab") as out:
        out.write(planes[1:].astype(planes.dtype.newbyteorder(order)).tobytes())


def imagej(**values: object) -> str:
    return "\n".join(["ImageJ=1.54f", *(f"{k}={v}" for k, v in values.items()), ""])


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"images": 24, "slices": 24}, "depths"),
        ({"images": 24, "frames": 24}, "times"),
        ({"images": 24, "slices": 4, "frames": 6, "hyperstack": "true"}, "times and depths"),
        ({"images": 24}, ""),
        ({"slices": 24}, "depths"),
    ],
)
@pytest.mark.parametrize("order", "<>")
def test_stacks_of_imagej_with_one_header(tmp_path: Path, said, words: str, order: str) -> None:
    path = tmp_path / "x.tif"
    for planes in (STACK, (STACK >> 8).astype(np.uint8)):
        one_header(path, planes, imagej(**said), order)
        found, done = pages_of(path)
        np.testing.assert_array_equal(found[:, 0], planes)
        expected = {f"planes of a stack ({words}), each an image": 24} if words else {}
        assert done == expected


def test_planes_that_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    one_header(path, STACK, imagej(images=25, slices=25))
    with pytest.raises(DataError, match="cut off: the header says 25 images, 24 follow"):
        read_images(path)
    one_header(path, STACK, imagej(images=10**12, slices=10**6, frames=10**6))
    with pytest.raises(DataError, match="says 1,000,000,000,000 images, 24 follow"):
        read_images(path)


def test_channels_are_no_images(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    colour = "three channels of a stack, read as colour"
    for axes, shape in (("ZCYX", (8, 3)), ("CZYX", (3, 8)), ("TZCYX", (2, 4, 3))):
        planes = STACK.reshape(*shape, 16, 16)
        expected = np.moveaxis(planes, axes.index("C"), -3).reshape(8, 3, 16, 16)
        for options in ({"ome": True}, {"imagej": True}, {}):
            if options == {"imagej": True} and axes == "CZYX":
                continue  # ImageJ has one order
            tifffile.imwrite(
                path, planes, photometric="minisblack", metadata={"axes": axes}, **options
            )
            found, done = pages_of(path)
            np.testing.assert_array_equal(found, expected)
            assert done == {colour: 8}, (axes, options)
    one_header(path, STACK, imagej(images=24, channels=3, slices=8, hyperstack="true"))
    np.testing.assert_array_equal(pages_of(path)[0], STACK.reshape(8, 3, 16, 16))
    one_header(path, STACK, imagej(images=24, channels=3, slices=8, order="zct"))
    np.testing.assert_array_equal(
        pages_of(path)[0], STACK.reshape(3, 8, 16, 16).transpose(1, 0, 2, 3)
    )
    for options in ({"ome": True}, {"imagej": True}, {}):
        tifffile.imwrite(
            path, STACK.reshape(12, 2, 16, 16), photometric="minisblack",
            metadata={"axes": "ZCYX"}, **options,
        )  # fmt: skip
        with pytest.raises(DataError, match=r"x\.tif: a stack of 2 channels; grey or RGB"):
            read_images(path)


def test_samples_of_one_page(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    for planes in (STACK[:3], (STACK[:3] >> 8).astype(np.uint8)):
        for photometric in ("rgb", "minisblack"):
            tifffile.imwrite(path, planes, photometric=photometric, planarconfig="separate")
            np.testing.assert_array_equal(pages_of(path)[0], planes[None])
            last = np.moveaxis(planes, 0, 2)
            tifffile.imwrite(path, last, photometric=photometric, planarconfig="contig")
            np.testing.assert_array_equal(pages_of(path)[0], planes[None])


@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_channels_of_one_page_are_not_dropped_in_silence(tmp_path: Path, kind: str) -> None:
    """Pillow reads the first channels of a page, and says nothing of the others."""
    path, values = tmp_path / "x.tif", np.moveaxis(STACK[:5], 0, 2).astype(kind)
    for count, extra in ((2, ["unspecified"]), (4, ["unspecified"] * 3), (4, ["unassalpha"] * 3)):
        for place in ("contig", "separate"):
            samples = values[..., :count]
            tifffile.imwrite(
                path, samples if place == "contig" else np.moveaxis(samples, 2, 0),
                photometric="minisblack", planarconfig=place, extrasamples=extra,
            )  # fmt: skip
            with pytest.raises(DataError, match=rf"x\.tif: a page of {count} channels; grey"):
                read_images(path)
    tifffile.imwrite(path, values, photometric="rgb", extrasamples=["unspecified"] * 2)
    with pytest.raises(DataError, match="a page of 5 channels"):
        read_images(path)
    for extra in ("unspecified", "unassalpha"):
        tifffile.imwrite(path, values[..., :4], photometric="rgb", extrasamples=[extra])
        found, done = pages_of(path)
        assert (found.shape, done) == ((1, 3, 16, 16), {"alpha channel left out": 1})
    tifffile.imwrite(path, values[..., :2], photometric="minisblack", extrasamples=["unassalpha"])
    assert pages_of(path)[1] == {"alpha channel left out": 1}


def test_a_stack_that_a_program_numbers_as_channels(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", STACK, imagej=True, photometric="minisblack")
    found, done = pages_of(tmp_path / "x.tif")
    np.testing.assert_array_equal(found[:, 0], STACK)
    assert done == {"planes of a stack (channels), each an image": 24}


def reduced(path: Path, kind: str) -> None:
    if kind == "pillow":
        first, *others = (Image.fromarray(page) for page in (*STACK[:3], SMALL))
        first.save(path, save_all=True, append_images=others)
        return
    with tifffile.TiffWriter(path) as file:
        if kind == "subifd":
            file.write(STACK[:3], photometric="minisblack", subifds=1)
            file.write(np.stack([SMALL] * 3), photometric="minisblack", subfiletype=1)
            return
        mark = {"metadata": None} if kind != "series" else {}
        small = STACK[0] if kind == "marked" else SMALL
        file.write(STACK[:3], photometric="minisblack", **mark)
        file.write(small, photometric="minisblack", subfiletype=kind == "marked", **mark)


@pytest.mark.parametrize("kind", ["pillow", "plain", "marked", "series", "subifd"])
@pytest.mark.parametrize("size", [None, 16, 32])
def test_reduced_copies_are_no_images(tmp_path: Path, kind: str, size: int | None) -> None:
    path = tmp_path / "x.tif"
    reduced(path, kind)
    images = read_images(path, ImageReadingConfig(size=size))
    assert len(images) == 3
    if size != 32:
        np.testing.assert_array_equal(images.pixels[:, 0], STACK[:3])
    words = "of TIFFs left out (reduced copies, masks, or of another size than the others): "
    if kind == "subifd":
        first = [f"x.tif SubIFD 1 of page {i}" for i in (1, 2, 3)]
        assert f"3 pages {words}{', '.join(first)}" in images.notes
    else:
        width = 16 if kind == "marked" else 8
        assert f"1 page {words}x.tif page 4 ({width} x {width})" in images.notes


def test_of_pages_of_several_sizes_the_most_frequent_count(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    large = np.kron(STACK[0], np.ones((2, 2), np.uint16))
    with tifffile.TiffWriter(path) as file:
        for page in (large, STACK[1], STACK[2]):
            file.write(page, photometric="minisblack", metadata=None)
    np.testing.assert_array_equal(pages_of(path)[0][:, 0], STACK[1:3])
    with tifffile.TiffWriter(path) as file:
        for page in (STACK[1], large):
            file.write(page, photometric="minisblack", metadata=None)
    assert pages_of(path)[0].shape == (1, 1, 32, 32)


def test_a_part_of_several_files_is_read_by_itself(tmp_path: Path) -> None:
    whole = tmp_path / "x.ome.tif"
    tifffile.imwrite(whole, STACK[:4], photometric="minisblack", ome=True, metadata={"axes": "ZYX"})
    with tifffile.TiffFile(whole) as file:
        text = file.ome_metadata
    planes = "".join(
        f'<TiffData IFD="0" FirstZ="{i}" PlaneCount="1"><UUID FileName="{i}.tif">urn:uuid:{i}'
        "</UUID></TiffData>" for i in range(4)
    )  # fmt: skip
    text = text[: text.index("<TiffData")] + planes + text[text.index("</Pixels>") :]
    for i in range(4):
        tifffile.imwrite(
            tmp_path / f"{i}.tif", STACK[i], description=text, metadata=None,
            photometric="minisblack",
        )  # fmt: skip
    whole.unlink()
    images = read_images(tmp_path)
    np.testing.assert_array_equal(images.pixels[:, 0], STACK[:4])
    assert "4 images: planes of a part of an OME data set of several files, each an image" in (
        images.notes
    )


def test_the_stack_of_the_field() -> None:
    images = read_images(shared_data("field/imagej_20_planes_one_ifd.tif"))
    assert images.pixels.shape == (20, 1, 32, 32)
    assert len({page.tobytes() for page in images.pixels}) == 20
