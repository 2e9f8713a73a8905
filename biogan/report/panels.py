"""Which drawings stand in which section: from the samples of a report to titled drawings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from biogan.metrics import residues
from biogan.metrics.composition import gc_content
from biogan.metrics.kmers import entropy, kmer_names, kmer_table
from biogan.metrics.position import (
    column_pairs,
    joint_counts,
    letter_counts,
    one_hot,
    pair_covariance,
    some_columns,
)
from biogan.report import genomic
from biogan.report.neighbours import neighbours
from biogan.report.panel import REAL, Panel, shown
from biogan.report.plots import clouds, curves, logos
from biogan.seeds import rng

if TYPE_CHECKING:
    from biogan.datasets.sequences import SequenceSet
    from biogan.metrics.comparison import Sample
    from biogan.report.report import Report

# Records of a set that a cloud of points shows.
_POINTS = 1000
# k-mers of a record that principal components are computed on, at most.
_MOST_KMERS = 500


def panels(report: Report, new: Sequence[str] = ("generated",)) -> dict[str, list[Panel]]:
    """Draw what the samples of a report allow, by group of metrics.

    A group without rows, and a report without samples (one made by hand), have no drawings.

    Parameters
    ----------
    report : Report
        What to draw.
    new : sequence of str
        Names of the generated sets among its samples and columns.
    """
    if "target" not in report.samples or not set(new) <= set(report.samples):
        return {}
    groups = {row.metric.group for row in report.rows}
    return {group: draw(report, new) for group, draw in _DRAW.items() if group in groups}


def _novelty(report: Report, new: Sequence[str]) -> list[Panel]:
    sets = {name: name for name in new} | (
        {"held-out": "fresh"} if "fresh" in report.samples else {}
    )
    found = {key: neighbours(report, name)[2] for key, name in sets.items()}
    assert report.identity is not None
    asked = min(len(values) for values in found.values())
    caption = f"identity to the nearest training record, {asked:,} records a set"
    svg = curves.exceedance("nearest", found, "identity to the nearest", report.identity)
    return [Panel("Nearest neighbours", caption, svg)]


def _protein(report: Report, new: Sequence[str]) -> list[Panel]:
    properties = {
        "pi-w1": ("Isoelectric point", "pH", residues.isoelectric_point),
        "charge-w1": ("Charge", "net charge at pH 7", residues.charge),
        "gravy-w1": ("Hydropathy", "GRAVY", residues.gravy),
    }
    sets = {k: s.plain for k, s in shown(report, REAL, *new, "held-out").items()}
    return [
        Panel(title, "of each record",
              curves.overlay(name, {k: compute(s) for k, s in sets.items()}, label))
        for name, (title, label, compute) in properties.items()
        if name in report
    ]  # fmt: skip


def _composition(report: Report, new: Sequence[str]) -> list[Panel]:
    sets = {k: s.plain for k, s in shown(report, REAL, *new, "held-out").items()}
    drawn = []
    if sets[REAL].alphabet.complement is not None:
        gc = {k: gc_content(s) for k, s in sets.items()}
        caption = "share of G and C in each record"
        drawn.append(Panel("GC content", caption, curves.overlay("gc", gc, "GC content", True)))
    lengths = {k: s.lengths.astype(float) for k, s in sets.items()}
    if len({x for values in lengths.values() for x in set(values)}) > 1:
        svg = curves.overlay("length", lengths, "length in letters")
        drawn.append(Panel("Lengths", "gaps not counted", svg))
    letters = sets[REAL].alphabet.letters
    shares = {k: np.bincount(s.codes, minlength=len(letters)) / max(len(s.codes), 1)
              for k, s in sets.items()}  # fmt: skip
    drawn.append(
        Panel(
            "Letters", "share of each letter", curves.shares("letters", shares, letters, "letter")
        )
    )
    return drawn


def _kmers(report: Report, new: Sequence[str]) -> list[Panel]:
    note = report["kmer-jsd"].generated.note if "kmer-jsd" in report else ""
    if not note.startswith("k="):
        return []
    k = int(note[2:].partition(";")[0])
    sets = shown(report, REAL, *new, "held-out")
    shares = {key: _share(s.group_kmers(k).sum(0)) for key, s in sets.items()}
    real = shares.pop(REAL)
    top = max(float(v.max()) for v in (real, *shares.values()))
    names = kmer_names(sets[REAL].plain.alphabet.letters, k)
    return [
        Panel(
            key,
            f"{k}-mers: the ceiling" if key == "held-out" else f"{k}-mers",
            clouds.spectrum(f"kmers-{i}", real, other, names, key, top),
        )
        for i, (key, other) in enumerate(shares.items())
    ] + genomic.decay(report, new)


def _positions(report: Report, new: Sequence[str]) -> list[Panel]:
    sets = shown(report, REAL, *new, "held-out")
    if not _aligned(sets):
        return []
    alphabet = sets[REAL].sequences.alphabet
    shares = {k: letter_counts(s.matrix, alphabet.size) / len(s) for k, s in sets.items()}
    pair = {k: shares[k] for k in (REAL, *new)}
    drawn = [Panel("", "", svg, wide=True) for svg in logos.logos("logo", pair, alphabet.letters)]
    bits = {k: entropy(v) for k, v in shares.items()}
    svg = curves.profile("entropy", bits, "position", "entropy in bits", wide=True)
    drawn.append(Panel("Entropy", "of each column; low where a letter is kept", svg, wide=True))
    if "pair-pearson" in report and sets[REAL].matrix.shape[1] > 1:
        drawn += _pair_panels(report, sets)
    return drawn


def _pair_panels(report: Report, sets: dict[str, Sample]) -> list[Panel]:
    size = sets[REAL].sequences.alphabet.size
    length = sets[REAL].matrix.shape[1]
    # The columns that the metric reads.
    columns = some_columns(length, size, rng(report.seed, "columns"))
    mask = column_pairs(len(columns), size)
    flat = {
        k: pair_covariance(joint_counts(s.matrix[:, columns], size), len(s))[mask]
        for k, s in sets.items()
    }
    real = flat.pop(REAL)
    top = 1.05 * max(float(np.abs(v).max()) for v in (real, *flat.values()))
    return [
        Panel(
            f"Pairs, {key}", f"{len(real):,} pairs of letters",
            clouds.correlations(
                f"pairs-{i}", real, other, key, report["pair-pearson"].columns[key].value or 0.0,
                report["pair-slope"].columns[key].value or 0.0 if "pair-slope" in report else 0.0,
                top,
            ),
        )
        for i, (key, other) in enumerate(flat.items())
    ]  # fmt: skip


def _discriminability(report: Report, new: Sequence[str]) -> list[Panel]:
    from sklearn.decomposition import PCA

    sets = shown(report, REAL, "floor", "held-out", *new)
    few = {k: s.sequences[:_POINTS] for k, s in sets.items()}
    by_column = _aligned(sets)
    what = "letters by position" if by_column else "k-mer shares"
    tables = {k: _features(s, by_column) for k, s in few.items()}
    if min(tables[REAL].shape) < 2:
        return []
    model = PCA(2, svd_solver="randomized", random_state=0).fit(tables[REAL])
    points = {k: model.transform(t) for k, t in tables.items()}
    svg = clouds.components("pca", points, model.explained_variance_ratio_.tolist())
    return [Panel("Principal components", f"of {what}, up to {_POINTS:,} records a set", svg)]


def _features(sequences: SequenceSet, by_column: bool) -> np.ndarray:
    if by_column:
        return one_hot(sequences.matrix(), sequences.alphabet.size)
    plain = sequences.ungapped()
    k = max(1, int(np.log(_MOST_KMERS) / np.log(max(2, plain.alphabet.size))))
    table = kmer_table(plain, k)
    return np.asarray(table / np.maximum(table.sum(1, keepdims=True), 1))


def _diversity(report: Report, new: Sequence[str]) -> list[Panel]:
    sets = shown(report, REAL, *new, "held-out")
    by_position = _aligned(sets)
    found = {k: s.pair_identities(by_position) for k, s in sets.items() if len(s) > 1}
    if len(found) < len(sets):
        return []
    svg = curves.overlay("identity", found, "identity of two records", True)
    return [Panel("Random pairs", "how alike two records of a set are", svg)]


def _aligned(sets: dict[str, Sample]) -> bool:
    """Whether a position means the same in all of these sets."""
    all_sets = [s.sequences for s in sets.values()]
    return all(s.is_fixed_length for s in all_sets) and (
        len({int(s.lengths[0]) for s in all_sets}) == 1
    )


def _share(counts: np.ndarray) -> np.ndarray:
    return np.asarray(counts / max(counts.sum(), 1))


_DRAW: dict[str, Callable[[Report, Sequence[str]], list[Panel]]] = {
    "novelty": _novelty,
    "discriminability": _discriminability,
    "k-mers": _kmers,
    "positions": _positions,
    "composition": _composition,
    "protein": _protein,
    "genes": genomic.genes,
    "motifs": genomic.motifs,
    "diversity": _diversity,
}
