"""Motifs that the caller names: how often they occur, with which others, and where."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from biogan.metrics.base import Value, metric
from biogan.metrics.comparison import Comparison, Sample, jackknifed
from biogan.metrics.composition import remaining
from biogan.metrics.intervals import GROUPS
from biogan.metrics.kmers import jsd
from biogan.metrics.scan import Scanner, present, strand_background

#: Bins of the histogram of positions, from the start of a record to its end.
BINS = 10
#: Records of the reference that have to hold a motif, or a site of it, to be compared.
_FEWEST = 20


@metric("motif-rate", "motifs", "motif log2 ratio", needs=("motifs",), unit="log2")
def rate_difference(comparison: Comparison) -> Value:
    """Mean over motifs of the absolute log2 ratio of the shares of records with a site."""
    scanner = _scanner(comparison.extras.motifs, comparison.reference)
    new, real = (_group_rates(s, scanner) for s in _pair(comparison))
    used = _long_enough(scanner)
    if not used.any():
        return Value(None, note="all motifs are too short to be told from chance")

    def ratios(g: int | None) -> np.ndarray:
        return log2_ratios(remaining(new, g), remaining(real, g))[used]

    found = ratios(None)
    order = np.argsort(-np.abs(found), kind="stable")[:5]
    names = np.array([m.name for m in scanner.motifs])[used]
    details = tuple(f"{names[i]} {found[i]:+.2f}" for i in order if found[i])
    note = f"too short to be found: {', '.join(scanner.short)}" if scanner.short else ""
    value = jackknifed(comparison, lambda g: float(np.abs(ratios(g)).mean()), note=note)
    return Value(value.value, value.low, value.high, value.plain, value.n, value.note, details)


@metric("motif-pairs", "motifs", "motif pairs log-odds", needs=("motifs",), unit="log2")
def pair_difference(comparison: Comparison) -> Value:
    """Mean over pairs of motifs of the absolute difference of their co-occurrence log-odds."""
    scanner = _scanner(comparison.extras.motifs, comparison.reference)
    new, real = (_group_joint(s, scanner) for s in _pair(comparison))
    frequent = np.diagonal(real.sum(0))[:-1] >= _FEWEST
    first, second = np.triu_indices(len(frequent), 1)
    kept = frequent[first] & frequent[second]
    if not kept.any():
        return Value(None, note=f"no two motifs stand in {_FEWEST} reference records each")
    cells = first[kept], second[kept]

    def difference(g: int | None) -> float:
        odds = [_log_odds(remaining(joint, g), *cells) for joint in (new, real)]
        return float(np.abs(odds[0] - odds[1]).mean())

    return jackknifed(comparison, difference, note=f"{int(kept.sum())} pairs")


@metric("motif-positions", "motifs", "motif position JSD", high=1.0, needs=("motifs",),
        unit="bits")  # fmt: skip
def position_divergence(comparison: Comparison) -> Value:
    """Mean over motifs of the divergence of the histograms of relative positions."""
    scanner = _scanner(comparison.extras.motifs, comparison.reference)
    new, real = (_group_positions(s, scanner) for s in _pair(comparison))
    kept = real.sum((0, 2)) >= _FEWEST
    if not kept.any():
        return Value(None, note=f"no motif has {_FEWEST} sites in the reference")
    return jackknifed(
        comparison,
        lambda g: float(jsd(remaining(new, g)[kept], remaining(real, g)[kept]).mean()),
        high=1.0,
        note=f"{int(kept.sum())} motifs",
    )


def motif_table(comparison: Comparison) -> list[dict[str, object]]:
    """Compare the motifs one by one.

    Parameters
    ----------
    comparison : Comparison
        With motifs in its extras.

    Returns
    -------
    list of dict
        For each motif ``motif``, ``width``, ``real`` and ``generated`` (shares of records with a
        site), ``log2_ratio``, ``p`` (Fisher's exact test, two-sided) and ``q`` (Benjamini-Hochberg
        over the motifs); numbers are ``None`` for a motif too short to be found.
    """
    from scipy.stats import false_discovery_control, fisher_exact

    scanner = _scanner(comparison.extras.motifs, comparison.reference)
    new, real = (_group_rates(s, scanner).sum(0) for s in _pair(comparison))
    used, ratios = _long_enough(scanner), log2_ratios(new, real)
    n, m = new[-1], real[-1]
    p = np.array([
        fisher_exact(np.array([[a, n - a], [b, m - b]])).pvalue
        for a, b in zip(new[:-1][used], real[:-1][used], strict=True)
    ])  # fmt: skip
    q = false_discovery_control(p) if len(p) else p
    rank = np.cumsum(used) - 1
    rows: list[dict[str, object]] = []
    for i, motif in enumerate(scanner.motifs):
        numbers = (
            (real[i] / m, new[i] / n, ratios[i], p[rank[i]], q[rank[i]]) if used[i] else [None] * 5
        )
        keys = ("real", "generated", "log2_ratio", "p", "q")
        rows.append({"motif": motif.name, "width": motif.width}
                    | {k: v if v is None else float(v) for k, v in zip(keys, numbers, strict=True)}
                    )  # fmt: skip
    return rows


def log2_ratios(new: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Log2 ratio of shares of records; half a record is added to every count.

    Parameters
    ----------
    new, real : numpy.ndarray, shape (motifs + 1,)
        Records with each motif, and last the number of records.

    Examples
    --------
    >>> log2_ratios(np.array([7, 9]), np.array([1.5, 9])).tolist()
    [1.9068905956085185]
    """
    top = (new[:-1] + 0.5) / (new[-1] + 1)
    return np.asarray(np.log2(top / ((real[:-1] + 0.5) / (real[-1] + 1))))


def _pair(comparison: Comparison) -> tuple[Sample, Sample]:
    return comparison.candidate, comparison.reference


@lru_cache(maxsize=1)
def _scanner(motifs: tuple, reference: Sample) -> Scanner:
    return Scanner(motifs, strand_background(reference.plain))


def _long_enough(scanner: Scanner) -> np.ndarray:
    return np.array([m.name not in scanner.short for m in scanner.motifs], bool)


def _group_joint(sample: Sample, scanner: Scanner) -> np.ndarray:
    """Count records with two motifs by jackknife group, shape (GROUPS, motifs + 1, motifs + 1).

    The last row and column stand for any record.
    """
    hits = sample.values(scanner.hits)
    table = present(hits, len(sample), len(scanner.motifs)).astype(np.float32)
    table = np.concatenate([table, np.ones((len(sample), 1), np.float32)], 1)
    parts = (table[sample.groups == g] for g in range(GROUPS))
    return np.stack([part.T @ part for part in parts]).astype(float)


def _group_rates(sample: Sample, scanner: Scanner) -> np.ndarray:
    """Count records with each motif, and last all, by group; shape (GROUPS, motifs + 1)."""
    table = present(sample.values(scanner.hits), len(sample), len(scanner.motifs))
    table = np.concatenate([table, np.ones((len(sample), 1), bool)], 1)
    return sample.by_group(table).astype(float)


def _log_odds(joint: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Log2 odds ratio of two motifs in one record, with half a record added to each cell."""
    both, n = joint[first, second], joint[-1, -1]
    one, other = joint[first, -1] - both, joint[second, -1] - both
    neither = n - both - one - other
    return np.asarray(np.log2((both + 0.5) * (neither + 0.5) / ((one + 0.5) * (other + 0.5))))


def _group_positions(sample: Sample, scanner: Scanner) -> np.ndarray:
    """Count sites by jackknife group, motif and bin of the record, (GROUPS, motifs, BINS)."""
    record, motif, start = sample.values(scanner.hits).T
    widths = np.array([m.width for m in scanner.motifs])
    room = sample.plain.lengths[record] - widths[motif] + 1  # starts that there are
    shape = (GROUPS, len(widths), BINS)
    cell = np.ravel_multi_index((sample.groups[record], motif, start * BINS // room), shape)
    return np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape)
