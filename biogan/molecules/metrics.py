"""The metrics of molecules: validity, novelty, similarity, properties, variety, a classifier.

Definitions are those of MOSES (Polykovskiy et al. 2020, Front Pharmacol 11:565644) where it has
the metric. All but ``valid`` read the valid molecules of a set alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from scipy.stats import entropy as relative_entropy
from scipy.stats import gaussian_kde, wasserstein_distance

from biogan.evaluation.distances import frechet, gaussian_of, moments
from biogan.evaluation.intervals import GROUPS, jackknifed, newcombe, wilson
from biogan.evaluation.metric import MetricRegistry, Value
from biogan.evaluation.samples import BaseComparison, BaseSample
from biogan.evaluation.two_sample import cross_validation, ridge_auroc
from biogan.molecules import chemnet
from biogan.molecules.dataset import MoleculeSet
from biogan.molecules.features import LEAST_RINGS, group_sums, nearest, tanimoto
from biogan.molecules.workers import chunks, run

#: The metrics of molecules, with the sections of the report in order.
MOLECULE_METRICS = MetricRegistry(
    "properties", "novelty", "validity", "discriminability", "similarity", "diversity", "filters"
)
metric = MOLECULE_METRICS.metric

#: Tanimoto similarity from which a molecule is a near copy.
NEAR = 0.8
#: Molecules of which near copies are sought, and training molecules among which they are.
MOST_NEAREST, MOST_SOURCE = 1_000, 100_000
# Molecules of a set that are read where one of them takes milliseconds.
_MOST_SLOW, _MOST_ALERTS, _MOST_PAIRS, _MOST_CLASSIFIED = 3_000, 1_000, 3_000, 3_000
# Molecules of a chunk of a further process, and from how many on it is worth its start.
_CHUNK, _FEW = 500, 2_000
NONE = "no valid molecules"


class MoleculeSample(BaseSample[MoleculeSet]):
    """A set of molecules with what several metrics share, each computed once."""

    @cached_property
    def molecules(self) -> MoleculeSet:
        """The valid molecules, in an order without information."""
        return self.records[self.records.valid] if not self.records.valid.all() else self.records

    @cached_property
    def valid_groups(self) -> np.ndarray:
        """Jackknife group of each valid molecule."""
        return np.asarray(self.groups[self.records.valid])

    def feature(self, name: str, *args: Any) -> Any:
        """Return what a function of :mod:`biogan.molecules` makes of the valid molecules.

        Parameters
        ----------
        name : str
            ``module:function``, of a list of SMILES.
        *args
            Further arguments.
        """

        def compute() -> Any:
            smiles = self.molecules.smiles
            job = f"biogan.molecules.{name}"
            parts = [*run(job, chunks(smiles, _CHUNK), *args, many=len(smiles) > _FEW)]
            if parts and isinstance(parts[0], np.ndarray):
                return np.concatenate(parts)
            return [one for part in parts for one in part]

        return self.kept((name, *args), compute)

    def computed(self, name: str) -> np.ndarray:
        """Return a property of each valid molecule, shape (valid,)."""
        return np.asarray(self.feature("properties:properties", (name,)))[:, 0]

    @property
    def bits(self) -> np.ndarray:
        """Packed fingerprints of the valid molecules, shape (valid, 128)."""
        found: np.ndarray = self.feature("features:fingerprints")
        return found

    @cached_property
    def known(self) -> frozenset[str]:
        """The canonical SMILES."""
        return frozenset(self.molecules.smiles)

    @cached_property
    def searched(self) -> MoleculeSample:
        """The molecules among which near copies are sought: of a large set the first."""
        return self.first(MOST_SOURCE)

    def nearest(self, source: MoleculeSample) -> tuple[np.ndarray, np.ndarray]:
        """Return the most similar molecule of a source for each, and the similarity."""
        some = source.searched

        def compute() -> tuple[np.ndarray, np.ndarray]:
            return nearest(self.bits, some.bits)

        found: tuple[np.ndarray, np.ndarray] = self.kept(("nearest", some), compute)
        return found


class MoleculeComparison(BaseComparison[MoleculeSample]):
    """One candidate beside the real molecules that it is compared with."""

    noun = "molecule"

    def missing(self, need: str) -> str:
        """Say why ``need`` is not met; an empty string if it is."""
        if need == "chemnet":
            return chemnet.missing()
        if need == "molecules":
            few = len(self.candidate.molecules) < 2
            return NONE if few else ""
        return super().missing(need)


# --- validity -----------------------------------------------------------------------------


@metric("valid", "validity", "valid", goal="high", high=1.0, unit="share", alike=False, alone=True)
def valid(comparison: MoleculeComparison) -> Value:
    """Share of all texts that RDKit reads as a molecule: of SELFIES 1 by construction."""
    marks = comparison.candidate.records.valid
    hits, n = int(marks.sum()), len(marks)
    return Value(hits / n, *wilson(hits, n), n=n, note="of all that was written")


def _unique(comparison: MoleculeComparison, k: int) -> Value:
    """Share of distinct molecules among the first ``k`` valid ones."""
    some = comparison.candidate.molecules.smiles[:k]
    if len(some) < k:
        return Value(None, note=f"fewer than {k:,} valid molecules")
    distinct = len(set(some))
    return Value(distinct / k, *wilson(distinct, k), n=k)


@metric("unique-1000", "diversity", "unique@1,000", goal="high", high=1.0, unit="share",
        alike=False, alone=True)  # fmt: skip
def unique_1000(comparison: MoleculeComparison) -> Value:
    """Share of distinct molecules among the first 1,000 valid ones."""
    return _unique(comparison, 1_000)


@metric("unique-10000", "diversity", "unique@10,000", goal="high", high=1.0, unit="share",
        alike=False, alone=True)  # fmt: skip
def unique_10000(comparison: MoleculeComparison) -> Value:
    """Share of distinct molecules among the first 10,000 valid ones."""
    return _unique(comparison, 10_000)


@metric("internal-diversity", "diversity", "internal diversity", goal="held-out", high=1.0,
        needs=("molecules",), most=_MOST_PAIRS, alike=False, alone=True)  # fmt: skip
def internal_diversity(comparison: MoleculeComparison) -> Value:
    """One minus the mean Tanimoto similarity of two molecules of the set.

    MOSES counts each molecule with itself, which is 1 / n lower.
    """
    sample = comparison.candidate
    sums = group_sums(sample.bits, sample.valid_groups, GROUPS)
    sizes = np.bincount(sample.valid_groups, minlength=GROUPS)

    def statistic(g: int | None) -> float:
        kept = np.arange(GROUPS) != (-1 if g is None else g)
        n = sizes[kept].sum()
        return float(1 - sums[np.ix_(kept, kept)].sum() / max(1, n * (n - 1)))

    return jackknifed(comparison, statistic, high=1.0, correct=False)


# --- novelty ------------------------------------------------------------------------------


@metric("novelty", "novelty", "novelty", goal="high", high=1.0, unit="share",
        needs=("molecules",), alike=False, alone=True)  # fmt: skip
def novelty(comparison: MoleculeComparison) -> Value:
    """Share of the distinct molecules that do not stand in the training data."""
    distinct = set(comparison.candidate.molecules.smiles)
    new = len(distinct - comparison.source.known)
    return Value(new / len(distinct), *wilson(new, len(distinct)), n=len(distinct))


@metric("copies", "novelty", "exact copies", high=1.0, unit="share", needs=("molecules",),
        alike=False, alone=True)  # fmt: skip
def exact_copies(comparison: MoleculeComparison) -> Value:
    """Share of molecules that stand in the training data, by their canonical SMILES."""
    some = comparison.candidate.molecules
    hit = [text in comparison.source.known for text in some.smiles]
    names = [name for name, yes in zip(some.ids, hit, strict=True) if yes][:5]
    hits, n = sum(hit), len(hit)
    return Value(hits / n, *wilson(hits, n), n=n, details=tuple(names))


@metric("near-copies", "novelty", "near copies", high=1.0, unit="share", needs=("molecules",),
        most=MOST_NEAREST, alike=False, alone=True)  # fmt: skip
def near_copies(comparison: MoleculeComparison) -> Value:
    """Share of molecules with a training molecule of Tanimoto similarity 0.8 or more."""
    hits, n = _near(comparison.candidate, comparison.source)
    return Value(hits / n, *wilson(hits, n), n=n)


@metric("near-excess", "novelty", "near-copy excess", low=-1.0, high=1.0, unit="share",
        needs=("fresh", "molecules"), most=MOST_NEAREST, alike=False, alone=True)  # fmt: skip
def near_copy_excess(comparison: MoleculeComparison) -> Value:
    """Near-copy rate minus that of held-out molecules: copying, not likeness."""
    assert comparison.fresh is not None  # the need "fresh" was met
    one = _near(comparison.candidate, comparison.source)
    other = _near(comparison.fresh, comparison.source)
    return Value(one[0] / one[1] - other[0] / other[1], *newcombe(*one, *other), n=one[1])


def _near(sample: MoleculeSample, source: MoleculeSample) -> tuple[int, int]:
    similar = sample.nearest(source)[1]
    return int((similar >= NEAR).sum()), len(similar)


# --- similarity to real molecules ---------------------------------------------------------


@metric("fcd", "similarity", "FCD", needs=("molecules", "chemnet"), most=10_000)
def chemnet_distance(comparison: MoleculeComparison) -> Value:
    """Frechet distance of ChemNet activations (Preuer et al. 2018, J Chem Inf Model 58:1736).

    As it is, not corrected for n, so that it compares with published ones of the same n.
    """
    both = [
        moments(s.feature("chemnet:activations").astype(float), s.valid_groups)
        for s in (comparison.candidate, comparison.reference)
    ]

    def statistic(g: int | None) -> float:
        return frechet(*gaussian_of(*both[0], g), *gaussian_of(*both[1], g))

    return jackknifed(comparison, statistic, correct=False)


@metric("snn", "similarity", "SNN", goal="held-out", high=1.0, needs=("molecules",), most=5_000)
def nearest_similarity(comparison: MoleculeComparison) -> Value:
    """Mean Tanimoto similarity to the most similar real molecule; it rises with n."""
    found = nearest(*(s.bits for s in (comparison.candidate, comparison.reference)))[1]
    half = 1.96 * float(found.std(ddof=1)) / len(found) ** 0.5
    mean = float(found.mean())
    return Value(mean, max(0.0, mean - half), min(1.0, mean + half), n=len(found))


@metric("fragments", "similarity", "fragment similarity", goal="high", high=1.0,
        needs=("molecules",))  # fmt: skip
def fragment_similarity(comparison: MoleculeComparison) -> Value:
    """Cosine of the counts of BRICS fragments."""
    new, real = (
        s.feature("features:fragments") for s in (comparison.candidate, comparison.reference)
    )
    return _cosine(comparison, new, real)


@metric("scaffolds", "similarity", "scaffold similarity", goal="high", high=1.0,
        needs=("molecules",))  # fmt: skip
def scaffold_similarity(comparison: MoleculeComparison) -> Value:
    """Cosine of the counts of Murcko scaffolds with two rings or more."""
    new, real = (
        [[text] if text else [] for text in s.feature("features:scaffolds", LEAST_RINGS)]
        for s in (comparison.candidate, comparison.reference)
    )
    return _cosine(comparison, new, real)


def cosine(new: Counter[str], real: Counter[str]) -> float:
    """Return the cosine of two sets of counts; 0 where one is empty.

    Examples
    --------
    >>> round(cosine(Counter(a=3, b=4), Counter(a=1)), 3)
    0.6
    """
    norm = (sum(n * n for n in new.values()) * sum(n * n for n in real.values())) ** 0.5
    return sum(n * real[key] for key, n in new.items()) / norm if norm else 0.0


def _cosine(
    comparison: MoleculeComparison, new: Sequence[list[str]], real: Sequence[list[str]]
) -> Value:
    every: dict[str, int] = {}
    tables = []
    for rows, sample in ((new, comparison.candidate), (real, comparison.reference)):
        at = [every.setdefault(text, len(every)) for row in rows for text in row]
        group = np.repeat(sample.valid_groups, [len(row) for row in rows])
        tables.append((np.array(at, np.int64), group))
    size = max(1, len(every))
    by_group = [
        np.bincount(group * size + at, minlength=GROUPS * size).reshape(GROUPS, size).astype(float)
        for at, group in tables
    ]
    totals = [counts.sum(0) for counts in by_group]

    def statistic(g: int | None) -> float:
        a, b = (t - (0 if g is None else c[g]) for t, c in zip(totals, by_group, strict=True))
        norm = np.sqrt((a @ a) * (b @ b))
        return float(a @ b / norm) if norm else 0.0

    return jackknifed(comparison, statistic, high=1.0, correct=False)


# --- properties ---------------------------------------------------------------------------


def _register(name: str, title: str, unit: str, most: int | None) -> None:
    @metric(f"{name.lower()}-w1", "properties", f"{title} W1", unit=unit, needs=("molecules",),
            most=most, alike=False)  # fmt: skip
    def distance(comparison: MoleculeComparison) -> Value:
        return _wasserstein(comparison, lambda sample: sample.computed(name))

    distance.__doc__ = f"Wasserstein distance of {title}."


#: Properties of which the distributions are compared: name, title, unit, molecules at most.
COMPARED: tuple[tuple[str, str, str, int | None], ...] = (
    ("logP", "logP", "", None),
    ("SA", "SA", "", _MOST_SLOW),
    ("QED", "QED", "", _MOST_SLOW),
    ("weight", "weight", "g/mol", None),
    ("heavy-atoms", "heavy atoms", "", None),
    ("rings", "rings", "", None),
)
for _row in COMPARED:
    _register(*_row)


def _wasserstein(
    comparison: MoleculeComparison, values: Callable[[MoleculeSample], np.ndarray]
) -> Value:
    new, real = comparison.candidate, comparison.reference
    a, b = values(new), values(real)

    def statistic(g: int | None) -> float:
        one, other = a[new.valid_groups != g], b[real.valid_groups != g]
        return float(wasserstein_distance(one, other)) if len(one) and len(other) else 0.0

    return jackknifed(comparison, statistic)


_CONTINUOUS = ("BertzCT", "logP", "weight", "TPSA")
_DISCRETE = ("acceptors", "donors", "rotatable-bonds", "aliphatic-rings", "aromatic-rings")
_KL_MOST, _POINTS, _BOXES, _LEAST = 1_000, 1000, 10, 1e-10


@metric("kl-score", "properties", "GuacaMol KL score", goal="high", high=1.0,
        needs=("molecules",), most=_KL_MOST)  # fmt: skip
def kl_score(comparison: MoleculeComparison) -> Value:
    """Mean of exp(-KL) of ten properties, real to generated (Brown et al. 2019, GuacaMol).

    Of the distinct molecules, so that it depends on n.
    """
    tables = [
        np.asarray(s.feature("properties:properties", (*_CONTINUOUS, *_DISCRETE)))
        for s in (comparison.candidate, comparison.reference)
    ]
    bits = [s.bits for s in (comparison.candidate, comparison.reference)]
    groups = [s.valid_groups for s in (comparison.candidate, comparison.reference)]
    own = [_own_similarity(some) for some in bits]

    def statistic(g: int | None) -> float:
        new, real = (t[of != g] for t, of in zip(tables, groups, strict=True))
        if min(len(new), len(real)) < 3:
            return 0.0
        found = [continuous_kl(real[:, i], new[:, i]) for i in range(len(_CONTINUOUS))]
        found += [
            discrete_kl(real[:, i], new[:, i])
            for i in range(len(_CONTINUOUS), len(_CONTINUOUS) + len(_DISCRETE))
        ]
        a, b = (o[of != g] for o, of in zip(own, groups, strict=True))
        found.append(continuous_kl(b, a))
        return float(np.mean(np.exp(-np.array(found))))

    return jackknifed(comparison, statistic, high=1.0, correct=False)


def _own_similarity(packed: np.ndarray) -> np.ndarray:
    """Return the similarity of each molecule to the most similar other one."""
    found = tanimoto(packed, packed)
    np.fill_diagonal(found, 0)
    return np.asarray(found.max(1), float)


def continuous_kl(real: np.ndarray, new: np.ndarray) -> float:
    """Return the divergence of kernel estimates at 1,000 points, as GuacaMol computes it."""
    if real.std() == 0 or new.std() == 0:
        return 0.0 if real.std() == new.std() and real[0] == new[0] else np.inf
    points = np.linspace(min(real.min(), new.min()), max(real.max(), new.max()), _POINTS)
    p, q = (gaussian_kde(values)(points) + _LEAST for values in (real, new))
    return float(relative_entropy(p, q))


def discrete_kl(real: np.ndarray, new: np.ndarray) -> float:
    """Return the divergence of histograms of ten boxes, as GuacaMol computes it."""
    p, edges = np.histogram(real, _BOXES, density=True)
    inside = np.histogram(new, edges)[0]
    q = inside / max(1, inside.sum()) / np.diff(edges)
    return float(relative_entropy(p + _LEAST, q + _LEAST))


# --- filters and a classifier -------------------------------------------------------------


@metric("filters", "filters", "free of alerts", goal="held-out", high=1.0, unit="share",
        needs=("molecules",), most=_MOST_ALERTS, alike=False, alone=True)  # fmt: skip
def without_alerts(comparison: MoleculeComparison) -> Value:
    """Share of molecules without a structural alert of RDKit's catalogues PAINS and BRENK."""
    found = comparison.candidate.feature("features:alerts")
    hits, n = sum(not alert for alert in found), len(found)
    common = Counter(alert for alert in found if alert).most_common(5)
    details = tuple(f"{alert} {number}" for alert, number in common)
    return Value(hits / n, *wilson(hits, n), n=n, note="PAINS, BRENK", details=details)


@metric("auroc", "discriminability", "classifier AUROC", goal="half", high=1.0,
        needs=("molecules",), most=_MOST_CLASSIFIED, alike=False)  # fmt: skip
def classifier_auroc(comparison: MoleculeComparison) -> Value:
    """Out-of-fold AUROC of ridge logistic regression on counts of Morgan environments.

    Folds never part molecules of one scaffold, so that no series is learned by heart.
    """
    both = comparison.candidate, comparison.reference
    frames = [text for s in both for text in s.feature("features:scaffolds")]
    texts = [text for s in both for text in s.molecules.smiles]
    # What has no ring is a group of its own.
    keys = [frame or text for frame, text in zip(frames, texts, strict=True)]
    groups = np.unique(np.array(keys, object).astype(str), return_inverse=True)[1]
    new, real = (len(s.molecules) for s in both)
    validation = cross_validation(new, real, groups, comparison.seed, "molecule", "scaffold")
    if isinstance(validation, Value):
        return validation
    table = np.concatenate([s.feature("features:counts") for s in both]).astype(float)
    return ridge_auroc(table, validation)
