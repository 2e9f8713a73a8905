"""A GAN of molecules: trained, resumed, sampled and loaded as any other kind."""

import re

import numpy as np
import pytest

from biogan import (
    GAN,
    MoleculeGAN,
    MoleculeReadingConfig,
    MoleculeSet,
    read_molecules,
    write_molecules,
)
from biogan.cli import main
from biogan.core.errors import ConfigError, DataError
from biogan.molecules.evaluate import asked_rows
from biogan.molecules.features import scaffolds
from biogan.molecules.metrics import MoleculeSample

SMALL = {"units": 8, "latent": 4, "batch_size": 8, "seed": 1}
CLI = [word for k, v in SMALL.items() for word in (f"--{k.replace('_', '-')}", str(v))]
PARTS = ["C", "O", "N", "S"]
RINGS = ["c1ccccc1", "C1CCNCC1", "c1cncnc1", "C1CCC1", "c1ccoc1", "C1CCCCC1"]


def toys():
    texts = [f"{a}C({ring}){b}" for ring in RINGS for a in PARTS for b in PARTS]
    texts += [
        f"{a}C({ring})CC{b}{other}"
        for ring in RINGS
        for other in RINGS
        for a in PARTS
        for b in ("O", "N")
    ]
    found = MoleculeSet.from_smiles(texts)
    assert found.valid.all()
    return found[np.unique(found.smiles, return_index=True)[1]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    gan = MoleculeGAN(steps=4, judge_steps=0, **SMALL).fit(toys(), out=out / "run")
    return gan, out / "run"


def test_what_is_written_is_a_molecule(trained):
    gan, folder = trained
    new = gan.sample(40, seed=3)
    assert isinstance(new, MoleculeSet) and new.valid.all()
    assert new.ids[:2] == ["gan3_1", "gan3_2"]
    assert GAN.load(folder).sample(40, seed=3).smiles == new.smiles
    assert gan.tokenizer.alphabet.name == "smiles" and "C" in gan.tokenizer.alphabet.tokens
    # Frequent neighbours are tokens of their own, and read back as they were.
    assert any(len(token) > 2 for token in gan.tokenizer.alphabet.tokens)
    real = toys()
    assert gan.modality.molecules(gan.modality._tokens(real)).smiles == real.smiles
    raw, new = gan.sample(400, seed=3, invalid="keep"), gan.sample(400, seed=3)
    assert 0 < raw.valid.sum() < 400
    both = [a for a, b, ok in zip(new.smiles, raw.smiles, raw.valid, strict=True) if ok and a == b]
    assert len(both) == raw.valid.sum()
    assert gan.sample(10, seed=3).smiles == new.smiles[:10]
    again = gan.sample(40, seed=3, exclude=new[:5].smiles)
    assert not set(again.smiles) & set(new.smiles[:5])


def test_selfies_need_no_second_draw(tmp_path):
    gan = MoleculeGAN(steps=2, judge_steps=0, alphabet="selfies", **SMALL)
    gan.fit(toys(), out=tmp_path / "run")
    assert (tmp_path / "run" / "samples.png").is_file()
    assert gan.tokenizer.alphabet.name == "selfies" and "[C]" in gan.tokenizer.alphabet.tokens
    assert gan.sample(40, seed=3, invalid="keep").smiles == gan.sample(40, seed=3).smiles


def test_records_of_a_scaffold_stay_on_one_side(trained):
    gan, _ = trained
    parts = gan.modality.split(toys(), gan.config)
    sides = [set(scaffolds(part.smiles)) for part in parts[:2]]
    assert all(sides) and not sides[0] & sides[1]


def test_the_commands(tmp_path, capsys):
    real, run = toys(), str(tmp_path / "run")
    lines = [f"{text} m{i}\n" for i, text in enumerate(real.smiles)]
    path = tmp_path / "mols.smi"
    path.write_text("".join(lines) + "C(C bad\n")
    main(["train", str(path), "-o", run, "--steps", "4", "--alphabet", "smiles",
          "--architecture", "dense", *CLI])  # fmt: skip
    told = capsys.readouterr().err
    assert "1 record is no molecule and left out" in told
    assert "> new.smi" in told and "by scaffold" in told
    out = tmp_path / "new.smi"
    main(["sample", run, "-n", "30", "--invalid", "keep", "-o", str(out)])
    assert "are no valid molecules: written as they are" in capsys.readouterr().err
    assert len(out.read_text().splitlines()) == 30
    main(["sample", run, "-n", "30", "-o", str(out), "--overwrite"])
    assert re.search(r"\d+ of 30 molecules were no molecules: others", capsys.readouterr().err)
    assert read_molecules(str(out)).valid.all()
    main(["sample", run, "-n", "5", "--format", "tsv"])
    assert capsys.readouterr().out.startswith("id\tsmiles\tvalid\n")
    main(["info", run])
    assert "tokens" in capsys.readouterr().out
    main(["train", str(path), "-o", run, "--resume", "--steps", "6"])


def test_options_that_molecules_do_not_have():
    with pytest.raises(ConfigError, match="--word: molecules have no such thing"):
        MoleculeGAN(word=3)
    bad = MoleculeSet.from_smiles(["CCO", "C(C"])
    with pytest.raises(DataError, match="1 of 2 texts are no molecules"):
        MoleculeGAN(steps=1).fit(bad)
    with pytest.raises(DataError, match="fit needs a MoleculeSet"):
        MoleculeGAN(steps=1).fit(["CCO"])


def test_floors_are_written_and_judged(tmp_path, capsys):
    real = toys()
    for name, part in (("train", real[::2]), ("test", real[1::2]), ("frames", real[:40])):
        write_molecules(part, tmp_path / f"{name}.smi")
    new, page = str(tmp_path / "new.smi"), tmp_path / "page"
    drawn = main(["baseline", "smiles-markov", str(tmp_path / "train.smi"), "-n", "60",
                  "--order", "3", "-o", new])  # fmt: skip
    assert len(drawn) == 60 and 0 < drawn.valid.sum() < 60
    assert "are no valid molecules" in capsys.readouterr().err
    report = main([
        "evaluate", new, "--reference", str(tmp_path / "test.smi"), "--train",
        str(tmp_path / "train.smi"), "--scaffold-test", str(tmp_path / "frames.smi"), "-o",
        str(page), "--metric", "valid", "--metric", "logp-w1", "--metric", "near-copies",
        "--metric", "scaffolds",
    ])  # fmt: skip
    assert report["valid"].generated.value == drawn.valid.mean()
    html = (page / "report.html").read_text()
    # Overlays stand first, then drawings of samples, pairs and scaffolds.
    places = [html.index(text) for text in ("distribution of logP", "drawn at random")]
    assert places == sorted(places) and "Most frequent scaffolds" in html
    assert "most similar to training molecules" in html and html.count("<figure") > 30
    assert (page / "nearest.tsv").read_text().startswith("generated\tnearest\ttanimoto\n")
    capsys.readouterr()
    for name in ("brics", "uniform-selfies", "selfies-markov"):
        main(["baseline", name, str(tmp_path / "train.smi"), "-n", "5", "--quiet"])
        assert len(capsys.readouterr().out.splitlines()) == 5


def test_a_model_is_judged_beside_its_own_split(tmp_path):
    real = toys()
    write_molecules(real, tmp_path / "real.smi")
    run = str(tmp_path / "run")
    main(["train", str(tmp_path / "real.smi"), "-o", run, "--steps", "2", *CLI])
    report = main(["evaluate", run, "-n", "40", "--metric", "valid", "--metric", "copies"])
    assert report["valid"].generated.value == 1 and report["copies"].generated.n > 0
    assert "held-out" in report.sets


def test_properties_are_learned_by_name_and_asked_for(tmp_path, capsys):
    real = toys()
    write_molecules(real, tmp_path / "real.smi")
    run, out = str(tmp_path / "run"), str(tmp_path / "new.tsv")
    main(["train", str(tmp_path / "real.smi"), "-o", run, "--steps", "4", "--condition", "logP",
          "--condition", "heavy-atoms", *CLI])  # fmt: skip
    assert "labels to learn" in capsys.readouterr().err
    main(["sample", run, "-n", "20", "--label", "logP=1.5", "-o", out])
    new = read_molecules(out, MoleculeReadingConfig(duplicates="keep"))
    assert set(new.labels["logP"]) == {"1.5"}
    rows = {row["label"]: row for row in asked_rows(MoleculeSample(new))}
    assert rows["logP"]["asked"] == 1.5 and rows["heavy-atoms"]["molecules"] > 10
    gan = GAN.load(run)
    assert gan.score(real[:20]).shape == (20,)
    # Candidates are chosen by what RDKit computes of them, not by a prediction of it.
    rows = gan.modality.stored(real[:20])[:, : gan.tokenizer.positions].numpy()
    computed = gan.modality.computed()(rows)
    assert computed.keys() == {"logP", "heavy-atoms"}
    atoms = real[:20].column("heavy-atoms").astype(float)
    assert (computed["heavy-atoms"] == atoms).all()
    assert np.isnan(gan.modality.computed()(rows[:, ::-1])["logP"]).any()
    # Heavy atoms are classes here, as so few different numbers are.
    evidence = gan.calibrated_critic.evidence
    assert evidence.exact_1 and not evidence.exact_0
    with pytest.raises(ConfigError, match="--length 5:12: molecules have no length"):
        gan.sample(1, length="5:12")


def test_a_pattern_is_required_by_drawing_again(trained, monkeypatch):
    gan, _ = trained
    free = gan.sample(400, seed=1).smiles
    share = sum("N" in text for text in free) / len(free)
    assert 0 < share < 1
    new = gan.sample(50, seed=1, require_smarts="[#7]")
    assert all("N" in text or "n" in text for text in new.smiles)
    with pytest.raises(ConfigError, match="--require-smarts C1: is no SMARTS"):
        gan.sample(1, require_smarts="C1")
    monkeypatch.setattr("biogan.models.sampling._TRIES", 2)
    with pytest.raises(DataError, match=r"512 of 512 .* did not hold --require-smarts \[U\] after"):
        gan.sample(1, require_smarts="[U]")


@pytest.mark.slow
def test_the_demonstration(tmp_path):
    out = tmp_path / "demo"
    report = main(["demo", "--kind", "molecules", "-o", str(out), "--max-time", "2s"])
    assert report["valid"].generated.value > 0.99
    assert (out / "evaluation" / "report.html").is_file()
    assert len((out / "new.smi").read_text().splitlines()) == 400
