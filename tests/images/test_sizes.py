"""Size, crop and depth: what is resized, cut, kept, and said."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from biogan.core.errors import ConfigError, DataError
from biogan.images.config import ImageReadingConfig
from biogan.images.dataset import ImageSet
from biogan.images.files import central, grey, resize
from biogan.images.folder import Gathering
from biogan.images.read import read_images


def gather(*images: np.ndarray, **options) -> ImageSet:
    gathering = Gathering("x", ImageReadingConfig(**options))
    for i, image in enumerate(images, 1):
        gathering.add(f"i{i}", image)
    return gathering.finish()


def plain(height: int, width: int, kind: type = np.uint8) -> np.ndarray:
    return np.arange(height * width).reshape(1, height, width).astype(kind)


def test_one_known_size_is_kept() -> None:
    images = gather(plain(32, 32), plain(32, 32) + 1)
    assert images.shape == (1, 32, 32) and not images.notes
    np.testing.assert_array_equal(images.pixels[0], plain(32, 32))


def test_other_sizes_need_a_word() -> None:
    with pytest.raises(DataError) as caught:
        gather(plain(40, 30), plain(40, 30), plain(28, 28))
    assert str(caught.value) == (
        "x: found 30 x 40 (2 images: i1, i2), 28 x 28 (1 image: i3); say --size 16, 28, 32, 64 or "
        "128 to resize them, with --crop center or --crop tiles to cut squares instead"
    )
    with pytest.raises(DataError, match="and 1 other size; say --size"):
        gather(*(plain(i, i) for i in (16, 17, 18, 19)))
    with pytest.raises(DataError, match=r"x: found 20 x 20 \(1 image\); say"):
        gather(plain(20, 20))


def test_options_that_do_not_go() -> None:
    with pytest.raises(ConfigError, match="--size 40: choose 16, 28, 32, 64 or 128"):
        gather(size=40)
    with pytest.raises(ConfigError, match="--crop tiles: needs --size"):
        gather(crop="tiles")
    with pytest.raises(DataError, match="^x: no images$"):
        gather()


def test_resizing_is_counted() -> None:
    images = gather(plain(40, 30), plain(64, 64), plain(16, 16), size=16)
    assert images.shape == (1, 16, 16)
    assert images.notes == (
        "2 images resized to 16 x 16, 1 of them not square, so distorted (--crop center is not)",
    )


def test_crop_center() -> None:
    image = np.zeros((1, 32, 64), np.uint8)
    image[:, :, 16:48] = 200
    assert gather(image, crop="center").pixels.min() == 200
    images = gather(image, crop="center", size=16)
    assert images.pixels.min() == 200 and images.notes == ("1 image resized to 16 x 16",)
    assert central(np.zeros((3, 7, 4))).shape == (3, 4, 4)


def test_crop_tiles() -> None:
    image = plain(40, 70, np.uint16)
    images = gather(image, plain(20, 80, np.uint16), crop="tiles", size=32)
    assert images.ids == ("i1_y0_x0", "i1_y0_x32")
    np.testing.assert_array_equal(images.pixels[1], image[:, :32, 32:64])
    assert images.notes[:2] == (
        "1 image cut into 2 squares of 32 pixels; what fills none at the right and lower edges is "
        "left out",
        "1 image smaller than 32 pixels left out: i2",
    )
    with pytest.raises(DataError, match="x: no images; 1 image smaller than 64 pixels left out"):
        gather(plain(32, 32), crop="tiles", size=64)


def test_arrays_are_cut_as_single_images_are() -> None:
    gathering = Gathering("x", ImageReadingConfig(size=16, crop="tiles"))
    gathering.add_all(["a", "b"], np.stack([plain(32, 32)] * 2), ["p", "q"])
    images = gathering.finish()
    assert len(images) == 8 and images.labels is not None
    assert images.labels.tolist() == [0] * 4 + [1] * 4 and images.classes == ("p", "q")


def test_16_bits_stay_16_bits() -> None:
    # A ramp keeps its slope away from the edges: 64 -> 32 takes the mean of neighbours.
    ramp = np.broadcast_to(np.arange(64) * 1000, (1, 64, 64)).astype(np.uint16)
    half = resize(ramp, 32)
    assert half.dtype == np.uint16
    np.testing.assert_array_equal(half[0, 5, 4:28], np.arange(4, 28) * 2000 + 500)
    assert resize(np.full((3, 40, 50), 65535, np.uint16), 16).min() == 65535
    edge = np.zeros((1, 16, 16), np.uint8)
    edge[:, :, 8:] = 255
    # Bicubic rings at an edge: without clipping, -5 would become 251.
    assert resize(edge, 64)[0, 0, :24].max() <= 5


def test_fine_texture_does_not_alias() -> None:
    stripes = np.zeros((1, 64, 64), np.uint8)
    stripes[:, :, ::2] = 255
    assert np.ptp(resize(stripes, 16)[0, 8, 2:14].astype(int)) <= 2


def test_dim_images_are_said() -> None:
    images = gather(np.full((1, 16, 16), 4095, np.uint16))
    assert images.notes == (
        "the brightest pixel is 4,095 of 65,535: multiply the images by 16 if they look black",
    )
    assert not gather(np.full((1, 16, 16), 9000, np.uint16)).notes


def test_grey_is_the_grey_of_pillow() -> None:
    colour = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    wanted = np.asarray(Image.fromarray(colour).convert("L"))
    channels = colour.transpose(2, 0, 1)
    np.testing.assert_array_equal(grey(channels)[0], wanted)
    assert grey(np.full((3, 2, 2), 65535, np.uint16)).tolist() == [[[65535, 65535]] * 2]


def test_some_labels_and_some_not() -> None:
    gathering = Gathering("x", ImageReadingConfig())
    gathering.add("a", plain(16, 16), "p")
    gathering.add("b", plain(16, 16))
    with pytest.raises(DataError, match="x: 1 of 2 images have no label"):
        gathering.finish()


def test_digits() -> None:
    images = read_images("digits")
    assert images.pixels.shape == (1797, 1, 28, 28) and images.classes == tuple("0123456789")
    assert images.labels is not None and images.labels[:3].tolist() == [0, 1, 2]
    assert images.pixels.max() == 255 and images.ids[0] == "digit_1"
    assert read_images("digits", ImageReadingConfig(size=16, colour="rgb")).shape == (3, 16, 16)
    with pytest.raises(ConfigError, match="--frames 4: digits holds single images"):
        read_images("digits", ImageReadingConfig(frames=4))
