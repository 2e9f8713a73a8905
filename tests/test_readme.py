"""The README's commands and its Python run as they stand, on few records and for two seconds."""

import re
import shlex

import pytest
from helpers import ROOT

from biogan.cli import main
from biogan.datasets.demo import load_demo

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
    load_demo()[0][:400].to_fasta(tmp_path / "promoters.fasta")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_commands_are_of_a_known_kind():
    assert {c.split()[0] for c in COMMANDS} == {"make", "biogan"}


def test_make_targets_exist():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    wanted = [c.split()[1] for c in COMMANDS if c.startswith("make ")]
    assert wanted == ["demo", "test"]
    assert set(wanted) <= set(targets)


def test_commands_run_one_after_another(folder, capsys):
    lines = [c for c in COMMANDS if c.startswith("biogan ")]
    assert [line.split()[1] for line in lines] == ["train", "sample", "evaluate"]
    for line in lines:
        main(shlex.split(quickly(line))[1:])
    assert (folder / "new.fasta").read_text().count(">") == 2000
    assert "held-out" in capsys.readouterr().out


def test_python_runs(folder, capsys):
    for block in blocks("python"):
        exec(compile(quickly(block), "README.md", "exec"), {})
    assert (folder / "new.fasta").read_text().count(">") == 2000
    assert (folder / "run" / "config.json").is_file()
    assert "held-out" in capsys.readouterr().out


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_links_lead_somewhere(link):
    assert (ROOT / link).is_file()
