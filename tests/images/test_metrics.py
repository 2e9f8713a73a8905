import re

import numpy as np
import pytest
from helpers import ROOT

from biogan.core.errors import ConfigError
from biogan.evaluation.intervals import newcombe, wilson
from biogan.images.baselines import flat
from biogan.images.dataset import ImageSet
from biogan.images.evaluate import ImageEvaluation
from biogan.images.metrics import IMAGE_METRICS, class_table
from biogan.images.samples import ImageComparison, ImageSample, nearest


def at(values, size=4) -> ImageSet:
    """Flat images of these intensities."""
    pixels = np.asarray(values, np.uint8)[:, None, None] * np.ones((1, size, size), np.uint8)
    return ImageSet.from_pixels(pixels)


def noise(n, seed, size=8, high=256) -> ImageSet:
    rng = np.random.default_rng(seed)
    return ImageSet.from_pixels(rng.integers(0, high, (n, size, size)).astype(np.uint8))


def pixels_as_features(images: ImageSet) -> np.ndarray:
    return images.unit().reshape(len(images), -1).astype(float)


class Levels:
    """Three classes by the mean intensity, and that as the only feature."""

    classes = ("dark", "grey", "bright")

    def __call__(self, images):
        return pixels_as_features(images).mean(1, keepdims=True)

    def classify(self, images):
        return np.digitize(self(images)[:, 0], [0.25, 0.75])


def compared(new, real, source=None, fresh=None, embed=pixels_as_features):
    samples = [None if s is None else ImageSample(s, embed) for s in (new, real, source, fresh)]
    return ImageComparison(samples[0], samples[1], samples[2] or samples[1], samples[3])


def measure(name, *sets, **options):
    return IMAGE_METRICS.choose([name])[0](compared(*sets, **options))


def points(xy) -> tuple[ImageSet, object]:
    """Images that stand for points of any space."""
    table = np.asarray(xy, float)
    images = ImageSet.from_pixels(np.arange(len(table), dtype=np.uint16).reshape(-1, 1, 1))
    return images, table


def feature_metric(name, new, real):
    """Compute a metric of given features."""
    tables = {}
    sets = []
    for key, some in (("new", new), ("real", real)):
        images, table = points(some)
        images = ImageSet.from_pixels(images.pixels, source=key)
        tables[key] = table
        sets.append(images)
    return measure(name, *sets, embed=lambda images: tables[images.source][: len(images)])


def test_identical_sets():
    real = noise(200, 0)
    for name in ("frechet", "class-jsd", "class-gap", "intensity-w1", "sharpness-w1"):
        embed = Levels() if name.startswith("class") else pixels_as_features
        assert measure(name, real, real, embed=embed).value == pytest.approx(0, abs=1e-9)
    for name in ("precision", "recall", "coverage", "pair-distance"):
        assert measure(name, real, real).value == pytest.approx(1)
    assert measure("density", real, real).value >= 1
    # The pairs of an image with itself do not count, so that the distance is below 0.
    assert measure("kid", real, real).value < 0
    assert measure("auroc", real, real).value == pytest.approx(0.5, abs=1e-6)
    assert measure("auroc-pixels", real, real).value == pytest.approx(0.5, abs=1e-6)


def test_frechet_distance_of_moments():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4000, 1))
    real = (x - x.mean()) / x.std(ddof=1)
    # Means 0 and 3, variances 1 and 4: 9 + 1 + 4 - 2 * 2 = 10.
    value = feature_metric("frechet", 3 + 2 * real, real)
    assert value.plain == pytest.approx(10, abs=1e-9)
    assert value.value == pytest.approx(10, abs=0.01)
    y = rng.standard_normal((4000, 2))
    y -= y.mean(0)
    y = y @ np.linalg.inv(np.linalg.cholesky(np.cov(y.T)).T)
    # Means (0, 0) and (3, 0), covariances 1 and diag(4, 9): 9 + 2 + 13 - 2 * (2 + 3) = 14.
    assert feature_metric("frechet", y * [2, 3] + [3, 0], y).plain == pytest.approx(14, abs=1e-9)


def test_frechet_distance_is_corrected_for_the_number_of_images():
    rng = np.random.default_rng(1)
    new, real = rng.standard_normal((2, 500, 16))
    new[:, 0] += 0.5
    value = feature_metric("frechet", new, real)
    assert value.plain == pytest.approx(0.59, abs=0.08)
    assert value.low < 0.25 < value.high
    assert value.value == pytest.approx(0.25, abs=0.12)


def test_few_images_are_read_in_few_directions():
    rng = np.random.default_rng(1)
    value = feature_metric("frechet", *rng.standard_normal((2, 100, 64)))
    assert value.note == "64 features, 10 directions"


def test_kernel_distance_of_hand_computed_kernels():
    # d = 1: k(x, y) = (x y + 1)^3. New {0, 1, -1}, real {0, 1, 1}.
    # new: off-diagonal 1, 1, 0 -> mean 2/3; real: 1, 1, 8 -> mean 10/3;
    # between: 1 1 1, 1 8 8, 1 0 0 -> mean 21/9. (2/3 + 10/3 - 14/3) / (10/3) = -0.2.
    new, real = np.array([[0.0], [1], [-1]]), np.array([[0.0], [1], [1]])
    value = feature_metric("kid", new, real)
    assert value.value == pytest.approx(-0.2)
    assert value.note == "fewer than 20 records: no interval"


def test_same_distribution_in_eight_dimensions():
    new, real = np.random.default_rng(2).standard_normal((2, 500, 8))
    assert feature_metric("density", new, real).value == pytest.approx(0.996, abs=0.05)
    assert feature_metric("coverage", new, real).value == pytest.approx(0.971, abs=0.02)


def test_copies_of_one_point_have_precision_and_nothing_else():
    real = np.random.default_rng(3).standard_normal((600, 4))
    new = np.repeat(real[300:301] * 1.0001, 600, 0)
    assert feature_metric("precision", new, real).value == 1
    assert feature_metric("recall", new, real).value == 0
    assert feature_metric("coverage", new, real).value < 0.03
    repeated = np.repeat(real[:80], 7, 0)
    for name in ("precision", "recall", "coverage"):
        assert feature_metric(name, repeated, repeated).value == 1


def test_classifiers_see_a_shift_and_a_spread():
    rng = np.random.default_rng(4)
    new, real = rng.standard_normal((2, 1500, 2))
    assert feature_metric("auroc", new, real).value == pytest.approx(0.5, abs=0.04)
    # Phi(1 / sqrt 2) = 0.760.
    assert feature_metric("auroc", new + [1, 0], real).value == pytest.approx(0.76, abs=0.03)
    assert feature_metric("auroc", 3 * new, real).value > 0.8
    assert feature_metric("auroc", new[:9], real).note == "needs 10 images a class"


def test_pixels_tell_blur_that_has_the_same_mean():
    rng = np.random.default_rng(5)
    sharp, other = (rng.integers(0, 2, (2, 300, 8, 8)) * 255).astype(np.uint8)
    blurred = ((other.astype(int) + np.roll(other, 1, 2)) // 2).astype(np.uint8)
    sets = ImageSet.from_pixels(blurred), ImageSet.from_pixels(sharp)
    assert measure("auroc-pixels", *sets).value > 0.9
    assert measure("auroc-pixels", ImageSet.from_pixels(other), sets[1]).value == pytest.approx(
        0.5, abs=0.08
    )


def test_equal_images_are_not_learned_by_heart():
    rng = np.random.default_rng(6)
    pixels = rng.integers(0, 256, (2, 60, 6, 6)).astype(np.uint8)
    new, real = (ImageSet.from_pixels(np.repeat(p, 5, 0)) for p in pixels)
    assert measure("auroc", new, real).value == pytest.approx(0.5, abs=0.15)
    one = ImageSet.from_pixels(np.repeat(pixels[0][:1], 60, 0))
    assert measure("auroc", one, one).note.startswith("half of the images or more are one image")


def test_classes():
    new, real = at([0] * 40 + [128] * 40), at([0] * 20 + [128] * 20 + [255] * 40)
    jsd = measure("class-jsd", new, real, embed=Levels())
    # (1/2, 1/2, 0) beside (1/4, 1/4, 1/2): middle (3/8, 3/8, 1/4).
    by_hand = 0.5 * np.log2(4 / 3) + 0.5 * (0.5 * np.log2(2 / 3) + 0.5)
    assert jsd.plain == pytest.approx(by_hand)
    gap = measure("class-gap", new, real, embed=Levels())
    assert (gap.value, gap.note, gap.details) == (0.5, "class bright", ("bright -",))
    table = class_table({"generated": compared(new, real, embed=Levels()),
                         "held-out": compared(real, real, embed=Levels())})  # fmt: skip
    low, high = wilson(40, 80)
    assert table[0] == {
        "class": "dark", "generated": 0.5, "low": low, "high": high, "held_out": 0.25, "real": 0.25,
    }  # fmt: skip
    assert measure("class-jsd", new, real).note == "the reference has no classes"


def test_intensity_and_sharpness_by_hand():
    assert measure("intensity-w1", at([51] * 30), at([0] * 30)).plain == pytest.approx(0.2)
    # Columns 0, 255, 0, 255: of 12 + 12 differences the 12 along the rows are 1.
    striped = np.tile(np.array([0, 255, 0, 255], np.uint8), (30, 4, 1))
    sharp = ImageSet.from_pixels(striped)
    assert measure("sharpness-w1", sharp, at([0] * 30)).plain == pytest.approx(0.5)


def test_diversity_by_hand():
    real, new = at([0, 200] * 40), at([0, 100] * 40)
    assert measure("pair-distance", new, real).value == pytest.approx(0.5)
    unique = measure("unique", new, real)
    assert (unique.value, unique.low) == (2 / 80, wilson(2, 80)[0])
    assert measure("pair-distance", new, at([7] * 80)).value is None


def test_copies_and_near_copies():
    train, held, fresh = noise(200, 7), noise(200, 8), noise(200, 9)
    mixed = fresh.pixels.copy()
    mixed[:20] = train.pixels[:20]
    mixed[20:40] = np.clip(train.pixels[20:40].astype(int) + 3, 0, 255)
    new = ImageSet.from_pixels(mixed)
    copies = measure("copies", new, held, train, held)
    assert (copies.value, copies.details[0]) == (0.1, "image_1")
    assert (copies.low, copies.high) == wilson(20, 200)
    near = measure("near-copies", new, held, train, held)
    hits = round(near.value * 200)
    # The 40 that were planted, and about one in a hundred of the others.
    assert 40 <= hits <= 45
    border = np.quantile(ImageSample(held, None).nearest(ImageSample(train, None)).relative, 0.01)
    assert near.note == f"d<{border:.2f}"
    excess = measure("near-excess", new, held, train, held)
    assert excess.value == pytest.approx(near.value - 0.01)
    assert (excess.low, excess.high) == newcombe(hits, 200, 2, 200)
    assert measure("nearest-distance", train, held, train, held).value == 0
    assert measure("near-copies", new, held, train).note == "no held-out images to compare with"
    assert (
        measure("near-copies", new, held, train[:9], held).note == "fewer than 20 training images"
    )


@pytest.mark.parametrize(("size", "channels"), [(5, 1), (16, 3), (28, 1), (33, 2)])
def test_nearest_images_against_brute_force(size, channels):
    rng = np.random.default_rng(10)
    smooth = rng.random((1600, channels, 4, 4)).repeat(-(-size // 4), 2).repeat(-(-size // 4), 3)
    pixels = 200 * smooth[:, :, :size, :size] + 55 * rng.random((1600, channels, size, size))
    images = ImageSet.from_pixels(pixels.astype(np.uint8))
    queries, source = images[:50], images[50:]
    a, b = (pixels_as_features(s) for s in (queries, source))
    full = np.stack([np.sqrt(((x - b) ** 2).mean(1)) for x in a])
    j, distance = nearest(queries, source)
    assert distance == pytest.approx(full.min(1), rel=0.02)
    assert (j == full.argmin(1)).mean() >= 0.9
    assert distance == pytest.approx(full[np.arange(50), j], abs=1e-6)


def test_nearest_others_of_images_in_the_source():
    images = at([10, 10, 30, 100])
    j, distance = nearest(images, images, np.arange(4))
    # The second 10 is the same image: it does not count as another.
    assert distance * 255 == pytest.approx([20, 20, 20, 70], abs=1e-6)
    assert j.tolist()[:2] == [2, 2]
    assert nearest(images[:2], images[:2], np.arange(2))[1].tolist() == [np.inf, np.inf]
    assert len(nearest(images[:0], images)[0]) == 0


def test_an_image_among_repeats_of_one_is_no_copy_of_them():
    # Nothing says how near is near where all others are the same image.
    near = ImageSample(at([40, 10]), flat).nearest(ImageSample(at([10] * 30), flat))
    assert near.relative.tolist() == [1, 0]


def test_the_order_of_the_file_does_not_matter():
    images = noise(30, 11)
    order = np.random.default_rng(0).permutation(30)
    assert np.array_equal(
        ImageEvaluation().shuffled(images, 1).pixels,
        ImageEvaluation().shuffled(images[order], 1).pixels,
    )
    assert not np.array_equal(
        ImageEvaluation().shuffled(images, 1).pixels, ImageEvaluation().shuffled(images, 2).pixels
    )


def test_every_metric_is_documented():
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    text = page.partition("\n## Images\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z][a-z0-9-]+)`( \*)? \|(?:[^|]+\|){4}$", text, re.M)
    assert rows == [(m.name, "" if m.default else " *") for m in IMAGE_METRICS.choose(["all"])]


def test_all_metrics_have_a_group_and_words():
    names = [m.name for m in IMAGE_METRICS.choose(["all"])]
    assert [g for g in dict.fromkeys(m.group for m in IMAGE_METRICS.choose(["all"]))] == list(
        IMAGE_METRICS.groups
    )
    assert set(names) - {m.name for m in IMAGE_METRICS.choose()} == {"nearest-distance"}
    with pytest.raises(ConfigError, match="unknown metric 'fid': did you mean 'kid'"):
        IMAGE_METRICS.choose(["fid"])
