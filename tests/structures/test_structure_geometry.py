"""Measures on ideal helices and strands, against numbers worked out by hand."""

import numpy as np
import pytest
from shapes import helix, strand, walk

from biogan.structures import geometry
from biogan.structures.geometry import (
    all_rmsd,
    bond_angles,
    contact_order,
    distances,
    nearest,
    pseudo_torsions,
    radius_of_gyration,
    rmsd,
    separations,
    superpose,
    triangle_violations,
)


def rotated(xyz, seed=0):
    """Turn and move a structure, without mirroring."""
    axes, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    axes *= np.sign(np.linalg.det(axes))
    return xyz @ axes + [5.0, -7, 11]


def test_helix_and_strand_have_their_distances():
    both = np.stack([helix(), strand()])
    # On a helix: chord^2 = (2 r sin(k turn / 2))^2 + (k rise)^2.
    for k, expected in ((1, (3.83, 3.80)), (2, (5.43, 6.67)), (3, (5.05, 10.14))):
        found = separations(both, k)
        assert found.shape == (2, 32 - k)
        for row, value in zip(found, expected, strict=True):
            assert row.tolist() == pytest.approx([value] * (32 - k), abs=0.02)


def test_distances_and_separations_agree():
    xyz = np.stack([walk(12, 1), walk(12, 2)])
    maps = distances(xyz)
    assert maps.shape == (2, 12, 12)
    assert np.array_equal(maps, maps.transpose(0, 2, 1))
    assert maps[:, range(12), range(12)].max() == 0
    assert maps[:, range(9), range(3, 12)] == pytest.approx(separations(xyz, 3))


def test_angles_and_torsions_by_hand():
    # Four corners of a cube: right angles, and a quarter turn to the right or to the left.
    right = np.array([[1, 0, 0], [0, 0, 0], [0, 0, 1], [0, 1, 1.0]])
    assert bond_angles(right[None])[0].tolist() == pytest.approx([90, 90])
    # Seen from the second to the third, up the z axis, x turns to y counterclockwise from above,
    # which is clockwise along the way.
    assert pseudo_torsions(right[None])[0].tolist() == pytest.approx([90])
    left = right * [1, -1, 1]
    assert pseudo_torsions(left[None])[0].tolist() == pytest.approx([-90])
    trans = np.array([[1, 0, 0], [0, 0, 0], [0, 0, 1], [-1, 0, 1.0]])
    assert np.abs(pseudo_torsions(trans[None])) == pytest.approx(180)


def test_torsions_have_the_sign_of_biopython():
    from Bio.PDB.vectors import Vector, calc_dihedral

    xyz = walk(20, 3)
    points = [Vector(*place) for place in xyz]
    expected = [np.degrees(calc_dihedral(*points[i : i + 4])) for i in range(len(points) - 3)]
    assert pseudo_torsions(xyz[None])[0].tolist() == pytest.approx(expected)


def test_alpha_helix_is_right_handed():
    found = pseudo_torsions(np.stack([helix(), helix() * [1, 1, -1], strand()]))
    assert found[0].tolist() == pytest.approx([50] * 29, abs=1.5)
    assert found[1].tolist() == pytest.approx((-found[0]).tolist())
    assert found[2].min() == pytest.approx(-170, abs=3)
    assert bond_angles(helix()[None])[0].tolist() == pytest.approx([90.3] * 30, abs=0.5)


def test_angle_where_residues_share_a_place():
    assert bond_angles(np.zeros((1, 3, 3))).tolist() == [[90]]


def test_radius_of_gyration_by_hand():
    # Two residues 6 apart: each 3 from the centre; four on a square of side 2: each sqrt(2).
    pair = np.array([[[0, 0, 0], [6, 0, 0.0]]])
    assert radius_of_gyration(pair).tolist() == pytest.approx([3])
    square = np.array([[[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0.0]]])
    assert radius_of_gyration(square).tolist() == pytest.approx([2**0.5])


def test_contact_order_by_hand():
    # On a line with steps of 2.5, i and i + 3 are 7.5 apart (contact), i + 4 are 10 (none): every
    # contact has a separation of 3, and L = 10.
    line = np.arange(10)[:, None] * np.array([2.5, 0, 0])
    assert contact_order(line[None]).tolist() == pytest.approx([0.3])
    assert contact_order(4 * line[None]).tolist() == [0]


def test_contact_order_does_not_depend_on_blocks(monkeypatch):
    xyz = np.stack([walk(20, i) / 2 for i in range(7)])
    whole = contact_order(xyz)
    monkeypatch.setattr(geometry, "_BLOCK", 2 * 400)
    assert np.array_equal(contact_order(xyz), whole)
    assert len(set(whole.tolist())) == 7


def test_triangle_violations_by_hand():
    # One triple, 1 + 1 < 3: all violated. With four residues, one bad side is in 2 of 4 triples.
    bad = np.array([[[0, 1, 3], [1, 0, 1], [3, 1, 0.0]]])
    assert triangle_violations(bad).tolist() == [1]
    four = np.ones((1, 4, 4)) - np.eye(4)
    assert triangle_violations(four).tolist() == [0]
    four[0, 0, 1] = four[0, 1, 0] = 5
    assert triangle_violations(four).tolist() == [0.5]
    assert triangle_violations(np.zeros((2, 2, 2))).tolist() == [0, 0]


def test_triangle_violations_of_real_space_and_of_noise():
    maps = distances(np.stack([walk(64, i) for i in range(3)]))
    assert triangle_violations(maps).tolist() == [0, 0, 0]
    noisy = np.maximum(maps + np.random.default_rng(0).normal(0, 3, maps.shape), 0)
    found = triangle_violations(noisy)
    assert found.min() > 0.05
    assert found.tolist() != triangle_violations(noisy, seed=1).tolist()
    assert found == pytest.approx(triangle_violations(noisy, seed=1), abs=0.02)


def test_superposing_takes_turns_and_moves_away_and_no_mirror():
    xyz = np.stack([walk(20, 1), walk(20, 2)])
    moved = np.stack([rotated(xyz[0], 1), rotated(xyz[1], 2)])
    assert superpose(moved, xyz) == pytest.approx(xyz)
    assert rmsd(moved, xyz) == pytest.approx(0, abs=1e-6)
    assert rmsd(moved * [1, 1, -1], xyz).min() > 1


def test_rmsd_by_hand():
    # Two residues 2 apart on two 4 apart: each end is 1 away.
    two, four = np.array([[[-1, 0, 0], [1, 0, 0.0]]]), np.array([[[0, -2, 0], [0, 2, 0.0]]])
    assert rmsd(two, four).tolist() == pytest.approx([1])
    assert all_rmsd(two, four)[0].tolist() == pytest.approx([1], abs=1e-4)


@pytest.mark.parametrize("block", [1 << 22, 40])
def test_all_pairs_agree_with_one_by_one(monkeypatch, block):
    monkeypatch.setattr(geometry, "_BLOCK", block)
    one = np.stack([walk(16, i) for i in range(4)])
    other = np.stack([rotated(one[2]), one[1] * [1, 1, -1], helix(16), walk(16, 9), one[0]])
    found = all_rmsd(one, other)
    assert found.shape == (4, 5)
    for j, target in enumerate(other):
        assert found[:, j] == pytest.approx(rmsd(one, np.stack([target] * 4)), abs=1e-4)
    rows, values = nearest(one, other)
    assert rows[[0, 2]].tolist() == [4, 0]
    assert values.tolist() == pytest.approx(found.min(1).tolist())


def test_identical_and_flat_fragments_have_no_rmsd():
    line = np.arange(16)[:, None] * np.array([3.8, 0, 0])
    same = np.stack([line, helix(16)])
    assert np.diag(all_rmsd(same, same)) == pytest.approx(0, abs=2e-3)
