"""``biogan check``: a table of violations, and the exit code."""

import re

import pytest
from helpers import ROOT

from biogan.cli import main, run
from biogan.sequences.config import ConstraintConfig


@pytest.fixture
def fasta(tmp_path):
    path = tmp_path / "new.fasta"
    path.write_text(">a template=two\nACGTGGTCTCAAAAAAGT\n>b\nACGTNGTCTCAATAAAGT\n")
    return str(path)


def test_each_violation_is_a_row(fasta, capsys):
    flags = ["--avoid", "bsai", "--avoid", "EcoRI,+AATAAA", "--max-run", "5", "--gc", "30:50"]
    assert run(["check", fasta, *flags]) == 1
    out, err = capsys.readouterr()
    assert out == (
        "id\tconstraint\tstart\tstop\tfound\n"
        "a\t--avoid bsai\t5\t10\tGGTCTC\n"
        "a\t--max-run 5\t11\t16\tAAAAAA\n"
        "b\t--avoid +AATAAA\t11\t16\tAATAAA\n"
    )
    assert "2 of 2 records (100.0 %) violate a constraint (--avoid bsai: 1" in err
    assert "ambiguous letters are checked as what they are" in err


def test_no_violation_is_exit_code_0_and_a_line(fasta, tmp_path, capsys):
    out = tmp_path / "found.tsv"
    assert run(["check", fasta, "--avoid", "EcoRI", "-o", str(out)]) == 0
    assert out.read_text() == "id\tconstraint\tstart\tstop\tfound\n"
    assert "2 records: no violation of 1 constraint" in capsys.readouterr().err
    assert run(["check", fasta, "--avoid", "EcoRI", "-o", str(out)]) == 1
    assert "--overwrite" in capsys.readouterr().err


def test_junctions_and_templates_by_the_id_in_the_header(fasta, tmp_path):
    parts = tmp_path / "parts.fasta"
    parts.write_text(">one\nTTTTTTTTTTTTTTTTTT\n>two\nACGT-GTCTCAANNAAGT\n")
    main(["check", fasta, "--template-from", str(parts), "--avoid", "EcoRI", "--quiet"])
    assert run(["check", fasta, "--avoid", "GTCC", "--flanks", "A,CC"]) == 1


@pytest.mark.parametrize("flags, said", [
    ([], "nothing to check: give a constraint"),
    (["--avoid", "BsaQ"], "unknown enzyme 'BsaQ': did you mean BsaI"),
    (["--template-from", "nowhere.fasta"], "nowhere.fasta: cannot be read"),
    (["--alphabet", "protein", "--orf"], "--orf: protein letters are not read in codons"),
])  # fmt: skip
def test_wrong_usage_is_one_line(fasta, flags, said, capsys):
    assert run(["check", fasta, *flags, "--quiet"]) in (1, 2)
    out, err = capsys.readouterr()
    assert said in err and err.count("\n") == 1 and not out


def test_gaps_keep_their_places(tmp_path, capsys):
    path = tmp_path / "aligned.fasta"
    path.write_text(">a\nAC-GTG-A\n>b\nACCGAGTA\n")
    assert run(["check", str(path), "--avoid", "+CGT", "--fix", "3=-", "--quiet"]) == 1
    rows = capsys.readouterr().out.splitlines()[1:]
    assert rows == ["a\t--avoid +CGT\t2\t5\tCGT", "b\t--fix 3=-\t3\t3\tC, not -"]


def test_the_page_names_every_option_and_its_python_runs(capsys):
    page = (ROOT / "docs" / "constraints.md").read_text("utf-8")
    named = set(re.findall(r"^\| `--([a-z-]+)", page, re.M))
    assert {name.replace("-", "_") for name in named} == set(ConstraintConfig().to_dict())
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    exec(compile(code, "constraints.md", "exec"), {})
    assert capsys.readouterr().out.splitlines() == [
        "5 10 GGTCTC",
        "1 18 38.9 % GC",
        "11 16 AAAAAA",
    ]
