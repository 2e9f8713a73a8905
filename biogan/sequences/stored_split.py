"""The split of a store that is too large to be clustered in memory.

A hash of the sequence decides, so that equal sequences (and the two strands of one) are on the same
side. Overlapping windows are held out in blocks of their source. What is left across the sides is
measured on a sample and reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from biogan.core.errors import percentage
from biogan.core.rng import mixed, rng
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.similarity.pairs import has_near_copy
from biogan.sequences.similarity.words import covered, word_size
from biogan.sequences.splits import TOLERANCE, check_fraction
from biogan.sequences.store import SequenceStore
from biogan.sequences.strands import both_strands

#: At most this many records, and letters, are held out, and taken to compare them with.
MOST_RECORDS, MOST_LETTERS = 10_000, 5_000_000


# A sequence that alone would be more than this share of the held-out part stays in training.
MOST_OF_ONE = 0.05


# Lengths of a record in a block of windows.
_BLOCK_LENGTHS = 20
_IDENTITY = 0.9
_CHECKED, _AMONG, _CHECK_LETTERS = 200, 2_000, 2_000_000


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
    report = [f"{len(store):,} records on disk, exact duplicates are not collapsed"]
    blocks = _Blocks.of(store) if wanted else None
    if blocks is None:
        held, left = _chosen(store, wanted, seed), np.empty(0, np.int64)
    else:
        held, left = blocks.chosen(wanted, seed)
    train = StoredPart(store, np.union1d(held, left))
    positions = rng(seed, "sample of train").choice(
        len(train), min(most, len(train)), replace=False
    )
    sample, held_out = train.take(np.sort(positions)), store.take(held)
    if not wanted:
        report.append("nothing held out")
    else:
        limit = f", at most {most}" if wanted == most else ""
        report += [
            "too many to be clustered by identity: held out by a hash of the sequence, equal "
            "sequences on one side; near copies may be on both"
            if blocks is None
            else f"records overlap others on the sequence that they were cut from: held out in "
            f"blocks of {blocks.size:,} letters of it; {len(left):,} records nearer than "
            f"{blocks.gap:,} letters to a block, or equal to one in it, are left out",
            f"held out {len(held):,} of {len(store):,} records "
            f"({percentage(len(held) / len(store), 2)}, asked for "
            f"{percentage(fraction, 1)}{limit})",
        ]
    if len(held_out):
        report.append(_check(store, held_out, sample, seed, strands))
    return StoredSplit(train, sample, held_out, tuple(report))


@dataclass(frozen=True)
class _Blocks:
    """Blocks of the sequences that the records of a store were cut from.

    Attributes
    ----------
    store : SequenceStore
    gap : int
        Letters between records of the two sides, at least: the length of the longest.
    size : int
        Letters of a block.
    """

    store: SequenceStore
    gap: int
    size: int

    @classmethod
    def of(cls, store: SequenceStore) -> _Blocks | None:
        """Return blocks if the regions of half of the records are known, and some overlap."""
        sources, starts = store.sources.array, store.starts.array
        if 2 * np.count_nonzero(sources) < len(store):
            return None
        lengths = np.concatenate(list(store.lengths()))
        order = np.arange(len(store))
        # Windows lie in order; whatever else does not is sorted.
        if not _meet(sources, starts, lengths, order):
            order = np.lexsort((starts, sources))
            if not _meet(sources, starts, lengths, order):
                return None
        # In a small set the blocks are smaller, so that there are some to choose from.
        known = sources > 0
        spanned = min(int(lengths[known].sum()), int(np.ptp(starts[known])) + store.longest)
        size = max(2 * store.longest, min(_BLOCK_LENGTHS * store.longest, spanned // 20))
        return cls(store, store.longest, size)

    def chosen(self, wanted: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the records to hold out, and those that are near them; both ascending."""
        salt = rng(seed, "stored split").integers(0, 2**64, dtype=np.uint64)
        inside = [blocks[0][whole] for whole, blocks in self._places(salt)]
        hashes, sizes = np.unique(np.concatenate(inside), return_counts=True)
        # The first blocks, in the order of their hashes, that do not hold too many.
        taken, total = [], 0
        for value, size in zip(hashes.tolist(), sizes.tolist(), strict=True):
            if total + size <= (1 + TOLERANCE) * wanted:
                taken.append(value)
                total += size
            if total >= wanted:
                break
        some = np.array(taken, np.uint64)
        held, left = np.zeros(len(self.store), bool), np.zeros(len(self.store), bool)
        start = 0
        for whole, blocks in self._places(salt):
            rows = slice(start, start + len(whole))
            near = [np.isin(block, some) for block in blocks]
            held[rows] = whole & near[0]
            left[rows] = np.logical_or.reduce(near) & ~held[rows]
            start += len(whole)
        left &= self.store.sources.array > 0
        # Repeats of the sequence: what equals a held-out record is on no other side.
        keys = self.store.keys.array
        equal = np.isin(keys, np.unique(keys[held])) & ~held & ~left
        if equal.sum() <= 2 * held.sum():
            left |= equal
        else:
            repeated = held & np.isin(keys, np.unique(keys[equal]))
            held, left = held & ~repeated, left | repeated
        return np.flatnonzero(held), np.flatnonzero(left)

    def _places(self, salt: np.uint64) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
        """Yield, some records at a time, which lie in one block, and hashes of the blocks near.

        The blocks of the first and last letter, and of those a gap before and behind them.
        """
        start = 0
        for lengths in self.store.lengths():
            rows = slice(start, start + len(lengths))
            sources, first = self.store.sources.array[rows], self.store.starts.array[rows]
            last = first + lengths - 1
            blocks = [
                mixed(mixed(sources ^ salt) + (place // self.size).astype(np.uint64))
                for place in (first, last, first - self.gap, last + self.gap)
            ]
            yield (sources > 0) & (blocks[0] == blocks[1]), blocks
            start += len(lengths)


def _meet(sources: np.ndarray, starts: np.ndarray, lengths: np.ndarray, order: np.ndarray) -> bool:
    """Whether any record of known source overlaps the one before it."""
    one, other = order[:-1], order[1:]
    same = (sources[one] == sources[other]) & (sources[one] > 0)
    overlap = (starts[other] < starts[one] + lengths[one]) & (starts[other] >= starts[one])
    return bool((same & overlap).any())


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
    k = word_size(among)
    shared = int((covered(asked, sample, k) > 0).sum())
    return (
        f"check by sample: {near:,} of {len(asked):,} held-out records have a near copy "
        f"({percentage(_IDENTITY)} identity or more) among {len(among):,} training records, and "
        f"{shared:,} share a stretch of {k} letters with one of {len(sample):,}"
    )
