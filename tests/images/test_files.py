"""Single files of images: every kind of pixel, and files that are broken."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from biogan.core.errors import DataError
from biogan.images import files
from biogan.images.files import read_pages
from biogan.images.read import read_images

GREY = np.arange(16 * 16).reshape(16, 16).astype(np.uint8)
DEEP = (np.arange(16 * 16).reshape(16, 16) * 257).astype(np.uint16)
COLOUR = np.stack([GREY, GREY[::-1], 255 - GREY], 2)


def read(path: Path) -> tuple[np.ndarray, dict[str, int]]:
    """Read a file of one page."""
    done: Counter[str] = Counter()
    (page,) = read_pages(path, done)
    return page, {words: n for words, n in done.items() if n}


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_grey_and_colour_stay_what_they_are(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    for pixels in (GREY, DEEP):
        Image.fromarray(pixels).save(path)
        page, done = read(path)
        assert page.dtype == pixels.dtype and not done
        np.testing.assert_array_equal(page, pixels[None])
    Image.fromarray(COLOUR).save(path)
    np.testing.assert_array_equal(read(path)[0], COLOUR.transpose(2, 0, 1))


def test_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    Image.new("L", (32, 16), 100).save(path)
    page, done = read(path)
    assert page.shape == (1, 16, 32) and set(page.ravel()) == {100} and not done


def test_a_turned_photograph_is_turned_back(tmp_path: Path) -> None:
    image, exif = Image.new("L", (32, 16)), Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    image.save(tmp_path / "x.jpg", exif=exif)
    assert read(tmp_path / "x.jpg")[0].shape == (1, 32, 16)


def test_alpha_palette_and_one_bit(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    half = np.full_like(GREY, 100)
    Image.fromarray(np.dstack([COLOUR, half])).save(path)
    page, done = read(path)
    np.testing.assert_array_equal(page, COLOUR.transpose(2, 0, 1))
    assert done == {files.ALPHA: 1}
    Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(half)]).save(path)
    page, done = read(path)
    np.testing.assert_array_equal(page, GREY[None])
    assert done == {files.ALPHA: 1}
    picture = Image.fromarray((GREY > 99).astype(np.uint8))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.save(path, transparency=b"\x00\xff")
    page, done = read(path)
    assert page[:, 0, 0].tolist() == [10, 20, 30] and page[:, 15, 15].tolist() == [40, 50, 60]
    assert done == {files.PALETTE: 1}
    Image.fromarray(GREY > 99).save(path)
    assert sorted(set(read(path)[0].ravel().tolist())) == [0, 255]


def test_printing_colours(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "x.tif")
    page, done = read(tmp_path / "x.tif")
    assert page[:, 0, 0].tolist() == [255, 0, 0] and done == {files.INKS: 1}


def test_colour_of_16_bits(tmp_path: Path) -> None:
    deep = np.stack([DEEP, DEEP[::-1], DEEP.T], 2)
    tifffile.imwrite(tmp_path / "x.tif", deep, photometric="rgb")
    np.testing.assert_array_equal(read(tmp_path / "x.tif")[0], deep.transpose(2, 0, 1))
    tifffile.imwrite(
        tmp_path / "y.tif", deep.transpose(2, 0, 1), photometric="rgb", planarconfig="separate"
    )
    np.testing.assert_array_equal(read(tmp_path / "y.tif")[0], deep.transpose(2, 0, 1))
    alpha = np.dstack([deep, DEEP])
    tifffile.imwrite(tmp_path / "z.tif", alpha, photometric="rgb", extrasamples=["unassalpha"])
    page, done = read(tmp_path / "z.tif")
    np.testing.assert_array_equal(page, deep.transpose(2, 0, 1))
    assert done == {files.ALPHA: 1}


def test_colour_png_of_16_bits_is_read_with_8_and_said(tmp_path: Path) -> None:
    import zlib

    def part(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + check

    rows = b"".join(b"\0" + b"\x12\x34\x56\x78\x9a\xbc" * 16 for _ in range(16))
    size = (16).to_bytes(4, "big") * 2
    parts = part(b"IHDR", size + b"\x10\x02\0\0\0") + part(b"IDAT", zlib.compress(rows))
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + parts + part(b"IEND", b""))
    page, done = read(tmp_path / "x.png")
    assert page[:, 3, 3].tolist() == [0x12, 0x56, 0x9A] and done == {files.SHALLOW: 1}


def test_odd_tiffs(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    for pixels in (GREY, DEEP):
        # White is zero: what is stored is the negative.
        tifffile.imwrite(path, pixels, photometric="miniswhite")
        np.testing.assert_array_equal(read(path)[0], np.iinfo(pixels.dtype).max - pixels[None])
        tifffile.imwrite(path, pixels, byteorder=">", photometric="minisblack")
        np.testing.assert_array_equal(read(path)[0], pixels[None])
        tifffile.imwrite(path, pixels, bigtiff=True)
        np.testing.assert_array_equal(read(path)[0], pixels[None])
    Image.fromarray(DEEP.astype(np.int32)).save(path)
    np.testing.assert_array_equal(read(path)[0], DEEP[None])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (GREY.astype(np.float32), "float32; save it as 8 or 16 bits"),
        (GREY.astype(np.float64), "float64; save it as 8 or 16 bits"),
        (GREY.astype(np.int8), "values are int8; save it as 8 or 16 bits"),
        (GREY.astype(np.int16) - 5, "values from -5 to 250; 8 or 16 bits"),
        (GREY.astype(np.int32) * 1000, "values from 0 to 255,000; 8 or 16 bits"),
    ],
)
def test_values_that_are_no_8_or_16_bits(tmp_path: Path, values: np.ndarray, said: str) -> None:
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, values)
    with pytest.raises(DataError, match=said) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_five_channels_and_a_compression_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    five = np.stack([DEEP] * 5, 2)
    tifffile.imwrite(path, five, photometric="minisblack", planarconfig="contig")
    with pytest.raises(DataError, match="5 channels; grey or RGB is needed"):
        read(path)


def test_pages(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    first, *others = (Image.fromarray(GREY + i) for i in range(3))
    first.save(path, save_all=True, append_images=others)
    pages = list(read_pages(path, Counter()))
    assert [page[0, 0, 0] for page in pages] == [0, 1, 2]
    images = read_images(path)
    assert images.ids == ("x_p1", "x_p2", "x_p3") and images.shape == (1, 16, 16)
    tifffile.imwrite(path, np.stack([np.dstack([DEEP] * 3)] * 2), photometric="rgb")
    assert read_images(path).pixels.shape == (2, 3, 16, 16)


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.tif", "deep.tif"])
@pytest.mark.parametrize("share", [0.05, 0.6])
def test_files_cut_off(tmp_path: Path, name: str, share: float, capfd) -> None:
    path = tmp_path / name
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3))
    if name == "deep.tif":
        tifffile.imwrite(path, noise.astype(np.uint16), photometric="rgb")
    else:
        Image.fromarray(noise.astype(np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DataError) as caught:
        read_images(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    for logger in map(logging.getLogger, ("tifffile", "PIL")):
        assert logger.propagate and not [h for h in logger.handlers if "Null" in str(h)]


def test_pixels_of_another_shape_than_the_header_says(tmp_path: Path, monkeypatch) -> None:
    tifffile.imwrite(tmp_path / "x.tif", np.dstack([DEEP] * 3), photometric="rgb")
    # As tifffile returns them for some damaged headers.
    monkeypatch.setattr(tifffile.TiffPage, "asarray", lambda page: DEEP[0])
    with pytest.raises(DataError, match=r"x\.tif: damaged image: its header and its pixels do not"):
        read_images(tmp_path / "x.tif")


@pytest.mark.parametrize("pixels", [np.dstack([DEEP] * 3), DEEP])
def test_pages_in_a_circle(tmp_path: Path, pixels: np.ndarray) -> None:
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, pixels, photometric="rgb" if pixels.ndim == 3 else "minisblack")
    with tifffile.TiffFile(path) as file:
        first = file.pages[0]
        # Behind the tags of a page stands the place of the next one.
        after = first.offset + 2 + 12 * len(first.tags)
    data = bytearray(path.read_bytes())
    data[after : after + 4] = first.offset.to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(DataError, match="its pages follow one another in a circle"):
        read_images(path)


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"\x89PNG nothing more")
    with pytest.raises(DataError, match=r"x\.png: no PNG, TIFF or JPEG that can be read"):
        read_images(path)
    with pytest.raises(DataError, match=r"y\.png: cannot be read: No such file"):
        read(tmp_path / "y.png")
    Image.fromarray(GREY).save(tmp_path / "x.bmp")
    with pytest.raises(DataError, match=r"begins with 42 4d .*: no IDX, \.npz, PNG, TIFF or JPEG"):
        read_images(tmp_path / "x.bmp")


def test_names_in_any_script(tmp_path: Path) -> None:
    path = tmp_path / "细胞 é.png"
    Image.fromarray(GREY).save(path)
    assert read_images(path).ids == ("细胞 é",)


def test_what_warns_is_as_it_was_between_pages(tmp_path: Path) -> None:
    """A file that is half read hides no warnings of others, nor does one that is put aside."""
    tifffile.imwrite(tmp_path / "x.tif", np.stack([DEEP, DEEP, DEEP]), photometric="minisblack")
    before = list(warnings.filters), Image.MAX_IMAGE_PIXELS
    one, two = (read_pages(tmp_path / "x.tif", Counter(), 0) for _ in range(2))
    next(one), next(two)
    assert (warnings.filters, Image.MAX_IMAGE_PIXELS) == before
    assert logging.getLogger("tifffile").propagate
    one.close()
    assert len(list(two)) == 2
    assert (warnings.filters, Image.MAX_IMAGE_PIXELS) == before
