"""The section of the benchmark on how soon a model is good, beside an autoregressive network.

Both train in one run, and time is that of the processor, so that other programs change little. At
every check that finds a better model a copy is kept, which is the model that the run would have
left if it had ended there. The copies are scored after the training, so that sampling and scoring
take none of its time; the checks that every run makes are part of it. The network gets as much
time as biogan took, and stops earlier where its validation loss no longer falls.
"""

from __future__ import annotations

import copy
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from biogan import SequenceGAN, SequenceSet, read_fasta
from biogan.core.errors import UnverifiedModel
from biogan.metrics import measure
from biogan.models.checkpoint import CONFIG, CRITIC, GENERATOR
from biogan.sequences.baselines.autoregressive import Autoregressive
from biogan.sequences.kmers import kmer_counts

METRIC, LOGISTIC, TARGETS = "auroc-cnn", "auroc", (0.65, 0.58, 0.55)
#: The 6-mers of DNA: aim of their correlation, and sequences that are counted.
SPECTRUM, SPECTRUM_N, LETTERS = 0.88, 10_000, 6
# What the classifier reads at most, and copies of a training that are scored at most.
MOST, COPIES = 2000, 6
# Wall time that a peer never needs: its processor time ends it.
_LONG = "24h"


class Kept(NamedTuple):
    """A model as it was after some seconds of the processor.

    Attributes
    ----------
    seconds : float
        Processor seconds of training.
    sample : callable
        ``sample(n, seed)`` draws sequences.
    """

    seconds: float
    sample: Callable[[int, int], SequenceSet]


class Reading(NamedTuple):
    """What a copy is worth.

    Attributes
    ----------
    seconds : float
        Processor seconds of training.
    auroc : float
        Area of the convolutional classifier.
    logistic : float
        Area of logistic regression.
    r : float or None
        Correlation of 6-mer counts; None of proteins.
    """

    seconds: float
    auroc: float
    logistic: float
    r: float | None


class Keeper:
    """Copies the model at each check after which it was kept.

    Parameters
    ----------
    run, folder : Path
        Where training writes, and where the copies go.

    Attributes
    ----------
    kept : list of Kept
        The copies.
    """

    def __init__(self, run: Path, folder: Path) -> None:
        self.run, self.folder = run, folder
        self.kept: list[Kept] = []
        self.start = time.process_time()
        self._due: float | None = None

    def on_step(self, step: int, terms: Any) -> None:
        """Copy what was saved after the last check."""
        if self._due is not None:
            place = self.folder / str(len(self.kept))
            place.mkdir(parents=True)
            for name in (CONFIG, GENERATOR, CRITIC):
                shutil.copy2(self.run / name, place / name)
            self.kept.append(Kept(self._due, partial(drawn, place)))
            self._due = None

    def on_event(self, event: str, **details: Any) -> None:
        """Remember a check that kept a model; it is saved behind it."""
        if event == "check" and details["best"]:
            self._due = time.process_time() - self.start
        elif event == "end":
            self.on_step(details["step"], {})


class OutOfTimeError(Exception):
    """The peer has had its processor time."""


def drawn(place: Path, n: int, seed: int) -> SequenceSet:
    """Draw from a model folder, which has no digests as it is a copy of some of its files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnverifiedModel)
        return SequenceGAN.load(place).sample(n, seed)


def peer_copies(train: SequenceSet, seed: int, limit: float) -> list[Kept]:
    """Train the autoregressive network for some processor seconds; return its best weights."""
    kept: list[Kept] = []
    start = time.process_time()

    def watch(line: str) -> None:
        seconds = time.process_time() - start
        if peer.kept_at == peer.steps:
            kept.append(Kept(seconds, copy.copy(peer).sample))
        if seconds > limit:
            raise OutOfTimeError

    peer = Autoregressive(_LONG, seed, watch)
    try:
        peer.fit(train)
    except OutOfTimeError:
        pass
    return kept


def scored(kept: Sequence[Kept], held_out: SequenceSet, seed: int, who: str) -> list[Reading]:
    """Score at most so many of the copies, evenly spaced in the logarithm of time, and the last."""
    times = np.log([some.seconds for some in kept])
    wanted = np.linspace(times[0], times[-1], COPIES)
    found = []
    for i in sorted({int(np.abs(times - t).argmin()) for t in wanted}):
        n = min(MOST, len(held_out))
        dna = held_out.alphabet.size < 6
        some = kept[i].sample(SPECTRUM_N if dna else n, seed)
        r = correlation(some, held_out) if dna else None
        areas = [score(name, held_out, some.take(range(n))) for name in (METRIC, LOGISTIC)]
        found.append(Reading(kept[i].seconds, *areas, r))
        print(f"{who}, seed {seed}: {found[-1]}", file=sys.stderr, flush=True)
    return found


def score(metric: str, held_out: SequenceSet, sequences: SequenceSet) -> float:
    """AUROC of a classifier, with one draw and one set of folds for all."""
    value = measure(metric, held_out, sequences, seed=0).value
    if value is None:
        raise SystemExit(f"{metric}: too few records to train a classifier")
    return value


def correlation(sequences: SequenceSet, held_out: SequenceSet) -> float:
    """Pearson correlation of 6-mer counts."""
    return float(np.corrcoef(*(kmer_counts(s, LETTERS) for s in (sequences, held_out)))[0, 1])


def first(found: Sequence[Reading], good: Callable[[Reading], bool]) -> float | None:
    """Seconds of the first reading that is good, None where there is none."""
    return next((reading.seconds for reading in found if good(reading)), None)


def aims(dna: bool) -> dict[str, Callable[[Reading], bool]]:
    """Return what is aimed at, by its name."""
    found: dict[str, Callable[[Reading], bool]] = {
        f"{METRIC} <= {target}": lambda reading, target=target: reading.auroc <= target
        for target in TARGETS
    }
    if dna:
        found[f"6-mer r >= {SPECTRUM}"] = lambda reading: (reading.r or 0) >= SPECTRUM
    return found


def copies(train: SequenceSet, seed: int, folder: Path, **length: Any) -> tuple[list[Kept], float]:
    """Train biogan with default settings; return its copies and its processor time."""
    keeper = Keeper(folder / "run", folder / "kept")
    gan = SequenceGAN(judge_steps=0, seed=seed, threads=1, **length)
    gan.fit(train, out=keeper.run, callbacks=[keeper])
    return keeper.kept, time.process_time() - keeper.start


def time_to_fidelity(
    train_path: str, held_out_path: str, seeds: Sequence[int], **length: Any
) -> list[str]:
    """Train both with default settings for each seed: lines of a table.

    ``length`` is ``steps`` or ``max_time`` of biogan.
    """
    train, held_out = read_fasta(train_path), read_fasta(held_out_path)
    goals = aims(held_out.alphabet.size < 6)
    lines = [f"| who, seed | {' | '.join(f'seconds to {goal}' for goal in goals)} | last |"]
    lines.append("|---" * (len(goals) + 2) + "|")
    reached: dict[str, list[list[float | None]]] = {}
    for seed in seeds:
        with tempfile.TemporaryDirectory() as name:
            kept, taken = copies(train, seed, Path(name), **length)
            # Each is read before the other trains: a run that is stopped has told what it knew.
            readings = {"biogan": scored(kept, held_out, seed, "biogan")}
            others = peer_copies(train, seed, taken)
            readings["autoregressive"] = scored(others, held_out, seed, "autoregressive")
        for who, found in readings.items():
            row = [first(found, good) for good in goals.values()]
            reached.setdefault(who, []).append(row)
            last = found[-1]
            r = "" if last.r is None else f"; {last.r:.3f}"
            end = f"{last.logistic:.3f} / {last.auroc:.3f}{r} ({last.seconds:.0f} s)"
            lines.append(f"| {who}, {seed} | {' | '.join(map(written, row))} | {end} |")
    for who, rows in reached.items():
        medians = map(median, zip(*rows, strict=True))
        lines.append(f"| {who}, median | {' | '.join(medians)} | |")
    n = min(MOST, len(held_out))
    real = train.take(range(min(n, len(train))))
    ceiling = " / ".join(f"{score(name, held_out, real):.3f}" for name in (LOGISTIC, METRIC))
    return [
        *lines,
        "",
        f"Processor seconds of one thread; n = {n:,} generated records against records that were "
        f"kept apart, 6-mers of {SPECTRUM_N:,}. Last: {LOGISTIC} / {METRIC} (training records in "
        f"their place: {ceiling}) and 6-mer r of the model that is left. Up to {COPIES} copies of "
        "a training are read; the first at or beyond an aim counts, also where a later one is not.",
    ]


def written(seconds: float | None) -> str:
    """Write seconds, or that a target was not reached."""
    return "not reached" if seconds is None else f"{seconds:.0f}"


def median(times: Sequence[float | None]) -> str:
    """Median over the seeds; a seed that did not reach the target counts as longer than any."""
    found = statistics.median(float("inf") if t is None else t for t in times)
    return written(None if found == float("inf") else found)
