"""From maps back to space: exact maps exactly, noisy ones nearly, and of the right hand."""

import numpy as np
import pytest
from helpers import shared_data
from shapes import helix, strand, walk

from biogan.structures import geometry as module
from biogan.structures.geometry import chirality, distances, embed, handed, rmsd, separations
from biogan.structures.read import read_structures


def noisy(maps, spread, seed=0):
    added = np.triu(np.random.default_rng(seed).normal(0, spread, maps.shape), 1)
    return np.maximum(maps + added + added.transpose(0, 2, 1), 0)


def apart(found, real):
    """RMSD to the nearer of the two mirror images."""
    return np.minimum(rmsd(found, real), rmsd(found, real * [1, 1, -1]))


def test_exact_maps_come_back():
    real = np.stack([helix(), strand(), walk(32, 1), walk(32, 2)])
    found = embed(distances(real))
    assert found.shape == real.shape and found.dtype == np.float32
    assert apart(found, real).max() < 1e-3
    assert found.mean(1) == pytest.approx(0, abs=1e-5)


def test_noisy_maps_come_back_nearly_and_nearer_when_refined():
    real = np.stack([walk(32, i) for i in range(6)])
    maps = noisy(distances(real), 0.3)
    rough, fine = embed(maps, refine=False), embed(maps)
    assert apart(fine, real).max() < 0.4
    assert apart(fine, real).mean() < apart(rough, real).mean()
    off = [np.abs(separations(xyz, 1) - 3.8).mean() for xyz in (rough, fine)]
    assert off[1] < 0.75 * off[0]


def test_refinement_never_raises_the_stress():
    real = np.stack([walk(24, i) for i in range(4)])
    maps = noisy(distances(real), 2.0)
    weights = 1 / (maps + 3.8) ** 2
    stress = [
        (weights * (distances(embed(maps, refine)) - maps) ** 2).sum((1, 2))
        for refine in (False, True)
    ]
    assert (stress[1] < stress[0]).all()


def test_fragments_of_a_block_do_not_disturb_one_another(monkeypatch):
    maps = noisy(distances(np.stack([walk(16, i) for i in range(5)])), 0.5)
    whole = embed(maps)
    monkeypatch.setattr(module, "_BLOCK", 2 * 16**2)
    parts = embed(maps)
    assert distances(parts) == pytest.approx(distances(whole), abs=1e-3)


def test_maps_of_nothing_and_of_one_point():
    assert embed(np.zeros((0, 16, 16))).shape == (0, 16, 3)
    assert embed(np.zeros((1, 16, 16))).tolist() == np.zeros((1, 16, 3)).tolist()


@pytest.mark.parametrize("shape", [helix, strand])
def test_mirror_images_are_put_right(shape):
    real = shape()[None]
    assert chirality(real)[0] > 0
    assert chirality(real * [1, 1, -1]) == pytest.approx(-chirality(real))
    assert handed(real * [1, 1, -1]) == pytest.approx(real * [1, 1, 1])
    assert handed(real) == pytest.approx(real)
    found = handed(embed(distances(real)))
    assert rmsd(found, real)[0] < 1e-3


def test_weight_of_a_twist_by_hand():
    # One torsion of +90 degrees falls into the tenth box.
    right = np.array([[[1, 0, 0], [0, 0, 0], [0, 0, 1], [0.01, 1, 1.0]]])
    assert chirality(right).tolist() == pytest.approx([-0.1])


def test_real_fragments_are_of_their_hand():
    real = read_structures(shared_data("structures/ca_coords.npz"))[::40]
    assert (chirality(real.xyz) > 0).mean() == 1
    found = handed(embed(distances(real.xyz.astype(float))))
    assert rmsd(found, real.xyz).max() < 1e-2
