"""The metrics of protein fragments: bonds, twists, folds, variety, copies, and a classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import binom, t

from biogan.evaluation.distances import jsd
from biogan.evaluation.intervals import (
    GROUPS,
    effective,
    jackknifed,
    newcombe,
    wilson,
)
from biogan.evaluation.metric import MetricRegistry, Value
from biogan.evaluation.samples import BaseComparison, BaseSample
from biogan.evaluation.two_sample import cross_validation, ridge_auroc
from biogan.structures.dataset import FragmentSet
from biogan.structures.geometry import (
    bond_angles,
    contact_order,
    describe,
    nearest,
    pseudo_torsions,
    radius_of_gyration,
    rmsd,
    separations,
    triangle_violations,
)

#: The metrics of fragments, with the sections of the report in order.
STRUCTURE_METRICS = MetricRegistry(
    "novelty", "discriminability", "bonds", "twists", "folds", "diversity"
)
metric = STRUCTURE_METRICS.metric

#: Bonds are right within this of 3.8 Angstrom.
BOND, GIVE = 3.8, 0.3
#: C-alpha(i,i+3) of helices and of strands, Angstrom.
HELIX, STRAND = (4.5, 5.8), (8.8, 10.8)
# Boxes of a histogram whose Wasserstein distance is taken, and of angles (degrees).
_BOXES, _DEGREES = 2_000, 15
#: RMSD in Angstrom below which a fragment is a near copy, and an exact one but for rounding.
NEAR, EXACT = 1.0, 0.05
#: Fragments whose nearest training fragments are looked up, and that classifiers learn from.
MOST_NEAREST, MOST_CLASSIFIED = 500, 5_000
#: Fragments that are compared with one another.
MOST_UNIQUE = 2_000
# Pairs of them that are laid on one another at a time.
_PAIRS = 10_000


def first_neighbours(xyz: np.ndarray) -> np.ndarray:
    """Distances of residues i and i + 1, shape (n, L - 1)."""
    return separations(xyz, 1)


def second_neighbours(xyz: np.ndarray) -> np.ndarray:
    """Distances of residues i and i + 2, shape (n, L - 2)."""
    return separations(xyz, 2)


def third_neighbours(xyz: np.ndarray) -> np.ndarray:
    """Distances of residues i and i + 3, shape (n, L - 3)."""
    return separations(xyz, 3)


@metric("bond-share", "bonds", "C-alpha(i,i+1) right", goal="high", high=1.0,
                  unit="share", alike=False, alone=True)  # fmt: skip
def bond_share(comparison: FragmentComparison) -> Value:
    """Share of neighbours that are 3.5 to 4.1 Angstrom apart."""
    shares = [_share(comparison.candidate, first_neighbours, BOND - GIVE, BOND + GIVE)]
    return jackknifed(comparison, lambda g: _left(shares, g)[0], high=1.0, correct=False)


@metric("first-w1", "bonds", "C-alpha(i,i+1) W1", unit="Angstrom")
def first_distance(comparison: FragmentComparison) -> Value:
    """Wasserstein distance of the distances of neighbours."""
    return _wasserstein(comparison, first_neighbours, 10.0)


@metric("second-w1", "bonds", "C-alpha(i,i+2) W1", unit="Angstrom")
def second_distance(comparison: FragmentComparison) -> Value:
    """Wasserstein distance of the distances of residues two apart."""
    return _wasserstein(comparison, second_neighbours, 15.0)


@metric("third-w1", "bonds", "C-alpha(i,i+3) W1", unit="Angstrom")
def third_distance(comparison: FragmentComparison) -> Value:
    """Wasserstein distance of the distances of residues three apart."""
    return _wasserstein(comparison, third_neighbours, 20.0)


@metric(
    "triangles", "bonds", "triangle violations", high=1.0, unit="share", alike=False, alone=True
)
def violations(comparison: FragmentComparison) -> Value:
    """Share of triples of residues whose distances in the map no triangle has."""
    maps = comparison.candidate.fragments.maps
    n = len(comparison.candidate)
    if maps is None:
        return Value(0.0, 0.0, 0.0, n=n, note="measured in space, where there are none")
    found = triangle_violations(maps, comparison.seed)
    by_group = [(comparison.candidate.by_group(found), comparison.candidate.by_group(found**0))]
    return jackknifed(comparison, lambda g: _left(by_group, g)[0], high=1.0, correct=False)


@metric("helix-gap", "twists", "helix-like share off by", high=1.0, unit="share")
def helix_gap(comparison: FragmentComparison) -> Value:
    """Difference of the share of C-alpha(i,i+3) that helices have, 4.5 to 5.8 Angstrom."""
    return _gap(comparison, *HELIX)


@metric("strand-gap", "twists", "strand-like share off by", high=1.0, unit="share")
def strand_gap(comparison: FragmentComparison) -> Value:
    """Difference of the share of C-alpha(i,i+3) that strands have, 8.8 to 10.8 Angstrom."""
    return _gap(comparison, *STRAND)


@metric("angle-w1", "twists", "angle W1", high=180.0, unit="degrees")
def angle_distance(comparison: FragmentComparison) -> Value:
    """Wasserstein distance of the angles at the C-alpha atoms."""
    return _wasserstein(comparison, bond_angles, 180.0)


@metric("twist-jsd", "twists", "angle and torsion JSD", high=1.0, unit="bit")
def twist_divergence(comparison: FragmentComparison) -> Value:
    """Jensen-Shannon divergence of angle and pseudo-torsion together, in boxes of 15 degrees."""
    new, real = (_twists(s) for s in (comparison.candidate, comparison.reference))

    def statistic(g: int | None) -> float:
        return float(jsd(_without(new, g), _without(real, g)))

    return jackknifed(comparison, statistic, high=1.0)


@metric("gyration-w1", "folds", "radius of gyration W1", unit="Angstrom")
def gyration(comparison: FragmentComparison) -> Value:
    """Wasserstein distance of the radii of gyration."""
    return _wasserstein(comparison, radius_of_gyration, 150.0)


@metric("contact-order-w1", "folds", "contact order W1", high=1.0)
def contacts(comparison: FragmentComparison) -> Value:
    """Wasserstein distance of the relative contact orders."""
    return _wasserstein(comparison, contact_order, 1.0)


@metric("unique", "diversity", "unique", goal="high", high=1.0, unit="share", most=MOST_UNIQUE,
        alone=True)  # fmt: skip
def unique_share(comparison: FragmentComparison) -> Value:
    """Share of fragments that lie on no earlier one within 0.05 Angstrom; it falls with n."""
    again = repeated(comparison.candidate.fragments.xyz.astype(np.float64), EXACT)
    n = len(again)
    distinct = n - int(again.sum())
    # A fragment that comes again is no matter of its family.
    return Value(distinct / n, *wilson(distinct, n), n=n)


def repeated(xyz: np.ndarray, border: float) -> np.ndarray:
    """Tell which fragments lie on an earlier one, RMSD below ``border``: shape (n,), bool.

    Examples
    --------
    >>> walk = np.random.default_rng(0).normal(size=(1, 8, 3)).cumsum(1)
    >>> repeated(np.concatenate([walk, walk[:, ::-1], walk + 5]), 0.05).tolist()
    [False, False, True]
    """
    half = xyz.shape[1] // 2
    across = np.linalg.norm(xyz[:, half:] - xyz[:, : xyz.shape[1] - half], axis=2)
    # Ends that move by d and e, d^2 + e^2 <= L RMSD^2, change their distance by d + e at most.
    reach = border * np.sqrt(2 * xyz.shape[1])
    pairs = cKDTree(across).query_pairs(reach, p=np.inf, output_type="ndarray")
    found = np.zeros(len(xyz), bool)
    for at in range(0, len(pairs), _PAIRS):
        one, other = np.sort(pairs[at : at + _PAIRS], 1).T
        found[other[rmsd(xyz[one], xyz[other]) < border]] = True
    return found


@metric("pair-rmsd", "diversity", "pair RMSD", goal="same", alike=False)
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


def _without(sums: np.ndarray, g: int | None) -> np.ndarray:
    """Add up all jackknife groups but one."""
    return np.asarray(sums.sum(0) - (0 if g is None else sums[g]))


def _share(
    sample: FragmentSample, measure: Measure, low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """Count the values in a range, and all values, by jackknife group: two of shape (GROUPS,)."""
    values = sample.values(measure)
    inside = ((values >= low) & (values <= high)).sum(1)
    return sample.by_group(inside), sample.by_group(np.full(len(values), values.shape[1]))


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


@metric("copies", "novelty", "exact copies", high=1.0, unit="share",
                  most=MOST_NEAREST, alike=False, alone=True)  # fmt: skip
def exact_copies(comparison: FragmentComparison) -> Value:
    """Share of the fragments that lie on a training fragment within 0.05 Angstrom."""
    return _copies(comparison, EXACT)


@metric("near-copies", "novelty", "near copies", high=1.0, unit="share",
                  most=MOST_NEAREST, alike=False, alone=True)  # fmt: skip
def near_copies(comparison: FragmentComparison) -> Value:
    """Share of the fragments within 1 Angstrom RMSD of a training fragment."""
    return _copies(comparison, NEAR)


@metric("near-excess", "novelty", "near-copy excess", low=-1.0, high=1.0,
                  needs=("fresh",), unit="share", most=MOST_NEAREST, alike=False,
                  alone=True)  # fmt: skip
def near_copy_excess(comparison: FragmentComparison) -> Value:
    """Near-copy rate minus that of held-out fragments: copying, not likeness."""
    assert comparison.fresh is not None  # the need "fresh" was met
    shares, counts = [], []
    for sample in (comparison.candidate, comparison.fresh):
        near, worth = sample.nearest(comparison.source)[1] < NEAR, _worth(sample, comparison.source)
        shares.append(int(near.sum()) / len(near))
        counts += [shares[-1] * worth, worth]
    return Value(shares[0] - shares[1], *newcombe(*counts), n=len(comparison.candidate))


@metric("nearest-rmsd", "novelty", "nearest RMSD", goal="high", unit="Angstrom",
                  most=MOST_NEAREST, alike=False, alone=True)  # fmt: skip
def nearest_rmsd(comparison: FragmentComparison) -> Value:
    """Median RMSD to the nearest training fragment."""
    found = np.sort(comparison.candidate.nearest(comparison.source)[1])
    n = len(found)
    # Ranks between which the median lies with 95 %, whatever the distribution; of families, those
    # of as many fragments as they are worth.
    worth = max(1, round(_worth(comparison.candidate, comparison.source)))
    low, high = binom.interval(0.95, worth, 0.5)
    low, high = int(np.floor(low * (n / worth))), int(np.ceil(high * (n / worth)))
    edges = found[max(0, low - 1)], found[min(n - 1, high)]
    return Value(float(np.median(found)), float(edges[0]), float(edges[1]), n=n)


@metric("auroc", "discriminability", "classifier AUROC", goal="half", high=1.0,
                  most=MOST_CLASSIFIED, alike=False)  # fmt: skip
def classifier_auroc(comparison: FragmentComparison) -> Value:
    """Out-of-fold AUROC of ridge logistic regression on local and global features.

    Folds never part a family, so that no fold is learned by heart.
    """
    new, real = comparison.candidate, comparison.reference
    validation = cross_validation(
        len(new), len(real), comparison.related, comparison.seed, "fragment", "family"
    )
    if isinstance(validation, Value):
        return validation
    table = np.concatenate([s.values(described) for s in (new, real)])
    return ridge_auroc(table, validation, describe(real.fragments.xyz[:1])[1])


def described(xyz: np.ndarray) -> np.ndarray:
    """Features of the classifier, shape (n, d)."""
    return describe(xyz)[0]


def _copies(comparison: FragmentComparison, border: float) -> Value:
    near = comparison.candidate.nearest(comparison.source)[1] < border
    hits, n = int(near.sum()), len(near)
    worth = _worth(comparison.candidate, comparison.source)
    names = [comparison.candidate.fragments.ids[i] for i in np.flatnonzero(near)[:5]]
    return Value(hits / n, *wilson(hits / n * worth, worth), n=n, details=tuple(names))


def _worth(sample: FragmentSample, source: FragmentSample) -> float:
    """Return how many independent fragments a sample is worth; each, if all families differ.

    From the distances to the source, as a share of few or no copies does not tell how alike
    families are. What is below the border of exact copies is rounding.
    """
    return effective(np.maximum(sample.nearest(source)[1], EXACT), sample.fragments.families)


Measure = Callable[[np.ndarray], np.ndarray]


class FragmentSample(BaseSample[FragmentSet]):
    """A set of fragments with what several metrics share, each computed once."""

    @property
    def fragments(self) -> FragmentSet:
        """The records, in an order without information."""
        return self.records

    @cached_property
    def groups(self) -> np.ndarray:
        """Jackknife group of each fragment, shape (n,): families, which are alike, stay whole."""
        seen = {name: i for i, name in enumerate(dict.fromkeys(self.fragments.families.tolist()))}
        return np.array([seen[name] % GROUPS for name in self.fragments.families.tolist()], int)

    def values(self, measure: Measure) -> np.ndarray:
        """Return what a measure makes of the coordinates, shape (n, ...); computed once."""
        found: np.ndarray = self.kept(
            measure, lambda: measure(self.fragments.xyz.astype(np.float64))
        )
        return found

    def nearest(self, source: FragmentSample) -> tuple[np.ndarray, np.ndarray]:
        """Nearest fragment of ``source`` and the RMSD to it, Angstrom: two of shape (n,)."""
        found: tuple[np.ndarray, np.ndarray] = self.kept(
            ("nearest", source), lambda: nearest(self.fragments.xyz, source.fragments.xyz)
        )
        return found


class FragmentComparison(BaseComparison[FragmentSample]):
    """One candidate beside the real fragments that it is compared with."""

    noun = "fragment"

    @property
    def related(self) -> np.ndarray:
        """Family of each fragment of candidate and reference, shape (n + m,).

        Families are numbered set by set: two are one if their fragments share a bond in one place,
        as those of one chain that overlap do.
        """
        new, real = self.candidate.fragments, self.reference.fragments
        offset = int(real.families.max(initial=0)) + 1
        family_of = dict(zip(_bonds(real), np.repeat(real.families, real.residues - 1).tolist(),
                             strict=True))  # fmt: skip
        names = new.families.tolist()
        number = {family: offset + i for i, family in enumerate(dict.fromkeys(names))}
        at = [family for family in names for _ in range(new.residues - 1)]
        for family, bond in zip(at, _bonds(new), strict=True):
            if bond in family_of:
                number[family] = family_of[bond]
        return np.concatenate([[number[family] for family in names], real.families])


def _bonds(fragments: FragmentSet) -> list[bytes]:
    """Return the bytes of both ends of every bond, fragment by fragment."""
    xyz = np.ascontiguousarray(fragments.xyz, np.float32)
    ends = np.concatenate([xyz[:, :-1], xyz[:, 1:]], 2)
    return [row.tobytes() for row in ends.reshape(-1, 6)]
