"""Splits that keep look-alikes together: the held-out part tells what was learned, not copied.

A random split of a family leaks: half of its held-out records may have a near copy in train. Here
whole clusters of similar sequences go to one side or the other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.datasets.strands import strand_clusters
from biogan.errors import ConfigError, DataError
from biogan.similarity import clusters

# Identities tried one after another where clusters are too large to be dealt out.
STEPS = (0.95, 1.0)
# The held-out part may be this much smaller or larger than it should be (or one record).
TOLERANCE = 0.2


@dataclass(frozen=True)
class Split:
    """Two sets without near copies between them.

    Attributes
    ----------
    train, held_out : SequenceSet
        Distinct sequences in the order of the input; the weights count the collapsed duplicates.
    identity : float
        No sequence of one side has this identity or more to one of the other side. 1 where only
        exact copies could be kept together.
    report : tuple of str
        Lines that say what was done.
    """

    train: SequenceSet
    held_out: SequenceSet
    identity: float
    report: tuple[str, ...]


def check_fraction(fraction: float) -> None:
    """Refuse a share that cannot be held out.

    Raises
    ------
    ConfigError
        If it is not in [0, 1).
    """
    if not 0 <= fraction < 1:
        raise ConfigError(f"fraction {fraction}: must be at least 0 and below 1")


def split(
    sequences: SequenceSet,
    fraction: float = 0.1,
    seed: int = 0,
    identity: float = 0.9,
    both_strands: bool = False,
    fewest: int = 0,
) -> Split:
    """Split by identity cluster.

    Clusters are dealt out in an order drawn from the seed until the share is reached. The order
    depends on the letters alone, so that the same records in another order give the same two sets.
    Where clusters are too large for the share, the identity is raised to 0.95 and then to exact
    copies, and the report says so.

    Parameters
    ----------
    sequences : SequenceSet
        Sequences, duplicates allowed.
    fraction : float
        Share of the distinct sequences that is held out, 0 to below 1.
    seed : int
        Seed of the order of the clusters.
    identity : float
        Sequences of at least this identity stay on one side, above 0 to 1
        (:mod:`biogan.similarity` says how it is measured).
    both_strands : bool
        Whether a near copy on the other strand keeps sequences together too (DNA and RNA).
    fewest : int
        Hold nothing out where there are fewer distinct sequences.

    Returns
    -------
    Split

    Raises
    ------
    ConfigError
        If fraction or identity is out of range, or there is no other strand.
    DataError
        If there are fewer than two distinct sequences to split.

    Examples
    --------
    >>> s = SequenceSet.from_strings(["ACGTACGTAC", "ACGTACGTAG", "TTTTTTTTTT", "TTTTTTTTTT"])
    >>> parts = split(s, fraction=0.3)
    >>> parts.held_out.strings(), parts.held_out.weights.tolist(), len(parts.train)
    (['TTTTTTTTTT'], [2.0], 2)
    """
    check_fraction(fraction)
    if not 0 < identity <= 1:
        raise ConfigError(f"identity {identity}: must be above 0 and at most 1")
    distinct = sequences.unique()
    report = [
        f"{len(sequences):,} records, {len(sequences) - len(distinct):,} exact duplicates collapsed"
    ]
    if fraction == 0 or len(distinct) < fewest:
        return Split(distinct, distinct[:0], identity, (*report, "nothing held out"))
    if len(distinct) < 2:
        raise DataError(
            f"{len(distinct)} distinct sequence{'' if len(distinct) == 1 else 's'} of "
            f"{len(sequences)} cannot be split: give at least 2"
        )
    wanted = min(max(1, round(fraction * len(distinct))), len(distinct) - 1)
    for level in (identity, *(step for step in STEPS if step > identity)):
        labels = _together(distinct, level, both_strands)
        sizes = np.bincount(labels)
        report.append(
            f"{len(sizes):,} clusters at {level:.0%} identity, the largest with {sizes.max():,} of "
            f"{len(distinct):,} sequences"
        )
        held = _deal(_order(distinct, labels, seed), sizes, wanted)[labels]
        if abs(held.sum() - wanted) <= max(1, TOLERANCE * wanted) and 0 < held.sum() < len(held):
            break
        report.append(f"too large to hold out {wanted:,} sequences: identity raised")
    report.append(
        f"held out {held.sum():,} of {len(distinct):,} sequences ({held.mean():.1%}, asked for "
        f"{fraction:.1%}); no near copy at {level:.0%} identity across"
    )
    return Split(distinct[~held], distinct[held], level, tuple(report))


def _together(distinct: SequenceSet, level: float, both_strands: bool) -> np.ndarray:
    """Cluster of each sequence at an identity; distinct sequences are alone at 1."""
    if both_strands:
        return strand_clusters(distinct, level)
    return clusters(distinct, level) if level < 1 else np.arange(len(distinct))


def _order(distinct: SequenceSet, labels: np.ndarray, seed: int) -> np.ndarray:
    """Order of the clusters: by a hash of the seed and the alphabetically first member."""
    texts = distinct.strings()
    first: dict[int, str] = {}
    for label, text in zip(labels.tolist(), texts, strict=True):
        first[label] = min(text, first.get(label, text))
    keys = [hashlib.sha256(f"{seed} {first[k]}".encode()).digest() for k in range(len(first))]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__))


def _deal(order: np.ndarray, sizes: np.ndarray, wanted: int) -> np.ndarray:
    """Mask of the clusters to hold out, so that their sizes come near to ``wanted``."""
    held = np.zeros(len(sizes), bool)
    missing = wanted
    for cluster in order.tolist():
        if sizes[cluster] <= missing:
            held[cluster] = True
            missing -= int(sizes[cluster])
    # One cluster too many is better than missing the share by more than that.
    rest = order[~held[order]]
    if missing and len(rest):
        smallest = rest[np.argmin(sizes[rest])]
        held[smallest] = sizes[smallest] - missing <= missing
    return held
