"""Coding sequences: whether they can be translated, and with which codons."""

from __future__ import annotations

import numpy as np

from biogan.evaluation.distances import jsd
from biogan.evaluation.intervals import jackknifed, wilson
from biogan.evaluation.metric import Value
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.genetic_code import GeneticCode, codon_counts, codons_of, gc3, genetic_code
from biogan.sequences.metrics.comparison import Comparison, metric
from biogan.sequences.metrics.composition import remaining, value_distance


@metric("cds", "genes", "valid CDS", goal="high", high=1.0, needs=("coding",), unit="share")
def valid_share(comparison: Comparison) -> Value:
    """Share of whole coding sequences: in frame, a start codon, one stop codon, at the end."""
    code, sample = _code(comparison), comparison.candidate
    hits, n = int(sample.values(code.valid).sum()), len(sample)
    codons, chance = chance_of_frame(code, sample.plain)
    note = f"chance of {codons} codons without a stop: {chance:.2g}"
    return Value(hits / n, *wilson(hits, n), n=n, note=note)


@metric("stop-rate", "genes", "in-frame stops", high=1.0, needs=("coding",), unit="share")
def stop_rate(comparison: Comparison) -> Value:
    """Share of stop codons among the codons in frame, the last of each record left out."""
    code, sample = _code(comparison), comparison.candidate
    stops = sample.by_group(sample.values(code.internal_stops))
    inner = np.maximum(np.diff(codons_of(sample.plain)[1]) - 1, 0)
    total = sample.by_group(inner)

    def rate(g: int | None) -> float:
        return float(remaining(stops, g) / max(1, remaining(total, g)))

    return jackknifed(comparison, rate, high=1.0)


@metric("codon-jsd", "genes", "codon JSD", high=1.0, needs=("coding",), unit="bits")
def codon_divergence(comparison: Comparison) -> Value:
    """Jensen-Shannon divergence of the 64 codons in frame."""
    return _divergence(comparison, np.eye(64))


@metric("residue-jsd", "genes", "amino-acid JSD", high=1.0, needs=("coding",), unit="bits")
def residue_divergence(comparison: Comparison) -> Value:
    """Jensen-Shannon divergence of the amino acids after translation, stop codons left out."""
    return _divergence(comparison, _code(comparison).residues)


@metric("gc3-w1", "genes", "GC3 W1", high=1.0, needs=("coding",), unit="share")
def gc3_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the GC share at the third positions of codons."""
    new, real = (s.values(gc3) for s in (comparison.candidate, comparison.reference))
    return value_distance(comparison, new, real, high=1.0)


def chance_of_frame(code: GeneticCode, sequences: SequenceSet) -> tuple[int, float]:
    """Return the median number of codons before the last, and how often random ones hold no stop.

    Returns
    -------
    codons : int
        n.
    chance : float
        (61/64)^n in the standard code.
    """
    codons = max(int(np.median(sequences.lengths // 3)) - 1, 0)
    return codons, float((1 - code.inner_stops.sum() / 64) ** codons)


def _code(comparison: Comparison) -> GeneticCode:
    return genetic_code(comparison.extras.code)


def _divergence(comparison: Comparison, classes: np.ndarray) -> Value:
    """Compare codon counts summed into classes, an array of shape (64, classes)."""
    new, real = (
        s.by_group(s.values(codon_counts)) @ classes
        for s in (comparison.candidate, comparison.reference)
    )
    return jackknifed(
        comparison, lambda g: float(jsd(remaining(new, g), remaining(real, g))), high=1.0
    )
