"""The sections of the benchmark on letters, files and k-mers, with the clock of all sections."""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import biogan
from biogan import DNA, SequenceSet, read_fasta, write_fasta
from biogan.core.rng import rng
from biogan.sequences.kmers import kmer_counts

# What was timed, biogan, the other tool, the ratio.
Row = tuple[str, str, str, str]


def seconds(task: Callable[[], object], repeats: int = 5) -> float:
    """Median wall time of a task, after one call that is not timed."""
    task()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def random_dna(n: int, length: int, seed: int) -> SequenceSet:
    """Uniform random DNA."""
    codes = rng(seed, "benchmark").integers(0, DNA.size, (n, length), np.uint8)
    return SequenceSet.from_matrix(DNA, codes)


def alphabet(args: argparse.Namespace) -> list[Row]:
    """Letters to codes and back, against a dictionary lookup a letter."""
    size = 5_000_000
    codes = random_dna(1, size, args.seed).codes
    text = DNA.decode(codes)
    few = size // 10
    table = {letter: code for code, letter in enumerate(DNA.letters)}
    rows = []
    for what, own, other in [
        ("encode", lambda: DNA.encode(text), lambda: [table[c] for c in text[:few]]),
        ("decode", lambda: DNA.decode(codes), lambda: "".join(DNA.letters[c] for c in codes[:few])),
    ]:
        fast, slow = size / seconds(own), few / seconds(other)
        rows.append(
            (
                f"{what}, letters/s",
                f"{fast / 1e6:.0f} million",
                f"Python lookup a letter: {slow / 1e6:.1f} million",
                f"{fast / slow:.0f} x",
            )
        )
    return rows


def reading(args: argparse.Namespace) -> list[Row]:
    """Read and store a FASTA end to end, against Biopython's parser on the same file."""
    from Bio import SeqIO

    rows = []
    for length in (60, 200):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "reads.fasta"
            write_fasta(random_dna(args.records * 200 // length, length, args.seed), path)
            size = path.stat().st_size / 1e6
            tasks: list[Callable[[], object]] = [
                lambda path=path: read_fasta(path),
                # Another folder each time: a store that is there is used again.
                lambda path=path, folder=folder: biogan.store_fasta(
                    path, tempfile.mkdtemp(dir=folder)
                ),
                lambda path=path: [str(r.seq) for r in SeqIO.parse(path, "fasta")],
            ]
            # Turn by turn, so that a busy moment of the machine meets all of them.
            turns = [[seconds(task, 1) for task in tasks] for _ in range(3)]
            read, stored, other = (size / min(times) for times in zip(*turns, strict=True))
        for what, own in (("read", read), ("store", stored)):
            rows.append((f"{what} FASTA, MB/s ({size:.0f} MB of {length}-mers; checked, encoded)",
                         f"{own:.0f}", f"Bio.SeqIO.parse (strings only): {other:.0f}",
                         f"{own / other:.1f} x"))  # fmt: skip
    return rows


def kmers(args: argparse.Namespace) -> list[Row]:
    """Count k-mers from a FASTA file and from memory, against jellyfish with two threads."""
    jellyfish = shutil.which("jellyfish")
    if jellyfish is None:
        return [("count k-mers", "-", "skipped: jellyfish is not installed", "-")]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reads.fasta"
        some = random_dna(args.records, 200, args.seed)
        write_fasta(some, path)
        letters = len(some.codes) / 1e6
        for k in (6, 10):
            command = [jellyfish, "count", "-m", str(k), "-t", "2", "-s", "4M"]
            command += ["-o", str(Path(folder) / "counts.jf"), str(path)]
            tasks: list[Callable[[], object]] = [
                lambda k=k: kmer_counts(read_fasta(path), k),
                lambda k=k: kmer_counts(some, k),
                lambda command=command: subprocess.run(command, check=True),
            ]
            # Turn by turn, so that a busy moment of the machine meets all of them.
            turns = [[seconds(task, 1) for task in tasks] for _ in range(3)]
            whole, count, other = (letters / min(times) for times in zip(*turns, strict=True))
            against = f"jellyfish count -t 2: {other:.0f}"
            for what, own in (("from the file", whole), ("from memory", count)):
                rows.append((f"count {k}-mers {what}, million letters/s, one thread",
                             f"{own:.0f}", against, f"{own / other:.1f} x"))  # fmt: skip
    return rows
