"""Metrics of fragments: bonds, twists, folds, variety."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import t

from biogan.metrics.base import Value
from biogan.metrics.comparison import jackknifed
from biogan.metrics.intervals import GROUPS, effective
from biogan.metrics.kmers import jsd
from biogan.structures.geometry import (
    bond_angles,
    contact_order,
    pseudo_torsions,
    radius_of_gyration,
    rmsd,
    separations,
    triangle_violations,
)
from biogan.structures.samples import (
    FragmentComparison,
    FragmentSample,
    Measure,
    structure_metric,
)

#: Bonds are right within this of 3.8 Angstrom.
BOND, GIVE = 3.8, 0.3
#: C-alpha(i,i+3) of helices and of strands, Angstrom.
HELIX, STRAND = (4.5, 5.8), (8.8, 10.8)
# Boxes of a histogram whose Wasserstein distance is taken, and of angles (degrees).
_BOXES, _DEGREES = 2_000, 15


def first_neighbours(xyz: np.ndarray) -> np.ndarray:
    """Distances of residues i and i + 1, shape (n, L - 1)."""
    return separations(xyz, 1)


def second_neighbours(xyz: np.ndarray) -> np.ndarray:
    """Distances of residues i and i + 2, shape (n, L - 2)."""
    return separations(xyz, 2)


def third_neighbours(xyz: np.ndarray) -> np.ndarray:
    """Distances of residues i and i + 3, shape (n, L - 3)."""
    return separations(xyz, 3)


@structure_metric("bond-share", "bonds", "C-alpha(i,i+1) right", goal="high", high=1.0,
                  unit="share")  # fmt: skip
def bond_share(comparison: FragmentComparison) -> Value:
    """Share of neighbours that are 3.5 to 4.1 Angstrom apart."""
    shares = [_share(comparison.candidate, first_neighbours, BOND - GIVE, BOND + GIVE)]
    return jackknifed(comparison, lambda g: _left(shares, g)[0], high=1.0, correct=False)


@structure_metric("first-w1", "bonds", "C-alpha(i,i+1) W1", unit="Angstrom")
def first_distance(comparison: FragmentComparison) -> Value:
    """Wasserstein distance of the distances of neighbours."""
    return _wasserstein(comparison, first_neighbours, 10.0)


@structure_metric("second-w1", "bonds", "C-alpha(i,i+2) W1", unit="Angstrom")
def second_distance(comparison: FragmentComparison) -> Value:
    """Wasserstein distance of the distances of residues two apart."""
    return _wasserstein(comparison, second_neighbours, 15.0)


@structure_metric("third-w1", "bonds", "C-alpha(i,i+3) W1", unit="Angstrom")
def third_distance(comparison: FragmentComparison) -> Value:
    """Wasserstein distance of the distances of residues three apart."""
    return _wasserstein(comparison, third_neighbours, 20.0)


@structure_metric("triangles", "bonds", "triangle violations", high=1.0, unit="share")
def violations(comparison: FragmentComparison) -> Value:
    """Share of triples of residues whose distances in the map no triangle has."""
    maps = comparison.candidate.fragments.maps
    n = len(comparison.candidate)
    if maps is None:
        return Value(0.0, 0.0, 0.0, n=n, note="measured in space, where there are none")
    found = triangle_violations(maps, comparison.seed)
    by_group = [(_sums(comparison.candidate, found), _sums(comparison.candidate, found**0))]
    return jackknifed(comparison, lambda g: _left(by_group, g)[0], high=1.0, correct=False)


@structure_metric("helix-gap", "twists", "helix-like share off by", high=1.0, unit="share")
def helix_gap(comparison: FragmentComparison) -> Value:
    """Difference of the share of C-alpha(i,i+3) that helices have, 4.5 to 5.8 Angstrom."""
    return _gap(comparison, *HELIX)


@structure_metric("strand-gap", "twists", "strand-like share off by", high=1.0, unit="share")
def strand_gap(comparison: FragmentComparison) -> Value:
    """Difference of the share of C-alpha(i,i+3) that strands have, 8.8 to 10.8 Angstrom."""
    return _gap(comparison, *STRAND)


@structure_metric("angle-w1", "twists", "angle W1", high=180.0, unit="degrees")
def angle_distance(comparison: FragmentComparison) -> Value:
    """Wasserstein distance of the angles at the C-alpha atoms."""
    return _wasserstein(comparison, bond_angles, 180.0)


@structure_metric("twist-jsd", "twists", "angle and torsion JSD", high=1.0, unit="bit")
def twist_divergence(comparison: FragmentComparison) -> Value:
    """Jensen-Shannon divergence of angle and pseudo-torsion together, in boxes of 15 degrees."""
    new, real = (_twists(s) for s in (comparison.candidate, comparison.reference))

    def statistic(g: int | None) -> float:
        return float(jsd(_without(new, g), _without(real, g)))

    return jackknifed(comparison, statistic, high=1.0)


@structure_metric("gyration-w1", "folds", "radius of gyration W1", unit="Angstrom")
def gyration(comparison: FragmentComparison) -> Value:
    """Wasserstein distance of the radii of gyration."""
    return _wasserstein(comparison, radius_of_gyration, 150.0)


@structure_metric("contact-order-w1", "folds", "contact order W1", high=1.0)
def contacts(comparison: FragmentComparison) -> Value:
    """Wasserstein distance of the relative contact orders."""
    return _wasserstein(comparison, contact_order, 1.0)


@structure_metric("pair-rmsd", "diversity", "pair RMSD", goal="same")
def pair_rmsd(comparison: FragmentComparison) -> Value:
    """Mean RMSD of random pairs over that of real pairs: below 1 less diverse."""
    new, real = (pairs(s) for s in (comparison.candidate, comparison.reference))
    if min(len(new), len(real)) < 2 or real.mean() == 0:
        return Value(None, note="too few fragments for random pairs, or all are alike")
    ratio = float(new.mean() / real.mean())
    n, halves = len(comparison.candidate), []
    for sample, values in ((comparison.candidate, new), (comparison.reference, real)):
        families = sample.fragments.families[: 2 * len(values)]
        freedom = len(set(families.tolist())) - 1
        if not freedom:
            return Value(ratio, n=n, note="a set of one family: no interval")
        # The pairs share no fragment, but families; each pair has two.
        worth = effective(np.repeat(values, 2), families, times=2) / 2
        halves.append(float(t.ppf(0.975, freedom) * values.std(ddof=1) / np.sqrt(worth)))
    half = float(np.hypot(halves[0], ratio * halves[1]) / real.mean())  # delta method
    return Value(ratio, max(0.0, ratio - half), ratio + half, n=n)


def _sums(sample: FragmentSample, values: np.ndarray) -> np.ndarray:
    """Sum values of fragments, shape (n, ...), by jackknife group: (GROUPS, ...)."""
    found = np.zeros((GROUPS, *values.shape[1:]))
    np.add.at(found, sample.groups, values)
    return found


def _without(sums: np.ndarray, g: int | None) -> np.ndarray:
    """Add up all jackknife groups but one."""
    return np.asarray(sums.sum(0) - (0 if g is None else sums[g]))


def _share(
    sample: FragmentSample, measure: Measure, low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """Count the values in a range, and all values, by jackknife group: two of shape (GROUPS,)."""
    values = sample.values(measure)
    inside = ((values >= low) & (values <= high)).sum(1)
    return _sums(sample, inside), _sums(sample, np.full(len(values), values.shape[1]))


def _left(counts: Sequence[tuple[np.ndarray, np.ndarray]], g: int | None) -> list[float]:
    """Shares of counts without a jackknife group."""
    return [float(_without(hits, g) / max(_without(all_, g), 1)) for hits, all_ in counts]


def _gap(comparison: FragmentComparison, low: float, high: float) -> Value:
    counts = [
        _share(s, third_neighbours, low, high) for s in (comparison.candidate, comparison.reference)
    ]
    new, real = _left(counts, None)
    sign = 1 if new >= real else -1

    def statistic(g: int | None) -> float:
        one, other = _left(counts, g)
        return sign * (one - other)

    note = f"{100 * new:.1f} %, real {100 * real:.1f} %"
    return jackknifed(comparison, statistic, high=1.0, correct=False, note=note)


def _wasserstein(comparison: FragmentComparison, measure: Measure, top: float) -> Value:
    """Wasserstein distance of all values from 0 to ``top``, whatever is beyond counts as ``top``.

    From fine histograms, so that leaving out a group costs nothing.
    """
    new, real = (_histogram(s, measure, top) for s in (comparison.candidate, comparison.reference))

    def statistic(g: int | None) -> float:
        one, other = (np.cumsum(h) / h.sum() for h in (_without(new, g), _without(real, g)))
        return float(np.abs(one - other).sum() * top / _BOXES)

    return jackknifed(comparison, statistic, high=top)


def _histogram(sample: FragmentSample, measure: Measure, top: float) -> np.ndarray:
    """Histogram of each jackknife group, shape (GROUPS, boxes)."""
    values = sample.values(measure).reshape(len(sample), -1)
    box = np.clip((values * (_BOXES / top)).astype(int), 0, _BOXES - 1)
    at = box + _BOXES * sample.groups[:, None]
    return np.bincount(at.ravel(), minlength=GROUPS * _BOXES).reshape(GROUPS, _BOXES).astype(float)


def _twists(sample: FragmentSample) -> np.ndarray:
    """Histogram of angle and torsion of each jackknife group, shape (GROUPS, boxes)."""
    angles = sample.values(bond_angles)[:, 1:]
    torsions = sample.values(pseudo_torsions)
    rows, columns = 180 // _DEGREES, 360 // _DEGREES
    row = np.clip((angles / _DEGREES).astype(int), 0, rows - 1)
    column = np.clip(((torsions + 180) / _DEGREES).astype(int), 0, columns - 1)
    at = (row * columns + column) + rows * columns * sample.groups[:, None]
    counts = np.bincount(at.ravel(), minlength=GROUPS * rows * columns)
    return counts.reshape(GROUPS, -1).astype(float)


def pairs(sample: FragmentSample) -> np.ndarray:
    """RMSD of the fragments 1 and 2, 3 and 4, ..., shape (n // 2,)."""
    xyz = sample.fragments.xyz[: len(sample) // 2 * 2]
    return rmsd(xyz[::2], xyz[1::2])
