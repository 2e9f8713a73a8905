"""The commands as a person types them."""

import gzip
import importlib
import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from biogan.cli import main, run
from biogan.core.errors import DataError

SMALL = ["--width", "8", "--depth", "1", "--latent", "8", "--batch-size", "16", "--steps", "4"]


@pytest.fixture(scope="module")
def fasta(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "reads.fasta"
    letters = "ACGT"
    rows = [
        "".join(letters[(i * 7 + j * (i % 11 + 1) + (i * j) % 5) % 4] for j in range(24))
        for i in range(90)
    ]
    path.write_text("".join(f">r{i}\n{row}\n" for i, row in enumerate(rows)))
    return str(path)


@pytest.fixture(scope="module")
def model(fasta, tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "run"
    main(["train", fasta, "-o", str(out), "--seed", "1", *SMALL])
    return out


def fails(capsys, code, *argv):
    """Run, expect this exit code and one line on standard error that starts with the name."""
    assert run([str(a) for a in argv]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    last = captured.err.strip().splitlines()[-1]
    assert last.startswith("biogan: ") and "Traceback" not in captured.err
    return last


def test_train_writes_a_model_and_says_what_it_does(fasta, tmp_path, capsys):
    gan = main(["train", fasta, "-o", str(tmp_path / "run"), *SMALL])
    captured = capsys.readouterr()
    assert captured.out == ""
    for text in (
        "90 records read, 90 kept",
        "all of length 24",
        "letters ACGT",
        "validation distance",
        "next:",
    ):
        assert text in captured.err
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [
        ".lock", "SHA256SUMS", "config.json", "critic.safetensors", "generator.safetensors",
        "judge.safetensors", "log.jsonl", "report.html", "samples.fasta", "state.pt",
    ]  # fmt: skip
    assert gan.card["training"]["steps"] == 4


def test_quiet_is_quiet(fasta, tmp_path, capsys):
    main(["train", fasta, "-o", str(tmp_path / "run"), "-q", *SMALL])
    assert capsys.readouterr() == ("", "")


def test_libraries_are_quiet_too_and_only_then(fasta, tmp_path, monkeypatch, caplog):
    log = logging.getLogger("some.library")
    monkeypatch.setattr(log, "level", logging.INFO)
    # Wrong arguments behind the switch leave nothing changed.
    assert run(["-q", "train", fasta, "--no-such-option"]) == 2
    assert logging.root.manager.disable == logging.NOTSET

    def read(*args, **options):
        log.info("processes were started")
        log.warning("and one was lost")
        raise DataError("enough")

    # The modality first: imported later, it would keep the patched reader for other tests.
    for module in ("modality", "io.fasta"):
        monkeypatch.setattr(f"biogan.sequences.{module}.read_fasta", read)
    for quiet in (["-q"], []):
        caplog.clear()
        assert run(["train", fasta, "-o", str(tmp_path / "run"), *quiet]) == 1
        heard = [r.levelname for r in caplog.records]
        assert heard == (["WARNING"] if quiet else ["INFO", "WARNING"])


def test_dry_run_prints_the_resolved_options_and_writes_nothing(fasta, tmp_path, capsys):
    main(
        ["train", fasta, "-o", str(tmp_path / "run"), "--dry-run", "--loss", "hinge", "--gp", "10"]
    )
    options = json.loads(capsys.readouterr().out)
    assert (options["loss"], options["gp"], options["critic_steps"]) == ("hinge", 10.0, 1)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("dry", [["--dry-run"], []])
def test_the_records_are_looked_through_once(fasta, tmp_path, capsys, monkeypatch, dry):
    from biogan.sequences import tokenizer

    seen = []
    monkeypatch.setattr(tokenizer, "are_coding", lambda found: seen.append(len(found)))
    main(["train", fasta, "-o", str(tmp_path / "run"), *SMALL, *dry])
    assert seen == [90]
    said = capsys.readouterr().err.splitlines()
    at = said.index("90 sequences, all of length 24, letters ACGT")
    assert said[at + 1].startswith("chosen: loss relativistic for fixed sequences; ")
    # The split takes time in a large set: what is known before is said before.
    assert said[at + 2].startswith("90 sequences: few to learn from")
    assert not dry or len(said) == at + 3
    assert dry or said[at + 3].startswith("90 records, ")


def test_a_folder_is_not_overwritten_unasked(fasta, model, capsys):
    before = (model / "generator.safetensors").read_bytes()
    message = fails(capsys, 1, "train", fasta, "-o", model, *SMALL)
    assert "not empty" in message and "--resume" in message and "--overwrite" in message
    assert (model / "generator.safetensors").read_bytes() == before


def test_resume_takes_the_options_of_the_run(fasta, tmp_path, capsys):
    out = str(tmp_path / "run")
    main(["train", fasta, "-o", out, "--seed", "3", *SMALL])
    gan = main(["train", fasta, "-o", out, "--resume", "--steps", "7"])
    assert gan.card["training"]["steps"] == 7
    assert (gan.config.width, gan.config.seed) == (8, 3)
    assert "--lr was 0.001, now 0.5" in fails(
        capsys, 2, "train", fasta, "-o", out, "--resume", "--lr", "0.5"
    )


@pytest.mark.parametrize(
    ("argv", "code", "text"),
    [
        (["train", "{fasta}", "-o", "{tmp}/x", "--lr", "-1"], 2, "--lr"),
        (["train", "{fasta}", "-o", "{tmp}/x", "--loss", "wgan"], 2, "wgan"),
        (["train", "{fasta}", "-o", "{tmp}/x", "--max-time", "soon"], 2, "--max-time 'soon'"),
        (["train", "{fasta}", "-o", "{tmp}/x", "--kernel", "4"], 2, "must be odd"),
        (["train", "{fasta}", "-o", "{tmp}/x", "--colour", "red"], 2, "--colour"),
        (
            ["train", "{fasta}", "-o", "{tmp}/x", "--validation", "0", "--patience", "3"],
            2,
            "--patience 3: counts checks on validation records, and --validation 0 keeps none",
        ),
        (["train", "{tmp}/nothing.fa", "-o", "{tmp}/x"], 1, "nothing.fa"),
        (["train", "{fasta}", "-o", "{tmp}/file/x"], 1, "file/x"),
        (["train", "{fasta}", "-o", "{tmp}/x", "--resume", "--overwrite"], 2, "exclude"),
        (["train", "{fasta}", "-o", "{tmp}/x", "--alphabet", "foo"], 2, "unknown alphabet 'foo'"),
        (["train", "{fasta}", "-o", "{tmp}/x", "--alphabet", "custom:AA"], 2, "repeats a letter"),
        (["train", "{fasta}", "-o", "{tmp}/x", "--alphabet", "custom:"], 2, "has no letters"),
        (["train"], 2, "DATA"),
        (["sample", "{tmp}/nowhere"], 1, "no such model folder"),
        (["sample", "{fasta}"], 1, "is a file, a model folder is needed"),
        (["sample", "{tmp}"], 1, "config.json is missing"),
        (["sample", "{model}", "--shard", "3/2"], 2, "--shard 3/2"),
        (["sample", "{model}", "--shard", "half"], 2, "write K/N"),
        (["sample", "{model}", "-n", "0"], 2, "0"),
        (["sample", "{model}", "--device", "gpu"], 2, "gpu"),
        (["train", "{fasta}", "-o", "{tmp}/x", "--devices", "3"], 2, "multiple of the 3"),
        (["train", "-", "-o", "{tmp}/x", "--devices", "2"], 2, "standard input"),
        (["sample", "{model}", "-o", "{tmp}/no/where.fa"], 1, "where.fa"),
        (["sample", "{model}", "-o", "{model}/config.json"], 1, "would overwrite"),
        (["info", "{tmp}/nowhere"], 1, "no such model folder"),
        (["trian"], 2, "trian"),
    ],
)
def test_what_is_wrong_is_one_line(argv, code, text, fasta, model, tmp_path, capsys):
    (tmp_path / "file").write_text("a file, not a folder")
    (tmp_path / "file2").write_text("")
    argv = [a.format(fasta=fasta, tmp=tmp_path, model=model) for a in argv]
    assert text in fails(capsys, code, *argv)


def test_a_failed_replacement_keeps_the_old_model(fasta, tmp_path, capsys):
    out = tmp_path / "run"
    main(["train", fasta, "-o", str(out), *SMALL])
    before = (out / "generator.safetensors").read_bytes()
    fails(capsys, 1, "train", tmp_path / "typo.fa", "-o", out, "--overwrite", *SMALL)
    assert (out / "generator.safetensors").read_bytes() == before
    (out / "new.fasta").write_text(">mine\nACGT\n")
    main(["train", fasta, "-o", str(out), "--overwrite", "--seed", "5", *SMALL])
    assert (out / "generator.safetensors").read_bytes() != before
    assert (out / "new.fasta").read_text() == ">mine\nACGT\n"


def test_a_new_budget_takes_the_place_of_the_old(fasta, tmp_path):
    out = str(tmp_path / "run")
    main(["train", fasta, "-o", out, *SMALL])
    gan = main(["train", fasta, "-o", out, "--resume", "--max-time", "3s"])
    assert gan.card["training"]["steps"] > 4 and gan.config.steps is None


def test_resume_takes_the_threads_of_the_run(fasta, tmp_path, capsys):
    out = str(tmp_path / "run")
    main(["train", fasta, "-o", out, "--threads", "2", *SMALL])
    assert main(["train", fasta, "-o", out, "--resume", "--steps", "5"]).config.threads == 2
    capsys.readouterr()
    main(["train", fasta, "-o", out, "--resume", "--steps", "6", "--threads", "1"])
    assert "up to rounding, not bit for bit: --threads 2, now 1" in capsys.readouterr().err


def test_a_run_that_has_ended_without_its_page_gets_it(fasta, tmp_path):
    """It was killed after its last save; a second time nothing changes any more."""
    out = tmp_path / "run"
    main(["train", fasta, "-o", str(out), *SMALL])
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    for name in ("report.html", "samples.fasta", "judge.safetensors"):
        (out / name).unlink()
    for _ in range(2):
        assert run(["train", fasta, "-o", str(out), "--resume"]) == 0
        assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_max_time_holds_what_comes_before_and_after(fasta, tmp_path, capsys):
    main(["train", fasta, "-o", str(tmp_path), *SMALL[:-2], "--max-time", "2s", "--threads", "1"])
    card = json.loads((tmp_path / "config.json").read_text())
    (line,) = (
        line for line in capsys.readouterr().err.splitlines() if line.startswith("--max-time 2s: ")
    )
    assert line.startswith("--max-time 2s: 0:0") and "come on top" in line
    assert card["training"]["seconds"] >= 1
    capsys.readouterr()
    assert run(["train", fasta, "-o", str(tmp_path), "--resume"]) == 0
    assert "this run has finished" in capsys.readouterr().err


def test_resume_reads_as_the_run_did(fasta, tmp_path):
    out = str(tmp_path / "run")
    main(["train", fasta, "-o", out, "--window", "12", *SMALL])
    gan = main(["train", fasta, "-o", out, "--resume", "--steps", "6"])
    assert gan.tokenizer.length == 12


def test_a_run_goes_on_from_another_folder(fasta, tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    (tmp_path / "labels.tsv").write_text("id\tkind\nr0\ta\n")
    monkeypatch.chdir(tmp_path)
    main(["train", fasta, "-o", "run", "--labels", "labels.tsv", *SMALL])
    monkeypatch.chdir("there")
    gan = main(["train", fasta, "-o", "../run", "--resume", "--steps", "5"])
    assert gan.card["data"]["input"]["options"]["labels"] == str(tmp_path / "labels.tsv")


def test_no_arguments_print_the_help(capsys):
    assert run([]) == 2
    assert "Commands:\n  train " in capsys.readouterr().err


def test_debug_shows_the_traceback(capsys):
    assert run(["info", "nowhere", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def reserve(library):
    """Ask for a petabyte."""
    return importlib.import_module(library).empty(10**15)


@pytest.mark.parametrize(
    ("library", "told"),
    [("torch", "can't allocate memory: you tried"), ("numpy", "Unable to allocate 7.11 PiB")],
)
def test_too_little_memory_is_one_line(library, told, monkeypatch, capsys):
    monkeypatch.setattr("biogan.cli.group.main", lambda **options: reserve(library))
    assert run(["sample", "run"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("biogan: out of memory: ") and told in line
    assert line.endswith("smaller batches or networks, or another device")


def test_a_bug_keeps_its_traceback(monkeypatch):
    def shapes(**options):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr("biogan.cli.group.main", shapes)
    with pytest.raises(RuntimeError, match="shapes differ"):
        run(["sample", "run"])


def sampled(model, *argv):
    return main(["sample", str(model), *map(str, argv)])


def test_sample_writes_fasta_to_standard_output(model, capsys):
    assert sampled(model, "-n", 3, "--seed", 7) == 3
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line[0] == ">"] == [">gan7_1", ">gan7_2", ">gan7_3"]
    assert all(set(line) <= set("ACGT") and len(line) == 24 for line in lines[1::2])


def test_shards_join_to_the_whole_stream(model, tmp_path):
    sampled(model, "-n", 1100, "-o", tmp_path / "whole.fa")
    parts = []
    for k in (1, 2, 3):
        sampled(model, "-n", 1100, "--shard", f"{k}/3", "-o", tmp_path / f"{k}.fa")
        parts.append((tmp_path / f"{k}.fa").read_text())
    assert "".join(parts) == (tmp_path / "whole.fa").read_text()


def test_noise_of_the_device_in_shards(model, tmp_path):
    def text(n, part):
        options = ("--shard", part, "--device-noise", "-o", tmp_path / "x.fa", "--overwrite")
        assert sampled(model, "-n", n, *options)
        return (tmp_path / "x.fa").read_text()

    whole = text(40, "1/1")
    assert text(40, "1/2") + text(40, "2/2") == whole
    sampled(model, "-n", 40, "-o", tmp_path / "plain.fa")
    assert whole != (tmp_path / "plain.fa").read_text()


def test_more_shards_than_records(model, tmp_path):
    written = [
        sampled(model, "-n", 2, "--shard", f"{k}/5", "-o", tmp_path / f"{k}.fa")
        for k in range(1, 6)
    ]
    assert sum(written) == 2


def test_gzip_and_tsv(model, tmp_path):
    sampled(model, "-n", 2, "-o", tmp_path / "a.fa")
    sampled(model, "-n", 2, "-o", tmp_path / "a.fa.gz")
    sampled(model, "-n", 2, "-o", tmp_path / "a.tsv", "--format", "tsv")
    plain = (tmp_path / "a.fa").read_text()
    assert gzip.decompress((tmp_path / "a.fa.gz").read_bytes()).decode() == plain
    rows = [line.split("\t") for line in (tmp_path / "a.tsv").read_text().splitlines()]
    assert rows[0] == ["id", "sequence"]
    assert "".join(f">{i}\n{s}\n" for i, s in rows[1:]) == plain


def test_the_format_follows_the_name(model, tmp_path):
    for name, options, begin in (
        ("a.tsv", (), "id\tsequence\n"),
        ("A.TSV.GZ", (), "id\tsequence\n"),
        ("b.tsv", ("--format", "fasta"), ">gan0_1\n"),
        ("b.txt", (), ">gan0_1\n"),
    ):
        sampled(model, "-n", 1, "-o", tmp_path / name, *options)
        data = (tmp_path / name).read_bytes()
        assert (gzip.decompress(data) if data[:1] == b"\x1f" else data).decode().startswith(begin)


def test_the_training_file_is_not_overwritten(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = "".join(f">r{i}\n{'ACGT' * 3}{'ACGT'[i % 4]}\n" for i in range(40))
    for folder, how in (("held", "--no-store"), ("stored", "--store")):
        Path("reads.fa").write_text(text)
        main(["train", "reads.fa", "-o", folder, how, "-q", *SMALL])
        for name in ("reads.fa", str(tmp_path / "reads.fa")):
            assert "would overwrite reads.fa" in fails(capsys, 1, "sample", folder, "-o", name)
        assert Path("reads.fa").read_text() == text
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    main(["train", "-", "-o", "piped", "-q", *SMALL])
    assert sampled("piped", "-n", 2, "-o", "reads.fa", "--overwrite") == 2


def test_what_is_there_is_replaced_where_it_is_asked_for_only(model, tmp_path, capsys):
    out = tmp_path / "new.fasta"
    for command in (("sample", model, "-n", 2), ("interpolate", model, "--pairs", 1)):
        out.write_text("mine")
        said = fails(capsys, 1, *command, "-o", out)
        assert f"biogan: {out}: exists; use --overwrite, or another name" in said
        assert out.read_text() == "mine"
        main([*map(str, command), "-o", str(out), "--overwrite", "-q"])
        assert out.read_text().startswith(">")
        # What mktemp made is nobody's work.
        out.write_text("")
        main([*map(str, command), "-o", str(out), "-q"])


def test_ungap(tmp_path, capsys):
    rows = ["AC-GT-", "ACCGTA", "A--GTA"] * 20
    (tmp_path / "a.fa").write_text("".join(f">{i}\n{r}\n" for i, r in enumerate(rows)))
    main(["train", str(tmp_path / "a.fa"), "-o", str(tmp_path / "run"), "-q", *SMALL])
    sampled(tmp_path / "run", "-n", 200, "-o", tmp_path / "gaps.fa")
    sampled(tmp_path / "run", "-n", 200, "-o", tmp_path / "plain.fa", "--ungap")
    gaps, plain = ((tmp_path / n).read_text() for n in ("gaps.fa", "plain.fa"))
    assert "-" in gaps and plain == gaps.replace("-", "")


def test_info_reads_the_card_aloud(model, capsys):
    card = main(["info", str(model)])
    text = capsys.readouterr().out
    for part in ("90 records", card["data"]["digest"], "ACGT (dna)", "all of length 24",
                 "relativistic", "critic steps 1", "taken every 4 critic steps", "4 steps", "torch",
                 "validation distance"):  # fmt: skip
        assert part in text
    assert "both strands" not in text
    main(["info", str(model), "--json"])
    assert json.loads(capsys.readouterr().out) == card


def test_info_names_both_strands(fasta, tmp_path, capsys):
    main(["train", fasta, "-o", str(tmp_path / "run"), *SMALL, "--reverse-complement"])
    capsys.readouterr()
    main(["info", str(tmp_path / "run")])
    assert "length 24, read and written on both strands" in capsys.readouterr().out


def command(*argv):
    return [sys.executable, "-c", "import sys; from biogan.cli import run; sys.exit(run())", *argv]


def test_the_package_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "biogan", "--version"], capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("biogan 0.")


def test_an_interrupt_is_one_line(fasta, tmp_path, monkeypatch, capsys):
    def read(*args, **options):
        raise KeyboardInterrupt

    for module in ("modality", "io.fasta"):
        monkeypatch.setattr(f"biogan.sequences.{module}.read_fasta", read)
    assert run(["train", fasta, "-o", str(tmp_path / "run")]) == 130
    assert capsys.readouterr().err == "biogan: interrupted\n"


def test_a_closed_pipe_ends_quietly(model):
    shell = (
        " ".join([f"'{a}'" for a in command("sample", str(model), "-n", "5000")]) + " | head -n 1"
    )
    done = subprocess.run(shell, shell=True, capture_output=True, text=True, timeout=100)
    assert done.stdout == ">gan0_1\n" and done.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_the_run_goes_on(number, code, fasta, tmp_path):
    out = tmp_path / "run"
    argv = ["train", fasta, "-o", str(out), *SMALL[:-2], "--max-time", "10m", "--check-every", "20"]
    process = subprocess.Popen(command(*argv), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (out / "state.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "--resume goes on" in err.strip().splitlines()[-1]
    before = json.loads((out / "config.json").read_text())["training"]["steps"]
    gan = main(["train", fasta, "-o", str(out), "--resume", "-q", "--steps", str(before + 5)])
    assert gan.card["training"]["steps"] == before + 5
