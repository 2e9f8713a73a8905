"""Controls: as many calls, the same constraints, tables of their own, columns on the page."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner

from biogan import DNA, GC, SequenceGAN, SequenceSet, design
from biogan.cli.design import command
from biogan.core.oracles import OracleError
from biogan.core.rng import rng
from biogan.sequences.io.write import write_fasta

SMALL = {"width": 4, "depth": 1, "units": 8, "latent": 4, "batch_size": 8, "steps": 2,
         "judge_steps": 0, "seed": 1}  # fmt: skip


def reads(n=150, length=20, seed=0):
    codes = rng(seed, "reads").integers(0, 4, (n, length)).astype(np.uint8)
    return SequenceSet.from_matrix(SequenceSet.from_strings(["ACGT"]).alphabet, codes)


def count_g(texts):
    return [text.count("G") for text in texts]


def table(folder, name):
    lines = (folder / "controls" / f"{name}.tsv").read_text().splitlines()[1:]
    return [line.split("\t")[4] for line in lines if "\tagain\t" not in line]


@pytest.mark.parametrize("trained", [False, True])
def test_each_asks_as_often_and_keeps_the_constraints(tmp_path, trained):
    source = SequenceGAN(**SMALL).fit(reads()) if trained else reads()
    keep = GC(0.3, 0.6)
    found = design(source, count_g, 6, calls=120, controls=True, constraints=[keep],
                   real=reads(seed=1), check=count_g, out=tmp_path)  # fmt: skip
    parts = found.summary["controls"]
    # A search from sequences has a chain as its prior: that control would be itself.
    assert [*parts] == ["samples", "no_prior", *["chain_prior"] * trained, "random"]
    for name, one in parts.items():
        asked = table(tmp_path, name)
        assert one["calls"] == 120 == len(asked) == len({*asked})
        assert not any(keep.violations(text, DNA) for text in asked)
        assert one["oracle"] == one["check"] and one["n"] == 6
        assert one["oracle"]["best"] == max(count_g(asked))
    # Those that search find more than those that draw.
    assert parts["no_prior"]["oracle"]["mean"] > parts["random"]["oracle"]["mean"]
    page = re.sub(r"<svg.*?</svg>", "", (tmp_path / "design.html").read_text(), flags=re.S)
    heads = re.findall(r"<th>(.*?)</th>", page)
    assert heads[1:4] == ["designs", "best tenth of real records", "all real records"]
    assert heads[4 : 4 + len(parts)] == [one["what"] for one in parts.values()]
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", page)]
    cells = {row[0]: row[1:] for row in rows if row}
    assert cells["sequences"] == ["6", "12", "120"] + ["6"] * len(parts)
    assert cells["copies of real records"][:3] == ["0 %", "", ""]
    assert "Columns behind the real records are controls" in page


def test_they_are_resumed_and_may_be_added_later(tmp_path):
    options = {"calls": 60, "seed": 2}
    design(reads(), count_g, 4, out=tmp_path / "run", **options)
    assert not (tmp_path / "run" / "controls").exists()
    left = [45]

    def stops(texts):
        left[0] -= len(texts)
        if left[0] < 0:
            raise RuntimeError("the licence server is down")
        return count_g(texts)

    again = {**options, "out": tmp_path / "run", "resume": True, "controls": True}
    with pytest.raises(OracleError, match="the licence server"):
        design(reads(), stops, 4, **again)
    path = tmp_path / "run" / "controls" / "samples.tsv"
    path.write_text(path.read_text()[:-7])
    design(reads(), count_g, 4, **again)
    whole = design(reads(), count_g, 4, controls=True, out=tmp_path / "whole", **options)
    assert len(whole.summary["controls"]) == 3
    for name in ("samples", "no_prior", "random"):
        one, other = ((tmp_path / run / "controls" / f"{name}.tsv") for run in ("run", "whole"))
        assert one.read_text() == other.read_text()
    facts = [json.loads((tmp_path / x / "design.json").read_text()) for x in ("run", "whole")]
    assert facts[0]["controls"] == facts[1]["controls"]
    # A run that begins anew forgets them.
    design(reads(), count_g, 4, overwrite=True, out=tmp_path / "run", **options)
    assert not (tmp_path / "run" / "controls").exists()


def test_a_search_from_given_sequences_has_random_edits_beside_it(tmp_path):
    found = design(reads(), count_g, 4, calls=60, start=reads(2, seed=5), max_edits=3,
                   controls=True, out=tmp_path)  # fmt: skip
    assert [*found.summary["controls"]] == ["samples"]
    starts = reads(2, seed=5).strings()
    for text in table(tmp_path, "samples"):
        assert min(sum(a != b for a, b in zip(text, s, strict=True)) for s in starts) <= 3


def test_controls_of_several_values_and_varying_lengths(tmp_path):
    draws = rng(0, "texts")
    texts = ["".join(draws.choice([*"ACGT"], draws.integers(12, 20))) for _ in range(120)]
    script = tmp_path / "score.py"
    script.write_text("def both(texts):\n    return {k: [t.count(k) for t in texts] for k in 'AG'}")
    write_fasta(SequenceSet.from_strings(texts), tmp_path / "reads.fasta")
    done = CliRunner().invoke(
        command,
        [f"{tmp_path}/reads.fasta", "--oracle", f"{script}:both", "--maximise", "A", "--maximise",
         "G", "--calls", "60", "--controls", "-n", "5", "-o", f"{tmp_path}/out"],
        catch_exceptions=False,
    )  # fmt: skip
    assert "control: best of draws of markov-3, as many calls" in done.stderr
    assert "control, random feasible: A best" in done.stderr


def test_rounds_of_measurements_have_no_controls(tmp_path):
    write_fasta(reads(), tmp_path / "reads.fasta")
    for flag in (["--controls"], ["--front", "5"]):
        done = CliRunner().invoke(
            command, [f"{tmp_path}/reads.fasta", *flag, "-o", f"{tmp_path}/c"]
        )
        assert done.exit_code == 2 and "--controls, --front: go with --oracle" in done.output
