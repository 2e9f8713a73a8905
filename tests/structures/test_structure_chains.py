"""Chains from files and arrays: what is taken, what is cut, and each error in one line."""

import gzip
import re

import numpy as np
import pytest
from helpers import shared_data
from shapes import THREE, helix, walk, write_pdb

from biogan.core.errors import BioganError, DataError
from biogan.structures.dataset import Chain
from biogan.structures.files import read_chains


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
    assert "1 file without protein left out: d.pdb" in notes


def strand_of(n, chain="A", first=1, shift=0.0, residue="GLY"):
    places = (helix(n) + shift).tolist()
    return "".join(
        atom(i, " CA ", residue, i, xyz, chain=chain) for i, xyz in enumerate(places, first)
    )


def chains_of(path, text):
    path.write_text(text)
    chains, notes = read_chains(path)
    return [(chain.name, len(chain.xyz)) for chain in chains], notes


READ_AS_MORE = "with the id of an earlier chain read as one more (TER, or residue numbers): "


def test_a_chain_id_that_comes_back_is_a_further_chain(tmp_path):
    path = tmp_path / "x.pdb"
    one, other = strand_of(4), strand_of(5, shift=40)
    twice = [("x_A", 4), ("x_A_2", 5)]
    after_ter = f"1 chain {READ_AS_MORE}A (x.pdb line 6)"
    assert chains_of(path, f"{one}TER\n{other}TER\nEND\n") == (twice, [after_ter])
    numbered_on = strand_of(5, first=5, shift=40)
    assert chains_of(path, f"{one}TER\n{numbered_on}TER\n") == (twice, [after_ter])
    # Without TER by the numbers of its residues, behind one another or behind another chain.
    assert chains_of(path, one + other) == (twice, [f"1 chain {READ_AS_MORE}A (x.pdb line 5)"])
    found, notes = chains_of(path, one + strand_of(3, "B") + other + strand_of(3, "B", first=4))
    assert found == [("x_A", 4), ("x_B", 6), ("x_A_2", 5)]
    assert notes == [f"1 chain {READ_AS_MORE}A (x.pdb line 8)"]
    # What a chain binds stands behind its TER and makes no chain of its own.
    ligand = atom(9, " CA ", "GLU", 90, (9, 9, 9), kind="HETATM")
    found, notes = chains_of(path, f"{one}TER\n{strand_of(3, 'B')}TER\n{ligand}")
    assert found == [("x_A", 5), ("x_B", 3)] and notes == []
    # Selenomethionine at the start of the second chain stays there.
    first = atom(5, " CA ", "MSE", 1, (40, 40, 40), kind="HETATM")
    found, _ = chains_of(path, f"{one}TER\n{first}{strand_of(3, first=2, shift=40)}")
    assert found == [("x_A", 4), ("x_A_2", 4)]
    blank = f"{strand_of(4, ' ')}TER\n{strand_of(4, ' ')}TER\n{strand_of(4, ' ')}"
    found, notes = chains_of(path, blank)
    assert found == [("x", 4), ("x_2", 4), ("x_3", 4)] and notes[0].startswith("2 chains with")


def test_what_is_left_out_is_counted_and_its_first_places_named(tmp_path):
    text = strand_of(3) + atom(4, " CA ", "GLY", 3, (1, 1, 1))
    text += atom(5, " CA ", "GLY", 4, (2, 2, 2), "A") + atom(6, " CA ", "GLY", 4, (3, 3, 3), "B")
    text += atom(7, " CA ", "SEP", 5, (4, 4, 4), kind="HETATM") + atom(
        8, " N  ", "LEU", 6, (5, 5, 5)
    )
    text += "ENDMDL\n" + strand_of(3) + "ENDMDL\n" + strand_of(3) + "END\n" + strand_of(2)
    found, notes = chains_of(tmp_path / "x.pdb", text)
    assert found == [("x_A", 4)]
    assert notes == [
        "1 C-alpha atom left out, its residue is there twice: x.pdb line 4",
        "1 C-alpha atom in alternative places left out, the first place counts: x.pdb line 6",
        "1 residue of another kind than the 20 amino acids left out: SEP (x.pdb line 7)",
        "3 further models left out, the first model of each file is read: x.pdb line 10, "
        "x.pdb line 14, x.pdb line 18",
        "1 residue without a C-alpha atom left out: LEU (x.pdb line 8)",
    ]
    found, notes = chains_of(tmp_path / "x.pdb", strand_of(3) + strand_of(9, "B", residue="CSO"))
    assert found == [("x_A", 3)]
    assert notes == [
        "9 residues of another kind than the 20 amino acids left out: CSO (x.pdb line 4), CSO "
        "(x.pdb line 5), CSO (x.pdb line 6) and 6 more"
    ]


def test_folders_in_folders_and_assemblies(tmp_path):
    for name in ("ab/1abc.pdb", "ab/1abc.cif", "ab/deep/1abc.PDB1", "cd/2abc.pdb12", "cd/.x/h.pdb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_pdb(tmp_path / name, helix(4))
    (tmp_path / "cd" / "up").symlink_to(tmp_path)
    (tmp_path / "cd" / "pdb3abc.ent.gz").write_bytes(
        gzip.compress((tmp_path / "ab/1abc.pdb").read_bytes())
    )
    chains, notes = read_chains(tmp_path)
    assert [chain.name for chain in chains] == [
        "ab/1abc.cif_A", "ab/1abc.pdb_A", "ab/deep/1abc_A", "cd/2abc_A", "cd/pdb3abc_A",
    ]  # fmt: skip
    assert notes == ["1abc.cif: read as PDB, which it holds"]


NAMES = (
    "group_PDB label_atom_id label_alt_id label_comp_id label_asym_id Cartn_x Cartn_y Cartn_z "
    "auth_seq_id auth_asym_id pdbx_PDB_model_num"
).split()


def cif(n=5, names=NAMES, block="data_x", **values):
    """Write an mmCIF file of a helix; ``values`` maps a column to what all rows have there."""
    lines = [block, "loop_", *(f"_atom_site.{name}" for name in names)]
    for i, (x, y, z) in enumerate(helix(n).tolist(), 1):
        row = {
            "group_PDB": "ATOM", "label_atom_id": "CA", "label_comp_id": "GLY", "auth_seq_id": i,
            "label_alt_id": ".", "auth_asym_id": "A", "label_asym_id": "A", "pdbx_PDB_model_num": 1,
            "Cartn_x": f"{x:.3f}", "Cartn_y": f"{y:.3f}", "Cartn_z": f"{z:.3f}", **values,
        }  # fmt: skip
        lines.append(" ".join(str(row.get(name, "?")) for name in names))
    return "\n".join(lines) + "\n#\n"


def test_odd_mmcif(tmp_path):
    path = tmp_path / "x.cif"

    def without(*left_out):
        return [name for name in NAMES if name not in left_out]

    for text in (
        cif(names=without("pdbx_PDB_model_num")),
        cif(names=without("auth_asym_id", "group_PDB")),
        cif(label_alt_id="AB"),
        re.sub("(?i)(_atom_site.)(\\w+)", lambda at: at[1] + at[2].upper(), cif()),
        cif(auth_asym_id="A", pdbx_PDB_model_num="?"),
        "# by a program\n\n" + cif(),
    ):
        assert chains_of(path, text) == ([("x_A", 5)], [])
    assert chains_of(path, cif(auth_asym_id="AAA")) == ([("x_AAA", 5)], [])
    found, notes = chains_of(path, cif() + cif(7, block="data_second"))
    assert found == [("x_A", 5)]
    assert notes == ["1 block of data left out, the first of a file is read: data_second"]
    assert chains_of(tmp_path / "y.pdb", cif())[1] == ["y.pdb: read as mmCIF, which it holds"]
    # Two conformers of one residue, one of them with a longer name of its place.
    rows = cif(2, label_alt_id="AB") + cif(2, label_alt_id="C").split("pdbx_PDB_model_num\n")[1]
    found, notes = chains_of(path, rows)
    assert found == [("x_A", 2)] and notes == [
        "2 C-alpha atoms in alternative places left out, the first place counts: x.cif row 3 of "
        "_atom_site, x.cif row 4 of _atom_site"
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (cif(names=[name for name in NAMES if name != "Cartn_z"]), "no column _atom_site.cartn_z"),
        (cif()[:-12], "cut off inside row 5 (column 'auth_seq_id')"),
        (cif() + cif(block="#"), "2 loops of _atom_site in one block"),
        (cif(Cartn_y="1e400"), "row 1 of _atom_site: coordinate '1e400' is no finite number"),
        (cif(Cartn_y="nan"), "row 1 of _atom_site: coordinate 'nan' is no finite number"),
        (cif(Cartn_y="?"), "coordinate '' is no finite number"),
        (cif(label_comp_id="'GLY"), "no valid mmCIF file: Line ended with quote open"),
        (cif() + ";\nopen", "no valid mmCIF file: Missing closing semicolon"),
        ("data_x\nloop_\n1 2\n_atom_site.Cartn_x\n", "no valid mmCIF file"),
        ("data_x\n", "no _atom_site with coordinates"),
    ],
)
def test_damaged_mmcif(tmp_path, text, part):
    path = tmp_path / "x.cif"
    path.write_text(text)
    fails(path, part)


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("a.pdb", b"", ["the file is empty"]),
        ("a.cif", b"", ["the file is empty"]),
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
    fails(path, "line 3: coordinate '0.0x0' is no finite number")
    path.write_text(text.replace("   0.000", "     nan", 1))
    fails(path, "line 3: coordinate 'nan' is no finite number")
    path.write_text(text[: text.index("ATOM") + 40])
    fails(path, "line 3: coordinate '' is no finite number")


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


def test_files_of_the_field():
    chains, notes = read_chains(shared_data("field/chain_id_reused.pdb"))
    assert [len(chain.xyz) for chain in chains] == [24, 24]
    assert notes == [f"1 chain {READ_AS_MORE}A (chain_id_reused.pdb line 26)"]
    chains, notes = read_chains(shared_data("field/no_model_column.cif"))
    assert [(chain.name, len(chain.xyz)) for chain in chains] == [("no_model_column_A", 25)]
    assert notes == []
