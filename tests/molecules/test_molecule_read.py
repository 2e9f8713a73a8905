"""Files of molecules: what is read, what is left out, and what is said of it."""

import gzip
import io

import numpy as np
import pytest
from helpers import shared_data

from biogan import MoleculeReadingConfig, MoleculeSet, read_molecules, write_molecules
from biogan.core.errors import ConfigError, DataError
from biogan.models.registry import kind_of_data
from biogan.molecules.cache import CACHE, read_cached
from biogan.molecules.read import is_molecules, read_generated
from biogan.molecules.toolkit import decoded, rewritten
from biogan.molecules.workers import run

LINES = """smiles id
OCC ethanol

c1ccccc1O phenol
C(C bad
CC(=O)[O-].[Na+] salt
CCO again
C[C@H](N)C(=O)O ala
C[N+](C)(C)CC(=O)[O-] betaine
C(C)(C)(C)(C)C five
"""


def read(text, **options):
    return read_molecules(io.BytesIO(text.encode()), MoleculeReadingConfig(**options))


def test_what_is_left_out_is_counted_with_its_lines():
    found = read(LINES)
    assert found.smiles == [
        "CCO", "Oc1ccccc1", "CC(=O)[O-]", "C[C@H](N)C(=O)O", "C[N+](C)(C)CC(=O)[O-]",
    ]  # fmt: skip
    assert found.ids == ["ethanol", "phenol", "salt", "ala", "betaine"]
    said = "; ".join(found.notes)
    assert "8 records read" in said
    assert "2 records are no molecules and left out: line 5 (no SMILES), line 10 (Explicit" in said
    assert "1 record has several parts, of which the largest was kept: line 6" in said
    assert "1 record repeats a molecule and is left out: line 7" in said


def test_policies():
    assert "CC(=O)[O-].[Na+]" in read(LINES, salts="keep").smiles
    assert len(read(LINES, salts="drop")) == 4
    assert len(read(LINES, duplicates="keep")) == 6
    with pytest.raises(DataError, match=r"line 5: 'C\(C' is no molecule \(no SMILES\)"):
        read(LINES, invalid="error")
    with pytest.raises(DataError, match="line 6: a molecule of several parts"):
        read(LINES, salts="error")


def test_rdkit_says_nothing(capfd):
    read(LINES)
    assert capfd.readouterr().err == ""


def test_tables_have_columns_and_labels(tmp_path):
    text = 'name,"canonical_smiles",activity\na,OCC,1.5\nb,"C[N+](C)(C)C",2\n'
    (tmp_path / "t.csv").write_text(text)
    found = read_molecules(str(tmp_path / "t.csv"))
    assert found.smiles == ["CCO", "C[N+](C)(C)C"] and found.ids == ["a", "b"]
    assert found.labels["activity"].tolist() == ["1.5", "2"]
    assert kind_of_data(str(tmp_path / "t.csv")).name == "molecules"
    (tmp_path / "u.tsv").write_text("id\tmol\nx\tCCO\n")
    with pytest.raises(ConfigError, match="no column is called smiles; name it with --column"):
        read_molecules(str(tmp_path / "u.tsv"))
    options = MoleculeReadingConfig(column="mol")
    assert read_molecules(str(tmp_path / "u.tsv"), options).smiles == ["CCO"]
    with pytest.raises(ConfigError, match="--column no: .* has no such column; it has id, mol"):
        read_molecules(str(tmp_path / "u.tsv"), MoleculeReadingConfig(column="no"))


def test_sdf_and_smiles_give_the_same_molecules(tmp_path):
    some = MoleculeSet.from_smiles(
        ["CCO", "C[C@H](N)C(=O)O", "Oc1ccccc1", "C[NH3+]"], labels={"x": ["1", "2", "3", "4"]}
    )
    for name in ("a.sdf", "a.sdf.gz", "a.smi", "a.smi.zst", "a.tsv"):
        assert write_molecules(some, tmp_path / name) == 4
        again = read_molecules(str(tmp_path / name))
        assert (again.smiles, again.ids) == (some.smiles, some.ids), name
        assert is_molecules(str(tmp_path / name))
    assert read_molecules(str(tmp_path / "a.sdf")).labels["x"].tolist() == ["1", "2", "3", "4"]
    write_molecules(some, tmp_path / "a.selfies")
    rows = [line.split(" ") for line in (tmp_path / "a.selfies").read_text().splitlines()]
    texts = [decoded(text, "selfies") for text, _ in rows]
    assert MoleculeSet.from_smiles(texts).smiles == some.smiles


def test_the_kind_is_found_by_what_stands_in_a_file(tmp_path):
    files = {
        "a.txt": ("CC(=O)Oc1ccccc1C(=O)O aspirin\nCN1CCC1=O\n", "molecules"),
        "b.txt": (">x\nACGT\n", "sequences"),
        "c.txt": ("ACGTACGT\nGGCCAATT\n", "sequences"),
        "d.txt": ("CCCO\n", "sequences"),
    }
    for name, (text, kind) in files.items():
        (tmp_path / name).write_text(text)
        assert kind_of_data(str(tmp_path / name)).name == kind, name


def test_what_a_generator_wrote_stays_as_it_is():
    found = read_generated(io.BytesIO(b"OCC a\nC(C b\nCCO c\nCC.O d\n"))
    assert found.smiles == ["CCO", "C(C", "CCO", "CC.O"]
    assert found.valid.tolist() == [True, False, True, True]
    assert found.notes == ("1 of 4 records is no molecule",)


def test_a_limit_draws_from_the_whole_file():
    text = "".join(f"{'C' * (i + 1)} m{i}\n" for i in range(200))
    found = read(text, limit=20)
    assert len(found) == 20 and found.ids[-1] > "m1"
    assert max(len(s) for s in found.smiles) > 100
    assert "--limit 20: drawn at random from 200 records" in found.notes


def test_another_order_of_atoms_is_the_same_molecule():
    some = MoleculeSet.from_smiles(["CC(=O)Oc1ccccc1C(=O)O", "C[C@@H](O)c1ccncc1", "OC/C=C/Cl"])
    other = rewritten(some.smiles, 3)
    assert other != some.smiles
    again = MoleculeSet.from_smiles(other)
    assert again.smiles == some.smiles and again.digest == some.digest


def test_tokens_there_and_back():
    path = shared_data("molecules/zinc_druglike_10k.train.smi")
    found = read_molecules(str(path), MoleculeReadingConfig(limit=1000))
    for alphabet in ("selfies", "smiles"):
        tokens = found.tokens(alphabet)
        texts = tokens.alphabet.spell(tokens.strings())
        back = MoleculeSet.from_smiles([decoded(text, alphabet) for text in texts])
        assert [*back.smiles] == [*found.smiles], alphabet


def test_tokens_do_not_depend_on_the_order_of_a_file():
    some = MoleculeSet.from_smiles(["CCO", "CN", "c1ccccc1"])
    tokens, turned = some.tokens("selfies"), some[::-1].tokens("selfies")
    assert tokens.alphabet == turned.alphabet
    assert tokens.strings() == turned.strings()[::-1]
    part = some[1:].in_vocabulary(tokens.alphabet)
    assert part.strings() == tokens.strings()[1:]
    with pytest.raises(DataError, match=r"'mol_2' cannot be written in the 6 tokens"):
        MoleculeSet.from_smiles(["CC", "CF"]).in_vocabulary(tokens.alphabet)


def test_a_run_keeps_what_was_read(tmp_path, monkeypatch):
    monkeypatch.setattr("biogan.molecules.cache.FEW", 3)
    path = tmp_path / "a.csv"
    path.write_text("id,smiles,x\na,CCO,1\nb,CN,2\nc,Oc1ccccc1,3\n")
    first = read_cached(str(path), MoleculeReadingConfig(), "selfies", None, tmp_path)
    assert "kept in" in first.notes[-1] and "--max-time does not count" in first.notes[-1]
    monkeypatch.setattr("biogan.molecules.cache.read_molecules", None)
    again = read_cached(str(path), MoleculeReadingConfig(), "selfies", None, tmp_path)
    assert (again.smiles, again.ids, again.digest) == (first.smiles, first.ids, first.digest)
    assert again.labels["x"].tolist() == ["1", "2", "3"]
    assert again.tokens("selfies").digest == first.tokens("selfies").digest
    monkeypatch.undo()
    data = (tmp_path / CACHE).read_bytes()
    (tmp_path / CACHE).write_bytes(data[: len(data) // 2])
    read_cached(str(path), MoleculeReadingConfig(), "selfies", None, tmp_path)
    path.write_text("id,smiles\na,CCO\nb,CN\n")
    assert len(read_cached(str(path), MoleculeReadingConfig(), "selfies", None, tmp_path)) == 2


def test_further_processes_give_the_same_in_the_same_order(monkeypatch):
    monkeypatch.setattr("biogan.molecules.workers._processors", lambda: 2)
    job = "biogan.molecules.toolkit:canonical"
    texts = [["OCC", "C(C"], ["CN"], ["c1ccccc1"], ["CO", "N"], ["O"]] * 2
    alone = [*run(job, iter(texts), "keep", many=False)]
    assert [*run(job, iter(texts), "keep", many=True)] == alone


def test_a_damaged_or_empty_file(tmp_path):
    (tmp_path / "e.smi").write_text("\n\n")
    with pytest.raises(DataError, match="no molecules"):
        read_molecules(str(tmp_path / "e.smi"))
    whole = gzip.compress(b"CCO a\n" * 1000)
    (tmp_path / "b.smi.gz").write_bytes(whole[:-10])
    with pytest.raises(Exception, match=r"b\.smi\.gz"):
        read_molecules(str(tmp_path / "b.smi.gz"))


def test_sets_are_cut_and_joined():
    some = MoleculeSet.from_smiles(["CCO", "CN", "x"], labels={"x": [1, 2, None]})
    assert some[np.array([2, 0])].smiles == ["x", "CCO"]
    both = MoleculeSet.concatenate([some[:1], some[1:]])
    assert (both.smiles, both.valid.tolist()) == (some.smiles, some.valid.tolist())
    assert [*both.to_frame().columns] == ["id", "smiles", "valid", "x"]
    assert both.to_rdkit()[2] is None and both.to_rdkit()[0].GetNumAtoms() == 3
    assert both._repr_html_().count("<svg") == 3
    with pytest.raises(DataError, match="one string"):
        MoleculeSet.from_smiles("CCO")
