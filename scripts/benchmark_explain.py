"""Explanations whose right answer is known: planted boxes, an exclusive-or, labels without meaning.

    python scripts/benchmark_explain.py boxes --seeds 0 1 2     simulated promoters against shuffles
    python scripts/benchmark_explain.py labels --runs 20        labels at random, without the gate
    python scripts/benchmark_explain.py either                  an exclusive-or of two columns
    python scripts/benchmark_explain.py cost --records real.fasta   beside tangermeme, if installed
    python scripts/benchmark_explain.py deletion --records real.fasta --against dinucleotide
    python scripts/benchmark_explain.py complete                sums of integrated gradients

Every part prints lines for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import combinations

import numpy as np
import torch

from biogan import SequenceSet, explain, read_fasta
from biogan.core.rng import rng
from biogan.evaluation.two_sample import CrossValidation, grouped_folds
from biogan.interpret.attribution import JudgeScorer, integrated_gradients, mutagenesis, own_letters
from biogan.interpret.config import ExplainConfig
from biogan.interpret.contrast import shuffles
from biogan.interpret.explanation import Explanation
from biogan.interpret.judge import Judge
from biogan.interpret.matching import matches
from biogan.interpret.motifs import correlation
from biogan.interpret.pairs import interactions
from biogan.sequences.alphabet import DNA
from biogan.sequences.demo import GAPS, MINUS_10, MINUS_35, SPACERS, START, load_demo
from biogan.sequences.io.motifs import Motif

BOXES = (MINUS_35, MINUS_10)


def planted(codes: np.ndarray) -> np.ndarray:
    """Return where the boxes of simulated promoters most likely stand, shape (n, L), bool."""
    found = np.zeros(codes.shape, bool)
    best = np.full(len(codes), -1)
    places = np.zeros((len(codes), 2), int)
    for gap in GAPS:
        for spacer in SPACERS:
            ten = START - gap - len(MINUS_10)
            starts = (ten - spacer - len(MINUS_35), ten)
            same = sum(
                (codes[:, s : s + 6] == DNA.encode(box)).sum(1)
                for s, box in zip(starts, BOXES, strict=True)
            )
            better = same > best
            best[better], places[better] = same[better], starts
    for k in range(6):
        for side in (0, 1):
            found[np.arange(len(codes)), places[:, side] + k] = True
    return found


def boxes(args: argparse.Namespace) -> None:
    """Find the boxes of simulated promoters."""
    train, _ = load_demo()
    sets = []
    for seed in args.seeds:
        begun = time.process_time()
        found = explain(train[: args.n], "dinucleotide", most=args.most, seed=seed, fdr=args.fdr)
        spent = time.process_time() - begun
        inside = planted(found.records.matrix())
        share = np.abs(found.attributions)
        rows = []
        for box in BOXES:
            due = np.eye(4)[DNA.encode(box)]
            scores = [correlation(row.motif.frequencies, due, 5) for row in found.motifs]
            k = int(np.argmax([score for score, _ in scores]))
            start = found.motifs[k].motif.sites.start + scores[k][1]
            common = int(np.bincount(start[start >= 0]).argmax()) + 1
            rows.append(f"{box} r {scores[k][0]:.3f}, most often at {common}")
        gaps = [f"{s.usual[0]}-{s.usual[1]}" for s in found.spacings if s.first != s.second]
        sets.append([row.motif for row in found.motifs])
        print(
            f"seed {seed}: AUROC {found.summary['auroc']:.3f}; inside the boxes "
            f"{share[inside].sum() / share.sum():.3f}; {'; '.join(rows)}; "
            f"{len(found.motifs)} motifs ({', '.join(m.consensus('ACGT') for m in sets[-1])}); "
            f"gaps {gaps}; {said(found)}; {spent:.0f} s of processor time",
            flush=True,
        )
    for a, b in combinations(range(len(sets)), 2):
        one, other = ([m.frequencies for m in some] for some in (sets[a], sets[b]))
        print(f"Jaccard of seeds {args.seeds[a]}, {args.seeds[b]}: {jaccard(one, other):.2f}")


def jaccard(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> float:
    """Return the share of motifs that two sets have in common.

    Two motifs are the same where as good a match by Tomtom's statistic is expected less than once
    in a hundred such sets, among the other set and 100 random motifs.
    """
    chance = rng(0, "random motifs")
    chosen = [Motif(f"random {i}", chance.dirichlet([0.3] * 4, int(chance.integers(6, 15))))
              for i in range(100)]  # fmt: skip

    def found_again(these: Sequence[np.ndarray], those: Sequence[np.ndarray]) -> int:
        known = [*(Motif(f"found {i}", found) for i, found in enumerate(those)), *chosen]
        return sum(
            any(match.e < 0.01 for match in matches(found, known)[: len(those)]) for found in these
        )

    alike = min(found_again(one, other), found_again(other, one))
    return alike / max(1, len(one) + len(other) - alike)


def labels(args: argparse.Namespace) -> None:
    """Explain labels that mean nothing, with the gate switched off."""
    train, _ = load_demo()
    wrong = 0
    for seed in range(args.first, args.first + args.runs):
        some = train.take(rng(seed, "records").permutation(len(train))[: args.n // 2])
        both = SequenceSet.concatenate([some, shuffles(some, seed=seed)])
        order = rng(seed, "labels").permutation(len(both))
        half = len(both) // 2
        found = explain(
            both.take(order[:half]), both.take(order[half:]), most=args.most, seed=seed,
            least_auroc=0.0, fdr=args.fdr,
        )  # fmt: skip
        wrong += bool(found.motifs)
        print(f"run {seed}: AUROC {found.summary['auroc']:.3f}, {len(found.seqlets)} seqlets, "
              f"{len(found.motifs)} motifs, {found.summary['not_confirmed']} left out",
              flush=True)  # fmt: skip
    print(f"{wrong} of {args.runs} runs have a motif")


def either(args: argparse.Namespace) -> None:
    """Learn an exclusive-or of columns 16 and 31 of 50."""
    for seed in args.seeds:
        chance = rng(seed, "either")
        codes = chance.integers(0, 4, (2 * args.n, 50)).astype(np.uint8)
        one, wanted = chance.integers(0, 2, 2 * args.n), np.repeat([1, 0], args.n)
        codes[:, 15], codes[:, 30] = np.where(one, 0, 3), np.where(one ^ wanted, 2, 1)
        folds = grouped_folds(np.arange(2 * args.n), wanted, seed)
        judge = Judge.fit(codes, DNA, CrossValidation(wanted, np.arange(2 * args.n), folds), seed)
        scorer = JudgeScorer(judge, folds)
        rows = codes[: args.most]
        effects = mutagenesis(scorer, rows, DNA)
        single = own_letters(effects, rows)
        # The change to the one other letter that column holds.
        place = np.arange(len(rows))
        swap = effects[place, 15, 3 - rows[:, 15]] - effects[place, 15, rows[:, 15]]
        to_t = np.where(rows[:, 15] == 0, swap, -swap)
        found = interactions(scorer, rows, DNA, np.arange(10, 40), seed=seed)
        order = np.argsort(-found.corrected)
        best = [(int(found.first[i]) + 1, int(found.second[i]) + 1) for i in order[:2]]
        print(f"seed {seed}: AUROC {judge.auroc:.3f}; mean effect of T for A at 16: "
              f"{to_t.mean():+.3f} (absolute {np.abs(to_t).mean():.2f}); largest pair {best[0]}, "
              f"{found.corrected[order[0]] / found.corrected[order[1]]:.0f} times the next; "
              f"single {np.abs(single.mean(0)).max():.2f}", flush=True)  # fmt: skip


def complete(args: argparse.Namespace) -> None:
    """Sum integrated gradients."""
    train, _ = load_demo()
    records = train[: args.n]
    both = SequenceSet.concatenate([records, shuffles(records)])
    wanted = np.repeat([1, 0], args.n)
    folds = grouped_folds(np.tile(np.arange(args.n), 2), wanted, 0)
    judge = Judge.fit(both.matrix(), DNA, CrossValidation(wanted, np.arange(2 * args.n), folds))
    found = integrated_gradients(judge, records.matrix(), folds[: args.n])
    print(f"{args.n} promoters: largest error {100 * found.error:.2f} % of the root mean square")


def cost(args: argparse.Namespace) -> None:
    """Time mutagenesis of 1,000 records with a judge, as it is by default."""
    records = read_fasta(args.records)[: args.most]
    both = SequenceSet.concatenate([records, shuffles(records)])
    wanted = np.repeat([1, 0], len(records))
    folds = grouped_folds(np.tile(np.arange(len(records)), 2), wanted, 0)
    begun = time.process_time()
    judge = Judge.fit(
        both.matrix(), records.alphabet, CrossValidation(wanted, np.arange(len(both)), folds)
    )
    fitted = time.process_time()
    codes, folds = records.matrix(judge.length), folds[: len(records)]
    effects = mutagenesis(JudgeScorer(judge, folds), codes, records.alphabet)
    print(f"{len(records)} records of {records.longest}: judge {fitted - begun:.1f} s, "
          f"mutagenesis {time.process_time() - fitted:.1f} s of processor time",
          flush=True)  # fmt: skip
    if not find_spec("tangermeme"):
        return
    from tangermeme.saturation_mutagenesis import saturation_mutagenesis

    for batch in (32, 256):
        begun, theirs = time.process_time(), np.zeros_like(effects)
        for fold in np.unique(folds):
            rows = folds == fold
            found = saturation_mutagenesis(
                _OneFold(judge, int(fold)), judge.encode(codes[rows]), batch_size=batch,
                hypothetical=True, device="cpu",
                fast=False,
            )  # fmt: skip
            theirs[rows] = found.transpose(1, 2).numpy()
        print(f"tangermeme, batches of {batch:,}: {time.process_time() - begun:.1f} s; largest "
              f"difference {np.abs(theirs - effects).max():.2g}", flush=True)  # fmt: skip


class _OneFold(torch.nn.Module):
    """The networks of one fold as tangermeme asks for them: (n, A, L) to (n, 1)."""

    def __init__(self, judge: Judge, fold: int) -> None:
        super().__init__()
        self.judge, self.fold = judge, fold
        self.network = judge.networks[fold]

    def forward(self, letters: torch.Tensor) -> torch.Tensor:
        """Return the log density ratio of each record."""
        return self.judge.log_ratio(letters.float(), self.fold)[:, None]


def deletion(args: argparse.Namespace) -> None:
    """Take the letters away that are said to add most."""
    found = explain(
        read_fasta(args.records)[: args.n], args.against, most=args.most, label=args.label
    )
    print(f"{args.records} against {args.against}: AUROC {found.summary['auroc']:.3f}; "
          f"{said(found)}; "
          f"{', '.join(row.line(found.records.alphabet.letters) for row in found.motifs)}",
          flush=True)  # fmt: skip


def said(found: Explanation) -> str:
    """Say what the deletion test found."""
    test = found.deletion
    if test is None:
        return "no deletion test"
    variable = "" if test.variable is None else f", most variable columns {test.variable:.2f}"
    return f"deletion {test.top:.2f}, random {test.random:.2f}{variable}"


PARTS = {"boxes": boxes, "labels": labels, "either": either, "complete": complete, "cost": cost,
         "deletion": deletion}  # fmt: skip


def main() -> None:
    """Run one part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="seed of the first run")
    parser.add_argument("--fdr", type=float, default=ExplainConfig.fdr)
    parser.add_argument("-n", type=int, default=2_000, help="records of a class")
    parser.add_argument("--most", type=int, default=500, help="records that are explained")
    parser.add_argument("--records", metavar="FASTA")
    parser.add_argument("--against", default="dinucleotide")
    parser.add_argument("--label")
    args = parser.parse_args()
    PARTS[args.part](args)


if __name__ == "__main__":
    main()
