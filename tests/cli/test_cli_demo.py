"""``biogan demo`` from beginning to end with a budget of seconds."""

import re

import pytest

from biogan.cli import main
from biogan.cli.demo import motif_table
from biogan.core.errors import ConfigError, OutputError
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.demo import MINUS_10, MINUS_35, load_demo

FILES = ["held_out.fasta", "new.fasta", "run", "train.fasta"]


def test_demo_writes_a_model_samples_and_a_judgement(tmp_path, capsys):
    out = tmp_path / "demo"
    report = main(["demo", "-o", str(out), "--max-time", "2s", "--seed", "3"])
    assert sorted(p.name for p in out.iterdir()) == FILES
    assert (out / "new.fasta").read_text().count(">") == 2000
    assert (out / "held_out.fasta").read_text().count(">") == 1000
    assert report.n == 1000
    printed = capsys.readouterr()
    assert printed.out.startswith(report.to_text())
    assert "held-out (the truth)" in printed.out
    told = printed.err.splitlines()
    assert told[-4] == "next:" and told[-3].startswith(f"  biogan sample {out / 'run'}")
    assert told[-1] == "  biogan train YOUR.fasta -o run"

    with pytest.raises(OutputError, match="exists: choose another folder"):
        main(["demo", "-o", str(out)])


def test_demo_checks_its_options_before_it_writes(tmp_path):
    with pytest.raises(ConfigError, match="soon"):
        main(["demo", "-o", str(tmp_path / "demo"), "--max-time", "soon"])
    assert not (tmp_path / "demo").exists()


def test_motif_table():
    perfect = "A" * 14 + MINUS_35 + "A" * 17 + MINUS_10 + "A" * 17
    new = SequenceSet.from_strings([perfect] * 3 + ["A" * 60])
    lines = motif_table(new, load_demo()[1], seed=1).splitlines()
    cells = [re.findall(r"[0-9.]+ %", line) for line in lines]
    assert cells[1] == ["75.0 %"] * 3
    assert cells[2] == ["32.9 %", "40.8 %", "14.2 %"]
    # Nine pairs of places, each by chance in (19 / 4096) ** 2 of uniform letters.
    assert float(cells[3][2].rstrip(" %")) == pytest.approx(0.03, abs=0.2)
