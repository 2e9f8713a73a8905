"""Judge the judge: what ``biogan.evaluate`` says where the answer is known, on real data.

    python scripts/calibrate.py promoters.fasta family.fasta --seeds 1 2 3

Every file is cut by identity cluster into three parts that share no near copy (with ``--random``
record by record): a training set T, a reference R and G, which plays the generated set.
``evaluate(R, G, train=T)`` is then asked about

- **real**: G as it is. Nothing may be called different: each metric that does is a false alarm;
- **floors**: the trivial samplers, each of which some metric has to tell from real data;
- **copies**: T verbatim, which novelty has to tell and nothing else may;
- **5 % near copies**: a twentieth of G replaced by records of T with one letter changed;
- **20 % collapse**: a fifth of G replaced by one and the same record of G;
- **GC + 3 points** (nucleotides): letters of G changed at random until its GC share is 0.03 higher.

Printed is a Markdown table: in each cell the share of metrics that call the set different, over all
seeds, and with ``--verbose`` their names, values and intervals.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from biogan import SequenceSet, evaluate, read_fasta, split
from biogan.core.rng import rng
from biogan.evaluation.report.report import Report
from biogan.evaluation.report.results import CONTROL, REAL, UNREAD
from biogan.sequences.metrics.composition import gc_content

#: Letters by which GC is raised, over DNA and RNA.
_STRONGER = {"A": "G", "T": "C", "U": "C"}


def near_copies(
    sequences: SequenceSet, source: SequenceSet, share: float, seed: int
) -> SequenceSet:
    """Replace a share of the records by records of ``source`` with one letter changed."""
    draw = rng(seed, "near copies")
    texts = sequences.strings()
    count = round(share * len(texts))
    for i, j in enumerate(draw.permutation(len(source))[:count]):
        text = source[int(j)]
        where = int(draw.integers(len(text)))
        others = [a for a in sequences.alphabet.letters if a not in ("-", text[where])]
        texts[i] = text[:where] + others[draw.integers(len(others))] + text[where + 1 :]
    return SequenceSet.from_strings(texts, alphabet=sequences.alphabet)


def collapse(sequences: SequenceSet, share: float, seed: int) -> SequenceSet:
    """Replace a share of the records by one of the others."""
    count = round(share * len(sequences))
    kept = rng(seed, "collapse").permutation(len(sequences))[count:]
    return sequences.take(np.concatenate([kept, np.repeat(kept[:1], count)]))


def richer_in_gc(sequences: SequenceSet, points: float, seed: int) -> SequenceSet:
    """Change A to G and T (U) to C at random, until the mean GC share is ``points`` higher."""
    letters = sequences.alphabet.letters
    stronger = np.array([letters.index(_STRONGER.get(a, a)) for a in letters], np.uint8)
    rate = points / (1 - float(gc_content(sequences.ungapped()).mean()))
    changed = rng(seed, "gc").random(len(sequences.codes)) < rate
    codes = np.where(changed, stronger[sequences.codes], sequences.codes)
    return SequenceSet(sequences.alphabet, codes, sequences.offsets)


def verdicts(report: Report, column: str) -> dict[str, str]:
    """Status of every metric that could be read for a column."""
    # Rows about labels have trivial samplers of their own.
    rows = (row for row in report.rows if column in row.columns)
    found = {row.metric.name: row.status_of(column) for row in rows}
    return {name: status for name, status in found.items() if status != UNREAD}


def thirds(records: SequenceSet, seed: int, random: bool) -> list[SequenceSet]:
    """Cut a set into G, T and R."""
    if random:
        order = rng(seed, "thirds").permutation(len(records))
        return [records.take(part) for part in np.array_split(order, 3)]
    first = split(records, 1 / 3, seed)
    second = split(first.train.expanded(), 1 / 2, seed)
    return [some.expanded() for some in (first.held_out, second.train, second.held_out)]


def cases(path: Path, n: int, seed: int, random: bool = False) -> Iterator[tuple[str, str, Report]]:
    """Yield the name of a case, the column it is read from and its report."""
    records = read_fasta(path)
    new, train, real = thirds(records, seed, random)
    report = evaluate(real, new, train=train, seed=seed, n=n)
    yield "real", "generated", report
    for floor in report.rows[0].floors:
        yield f"floor: {floor}", floor, report
    yield CONTROL, CONTROL, report
    harmed = {
        "5 % near copies": near_copies(new, train, 0.05, seed),
        "20 % collapse": collapse(new, 0.2, seed),
    }
    if records.alphabet.complement is not None:
        harmed["GC + 3 points"] = richer_in_gc(new, 0.03, seed)
    for name, some in harmed.items():
        yield name, "generated", evaluate(real, some, train=train, seed=seed, n=n, floors=[])


def tell(case: str, column: str, report: Report) -> None:
    """Write each metric that calls the set different to standard error."""
    for name, status in verdicts(report, column).items():
        if status != REAL:
            value, ceiling = report[name].columns[column], report[name].ceiling
            shown = " ".join(
                f"{v.value:.5g} [{v.low:.5g}, {v.high:.5g}]"
                for v in (value, ceiling) if v.low is not None and v.high is not None
            )  # fmt: skip
            print(f"  {case}: {name} {status}: {shown}", file=sys.stderr)


def main() -> None:
    """Print one row a file and case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("fasta", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("-n", type=int, default=2000, help="records a set (default 2,000)")
    parser.add_argument("--random", action="store_true", help="cut record by record")
    parser.add_argument("--verbose", action="store_true", help="each metric, to standard error")
    args = parser.parse_args()
    print("| set | n | case | called different | by |", "|---|---|---|---|---|", sep="\n")
    for path in args.fasta:
        called: dict[str, Counter[str]] = {}
        asked: Counter[str] = Counter()
        size = 0
        for seed in args.seeds:
            for case, column, report in cases(path, args.n, seed, args.random):
                found = verdicts(report, column)
                different = [name for name, status in found.items() if status != REAL]
                called.setdefault(case, Counter()).update(different)
                asked[case] += len(found)
                size = report.n
                if args.verbose:
                    tell(f"{path.name}, seed {seed}, {case}", column, report)
        for case, by in called.items():
            names = ", ".join(name for name, _ in by.most_common(5)) or "-"
            row = (path.name.split(".")[0], size, case, f"{by.total()} of {asked[case]}", names)
            print(f"| {' | '.join(map(str, row))} |", flush=True)


if __name__ == "__main__":
    main()
