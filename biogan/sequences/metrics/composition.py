"""Composition of records: letters, GC content, and low complexity.

Low complexity is repeats of few letters or of short k-mers within a record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from biogan.core.errors import plural
from biogan.evaluation.distances import entropy, jsd
from biogan.evaluation.intervals import GROUPS, clustered_share, jackknife, jackknifed, wilson
from biogan.evaluation.metric import Value
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.kmers import kmer_table
from biogan.sequences.metrics.comparison import Comparison, Sample, metric

# Cells of the tables of k-mer counts of single records that are held at once.
_CELLS = 1 << 22
# Letters of the unit of a simple repeat at most, and the share of real records with long ones.
_LONGEST_UNIT, _TAIL = 6, 0.01


@metric(
    "valid",
    "composition",
    "valid letters",
    goal="high",
    high=1.0,
    unit="share",
    alike=False,
    alone=True,
)
def valid(comparison: Comparison) -> Value:
    """Share of the records read that held only letters of the alphabet, before any cleaning."""
    report = comparison.candidate.sequences.report
    if report is None:
        return Value(None, note="not read from a file: valid by construction")
    hits, n = report.valid_records, report.records
    unclean = (f for f in report.findings if f.letters or f.kind == "empty")
    details = tuple(f"{f.kind}: {plural(f.records, 'record')}" for f in unclean)
    return Value(hits / n, *wilson(hits, n), n=n, details=details)


@metric("gc-w1", "composition", "GC W1", high=1.0, needs=("nucleotides",), unit="share")
def gc_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the GC share of single records."""
    new, real = (s.values(gc_content) for s in (comparison.candidate, comparison.reference))
    return value_distance(comparison, new, real, high=1.0)


@metric(
    "gc-sd-ratio", "composition", "GC sd ratio", goal="same", needs=("nucleotides",), alike=False
)
def gc_spread(comparison: Comparison) -> Value:
    """Compare the spread of GC: sd of the GC share over that of real records."""
    samples = comparison.candidate, comparison.reference
    new, real = (s.values(gc_content) for s in samples)

    def ratio(g: int | None) -> float:
        top, bottom = without(samples[0], new, g).std(), without(samples[1], real, g).std()
        return float(top / bottom) if bottom > 0 else 1.0

    if real.std() == 0:
        return Value(None, note="every reference record has the same GC share")
    return jackknifed(comparison, ratio)


@metric("run-w1", "composition", "longest run W1", unit="letters")
def run_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the longest runs of one letter (homopolymers) of records."""
    new, real = (s.values(longest_runs) for s in (comparison.candidate, comparison.reference))
    return value_distance(comparison, new, real)


@metric("simple-repeats", "composition", "simple repeats", high=1.0, unit="share", alike=False)
def simple_repeats(comparison: Comparison) -> Value:
    """Share of the records with a longer simple repeat than 99 in 100 real ones.

    A distance of means cannot see a repeat in few records.
    """
    new, real = (s.values(longest_repeats) for s in (comparison.candidate, comparison.reference))
    # The smallest border that at most one in a hundred real records lies beyond.
    border = int(np.quantile(real, 1 - _TAIL, method="inverted_cdf"))
    share = clustered_share(new > border, comparison.candidate.clusters)
    return Value(*share, n=len(new), note=f"more than {plural(border, 'repeated letter')}")


@metric("letter-jsd", "composition", "letter JSD", high=1.0, unit="bits")
def letter_divergence(comparison: Comparison) -> Value:
    """Jensen-Shannon divergence of the pooled letter frequencies."""
    new, real = comparison.candidate.group_kmers(1), comparison.reference.group_kmers(1)
    return count_divergence(comparison, new, real, comparison.reference.plain.alphabet.letters)


def count_divergence(
    comparison: Comparison, new: np.ndarray, real: np.ndarray, names: Sequence[str], note: str = ""
) -> Value:
    """Jensen-Shannon divergence of counts by group, with what differs in the details.

    Parameters
    ----------
    comparison : Comparison
        Gives the numbers of records.
    new, real : numpy.ndarray, shape (GROUPS, cells)
        Counts by jackknife group.
    names : sequence of str
        Names of the cells.
    note : str
        Passed on.
    """
    value = jackknifed(
        comparison, lambda g: float(jsd(remaining(new, g), remaining(real, g))), high=1.0, note=note
    )
    if value.low is None:
        return value
    return replace(value, details=_differences(new, real, names))


def _differences(new: np.ndarray, real: np.ndarray, names: Sequence[str]) -> tuple[str, ...]:
    """Name the cells whose share differs, the largest difference first, with its interval."""

    def difference(g: int | None, i: int) -> float:
        top, bottom = remaining(new, g), remaining(real, g)
        return float(top[i] / max(1, top.sum()) - bottom[i] / max(1, bottom.sum()))

    found = []
    for i, name in enumerate(names):
        if not new[:, i].any() and not real[:, i].any():
            continue
        plain, _, low, high = jackknife(lambda g, i=i: difference(g, i))  # type: ignore[misc]
        if low > 0 or high < 0:
            found.append((-abs(plain), f"{name} {plain:+.4f} [{low:+.4f}, {high:+.4f}]"))
    return tuple(text for _, text in sorted(found))


def gc_content(sequences: SequenceSet) -> np.ndarray:
    """GC share of each record among its A, C, G, T and U; shape (n,), 0 for an empty record.

    Examples
    --------
    >>> from biogan.sequences.dataset import SequenceSet
    >>> gc_content(SequenceSet.from_strings(["GGCA", "AT"])).tolist()
    [0.75, 0.0]
    """
    letters = np.frombuffer(sequences.alphabet.letters.encode(), np.uint8)
    hits, total = (
        _count(np.isin(letters, list(some))[sequences.codes], sequences.offsets)
        for some in (b"GC", b"ACGTU")
    )
    return hits / np.maximum(total, 1)


def _count(marked: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Count the marked letters of each record: shape (n,)."""
    counts = np.zeros(len(offsets) - 1, np.int64)
    some = np.flatnonzero(np.diff(offsets))
    if len(some):
        counts[some] = np.add.reduceat(marked, offsets[some], dtype=np.int64)
    return counts


def longest_runs(sequences: SequenceSet) -> np.ndarray:
    """Length of the longest run of one letter in each record; shape (n,), 0 for an empty record.

    Examples
    --------
    >>> from biogan.sequences.dataset import SequenceSet
    >>> longest_runs(SequenceSet.from_strings(["ACCCG", "GG", "A"])).tolist()
    [3, 2, 1]
    """
    codes, starts = sequences.codes, sequences.offsets
    change = np.ones(len(codes) + 1, bool)
    change[1:-1] = codes[1:] != codes[:-1]
    change[starts] = True
    borders = np.flatnonzero(change)
    longest = np.zeros(len(sequences), np.int64)
    record = np.searchsorted(starts, borders[:-1], "right") - 1
    np.maximum.at(longest, record, np.diff(borders))
    return longest


def longest_repeats(sequences: SequenceSet) -> np.ndarray:
    """Length of the longest simple repeat of each record; shape (n,), 0 for an empty record.

    Letters in a row that equal the one 1, 2, ... or 6 places before: a repeat of a unit of up to
    six letters, counted from its second unit on.

    Examples
    --------
    >>> from biogan.sequences.dataset import SequenceSet
    >>> longest_repeats(SequenceSet.from_strings(["AAAA", "CACACG", "ACGT"])).tolist()
    [3, 3, 0]
    """
    codes, lengths = sequences.codes, sequences.lengths
    place = np.arange(len(codes)) - np.repeat(sequences.offsets[:-1], lengths)
    owner = np.repeat(np.arange(len(sequences)), lengths)
    longest = np.zeros(len(sequences), np.int64)
    for period in range(1, _LONGEST_UNIT + 1):
        same = np.zeros(len(codes) + 1, bool)
        same[period:-1] = codes[period:] == codes[:-period]
        same[:-1] &= place >= period
        edges = np.flatnonzero(np.diff(same, prepend=False))
        starts, ends = edges[::2], edges[1::2]
        # A run ends where a record does, as the first letters of the next one have none before.
        np.maximum.at(longest, owner[starts], ends - starts)
    return longest


def remaining(groups: np.ndarray, left_out: int | None) -> np.ndarray:
    """Sum counts of shape (GROUPS, ...) over all groups but one."""
    total = groups.sum(0)
    return total if left_out is None else total - groups[left_out]


def without(sample: Sample, values: np.ndarray, left_out: int | None) -> np.ndarray:
    """Leave out the values, shape (n,), of the records of one jackknife group."""
    return values if left_out is None else values[sample.groups != left_out]


def value_distance(
    comparison: Comparison,
    new: np.ndarray,
    real: np.ndarray,
    high: float = np.inf,
    note: str = "",
) -> Value:
    """Wasserstein-1 distance of one number a record, shape (n,) and (m,), with its interval."""
    # All values sorted once: the distance is the area between the two distribution functions.
    points, place = np.unique(np.concatenate([new, real]), return_inverse=True)
    steps = np.diff(points)
    parts = place[: len(new)], place[len(new) :]
    counts = [
        np.stack([np.bincount(p[s.groups == g], minlength=len(points)) for g in range(GROUPS)])
        for p, s in zip(parts, (comparison.candidate, comparison.reference), strict=True)
    ]

    def distance(g: int | None) -> float:
        below = [remaining(some, g).cumsum() for some in counts]
        return float(np.abs(below[0] / below[0][-1] - below[1] / below[1][-1])[:-1] @ steps)

    return jackknifed(comparison, distance, high=high, note=note)


@metric("complexity-w1", "composition", "complexity W1", unit="bits", default=False)
def complexity_distance(comparison: Comparison) -> Value:
    """Wasserstein-1 distance of the entropy of the k-mers within records, low for repeats."""
    nucleotides = comparison.reference.plain.alphabet.complement is not None
    compute = triplet_entropy if nucleotides else letter_entropy
    new, real = (s.values(compute) for s in (comparison.candidate, comparison.reference))
    return value_distance(comparison, new, real, note="k=3" if nucleotides else "k=1")


def triplet_entropy(sequences: SequenceSet) -> np.ndarray:
    """Entropy of the triplets of letters of each record in bits, shape (n,); at most 6 for DNA.

    Low for simple repeats of any short unit, like the DUST score, which counts the same triplets
    (Morgulis et al. 2006, J. Comput. Biol. 13:1028).

    Examples
    --------
    >>> triplet_entropy(SequenceSet.from_strings(["AAAAAA", "ATATAT", "AACAG"])).round(3).tolist()
    [0.0, 1.0, 1.585]
    """
    return _word_entropy(sequences, 3)


def letter_entropy(sequences: SequenceSet) -> np.ndarray:
    """Entropy of the letters of each record in bits, shape (n,).

    The measure of SEG for proteins (Wootton & Federhen 1993, Comput. Chem. 17:149), over the whole
    record.
    """
    return _word_entropy(sequences, 1)


def _word_entropy(sequences: SequenceSet, k: int) -> np.ndarray:
    step = max(1, _CELLS // sequences.alphabet.size**k)
    parts = [
        entropy(kmer_table(sequences[i : i + step], k)) for i in range(0, len(sequences), step)
    ]
    return np.concatenate([np.zeros(0), *parts])
