import numpy as np
import pytest
import torch

from biogan.core.errors import DataError
from biogan.images.dataset import ImageSet
from biogan.images.features import RANDOM, TRAINED, LeNet, feature_net


def bars(n: int, seed: int, size: int = 28, depth: str = "uint8", bright: int = 200) -> ImageSet:
    """Noise with a bright bar: upright in class 0, lying in class 1."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    pixels = rng.integers(0, bright // 4, (n, 1, size, size)).astype(depth)
    for i, place in enumerate(rng.integers(2, size - 4, n)):
        if labels[i]:
            pixels[i, 0, place : place + 3] = bright
        else:
            pixels[i, 0, :, place : place + 3] = bright
    return ImageSet.from_pixels(pixels, labels, source="bars")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BIOGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "features"


def test_trained_on_classes_it_tells_fresh_images_apart():
    net = feature_net(bars(200, 0), cache=False)
    fresh = bars(100, 1)
    assert net.name == TRAINED == "LeNet-64 trained on the reference's classes"
    assert (net.classify(fresh) == fresh.labels).mean() > 0.95
    assert net.accuracy == pytest.approx(1, abs=0.051)  # 20 images were kept
    assert net.probabilities(fresh).sum(1) == pytest.approx(np.ones(100))


def test_features_are_standardised_on_the_real_images():
    real = bars(100, 0)
    for images in (real, ImageSet.from_pixels(real.pixels)):
        found = feature_net(images)(images)
        assert found.shape == (100, 64)
        assert found.dtype == np.float64
        assert found.mean(0) == pytest.approx(np.zeros(64), abs=1e-4)
        assert found.std(0) == pytest.approx(np.ones(64), rel=1e-3)


def test_without_classes_the_weights_stay_random():
    images = ImageSet.from_pixels(bars(50, 0).pixels, source="crops")
    net = feature_net(images)
    assert net.name == RANDOM == "LeNet-64 with random weights"
    assert net.accuracy is None
    with pytest.raises(DataError, match="crops: the reference has no classes"):
        net.classify(images)
    one = ImageSet.from_pixels(images.pixels, np.zeros(50, int))
    assert feature_net(one).name == RANDOM


def test_the_seed_decides_and_the_global_stream_is_left_alone():
    images = bars(60, 0)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, two, other = (feature_net(images, seed, cache=False)(images) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(one, two)
    assert not np.allclose(one, other)


def test_the_second_time_it_comes_from_the_cache(folder):
    images = bars(60, 0)
    steps: list[int] = []
    first = feature_net(images, progress=lambda step, _: steps.append(step))
    assert steps == list(range(len(steps)))
    again = feature_net(images, progress=lambda *_: pytest.fail("trained again"))
    assert np.array_equal(first(images), again(images))
    assert (again.accuracy, again.name) == (first.accuracy, TRAINED)
    assert len(list(folder.iterdir())) == 1
    feature_net(images, seed=1)
    assert len(list(folder.iterdir())) == 2


def test_a_damaged_cache_is_made_again(folder):
    images = ImageSet.from_pixels(bars(40, 0).pixels)
    first = feature_net(images)(images)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"x" * 100):
        path.write_bytes(damaged)
        assert np.array_equal(feature_net(images)(images), first)
        assert path.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("BIOGAN_CACHE", str(tmp_path / "file"))
    assert feature_net(ImageSet.from_pixels(bars(20, 0).pixels)).name == RANDOM


@pytest.mark.parametrize("size", [8, 16, 28, 32, 64, 128])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_all_sizes_and_channels(size, channels):
    pixels = np.random.default_rng(0).integers(0, 256, (4, channels, size, size)).astype(np.uint8)
    images = ImageSet.from_pixels(pixels)
    assert np.isfinite(feature_net(images, cache=False)(images)).all()


def test_features_do_not_depend_on_the_batch():
    real = ImageSet.from_pixels(bars(600, 0).pixels)
    net = feature_net(real)
    assert net(real)[590:] == pytest.approx(net(real[np.arange(590, 600)]), abs=1e-4)


def test_intensities_are_read_on_the_scale_of_the_real_images():
    """A 16-bit camera whose values end at 4,000 is read as if 4,000 were white."""
    dim = ImageSet.from_pixels(bars(40, 0, depth="uint16", bright=4000).pixels)
    bright = ImageSet.from_pixels(dim.pixels * np.uint16(16))
    a, b = (feature_net(images, cache=False)(images) for images in (dim, bright))
    assert a == pytest.approx(b, abs=1e-3)


def test_mistakes_are_named():
    net = feature_net(bars(20, 0))
    with pytest.raises(
        DataError,
        match="bars: images of 32 x 32 pixels and 1 channel, the reference has 28 x 28 pixels",
    ):
        net(bars(5, 0, size=32))
    with pytest.raises(DataError, match="bars: 1 image, at least 2 are needed"):
        feature_net(bars(1, 0))


def test_the_classic_lenet_of_28_pixels_has_a_grid_of_4():
    # 28 - 4 = 24, pooled 12, - 4 = 8, pooled 4: nothing is left for the adaptive pooling to do.
    net = LeNet(1, 28, 10, 0)
    assert net.first.padding == (0, 0)
    # 16*25+16 + 32*16*25+32 + 64*512+64 + 10*64+10
    assert sum(p.numel() for p in net.parameters()) == 416 + 12832 + 32832 + 650
