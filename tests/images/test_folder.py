"""Folders of images: classes, time series, order, and what is passed over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from biogan.core.errors import ConfigError, DataError
from biogan.images.config import ImageReadingConfig
from biogan.images.read import read_images


def save(path: Path, value: int = 0, size: int = 16, mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (size, size), value if mode == "L" else (value,) * 3).save(path)


def movie(path: Path, values: list[int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *others = (Image.new("L", (16, 16), value) for value in values)
    first.save(path, save_all=True, append_images=others)


def values(images) -> list:
    return images.pixels[:, :, 0, 0].tolist()


def test_natural_order_and_what_is_no_image(tmp_path: Path) -> None:
    for i in (10, 9, 1, 2):
        save(tmp_path / f"img{i}.png", i)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.png").write_text("x")
    images = read_images(tmp_path)
    assert images.ids == ("img1", "img2", "img9", "img10") and values(images) == [
        [1],
        [2],
        [9],
        [10],
    ]
    assert (
        images.notes == ("1 file that is no image passed over: notes.txt",)
        and images.labels is None
    )


def test_names_that_differ_in_the_suffix_alone(tmp_path: Path) -> None:
    for name in ("a.png", "a.tif", "b.PNG"):
        save(tmp_path / name)
    assert read_images(tmp_path).ids == ("a.png", "a.tif", "b")


def test_folders_are_classes(tmp_path: Path) -> None:
    save(tmp_path / "stage 10" / "a.png", 1)
    save(tmp_path / "stage 2" / "a.png", 2)
    save(tmp_path / "stage 2" / "deeper" / "a.png", 3)
    (tmp_path / "empty").mkdir()
    images = read_images(tmp_path)
    assert images.ids == ("stage 2/a", "stage 10/a") and images.classes == ("stage 2", "stage 10")
    assert images.labels is not None and images.labels.tolist() == [0, 1]
    assert images.notes == (
        "1 folder inside folders passed over: stage 2/deeper",
        "1 folder without images passed over: empty",
    )
    save(tmp_path / "z.png")
    with pytest.raises(DataError, match=r"holds images \(z\.png\) and folders of images \(stage 2"):
        read_images(tmp_path)


def test_no_images(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no images; \.png, \.tif, \.tiff, \.jpg, \.jpeg are read"):
        read_images(tmp_path)
    with pytest.raises(DataError, match="no images; .* in one folder a class; the folder is empty"):
        read_images(tmp_path)
    for name in ("x.txt", "a.fasta.gz", "b.fa", "c.bmp"):
        (tmp_path / name).touch()
    with pytest.raises(
        DataError,
        match=r"it holds 4 files of other kinds: a\.fasta\.gz, b\.fa, c\.bmp and 1 more; sequences "
        r"are read from one file, give its name",
    ):
        read_images(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    save(tmp_path / "a" / "b" / "c.png")
    with pytest.raises(DataError, match=r"images lie deeper, in a/b: give that folder"):
        read_images(tmp_path)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no image at all")
    with pytest.raises(DataError, match=r"b\.png: no PNG, TIFF or JPEG that can be read"):
        read_images(tmp_path)


def test_labels_of_a_table(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        save(tmp_path / "images" / f"{name}.png")
    table = tmp_path / "classes.tsv"
    table.write_text("id\tclass\nb.png\tG2\na\tG1\nc\tG1\nd\tM\n")
    reading = ImageReadingConfig(labels=str(table))
    images = read_images(tmp_path / "images", reading)
    assert images.classes == ("G1", "G2") and images.labels is not None
    assert images.labels.tolist() == [0, 1, 0]
    assert images.notes == (f"1 row of {table} names no image: d",)
    # The table beside the images is found.
    beside = tmp_path / "images" / "labels.tsv"
    beside.write_text(table.read_text())
    found = read_images(tmp_path / "images")
    assert found.classes == ("G1", "G2")
    assert found.notes[0] == f"labels are read from {beside}"
    table.write_text("id\tclass\na\tG1\nc\t\n")
    with pytest.raises(DataError, match=r"classes\.tsv: no class for image 'b' \(the first id"):
        read_images(tmp_path / "images", reading)
    idx = tmp_path / "labels-idx1-ubyte"
    idx.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 1, 0]))
    with pytest.raises(ConfigError, match="IDX labels belong to IDX images or an .npz"):
        read_images(tmp_path / "images", ImageReadingConfig(labels=str(idx)))


def test_folders_are_cells_of_time_series(tmp_path: Path) -> None:
    for cell, n in (("cell 2", 4), ("cell 10", 3), ("short", 2)):
        for i in range(n):
            save(tmp_path / cell / f"t{i + 8}.png", 10 * n + i)
    save(tmp_path / "loose.png")
    images = read_images(tmp_path, ImageReadingConfig(frames=3))
    assert images.frames and images.labels is None and images.ids == ("cell 2", "cell 10")
    # t8, t9, t10: natural order is the order of time.
    assert values(images) == [[40, 41, 42], [30, 31, 32]]
    assert images.notes == (
        "1 cell of fewer than 3 images left out: short",
        "1 cell with more images than series of 3 need, last ones left out: cell 2",
        "1 single image beside the cells left out (a cell is a folder or a TIFF of several pages): "
        "loose",
    )


def test_pages_of_a_tiff_are_time_series(tmp_path: Path) -> None:
    movie(tmp_path / "one.tif", [1, 2])
    movie(tmp_path / "two.tif", [3, 4, 5, 6, 7])
    movie(tmp_path / "more" / "x.tif", [8, 9])
    images = read_images(tmp_path, ImageReadingConfig(frames=2))
    assert images.ids == ("one", "two_s1", "two_s2", "more/x")
    assert values(images) == [[1, 2], [3, 4], [5, 6], [8, 9]]
    assert len(images.notes) == 1 and images.notes[0].startswith("1 cell with more images")
    single = read_images(tmp_path / "two.tif", ImageReadingConfig(frames=5))
    assert single.ids == ("two",) and values(single) == [[3, 4, 5, 6, 7]]


def test_series_that_do_not_fit(tmp_path: Path) -> None:
    movie(tmp_path / "a.tif", [1, 2])
    with pytest.raises(DataError) as caught:
        read_images(tmp_path, ImageReadingConfig(frames=3))
    assert "no series of 3 images; 1 cell of fewer than 3 images left out" in str(caught.value)
    with pytest.raises(ConfigError, match="--colour rgb: the images of a time series are grey"):
        read_images(tmp_path, ImageReadingConfig(frames=2, colour="rgb"))
    save(tmp_path / "c" / "1.png", 7, mode="RGB")
    save(tmp_path / "c" / "2.png", 8, size=28)
    with pytest.raises(DataError, match=r"1\.png: is in colour; the images of a time series"):
        read_images(tmp_path, ImageReadingConfig(frames=2))
    with pytest.raises(DataError, match=r"images of one time series differ in size or depth \(c\)"):
        read_images(tmp_path, ImageReadingConfig(frames=2, colour="grey"))
    save(tmp_path / "c" / "2.png", 8)
    images = read_images(tmp_path, ImageReadingConfig(frames=2, colour="grey"))
    assert values(images) == [[1, 2], [7, 8]]


def test_colour_of_a_folder(tmp_path: Path) -> None:
    save(tmp_path / "a.png", 5)
    save(tmp_path / "b.png", 6, mode="RGB")
    images = read_images(tmp_path)
    assert values(images) == [[5, 5, 5], [6, 6, 6]]
    assert images.notes == (
        "1 grey image made colour, as others are (--colour grey makes all grey)",
    )
    images = read_images(tmp_path, ImageReadingConfig(colour="grey"))
    assert values(images) == [[5], [6]] and images.notes == ("1 colour image made grey",)
    (tmp_path / "b.png").unlink()
    assert read_images(tmp_path, ImageReadingConfig(colour="rgb")).shape.channels == 3


def test_two_depths(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    Image.fromarray(np.full((16, 16), 60_000, np.uint16)).save(tmp_path / "b.png")
    with pytest.raises(DataError, match=r"two depths, 8 bits \(a\) and 16 bits \(b\)"):
        read_images(tmp_path)
