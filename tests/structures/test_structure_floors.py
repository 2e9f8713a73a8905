"""Trivial samplers: what each keeps of real fragments, and what it does not."""

import numpy as np
import pytest
from shapes import fragments, helix, strand, walk

from biogan.core.errors import DataError
from biogan.structures.baselines import copies, extend, local_markov, noise_maps, random_walk
from biogan.structures.geometry import bond_angles, distances, pseudo_torsions, rmsd, separations


@pytest.mark.parametrize("floor", [random_walk, noise_maps, local_markov, copies])
def test_any_number_the_same_for_a_seed(floor):
    real = fragments([walk(16, i) for i in range(4)])
    found = floor(real, 7, 1)
    assert found.xyz.shape == (7, 16, 3) and found.xyz.dtype == np.float32
    assert np.isfinite(found.xyz).all()
    assert len(set(found.ids)) == 7
    assert np.array_equal(floor(real, 7, 1).xyz, found.xyz)
    assert not np.array_equal(floor(real, 7, 2).xyz, found.xyz)


def test_random_walk_has_bonds_and_straight_angles_cosine_uniform():
    found = random_walk(fragments([helix(64)]), 500, 1)
    assert separations(found.xyz, 1) == pytest.approx(3.8, abs=1e-4)
    cosines = np.cos(np.radians(bond_angles(found.xyz))).ravel()
    assert cosines.mean() == pytest.approx(0, abs=0.02)
    assert cosines.var() == pytest.approx(1 / 3, abs=0.02)


def test_noise_maps_are_of_the_noise_asked_for():
    real = fragments([walk(16, i) for i in range(30)])
    found = noise_maps(real, 30, 1, noise=0.1)
    assert found.maps.shape == (30, 16, 16)
    assert np.array_equal(found.maps, found.maps.transpose(0, 2, 1))
    order = np.abs(
        distances(real.xyz)[None] - found.maps[:, None]
    ).mean((2, 3)).argmin(1)  # fmt: skip
    assert sorted(order.tolist()) == list(range(30))
    off = (found.maps - distances(real.xyz[order].astype(float)))[:, *np.triu_indices(16, 1)]
    assert off.std() == pytest.approx(0.1, abs=0.01)
    near = np.minimum(
        rmsd(found.xyz, real.xyz[order]), rmsd(found.xyz, real.xyz[order] * np.float32([1, 1, -1]))
    )
    assert near.max() < 0.2


def test_extend_undoes_the_measuring():
    real = walk(20, 1)[None]
    internal = np.stack(
        [separations(real, 1)[:, 2:], bond_angles(real)[:, 1:], pseudo_torsions(real)], 2
    )
    assert extend(real[:, :3], internal) == pytest.approx(real, abs=1e-6)


def test_markov_chain_keeps_what_follows_what():
    # Helices and strands only: a chain never changes between them, as none does in the data.
    real = fragments([helix(16), strand(16)])
    found = local_markov(real, 200, 1)
    torsions = pseudo_torsions(found.xyz.astype(float))
    helical = np.abs(torsions - 50) < 3
    assert (helical | (np.abs(torsions + 170) < 5)).all()
    assert set(helical.sum(1).tolist()) == {0, 13}
    assert helical[:, 0].mean() == pytest.approx(0.5, abs=0.11)
    assert rmsd(found.xyz[helical[:, 0]], np.stack([helix(16)] * helical[:, 0].sum())).max() < 0.05


def test_markov_chain_goes_on_behind_a_twist_that_only_ends_fragments():
    # Five residues: the second torsion of each fragment has no successor in the data.
    real = fragments([walk(5, i) for i in range(3)])
    found = local_markov(real, 50, 1)
    assert np.isfinite(found.xyz).all()
    assert separations(found.xyz, 1) == pytest.approx(3.8, abs=1e-4)
    with pytest.raises(DataError, match="at least five residues"):
        local_markov(fragments([walk(4, 1)]), 3, 1)


def test_copies_are_copies():
    real = fragments([walk(8, i) for i in range(5)])
    found = copies(real, 20, 3)
    assert {x.tobytes() for x in found.xyz} <= {x.tobytes() for x in real.xyz}
    assert len({x.tobytes() for x in found.xyz}) > 1
