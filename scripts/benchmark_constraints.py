"""What drawing under constraints costs: against plain sampling of the same model."""

from __future__ import annotations

import time

import numpy as np
from benchmark_data import Row, random_dna, seconds

from biogan import GC, Avoid, Fixed, MaxRun, SequenceGAN, Template
from biogan.sequences.constraints.constraint import Constraint

#: Two boxes of six letters, as promoters of E. coli have them.
BOXES = "N" * 14 + "TTGACA" + "N" * 17 + "TATAAT" + "N" * 7
FIVE = [Fixed("15-20=TTGACA"), Avoid("BsaI"), Avoid("EcoRI"), GC(0.4, 0.6), MaxRun(5)]
PROMOTERS, STEPS = 96, 300


def compare_constrained(model: str | None, length: int, n: int, seed: int) -> list[Row]:
    """Time constrained and plain sampling.

    Parameters
    ----------
    model : str, optional
        A model of records of ``length`` letters; by default an untrained default network.
    length : int
        Letters of short records, 50.
    n : int
        Records of a measurement.
    seed : int
        Seed of all random numbers.
    """
    short = SequenceGAN.load(model) if model else _untrained(length, seed)
    rows = [
        _row("five constraints, free", short, FIVE, n, seed),
        _row("200 letters, --gc 0.4:0.6, free", _untrained(200, seed), [GC(0.4, 0.6)], n, seed),
    ]
    start = time.process_time()
    short.sample(PROMOTERS, seed, constraints=[Template(BOXES)], latents="mcmc", chain_steps=STEPS)
    chains = time.process_time() - start
    what = f"{PROMOTERS} records of {length} letters, 12 of them fixed, mcmc, processor seconds"
    rows.append((what, f"{chains:.1f}", f"{STEPS} moves a record", "-"))
    return rows


def _untrained(length: int, seed: int) -> SequenceGAN:
    return SequenceGAN(steps=1, seed=seed).fit(random_dna(1000, length, seed))


def _row(what: str, gan: SequenceGAN, rules: list[Constraint], n: int, seed: int) -> Row:
    gan.sample(512, seed, constraints=rules, latents="free")
    # In turns, so that what else the machine does slows both.
    own, plain = np.median(
        [
            (
                seconds(lambda: gan.sample(n, seed, constraints=rules, latents="free"), 1),
                seconds(lambda: gan.sample(n, seed), 1),
            )
            for _ in range(5)
        ],
        0,
    )
    return (
        f"sample, sequences/s ({what})",
        f"{n / own:.0f}",
        f"without constraints: {n / plain:.0f}",
        f"{plain / own:.2f} x",
    )
