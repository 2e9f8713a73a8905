"""Writing images: grids, films, folders; what is written reads back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from biogan.core.errors import ConfigError, DataError, OutputError
from biogan.images.config import ImageReadingConfig
from biogan.images.dataset import ImageSet
from biogan.images.read import read_images
from biogan.images.write import animation, grid, write_images


def series(n: int = 3, frames: int = 4, kind: type = np.uint8) -> ImageSet:
    high = int(np.iinfo(kind).max)
    pixels = np.random.default_rng(0).integers(0, high, (n, frames, 16, 16), kind)
    return ImageSet.from_pixels(pixels, prefix="cell", frames=True)


def flat(*values: int, kind: type = np.uint8) -> ImageSet:
    return ImageSet.from_pixels(np.stack([np.full((16, 16), value, kind) for value in values]))


def drawn(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_grid_puts_each_image_where_it_belongs() -> None:
    picture = np.asarray(grid(flat(10, 20, 30), gap=1, scale=1))
    assert picture.shape == (33, 33)
    assert [picture[0, 0], picture[0, 17], picture[17, 0]] == [10, 20, 30]
    assert set(picture[16]) == {255} and set(picture[:, 16]) == {255} and picture[20, 20] == 255
    wide = grid(flat(10, 20, 30), columns=5, gap=0, scale=2)
    assert wide.size == (96, 32) and wide.getpixel((40, 31)) == 20
    # 16 pixels are enlarged four times by default.
    assert grid(flat(1)).size == (64, 64)


def test_grid_stops_at_most() -> None:
    assert grid(flat(*range(30)), most=6, gap=0, scale=1).size == (48, 32)
    with pytest.raises(DataError, match="images: no images to draw"):
        grid(flat(1)[:0])


def test_grid_of_colour_depth_and_series() -> None:
    colour = ImageSet.from_pixels(np.full((1, 3, 16, 16), [[[[9]], [[8]], [[7]]]], np.uint8))
    assert grid(colour).mode == "RGB" and grid(colour).getpixel((0, 0)) == (9, 8, 7)
    deep = np.asarray(grid(flat(0, 65535, 257 * 100, kind=np.uint16), columns=3, gap=0, scale=1))
    assert deep[0, ::16].tolist() == [0, 255, 100]
    picture = np.asarray(grid(series(), gap=0, scale=1))
    assert picture.shape == (48, 64)
    np.testing.assert_array_equal(picture[16:32, 32:48], series().pixels[1, 2])


def test_pictures(tmp_path: Path) -> None:
    many = flat(*range(120))
    assert write_images(many, tmp_path / "a.png") == [
        f"{tmp_path / 'a.png'}: the first 100 of 120 images"
    ]
    assert drawn(tmp_path / "a.png").shape == (10 * 64 + 9 * 2,) * 2
    said = write_images(series(1), tmp_path / "a.tif")
    assert said == [f"{tmp_path / 'a.tif'}: all of 1 series"]
    assert drawn(tmp_path / "a.tif").shape == (64, 4 * 64 + 3 * 2)
    assert write_images(series(), tmp_path / "a.npz") == [
        f"{tmp_path / 'a.npz'}: 3 series of 4 frames, 16 x 16 pixels"
    ]


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_films(tmp_path: Path, suffix: str) -> None:
    paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for path in paths:
        said = write_images(series(), path)
    assert said == [f"{paths[1]}: all of 3 series, running"]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with Image.open(paths[0]) as film:
        assert film.n_frames == 4 and film.info["loop"] == 0
        times, pictures = [], []
        for page in ImageSequence.Iterator(film):
            pictures.append(np.asarray(page.convert("L")))
            times.append(page.info["duration"])
    assert times == [150, 150, 150, 1200]
    wanted = ImageSet.from_pixels(series().pixels[:, 2])
    np.testing.assert_array_equal(pictures[2], np.asarray(grid(wanted)))


def test_films_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a\.gif: only time series run; .*\(use \.png\)"):
        write_images(flat(1), tmp_path / "a.gif")
    with pytest.raises(ConfigError, match=r"a\.mp4: a film is written as \.gif or \.webp"):
        animation([Image.new("L", (4, 4))], tmp_path / "a.mp4")
    with pytest.raises(DataError, match="pictures of one size; found 4 x 4, 5 x 4"):
        animation([Image.new("L", (5, 4)), Image.new("L", (4, 4))], tmp_path / "a.gif")
    with pytest.raises(DataError, match="pictures of one size; found none"):
        animation([], tmp_path / "a.gif")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_folder_reads_back(tmp_path: Path, kind: type, channels: int) -> None:
    high = int(np.iinfo(kind).max)
    pixels = np.random.default_rng(0).integers(0, high, (12, channels, 16, 16), kind)
    images = ImageSet.from_pixels(pixels, np.arange(12) % 3, ("M", "G1", "G2"))
    said = write_images(images, tmp_path / "out")
    suffix = ".tif" if kind is np.uint16 and channels == 3 else ".png"
    assert said == [
        f"{tmp_path / 'out'}: 12 images, each a {suffix} file",
        f"{tmp_path / 'out' / 'labels.tsv'}: the class of each",
    ]
    found = read_images(tmp_path / "out")
    assert found.ids == images.ids and found.pixels.dtype == kind
    np.testing.assert_array_equal(found.pixels, pixels)
    assert found.labels is not None
    names = [found.classes[i] for i in found.labels]
    assert names == ["M", "G1", "G2"] * 4


@pytest.mark.parametrize("name", ["some", "some.npz"])
def test_labels_of_all_kinds_read_back(tmp_path: Path, name: str) -> None:
    images = replace(
        flat(10, 20, 30), labels=np.array([1, 0, 1]), classes=("G1", "G2"), class_name="phase",
        columns={
            "size": np.array(["1.5", "", "2"], object), "tags": np.array(["a;b", "a", ""], object),
        },
    )  # fmt: skip
    write_images(images, tmp_path / name)
    found = read_images(tmp_path / name)
    assert found.class_name == "phase" and found.classes == ("G1", "G2")
    assert {k: v.tolist() for k, v in found.texts.items()} == {
        "phase": ["G2", "G1", "G2"], "size": ["1.5", "", "2"], "tags": ["a;b", "a", ""],
    }  # fmt: skip
    assert found.digest == images.digest != flat(10, 20, 30).digest
    both = ImageSet.concatenate([found[1:], found[:1]])
    assert both.texts["size"].tolist() == ["", "2", "1.5"]


def test_numbers_alone_are_no_class(tmp_path: Path) -> None:
    images = flat(*range(20))
    sizes = np.array([f"{i / 2}" for i in range(20)], object)
    write_images(replace(images, columns={"size": sizes}), tmp_path / "some")
    found = read_images(tmp_path / "some")
    assert found.labels is None and found.texts["size"].tolist() == sizes.tolist()
    assert any("holds numbers: no class" in note for note in found.notes)


def test_damaged_labels_of_an_npz_are_refused(tmp_path: Path) -> None:
    pixels = flat(1, 2, 3).pixels
    path = tmp_path / "some.npz"
    np.savez(path, images=pixels, label_names=np.array(["a"]), label_values=np.array([["1", "2"]]))
    with pytest.raises(DataError, match=r"label_names and label_values: \(1,\) and \(1, 2\)"):
        read_images(path)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_series_of_a_folder_read_back(tmp_path: Path, kind: type) -> None:
    images = series(3, 3, kind)
    write_images(images, tmp_path / "out")
    found = read_images(tmp_path / "out", ImageReadingConfig(frames=3))
    assert found.frames and found.ids == images.ids and found.digest == images.digest


def test_ids_become_names_of_files(tmp_path: Path) -> None:
    ids = ("a/b", "a\\b", "A_B", "..", "細胞", "x" * 300)
    images = ImageSet(flat(*range(6)).pixels, ids)
    write_images(images, tmp_path / "out")
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == sorted(
        ["a_b", "a_b_2", "A_B_3", "image", "細胞", "x" * 100]
    )


def test_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(OutputError, match="is not empty; use --overwrite, or another folder"):
        write_images(flat(1), tmp_path)
    said = write_images(flat(1), tmp_path, overwrite=True)
    assert said[1] == f"{tmp_path}: 1 file of before is still there (mine.txt)"
    assert (tmp_path / "mine.txt").read_text() == "x"
    assert write_images(flat(2), tmp_path, overwrite=True)[1] == said[1]
    assert drawn(tmp_path / "image_1.png")[0, 0] == 2


def test_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a\.jpg: images are written as \.npz, \.png, \.tif, "):
        write_images(flat(1), tmp_path / "a.jpg")
    with pytest.raises(DataError, match=r"a\.npz: no images to write"):
        write_images(flat(1)[:0], tmp_path / "a.npz")
    for name in ("a.npz", "a.png"):
        with pytest.raises(OutputError, match="cannot be written: No such file"):
            write_images(flat(1), tmp_path / "no" / name)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="file: cannot be written: "):
        write_images(flat(1), tmp_path / "file")
