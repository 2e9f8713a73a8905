"""The section of the benchmark on how soon a model is good: seconds of training to an AUROC.

At every check that finds a better generator the model folder is copied, as it would be if training
ended there. The copies are scored after the training, so that sampling and scoring take none of its
time; the checks that every run makes are part of it.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from biogan import SequenceGAN, SequenceSet, read_fasta
from biogan.metrics import measure
from biogan.models.checkpoint import CONFIG, CRITIC, GENERATOR

METRIC, TARGETS = "auroc-cnn", (0.65, 0.58)
# What the metric reads at most.
MOST = 2000


class Keeper:
    """Copies the model at each check after which it was kept.

    Parameters
    ----------
    run, folder : Path
        Where training writes, and where the copies go.

    Attributes
    ----------
    kept : list of (float, Path)
        Seconds of training, and the copy.
    """

    def __init__(self, run: Path, folder: Path) -> None:
        self.run, self.folder = run, folder
        self.kept: list[tuple[float, Path]] = []
        self._due: float | None = None

    def on_step(self, step: int, terms: Any) -> None:
        """Copy what was saved after the last check."""
        if self._due is not None:
            place = self.folder / str(len(self.kept))
            place.mkdir(parents=True)
            for name in (CONFIG, GENERATOR, CRITIC):
                shutil.copy2(self.run / name, place / name)
            self.kept.append((self._due, place))
            self._due = None

    def on_event(self, event: str, **details: Any) -> None:
        """Remember a check that kept a model; it is saved behind it."""
        if event == "check" and details["best"]:
            self._due = details["seconds"]
        elif event == "end":
            self.on_step(details["step"], {})


def readings(
    train: SequenceSet, held_out: SequenceSet, seed: int, max_time: str
) -> tuple[list[tuple[float, float]], int]:
    """Train once; return (seconds, AUROC) of one copy after another, and the steps of the run.

    No copy is scored behind the first that reaches every target, but for the last one.
    """
    n = min(MOST, len(held_out))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keeper = Keeper(folder / "run", folder / "kept")
        gan = SequenceGAN(max_time=max_time, judge_steps=0, seed=seed)
        gan.fit(train, out=keeper.run, callbacks=[keeper])
        found: list[tuple[float, float]] = []
        for seconds, place in keeper.kept:
            if place is keeper.kept[-1][1] or not found or min(a for _, a in found) > min(TARGETS):
                area = score(held_out, SequenceGAN.load(place).sample(n, seed))
                found.append((seconds, area))
                print(f"seed {seed}: {seconds:.0f} s, {METRIC} {area:.3f}", file=sys.stderr)
    return found, gan.card["training"]["steps"]


def score(held_out: SequenceSet, sequences: SequenceSet) -> float:
    """AUROC of the convolutional network, with one draw and one set of folds for all."""
    value = measure(METRIC, held_out, sequences, seed=0).value
    if value is None:
        raise SystemExit(f"{METRIC}: too few records to train a classifier")
    return value


def first(found: Sequence[tuple[float, float]], target: float) -> float | None:
    """Seconds of the first reading at or below a target, None where there is none."""
    return next((seconds for seconds, area in found if area <= target), None)


def time_to_fidelity(
    train_path: str, held_out_path: str, seeds: Sequence[int], max_time: str
) -> list[str]:
    """Train with default settings for each seed: lines of a table."""
    train, held_out = read_fasta(train_path), read_fasta(held_out_path)
    heads = [f"seconds to {METRIC} <= {target}" for target in TARGETS]
    lines = [f"| seed | {' | '.join(heads)} | of the kept model | steps |", "|---" * 5 + "|"]
    reached: list[list[float | None]] = []
    for seed in seeds:
        found, steps = readings(train, held_out, seed, max_time)
        reached.append([first(found, target) for target in TARGETS])
        last = f"{found[-1][1]:.3f} ({found[-1][0]:.0f} s)" if found else "-"
        lines.append(f"| {seed} | {' | '.join(map(written, reached[-1]))} | {last} | {steps} |")
    lines.append(f"| median | {' | '.join(map(median, zip(*reached, strict=True)))} | | |")
    ceiling = score(held_out, train.take(range(min(MOST, len(held_out), len(train)))))
    return [
        *lines,
        "",
        f"{METRIC} of n = {min(MOST, len(held_out)):,} generated records against records that were "
        f"kept apart; training records in their place: {ceiling:.3f}. A reading is the model that "
        f"a run of {max_time} would leave if it ended at that check; the first at or below a "
        "target counts, also where a later one is above it.",
    ]


def written(seconds: float | None) -> str:
    """Write seconds, or that a target was not reached."""
    return "not reached" if seconds is None else f"{seconds:.0f}"


def median(times: Sequence[float | None]) -> str:
    """Median over the seeds; a seed that did not reach the target counts as longer than any."""
    middle = statistics.median([float("inf") if t is None else t for t in times])
    return written(None if middle == float("inf") else middle)
