"""The README's commands and its Python run as they stand, on few records and for two seconds."""

import re
import shlex

import numpy as np
import pytest
from helpers import ROOT

from biogan import FragmentSet, ImageSet, read_images, write_fasta, write_images, write_structures
from biogan.cli import main, run
from biogan.sequences.demo import load_demo

TEXT = (ROOT / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ (.*)$", TEXT, re.M)
LINKS = re.findall(r"\]\(([^)#]+)\)", TEXT)


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.M | re.S)


def quickly(text):
    """The same call with a budget of two seconds in the place of minutes."""
    return text.replace("10m", "2s")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    write_fasta(load_demo()[0][:400], tmp_path / "promoters.fasta")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_commands_are_of_a_known_kind():
    assert {c.split()[0] for c in COMMANDS} == {"make", "biogan"}


def test_make_targets_exist():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    wanted = [c.split()[1] for c in COMMANDS if c.startswith("make ")]
    assert wanted == ["demo", "test"]
    assert set(wanted) <= set(targets)


def test_commands_run_one_after_another(folder, capsys):
    lines = [c for c in COMMANDS if c.startswith("biogan ")][:3]
    assert [line.split()[1] for line in lines] == ["train", "sample", "evaluate"]
    for line in lines:
        main(shlex.split(quickly(line))[1:])
    assert (folder / "new.fasta").read_text().count(">") == 2000
    assert "held-out" in capsys.readouterr().out


def test_the_check_of_constraints_runs(folder, capsys):
    (line,) = (c for c in COMMANDS if c.startswith("biogan check "))
    (folder / "promoters.fasta").rename("new.fasta")
    assert run(shlex.split(line)[1:]) == 1
    assert "--max-run 5" in capsys.readouterr().out


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Noise in the place of digits and nuclei, helices in the place of proteins."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIOGAN_CACHE", str(tmp_path / "cache"))
    noise = np.random.default_rng(0).integers(0, 256, (160, 16, 16), np.uint8)
    large = np.random.default_rng(1).integers(0, 256, (60, 40, 40), np.uint8)
    write_images(ImageSet.from_pixels(noise[:100]), "mnist.npz")
    write_images(ImageSet.from_pixels(noise[100:]), "mnist-test.npz")
    write_images(ImageSet.from_pixels(large), "nuclei")
    turn = np.deg2rad(100) * np.arange(80)
    helix = np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * np.arange(80)], 1)
    shaken = helix + np.random.default_rng(2).normal(0, 0.05, (4, 80, 3))
    ids = tuple("abcd")
    write_structures(FragmentSet(shaken.astype(np.float32), ids, np.arange(4)), "pdb")
    return tmp_path


def test_image_commands_run_one_after_another(pictures, capsys):
    lines = [c for c in COMMANDS if c.startswith("biogan ")]
    lines = lines[next(i for i, line in enumerate(lines) if "mnist" in line) :]
    assert [line.split()[1] for line in lines] == ["train", "sample", "evaluate", "train", "train"]
    for line in lines:
        words = shlex.split(re.sub(r"\b(mnist(-test)?)\b(?!-)", r"\1.npz", line))
        words = [{"10000": "60", "10m": "2s"}.get(word, word) for word in words]
        if words[1] == "train" and "--max-time" not in words:
            words += ["--max-time", "2s"]
        main(words[1:])
    assert len(read_images("samples.npz")) == 60
    assert (pictures / "digits-evaluation" / "report.html").is_file()
    assert (pictures / "folds" / "config.json").is_file()
    assert "held-out" in capsys.readouterr().out


def test_python_runs(folder, capsys):
    for block in blocks("python"):
        exec(compile(quickly(block), "README.md", "exec"), {})
    assert (folder / "new.fasta").read_text().count(">") == 2000
    assert (folder / "model" / "config.json").is_file()
    assert "held-out" in capsys.readouterr().out


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_links_lead_somewhere(link):
    assert (ROOT / link).is_file()
