"""Kinds of twists: found, counted as they follow one another, and read back from a model card."""

import json

import numpy as np
import pytest
from shapes import helix, strand, walk

from biogan.core.errors import CheckpointError, DataError
from biogan.structures.dataset import FragmentSet
from biogan.structures.geometry import bond_angles, pseudo_torsions
from biogan.structures.modality import StructureModality
from biogan.structures.twists import KINDS, learn_twists, read_twists
from biogan.training.config import ImageGANConfig


def chains(n, seed=0):
    """Helices and strands of 20 residues, with a little noise."""
    rng = np.random.default_rng(seed)
    some = [(helix(20), strand(20))[i % 2] for i in range(n)]
    return np.stack(some) + rng.normal(0, 0.02, (n, 20, 3))


def test_kinds_of_helices_and_strands_follow_their_own_kind():
    xyz = chains(40)
    twists = learn_twists(xyz, seed=1)
    assert len(twists.angles) == KINDS
    right = np.abs(np.array(twists.torsions) - 50) < 25
    assert sum(np.array(twists.shares)[right]) == pytest.approx(0.5, abs=0.01)
    # Of a helix only helix follows.
    assert np.array(twists.follows)[np.ix_(right, right)].sum(1).min() > 0.8
    assert np.array(twists.follows).sum(1) == pytest.approx(1)
    # Means and spreads of kinds together are those of all twists.
    angles, shares = bond_angles(xyz)[:, 1:], np.array(twists.shares)
    assert shares @ twists.angles == pytest.approx(angles.mean(), abs=0.01)
    assert max(twists.angle_spreads) < 5
    assert twists.cis == 0


def test_one_kind_whatever_the_sign_of_a_torsion_near_180():
    xyz = chains(20)[1::2]
    assert (np.abs(pseudo_torsions(xyz)) > 150).all()
    found = np.array(learn_twists(xyz, 1).torsion_spreads)
    assert found.max() < 15


def test_the_same_twists_for_the_same_seed_and_shares_of_cis_bonds():
    walks = np.stack([walk(20, i) for i in range(10)])
    one, other = (learn_twists(walks, 3) for _ in range(2))
    assert one == other
    assert 0 <= one.cis <= 1


@pytest.mark.parametrize("fragments", [1, 2])
def test_few_fragments_and_fragments_without_any_shape(fragments):
    for xyz in (np.zeros((fragments, 16, 3)), walk(16, 0)[None].repeat(fragments, 0)):
        twists = learn_twists(xyz, 0)
        assert 1 <= len(twists.angles) <= KINDS
        assert min(twists.angle_spreads) > 0 and np.isfinite(twists.follows).all()


def layout():
    some = FragmentSet(chains(4).astype(np.float32), tuple("abcd"), np.arange(4))
    return StructureModality.of(some, ImageGANConfig(seed=1)).to_dict()


def test_a_layout_is_read_back_and_one_of_before_has_no_twists():
    told = json.loads(json.dumps(layout()))
    modality = StructureModality.from_dict(told)
    assert modality.twists == read_twists(layout()["twists"])
    assert "twists" in modality.describe()
    old = StructureModality.from_dict({"kind": "distances", "residues": 16, "painted": False})
    assert old.twists is None and "distance maps" in old.describe()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("angles", [1.0], "different numbers of kinds"),
        ("angles", "x", "'angles' of twists of layout is 'x'"),
        ("shares", [2.0], "'shares' of twists of layout"),
        ("follows", [[1.0]], "different numbers of kinds"),
        ("cis", None, "twists of layout has no 'cis'"),
    ],
)
def test_damaged_twists_are_refused(key, value, said):
    told = layout()
    told["twists"][key] = value
    with pytest.raises(CheckpointError, match=said):
        StructureModality.from_dict(told)


def test_damaged_tables_are_refused():
    with pytest.raises(CheckpointError, match="'twists' of layout is '3'"):
        read_twists(3)
    empty = {**layout()["twists"], "follows": []}
    with pytest.raises(CheckpointError, match="different numbers of kinds"):
        read_twists(empty)


def test_fragments_that_are_too_short_are_refused():
    some = FragmentSet(np.zeros((3, 7, 3), np.float32), tuple("abc"), np.arange(3), "x.npz")
    with pytest.raises(DataError, match=r"x\.npz: fragments of 7 residues, at least 8"):
        StructureModality.of(some, ImageGANConfig())
