"""Drawings for nucleotides: genes, motifs, and how far letters depend on one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from biogan.datasets.codons import CODONS, codon_counts, genetic_code
from biogan.metrics.comparison import Comparison
from biogan.metrics.genes import chance_of_frame
from biogan.metrics.motifs import motif_table
from biogan.metrics.twopoint import furthest_distance, group_pairs, mutual_information
from biogan.report.panel import REAL, Panel, shown
from biogan.report.plots import curves, rates

if TYPE_CHECKING:
    from biogan.report.report import Report

# Records of a set whose pairs of letters are counted: 100 distances of 200 letters take a moment.
_RECORDS = 2000
# Curves over fewer distances than this show nothing.
_DISTANCES = 4
# Motifs in a drawing: those that differ most.
_MOTIFS = 30
_TELLING = 0.05


def decay(report: Report, new: Sequence[str]) -> list[Panel]:
    """Draw the mutual information of two letters by their distance."""
    sets = {k: s.first(_RECORDS) for k, s in shown(report, REAL, "floor", "held-out", *new).items()}
    real = sets[REAL].plain
    furthest = furthest_distance(real)
    if real.alphabet.complement is None or furthest < _DISTANCES:
        return []
    counts = {k: group_pairs(s, furthest).sum(0) for k, s in sets.items()}
    found = {k: mutual_information(c) for k, c in counts.items()}
    # The standard deviation of a curve without information, where it has most pairs.
    noise = min(
        np.sqrt(18) / (2 * np.log(2) * max(1, c.sum((1, 2)).max())) for c in counts.values()
    )
    svg = curves.profile("decay", found, "distance in letters", "bits", log=noise)
    return [Panel("Mutual information", "of two letters at a distance, log scale", svg)]


def genes(report: Report, new: Sequence[str]) -> list[Panel]:
    """Draw the share of valid coding sequences and the usage of codons."""
    code = genetic_code(report.extras.code)
    drawn = []
    if "cds" in report:
        row = report["cds"]
        names = [*new, "held-out", *(k for k in row.floors if k not in new)]
        values = {k: row.columns[k] for k in names if row.columns[k].value is not None}
        codons, chance = chance_of_frame(code, report.samples["target"].plain)
        line = f"no stop in {codons} random codons: {chance:.2g}"
        svg = rates.bars("cds", values, "valid coding sequences", chance, line)
        caption = f"({64 - int(code.inner_stops.sum())}/64)^{codons} by chance; black: intervals"
        drawn.append(Panel("Valid coding sequences", caption, svg))
    if "codon-jsd" in report:
        sets = shown(report, REAL, *new, "held-out")
        usage = {k: s.values(codon_counts).sum(0) for k, s in sets.items()}
        order = sorted(range(64), key=lambda i: (code.letters[i] == "*", code.letters[i], i))
        labels = [f"{CODONS[i]} {code.letters[i]}" for i in order]
        shares = {k: (c / max(1, c.sum()))[order] for k, c in usage.items()}
        svg = curves.shares("codons", shares, labels, "codon", wide=True)
        drawn.append(Panel("Codons", "in frame, by amino acid; * ends a gene", svg, wide=True))
    return drawn


def motifs(report: Report, new: Sequence[str]) -> list[Panel]:
    """Draw the share of records with each motif, real beside generated."""
    target, source = report.samples["target"], report.samples["source"]
    sets = shown(report, "held-out", *new)
    tables = {
        k: motif_table(Comparison(s, target, source, extras=report.extras))
        for k, s in sets.items()
    }  # fmt: skip
    own = [tables[k] for k in new]
    told = [i for i, row in enumerate(own[0]) if row["q"] is not None]
    if not told:
        return []

    def most(key: str, i: int) -> float:
        return max(abs(_number(table[i][key])) for table in own)

    told.sort(key=lambda i: -most("log2_ratio", i))
    chosen = told[:_MOTIFS]
    telling = [min(_number(table[i]["q"]) for table in own) < _TELLING for i in chosen]
    names = [f"{own[0][i]['motif']}{' *' if star else ''}"
             for i, star in zip(chosen, telling, strict=True)]  # fmt: skip
    shares = {REAL: np.array([_number(own[0][i]["real"]) for i in chosen])} | {
        k: np.array([_number(table[i]["generated"]) for i in chosen]) for k, table in tables.items()
    }
    some = (
        "" if len(chosen) == len(told) else f"the {len(chosen)} of {len(told)} that differ most; "
    )
    caption = f"{some}* differs, q < {_TELLING} (Fisher, Benjamini-Hochberg)"
    svg = rates.dumbbells("motifs", shares, names, "records with a site")
    return [Panel("Records with each motif", caption, svg, wide=True)]


def _number(value: Any) -> float:
    return float(value)
