"""The simulator of nuclei in division: its truth, its seeds, its files."""

import importlib.util
import sys

import blobs
import numpy as np
import pytest
from click.testing import CliRunner
from helpers import ROOT
from PIL import Image

from biogan import ImageGAN, ImageSet
from biogan.core.rng import rng


@pytest.fixture(scope="module")
def simulator():
    path = ROOT / "scripts" / "simulate_division.py"
    spec = importlib.util.spec_from_file_location("simulate_division", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("frames", "size"), [(2, 16), (8, 32), (5, 64)])
def test_distances_grow_and_stay_inside_the_image(simulator, frames, size):
    pixels, separation = simulator.simulate(30, frames, size, 1)
    assert pixels.shape == (30, frames, size, size) and pixels.dtype == np.uint8
    assert separation.shape == (30, frames)
    assert (np.diff(separation, axis=1) > 0).all()
    low, high = simulator.FARTHEST
    assert ((separation[:, -1] >= low * size) & (separation[:, -1] <= high * size)).all()
    # At first the lobes overlap: nearer than the radius of the mother.
    assert (separation[:, 0] < simulator.RADIUS[1] * size).all()


def test_light_lies_where_the_lobes_are_and_its_area_stays(simulator):
    pixels, _ = simulator.simulate(60, 8, 32, 2)
    dark = np.median(pixels, (2, 3), keepdims=True)
    light = np.maximum(pixels - dark - 20, 0)
    centre = (light * np.arange(32)).sum((2, 3)) / light.sum((2, 3))
    assert np.abs(centre - 15.5).max() < 3
    area = (light > 0).sum((2, 3))
    # The area of two daughters is that of the mother, as no chromatin is lost.
    assert np.median(area[:, -1] / area[:, 0]) == pytest.approx(1, abs=0.15)
    assert pixels.max(initial=0) < 255


def test_noise_is_that_of_counted_photons(simulator):
    pixels, _ = simulator.simulate(100, 2, 32, 3)
    corner = pixels[:, :, :4, :4].reshape(100, -1).astype(float)
    ratio = corner.var(1, ddof=1) / corner.mean(1)
    assert ratio.mean() == pytest.approx(1, abs=0.1)


def test_a_seed_fixes_each_nucleus_whatever_their_number(simulator):
    few, many = simulator.simulate(3, 4, 16, 7), simulator.simulate(5, 4, 16, 7)
    assert all(np.array_equal(a, b[:3]) for a, b in zip(few, many, strict=True))
    assert not np.array_equal(few[0], simulator.simulate(3, 4, 16, 8)[0])
    assert len(np.unique(many[1][:, -1])) == 5


def test_an_npz_holds_images_and_truth(simulator, tmp_path):
    out = tmp_path / "cells.npz"
    asked = ["-n", "4", "--frames", "3", "--size", "16", "--seed", "9", "-o", str(out)]
    done = CliRunner().invoke(simulator.main, asked)
    assert done.exit_code == 0, done.output
    assert "4 nuclei, 3 frames of 16 x 16 pixels" in done.output
    pixels, separation = simulator.simulate(4, 3, 16, 9)
    with np.load(out, allow_pickle=False) as found:
        assert np.array_equal(found["images"], pixels)
        assert np.array_equal(found["separation"], separation)
        assert bool(found["frames"]) and found["ids"].tolist() == [f"cell_{i}" for i in range(1, 5)]


def test_a_folder_holds_a_folder_for_each_nucleus(simulator, tmp_path):
    out = tmp_path / "cells"
    asked = ["-n", "10", "--frames", "3", "--size", "16", "--seed", "9", "-o", str(out)]
    assert CliRunner().invoke(simulator.main, asked).exit_code == 0
    pixels, separation = simulator.simulate(10, 3, 16, 9)
    assert sorted(p.name for p in out.iterdir()) == [f"cell_{i:02d}" for i in range(1, 11)]
    assert sorted(p.name for p in (out / "cell_02").iterdir()) == [
        f"frame_{t}.png" for t in (1, 2, 3)
    ]
    with Image.open(out / "cell_02" / "frame_3.png") as image:
        assert np.array_equal(np.asarray(image), pixels[1, 2])
    lines = (tmp_path / "cells.separation.tsv").read_text().splitlines()
    assert lines[0] == "id\t1\t2\t3"
    assert lines[2].split("\t")[0] == "cell_02"
    assert [float(v) for v in lines[2].split("\t")[1:]] == pytest.approx(separation[1], abs=1e-3)


def test_a_folder_that_holds_something_is_left_alone(simulator, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    done = CliRunner().invoke(simulator.main, ["-n", "1", "-o", str(tmp_path)])
    assert done.exit_code == 1
    assert done.output == (f"Error: {tmp_path}: exists and is no empty folder; give another name\n")
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("asked", [["-n", "0"], ["--frames", "1"], ["--size", "8"], []])
def test_numbers_out_of_range_and_no_output_are_refused(simulator, asked, tmp_path):
    out = ["-o", str(tmp_path / "a.npz")] if asked else []
    assert CliRunner().invoke(simulator.main, [*asked, *out]).exit_code == 2
    assert not list(tmp_path.iterdir())


def test_the_script_loads_no_torch(simulator):
    source = (ROOT / "scripts" / "simulate_division.py").read_text()
    assert "torch" not in source and simulator.__name__ not in sys.modules


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_gan_writes_divisions_in_which_the_daughters_part(simulator):
    """Small and short: by far most samples divide, and as far as simulated nuclei do.

    Divisions run in every direction, so that flips and turns are changes that keep a cell a cell.
    The images have little contrast: their penalties are smaller than those of digits.
    """
    pixels, truth = simulator.simulate(2000, 6, 16, 1)
    gan = ImageGAN(
        preset="relativistic",
        width=16,
        r1=0.005,
        r2=0.005,
        augment="flip,rotate",
        steps=1500,
        threads=1,
        seed=1,
    )
    samples = gan.fit(ImageSet.from_pixels(pixels, frames=True)).sample(500, seed=2)
    found = blobs.separation(samples.pixels)
    assert samples.frames and samples.shape == (6, 16, 16)
    assert blobs.grows(blobs.separation(pixels)).mean() >= 0.99
    assert blobs.grows(found).mean() >= 0.75
    assert np.median(found[:, -1]) == pytest.approx(np.median(truth[:, -1]), rel=0.2)
    turned = rng(3, "frames").permuted(found, axis=1)
    assert blobs.grows(turned).mean() <= 0.05
