"""Rounds of measurements: the next sequences follow from what was measured, and nothing else."""

import numpy as np
import pytest
from click.testing import CliRunner

from biogan import SequenceSet, read_fasta
from biogan.cli.design import command
from biogan.core.errors import BioganError, ConfigError, DataError
from biogan.core.rng import rng
from biogan.sequences.io.write import write_fasta


@pytest.fixture
def data(tmp_path):
    codes = rng(0, "reads").integers(0, 4, (200, 20)).astype(np.uint8)
    reads = SequenceSet.from_matrix(SequenceSet.from_strings(["ACGT"]).alphabet, codes)
    write_fasta(reads, tmp_path / "reads.fasta")
    return tmp_path / "reads.fasta"


def run(data, out, *more):
    words = [str(data), "-o", str(out), "--batch", "60", "--avoid", "AAA", *map(str, more)]
    return CliRunner().invoke(command, words, catch_exceptions=False)


def measure(fasta, tsv, name="activity", every=1):
    """Write the count of G of each record, some twice, with an error that averages out."""
    lines = [f"id\t{name}"]
    made = read_fasta(fasta)
    for i, (key, text) in enumerate(zip(made.ids, made.strings(), strict=True)):
        if i % every == 0:
            lines += [f"{key}\t{text.count('G') + d}" for d in ((-0.5, 0.5) if i % 2 else (0,))]
    tsv.write_text("\n".join(lines) + "\n")
    return tsv


def test_rounds_get_better_and_are_the_same_again(data, tmp_path):
    means = []
    for out in (tmp_path / "one", tmp_path / "two"):
        said = run(data, out).stderr
        assert "round 1: 60 sequences to be measured in" in said
        for turn in (1, 2, 3):
            fasta = out / f"round_{turn}.fasta"
            texts = read_fasta(fasta).strings()
            assert len(texts) == 60 and not any("AAA" in text for text in texts)
            means.append(np.mean([text.count("G") for text in texts]))
            tsv = measure(fasta, tmp_path / f"round_{turn}.tsv")
            run(data, out, "--resume", "--measured", tsv)
    assert means[:3] == means[3:] and means[0] < means[1] < means[2]
    for turn in (1, 2, 3, 4):
        one, two = (tmp_path / name / f"round_{turn}.fasta" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
    seen = [*read_fasta(tmp_path / "one" / "round_1.fasta"), *read_fasta(one)]
    assert len({*seen}) == 120
    # Two measurements of one sequence are one line, their mean.
    lines = (tmp_path / "one" / "calls.tsv").read_text().splitlines()
    assert len(lines) == 181 and lines[0].endswith("\tactivity")
    assert all(float(line.split("\t")[-1]) == line.split("\t")[4].count("G") for line in lines[1:])


def test_what_was_not_measured_counts_as_never_made(data, tmp_path):
    run(data, tmp_path / "c")
    tsv = measure(tmp_path / "c" / "round_1.fasta", tmp_path / "m.tsv", every=3)
    tsv.write_text(tsv.read_text() + "r1_2\t\n")
    run(data, tmp_path / "c", "--resume", "--measured", tsv)
    assert len((tmp_path / "c" / "calls.tsv").read_text().splitlines()) == 21
    assert len(read_fasta(tmp_path / "c" / "round_2.fasta")) == 60


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name\tx\nr1_1\t2\n", "m.tsv, line 1: a header is needed"),
        ("id\tx\nr1_1\t2\nr9_1\t2\n", "m.tsv, line 3: r9_1 is none of the 60 sequences of round 1"),
        ("id\tx\nr1_1\thigh\n", r"m.tsv, line 2: r1_1\\thigh is not id and 1 number"),
        ("id\tx\nr1_1\tnan\n", "is not id and 1 number"),
        ("id\tx\n", "m.tsv: nothing was measured"),
        ("id\tx\tx\nr1_1\t2\t3\n", "m.tsv, line 1: a property without a name, or two of one"),
        ("id\t\nr1_1\t2\n", "m.tsv, line 1: a"),
        ("id\tx\ty\nr1_1\t1\t2\n", "the oracle gives x, y: say which"),
    ],
)
def test_tables_that_are_wrong(data, tmp_path, text, message):
    run(data, tmp_path / "c")
    (tmp_path / "m.tsv").write_text(text)
    with pytest.raises(BioganError, match=message):
        run(data, tmp_path / "c", "--resume", "--measured", tmp_path / "m.tsv")


def test_what_does_not_go_together(data, tmp_path):
    run(data, tmp_path / "c")
    tsv = measure(tmp_path / "c" / "round_1.fasta", tmp_path / "m.tsv")
    with pytest.raises(ConfigError, match="give what was measured with --measured"):
        run(data, tmp_path / "c", "--resume")
    with pytest.raises(ConfigError, match="goes with --resume"):
        run(data, tmp_path / "d", "--measured", tsv)
    assert "goes without --oracle" in run(
        data, tmp_path / "d", "--oracle", "gc", "--measured", tsv
    ).stderr  # fmt: skip
    run(data, tmp_path / "c", "--resume", "--measured", tsv)
    with pytest.raises(DataError, match="was this file given before"):
        run(data, tmp_path / "c", "--resume", "--measured", tsv)
    with pytest.raises(ConfigError, match="was begun with seed 0, not 4"):
        run(data, tmp_path / "c", "--resume", "--measured", tsv, "--seed", "4")
