"""Images in .npz: what biogan writes, what others write, what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from biogan.core.errors import DataError
from biogan.images.config import ImageReadingConfig
from biogan.images.dataset import ImageSet
from biogan.images.read import is_images, read_images
from biogan.images.write import write_images

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@st.composite
def image_sets(draw: st.DrawFn) -> ImageSet:
    n, frames = draw(st.integers(1, 3)), draw(st.booleans())
    channels = draw(st.integers(1, 5) if frames else st.sampled_from([1, 3]))
    kind = draw(st.sampled_from([np.uint8, np.uint16]))
    pixels = draw(arrays.arrays(kind, (n, channels, 16, 16)))
    ids = tuple(draw(st.lists(WORDS, min_size=n, max_size=n)))
    if draw(st.booleans()):
        return ImageSet(pixels, ids, frames=frames)
    classes = tuple(draw(st.lists(WORDS, min_size=1, max_size=4, unique=True)))
    labels = draw(arrays.arrays(np.int64, n, elements=st.integers(0, len(classes) - 1)))
    return ImageSet(pixels, ids, labels, classes, frames)


@settings(max_examples=40)
@given(image_sets())
def test_what_is_written_reads_back(tmp_path_factory, images: ImageSet) -> None:
    path = tmp_path_factory.mktemp("npz") / "images.npz"
    write_images(images, path)
    found = read_images(path)
    assert found.pixels.dtype == images.pixels.dtype and found.digest == images.digest
    assert (found.ids, found.classes, found.frames) == (images.ids, images.classes, images.frames)


def test_equal_sets_give_equal_bytes(tmp_path: Path) -> None:
    images = ImageSet.from_pixels(np.arange(512).reshape(2, 16, 16).astype(np.uint8), np.arange(2))
    for name in "ab":
        write_images(images, tmp_path / f"{name}.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


PIXELS = np.arange(2 * 16 * 16 * 3).reshape(2, 16, 16, 3).astype(np.uint8)


def test_arrays_of_others(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, x_train=PIXELS[..., 0], y_train=np.array([[3], [1]]), x_test=PIXELS)
    images = read_images(path)
    assert images.shape == (1, 16, 16) and images.classes == ("1", "3")
    assert images.labels is not None and images.labels.tolist() == [1, 0]
    np.savez(path, PIXELS)
    images = read_images(path)
    assert images.shape == (3, 16, 16) and images.ids == ("image_1", "image_2")
    np.testing.assert_array_equal(images.pixels, PIXELS.transpose(0, 3, 1, 2))
    np.savez(path, images=PIXELS[..., :1], labels=np.array(["mouse", "cat"]))
    images = read_images(path)
    assert images.classes == ("cat", "mouse") and images.labels is not None
    assert images.labels.tolist() == [1, 0]


def test_series(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    series = np.zeros((2, 5, 16, 16), np.uint8)
    np.savez(path, images=series)
    with pytest.raises(DataError, match=r"no axis of 1 or 3 channels; .* --frames 5"):
        read_images(path)
    images = read_images(path, ImageReadingConfig(frames=5))
    assert images.frames and images.shape == (5, 16, 16)
    with pytest.raises(DataError, match=r"shape \(2, 5, 16, 16\) has no axis of 1 or 3"):
        read_images(path, ImageReadingConfig(frames=4))
    np.savez(path, images=series, frames=True)
    assert read_images(path).frames
    with pytest.raises(DataError, match="series of 5 frames; --frames says 4"):
        read_images(path, ImageReadingConfig(frames=4))
    np.savez(path, images=PIXELS[..., 0])
    with pytest.raises(DataError, match="holds no series of 2 frames"):
        read_images(path, ImageReadingConfig(frames=2))


GREY = PIXELS[..., 0]


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"a": GREY, "b": GREY}, "no array of images; it holds a, b, and one of images, pixels"),
        ({"images": GREY, "pixels": GREY}, r"several arrays of images \(images, pixels\)"),
        ({"images": GREY / 255}, "array images: values are float64; store uint8"),
        ({"images": GREY.astype(np.int64)}, "values are int64"),
        ({"images": GREY[0]}, r"shape \(16, 16\); \(n, h, w\) or"),
        ({"images": np.zeros((2, 3, 16, 1), np.uint8)}, "may have its channels first or last"),
        ({"images": np.zeros((2, 16, 16, 2), np.uint8)}, "no axis of 1 or 3 channels"),
        ({"images": np.zeros((0, 16, 16), np.uint8)}, "holds no images"),
        ({"images": GREY, "labels": np.arange(3)}, r"array labels: shape \(3,\) for 2 images"),
        (
            {"images": GREY, "labels": np.array([0.5, 1])},
            "labels: float64; whole numbers, or",
        ),
        (
            {"images": GREY, "labels": np.array([0, -1]), "classes": np.array(["a", "b"])},
            "labels up to -1 for 2 different names in classes",
        ),
        (
            {"images": GREY, "labels": np.array([0, 2]), "classes": np.array(["a", "b"])},
            "labels up to 2 for 2 different names in classes",
        ),
        ({"images": GREY, "ids": np.array(["a"])}, "array ids: 1 names for 2 images"),
        ({"images": GREY, "frames": np.array(3)}, "array frames: one True or False is needed"),
        (
            {"images": np.array([{}, {}])},
            "array images: damaged, or of objects, which are not read",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, held: dict[str, np.ndarray], said: str) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, **held)
    with pytest.raises(DataError, match=said) as caught:
        read_images(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_damaged_files(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez_compressed(path, images=np.arange(512).reshape(2, 16, 16).astype(np.uint8))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"x\.npz: no \.npz that can be read"):
        read_images(path)
    path.write_bytes(whole[:100] + b"\xff" * 20 + whole[120:])
    with pytest.raises(DataError, match=r"x\.npz, array images: damaged, or of objects"):
        read_images(path)


def patched(path: Path, at: int, new: bytes) -> None:
    """Change bytes of the local header and of the directory of the first member of a zip."""
    data = bytearray(path.read_bytes())
    for start in (data.index(b"PK\x03\x04") + 4, data.index(b"PK\x01\x02") + 6):
        data[start + at : start + at + len(new)] = new
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("at", "new", "said"),
    [
        (4, (99).to_bytes(2, "little"), "compression"),  # as WinZip encrypts
        (2, b"\x01\0", "encrypted"),
    ],
)
def test_archives_that_python_does_not_unpack(tmp_path: Path, at, new, said: str) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, images=GREY)
    patched(path, at, new)
    with pytest.raises(DataError, match=rf"x\.npz.*{said}") as caught:
        read_images(path)
    assert "\n" not in str(caught.value)


def test_archives_that_hold_no_arrays(tmp_path: Path) -> None:
    for name, member, said in (
        ("a.docx", "[Content_Types].xml", "a document of Word, Excel or PowerPoint"),
        ("b.odt", "mimetype", "a document of LibreOffice"),
        ("c.zip", "photo.png", "a zip archive; unpack it"),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(member, "x")
        assert not is_images(tmp_path / name)
        with pytest.raises(DataError, match=f"{name}: {said}"):
            read_images(tmp_path / name)
    np.savez(tmp_path / "d.npz", images=GREY)
    (tmp_path / "d.npz").rename(tmp_path / "d")
    assert is_images(tmp_path / "d") and len(read_images(tmp_path / "d")) == 2
    with zipfile.ZipFile(tmp_path / "e.npz", "w") as archive:
        archive.writestr("images.npy", b"no array")
    with pytest.raises(DataError, match=r"e\.npz, array images: is no array as numpy writes it"):
        read_images(tmp_path / "e.npz")


@pytest.mark.parametrize(
    "shape", [(10**15,), (2**40, 2**40), (4, -1), (2**70,), "[" * 9000], ids=range(5)
)
def test_headers_that_promise_too_much(tmp_path: Path, shape: object) -> None:
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        head = b"\x93NUMPY\x01\0" + (len(text) + 1).to_bytes(2, "little") + text.encode() + b"\n"
        archive.writestr("images.npy", head + bytes(100))
    with pytest.raises(DataError, match=r"x\.npz, array images: ") as caught:
        read_images(tmp_path / "x.npz")
    assert len(str(caught.value)) < 600 and "\n" not in str(caught.value)


def test_words_of_what_is_no_character(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    words = np.array([0x110000, 0x41], np.uint32).view("<U1")
    np.savez(path, images=GREY, ids=words)
    with pytest.raises(DataError, match=r"x\.npz, array ids: damaged"):
        read_images(path)
