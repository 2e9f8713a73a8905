"""Simulate the promoters of ``biogan demo``: the same bytes each time.

    python scripts/make_demo_data.py [--out FOLDER]

The frequencies and their sources are explained in ``data/README.md``.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

import numpy as np

from biogan.core.rng import rng
from biogan.sequences.alphabet import DNA
from biogan.sequences.demo import GAPS, LENGTH, MINUS_10, MINUS_35, SPACERS, START

SEED = 1
RECORDS = {"train": 6000, "held_out": 1000}
FOLDER = Path(__file__).resolve().parents[1] / "biogan" / "sequences" / "promoters"

# Share of promoters with the consensus letter at each place of a box (Harley & Reynolds 1987,
# Nucleic Acids Res 15:2343, 263 promoters of E. coli).
FREQUENCIES_35 = (0.78, 0.82, 0.68, 0.58, 0.52, 0.54)
FREQUENCIES_10 = (0.82, 0.89, 0.52, 0.59, 0.49, 0.89)
# A spacer of 17 nt and a start 7 nt downstream are the most frequent; one more or less is common.
WEIGHTS = (0.25, 0.5, 0.25)
# GC share before the start (promoter regions are rich in A and T) and from it on (whole genome).
GC_UPSTREAM, GC_TRANSCRIBED = 0.44, 0.508


def draw(shares: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Index of the interval of the cumulated shares (last axis) in which each number falls."""
    # Uniform numbers only: their stream is stable between numpy versions, that of choice() is not.
    return (uniform[..., None] >= np.cumsum(shares, -1)[..., :-1]).sum(-1)


def background(n: int, stream: np.random.Generator) -> np.ndarray:
    """Independent letters of the region's GC share, shape (n, 60)."""
    gc = np.where(np.arange(LENGTH) < START, GC_UPSTREAM, GC_TRANSCRIBED)
    shares = np.stack([1 - gc, gc, gc, 1 - gc], 1) / 2  # order A C G T
    return draw(shares, stream.random((n, LENGTH))).astype(np.uint8)


def plant(
    matrix: np.ndarray,
    box: str,
    frequencies: tuple[float, ...],
    starts: np.ndarray,
    stream: np.random.Generator,
) -> None:
    """Write a box into each row; letters other than the consensus are equally likely."""
    consensus = DNA.encode(box)
    shift = draw(
        np.array([[f, *[(1 - f) / 3] * 3] for f in frequencies]),
        stream.random((len(matrix), len(box))),
    )
    columns = starts[:, None] + np.arange(len(box))
    matrix[np.arange(len(matrix))[:, None], columns] = (consensus + shift) % 4


def simulate(n: int, name: str) -> np.ndarray:
    """Codes of ``n`` promoters, shape (n, 60)."""
    stream = rng(SEED, "demo", name)
    matrix = background(n, stream)
    gap, spacer = (
        np.array(values)[draw(np.array(WEIGHTS), stream.random(n))] for values in (GAPS, SPACERS)
    )
    start_10 = START - gap - len(MINUS_10)
    plant(matrix, MINUS_10, FREQUENCIES_10, start_10, stream)
    plant(matrix, MINUS_35, FREQUENCIES_35, start_10 - spacer - len(MINUS_35), stream)
    return matrix


def fasta(name: str) -> bytes:
    """Text of one file."""
    rows = simulate(RECORDS[name], name)
    return "".join(
        f">{name}_{i} simulated sigma-70 promoter\n{DNA.decode(row)}\n"
        for i, row in enumerate(rows, 1)
    ).encode()


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FOLDER)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name in RECORDS:
        path = out / f"promoters.{name}.fa.gz"
        # No file name and no time in the header: the same bytes each time.
        path.write_bytes(gzip.compress(fasta(name), 9, mtime=0))
        print(path)


if __name__ == "__main__":
    main()
