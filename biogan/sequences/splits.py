"""Splits of a set into a training and a held-out part that share no similar sequences.

A random split of a family leaks: half of its held-out records may have a near copy in the training
part. Here whole clusters of similar sequences go to one part. For nucleotides a cluster may include
reverse complements.

Clustering needs all sequences in memory. For a stored set that is too large, a hash of the sequence
decides, so that equal sequences (and the two strands of one) are in the same part; the share of
near copies across parts is measured on a sample and reported.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from biogan.core.errors import ConfigError, DataError
from biogan.core.rng import mixed, rng
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.similarity.pairs import clusters, has_near_copy
from biogan.sequences.store import SequenceStore


def drawn(
    sequences: SequenceSet, records: int, letters: int, seed: int, stream: str
) -> SequenceSet:
    """Give collapsed duplicates back and keep at most some records, drawn at random.

    Parameters
    ----------
    sequences : SequenceSet
        Records with weights; each stands for as many as its weight says (rounded, at least one).
    records, letters : int
        Limits of both; the records that are kept have about ``letters`` letters at most, and at
        least one is kept.
    seed : int
        Seed of the draw.
    stream : str
        Name of the draw: other draws of one seed are independent.

    Returns
    -------
    SequenceSet
        With weights of one, in the order of the set; all of it where it is within the limits.

    Examples
    --------
    >>> reads = SequenceSet.from_strings(["ACGT", "GGGG", "ACGT"]).unique()
    >>> drawn(reads, 10, 100, 0, "all").strings()
    ['ACGT', 'ACGT', 'GGGG']
    >>> len(drawn(reads, 10, 8, 0, "two of length four"))
    2
    """
    times = np.maximum(1, np.rint(sequences.weights)).astype(np.int64)
    behind = np.cumsum(times)
    total = int(behind[-1]) if len(behind) else 0
    most = min(records, letters * total // max(1, int(times @ sequences.lengths)))
    if total <= most:
        return sequences.expanded()
    chosen = np.sort(rng(seed, "drawn", stream).choice(total, max(1, most), replace=False))
    out = sequences.take(np.searchsorted(behind, chosen, "right"))
    out.weights = np.ones(len(out))
    return out


def spaced(sequences: SequenceSet, most: int) -> SequenceSet:
    """Keep at most some records, evenly spaced.

    Examples
    --------
    >>> spaced(SequenceSet.from_strings(["A", "C", "G", "T", "A"]), 3).strings()
    ['A', 'G', 'A']
    """
    if len(sequences) <= most:
        return sequences
    return sequences.take(np.linspace(0, len(sequences) - 1, most).astype(int))


def check_two_strands(alphabet: Alphabet) -> None:
    """Refuse letters that have no other strand.

    Raises
    ------
    ConfigError
        For letters without a complement, and for alignments, whose columns would be moved.
    """
    if alphabet.complement is None:
        raise ConfigError(
            f"--reverse-complement: {alphabet.name} letters have no complement; DNA and RNA have"
        )
    if alphabet.has_gap:
        raise ConfigError(
            "--reverse-complement: the columns of an alignment cannot be reversed; give the "
            "sequences without gaps, or read them with --gaps remove"
        )


def reverse_complement(sequences: SequenceSet) -> SequenceSet:
    """Read every sequence from its other strand, 5' to 3'.

    Parameters
    ----------
    sequences : SequenceSet
        DNA or RNA without gaps; ids, labels and weights stay.

    Returns
    -------
    SequenceSet

    Raises
    ------
    ConfigError
        If the letters have no complement, or the gap is one of them.

    Examples
    --------
    >>> reverse_complement(SequenceSet.from_strings(["AACG", "TTC"])).strings()
    ['CGTT', 'GAA']
    """
    alphabet = sequences.alphabet
    check_two_strands(alphabet)
    partner = alphabet.encode(str(alphabet.complement))
    starts, lengths = sequences.offsets[:-1], sequences.lengths
    # Letter j of a record that covers [start, stop) is taken from start + stop - 1 - j.
    where = np.repeat(2 * starts + lengths - 1, lengths) - np.arange(len(sequences.codes))
    return SequenceSet(
        alphabet,
        partner[sequences.codes[where]],
        sequences.offsets,
        sequences.ids,
        sequences.labels,
        sequences.weights,
        sequences.report,
    )


def both_strands(sequences: SequenceSet) -> SequenceSet:
    """Return the sequences and, behind them, their reverse complements.

    Examples
    --------
    >>> both_strands(SequenceSet.from_strings(["AACG", "TTC"])).strings()
    ['AACG', 'TTC', 'CGTT', 'GAA']
    """
    return SequenceSet.concatenate([sequences, reverse_complement(sequences)])


def strand_clusters(sequences: SequenceSet, identity: float = 0.9) -> np.ndarray:
    """Cluster sequences of which either strand has a near copy in either strand of another.

    Parameters
    ----------
    sequences : SequenceSet
        DNA or RNA without gaps.
    identity : float
        Smallest identity, above 0 to 1; :mod:`biogan.sequences.similarity` says how it is
        measured.

    Returns
    -------
    numpy.ndarray, shape (n,), int
        Number of the cluster of each sequence.

    Examples
    --------
    >>> strand_clusters(SequenceSet.from_strings(["AACG", "TTTT", "CGTT"]), 1.0).tolist()
    [0, 1, 0]
    """
    labels = clusters(both_strands(sequences), identity)
    forward, backward = np.split(labels, 2)
    # A sequence joins the cluster that it is in with the one that its other strand is in.
    size = int(labels.max(initial=-1)) + 1
    joined = coo_array((np.ones(len(forward)), (forward, backward)), shape=(size, size))
    group = connected_components(joined, directed=False)[1][forward]
    return np.unique(group, return_inverse=True)[1]


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
        (:mod:`biogan.sequences.similarity` says how it is measured).
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
