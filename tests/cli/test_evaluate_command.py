import json
import shlex

import numpy as np
import pytest

from biogan import write_fasta
from biogan.cli import ReaderGone, main, run
from biogan.sequences.alphabet import DNA, RNA
from biogan.sequences.dataset import SequenceSet

FILES = [
    "biogan_general_mqc.json",
    "biogan_mqc.json",
    "metrics.json",
    "metrics.tsv",
    "nearest.tsv",
    "report.html",
    "verdict.txt",
]
QUICK = ["--metric", "kmer-jsd", "--metric", "near-copies", "--metric", "near-excess"]


@pytest.fixture
def files(tmp_path):
    """Write three sets of 60 records of 20 letters: real, new and held."""
    paths = {}
    for seed, name in enumerate(("real", "new", "held")):
        codes = np.random.default_rng(seed).integers(0, 4, (60, 20)).astype(np.uint8)
        paths[name] = str(tmp_path / f"{name}.fasta")
        write_fasta(SequenceSet.from_matrix(DNA, codes), paths[name])
    return paths


def test_table_and_verdict_on_standard_output(files, capsys):
    report = main(["evaluate", files["new"], "--reference", files["real"], *QUICK])
    out, err = capsys.readouterr()
    assert out == report.to_text() + "\n"
    assert report.n == 30
    assert "\nVerdict\n* Memorisation: not assessable" in out
    assert f"generated: {files['new']}: 60 records read" in err


def test_json_on_standard_output_is_all_there_is(files, capsys):
    report = main(
        ["evaluate", files["new"], "--reference", files["held"], "--train", files["real"], "--json",
         "--quiet", "--seed", "3", "-n", "40", *QUICK]
    )  # fmt: skip
    out, err = capsys.readouterr()
    assert json.loads(out) == report.to_dict()
    assert (report.n, report.seed) == (40, 3)
    assert err == ""


def test_folder_holds_the_report(files, tmp_path):
    out = tmp_path / "report"
    command = ["evaluate", files["new"], "--reference", files["real"], "-o", str(out), *QUICK]
    report = main([*command, "--held-out", files["held"]])
    assert sorted(p.name for p in out.iterdir()) == FILES
    assert json.loads((out / "metrics.json").read_text()) == report.to_dict()
    assert (out / "metrics.tsv").read_text() == report.to_tsv()
    assert (out / "verdict.txt").read_text() == report.to_text() + "\n"
    page = (out / "report.html").read_text()
    assert shlex.join(["biogan", *command, "--held-out", files["held"]]) in page
    main([*command, "--overwrite"])


def test_the_report_is_written_though_nobody_reads_standard_output(files, tmp_path, monkeypatch):
    def gone(text):
        raise BrokenPipeError

    monkeypatch.setattr("biogan.cli.evaluate.click.echo", gone)
    out = tmp_path / "report"
    with pytest.raises(ReaderGone):
        main(["evaluate", files["new"], "--reference", files["real"], "-o", str(out), *QUICK])
    assert sorted(p.name for p in out.iterdir()) == FILES


def test_a_folder_that_cannot_be_made_is_said_before_scoring(files, capsys, monkeypatch):
    monkeypatch.setattr(
        "biogan.sequences.evaluate.evaluate", lambda *_, **__: pytest.fail("was scored")
    )
    out = files["held"] + "/report"
    command = ["evaluate", files["new"], "--reference", files["real"], "-o", out, "--quiet"]
    assert run(command) == 1
    assert capsys.readouterr().err == f"biogan: {out}: cannot be written: Not a directory\n"


def test_a_full_folder_is_not_overwritten(files, tmp_path, capsys):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("mine")
    command = ["evaluate", files["new"], "--reference", files["real"], "-o", str(tmp_path / "work")]
    assert run(command) == 1
    err = capsys.readouterr().err
    assert err.endswith("work: is not empty; use --overwrite, or another folder\n")
    assert err.count("\n") == 1
    assert run([*command[:-1], files["real"]]) == 1
    assert "is a file, -o needs a folder" in capsys.readouterr().err


@pytest.fixture
def protein(tmp_path):
    path = tmp_path / "protein.fasta"
    letters = "MKVLAWPQEF"
    path.write_text("".join(f">p{i}\n{letters[i:] + letters[:i]}\n" for i in range(10)))
    return str(path)


def test_letters_that_do_not_fit_name_the_file(files, protein, capsys):
    assert run(["evaluate", protein, "--reference", files["real"]]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"{protein}: no record is left of 10 for alphabet dna (that of the reference)" in last
    assert "dropped (the file looks like protein, and the reference is dna); first: p0" in last
    # Who names the alphabet is told of the flag.
    assert run(["evaluate", protein, "--reference", files["real"], "--alphabet", "dna"]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert "alphabet dna (asked for by --alphabet)" in last
    assert "dropped (--alphabet protein may fit better); first: p0" in last


def test_the_alphabet_of_further_sets_is_that_of_the_reference(files, protein, capsys):
    command = ["evaluate", files["new"], "--reference", files["real"], *QUICK]
    main(command)
    assert "generated: alphabet dna: that of the reference\n" in capsys.readouterr().err
    main([*command, "--alphabet", "dna"])
    assert "generated: alphabet dna: asked for by --alphabet\n" in capsys.readouterr().err
    main(["evaluate", files["new"], "--reference", protein, "--metric", "letter-jsd"])
    said = "generated: alphabet protein: that of the reference; 60 of 60 records look like DNA\n"
    assert said in capsys.readouterr().err


def test_what_is_given_beyond_the_sequences_is_checked_before_they_are_read(tmp_path, capsys):
    (tmp_path / "d.fa").write_text(">d\nACGT\n")
    (tmp_path / "x.fa").write_text("no sequences")
    x = str(tmp_path / "x.fa")
    for option, value, code, said in (
        ("--metric", "nothing", 2, "unknown metric 'nothing'"),
        ("--genetic-code", "7", 2, "genetic code 7: NCBI has"),
        ("--hmm", "nofile", 1, "biogan: nofile: cannot be read: No such file or directory\n"),
        ("--motifs", "nofile", 1, "biogan: nofile: cannot be read: No such file or directory\n"),
        ("--motifs", str(tmp_path / "d.fa"), 1, "d.fa, line 2: a row of numbers is expected"),
    ):
        for command in (["evaluate", x, "--reference", x], ["compare", x, x]):
            assert run([*command, option, value]) == code
            err = capsys.readouterr().err
            assert said in err
            assert err.count("\n") == 1


def test_standard_input_cannot_be_two_sets(files, capsys):
    x = files["real"]
    for command in (["evaluate", "-", "--reference", "-"], ["compare", x, "-", "--train", "-"]):
        assert run(command) == 2
        assert "standard input cannot be two inputs" in capsys.readouterr().err


def test_validity_counts_what_reading_dropped(files, tmp_path):
    dirty = tmp_path / "dirty.fasta"
    with open(files["new"]) as clean:
        dirty.write_text(clean.read() + ">x\nACGTXXACGT\n" * 20)
    report = main(["evaluate", str(dirty), "--reference", files["real"], "--metric", "valid"])
    assert report["valid"].generated.value == 0.75
    assert report["valid"].generated.n == 80


def test_reference_is_needed(files, capsys):
    assert run(["evaluate", files["new"]]) == 2
    assert "--reference" in capsys.readouterr().err


def test_fail_on_writes_everything_and_then_fails(files, tmp_path, capsys):
    out = tmp_path / "report"
    copies = ["evaluate", files["real"], "--reference", files["held"], "--train", files["real"]]
    command = [*copies, "--metric", "near-copies", "--metric", "copies", "--metric", "unique"]
    assert run([*command, "-o", str(out), "--fail-on", "memorisation,diversity"]) == 1
    captured = capsys.readouterr()
    assert captured.err.splitlines()[-1] == (
        "biogan: --fail-on: near copies (more than held-out); exact copies (more than held-out)"
    )
    assert "\nVerdict\n" in captured.out
    assert sorted(p.name for p in out.iterdir()) == FILES
    assert run([*command, "--fail-on", "novelty"]) == 1


def test_fail_on_is_not_green_where_nothing_could_be_assessed(files, tmp_path, capsys):
    command = ["evaluate", files["new"], "--reference", files["real"], *QUICK]
    assert run([*command, "--fail-on", "memorisation"]) == 3
    assert capsys.readouterr().err.splitlines()[-1] == (
        "biogan: --fail-on: novelty could not be assessed at n = 30, so nothing is known"
    )
    # 40 records look like any others; the same with enough of them, and with one metric of two.
    few = ["evaluate", files["new"], "--reference", files["held"], "--train", files["real"],
           "--metric", "unique", "--metric", "copies"]  # fmt: skip
    assert run([*few, "--fail-on", "diversity,memorisation"]) == 3
    said = "biogan: --fail-on: diversity (about 350 records are needed), novelty (about 97 records"
    assert capsys.readouterr().err.splitlines()[-1].startswith(said)
    for seed, name in enumerate(files):
        codes = np.random.default_rng(seed).integers(0, 4, (200, 20)).astype(np.uint8)
        write_fasta(SequenceSet.from_matrix(DNA, codes), files[name])
    assert run([*few, "--fail-on", "diversity,memorisation"]) == 0
    partly = [*few, "--train", files["real"], "--metric", "near-excess", "--metric", "run-w1"]
    assert run([*partly, "--metric", "gc-w1", "--fail-on", "composition"]) == 0
    said = "--fail-on: 1 of 2 metrics of composition could not be assessed\n"
    assert said in capsys.readouterr().err
    # What failed is said first: it is known.
    assert run([*few[:1], files["real"], *few[2:], "--fail-on", "memorisation"]) == 1


@pytest.mark.parametrize("groups", ["memorization", "novelty,nothing", ","])
def test_unknown_groups_are_named_before_anything_is_read(groups, tmp_path, capsys):
    (tmp_path / "x.fa").write_text("no sequences")
    x = str(tmp_path / "x.fa")
    assert run(["evaluate", x, "--reference", x, "--fail-on", groups]) == 2
    err = capsys.readouterr().err
    assert "groups: novelty, discriminability" in err
    assert err.count("\n") == 1


def test_sites_of_rna_on_the_other_strand_are_none(tmp_path):
    # Real records hold the site, generated ones its reverse complement.
    rng = np.random.default_rng(0)
    for name, site in (("real", "UUGACAGGCAC"), ("new", "GUGCCUGUCAA")):
        records = ["".join(rng.choice(list("ACGU"), 40)) for _ in range(80)]
        texts = [text[:10] + site + text[21:] for text in records]
        write_fasta(SequenceSet.from_strings(texts, alphabet=RNA), tmp_path / f"{name}.fasta")
    motifs = tmp_path / "m.meme"
    rows = "\n".join(" ".join(str(int(x == y)) for y in "ACGU") for x in "UUGACAGGCAC")
    motifs.write_text(
        f"MEME version 4\n\nALPHABET= ACGU\n\nMOTIF site\nletter-probability matrix:\n{rows}\n"
    )
    real, new = (str(tmp_path / f"{name}.fasta") for name in ("real", "new"))
    report = main(["evaluate", new, "--reference", real, "--motifs", str(motifs),
                   "--metric", "motif-rate"])  # fmt: skip
    row = report["motif-rate"]
    assert row.generated.details == ("site -6.34",)  # log2 of (0 + 1/2) / (40 + 1/2)
    assert row.status == "no better than a floor"
    assert row.generated.note.startswith("sites on the given strand alone")


def test_motifs_and_labels_have_tables_of_their_own(tmp_path):
    for seed, name in enumerate(("real", "new")):
        codes = np.random.default_rng(seed).integers(0, 4, (80, 40)).astype(np.uint8)
        texts = SequenceSet.from_matrix(DNA, codes).strings()
        labels = {"class": ["a", "b"] * 40}
        write_fasta(SequenceSet.from_strings(texts, labels=labels), tmp_path / f"{name}.fasta")
    motifs = tmp_path / "m.meme"
    rows = "\n".join("0 0 0 1" if x == "T" else "1 0 0 0" for x in "TATAAATA")
    motifs.write_text(f"MEME version 4\n\nMOTIF tata\nletter-probability matrix:\n{rows}\n")
    out = tmp_path / "out"
    real, new = (str(tmp_path / f"{name}.fasta") for name in ("real", "new"))
    report = main(["evaluate", new, "--reference", real, "--motifs", str(motifs), "-o", str(out),
                   "--coding", "--metric", "motif-rate", "--metric", "cds"])  # fmt: skip
    assert (out / "motifs.tsv").read_text().splitlines()[1].startswith("tata\t8\t2\t")
    assert (out / "labels.tsv").read_text().splitlines()[1].startswith("class\ta\tkmer-jsd\t")
    assert report["cds"].generated.value is not None


def test_swapped_files_are_said(files, tmp_path, capsys):
    new, real, held = (files[name] for name in ("new", "real", "held"))
    for command, said in (
        ([real, "--reference", real], "the generated set equals the reference: the generator cop"),
        ([new, "--reference", real, "--held-out", real], "held-out records equal the reference"),
        ([new, "--reference", held, "--train", real, "--held-out", real],
         "the held-out records equal the training data: give real ones"),
        ([held, "--reference", real, "--held-out", held], "equals the held-out data: files are sw"),
    ):  # fmt: skip
        assert run(["evaluate", *command, *QUICK]) == 1
        last = capsys.readouterr().err.splitlines()[-1]
        assert said in last and last.startswith("biogan: ")
    assert run(["compare", real, new, real.replace("real.fasta", "./real.fasta")]) == 1
    assert "real.fasta equals the reference" in capsys.readouterr().err
    report = main(["evaluate", new, "--reference", real, "--train", real, *QUICK])
    captured = capsys.readouterr()
    said = "the reference equals the training data, so copying cannot be told"
    assert f"\nwarning: {said}" in captured.err
    assert report.verdict()[0].startswith(f"Warning: {said}")
    assert report.to_dict()["warnings"] == list(report.warnings)
    main(["evaluate", real, "--reference", held, "--train", real, *QUICK])
    assert "\nwarning: the generated set equals the training data" in capsys.readouterr().err
    # What was sampled is taken for the reference.
    sampled = tmp_path / "sampled.fasta"
    sampled.write_text("".join(f">gan7_{i}\n{'ACGT' * 5}\n" for i in range(1, 31)))
    assert run(["evaluate", new, "--reference", str(sampled)]) == 1
    assert (
        "biogan: reference: its ids are those of 'biogan sample' (gan7_1), and those of the gen"
        in (capsys.readouterr().err)
    )


def test_a_run_on_overlapping_windows_is_evaluated_on_blocks_a_window_apart(tmp_path, capsys):
    letters = "".join(np.random.default_rng(0).choice(list("ACGT"), 4000))
    (tmp_path / "g.fa").write_text(f">chr\n{letters}\n")
    out = str(tmp_path / "run")
    small = ["--width", "4", "--depth", "1", "--latent", "4", "--batch-size", "8", "--units", "8"]
    cut = ["--window", "40", "--stride", "10", "--judge-steps", "0"]
    train = ["train", str(tmp_path / "g.fa"), "-o", out, *cut, *small, "--steps", "2"]
    assert run(train) == 0
    said = capsys.readouterr().err
    assert "397 of 397 records overlap another one on the sequence that they were cut from" in said
    assert "sequences are left out of training, as they lie nearer than 40 letters" in said
    card = json.loads((tmp_path / "run" / "config.json").read_text())
    learned, kept = card["data"]["train"], card["data"]["validation"]
    assert learned + kept < 397
    assert run(["evaluate", out, "-n", "40", "--metric", "letter-jsd"]) == 0
    said = capsys.readouterr()
    assert f"{learned} sequences were learned from, {kept} kept apart" in said.err
    assert f"{kept} of {kept} target records overlap others" in said.out
    # A run of a version that split them otherwise is neither continued nor evaluated so.
    card["data"]["train"] += 3
    (tmp_path / "run" / "config.json").write_text(json.dumps(card))
    manifest = tmp_path / "run" / "SHA256SUMS"
    manifest.unlink(missing_ok=True)
    assert run([*train[:-1], "4", "--resume"]) == 2
    assert "which split the data otherwise" in capsys.readouterr().err
    assert run(["evaluate", out, "-n", "40", "--metric", "letter-jsd"]) == 0
    assert "which records were kept apart cannot be told" in capsys.readouterr().err


def test_labels_that_records_were_asked_for(tmp_path, capsys):
    paths = {}
    for seed, name in enumerate(("real", "new", "held")):
        random = np.random.default_rng(seed)
        shares = {"a": [0.4, 0.1, 0.1, 0.4], "b": [0.1, 0.4, 0.4, 0.1]}
        rows = np.concatenate([random.choice(4, (60, 40), p=p) for p in shares.values()])
        some = SequenceSet.from_matrix(DNA, rows.astype(np.uint8))
        some.labels = {"class": np.repeat([*shares], 60), "expr": random.normal(size=120).round(3)}
        paths[name] = str(tmp_path / f"{name}.fasta")
        write_fasta(some, paths[name])
    command = ["evaluate", paths["new"], "--reference", paths["real"], "--held-out", paths["held"]]
    metrics = ["--metric", "label-accuracy", "--metric", "label-r"]
    report = main([*command, "--condition", "class", "--condition", "expr", *metrics])
    out = capsys.readouterr().out
    accuracy, expr = report["label-accuracy:class"], report["label-r:expr"]
    assert accuracy.generated.value > 0.95 and "label accuracy, class" in out
    assert expr.generated.value is None
    assert "cannot be assessed: not even real records follow it" in out.replace("\n  ", " ")
    one = main([*command, "--condition", "class=class", *metrics[:2], "--quiet"])
    assert [row.metric.name for row in one.rows] == ["label-accuracy"]
    capsys.readouterr()
    assert run([*command, "--condition", "kind", *metrics]) == 2  # a wrong command line
    err = capsys.readouterr().err.strip().splitlines()[-1]
    assert err.endswith(
        "condition 'kind': the real records have no such label; labels there are: class, expr"
    )
