"""IDX files: the whole format, and every way in which a file can be broken."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from helpers import shared_data
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from biogan.core.errors import ConfigError, DataError
from biogan.images.config import ImageReadingConfig
from biogan.images.dataset import ImageSet
from biogan.images.formats import TYPES, labels_beside, read_idx
from biogan.images.modality import ImageModality
from biogan.images.read import read_images
from biogan.images.write import write_images
from biogan.training.config import ImageGANConfig

CODES = {np.dtype(kind).newbyteorder("="): code for code, kind in TYPES.items()}


def pack(array: np.ndarray) -> bytes:
    """Write an array as IDX."""
    head = bytes([0, 0, CODES[array.dtype], array.ndim])
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return head + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


@st.composite
def tables(draw: st.DrawFn) -> np.ndarray:
    kind = draw(st.sampled_from(sorted(CODES, key=str)))
    shape = draw(arrays.array_shapes(min_dims=1, max_dims=3, max_side=4))
    return draw(arrays.arrays(kind, shape))


@given(tables(), st.booleans())
def test_what_is_packed_reads_back(tmp_path_factory, table: np.ndarray, packed: bool) -> None:
    path = tmp_path_factory.mktemp("idx") / "x"
    path.write_bytes(gzip.compress(pack(table)) if packed else pack(table))
    found = read_idx(path)
    assert found.dtype == table.dtype and found.shape == table.shape
    np.testing.assert_array_equal(found, table)


@given(st.binary(max_size=40))
def test_any_bytes_read_or_give_one_line(tmp_path_factory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("idx") / "x"
    path.write_bytes(data)
    try:
        read_idx(path)
    except DataError as error:
        assert str(error).startswith(f"{path}: ") and "\n" not in str(error)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\x89PNG", "no IDX file: it begins with 89 50 4e 47, not with 00 00"),
        (b"\0\0\x08", "ends inside its header, after 3 bytes"),
        (b"\0\0\x08\x03\0\0\0\x01", "ends inside its header, after 8 bytes"),
        (b"\0\0\x07\x01\0\0\0\0", "the type byte is 0x07"),
        (b"\0\0\x08\0", "it names no size"),
        (b"\0\0\x08\x01\0\0\0\x05abc", "cut off: the header says 5 labels, 3 follow"),
        (b"\0\0\x08\x01\0\0\0\x02abc", "1 byte after the last of 2 labels"),
        # Sizes that would not fit into memory are compared, never asked for.
        (b"\0\0\x08\x03" + b"\xff" * 12 + b"a", "header says 4,294,967,295 images, 0 follow"),
        (
            gzip.compress(b"\0\0\x08\x01\0\0\0\x03abc" * 50, mtime=0)[:-12],
            "gzip data ends early",
        ),
        (b"\x1f\x8bnonsense and more", "damaged gzip data"),
    ],
)
def test_broken_files(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "x-images-idx3-ubyte"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_idx(path)
    assert str(caught.value).startswith(f"{path}: ") and said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("idx_truncated-labels-idx1-ubyte.gz", "the header says 10,000 labels, 4,992 follow"),
        ("idx_bad_magic-labels-idx1-ubyte.gz", "the type byte is 0x0f"),
        ("idx_zero-images-idx3-ubyte.gz", "holds no images"),
    ],
)
def test_the_three_broken_files(name: str, said: str) -> None:
    path = shared_data(f"nasty/{name}")
    with pytest.raises(DataError) as caught:
        read_images(path)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def store(folder: Path, name: str = "train", n: int = 4) -> Path:
    """Write n images of 16 x 16 and labels 0, 1, 2, ..."""
    path = folder / f"{name}-images-idx3-ubyte"
    pixels = np.arange(n * 256).reshape(n, 16, 16).astype(np.uint8)
    path.write_bytes(pack(pixels))
    (folder / f"{name}-labels-idx1-ubyte").write_bytes(pack(np.arange(n).astype(np.uint8)))
    return path


def test_labels_are_found_beside_the_images(tmp_path: Path) -> None:
    path = store(tmp_path)
    images = read_images(path)
    assert images.pixels.shape == (4, 1, 16, 16) and images.pixels[1, 0, 0, 3] == 3
    assert images.labels is not None and images.labels.tolist() == [0, 1, 2, 3]
    assert images.classes == ("0", "1", "2", "3") and images.ids[3] == "image_4"
    # Packed labels serve plain images, and the other naming is known as well.
    labels = tmp_path / "train-labels-idx1-ubyte"
    packed = tmp_path / "train-labels-idx1-ubyte.gz"
    packed.write_bytes(gzip.compress(labels.read_bytes()))
    labels.unlink()
    assert labels_beside(path) == packed
    packed.unlink()
    assert labels_beside(path) is None and read_images(path).labels is None
    assert labels_beside(tmp_path / "other.idx") is None
    (tmp_path / "t10k-labels.idx1-ubyte").touch()
    assert labels_beside(tmp_path / "t10k-images.idx3-ubyte.gz") is not None


def test_a_folder_with_the_training_images_is_that_set(tmp_path: Path) -> None:
    store(tmp_path)
    store(tmp_path, "t10k", 2)
    assert len(read_images(tmp_path)) == 4


def test_labels_that_do_not_fit(tmp_path: Path) -> None:
    path = store(tmp_path)
    labels = tmp_path / "train-labels-idx1-ubyte"
    with pytest.raises(DataError, match="holds labels; give the file of images"):
        read_images(labels)
    labels.write_bytes(pack(np.zeros(3, np.uint8)))
    with pytest.raises(DataError, match="3 labels for 4 images"):
        read_images(path)
    labels.write_bytes(pack(np.zeros(4, np.float32)))
    with pytest.raises(DataError, match="1 axes of float32; labels are one axis of whole"):
        read_images(path)
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_images(path, ImageReadingConfig(labels=str(tmp_path / "no")))


def test_labels_by_hand(tmp_path: Path) -> None:
    path = store(tmp_path)
    other = tmp_path / "other"
    other.write_bytes(pack(np.array([2, 2, 0, 0], np.uint8)))
    images = read_images(path, ImageReadingConfig(labels=str(other)))
    assert images.labels is not None and images.labels.tolist() == [1, 1, 0, 0]
    assert images.classes == ("0", "2")
    table = tmp_path / "labels.tsv"
    rows = ["id\tkind"] + [f"image_{i}\t{'ab'[i % 2]}" for i in range(1, 6)]
    table.write_text("\n".join(rows) + "\n")
    images = read_images(path, ImageReadingConfig(labels=str(table)))
    assert images.classes == ("a", "b") and images.labels is not None
    assert images.labels.tolist() == [1, 0, 1, 0]
    assert images.notes == (f"1 row of {table} names no image: image_5",)


def test_other_numbers_and_frames_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x-images-idx3-ubyte"
    path.write_bytes(pack(np.zeros((2, 16, 16), np.int16)))
    with pytest.raises(DataError, match="3 axes of int16; images are 3 axes of uint8"):
        read_images(path)
    path.write_bytes(pack(np.zeros((2, 16, 16), np.uint8)))
    with pytest.raises(ConfigError, match="--frames 2: .* holds single images"):
        read_images(path, ImageReadingConfig(frames=2))


def test_mnist_and_the_nuclei() -> None:
    images = read_images(shared_data("mnist/t10k-images-idx3-ubyte.gz"))
    assert images.pixels.shape == (10_000, 1, 28, 28) and images.classes == tuple("0123456789")
    assert images.labels is not None and images.labels[:4].tolist() == [7, 2, 1, 0]
    nuclei = read_images(shared_data("images/human_mitosis_nuclei-images-idx3-ubyte.gz"))
    assert nuclei.pixels.shape == (231, 1, 32, 32) and nuclei.labels is None


def test_names_and_files_that_are_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder; unknown set 'mnits': did you"):
        read_images("mnits")
    with pytest.raises(DataError, match=r"no such file .*known sets: mnist, mnist-test, digits"):
        read_images(tmp_path / "no.png")
    path = tmp_path / "x"
    path.write_bytes(b"")
    with pytest.raises(DataError, match="x: the file is empty"):
        read_images(path)
    path.write_text(">seq\nACGT\n")
    with pytest.raises(DataError, match=r"begins with 3e 73 65 71: no IDX, \.npz, PNG, TIFF or"):
        read_images(path)


@pytest.mark.parametrize(
    ("numbers", "classes"),
    [([1, 2, 1, 2], "1 2"), ([7, 300, 7, 40], "7 40 300"), ([-1, 1, -1, 1], "-1 1")],
)
def test_labels_that_start_elsewhere_or_have_gaps(tmp_path: Path, numbers, classes) -> None:
    path = store(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(pack(np.array(numbers, np.int16)))
    images = read_images(path)
    assert images.classes == tuple(classes.split()) and images.labels is not None
    assert [int(images.classes[i]) for i in images.labels] == numbers
    assert images.notes == (f"the labels that occur are the classes: {', '.join(images.classes)}",)
    np.savez(tmp_path / "a.npz", images=images.pixels, labels=np.array(numbers))
    other = read_images(tmp_path / "a.npz")
    assert (other.classes, other.labels.tolist()) == (images.classes, images.labels.tolist())
    # Written and read again, they keep their names.
    for name in ("b.npz", "folder"):
        write_images(images, tmp_path / name)
        assert read_images(tmp_path / name).classes == images.classes
    made = ImageSet.from_pixels(images.pixels[:, 0], np.array(numbers))
    assert (made.classes, made.labels.tolist()) == (images.classes, images.labels.tolist())


def test_labels_of_the_field() -> None:
    images = read_images(shared_data("field/labels_from_1-images-idx3-ubyte"))
    assert images.classes == ("1", "2")
    assert np.bincount(images.labels).tolist() == [80, 80]
    # Learned without being asked for, as with labels 0 and 1.
    (learned,) = ImageModality.of(images, ImageGANConfig()).conditions
    assert learned.values == ("1", "2")


@pytest.mark.parametrize(
    ("axes", "sizes", "body", "said"),
    [
        (70, [1] * 70, 1, "damaged IDX file"),
        (255, [1] * 255, 1, "damaged IDX file"),
        (70, [0] * 70, 0, "damaged IDX file"),
        (5, [0] + [2**32 - 1] * 4, 0, "damaged IDX file"),
        (3, [2**32 - 1] * 3, 8, "cut off: the header says 4,294,967,295 images, 0 follow"),
        (3, [2, 0, 5], 0, "holds no images"),
        (70, [1] * 9, 0, "ends inside its header"),
    ],
)
def test_headers_that_no_array_can_have(tmp_path: Path, axes, sizes, body, said: str) -> None:
    path = tmp_path / "x"
    head = bytes([0, 0, 8, axes]) + b"".join(size.to_bytes(4, "big") for size in sizes)
    path.write_bytes(head + bytes(body))
    with pytest.raises(DataError, match=f"x: {said}"):
        read_images(path)
