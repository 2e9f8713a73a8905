"""Chains from files and arrays: what is taken, what is cut, and each error in one line."""

import gzip

import numpy as np
import pytest
from helpers import shared_data
from shapes import THREE, helix, walk, write_pdb

from biogan.core.errors import BioganError, DataError
from biogan.structures.dataset import Chain, read_chains


def atom(serial, name, residue, number, xyz, altloc=" ", chain="A", kind="ATOM  ", icode=" "):
    x, y, z = xyz
    return (
        f"{kind}{serial:5d} {name:<4}{altloc}{residue:>3} {chain}{number:4d}{icode}   "
        f"{x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           {name.strip()[0]}  \n"
    )


def fails(data, *parts):
    with pytest.raises(BioganError) as error:
        read_chains(data)
    text = str(error.value)
    assert "\n" not in text
    for part in (str(data), *parts):
        assert part in text
    return error.value


def test_what_counts_as_a_residue(tmp_path):
    place = helix(10).tolist()
    text = "MODEL        1\n"
    text += atom(1, " N  ", "GLY", 1, (9, 9, 9)) + atom(2, " CA ", "GLY", 1, place[0])
    # Of two places of an atom the first is taken, also where the second has more occupancy.
    text += atom(3, " CA ", "SER", 2, place[1], "A").replace("1.00", "0.30", 1)
    text += atom(4, " CA ", "SER", 2, (5, 5, 5), "B").replace("1.00", "0.70", 1)
    text += atom(5, " CA ", "MSE", 3, place[2], kind="HETATM")
    text += atom(6, " CB ", "LEU", 4, place[3])
    # Of two residues in one place the first.
    text += atom(7, " CA ", "VAL", 5, place[4], "A") + atom(8, " CA ", "THR", 5, (7, 7, 7), "B")
    text += atom(9, "CA  ", " CA", 6, (1, 1, 1), kind="HETATM")
    text += atom(10, " CA ", "TRP", 7, place[5], chain="B")
    text += atom(11, " P  ", " DA", 8, place[6], chain="C")
    text += "ENDMDL\nMODEL        2\n" + atom(1, " CA ", "GLY", 1, (3, 3, 3)) + "ENDMDL\nEND\n"
    path = tmp_path / "1abc.pdb"
    path.write_text(text)
    chains, _ = read_chains(path)
    assert [(chain.name, chain.letters) for chain in chains] == [
        ("1abc_A", "GSMV"),
        ("1abc_B", "W"),
    ]
    expected = np.array([place[0], place[1], place[2], place[4]])
    assert chains[0].xyz == pytest.approx(expected, abs=6e-4)


def test_breaks_cut_a_chain():
    line = np.cumsum([0, 3.8, 3.8, 4.3, 3.8, 1.5, 3.8, 2.9])[:, None] * np.array([1, 0, 0])
    assert Chain("x", line).stretches() == [(0, 3), (3, 5), (5, 8)]


def test_folder_of_files_of_every_ending(tmp_path):
    from Bio.PDB import MMCIFIO, PDBParser

    write_pdb(tmp_path / "b.pdb", helix(5))
    structure = PDBParser().get_structure("b", tmp_path / "b.pdb")
    writer = MMCIFIO()
    writer.set_structure(structure)
    writer.save(str(tmp_path / "a.cif"))
    (tmp_path / "c.ENT.gz").write_bytes(gzip.compress((tmp_path / "b.pdb").read_bytes()))
    (tmp_path / "d.pdb").write_text(atom(1, " P  ", " DA", 1, (0, 0, 0)))
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / ".hidden.pdb").write_text("nothing")
    chains, notes = read_chains(tmp_path)
    assert [chain.name for chain in chains] == ["a_A", "b_A", "c_A"]
    for chain in chains:
        assert chain.xyz == pytest.approx(helix(5), abs=6e-4)
        assert chain.letters == "AAAAA"
    assert "1 file without protein left out (first: d.pdb)" in notes


def test_warnings_of_the_parser_are_counted(tmp_path):
    text = "".join(atom(i, " CA ", "GLY", i, xyz) for i, xyz in enumerate(helix(4).tolist(), 1))
    (tmp_path / "a.pdb").write_text(text + atom(9, " CA ", "GLY", 2, (9, 9, 9), chain="B") + text)
    write_pdb(tmp_path / "b.pdb", helix(4))
    chains, notes = read_chains(tmp_path)
    assert [len(chain.xyz) for chain in chains] == [4, 1, 4]
    assert notes == ["1 file with warnings of Bio.PDB"]


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("a.pdb", b"", ["no valid PDB file", "Empty file"]),
        ("a.cif", b"", ["no valid mmCIF file"]),
        ("a.cif", b"data_x\n_cell.length_a 1\n", ["no valid mmCIF file", "_atom_site"]),
        ("a.pdb", b"hello\n", ["no C-alpha atom of an amino acid"]),
        ("a.pdb.gz", gzip.compress(b"ATOM" * 500, mtime=0)[:20], ["gzip data ends early"]),
        ("a.npz", b"PK\x03\x04 cut", ["no .npz that can be read"]),
        ("a.xyz", b"1 2 3\n", ["no structures found", ".cif"]),
        ("a.pdb", b"\0\1\2", ["NUL bytes"]),
    ],
    ids=range(8),
)  # fmt: skip
def test_damaged_files(tmp_path, name, content, parts):
    path = tmp_path / name
    path.write_bytes(content)
    fails(path, *parts)


def test_damaged_numbers(tmp_path):
    path = write_pdb(tmp_path / "a.pdb", helix(5))
    text = path.read_text()
    path.write_text(text.replace("   0.000", "   0.0x0", 1))
    fails(path, "no valid PDB file", "coordinate")
    path.write_text(text.replace("   0.000", "     nan", 1))
    fails(path, "chain a_A", "no finite number at residue 1")


def test_nothing_there(tmp_path):
    fails(tmp_path / "none.pdb", "no such file or folder")
    fails(tmp_path, "no structures found")


def test_arrays(tmp_path):
    path = tmp_path / "a.npz"
    xyz = np.concatenate([walk(5, 1), walk(7, 2)])
    np.savez(path, xyz=xyz, offsets=[0, 5, 12], ids=["x", "y"])
    chains, notes = read_chains(path)
    assert [(chain.name, len(chain.xyz), chain.letters) for chain in chains] == [
        ("x", 5, ""), ("y", 7, ""),
    ]  # fmt: skip
    assert chains[1].xyz == pytest.approx(walk(7, 2))
    assert notes == []
    np.savez(path, xyz=np.stack([walk(6, 1), walk(6, 2)]))
    chains, _ = read_chains(path)
    assert [(chain.name, len(chain.xyz)) for chain in chains] == [("chain_1", 6), ("chain_2", 6)]


@pytest.mark.parametrize(
    ("arrays", "part"),
    [
        ({"other": [1]}, "no array 'xyz'"),
        ({"xyz": np.zeros((4, 2)), "offsets": [0, 4]}, "shape (4, 2)"),
        ({"xyz": np.full((4, 3), "a"), "offsets": [0, 4]}, "type <U1"),
        ({"xyz": np.zeros((4, 3))}, "'offsets' must rise from 0 to the 4 rows"),
        ({"xyz": np.zeros((4, 3)), "offsets": [0, 2, 5]}, "'offsets' must rise"),
        ({"xyz": np.zeros((4, 3)), "offsets": [0, 3, 2, 4]}, "'offsets' must rise"),
        ({"xyz": np.zeros((4, 3)), "offsets": [0.0, 4.0]}, "'offsets' must rise"),
        ({"xyz": np.zeros((4, 3)), "offsets": [0, 4], "ids": ["a", "b"]}, "2 'ids' for 1 chains"),
        ({"xyz": np.array([[0, 0, 0], [np.inf, 0, 0]]), "offsets": [0, 2]}, "at residue 2"),
    ],
)
def test_damaged_arrays(tmp_path, arrays, part):
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    assert isinstance(fails(path, part), DataError)


def test_one_array_under_the_name_of_many(tmp_path):
    with open(tmp_path / "a.npz", "wb") as file:
        np.save(file, np.zeros((4, 3)))
    fails(tmp_path / "a.npz", "a single array without a name")


def test_arrays_of_objects_are_not_unpickled(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, xyz=np.array([{}, 1], object))
    fails(path, "array xyz: damaged, or of objects, which are not read")


def test_real_files_have_the_coordinates_of_the_array():
    chains, _ = read_chains(shared_data("structures/pdb"))
    known = {c.name: c for c in read_chains(shared_data("structures/ca_coords.npz"))[0]}
    assert len(chains) == 28
    same = [chain for chain in chains if chain.name in known]
    assert len(same) == 25
    for chain in same:
        assert chain.xyz == pytest.approx(known[chain.name].xyz, abs=1e-3)
        assert set(chain.letters) <= set(THREE)
