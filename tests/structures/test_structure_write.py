"""Written fragments come back, through Bio.PDB and as arrays; nothing is overwritten silently."""

import gzip
import re

import numpy as np
import pytest
from PIL import Image
from shapes import fragments, helix, walk

import biogan
from biogan.core.errors import ConfigError, DataError, OutputError
from biogan.structures.dataset import FragmentSet
from biogan.structures.geometry import distances
from biogan.structures.read import is_structures, read_fragments
from biogan.structures.write import map_grid, pdb_text, write_structures


def two():
    return fragments([walk(16, 1), helix(16)])


def test_folder_comes_back(tmp_path):
    done = write_structures(two(), tmp_path / "out", remark="model run, seed 2")
    assert done == [f"{tmp_path / 'out'}: 2 fragments of 16 residues, a .pdb file each"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["f0.pdb", "f1.pdb"]
    back = read_fragments(tmp_path / "out")
    assert back.ids == ("f0_A", "f1_A")
    assert np.abs(back.xyz - two().xyz).max() < 0.001
    assert back.notes == ()


def test_a_file_is_what_other_programs_read(tmp_path):
    from Bio.PDB import PDBParser
    from Bio.PDB.Polypeptide import is_aa

    path = tmp_path / "one.pdb"
    write_structures(two()[1:], path, remark="model run, seed 2")
    lines = path.read_text().splitlines()
    assert {len(line) for line in lines} == {80}
    assert lines[0].rstrip() == (f"REMARK   6 C-alpha trace written by biogan {biogan.__version__}")
    assert lines[1].rstrip() == "REMARK   6 fragment f1"
    assert lines[2].rstrip() == "REMARK   6 model run, seed 2"
    assert lines[-1].rstrip() == "END" and lines[-2].startswith("TER")
    residues = list(PDBParser(PERMISSIVE=False).get_structure("x", path).get_residues())
    assert len(residues) == 16 and all(is_aa(r, standard=True) for r in residues)
    assert [r.id[1] for r in residues] == list(range(1, 17))
    found = np.array([r["CA"].coord for r in residues])
    assert found == pytest.approx(helix(16), abs=6e-4)


def test_gzip_and_coordinates_too_large_for_the_format(tmp_path):
    far = two()[:1]
    far = FragmentSet(far.xyz + np.float32(20000), far.ids, far.families)
    write_structures(far, tmp_path / "one.pdb.gz")
    text = gzip.decompress((tmp_path / "one.pdb.gz").read_bytes()).decode()
    assert all(re.match(r"ATOM .{25}( *-?\d+\.\d{3}){3} ", x) for x in text.splitlines()[2:-2])
    back = read_fragments(tmp_path / "one.pdb.gz")
    assert distances(back.xyz) == pytest.approx(distances(far.xyz), abs=0.02)


def test_long_remarks_stay_in_their_line():
    lines = pdb_text(helix(4), "x" * 200, "one\ntwo").splitlines()
    assert {len(line) for line in lines} == {80}
    assert lines[2].rstrip() == "REMARK   6 one two"


def test_arrays_come_back_with_their_maps(tmp_path):
    path = tmp_path / "a.npz"
    assert write_structures(two(), path) == [f"{path}: 2 fragments of 16 residues"]
    back = read_fragments(path)
    assert np.array_equal(back.xyz, two().xyz) and back.ids == two().ids
    assert back.maps == pytest.approx(distances(two().xyz))
    assert is_structures(path)
    painted = FragmentSet(two().xyz, two().ids, two().families, maps=np.ones((2, 16, 16)))
    write_structures(painted, path)
    assert (read_fragments(path).maps == 1).all()


def test_folder_is_not_overwritten_silently(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not empty; use --overwrite, or another folder"):
        write_structures(two(), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
    done = write_structures(two(), tmp_path, overwrite=True)
    assert done[1] == f"{tmp_path}: 1 files of before are still there (first: mine.txt)"
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_names_of_files_are_safe_and_different(tmp_path):
    names = ("a:1", "a/1", "A_1", "..", "")
    some = FragmentSet(np.zeros((5, 4, 3), np.float32), names, np.arange(5))
    write_structures(some, tmp_path / "out")
    found = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert found == ["A_1_3.pdb", "a_1.pdb", "a_1_2.pdb", "fragment.pdb", "fragment_2.pdb"]


@pytest.mark.parametrize(
    ("some", "name", "error", "part"),
    [
        (two(), "x.pdb", ConfigError, "holds one fragment, and there are 2"),
        (two(), "x.tif", ConfigError, "written as .npz, .png, .pdb, or into a folder"),
        (two()[:0], "x", DataError, "no fragments to write"),
        (fragments([helix(4) * np.nan]), "x", DataError, "is not finite"),
        (two(), "missing/x.npz", OutputError, "cannot be written"),
    ],
)
def test_errors(tmp_path, some, name, error, part):
    with pytest.raises(error) as found:
        write_structures(some, tmp_path / name)
    assert part in str(found.value) and str(tmp_path / name) in str(found.value)
    assert not any(tmp_path.iterdir())


def test_picture_of_maps(tmp_path):
    write_structures(two(), tmp_path / "maps.png")
    with Image.open(tmp_path / "maps.png") as picture:
        # Two maps of 16 residues, six pixels a residue, three white pixels between.
        assert picture.size == (2 * 96 + 3, 96)
        pixels = np.asarray(picture)
    assert (pixels[:, 96:99] == 255).all()
    assert pixels[0, 0].tolist() == [20, 11, 52]  # the diagonal: no distance
    assert np.array_equal(pixels[:, :96], pixels[:, :96].swapaxes(0, 1))
    assert pixels[0, 95].sum() > pixels[0, 0].sum()
    with pytest.raises(DataError, match="no fragments to draw"):
        map_grid(two()[:0])


def test_sets_check_their_maps():
    with pytest.raises(DataError, match=r"maps of shape \(1, 16, 16\) for 2 fragments"):
        FragmentSet(two().xyz, two().ids, two().families, maps=np.ones((1, 16, 16)))
    some = FragmentSet(two().xyz, two().ids, two().families, maps=np.zeros((2, 16, 16)))
    assert some[1:].maps.shape == (1, 16, 16)
