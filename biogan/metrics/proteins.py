"""Distances of the physical properties of proteins, in units of the spread of real ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.io.input_report import plural
from biogan.metrics import residues
from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison
from biogan.metrics.composition import value_distance

Property = Callable[[SequenceSet], np.ndarray]


@metric("weight-w1", "protein", "weight W1", needs=("protein",), unit="IQR")
def weight_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the molecular weights."""
    return _distance(comparison, residues.weight)


@metric("pi-w1", "protein", "isoelectric point W1", needs=("protein",), unit="IQR")
def isoelectric_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the isoelectric points."""
    return _distance(comparison, residues.isoelectric_point)


@metric("charge-w1", "protein", "charge W1", needs=("protein",), unit="IQR")
def charge_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the net charges at pH 7."""
    return _distance(comparison, residues.charge)


@metric("gravy-w1", "protein", "hydropathy W1", needs=("protein",), unit="IQR")
def hydropathy_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the grand averages of hydropathy (GRAVY)."""
    return _distance(comparison, residues.gravy)


@metric("aromaticity-w1", "protein", "aromaticity W1", needs=("protein",), unit="IQR")
def aromaticity_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the shares of F, W and Y."""
    return _distance(comparison, residues.aromaticity)


@metric("instability-w1", "protein", "instability W1", needs=("protein",), unit="IQR")
def instability_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the instability indices."""
    return _distance(comparison, residues.instability)


def _distance(comparison: Comparison, compute: Property) -> Value:
    new, real = comparison.candidate.values(compute), comparison.reference.values(compute)
    spread = float(np.subtract(*np.quantile(real, [0.75, 0.25])))
    if spread <= 0:
        return Value(None, note="half of the reference records have one value: no IQR")
    strange = residues.uncounted(comparison.candidate.plain)
    note = f"{plural(strange, 'letter')} beyond the 20 amino acids not counted" if strange else ""
    return value_distance(comparison, new / spread, real / spread, note=note)
