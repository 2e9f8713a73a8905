"""Keeping a part of a stored set for validation, where the set is too large to be clustered.

Clusters by identity would need all sequences in memory. Here a hash of the sequence decides, so
that equal sequences (and the two strands of one) are on one side; whether near copies are on both
is measured on a sample and said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biogan.datasets.permutation import mixed
from biogan.datasets.sequences import SequenceSet
from biogan.datasets.splits import check_fraction
from biogan.datasets.store import SequenceStore
from biogan.datasets.strands import both_strands
from biogan.seeds import rng
from biogan.similarity import has_near_copy

#: At most this many records, and letters, are held out, and taken to compare them with.
MOST_RECORDS, MOST_LETTERS = 10_000, 5_000_000
# A sequence that alone would be more than this share of the held-out part stays in training.
MOST_OF_ONE = 0.05
_CHECKED, _AMONG, _CHECK_LETTERS = 200, 2_000, 2_000_000
_IDENTITY = 0.9


class StoredPart:
    """The records of a store without some.

    Parameters
    ----------
    store : SequenceStore
        All records.
    without : numpy.ndarray, shape (k,), int64
        Records that are left out, ascending.
    """

    def __init__(self, store: SequenceStore, without: np.ndarray) -> None:
        self.store = store
        # Of the records before each one left out, how many are in this part.
        self._before = without - np.arange(len(without))
        self._n = len(store) - len(without)

    def __len__(self) -> int:
        return self._n

    def take(self, positions: np.ndarray) -> SequenceSet:
        """Return the records at these positions of the part, in memory."""
        positions = np.asarray(positions, np.int64)
        return self.store.take(positions + np.searchsorted(self._before, positions, "right"))


@dataclass(frozen=True)
class StoredSplit:
    """Training records in a store, held-out ones in memory.

    Attributes
    ----------
    train : StoredPart
        What is trained on.
    sample : SequenceSet
        Some of it, drawn at random, to compare with.
    held_out : SequenceSet
        What is kept for validation; empty where none is.
    report : tuple of str
        Lines that say what was done.
    """

    train: StoredPart
    sample: SequenceSet
    held_out: SequenceSet
    report: tuple[str, ...]


def split_stored(
    store: SequenceStore, fraction: float = 0.1, seed: int = 0, strands: bool = False
) -> StoredSplit:
    """Hold out about a share of a store, at most 10,000 records and 5 million letters.

    Parameters
    ----------
    store : SequenceStore
        All records; repeats stay repeats.
    fraction : float
        Share of the records that is held out, 0 to below 1.
    seed : int
        Seed of the choice, which depends on the letters of a record and on nothing else.
    strands : bool
        Look for near copies on both strands in the check.

    Returns
    -------
    StoredSplit

    Raises
    ------
    ConfigError
        If ``fraction`` is out of range.
    """
    check_fraction(fraction)
    most = _most(store, MOST_RECORDS, MOST_LETTERS)
    wanted = min(round(fraction * len(store)), most, len(store) - 1)
    held = _chosen(store, wanted, seed)
    train = StoredPart(store, held)
    positions = rng(seed, "sample of train").choice(
        len(train), min(most, len(train)), replace=False
    )
    sample, held_out = train.take(np.sort(positions)), store.take(held)
    report = [f"{len(store):,} records on disk, exact duplicates are not collapsed"]
    if not wanted:
        report.append("nothing held out")
    else:
        limit = f", at most {most}" if wanted == most else ""
        report += [
            "too many to be clustered by identity: held out by a hash of the sequence, equal "
            "sequences on one side; near copies may be on both",
            f"held out {len(held):,} of {len(store):,} records "
            f"({len(held) / len(store):.2%}, asked for {fraction:.1%}{limit})",
        ]
    if len(held_out):
        report.append(_check(store, held_out, sample, seed, strands))
    return StoredSplit(train, sample, held_out, tuple(report))


def _most(store: SequenceStore, records: int, letters: int) -> int:
    """Return how many records of mean length fit both limits, at least 1."""
    return max(1, min(records, letters * len(store) // store.letters))


def _chosen(store: SequenceStore, wanted: int, seed: int) -> np.ndarray:
    """Return about ``wanted`` records by the hash of their keys, ascending."""
    if not wanted:
        return np.empty(0, np.int64)
    salt = rng(seed, "stored split").integers(0, 2**64, dtype=np.uint64)
    limit = np.uint64(wanted / len(store) * 2**64)
    found, keys, start = [], [], 0
    for block in store.keys.blocks():
        here = np.flatnonzero(mixed(block ^ salt) < limit)
        found.append(here + start)
        keys.append(block[here])
        start += len(block)
    held = np.concatenate(found)
    _, owner, times = np.unique(np.concatenate(keys), return_inverse=True, return_counts=True)
    return held[times[owner] <= max(1, MOST_OF_ONE * wanted)]


def _check(
    store: SequenceStore, held_out: SequenceSet, sample: SequenceSet, seed: int, strands: bool
) -> str:
    """Say how many held-out records have a near copy among some training records."""
    few, many = (_most(store, n, _CHECK_LETTERS) for n in (_CHECKED, _AMONG))
    draw = rng(seed, "sample of the split")
    asked = held_out.take(draw.permutation(len(held_out))[:few])
    among = sample.take(draw.permutation(len(sample))[:many])
    near = int(has_near_copy(asked, both_strands(among) if strands else among, _IDENTITY).sum())
    return (
        f"check by sample: {near} of {len(asked)} held-out records have a near copy "
        f"({_IDENTITY:.0%} identity or more) among {len(among)} training records"
    )
