"""Fragments: windows, breaks, families, and how they are split."""

import os

import numpy as np
import pytest
from helpers import shared_data
from shapes import THREE, fragments, helix, walk, write_pdb

from biogan.core.errors import ConfigError, DataError
from biogan.structures import read
from biogan.structures.config import StructureReadingConfig
from biogan.structures.read import (
    by_words,
    is_structures,
    read_fragments,
    read_structures,
    split_families,
)


def arrays(path, *chains, **more):
    offsets = np.cumsum([0, *map(len, chains)])
    ids = [f"c{i}" for i in range(len(chains))]
    np.savez(path, xyz=np.concatenate(chains), offsets=offsets, **{"ids": ids, **more})
    return path


def of(residues, labels=None):
    return StructureReadingConfig(residues=residues, labels=labels)


def test_windows_and_their_names(tmp_path):
    chain = walk(21, 1)
    path = arrays(tmp_path / "a.npz", chain, walk(15, 2))
    found = read_structures(path, of(16))
    assert found.ids == ("c0:1", "c0:3", "c0:5")
    assert found.xyz.dtype == np.float32
    for at, xyz in zip((0, 2, 4), found.xyz, strict=True):
        assert xyz == pytest.approx(chain[at : at + 16], abs=1e-4)
    assert found.families.tolist() == [0, 0, 0]
    assert found.source == str(path)
    assert found.notes == (
        "2 chains; every chain counts as its own family (--labels TSV with a column family tells): "
        "2 families",
        "3 fragments of 16 residues, one every 2 residues, from 1 chain, one a family",
        "1 family has no chain of 16 residues without a break (c1)",
    )


def test_fragments_do_not_cross_breaks(tmp_path):
    one, other = walk(18, 1), walk(16, 2) + 100
    found = read_structures(arrays(tmp_path / "a.npz", np.concatenate([one, other])), of(16))
    assert found.ids == ("c0:1", "c0:3", "c0:19")
    assert found.xyz[2] == pytest.approx(other, abs=1e-4)


def test_default_is_64_residues_and_a_coarser_stride_where_there_are_many(tmp_path, monkeypatch):
    path = arrays(tmp_path / "a.npz", walk(80, 1))
    assert read_structures(path).xyz.shape == (9, 64, 3)
    monkeypatch.setattr(read, "MOST", 4)
    found = read_structures(path)
    assert found.ids == tuple(f"c0:{i}" for i in (1, 9, 17))
    assert "one every 8 residues" in found.notes[1]


def test_one_chain_a_family_from_a_table(tmp_path):
    path = arrays(tmp_path / "a.npz", walk(16, 1), walk(20, 2), walk(18, 3), walk(17, 4))
    table = tmp_path / "t.tsv"
    table.write_text("id\tlength\tfamily\nc0\t16\tx\nc1\t20\tx\nc2\t18\ty\n")
    found = read_structures(path, of(16, str(table)))
    # c3 has no row: a family of its own.
    assert found.ids == ("c1:1", "c1:3", "c1:5", "c2:1", "c2:3", "c3:1")
    assert found.families.tolist() == [0, 0, 0, 1, 1, 2]
    assert (
        f"families from {table}, 1 chain without a row each its own (c3): 3 families"
        in found.notes[0]
    )


def test_table_beside_the_array_only_with_exactly_its_ids(tmp_path):
    path = arrays(tmp_path / "a.npz", walk(16, 1), walk(18, 2))
    beside = tmp_path / "ca_chains.tsv"
    beside.write_text("id\tfamily\nc0\tx\nc1\tx\n")
    found = read_structures(path, of(16))
    assert found.ids == ("c1:1", "c1:3")
    assert f"families from {beside}: 1 family" in found.notes[0]
    beside.write_text("id\tfamily\nc0\tx\nc1\tx\nc2\tx\n")
    assert len(read_structures(path, of(16))) == 3


def test_table_of_other_chains_is_an_error(tmp_path):
    path = arrays(tmp_path / "a.npz", walk(16, 1))
    table = tmp_path / "t.tsv"
    table.write_text("id\tfamily\nother\tx\n")
    with pytest.raises(DataError, match=r"t\.tsv: no record has a row .*'other'.*'c0'"):
        read_structures(path, of(16, str(table)))


def test_families_of_files_by_shared_words(tmp_path):
    one = "MKVLAAGIWCDEFGHI"
    other = "PPPP" + one[2:14]  # twelve residues of the first
    for name, letters, seed in (("a", one, 1), ("b", other, 2), ("c", one[::-1], 3)):
        write_pdb(tmp_path / f"{name}.pdb", walk(16, seed), [THREE[x] for x in letters])
    found = read_structures(tmp_path, of(16))
    assert found.ids == ("a_A:1", "c_A:1")
    assert "families of chains that share 12 residues in a row: 2 families" in found.notes[0]


def test_words_link_in_a_chain_and_repeats_do_not():
    a, b = "ACDEFGHIKLMN", "QRSTVWYACDEF"
    assert by_words([a + b, "P" * 12 + a, b + "P" * 12, "P" * 24]).tolist() == [0, 0, 0, 1]
    assert by_words([a[:11], a[:11]]).tolist() == [0, 1]


@pytest.mark.parametrize("residues", [17, 28, 100])
def test_other_lengths_are_refused(tmp_path, residues):
    path = arrays(tmp_path / "a.npz", walk(128, 1))
    with pytest.raises(ConfigError, match=f"--residues {residues}: give 16, 32, 64, 128"):
        read_structures(path, of(residues))


def test_no_chain_is_long_enough(tmp_path):
    path = arrays(tmp_path / "a.npz", walk(40, 1), walk(50, 2))
    with pytest.raises(
        DataError, match=r"a\.npz: no chain has 64 .* the longest has 50; give a sm"
    ):
        read_structures(path)


def test_what_are_structures(tmp_path):
    path = write_pdb(tmp_path / "a.pdb", helix(4))
    assert is_structures(path) and is_structures(tmp_path)
    assert is_structures("missing.CIF.gz") and is_structures("x.ent")
    assert not is_structures("x.png") and not is_structures("missing.npz")
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"")
    assert not is_structures(folder)
    assert is_structures(arrays(tmp_path / "a.npz", walk(4, 1)))
    np.savez(tmp_path / "b.npz", images=np.zeros((1, 4, 4)))
    assert not is_structures(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", xyz=np.zeros((1, 4, 3)))
    assert is_structures(tmp_path / "c.npz")
    (folder / "deep" / "er").mkdir(parents=True)
    write_pdb(folder / "deep" / "er" / "x.pdb", helix(4))
    assert not is_structures(folder)  # among as many images
    write_pdb(folder / "deep" / "y.pdb1", helix(4))
    assert is_structures(folder)


def test_a_pipe_or_a_broken_link_in_a_folder_is_left_out_and_named(tmp_path):
    """A pipe waited for somebody to write into it."""
    folder = tmp_path / "chains"
    folder.mkdir()
    write_pdb(folder / "a.pdb", walk(20, 1))
    os.mkfifo(folder / "b.pdb")
    (folder / "c.cif").symlink_to("nowhere.cif")
    notes = read_structures(folder, of(16)).notes
    assert "2 files (a pipe or a broken link) left out: b.pdb, c.cif" in notes
    (folder / "a.pdb").unlink()
    with pytest.raises(DataError, match="no structures found"):
        read_structures(folder)


def test_fragments_as_they_are(tmp_path):
    broken = walk(16, 1) * 3
    path = arrays(tmp_path / "a.npz", broken, walk(16, 2))
    found = read_fragments(path)
    assert found.ids == ("c0", "c1") and found.maps is None
    assert found.xyz[0] == pytest.approx(broken, abs=1e-4)
    arrays(path, walk(16, 1), walk(17, 2))
    with pytest.raises(DataError, match=r"chains of 16 to 17 residues; fragments of one length"):
        read_fragments(path)


def test_split_keeps_families_whole_and_meets_the_share():
    some = fragments(np.zeros((100, 4, 3)), np.repeat(np.arange(20), 5))
    train, held = split_families(some, 0.2, seed=1)
    assert (train == ~held).all()
    assert held.sum() == 20
    assert not set(some.families[train]) & set(some.families[held])
    assert (split_families(some, 0.2, 1)[1] == held).all()
    assert (split_families(some, 0.2, 2)[1] != held).any()


def test_split_of_uneven_families():
    # The large family would overshoot: only the others can be held out.
    some = fragments(np.zeros((100, 4, 3)), [0] * 90 + [1] * 6 + [2] * 4)
    for seed in range(5):
        held = split_families(some, 0.1, seed)[1]
        assert set(some.families[held]) == {1, 2}
    assert not split_families(some, 0.0, 1)[1].any()
    # Too small a share for any family: the smallest one.
    assert set(some.families[split_families(some, 0.001, 1)[1]]) == {2}


def test_one_family_cannot_be_split():
    some = fragments(np.zeros((9, 4, 3)), [3] * 9)
    with pytest.raises(DataError, match="all fragments come from one family.*--validation 0"):
        split_families(some, 0.1, 1)
    assert split_families(some, 0, 1)[0].all()


def test_real_chains():
    found = read_structures(shared_data("structures/ca_coords.npz"))
    assert found.xyz.shape == (6349, 64, 3)
    assert len(set(found.families.tolist())) == 108
    assert "ca_chains.tsv: 122 families" in found.notes[0]
    train, held = split_families(found, 0.1, 1)
    assert held.mean() == pytest.approx(0.1, abs=0.03)
    files = read_structures(shared_data("structures/pdb"))
    assert files.xyz.shape == (200, 64, 3)
