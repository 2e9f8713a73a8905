"""Speed and fidelity as ratios within one run, printed as a Markdown table.

    python scripts/benchmark.py                       all sections on speed
    python scripts/benchmark.py alphabet reading      only these
    python scripts/benchmark.py sampling --model run  a model of yours
    python scripts/benchmark.py --fidelity real.fasta --held-out held.fasta --seeds 1 2 3 --peer
    python scripts/benchmark.py design --seeds 1 2 3 --words tfbind8/ --labelled yeast.fasta=expr
    python scripts/benchmark.py time-to-fidelity --fidelity real.fasta --held-out held.fasta
        processor time to an AUROC and a 6-mer r, beside an autoregressive network
    python scripts/benchmark.py lengths               step time and memory from 50 to 4,000 letters

Absolute figures depend on the machine; the ratio to a known tool, timed in the same run, does not.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_data import Row, alphabet, kmers, random_dna, reading, seconds

import biogan
from biogan import SequenceSet, evaluate, read_fasta
from biogan.sequences.baselines import get_baseline
from biogan.sequences.kmers import kmer_counts

LENGTH = 50
SPECTRUM_N = 10_000
METRICS = ("auroc", "auroc-cnn", "kmer-pearson", "pair-pearson", "copies", "near-copies")


def start_up(args: argparse.Namespace) -> list[Row]:
    """``biogan --help`` against an empty Python."""

    def run(code: str) -> float:
        return seconds(
            lambda: subprocess.run(
                [sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True
            )
        )

    help_time = run("from biogan.cli import main; main(['--help'])")
    python = run("pass")
    return [
        (
            "biogan --help, ms",
            f"{help_time * 1e3:.0f}",
            f"python -c pass: {python * 1e3:.0f}",
            f"{help_time / python:.1f} x",
        )
    ]


def sampling(args: argparse.Namespace) -> list[Row]:
    """Sequences a second from a model, against a position-specific Markov chain."""
    from biogan import SequenceGAN

    if args.model:
        gan, name = SequenceGAN.load(args.model), Path(args.model).name
        reference = gan.sample(1000, args.seed)
    else:
        reference, name = random_dna(1000, LENGTH, args.seed), "untrained default network"
        gan = SequenceGAN(steps=1, seed=args.seed).fit(reference)
    chain = get_baseline("positional-markov-3").fit(reference)
    n = args.sequences
    own, other = (n / seconds(lambda s=s: s.sample(n, args.seed), 3) for s in (gan, chain))
    return [
        (
            f"sample, sequences/s ({name}, {int(reference.lengths.max())} letters)",
            f"{own:.0f}",
            f"positional-markov-3: {other:.0f}",
            f"{own / other:.2f} x",
        )
    ]


def step(args: argparse.Namespace) -> list[Row]:
    """Time a training step, against plain PyTorch and against the machine's matrix products."""
    from benchmark_step import compare_steps

    return compare_steps(LENGTH, args.repeats, args.seed)


def gpu(args: argparse.Namespace) -> list[Row]:
    """Time training steps and sampling on a GPU: operation by operation, as graphs, and noise."""
    from benchmark_gpu import compare_launches, compare_noise

    return [
        *compare_launches(LENGTH, 4 * args.repeats, args.seed),
        *compare_noise(LENGTH, 50 * args.sequences, args.seed),
    ]


def lengths(args: argparse.Namespace) -> list[Row]:
    """Time a training step, and weigh its memory, against the length of the records."""
    from benchmark_length import compare_lengths

    return compare_lengths(args.repeats, args.seed)


def constraints(args: argparse.Namespace) -> list[Row]:
    """Time sampling under constraints against plain sampling."""
    from benchmark_constraints import compare_constrained

    return compare_constrained(args.model, LENGTH, args.sequences // 4, args.seed)


def design(args: argparse.Namespace) -> list[str]:
    """Search problems with known optima, and with predictors that are checked: lines of tables."""
    import benchmark_design as problems

    wanted = ["ehrlich", "planted"] if args.problems is None else args.problems
    lines: list[str] = []
    if "ehrlich" in wanted:
        lines += [*problems.ehrlich(args.seeds), ""]
    if "planted" in wanted:
        lines += [*problems.planted(args.seeds), ""]
    if args.words:
        lines += [*problems.tfbind8(Path(args.words), range(1, 11)), ""]
    if args.words_at_once:
        lines += [*problems.fronts(Path(args.words_at_once), args.seeds), ""]
    if args.peptides:
        lines += [*problems.peptides(Path(args.peptides), args.seeds), ""]
    if args.labelled:
        path, _, label = args.labelled.rpartition("=")
        lines += [*problems.labelled(Path(path), label, args.seeds), ""]
        lines += [*problems.constrained(Path(path), args.seeds), ""]
        if args.search_peers:
            from benchmark_design_peers import peers

            lines += [*peers(Path(path), label, [*map(Path, args.search_peers)], args.seeds), ""]
    return lines


TIME, DESIGN = "time-to-fidelity", "design"
SECTIONS = {
    f.__name__: f
    for f in (alphabet, reading, kmers, start_up, sampling, constraints, step, lengths, gpu)
}


def spectrum_r(new: SequenceSet, real: SequenceSet) -> float:
    """Pearson correlation of the counts of 6-mers, of proteins of 2-mers."""
    k = word(real)
    return float(np.corrcoef(kmer_counts(new, k), kmer_counts(real, k))[0, 1])


def word(real: SequenceSet) -> int:
    """Return the letters of the words that are counted."""
    return 6 if real.alphabet.size < 6 else 2


def fidelity(args: argparse.Namespace) -> list[str]:
    """Train with default settings for each seed and judge the result: lines of a table."""
    from benchmark_time import peer_copies

    from biogan import SequenceGAN

    train, held_out = read_fasta(args.fidelity), read_fasta(args.held_out)
    names = ["AUROC logistic", "AUROC CNN", "k-mer r", "C_ij r", "exact copies", "near copies"]
    names += ["steps, processor seconds"]
    lines = [f"| sequences | {' | '.join(names)} | {word(train)}-mer r at n = {SPECTRUM_N:,} |"]
    lines.append("|---" * (len(names) + 2) + "|")

    def line(label: str, values: dict[str, float | None], steps: object, many: object) -> str:
        cells = ["-" if values.get(m) is None else f"{values[m]:.3f}" for m in METRICS]
        return f"| {label} | {' | '.join(cells)} | {steps} | {many} |"

    def judged(new: SequenceSet, seed: int) -> tuple[dict[str, dict[str, float | None]], int]:
        report = evaluate(train, new, held_out=held_out, metrics=METRICS, seed=seed)
        columns = {
            label: {row.metric.name: row.columns[label].value for row in report.rows}
            for label in report.rows[0].columns
        }
        return columns, report.n

    for seed in args.seeds:
        start = time.process_time()
        gan = SequenceGAN(**duration(args), seed=seed).fit(train)
        taken = time.process_time() - start
        made = {f"biogan, seed {seed}": (gan.sample, f"{gan.card['training']['steps']:,}", taken)}
        if args.peer:
            kept = peer_copies(train, seed, taken)[-1]
            made[f"autoregressive, seed {seed}"] = (kept.sample, "kept at", kept.seconds)
        for label, (sample, steps, seconds_taken) in made.items():
            new = sample(SPECTRUM_N, seed)
            columns, n = judged(new, seed)
            r = f"{spectrum_r(new, held_out):.3f}"
            own = columns.pop("generated")
            lines.append(line(label, own, f"{steps}, {seconds_taken:.0f}", r))
    # The scale: ceiling, floors and verbatim copies, as scored beside the last seed.
    for label, values in columns.items():
        # Real data against the held-out part are training records, as many as are generated.
        name = "copies" if label == "held-out" else label
        many = get_baseline(name).fit(train).sample(SPECTRUM_N, args.seeds[-1])
        lines.append(line(label, values, "-", f"{spectrum_r(many, held_out):.3f}"))
    lines += [
        "",
        f"All against held-out records, n = {n:,}; in the last column {SPECTRUM_N:,} "
        "sequences against all held-out records (for held-out: training records against them).",
    ]
    return lines


def duration(args: argparse.Namespace) -> dict[str, Any]:
    """Return how long biogan trains, as options of it."""
    return {"steps": args.steps} if args.steps else {"max_time": args.max_time}


def about(args: argparse.Namespace) -> list[str]:
    """Machine, versions, seed and command."""
    import torch

    gpu = []
    if torch.cuda.is_available():
        gpu.append(f"* {torch.cuda.get_device_name()}, CUDA {torch.version.cuda}")
    packages = ", ".join(f"{p} {version(p)}" for p in ("torch", "numpy", "biopython"))
    return [
        f"* {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{torch.get_num_threads()} torch threads, Python {platform.python_version()}",
        *gpu,
        f"* biogan {biogan.__version__}, {packages}; seed {args.seed}",
        f"* `python scripts/benchmark.py {shlex.join(sys.argv[1:])}`",
        "",
    ]


def main() -> None:
    """Run what was asked for and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sections", nargs="*", help=f"of {', '.join(SECTIONS)} (all); {TIME}, {DESIGN}"
    )
    parser.add_argument("--model", help="model folder for the section on sampling")
    parser.add_argument("--records", type=int, default=400_000, help="200-mers to read")
    parser.add_argument("--sequences", type=int, default=20_000, help="sequences to sample")
    parser.add_argument("--repeats", type=int, default=5, help="steps of the published GAN to time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fidelity", metavar="FASTA", help="train on these, no section on speed")
    parser.add_argument("--held-out", metavar="FASTA", help="judge against these")
    parser.add_argument("--max-time", default="10m", help="training time a seed")
    parser.add_argument("--steps", type=int, help="training steps a seed, instead of a time")
    parser.add_argument(
        "--peer", action="store_true", help="also train an autoregressive network as long"
    )
    parser.add_argument("--problems", nargs="*", help="of ehrlich, planted (both), for design")
    parser.add_argument("--words", metavar="FOLDER", help="tables of all 8-mers, for design")
    parser.add_argument("--words-at-once", metavar="FOLDER", help="the same, two tables at once")
    parser.add_argument("--peptides", metavar="FASTA", help="label AMP or nonAMP, for design")
    parser.add_argument("--labelled", metavar="FASTA=LABEL", help="labelled records, for design")
    parser.add_argument("--search-peers", nargs="*", metavar="FOLDER",
                        help="folders with flexs and ledidi, with --labelled")  # fmt: skip
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    args = parser.parse_args()
    unknown = set(args.sections) - {*SECTIONS, TIME, DESIGN}
    if unknown:
        parser.error(
            f"unknown section {min(unknown)!r}: choose of {', '.join(SECTIONS)}, {TIME}, {DESIGN}"
        )
    if bool(args.fidelity) != bool(args.held_out) or (TIME in args.sections and not args.fidelity):
        parser.error(f"--fidelity and --held-out go together, and {TIME} needs both")
    if DESIGN in args.sections:
        table = design(args)
    elif TIME in args.sections:
        from benchmark_time import time_to_fidelity

        table = time_to_fidelity(args.fidelity, args.held_out, args.seeds, **duration(args))
    elif args.fidelity:
        table = fidelity(args)
    else:
        rows = [r for name in args.sections or SECTIONS for r in SECTIONS[name](args)]
        table = ["| what | biogan | compared with | ratio |", "|---|---|---|---|"]
        table += [f"| {' | '.join(row)} |" for row in rows]
    print("\n".join(about(args) + table))


if __name__ == "__main__":
    main()
