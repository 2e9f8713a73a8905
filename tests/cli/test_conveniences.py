"""Completion, files of options, near names of commands, and runs that are followed elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types

import numpy as np
import pytest

from biogan.cli import COMMANDS, main, run
from biogan.training.callbacks import LOG_EVERY, Progress


@pytest.fixture
def fasta(tmp_path):
    draw = np.random.default_rng(0)
    texts = ["".join(draw.choice([*"ACGT"], 20)) for _ in range(60)]
    path = tmp_path / "r.fasta"
    path.write_text("".join(f">r{i}\n{text}\n" for i, text in enumerate(texts)))
    return path


SMALL = {"width": 4, "depth": 1, "units": 4, "latent": 4, "batch_size": 8, "steps": 3, "seed": 5}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed(shell, capsys):
    main(["completion", shell])
    assert "_BIOGAN_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [("biogan tr", "train"), ("biogan train x --max", "--max-time"),
     ("biogan sample run --exc", "--exclude")],
)  # fmt: skip
def test_a_shell_completes_commands_and_options(words, expected):
    told = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    done = subprocess.run(
        [sys.executable, "-m", "biogan"], capture_output=True, text=True,
        env=os.environ | told | {"_BIOGAN_COMPLETE": "bash_complete"}, check=False,
    )  # fmt: skip
    assert f"plain,{expected}" in done.stdout.splitlines(), done.stderr


def test_a_command_that_there_is_not_is_told_with_the_near_one(capsys):
    assert run(["trian", "x.fasta"]) == 2
    assert "No such command 'trian': did you mean 'train'?" in capsys.readouterr().err
    assert run(["zzz"]) == 2
    assert f"there are {', '.join(COMMANDS)}" in capsys.readouterr().err


def test_a_dry_run_can_be_fed_back(fasta, tmp_path, capsys):
    flags = [x for key, value in SMALL.items() for x in (f"--{key.replace('_', '-')}", str(value))]
    main(["-q", "train", str(fasta), *flags, "--dry-run"])
    text = capsys.readouterr().out
    (tmp_path / "run.json").write_text(text)
    main(["-q", "train", str(fasta), "--config", str(tmp_path / "run.json"), "--dry-run"])
    assert capsys.readouterr().out == text
    # The command line goes first.
    main(["-q", "train", str(fasta), "--config", str(tmp_path / "run.json"), "--seed", "8",
          "--dry-run"])  # fmt: skip
    assert json.loads(capsys.readouterr().out) == json.loads(text) | {"seed": 8}


def test_toml_with_options_of_reading_too(fasta, tmp_path, capsys):
    toml = tmp_path / "run.toml"
    toml.write_text('max-time = "3m"\nwindow = 10\nseed = 4\n')
    main(["train", str(fasta), "--config", str(toml), "--dry-run"])
    shown = capsys.readouterr()
    assert json.loads(shown.out)["max_time"] == "3m" and "all of length 10" in shown.err
    toml.write_text('temperature = 0.5\nlabel = ["a=b"]\n')
    main(["-q", "train", str(fasta), "-o", str(tmp_path / "run"), "--steps", "2"])
    assert run(["sample", str(tmp_path / "run"), "--config", str(toml)]) == 2
    assert "--label" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told", "code"),
    [
        ("stepz = 3", "unknown option 'stepz'", 2),
        ("[1]", "holds no table of options", 1),
        ("steps = ", "no valid TOML", 1),
        ('steps = "many"', "--steps", 2),
        ('{"steps": 1,', "no valid JSON", 1),
    ],
)
def test_a_wrong_file_of_options_is_one_line(text, told, code, fasta, tmp_path, capsys):
    path = tmp_path / "o.toml"
    path.write_text(text)
    assert run(["train", str(fasta), "--config", str(path), "--dry-run"]) == code
    shown = capsys.readouterr().err
    assert told in shown and shown.count("\n") == 1


class Writer:
    written: list[tuple] = []  # noqa: RUF012

    def __init__(self, folder):
        self.folder = folder

    def add_scalar(self, name, value, step):
        self.written.append((name, float(value), step))

    def close(self):
        self.written.append(("closed", 0.0, 0))


def test_a_run_is_followed_in_tensorboard_and_elsewhere(fasta, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", types.SimpleNamespace(SummaryWriter=Writer))
    logged = []
    client = types.SimpleNamespace(
        init=lambda project, config: types.SimpleNamespace(
            log=lambda numbers, step: logged.append((project, step, {*numbers})),
            finish=lambda: logged.append((project, config["seed"], {"finished"})),
        )
    )
    monkeypatch.setitem(sys.modules, "wandb", client)
    flags = [x for key, value in (SMALL | {"steps": 40}).items()
             for x in (f"--{key.replace('_', '-')}", str(value))]  # fmt: skip
    main(["-q", "train", str(fasta), *flags, "-o", str(tmp_path / "run"), "--tensorboard",
          str(tmp_path / "board"), "--wandb", "mine"])  # fmt: skip
    names = {name for name, _, _ in Writer.written}
    assert {"train/critic", "train/generator", "check/validation_distance", "closed"} <= names
    assert {step for name, _, step in Writer.written if name == "train/critic"} == {
        LOG_EVERY, 2 * LOG_EVERY,
    }  # fmt: skip
    assert logged[-1] == ("mine", 5, {"finished"})


def test_a_tracker_that_is_not_installed_is_one_line(fasta, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    monkeypatch.setitem(sys.modules, "wandb", None)
    for flag in ("--tensorboard", "--wandb"):
        assert (
            run(["train", str(fasta), "-o", str(tmp_path / "run"), "--steps", "1", flag, "x"]) == 2
        )
        assert "pip install 'biogan[track]'" in capsys.readouterr().err


def test_the_pace_is_told_early():
    said = []
    progress = Progress(said.append, lambda line: None)
    progress.on_event("pace", rate=1.53, steps=94, usual=3000)
    progress.on_event("pace", rate=42.0, steps=25321, usual=3000)
    progress.on_event("pace", rate=42.0, steps=25321, usual=None)
    assert said == [
        "1.5 steps a second, about 94 in this run; data of this kind usually need about 3,000: a "
        "longer run gives more",
        "42 steps a second, about 25,000 in this run; data of this kind usually need about 3,000",
        "42 steps a second, about 25,000 in this run",
    ]


def test_a_run_tells_its_pace_once(fasta, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("biogan.training.trainer.PACE", 0.05)
    flags = [x for key, value in SMALL.items() for x in (f"--{key.replace('_', '-')}", str(value))]
    main(["train", str(fasta), *flags, "--steps", "200", "-o", str(tmp_path / "run")])
    told = [line for line in capsys.readouterr().err.splitlines() if "steps a second" in line]
    assert len(told) == 1 and "about 200 in this run" in told[0] and "about 3,000" in told[0]


def test_one_record_of_a_genome_is_told_to_be_cut(tmp_path, capsys):
    draw = np.random.default_rng(0)
    path = tmp_path / "genome.fa"
    path.write_text(">chr\n" + "".join(draw.choice([*"ACGT"], 50_000)) + "\n")
    assert run(["train", str(path), "-o", str(tmp_path / "run")]) == 1
    told = capsys.readouterr().err
    assert "--window 200 --stride 50" in told and "they give" not in told
