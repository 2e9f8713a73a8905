"""The section of the benchmark on long records: step time and memory against the length.

A default step of each length is timed in turn with one of 50 letters, in a process of its own, so
that the ratio is of one moment and the memory of that length alone.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import count
from multiprocessing import get_context

import numpy as np
from benchmark_data import Row
from benchmark_step import cycle, follow, players

from biogan import DNA, PROTEIN, SequenceSet
from biogan.core.rng import rng

LENGTHS = (50, 100, 300, 1000, 4000)
SHORT = LENGTHS[0]
KINDS = ("DNA", "aligned protein", "unaligned protein")
# Random records suffice: what a step costs does not depend on the letters.
RECORDS = 128


def records(kind: str, length: int, seed: int) -> SequenceSet:
    """Return random records of a kind, unaligned ones from half the length on."""
    draw = rng(seed, "benchmark", kind, length)
    if kind == "DNA":
        return SequenceSet.from_matrix(DNA, draw.integers(0, DNA.size, (RECORDS, length), np.uint8))
    letters = PROTEIN.letters + "-" * (kind == "aligned protein")
    lengths = draw.integers(length // 2, length + 1, RECORDS)
    if kind == "aligned protein":
        lengths[:] = length
    lengths[0] = length
    texts = ["".join(draw.choice([*letters], n)) for n in lengths]
    return SequenceSet.from_strings(texts, alphabet=PROTEIN.with_letters("-" * ("-" in letters)))


def memory() -> float:
    """Most memory of this process so far, megabytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def costs(kind: str, length: int, repeats: int, seed: int) -> tuple[float, float, float]:
    """Return processor milliseconds of a step, the ratio to one of 50 letters, and megabytes."""
    steps = {}
    before = memory()
    for size in (SHORT, length):
        some = players(records(kind, size, seed), threads=1)
        steps[size] = (partial(follow, some, count()), cycle(some), some)
    times: dict[int, list[float]] = {size: [] for size in steps}
    with steps[length][2].engine.busy():
        for i in range(repeats + 1):
            for size, (task, every, _) in steps.items():
                start = time.process_time()
                task()
                if i:
                    times[size].append((time.process_time() - start) / every)
    short, own = (statistics.median(times[size]) for size in (SHORT, length))
    return own * 1e3, own / short, memory() - before


def compare_lengths(repeats: int, seed: int) -> list[Row]:
    """Time steps of several lengths against those of 50 letters."""
    rows = []
    for kind in KINDS:
        for length in LENGTHS[1:]:
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                own, ratio, mb = pool.submit(costs, kind, length, repeats, seed).result()
            rows.append(
                (
                    f"default step, {kind}, {length:,} letters, ms of one thread",
                    f"{own:,.0f}, {mb:,.0f} MB",
                    f"{SHORT} letters: {own / ratio:,.0f}",
                    f"{ratio:.1f} x for {length / SHORT:.0f} x the length",
                )
            )
    return rows
