import json

import click
import numpy as np
import pandas as pd
import pytest

from biogan import write_fasta
from biogan.cli import main, run
from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.evaluate import evaluate

QUICK = ["--metric", "kmer-jsd", "--metric", "copies", "--metric", "pair-pearson"]


def write(path, seed, n):
    codes = np.random.default_rng(seed).integers(0, 4, (n, 20)).astype(np.uint8)
    sequences = SequenceSet.from_matrix(DNA, codes)
    write_fasta(sequences, path)
    return sequences


@pytest.fixture
def files(tmp_path):
    sizes = {"real": 70, "train": 90, "a": 60, "_b$x": 50}
    made = {name: tmp_path / f"{name}.fasta" for name in sizes}
    sets = {name: write(made[name], i, n) for i, (name, n) in enumerate(sizes.items())}
    return made, sets


def command(made, *more):
    paths = [str(made[name]) for name in ("real", "a", "_b$x")]
    return ["compare", *paths, "--train", str(made["train"]), *QUICK, *more]


def test_each_set_is_judged_as_if_alone_at_the_smallest_n(files, capsys):
    made, sets = files
    reports = main(command(made))
    assert list(reports) == ["a.fasta", "_b$x.fasta"]
    assert {r.n for r in reports.values()} == {50}
    alone = evaluate(sets["real"], sets["_b$x"], sets["train"],
                     metrics=["kmer-jsd", "copies", "pair-pearson"])  # fmt: skip
    assert reports["_b$x.fasta"].to_dict()["metrics"] == alone.to_dict()["metrics"]
    first, second = reports.values()
    assert [row.ceiling for row in first.rows] == [row.ceiling for row in second.rows]
    table = capsys.readouterr().out.splitlines()
    assert table[0].split()[:5] == ["metric", "a.fasta", "_b$x.fasta", "held-out", "markov-2"]
    assert table[2].startswith("k-mer JSD ")


def test_folder_holds_page_table_and_json(files, tmp_path, capsys):
    made, _ = files
    out = tmp_path / "out"
    reports = main(command(made, "-o", str(out), "--quiet"))
    names = ["compare.html", "compare.json", "compare.tsv"]
    assert sorted(p.name for p in out.iterdir()) == names
    table = pd.read_csv(out / "compare.tsv", sep="\t")
    assert table.groupby("set", sort=False).size().to_dict() == {"a.fasta": 3, "_b$x.fasta": 3}
    data = json.loads((out / "compare.json").read_text())
    assert list(data["reports"]) == list(reports)
    page = (out / "compare.html").read_text()
    assert page.count('class="verdict"') == 2
    assert "sequence logo of _b$x.fasta" in page
    assert "<script" not in page
    assert run(command(made, "-o", str(out))) == 1
    assert "is not empty" in capsys.readouterr().err


def test_json_on_standard_output(files, capsys):
    made, _ = files
    main(command(made, "--json", "--quiet", "-n", "30"))
    data = json.loads(capsys.readouterr().out)
    assert {r["n"] for r in data["reports"].values()} == {30}


def test_names_that_are_not_clear_are_paths(files, tmp_path, monkeypatch, capsys):
    made, sets = files
    monkeypatch.chdir(tmp_path)
    (tmp_path / "held-out").write_bytes(made["a"].read_bytes())
    reports = main(["compare", "real.fasta", "held-out", "a.fasta", *QUICK, "--quiet"])
    assert list(reports) == ["./held-out", "a.fasta"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.fasta").write_bytes(made["a"].read_bytes())
    reports = main(["compare", "real.fasta", "a.fasta", "other/a.fasta", *QUICK, "--quiet"])
    assert list(reports) == ["a.fasta", "other/a.fasta"]
    for again in ("a.fasta", "./a.fasta"):
        assert run(["compare", "real.fasta", "a.fasta", again]) == 2
        assert "the same file is given twice" in capsys.readouterr().err


def test_what_is_known_beyond_the_sequences_is_passed_on(files, tmp_path, capsys):
    made, sets = files
    motifs = tmp_path / "m.meme"
    # Words that some records have: motifs without a site are not read.
    words = [sets[name][i][:8] for name in sets for i in range(0, 50, 5)]
    rows = [" ".join(str(int(x == y)) for y in "ACGT") + "\n" for word in words for x in word]
    parts = ["".join(rows[i : i + 8]) for i in range(0, len(rows), 8)]
    head = "letter-probability matrix:\n"
    motifs.write_text(
        "MEME version 4\n\n" + "".join(f"MOTIF m{i}\n{head}{x}\n" for i, x in enumerate(parts))
    )
    chosen = ["motif-rate", "cds"]
    quick = [part for name in chosen for part in ("--metric", name)]
    paths = [str(made[name]) for name in ("real", "a", "_b$x")]
    extras = ["--motifs", str(motifs), "--coding", "--genetic-code", "11"]
    reports = main(["compare", *paths, *quick, *extras, "--quiet"])
    alone = evaluate(sets["real"], sets["_b$x"], metrics=chosen, motifs=motifs, coding=True,
                     code=11)  # fmt: skip
    assert reports["_b$x.fasta"].to_dict()["metrics"] == alone.to_dict()["metrics"]
    assert all(r["cds"].generated.value is not None for r in reports.values())
    assert all(r["motif-rate"].generated.value is not None for r in reports.values())
    assert run(["compare", *paths, "--genetic-code", "7", "--quiet"]) == 2
    assert "genetic code 7: NCBI has 1, 2," in capsys.readouterr().err


def test_a_profile_is_read_by_its_name(files, tmp_path, capsys):
    made, _ = files
    assert run(command(made, "--hmm", str(tmp_path / "absent.hmm"), "--quiet")) == 1
    assert "absent.hmm: cannot be read: No such file" in capsys.readouterr().err


def test_scoring_flags_are_the_same_in_every_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("x.fa", "x.npz"):
        (tmp_path / name).touch()
    from biogan.cli.compare import command as compared
    from biogan.cli.evaluate import command as evaluated

    def texts(command, *args):
        if args:
            command.make_context("x", [*args])
        options = [o for o in command.params if isinstance(o, click.Option)]
        return {o.name: (o.opts, o.help) for o in options if o.name not in ("quiet", "debug")}

    here, there = texts(evaluated, "x.fa", "--kind", "sequences"), texts(compared)
    assert set(here) - set(there) == {"reference", "fail_on", "kind", "config_file"}
    assert [name for name in there if here[name] != there[name]] == ["out"]
    beyond = {"identity", "motifs", "hmm", "coding", "genetic_code"}
    assert beyond < set(there)
    images = texts(evaluated, "x.npz", "--kind", "images")
    assert {"n", "metrics", "seed", "train", "held_out", "overwrite", "as_json"} <= set(images)
    assert not beyond & set(images)
