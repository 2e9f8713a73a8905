"""Lengths of the records of each label: a class may be shorter than another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from biogan.core.label_rows import Conditions
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.tokenizer import Tokenizer, spread_shares

#: Records at which a group has half its own lengths, half those of all records.
HALF = 20


def lengths_by_label(
    records: SequenceSet, conditions: Conditions, tokenizer: Tokenizer
) -> tuple[tuple[int, ...], ...]:
    """Count the lengths of the records of each group of labels.

    Parameters
    ----------
    records : SequenceSet
        Training data.
    conditions : Conditions
        Labels that are learned.
    tokenizer : Tokenizer
        Says what a position is.

    Returns
    -------
    tuple of tuple of int
        For each group the number of records with 0, 1, 2 ... positions.
    """
    if not conditions.size:
        return ()
    groups = conditions.groups(conditions.codes(records.labels, len(records)))
    positions, most = records.lengths // tokenizer.word, len(tokenizer.lengths)
    times = np.maximum(1, np.rint(records.weights))
    return tuple(
        tuple(np.bincount(positions[inside], times[inside], most).astype(int).tolist())
        for inside in groups.values()
    )


def label_shares(
    counts: Sequence[Sequence[int]], pooled: Sequence[float]
) -> tuple[tuple[float, ...], ...]:
    """Return shares of the lengths of each group, with those of all records where it is small.

    Examples
    --------
    >>> label_shares([[0, 20, 0], [0, 0, 0]], [0.0, 0.5, 0.5])
    ((0.0, 0.75, 0.25), (0.0, 0.5, 0.5))
    """
    every = np.array(pooled)
    found = []
    for group in counts:
        n = sum(group)
        own = spread_shares(np.array(group, float)) if n else every
        found.append(tuple(((n * own + HALF * every) / (n + HALF)).tolist()))
    return tuple(found)
