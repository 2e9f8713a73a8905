"""Measurements on nuclei: by hand on drawn shapes, against the truth on simulated divisions."""

import gzip
import importlib.util

import blobs
import numpy as np
import pytest
from blobs import describe, grows, otsu, separation
from helpers import ROOT, shared_data

from biogan.core.rng import rng

FRAMES = 8


def simulator():
    path = ROOT / "scripts" / "simulate_division.py"
    spec = importlib.util.spec_from_file_location("simulate_division", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cells():
    return simulator().simulate(400, FRAMES, 32, 5)


def discs(places, radius=4.0, size=32, value=200):
    """Draw discs of one radius, shape (size, size)."""
    row, column = np.mgrid[:size, :size]
    inside = [np.hypot(row - y, column - x) <= radius for y, x in places]
    return (value * np.any(inside, 0)).astype(np.uint8)


def test_otsu_parts_two_heaps_and_finds_nothing_in_one():
    """0 0 0 1 | 8 9: the variance between classes is largest there."""
    rows = np.array([[0, 0, 0, 1, 8, 9], [5, 5, 5, 5, 5, 5]], float)
    found = otsu(rows)
    assert 1 <= found[0] < 8
    assert not (rows[1] > found[1]).any()


def test_otsu_is_the_best_of_all_thresholds():
    values = rng(1, "otsu").integers(0, 256, 300).astype(float) ** 1.5
    found = otsu(values[None])[0]

    def between(threshold):
        low, high = values[values <= threshold], values[values > threshold]
        if not len(low) or not len(high):
            return 0
        return len(low) * len(high) * (low.mean() - high.mean()) ** 2

    # Bins of the histogram are a 256th of the range wide.
    assert between(found) >= 0.999 * max(between(t) for t in values)


@pytest.mark.parametrize("apart", [0, 5, 10, 16])
@pytest.mark.parametrize("turn", [0, 30, 45, 90])
def test_the_distance_of_two_discs_is_that_of_their_centres(apart, turn):
    y, x = apart / 2 * np.sin(np.radians(turn)), apart / 2 * np.cos(np.radians(turn))
    centre = 15.5
    image = discs([(centre + y, centre + x), (centre - y, centre - x)])
    # 0 exactly only for a disc on a lattice; where discs overlap the shared part counts once.
    assert separation(image[None, None])[0, 0] == pytest.approx(apart, abs=0.8)


def test_daughters_of_unequal_size_are_a_little_nearer():
    """Shares p and 1 - p of the light at distance d: the variance is p (1 - p) d^2."""
    image = np.maximum(discs([(16, 8)], 5.5), discs([(16, 24)], 4))
    share = (image[:, :16] > 0).sum() / (image > 0).sum()
    expected = 2 * (share * (1 - share)) ** 0.5 * 16
    assert separation(image[None, None])[0, 0] == pytest.approx(expected, abs=0.5)


def test_brightness_background_depth_and_blocks_do_not_matter(monkeypatch):
    image = discs([(16, 10), (16, 22)], value=100)
    series = np.stack([image, discs([(16, 16)], value=100)])[None]
    found = separation(series)
    assert separation(series + np.uint8(40)) == pytest.approx(found, abs=1e-5)
    assert separation(series.astype(np.uint16) * 300) == pytest.approx(found, abs=1e-5)
    both = np.concatenate([series, series[:, ::-1]])
    expected = np.concatenate([found, found[:, ::-1]])
    monkeypatch.setattr(blobs, "BLOCK", 1)
    assert separation(both) == pytest.approx(expected)


def test_nothing_to_see_is_distance_zero():
    blank = np.full((2, 3, 16, 16), 7, np.uint8)
    assert separation(blank).tolist() == [[0.0] * 3] * 2
    assert not grows(separation(blank)).any()


def test_the_measured_distance_is_the_true_one(cells):
    pixels, truth = cells
    found = separation(pixels)
    assert np.corrcoef(found.ravel(), truth.ravel())[0, 1] > 0.995
    assert np.sqrt(((found - truth) ** 2).mean()) < 0.5


def test_growing_is_by_rank_and_by_pixels():
    """One swap of neighbours among eight leaves 1 - 6 * 2 / (8 * 63) = 0.976; a far one less."""
    steady = np.arange(8.0)
    swapped = steady[[0, 1, 3, 2, 4, 5, 6, 7]]
    # Ranks 4 and 8 change places: 1 - 6 * 32 / 504 = 0.619.
    far = steady[[0, 1, 2, 7, 4, 5, 6, 3]]
    rows = np.stack([steady, swapped, far, steady[::-1], steady / 8, np.full(8, 3.0)])
    assert grows(rows).tolist() == [True, True, False, False, False, False]
    assert grows(rows, least=0.5).tolist() == [True, True, False, False, True, False]
    assert grows(rows, steady=0.98).tolist() == [True, False, False, False, False, False]
    assert grows(np.empty((0, 8))).tolist() == []


def test_simulated_divisions_grow_and_what_is_no_division_does_not(cells):
    pixels, _ = cells
    draw = rng(6, "no division")
    shuffled = np.stack([cell[draw.permutation(FRAMES)] for cell in pixels])
    moment = pixels[np.arange(len(pixels)), draw.integers(FRAMES, size=len(pixels))]
    static = draw.poisson(np.repeat(moment[:, None], FRAMES, 1))
    assert grows(separation(pixels)).mean() >= 0.99
    assert grows(separation(shuffled)).mean() <= 0.02
    assert grows(separation(static)).mean() <= 0.02
    assert grows(separation(pixels[:, ::-1])).mean() == 0


def test_a_disc_is_described_by_its_area_and_a_bar_by_its_length():
    bar = np.zeros((32, 32), np.uint8)
    bar[14:18, 8:24] = 90
    found = describe(np.stack([discs([(16, 16)], 6), bar]))
    assert found["area"] == pytest.approx([np.pi * 36, 64], rel=0.1)
    assert found["intensity"][1] == pytest.approx(90, rel=0.1)
    # Eccentricity of a bar of 4 x 16: sqrt(1 - (4 / 16)^2) = 0.968.
    assert found["eccentricity"] == pytest.approx([0, 0.968], abs=0.02)


def test_only_the_patch_in_the_middle_counts():
    alone = discs([(16, 16)], 4)
    crowded = np.maximum(alone, discs([(4, 4), (28, 16)], 3, value=255))
    one, both = describe(np.stack([alone, crowded]))["area"]
    assert one == pytest.approx(both, rel=0.15)


def test_an_empty_image_has_no_nucleus():
    found = describe(np.full((1, 16, 16), 3, np.uint8))
    assert found["area"].tolist() == [0]
    assert np.isnan(found["intensity"]).all() and np.isnan(found["eccentricity"]).all()
    assert describe(np.empty((0, 16, 16), np.uint8))["area"].tolist() == []


def test_real_nuclei_in_division_are_found():
    path = shared_data("images/human_mitosis_nuclei-images-idx3-ubyte.gz")
    raw = gzip.decompress(path.read_bytes())
    shape = tuple(np.frombuffer(raw[4:16], ">i4"))
    found = describe(np.frombuffer(raw[16:], np.uint8).reshape(shape))
    assert np.median(found["area"]) / (shape[1] * shape[2]) == pytest.approx(0.2, abs=0.15)
    assert 0.3 < np.median(found["eccentricity"]) < 0.95
