"""Design searches on problems whose best sequences are known, or which another predictor judges.

Ehrlich functions and the planted problem are made here; binding tables of all 8-mers and labelled
promoters are given as files.
"""

from __future__ import annotations

import gzip
import re
import statistics
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from biogan import GC, Avoid, MaxRun, SequenceSet, Template, design, read_fasta
from biogan.core.conditions import numbers
from biogan.core.oracles import Asked
from biogan.core.rng import rng
from biogan.designing.comparison import Transfer
from biogan.designing.config import DesignConfig
from biogan.designing.evolve import Evolution
from biogan.designing.objective import Objective
from biogan.designing.pareto import Front, hypervolume, nadir
from biogan.designing.predictor import Predictor, halves
from biogan.designing.problems import Ehrlich
from biogan.designing.proposals import ChainPrior, likeness
from biogan.sequences.baselines import get_baseline
from biogan.sequences.constraints.language import compiled
from biogan.sequences.similarity.pairs import clusters, identities
from biogan.sequences.tokenizer import FIXED, Tokenizer

SHAPES = ((20, 60), (32, 32), (32, 128))
BUDGETS = (1_000, 10_000)
INSTANCES = 3
# Draws that an instance must not be solved by.
DRAWS, EASY = 1_000, 0.5
LETTERS = "ACGT"
# Two tables at once: the first is raised, the second raised (1) or lowered (-1).
PAIRS = (("CRX", "KLF1", 1), ("SIX6", "PAX6", 1), ("FOXC1", "SIX6", 1), ("CRX", "SIX6", -1))
# Share of the positions that two peptides may have in common, and how long they are at most.
ALIKE, LONGEST = 0.5, 50
# The planted problem: three motifs, whose best sites add up, and a penalty on unusual GC content.
RECORDS, LENGTH, WIDTH = 2_000, 60, 4


class Chain:
    """The chain that an Ehrlich function is drawn with, as a sampler."""

    def __init__(self, problem: Ehrlich) -> None:
        self.problem = problem

    def sample(self, n: int, seed: int) -> SequenceSet:
        """Draw feasible sequences."""
        return SequenceSet.from_matrix(self.problem.alphabet, self.problem.draw(n, seed))


def instances(states: int, length: int) -> list[Ehrlich]:
    """Return functions that 1,000 draws of their own chain do not solve."""
    found: list[Ehrlich] = []
    seed = 0
    while len(found) < INSTANCES:
        seed += 1
        problem = Ehrlich.drawn(states, length, 4, 4, seed=seed)
        if problem.score(problem.draw(DRAWS, 0)).max() < EASY:
            found.append(problem)
    return found


def evolved(problem: Ehrlich, calls: int, seed: int, violations: list[int]) -> float:
    """Return the best score of the search of ``biogan design``, its chain as the prior.

    ``violations`` receives the number of infeasible sequences that were asked about.
    """
    tokenizer = Tokenizer(problem.alphabet, problem.length, FIXED)
    words = compiled([problem.feasible()], tokenizer)
    prior = ChainPrior(Chain(problem), tokenizer, words)
    config = DesignConfig(calls=calls, seed=seed)
    search = Evolution(tokenizer, prior, words, seed, config.max_identity)
    while len(search.rows) < calls:
        asked = search.ask(min(config.chosen_batch, calls - len(search.rows)))
        search.tell(problem.score(asked.candidates.rows))
    violations.append(int((search.scores == -np.inf).sum()))
    return float(search.scores.max())


def genetic(problem: Ehrlich, calls: int, seed: int) -> float:
    """Return the best score of a genetic algorithm without prior: mutation and crossover.

    It begins with draws of the chain, keeps the 100 best, and rejects infeasible children without a
    call, as the search does.
    """
    draws = rng(seed, "genetic")
    rows = problem.draw(100, seed)
    scores = problem.score(rows)
    done = len(rows)
    states = len(problem.transitions)
    while done < calls:
        best = np.argsort(-scores, kind="stable")[:100]
        rows, scores = rows[best], scores[best]
        first, second = rows[draws.integers(len(rows), size=(2, 200))]
        cut = draws.integers(1, problem.length, 200)[:, None]
        children = np.where(np.arange(problem.length) < cut, first, second)
        change = draws.random(children.shape) < 1 / problem.length
        children = np.where(change, draws.integers(0, states, children.shape), children)
        children = np.unique(children.astype(np.uint8), axis=0)
        children = children[np.isfinite(problem.score(children))][: min(100, calls - done)]
        rows = np.concatenate([rows, children])
        scores = np.concatenate([scores, problem.score(children)])
        done += max(1, len(children))
    return float(scores.max())


def drawn(problem: Ehrlich, calls: int, seed: int) -> float:
    """Return the best score of draws of the chain."""
    return float(problem.score(problem.draw(calls, seed + 1)).max())


def ehrlich(seeds: Sequence[int]) -> list[str]:
    """Search Ehrlich functions: lines of a table."""
    lines = [
        "| states, length | calls | biogan, median (all) | genetic | draws | violations |",
        "|---" * 6 + "|",
    ]
    for states, length in SHAPES:
        problems = instances(states, length)
        for calls in BUDGETS:
            cells = []
            violations: list[int] = []
            for way in (partial(evolved, violations=violations), genetic, drawn):
                found = [way(problem, calls, seed) for problem in problems for seed in seeds]
                each = " ".join(f"{x:.2f}" for x in found)
                cells.append(f"{statistics.median(found):.2f} ({each})")
            cells.append(f"{sum(violations):,}")
            lines.append(f"| {states}, {length} | {calls:,} | {' | '.join(cells)} |")
    return lines


def tfbind8(folder: Path, seeds: Sequence[int], calls: int = 1_000) -> list[str]:
    """Search tables of measured 8-mers: calls until the best of the table; lines of a table."""
    lines = [
        "| table | calls until the best, each seed | median | within 500 | random: expected |",
        "|---" * 5 + "|",
    ]
    tokenizer = Tokenizer(SequenceSet.from_strings([LETTERS]).alphabet, 8, FIXED)
    for path in sorted(folder.glob("*.tsv.gz")):
        known = table(path)
        best = max(known.values())
        found = [calls_until(tokenizer, known, best, seed, calls) for seed in seeds]
        said = [f"{n:,}" if n <= calls else f"> {calls:,}" for n in found]
        within = sum(n <= 500 for n in found)
        many = sum(value == best for value in known.values())
        lines.append(
            f"| {path.name.partition('_')[0]} | {' '.join(said)} | "
            f"{statistics.median(found):,.0f} | {within} of {len(found)} | "
            f"{(len(known) + 1) / (many + 1):,.0f} |"
        )
    return lines


def table(path: Path) -> dict[str, float]:
    """Read a table of a word, its other strand, and a value."""
    found = {}
    for line in gzip.decompress(path.read_bytes()).decode().splitlines()[1:]:
        word, reverse, value = line.split("\t")
        found[word] = found[reverse] = float(value)
    return found


def calls_until(
    tokenizer: Tokenizer, table: dict[str, float], best: float, seed: int, calls: int
) -> int:
    """Return the number of calls until the best of a table was asked for, calls + 1 if never."""

    class Uniform:
        def sample(self, n: int, seed: int) -> SequenceSet:
            codes = rng(seed, "words").integers(0, 4, (n, 8)).astype(np.uint8)
            return SequenceSet.from_matrix(tokenizer.alphabet, codes)

    search = Evolution(tokenizer, ChainPrior(Uniform(), tokenizer), None, seed)
    while len(search.rows) < calls:
        asked = search.ask(10)
        texts = tokenizer.decode(asked.candidates.rows).strings()
        scores = np.array([table[text] for text in texts])
        if (scores == best).any():
            return len(search.rows) + int((scores == best).argmax()) + 1
        search.tell(scores)
    return calls + 1


def labelled(path: Path, label: str, seeds: Sequence[int], calls: int = 3_000) -> list[str]:
    """Search with predictors of a label, and check with one that has seen other records only."""
    from sklearn.linear_model import RidgeCV

    records = read_fasta(path)
    first, second = halves(records, label, 0)
    penalties = np.logspace(0, 6, 13)
    bounded = {family: Predictor.fitted(first, label, family) for family in ("ridge", "boosting")}
    judges = {family: Predictor.fitted(second, label, family) for family in ("ridge", "boosting")}

    def linear(own: Predictor, part: SequenceSet) -> Callable[[list[str]], np.ndarray]:
        model = RidgeCV(penalties).fit(own.described.of(part), numbers(part.labels[label]))
        return lambda texts: model.predict(
            own.described.of(SequenceSet.from_strings(texts, alphabet=records.alphabet))
        )

    unbounded, judge = (linear(own, part) for own, part in
                        ((bounded["ridge"], first), (judges["ridge"], second)))  # fmt: skip
    checks = {"ridge without bounds": judge, "boosting": judges["boosting"]}
    lines = [
        "| oracle (one half) | check (the other half) | seed | oracle | check | transfer | "
        "identity of pairs | flagged |",
        "|---" * 8 + "|",
    ]
    runs = [("boosting", bounded["boosting"], "ridge without bounds"),
            ("ridge", bounded["ridge"], "boosting"),
            ("ridge without bounds", unbounded, "boosting")]  # fmt: skip
    for name, oracle, check in runs:
        for seed in seeds:
            found = design(
                records, oracle, 96, check=checks[check], calls=calls, max_identity=0.6, seed=seed
            )
            part = found.summary["check"]
            moved = next(iter(part["transfer"].values()))
            lines.append(
                f"| {name} | {check} | {seed} | {found.summary['designs']['mean']:.1f} | "
                f"{part['designs']['mean']:.1f} | {moved['transfer']:.2f} | "
                f"{found.summary['pair_identity']:.2f} | {'no' if part['confirmed'] else 'yes'} |"
            )
    top = np.sort(numbers(records.labels[label]))[-len(records) // 10 :]
    return [*lines, "", f"Best tenth of real records, measured: {top.mean():.1f}."]


def planted(seeds: Sequence[int], calls: int = 3_000) -> list[str]:
    """Compare the transfer that a check reports with that by the truth, which is known here."""
    lines = ["| seed | oracle | transfer by the check | by the truth |", "|---" * 4 + "|"]
    for seed in seeds:
        draws = rng(seed, "planted")
        motifs = 2 * draws.normal(size=(3, WIDTH, 4))
        codes = draws.integers(0, 4, (RECORDS, LENGTH)).astype(np.uint8)
        alphabet = SequenceSet.from_strings([LETTERS]).alphabet

        def truth(texts: list[str], motifs: np.ndarray = motifs) -> np.ndarray:
            rows = np.stack([np.array([LETTERS.index(c) for c in text]) for text in texts])
            sites = np.lib.stride_tricks.sliding_window_view(rows, WIDTH, axis=1)
            best = [one[np.arange(WIDTH), sites].sum(2).max(1) for one in motifs]
            strong = np.isin(rows, (1, 2)).mean(1)
            return np.sum(best, 0) - 20 * np.abs(strong - 0.5)

        records = SequenceSet.from_matrix(alphabet, codes)
        exact = truth(records.strings())
        noisy = exact + draws.normal(0, exact.std() / 2, len(exact))
        records.labels["y"] = np.array([f"{v:.6f}" for v in noisy], object)
        for oracle in ("labels:y", _raw(records, seed)):
            check = None if isinstance(oracle, str) else Predictor.fitted(
                halves(records, "y", seed)[1], "y", "boosting"
            )  # fmt: skip
            found = design(records, oracle, 96, check=check, calls=calls, seed=seed)
            own = next(iter(found.summary["check"]["transfer"].values()))
            asked = oracle if callable(oracle) else Predictor.fitted(
                halves(records, "y", seed)[0], "y", seed=seed
            )  # fmt: skip
            scores, real = (_values(asked, some.strings()) for some in (found, records))
            # Of predictors all gains are in standard deviations of the labels.
            units = (float(noisy.std()),) * 2 if isinstance(oracle, str) else None
            real_truth = Transfer.of(scores, real, truth(found.strings()), exact, units=units)
            name = oracle if isinstance(oracle, str) else "ridge without bounds"
            lines.append(f"| {seed} | {name} | {own['transfer']:.2f} | {real_truth.transfer:.2f} |")
    return lines


def _raw(records: SequenceSet, seed: int) -> Callable[[list[str]], np.ndarray]:
    from sklearn.linear_model import RidgeCV

    half = halves(records, "y", seed)[0]
    described = Predictor.fitted(half, "y").described
    model = RidgeCV(np.logspace(0, 6, 13)).fit(described.of(half), numbers(half.labels["y"]))
    return lambda texts: model.predict(
        described.of(SequenceSet.from_strings(texts, alphabet=records.alphabet))
    )


def _values(oracle: Callable[[list[str]], object], texts: list[str]) -> np.ndarray:
    return Asked(oracle, "oracle")(texts)[:, 0]


def fronts(folder: Path, seeds: Sequence[int], calls: int = 2_000) -> list[str]:
    """Search pairs of binding tables: share of the hypervolume of the exact front, by enumeration.

    The volume is counted from the worst of each value on the exact front itself, so that only what
    lies inside its box counts.
    """
    tables = {path.name.partition("_")[0]: table(path) for path in sorted(folder.glob("*.tsv.gz"))}
    words = sorted(next(iter(tables.values())))
    records = SequenceSet.from_strings(words)
    marks = (500, 1_000, calls)
    lines = [
        f"| values | sequences of the exact front | {calls:,} random words | "
        + " | ".join(f"{n:,} calls" for n in marks)
        + " |",
        "|---" * 6 + "|",
    ]
    for a, b, goal in PAIRS:
        every = np.array([[tables[a][w], goal * tables[b][w]] for w in words])
        reference = nadir(every)
        whole = hypervolume(every, reference)

        def oracle(texts: list[str], a: str = a, b: str = b) -> dict[str, list[float]]:
            return {name: [tables[name][t] for t in texts] for name in (a, b)}

        wanted = Objective((a, b)) if goal > 0 else Objective((a,), (b,))
        shares: list[list[float]] = []
        for seed in seeds:
            asked: list[str] = []

            def noted(texts: list[str], asked: list[str] = asked) -> dict[str, list[float]]:
                asked.extend(texts)
                return oracle(texts)

            start = records.take(np.sort(rng(seed, "start").permutation(len(records))[:1_000]))
            design(start, noted, 20, prior="uniform", objective=wanted, calls=calls, seed=seed,
                   real=records[:1])  # fmt: skip
            found = np.array([[tables[a][w], goal * tables[b][w]] for w in dict.fromkeys(asked)])
            random = every[rng(seed, "random").permutation(len(every))[:calls]]
            some = [random, *(found[:n] for n in marks)]
            shares.append([hypervolume(one, reference) / whole for one in some])
        cells = [
            f"{statistics.median(column):.2f} ({' '.join(f'{x:.2f}' for x in column)})"
            for column in zip(*shares, strict=True)
        ]
        front = Front((a, b), (1, goal), every, every).size
        name = f"{a} high, {b} {'high' if goal > 0 else 'low'}"
        lines.append(f"| {name} | {front:,} | {' | '.join(cells)} |")
    return lines


def peptides(path: Path, seeds: Sequence[int], calls: int = 3_000) -> list[str]:
    """Search antimicrobial peptides with an oracle of one half, a check of another from the other.

    Peptides of at most 50 residues: longer ones score higher, whatever is in them. The prior of all
    is the Markov chain of the antimicrobial half that the oracle has learned from.
    """
    records = read_fasta(path)
    records = records[records.lengths <= LONGEST]
    lines = [
        "| seed | set | records | oracle | check | identity of pairs | clusters at 0.8 | length |",
        "|---" * 8 + "|",
    ]
    for seed in seeds:
        first, second = halves(records, "label", seed)
        oracle = Predictor.fitted(first, "label", seed=seed)
        check = Predictor.fitted(second, "label", "ridge", seed=seed)
        amps, real = (half[half.labels["label"] == "AMP"] for half in (first, second))
        chain = get_baseline("markov-3").fit(amps)
        drawn = chain.sample(calls, seed)
        draws = distinct_of(drawn, oracle(drawn.strings())["AMP"], 96)
        found = design(amps, oracle, 96, check=check, objective=Objective(("AMP",)), calls=calls,
                       max_identity=ALIKE, seed=seed)  # fmt: skip
        pick = rng(seed, "real").permutation(len(real))[:96]
        sets = {"evolve": found, f"best of {calls:,} draws": draws, "real AMPs": real[pick],
                "draws": chain.sample(96, seed + 1)}  # fmt: skip
        for name, some in sets.items():
            texts = some.strings()
            pairs = identities(some)[np.triu_indices(len(some), 1)].mean()
            lines.append(
                f"| {seed} | {name} | {len(some)} | {oracle(texts)['AMP'].mean():.3f} | "
                f"{check(texts)['AMP'].mean():.3f} | {pairs:.3f} | "
                f"{len(np.unique(clusters(some, 0.8)))} | {some.lengths.mean():.0f} |"
            )
    return lines


def constrained(path: Path, seeds: Sequence[int], calls: int = 1_000) -> list[str]:
    """Count questions that violate constraints, with oracles that reward violations.

    Every sequence that the oracle is shown is counted, not only the designs, and by other code than
    that which keeps the constraints.
    """
    records = read_fasta(path)
    box, place, runs = "TATAAA", 40, re.compile(r"(.)\1*")
    starts = records[:5]
    given = starts.matrix()
    compared = records.strings()[0]

    def strong(text: str) -> float:
        return (text.count("G") + text.count("C")) / len(text)

    def longest(text: str) -> int:
        return max(len(run.group()) for run in runs.finditer(text))

    def edits(text: str) -> int:
        row = SequenceSet.from_strings([text], alphabet=records.alphabet).matrix()
        return int((given != row).sum(1).min())

    template = Template("N" * place + box + "N" * (records.longest - place - len(box)))
    # What is asked for, what a sequence is scored by, and how a violation is seen.
    ways: list[tuple[str, dict[str, Any], Callable[[str], float], Callable[[str], bool]]] = [
        ("--avoid BsaI", {"constraints": [Avoid("BsaI")]},
         lambda t: t.count("GGTCT") + t.count("GAGAC"),
         lambda t: "GGTCTC" in t or "GAGACC" in t),
        ("--gc 0.3:0.5", {"constraints": [GC(0.3, 0.5)]},
         strong, lambda t: not 0.3 <= strong(t) <= 0.5),
        ("--max-run 4", {"constraints": [MaxRun(4)]}, longest, lambda t: longest(t) > 4),
        (f"--template, {box} at {place + 1}", {"constraints": [template]},
         lambda t: t.count("C"), lambda t: t[place : place + len(box)] != box),
        ("--start of 5 records, --max-edits 4", {"start": starts, "max_edits": 4},
         lambda t: t.count("C"), lambda t: edits(t) > 4),
    ]  # fmt: skip
    lines = ["| asked for | questions | violations |", "|---" * 3 + "|"]
    for name, options, score, bad in ways:
        asked: list[str] = []

        def noted(texts: list[str], score: Callable[[str], float] = score,
                  asked: list[str] = asked) -> list[float]:  # fmt: skip
            # What designs are compared with is asked about, too: a record that need not keep it.
            asked.extend(text for text in texts if text != compared)
            return [score(text) for text in texts]

        for seed in seeds:
            design(records, noted, calls=calls, seed=seed, real=records[:1], **options)
        lines.append(f"| {name} | {len(asked):,} | {sum(map(bad, asked)):,} |")
    return lines


def distinct_of(draws: SequenceSet, scores: np.ndarray, n: int) -> SequenceSet:
    """Return the n best draws of which no two are alike, as the search chooses its designs."""
    order = np.argsort(-scores, kind="stable")
    tokenizer = Tokenizer.of(draws, 1)
    rows = tokenizer.encode(draws)
    taken: list[int] = []
    for i in order.tolist():
        alike = likeness(rows[taken], rows[i], tokenizer.end)
        if len(taken) < n and not (alike > ALIKE).any():
            taken.append(i)
    return draws.take(np.array(taken))
