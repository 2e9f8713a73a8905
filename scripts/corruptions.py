"""Harm real records in ways that a reader would call wrong, and print which metric marks it.

    python scripts/corruptions.py coding genes.fasta --seeds 1 2 3
    python scripts/corruptions.py aligned family.fasta

The distinct records of the file are cut at random into three parts: a training set, a reference,
and records of which n = 1,000 are harmed. Each harm is judged as ``biogan compare`` does it. A
metric marks a harm where its status is neither "indistinguishable" nor "not assessed". What no
metric marks is a blind spot.

The kinds are ``fixed`` (one length, no gaps), ``aligned`` (one length, gaps), ``varying``,
``coding`` (whole coding sequences) and ``protein`` (residues, lengths that vary).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from biogan import SequenceSet, read_fasta
from biogan.core.rng import rng
from biogan.evaluation.report.report import Report
from biogan.evaluation.report.results import REAL, UNREAD
from biogan.sequences.evaluate import compare
from biogan.sequences.genetic_code import CODONS, genetic_code

Draw = np.random.Generator
#: Receives records and a source of random numbers; as many, or fewer, come back.
Harm = Callable[[list[str], Draw], list[str]]

LINKED = 8
_STRETCH = 16


def partly(share: float, harm: Harm) -> Harm:
    """Harm a share of the records only."""

    def harmed(texts: list[str], draw: Draw) -> list[str]:
        texts = list(texts)
        chosen = draw.permutation(len(texts))[: round(share * len(texts))]
        new = harm([texts[i] for i in chosen], draw)
        for i, text in zip(chosen, new, strict=True):
            texts[i] = text
        return texts

    return harmed


def each(harm: Callable[[str, Draw], str]) -> Harm:
    """Harm record by record."""
    return lambda texts, draw: [harm(text, draw) for text in texts]


def rotated(text: str, draw: Draw) -> str:
    """Move the first letter behind the last."""
    return text[1:] + text[:1]


def reversed_letters(text: str, draw: Draw) -> str:
    """Write a record backwards."""
    return text[::-1]


def other_strand(text: str, draw: Draw) -> str:
    """Take the reverse complement."""
    return text[::-1].translate(str.maketrans("ACGTU", "TGCAA"))


def duplicated(texts: list[str], draw: Draw) -> list[str]:
    """Replace a tenth of the records by others of them."""
    order, count = draw.permutation(len(texts)), len(texts) // 10
    return [texts[i] for i in [*order[count:], *order[count : 2 * count]]]


def chimeras(texts: list[str], draw: Draw) -> list[str]:
    """Join the first half of a record to the second half of another."""
    others = (texts[j] for j in draw.permutation(len(texts)))
    return [a[: len(a) // 2] + b[len(b) // 2 :] for a, b in zip(texts, others, strict=True)]


def simple_repeat(text: str, draw: Draw) -> str:
    """Write a repeat of two letters over sixteen letters."""
    start = int(draw.integers(max(1, len(text) - _STRETCH)))
    end = min(len(text), start + _STRETCH)
    pair = text[start : start + 2]
    return text[:start] + (pair * _STRETCH)[: end - start] + text[end:]


def missing_kind(texts: list[str], draw: Draw) -> list[str]:
    """Leave out the tenth that is most alike: round the best of 50 records, by shared 4-mers."""
    words = [{t[i : i + 4] for i in range(len(t) - 3)} for t in texts]
    many, best = len(texts) // 10, (-1.0, np.zeros(0, int))
    for centre in (words[i] for i in draw.permutation(len(texts))[:50]):
        likeness = np.array([len(w & centre) / max(1, len(w | centre)) for w in words])
        nearest = np.argsort(-likeness, kind="stable")[:many]
        best = max(best, (float(likeness[nearest].mean()), nearest), key=lambda found: found[0])
    return [t for i, t in enumerate(texts) if i not in set(best[1].tolist())]


def moved_motif(texts: list[str], draw: Draw) -> list[str]:
    """Move the six most conserved neighbouring columns by two, in half of the records."""
    matrix = np.array([list(t) for t in texts])
    bits = np.array([_conservation(column) for column in matrix.T])
    start = int(np.argmax(np.convolve(bits[:-2], np.ones(6), "valid")))

    def moved(text: str, draw: Draw) -> str:
        motif, behind = text[start : start + 6], text[start + 6 : start + 8]
        return text[:start] + behind + motif + text[start + 8 :]

    return partly(0.5, each(moved))(texts, draw)


def _conservation(column: np.ndarray) -> float:
    share = np.unique(column, return_counts=True)[1] / len(column)
    return float((share * np.log2(share)).sum())


def broken_pair(texts: list[str], draw: Draw) -> list[str]:
    """Exchange, among the records, the letters of the column that depends most on a distant one."""
    matrix = np.array([list(t) for t in texts])
    columns = range(matrix.shape[1])
    _, _, j = max(
        (_information(matrix[:, i], matrix[:, j]), i, j)
        for i in columns for j in columns if j - i > LINKED
    )  # fmt: skip
    matrix[:, j] = matrix[draw.permutation(len(matrix)), j]
    return ["".join(row) for row in matrix]


def _information(a: np.ndarray, b: np.ndarray) -> float:
    """Mutual information of two columns in bits."""
    pairs = np.char.add(a, b)
    return _conservation(pairs) - _conservation(a) - _conservation(b)


def moved_gaps(text: str, draw: Draw) -> str:
    """Move the first inner run of gaps by one column, past the residue behind it."""
    residues = len(text) - len(text.lstrip("-"))
    start = text.find("-", residues)
    if start < 0 or not text[start:].strip("-"):
        return text
    end = start + len(text[start:]) - len(text[start:].lstrip("-"))
    return text[:start] + text[end] + text[start:end] + text[end + 1 :]


def gaps_of_another(texts: list[str], draw: Draw) -> list[str]:
    """Write the residues of a record into the columns of another with as many."""
    groups = defaultdict(list)
    for i, text in enumerate(texts):
        groups[len(text) - text.count("-")].append(i)
    out = list(texts)
    for rows in groups.values():
        for i, j in zip(rows, np.roll(rows, 1), strict=True):
            letters = iter(texts[i].replace("-", ""))
            out[i] = "".join("-" if c == "-" else next(letters) for c in texts[j])
    return out


def shortest_missing(texts: list[str], draw: Draw) -> list[str]:
    """Leave out the shortest tenth."""
    border = np.quantile([len(t) for t in texts], 0.1)
    return [t for t in texts if len(t) > border]


def shorter_by_a_bin(step: int) -> Harm:
    """Shorten records by a twentieth of the range of lengths, letters of their middle left out."""

    def shortened(texts: list[str], draw: Draw) -> list[str]:
        lengths = np.array([len(t) for t in texts])
        low, high = np.quantile(lengths, [0.05, 0.95])
        cut = max(step, round((high - low) / 18 / step) * step)
        out = []
        for text in texts:
            start = len(text) // 2 // step * step
            out.append(text[:start] + text[start + cut :] if len(text) > 3 * cut else text)
        return out

    return shortened


def random_ends(texts: list[str], draw: Draw) -> list[str]:
    """Draw the last two letters anew, all letters of the records alike."""
    letters = sorted(set("".join(texts)) - {"-"})
    return [text[:-2] + "".join(draw.choice(letters, 2)) for text in texts]


def cut_in_half(text: str, draw: Draw) -> str:
    """Keep the first half."""
    return text[: (len(text) + 1) // 2]


def shuffled_middle(text: str, draw: Draw) -> str:
    """Shuffle the middle half of a record."""
    a, b = len(text) // 4, len(text) - len(text) // 4
    middle = list(text[a:b])
    draw.shuffle(middle)
    return text[:a] + "".join(middle) + text[b:]


def codons_of(text: str) -> list[str]:
    return [text[i : i + 3] for i in range(0, len(text), 3)]


def other_stops(texts: list[str], draw: Draw) -> list[str]:
    """Write TAA for half of the TGA."""
    chosen = [i for i, t in enumerate(texts) if t.endswith("TGA")]
    texts = list(texts)
    for i in chosen[::2]:
        texts[i] = texts[i][:-3] + "TAA"
    return texts


def preferred_synonym(text: str, draw: Draw) -> str:
    """Write a tenth of the codons as the first in the alphabet of their amino acid."""
    same = _synonyms()
    codons = codons_of(text)
    inner = [same[c][0] if draw.random() < 0.1 else c for c in codons[1:-1]]
    return "".join([codons[0], *inner, codons[-1]])


def _synonyms() -> Mapping[str, list[str]]:
    residues = genetic_code(1).residues.argmax(1)
    stops = genetic_code(1).residues.sum(1) == 0
    key = {c: -1 if stop else int(r) for c, r, stop in zip(CODONS, residues, stops, strict=True)}
    return {c: [d for d in CODONS if key[d] == key[c]] for c in CODONS}


def shuffled_codons(text: str, draw: Draw) -> str:
    """Shuffle the codons between the first and the last."""
    codons = codons_of(text)
    inner = codons[1:-1]
    draw.shuffle(inner)
    return "".join([codons[0], *inner, codons[-1]])


def lost_frame(text: str, draw: Draw) -> str:
    """Move one letter from behind the start codon to before the stop codon."""
    return text[:3] + text[4:-3] + text[3] + text[-3:]


def codon_halves(texts: list[str], draw: Draw) -> list[str]:
    """Join halves of two records in frame."""
    half = [len(t) // 6 * 3 for t in texts]
    others = draw.permutation(len(texts))
    return [a[:h] + texts[j][half[j] :] for a, h, j in zip(texts, half, others, strict=True)]


def conservative(text: str, draw: Draw) -> str:
    """Exchange residues by like ones: I and L, K and R, D and E, S and T."""
    table = str.maketrans("ILKRDEST", "LIRKEDTS")
    return "".join(c.translate(table) if draw.random() < 0.5 else c for c in text)


def other_start(text: str, draw: Draw) -> str:
    """Exchange the first two residues with the two behind."""
    return text[2:4] + text[:2] + text[4:]


_SHARED: dict[str, Harm] = {
    "10 % duplicated": duplicated,
    "halves of two records joined": chimeras,
    "a fifth written backwards": partly(0.2, each(reversed_letters)),
    "repeat of 16 letters in 5 %": partly(0.05, each(simple_repeat)),
    "a tenth that are alike missing": missing_kind,
}
_LENGTHS: dict[str, Harm] = {
    "lengths shorter by one bin": shorter_by_a_bin(1),
    "shortest tenth missing": shortest_missing,
    "a tenth cut in half": partly(0.1, each(cut_in_half)),
    "last two letters of half drawn at random": partly(0.5, random_ends),
}
#: Harms by kind of data.
HARMS: dict[str, dict[str, Harm]] = {
    "fixed": {
        "half rotated by one letter": partly(0.5, each(rotated)),
        "motif moved by two positions in half": moved_motif,
        "a fifth on the other strand": partly(0.2, each(other_strand)),
        **_SHARED,
    },
    "aligned": {
        "gaps moved by one column": each(moved_gaps),
        "gaps of another record": gaps_of_another,
        "pairing of two columns broken": broken_pair,
        "a fifth moved by one column": partly(0.2, each(rotated)),
        **_SHARED,
    },
    "varying": {**_LENGTHS, **_SHARED},
    "coding": {
        **_LENGTHS,
        "half of TGA written as TAA": other_stops,
        "one synonym preferred in a tenth of codons": each(preferred_synonym),
        "codons shuffled": each(shuffled_codons),
        "frame lost in a tenth": partly(0.1, each(lost_frame)),
        **_SHARED,
        "lengths shorter by one bin": shorter_by_a_bin(3),
        "halves of two records joined": codon_halves,
    },
    "protein": {
        **_LENGTHS,
        "half of the residues exchanged by like ones": each(conservative),
        "first residues exchanged in half": partly(0.5, each(other_start)),
        "middle half shuffled": each(shuffled_middle),
        **_SHARED,
    },
}
HARMLESS = "nothing"


def judged(
    records: SequenceSet, kind: str, n: int, seed: int, metrics: list[str] | None = None
) -> dict[str, Report]:
    """Return the report of each harm, and of the harmless records as ``nothing``."""
    distinct = records.unique()

    def made(texts: list[str]) -> SequenceSet:
        return SequenceSet.from_strings(texts, alphabet=records.alphabet)

    parts = np.array_split(rng(seed, "parts").permutation(len(distinct)), 3)
    new, train, real = (made(distinct.take(part).strings()) for part in parts)
    # An eighth more than are judged, as some harms leave records out.
    texts = new.strings()[: n * 9 // 8]
    sets = {HARMLESS: texts[:n]}
    for i, (name, harm) in enumerate(HARMS[kind].items()):
        draw = rng(seed, "harm", i)
        harmed = harm(texts, draw)
        sets[name] = [harmed[j] for j in draw.permutation(len(harmed))[:n]]
    judged_sets = {name: made(texts) for name, texts in sets.items()}
    return compare(real, judged_sets, train=train, metrics=metrics, seed=seed, n=n, floors=[])


def marks(report: Report) -> list[str]:
    """Name the metrics that call the generated set different."""
    return [row.metric.name for row in report.rows if row.status not in (REAL, UNREAD)]


def main() -> None:
    """Print one row a harm: how often each metric marks it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=HARMS)
    parser.add_argument("fasta", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("-n", type=int, default=1000, help="records a set (default 1,000)")
    parser.add_argument("--metric", action="append", help="'all' for every metric")
    args = parser.parse_args()
    records = read_fasta(args.fasta)

    def judge(seed: int) -> dict[str, Report]:
        return judged(records, args.kind, args.n, seed, args.metric)

    print_table(f"{args.kind}: {args.fasta.name}", judge, args.seeds)


def print_table(title: str, judge: Callable[[int], dict[str, Report]], seeds: list[int]) -> None:
    """Judge for each seed; print one row a harm."""
    found: dict[str, Counter[str]] = {}
    for seed in seeds:
        reports = judge(seed)
        for name, report in reports.items():
            found.setdefault(name, Counter()).update(marks(report))
            print(f"{name}: {', '.join(marks(report)) or '-'}", file=sys.stderr, flush=True)
    print(f"| {title}, n = {report.n:,} | marked by |", "|---|---|", sep="\n")
    for name, by in found.items():
        said = [f"`{m}`" + (f" ({k} of {len(seeds)})" if k < len(seeds) else "")
                for m, k in by.most_common()]  # fmt: skip
        print(f"| {name} | {', '.join(said) or '-'} |")


if __name__ == "__main__":
    main()
