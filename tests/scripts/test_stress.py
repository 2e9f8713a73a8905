"""Short forms of the stress: nothing fails, and a case can be repeated."""

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import stress

from biogan.cli import console


def test_every_example_of_the_fuzzed_readers_is_read(tmp_path):
    for make in stress.READERS:
        for name, reader in make().items():
            for number, example in enumerate(reader.examples):
                path = tmp_path / example.name
                path.write_bytes(example.pack(example.data))
                assert stress.complaint(reader.read, path) == ("read", ""), (name, number)


def test_damaged_files_are_read_or_refused_in_one_line():
    tally = stress.Tally()
    stress.fuzz(range(400), 23, tally)
    assert tally.failures == [] and sum(tally.counts.values()) == 400


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_has_one_holder(there, tmp_path):
    """Threads lock as processes do: each opens the file anew."""
    folder = tmp_path / "run"
    if there:
        folder.mkdir()
    with ThreadPoolExecutor(4) as rivals:
        seen = sum(rivals.map(stress.hold, [folder] * 4, [50] * 4), Counter())
    assert seen.pop("held") == 200
    assert set(seen) <= set(stress.REFUSED.values())


def test_a_changed_bit_in_a_model_changes_nothing_unseen(monkeypatch):
    """One bit of each file of a model of sequences; none is evaluated."""
    monkeypatch.setattr(stress, "MODELS", [stress.sequence_model])
    monkeypatch.setattr(stress, "EVALUATED", 1000)
    monkeypatch.setattr(console.settings, "quiet", False)
    tally = stress.Tally()
    stress.flips(range(1, 15), 2, tally)
    assert tally.failures == [] and sum(tally.counts.values()) == 14
    for name in ("SHA256SUMS", "config.json", "generator.safetensors", "critic.safetensors",
                 "judge.safetensors", "state.pt"):  # fmt: skip
        assert tally.counts[f"model/{name}: refused"] >= 1
        assert tally.counts[f"model/{name}: nothing changed"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("part", ["kills", "disk"])
def test_runs_that_are_cut_off_come_to_the_same_end(part):
    """In a process of its own, as torch cannot train in a fork of one that has trained."""
    script = Path(stress.__file__)
    done = subprocess.run([sys.executable, str(script), part, "--count", "8"],
                          capture_output=True, text=True, timeout=600)  # fmt: skip
    assert done.returncode == 0 and "  0 failures" in done.stdout, done.stdout + done.stderr
