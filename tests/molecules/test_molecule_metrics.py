"""Metrics of molecules beside values that a plain implementation or a person computed."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import AllChem
from rdkit.Chem.Scaffolds import MurckoScaffold

from biogan import MoleculeSet, evaluate_molecules
from biogan.evaluation.report.results import FAILED
from biogan.molecules import chemnet
from biogan.molecules.baselines import molecule_baseline
from biogan.molecules.metrics import (
    MOLECULE_METRICS,
    MoleculeComparison,
    MoleculeSample,
    continuous_kl,
    discrete_kl,
)
from biogan.molecules.published import moses_rows
from biogan.molecules.toolkit import rewritten

NEW = [
    "CCO", "c1ccccc1", "CC(=O)Oc1ccccc1C(=O)O", "CCN(CC)CC", "C1CCCCC1", "CC(C)Cc1ccc(C(C)C)cc1",
    "c1ccc2ccccc2c1", "CC(=O)Nc1ccc(O)cc1", "CCOC(=O)c1ccccc1", "O=C(O)c1ccncc1",
]  # fmt: skip
REAL = [
    "CCO", "Cc1ccccc1", "CC(=O)Oc1ccccc1C(=O)O", "c1ccc2ccccc2c1", "c1ccc2ncccc2c1", "CCCCCC",
    "CC(=O)Nc1ccc(O)cc1", "COc1ccccc1", "NC(=O)c1ccncc1", "c1ccc(-c2ccccc2)cc1",
]  # fmt: skip


def compared(new, real, source=None):
    sets = [MoleculeSet.from_smiles(texts) for texts in (new, real, source or real)]
    return MoleculeComparison(*map(MoleculeSample, sets))


def value(name, comparison):
    return MOLECULE_METRICS[name](comparison).value


def bits(texts):
    """Fingerprints by another function of RDKit than the product's."""
    generator = AllChem.GetMorganGenerator(radius=2, fpSize=1024)
    return [generator.GetFingerprint(Chem.MolFromSmiles(text)) for text in texts]


def test_similarity_and_variety_by_plain_loops():
    new, real = bits(NEW), bits(REAL)
    snn = np.mean([max(DataStructs.TanimotoSimilarity(a, b) for b in real) for a in new])
    assert value("snn", compared(NEW, REAL)) == pytest.approx(snn, abs=1e-6)
    pairs = [DataStructs.TanimotoSimilarity(a, b) for a, b in combinations(new, 2)]
    assert value("internal-diversity", compared(NEW, REAL)) == pytest.approx(
        1 - np.mean(pairs), abs=1e-6
    )
    near = np.mean([max(DataStructs.TanimotoSimilarity(a, b) for b in real) >= 0.8 for a in new])
    assert value("near-copies", compared(NEW, REAL)) == near


def cosine_of(rows, others):
    a, b = (Counter(text for row in some for text in row) for some in (rows, others))
    keys = sorted({*a, *b})
    u, v = (np.array([some[key] for key in keys], float) for some in (a, b))
    return u @ v / np.linalg.norm(u) / np.linalg.norm(v)


def test_fragments_and_scaffolds_by_the_definitions_of_moses():
    def fragments(text):
        cut = AllChem.FragmentOnBRICSBonds(Chem.MolFromSmiles(text))
        return Chem.MolToSmiles(cut).split(".")

    def scaffold(text):
        frame = MurckoScaffold.GetScaffoldForMol(Chem.MolFromSmiles(text))
        return [Chem.MolToSmiles(frame)] if frame.GetRingInfo().NumRings() >= 2 else []

    for name, read in (("fragments", fragments), ("scaffolds", scaffold)):
        wanted = cosine_of([read(text) for text in NEW], [read(text) for text in REAL])
        assert 0 < wanted < 1
        assert value(name, compared(NEW, REAL)) == pytest.approx(wanted)
    # One naphthalene of one against naphthalene, quinoline and biphenyl: 1 / sqrt(3).
    assert value("scaffolds", compared(NEW, REAL)) == pytest.approx(3**-0.5)


def test_shares_by_hand():
    new = ["CCO", "OCC", "CN", "C(C", "c1ccccc1"]
    comparison = compared(new, ["CCO", "C"])
    assert value("valid", comparison) == 0.8
    assert value("novelty", comparison) == pytest.approx(2 / 3)  # of three distinct molecules
    assert value("copies", comparison) == 0.5
    assert "fewer than 1,000" in MOLECULE_METRICS["unique-1000"](comparison).note
    many = compared(["CCO", "CN"] * 500, ["C", "N"])
    assert value("unique-1000", many) == 0.002
    # All oxygens of one against all carbons: one more atom each.
    atoms = compared(["CC", "CCC"], ["CCC", "CCCC"])
    assert value("heavy-atoms-w1", atoms) == 1
    assert value("weight-w1", atoms) == pytest.approx(14.027, abs=1e-3)
    assert value("rings-w1", compared(["C1CC1", "CC"], ["CC", "CC"])) == 0.5
    # An acid chloride and an aldehyde are alerts of BRENK, ethanol and benzene are not.
    assert value("filters", compared(["CCO", "c1ccccc1", "CC(=O)Cl", "CCCC=O"], ["C"])) == 0.5


def test_divergences_of_guacamol():
    real = np.array([0, 0, 0, 0, 1, 1, 1, 1.0])
    assert discrete_kl(real, real) == 0
    # Half and half against 1/4 and 3/4: (ln 2 + ln 2/3) / 2.
    new = np.array([0, 0, 1, 1, 1, 1, 1, 1.0])
    assert discrete_kl(real, new) == pytest.approx((np.log(2) + np.log(2 / 3)) / 2, abs=1e-6)
    line = np.linspace(0, 1, 50)
    assert continuous_kl(line, line) == 0
    assert continuous_kl(line, line + 5) > 1
    assert value("kl-score", compared(REAL, REAL)) == pytest.approx(1)


@pytest.mark.skipif(bool(chemnet.missing()), reason="fcd_torch is not installed")
def test_the_distance_of_chemnet_by_another_way_to_its_root():
    found = [chemnet.activations([Chem.CanonSmiles(t) for t in texts]) for texts in (NEW, REAL)]
    assert [some.shape for some in found] == [(10, 512)] * 2
    (m, s), (n, t) = ((x.mean(0), np.cov(x.astype(float).T)) for x in found)
    values, axes = np.linalg.eigh(s)
    root = axes * np.sqrt(np.clip(values, 0, None)) @ axes.T
    common = np.sqrt(np.clip(np.linalg.eigvalsh(root @ t @ root), 0, None)).sum()
    wanted = ((m - n) ** 2).sum() + np.trace(s) + np.trace(t) - 2 * common
    assert value("fcd", compared(NEW, REAL)) == pytest.approx(wanted, rel=1e-4)


def test_other_weights_are_refused(monkeypatch):
    monkeypatch.setattr(chemnet, "DIGEST", "0" * 64)
    chemnet._network.cache_clear()
    with pytest.raises(Exception, match="other weights than those that published"):
        chemnet.activations(["CCO"])
    chemnet._network.cache_clear()


def test_without_chemnet_the_row_says_what_to_install(monkeypatch):
    monkeypatch.setattr(chemnet, "find_spec", lambda name: None)
    assert "pip install 'biogan[mol-fcd]'" in MOLECULE_METRICS["fcd"](compared(NEW, REAL)).note


def drugs(n, first=0):
    """Small molecules of a few cores with two or three groups each."""
    cores = ["c1ccc({0})cc1{1}", "c1nc({0})ccc1{1}", "C1CN({0})CCC1{1}", "c1cc({0})c2ccccc2c1{1}",
             "C1CCC({0})CC1{1}", "c1c({0})sc({1})n1", "O=c1cc({0})[nH]c({1})c1"]  # fmt: skip
    groups = ["C", "CC", "OC", "C(=O)NC", "C(F)(F)F", "CCO", "CC(C)C", "C1CC1", "Cc1ccccc1",
              "CN(C)C", "C(=O)OC", "CC#N", "c1ccncc1", "CCl"]  # fmt: skip
    texts = [core.format(a, b) for core in cores for a in groups for b in groups]
    order = np.random.default_rng(0).permutation(len(texts))
    found = MoleculeSet.from_smiles([texts[i] for i in order])
    found = found[np.sort(np.unique(found.smiles, return_index=True)[1])]
    assert found.valid.all()
    return found[first : first + n]


FAST = ["valid", "novelty", "copies", "near-excess", "logp-w1", "weight-w1", "heavy-atoms-w1",
        "rings-w1", "snn", "fragments", "scaffolds", "internal-diversity", "auroc"]  # fmt: skip


@pytest.fixture(scope="module")
def sets():
    return drugs(250), drugs(250, 250), drugs(250, 500)


def judged(new, sets, metrics=FAST):
    real, train, held_out = sets
    return evaluate_molecules(real, new, train=train, held_out=held_out, metrics=metrics)


def failed(report):
    return {row.metric.name for row in report.rows if row.status in FAILED}


def test_poly_carbon_is_caught_by_many_metrics(sets):
    chains = MoleculeSet.from_smiles(["C" * (5 + i % 40) for i in range(250)])
    report = judged(chains, sets)
    assert report["valid"].generated.value == 1
    assert len(failed(report)) >= 3, report.to_text()


def test_that_uniform_selfies_are_valid_means_nothing(sets):
    new = molecule_baseline("uniform-selfies")(sets[1], 250, 0)
    report = judged(new, sets)
    assert report["valid"].generated.value == 1
    assert len(failed(report)) >= 3, report.to_text()


def test_copies_are_told_by_novelty_alone(sets):
    report = judged(sets[1], sets)
    told = failed(report)
    assert {"copies", "novelty", "near-excess"} & told
    assert told <= {"copies", "novelty", "near-copies", "near-excess"}, report.to_text()


def test_order_names_and_ways_of_writing_change_nothing(sets):
    metrics = ["novelty", "copies", "logp-w1", "snn", "scaffolds", "internal-diversity"]
    new = molecule_baseline("brics")(sets[1], 120, 0)
    wanted = judged(new, sets, metrics).to_dict()["metrics"]
    turned = np.random.default_rng(1).permutation(len(new))
    texts = rewritten([new.smiles[i] for i in turned], 2)
    other = MoleculeSet.from_smiles(texts, [f"x{i}" for i in range(len(texts))])
    found = judged(other, sets, metrics).to_dict()["metrics"]
    for a, b in zip(wanted, found, strict=True):
        for part in (a, b):
            for column in part["columns"].values():
                column.pop("details")  # names of records
        assert a == b


def test_benchmark_rows_hold_whole_sets(sets):
    real, train, _ = sets
    new = MoleculeSample(MoleculeSet.from_smiles([*train.smiles[:100], "C(C"]))
    frames = MoleculeSample(real[:50])
    rows = moses_rows(new, MoleculeSample(train), MoleculeSample(real), frames)
    table = {row["quantity"]: row for row in rows}
    assert table["valid"]["generated"] == pytest.approx(100 / 101)
    assert table["novelty"]["generated"] == 0
    assert 0 < table["SNN"]["scaffold test"] <= table["SNN"]["test"] < 1
    assert {"Frag", "Scaf", "logP W1"} <= set(table)
