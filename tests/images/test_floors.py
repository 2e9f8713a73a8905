import numpy as np
import pytest

from biogan.core.errors import DataError
from biogan.images.baselines import FLOORS, PixelSpace, gaussian, noise, pixel_gaussian
from biogan.images.dataset import ImageSet


def pairs(n: int, seed: int = 0, depth: str = "uint8") -> ImageSet:
    """Two pixels that rise and fall together, mean 100 and 50, sd 20 and 10, and one of 7."""
    z = np.random.default_rng(seed).standard_normal(n)
    pixels = np.stack([100 + 20 * z, 50 + 10 * z, np.full(n, 7.0)], 1).round().clip(0, 255)
    return ImageSet.from_pixels(pixels.astype(depth).reshape(n, 1, 1, 3), source="pairs")


def test_pixels_of_their_own():
    pixels = pixel_gaussian(pairs(5000), 5000, 1).pixels.reshape(-1, 3).astype(float)
    assert pixels.mean(0) == pytest.approx([100, 50, 7], abs=1)
    assert pixels.std(0) == pytest.approx([20, 10, 0], abs=0.5)
    assert np.corrcoef(pixels[:, 0], pixels[:, 1])[0, 1] == pytest.approx(0, abs=0.05)


def test_pixels_that_vary_together():
    pixels = gaussian(pairs(5000), 5000, 1).pixels.reshape(-1, 3).astype(float)
    assert pixels.mean(0) == pytest.approx([100, 50, 7], abs=1)
    assert pixels.std(0) == pytest.approx([20, 10, 0], abs=0.5)
    assert np.corrcoef(pixels[:, 0], pixels[:, 1])[0, 1] == pytest.approx(1, abs=0.01)


def test_noise_fills_the_range_of_the_images():
    found = noise(pairs(500), 2000, 1).pixels
    low, high = pairs(500).pixels.min(), pairs(500).pixels.max()
    assert (found.min(), found.max()) == (low, high)
    assert found.mean() == pytest.approx((int(low) + int(high)) / 2, abs=2)


@pytest.mark.parametrize("name", FLOORS)
def test_shape_depth_and_frames_are_kept_and_the_seed_decides(name):
    pixels = np.random.default_rng(0).integers(900, 4000, (30, 3, 8, 8)).astype(np.uint16)
    real = ImageSet.from_pixels(pixels, frames=True)
    one, two, other = (FLOORS[name](real, 7, seed) for seed in (0, 0, 1))
    assert (one.shape, one.pixels.dtype, one.frames, len(one)) == ((3, 8, 8), np.uint16, True, 7)
    assert np.array_equal(one.pixels, two.pixels)
    assert not np.array_equal(one.pixels, other.pixels)
    assert one.ids[0] == f"{name}_1"
    assert one.pixels.mean() == pytest.approx(2450, abs=150)


@pytest.mark.parametrize("name", FLOORS)
def test_images_that_are_all_alike_and_no_images(name):
    alike = ImageSet.from_pixels(np.full((5, 4, 4), 9, np.uint8), source="alike")
    assert np.all(FLOORS[name](alike, 3, 0).pixels == 9)
    with pytest.raises(DataError, match="alike: no images to learn a trivial sampler from"):
        FLOORS[name](alike[:0], 3, 0)


def test_the_space_holds_what_varies_and_says_what_it_leaves_out():
    space = PixelSpace.fit(pairs(3000))
    # One direction (20, 10) / sqrt(500) of standard deviation sqrt(500), of 255.
    assert abs(space.axes[0]) == pytest.approx(np.array([20, 10, 0]) / 500**0.5, abs=0.01)
    assert space.sd[0] == pytest.approx(500**0.5 / 255, rel=0.05)
    assert space.explained[0] == pytest.approx(1, abs=0.01)
    odd = ImageSet.from_pixels(np.array([100, 50, 37], np.uint8).reshape(1, 1, 1, 3))
    points, rest = space.points(odd)
    assert points[0, 0] == pytest.approx(0, abs=0.01)
    # 30 of 255 off in one of three pixels.
    assert rest[0] == pytest.approx((30 / 255) ** 2 / 3, rel=0.02)
