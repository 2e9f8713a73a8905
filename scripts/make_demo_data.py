"""Simulate promoters: those of ``biogan demo``, and others with labels whose truth is known.

    python scripts/make_demo_data.py [--out FOLDER]
    python scripts/make_demo_data.py --conditional --out FOLDER

The same bytes each time. The frequencies and their sources are explained in ``data/README.md``.
Records with labels (``--conditional``, :func:`conditional`) are no part of the package: they test
conditional generation, as :func:`truth` reads off any sequence what its labels should have been.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np

from biogan.core.conditions import members
from biogan.core.rng import rng
from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.demo import GAPS, LENGTH, MINUS_10, MINUS_35, SPACERS, START
from biogan.sequences.io.write import write_fasta

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
    frequencies: tuple[float, ...] | np.ndarray,
    starts: np.ndarray,
    stream: np.random.Generator,
) -> None:
    """Write a box into each row; letters other than the consensus are equally likely.

    ``frequencies`` of the consensus letters: one for each place, or for each row and place.
    """
    consensus, f = DNA.encode(box), np.asarray(frequencies)
    shares = np.stack([f, *[(1 - f) / 3] * 3], -1)
    shift = draw(shares, stream.random((len(matrix), len(box))))
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


class Sigma(NamedTuple):
    """The boxes of a sigma factor, and the letters between them."""

    minus_35: str
    minus_10: str
    spacers: tuple[int, ...]


# The boxes of sigma 32: Nonaka et al. 2006, Genes Dev. 20:1776. The -35 boxes of the two stand at
# other places, as one holds TTGA of the other.
SIGMAS = {
    "sigma70": Sigma(MINUS_35, MINUS_10, SPACERS),
    "sigma32": Sigma("CTTGAA", "CCCCAT", (13, 14, 15)),
}
# The -10 box stands at one place, so that its score is read exactly.
START_10 = START - GAPS[1] - len(MINUS_10)
# AAAWWTWTTT of the consensus of Estrem et al. 1998, PNAS 95:9761, one letter before the -35 box;
# TG one letter before the -10 box.
UP, EXTENDED = "AAATATTTTT", "TG"
ELEMENTS = {"UP": 0.4, "ext": 0.4}
#: What the label holds where there is neither.
NO_ELEMENT = "none"
# Share of the consensus letter in -35 boxes and elements; in -10 boxes it is drawn for each record.
STRONG = 0.92
WEAKEST, STRONGEST = 0.25, 0.95
#: A box or an element counts with so many other letters at most.
OTHERS = {"-35 box": 1, "UP": 2, "ext": 0}


def weights_10(sigma: Sigma) -> np.ndarray:
    """Weights of the letters of the -10 box in bits, shape (6, 4)."""
    shares = np.array(FREQUENCIES_10)
    weights = np.repeat(np.log2((1 - shares) / 3 / 0.25)[:, None], 4, 1)
    weights[np.arange(len(shares)), DNA.encode(sigma.minus_10)] = np.log2(shares / 0.25)
    return weights


def conditional(n: int, name: str, seed: int = SEED) -> SequenceSet:
    """Promoters of 60 nt with three labels that were drawn independently of one another.

    Parameters
    ----------
    n : int
        How many.
    name : str
        Prefix of their ids; sets of other names are independent.
    seed : int
        Seed.

    Returns
    -------
    SequenceSet
        ``class``: sigma70 or sigma32, which have other boxes; ``score``: the weights of its -10
        box, summed, in bits; ``elements``: UP, ext, both or none.

    Examples
    --------
    >>> some = conditional(3, "some")
    >>> sorted(some.labels), some.is_fixed_length
    (['class', 'elements', 'score'], True)
    """
    stream = rng(seed, "conditional", name)
    matrix = background(n, stream)
    kinds = np.array(list(SIGMAS))[(stream.random(n) < 0.5).astype(int)]
    has = {key: stream.random(n) < share for key, share in ELEMENTS.items()}
    match = WEAKEST + (STRONGEST - WEAKEST) * stream.random(n)
    score = np.zeros(n)
    for kind, sigma in SIGMAS.items():
        rows = np.flatnonzero(kinds == kind)
        some = matrix[rows]
        spacers = np.array(sigma.spacers)[draw(np.array(WEIGHTS), stream.random(len(rows)))]
        start_35 = START_10 - spacers - len(sigma.minus_35)
        width = len(sigma.minus_10)
        shares = np.repeat(match[rows][:, None], width, 1)
        plant(some, sigma.minus_10, shares, np.full(len(rows), START_10), stream)
        plant(some, sigma.minus_35, (STRONG,) * len(sigma.minus_35), start_35, stream)
        for key, box, starts in (
            ("UP", UP, start_35 - 1 - len(UP)),
            ("ext", EXTENDED, np.full(len(rows), START_10 - 1 - len(EXTENDED))),
        ):
            with_it = np.flatnonzero(has[key][rows])
            part = some[with_it]
            plant(part, box, (STRONG,) * len(box), starts[with_it], stream)
            some[with_it] = part
        matrix[rows] = some
        score[rows] = score_10(some, sigma)
    elements = [";".join(key for key in has if has[key][i]) or NO_ELEMENT for i in range(n)]
    found = SequenceSet.from_matrix(DNA, matrix, [f"{name}_{i}" for i in range(1, n + 1)])
    found.labels = {
        "class": kinds.astype(object),
        "score": np.array([f"{x:.3f}" for x in score], object),
        "elements": np.array(elements, object),
    }
    return found


def score_10(matrix: np.ndarray, sigma: Sigma) -> np.ndarray:
    """Score of the -10 box of each row in bits, shape (n,)."""
    box = matrix[:, START_10 : START_10 + len(sigma.minus_10)]
    return weights_10(sigma)[np.arange(box.shape[1]), box].sum(1)


def near(matrix: np.ndarray, box: str, starts: tuple[int, ...], others: int) -> np.ndarray:
    """Tell which rows hold a box at one of some places, with so many other letters at most."""
    codes = DNA.encode(box)
    return np.any([(matrix[:, s : s + len(box)] != codes).sum(1) <= others for s in starts], axis=0)


def truth(sequences: SequenceSet) -> dict[str, float]:
    """Say how well sequences of 60 nt follow the labels of :func:`conditional`.

    Parameters
    ----------
    sequences : SequenceSet
        DNA of 60 nt with some of the labels ``class``, ``score`` (needs ``class``) and
        ``elements``.

    Returns
    -------
    dict of str to float
        ``right box`` and ``wrong box``: shares with the -35 box of the asked class and of the other
        one. ``score r`` and ``score error``: Spearman correlation of the asked and the true
        score, median of their absolute difference in bits. ``UP``, ``no UP``, ``ext``,
        ``no ext``: share with the element among those that were asked to have it, and not to.

    Examples
    --------
    >>> found = truth(conditional(500, "held_out"))
    >>> found["right box"] > 0.85, found["wrong box"] < 0.04, round(found["score r"], 3)
    (True, True, 1.0)
    """
    from scipy.stats import spearmanr

    matrix, labels, found = sequences.matrix(LENGTH), sequences.labels, {}
    places = {
        kind: tuple(START_10 - s - len(sigma.minus_35) for s in sigma.spacers)
        for kind, sigma in SIGMAS.items()
    }
    if "class" in labels:
        has = {
            kind: near(matrix, sigma.minus_35, places[kind], OTHERS["-35 box"])
            for kind, sigma in SIGMAS.items()
        }
        right = [has[kind][labels["class"] == kind] for kind in SIGMAS]
        wrong = [has[kind][labels["class"] != kind] for kind in SIGMAS]
        found["right box"] = float(np.concatenate(right).mean())
        found["wrong box"] = float(np.concatenate(wrong).mean())
    if "score" in labels:
        asked, true = labels["score"].astype(float), np.zeros(len(sequences))
        for kind, sigma in SIGMAS.items():
            rows = labels["class"] == kind
            true[rows] = score_10(matrix[rows], sigma)
        found["score r"] = float(spearmanr(asked, true).statistic)
        found["score error"] = float(np.median(np.abs(asked - true)))
    if "elements" in labels:
        before_35 = {s - 1 - len(UP) for starts in places.values() for s in starts}
        seen = {
            "UP": near(matrix, UP, tuple(before_35), OTHERS["UP"]),
            "ext": near(matrix, EXTENDED, (START_10 - 1 - len(EXTENDED),), OTHERS["ext"]),
        }
        for key, hits in seen.items():
            asked_for = np.array([key in members(value) for value in labels["elements"]])
            found[key] = float(hits[asked_for].mean())
            found[f"no {key}"] = float(hits[~asked_for].mean())
    return found


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--conditional", action="store_true", help="promoters with labels")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name, n in RECORDS.items():
        if given.conditional:
            path = given.out / f"conditional.{name}.fa"
            write_fasta(conditional(n, name), path)
        else:
            path = given.out / f"promoters.{name}.fa.gz"
            # No file name and no time in the header: the same bytes each time.
            path.write_bytes(gzip.compress(fasta(name), 9, mtime=0))
        print(path)


if __name__ == "__main__":
    main()
