"""Proteins: scores against a profile of the family, and physical properties.

The properties are computed for all records at once, by the tables of Biopython's ProtParam; their
distances are in units of the spread of real ones.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from Bio.Data.IUPACData import protein_letters, protein_weights
from Bio.SeqUtils import IsoelectricPoint, ProtParamData

from biogan.core.errors import DataError, plural
from biogan.evaluation.distances import jsd
from biogan.evaluation.intervals import clustered_share, jackknifed
from biogan.evaluation.metric import Value
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.genetic_code import GeneticCode, codon_counts, codons_of, gc3, genetic_code
from biogan.sequences.io.fasta import shuffled
from biogan.sequences.kmers import kmer_counts
from biogan.sequences.metrics.comparison import Comparison, Sample, metric
from biogan.sequences.metrics.composition import remaining, value_distance
from biogan.sequences.metrics.context import Profile, build_profile

# Records of each set that are scored: their scores are as good as those of more.
_MOST = 2000


@metric("hmm-score-w1", "protein", "profile score W1", needs=("protein", "profile"), unit="bits",
        most=_MOST)  # fmt: skip
def score_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the bit scores against the profile of the family."""
    try:
        _, new, real = _scores(comparison)
    except DataError as error:
        return Value(None, note=str(error))
    return value_distance(comparison, new, real)


@metric("hmm-hits", "protein", "profile hits", goal="high", high=1.0,
        needs=("protein", "profile"), unit="share", most=_MOST, alike=False,
        alone=True)  # fmt: skip
def hits(comparison: Comparison) -> Value:
    """Share of the records that the profile finds, at an E-value of 0.01 among 10,000."""
    try:
        profile, new, _ = _scores(comparison)
    except DataError as error:
        return Value(None, note=str(error))
    found = clustered_share(new >= profile.threshold, comparison.candidate.clusters)
    return Value(*found, n=len(new), note=f">= {profile.threshold:.1f} bits")


def _scores(comparison: Comparison) -> tuple[Profile, np.ndarray, np.ndarray]:
    profile = comparison.extras.hmm or _built(comparison.source, comparison.seed)
    new, real = (s.values(profile.bits) for s in (comparison.candidate, comparison.reference))
    return profile, new, real


@lru_cache(maxsize=1)
def _built(source: Sample, seed: int) -> Profile:
    # Not the first records of the file: their order must not matter.
    return build_profile(shuffled(source.sequences, seed))


_WATER = 18.0153
_AROMATIC = "FWY"
# A protein without any other charged group has its isoelectric point inside these borders.
_PH = (0.0, 14.0)
_HALVINGS = 30


def weight(proteins: SequenceSet) -> np.ndarray:
    """Molecular weight in Dalton, shape (n,).

    Examples
    --------
    >>> weight(SequenceSet.from_strings(["AGC"], alphabet="protein")).round(2).tolist()
    [249.29]
    """
    # Biopython weighs U and O too, which no other property here has a value for.
    table = _table(proteins, {letter: protein_weights[letter] for letter in protein_letters})
    residues = counted(proteins)
    return _total(proteins, table) - np.maximum(residues - 1, 0) * _WATER


def gravy(proteins: SequenceSet) -> np.ndarray:
    """Mean hydropathy of the residues (Kyte & Doolittle 1982), shape (n,), -4.5 to 4.5."""
    return _mean(proteins, _table(proteins, ProtParamData.kd))


def aromaticity(proteins: SequenceSet) -> np.ndarray:
    """Share of F, W and Y (Lobry & Gautier 1994), shape (n,), 0 to 1."""
    return _mean(proteins, _table(proteins, dict.fromkeys(_AROMATIC, 1.0)))


def instability(proteins: SequenceSet) -> np.ndarray:
    """Instability index (Guruprasad et al. 1990), shape (n,): 10 / L times the sum over 2-mers.

    It depends on the length; values above 40 are read as unstable.
    """
    letters = proteins.alphabet.letters
    table = np.array([[ProtParamData.DIWV.get(a, {}).get(b, 0.0) for b in letters]
                      for a in letters]).ravel()  # fmt: skip
    codes = proteins.codes.astype(np.uint16)
    pairs = np.zeros(len(codes))
    pairs[:-1] = table[codes[:-1] * np.uint16(len(letters)) + codes[1:]]
    pairs[proteins.offsets[1:][proteins.lengths > 0] - 1] = 0  # a record's last letter has no next
    return 10 * _sums(proteins, pairs) / np.maximum(counted(proteins), 1)


def charge(proteins: SequenceSet, ph: float = 7.0) -> np.ndarray:
    """Net charge at a pH, in elementary charges, shape (n,)."""
    return _charge(*_groups(proteins), np.full(len(proteins), ph))


def isoelectric_point(proteins: SequenceSet) -> np.ndarray:
    """Compute the pH at which the net charge is zero (Bjellqvist et al. 1993), shape (n,).

    Found by bisection for all records together. Biopython begins its search at 4.05 and ends it at
    12, so that the most acidic and basic proteins differ from it.
    """
    groups = _groups(proteins)
    low, high = (np.full(len(proteins), border) for border in _PH)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        positive = _charge(*groups, middle) > 0
        low, high = np.where(positive, middle, low), np.where(positive, high, middle)
    return (low + high) / 2


def counted(proteins: SequenceSet) -> np.ndarray:
    """Residues of each record that are one of the 20 amino acids, shape (n,)."""
    return _total(proteins, _table(proteins, dict.fromkeys(protein_letters, 1.0)))


def uncounted(proteins: SequenceSet) -> int:
    """Letters that no table has (X, B, '*' and so on): properties are computed without them."""
    known = _table(proteins, dict.fromkeys(protein_letters, 1.0)) > 0
    return int(kmer_counts(proteins, 1)[~known].sum())


def _table(proteins: SequenceSet, values: dict[str, float]) -> np.ndarray:
    """Values by code; 0 for a letter that ``values`` does not have."""
    return np.array([values.get(letter, 0.0) for letter in proteins.alphabet.letters], float)


def _total(proteins: SequenceSet, table: np.ndarray) -> np.ndarray:
    return _sums(proteins, table[proteins.codes])


def _sums(proteins: SequenceSet, values: np.ndarray) -> np.ndarray:
    """Sum one value a letter by record."""
    sums, filled = np.zeros(len(proteins)), proteins.lengths > 0
    if filled.any():
        sums[filled] = np.add.reduceat(values, proteins.offsets[:-1][filled])
    return sums


def _mean(proteins: SequenceSet, table: np.ndarray) -> np.ndarray:
    return _total(proteins, table) / np.maximum(counted(proteins), 1)


def _groups(proteins: SequenceSet) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return numbers, pK and signs of the charged groups, each of shape (n, groups)."""
    n = len(proteins)
    positive, negative = IsoelectricPoint.positive_pKs, IsoelectricPoint.negative_pKs
    inner = {**positive, **negative}
    del inner["Nterm"], inner["Cterm"]
    numbers = [_total(proteins, _table(proteins, {letter: 1.0})) for letter in inner]
    pks = [np.full(n, pk) for pk in inner.values()]
    signs = [np.full(n, 1.0 if letter in positive else -1.0) for letter in inner]
    filled = proteins.lengths > 0
    for place, tables, common, sign in (
        (proteins.offsets[:-1], IsoelectricPoint.pKnterminal, positive["Nterm"], 1.0),
        (proteins.offsets[1:] - 1, IsoelectricPoint.pKcterminal, negative["Cterm"], -1.0),
    ):
        by_code = [tables.get(letter, common) for letter in proteins.alphabet.letters]
        pk = np.full(n, float(common))
        pk[filled] = np.array(by_code)[proteins.codes[place[filled]]]
        numbers.append(filled.astype(float))
        pks.append(pk)
        signs.append(np.full(n, sign))
    return np.stack(numbers, 1), np.stack(pks, 1), np.stack(signs, 1)


def _charge(numbers: np.ndarray, pks: np.ndarray, signs: np.ndarray, ph: np.ndarray) -> np.ndarray:
    """Net charge by the equation of Henderson and Hasselbalch."""
    charged = 1 / (1 + 10.0 ** (signs * (ph[:, None] - pks)))
    return np.asarray((signs * numbers * charged).sum(1))


Property = Callable[[SequenceSet], np.ndarray]


@metric("weight-w1", "protein", "weight W1", needs=("protein",), unit="IQR")
def weight_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the molecular weights."""
    return _distance(comparison, weight)


@metric("pi-w1", "protein", "isoelectric point W1", needs=("protein",), unit="IQR")
def isoelectric_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the isoelectric points."""
    return _distance(comparison, isoelectric_point)


@metric("charge-w1", "protein", "charge W1", needs=("protein",), unit="IQR")
def charge_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the net charges at pH 7."""
    return _distance(comparison, charge)


@metric("gravy-w1", "protein", "hydropathy W1", needs=("protein",), unit="IQR")
def hydropathy_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the grand averages of hydropathy (GRAVY)."""
    return _distance(comparison, gravy)


@metric("aromaticity-w1", "protein", "aromaticity W1", needs=("protein",), unit="IQR")
def aromaticity_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the shares of F, W and Y."""
    return _distance(comparison, aromaticity)


@metric("instability-w1", "protein", "instability W1", needs=("protein",), unit="IQR")
def instability_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the instability indices."""
    return _distance(comparison, instability)


def _distance(comparison: Comparison, compute: Property) -> Value:
    new, real = comparison.candidate.values(compute), comparison.reference.values(compute)
    spread = float(np.subtract(*np.quantile(real, [0.75, 0.25])))
    if spread <= 0:
        return Value(None, note="half of the reference records have one value: no IQR")
    strange = uncounted(comparison.candidate.plain)
    note = f"{plural(strange, 'letter')} beyond the 20 amino acids not counted" if strange else ""
    return value_distance(comparison, new / spread, real / spread, note=note)


@metric(
    "cds",
    "genes",
    "valid CDS",
    goal="high",
    high=1.0,
    needs=("coding",),
    unit="share",
    alike=False,
    alone=True,
)
def valid_share(comparison: Comparison) -> Value:
    """Share of whole coding sequences: in frame, a start codon, one stop codon, at the end."""
    code, sample = _code(comparison), comparison.candidate
    share = clustered_share(sample.values(code.valid), sample.clusters)
    codons, chance = chance_of_frame(code, sample.plain)
    note = f"chance of {codons} codons without a stop: {chance:.2g}"
    return Value(*share, n=len(sample), note=note)


@metric(
    "stop-rate",
    "genes",
    "in-frame stops",
    high=1.0,
    needs=("coding",),
    unit="share",
    alike=False,
    alone=True,
)
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
