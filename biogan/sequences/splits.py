"""Splits of a set into a training and a held-out part that share no similar sequences.

A random split of a family leaks: half of its held-out records may have a near copy in the training
part. Here whole clusters of similar sequences go to one part. For nucleotides a cluster may include
reverse complements.

Clustering needs all sequences in memory; :mod:`biogan.sequences.stored_split` splits larger sets.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from biogan.core.errors import ConfigError, DataError, percentage
from biogan.core.rng import rng
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.regions import Regions
from biogan.sequences.relatives import Relatives
from biogan.sequences.similarity.pairs import clusters
from biogan.sequences.similarity.words import SharedWords
from biogan.sequences.strands import both_strands


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


def by_label(part: SequenceSet, records: SequenceSet, names: tuple[str, ...]) -> SequenceSet:
    """Give a sequence back with each of its labels, where copies of it had different ones.

    Parameters
    ----------
    part : SequenceSet
        Distinct sequences of ``records``.
    records : SequenceSet
        The records that were collapsed.
    names : tuple of str
        Labels that count.

    Examples
    --------
    >>> reads = SequenceSet.from_strings(["AC", "AC", "AC"], labels={"class": ["a", "b", "a"]})
    >>> found = by_label(reads.unique(), reads, ("class",))
    >>> found.labels["class"].tolist(), found.weights.tolist()
    (['a', 'b'], [2.0, 1.0])
    """
    kept, first = set(part.strings()), dict[tuple[object, ...], int]()
    columns = [records.labels[name] for name in names]
    owner, chosen = [], []
    for i, row in enumerate(zip(records.strings(), *columns, strict=True)):
        if row[0] in kept:
            chosen.append(i)
            owner.append(first.setdefault(row, i))
    out = records.take(np.array([*first.values()], np.int64))
    sums = np.bincount(np.array(owner, int), records.weights[chosen], minlength=len(records))
    out.weights = sums[[*first.values()]]
    return out


# Identities tried one after another where clusters are too large to be dealt out.
STEPS = (0.95, 1.0)
# The held-out part may be this much smaller or larger than it should be (or one record).
TOLERANCE = 0.2
# Words of more records than this share (and number) are common ones, of a repeat or an adapter.
_COMMON, _FEW_COMMON = 0.01, 20
# A group of more records than this share (and number) would make the sides unlike if dealt whole.
_GIANT, _FEW_GIANT = 0.1, 20


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
    left_out : int
        Distinct sequences on neither side, as they overlap both.
    shared : int
        Held-out sequences that share a long word with a training sequence all the same.
    """

    train: SequenceSet
    held_out: SequenceSet
    identity: float
    report: tuple[str, ...]
    left_out: int = 0
    shared: int = 0


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
    """Split by groups of relatives: near copies, sequences that share a long word, windows.

    Groups are dealt out in an order drawn from the seed until the share is reached. The order
    depends on the letters alone, so that the same records in another order give the same two sets.
    Where groups are too large for the share, blocks of neighbours are held out, and the relatives
    of a block that lie outside it are on neither side. Where that would cost too much, shared words
    no longer count, then the identity is raised to 0.95 and to exact copies, and the report says
    so. No record is held out that shares a letter of its region with a training record.

    Parameters
    ----------
    sequences : SequenceSet
        Sequences, duplicates allowed. Where their ids name regions that overlap
        (:attr:`SequenceSet.regions`), at least the median length lies between the sides.
    fraction : float
        Share of the distinct sequences that is held out, 0 to below 1.
    seed : int
        Seed of the order of the groups.
    identity : float
        Sequences of at least this identity stay on one side, above 0 to 1
        (:mod:`biogan.sequences.similarity` says how it is measured).
    both_strands : bool
        Whether a near copy on the other strand keeps sequences together too (DNA and RNA). A
        shared word of DNA does so on either strand.
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
            f"{len(distinct):,} distinct sequence{'' if len(distinct) == 1 else 's'} of "
            f"{len(sequences):,} cannot be split: give at least 2"
        )
    wanted = min(max(1, round(fraction * len(distinct))), len(distinct) - 1)
    # In an order that the letters and the seed decide, so that the order of the file does not.
    order = _order(distinct, np.arange(len(distinct)), seed)
    found = _sides(sequences, distinct.take(order), wanted, seed, identity, both_strands, report)
    held, left = np.empty((2, len(distinct)), bool)
    held[order], left[order] = found.held, found.left
    if not held.any():
        return Split(distinct, distinct[:0], identity, (*report, "nothing held out"))
    across, shared = "", found.shared
    if found.words is not None:
        stretch = _stretch(found.words)
        across = (
            f", but {shared:,} of them share {stretch} with training"
            if shared
            else (f", nor {stretch}")
        )
    report.append(
        f"held out {held.sum():,} of {len(distinct):,} sequences ({percentage(held.mean(), 1)}, "
        f"asked for "
        f"{percentage(fraction, 1)}); no near copy at {percentage(found.identity)} identity "
        f"across{across}"
    )
    train = distinct[~held & ~left]
    return Split(train, distinct[held], found.identity, tuple(report), int(left.sum()), shared)


@dataclass(frozen=True)
class _Sides:
    """Who is held out and who is left out of both sides; what near copies and shared words are."""

    held: np.ndarray
    left: np.ndarray
    identity: float
    words: SharedWords | None

    @property
    def shared(self) -> int:
        """Number of held-out sequences that share a word with training."""
        if self.words is None:
            return 0
        return int((self.held & self.words.near(~self.held & ~self.left)).sum())


def _sides(
    sequences: SequenceSet,
    distinct: SequenceSet,
    wanted: int,
    seed: int,
    identity: float,
    both_strands: bool,
    report: list[str],
) -> _Sides:
    """Choose who is held out and who is left out, and say how."""
    regions, owner, gap = _regions(sequences, distinct, report)
    words = _shared_words(distinct)
    kept: list[SharedWords | None] = []
    if words is not None and words.holders().any():
        report.append(
            f"{words.holders().sum():,} of {len(distinct):,} sequences share {_stretch(words)} "
            "with another one, as shifted windows do"
        )
        rest, holders = words.without_common(max(_FEW_COMMON, int(_COMMON * len(distinct))))
        # An adapter of all records also has words in common with the letters next to it.
        kept = [words, rest] if 0 < holders < len(distinct) / 2 else [words]
    n, none = len(distinct), np.zeros(len(distinct), bool)
    for level in (identity, *(step for step in STEPS if step > identity)):
        labels = _together(distinct, level, both_strands)
        sizes = np.bincount(labels)
        giant = max(wanted, int(sizes.max()), _FEW_GIANT, int(_GIANT * n))
        report.append(
            f"{len(sizes):,} clusters at {percentage(level)} identity, the largest with "
            f"{sizes.max():,} of "
            f"{n:,} sequences"
        )
        for some in [*kept, None]:
            relatives = Relatives(labels, some, regions, owner, gap)
            groups = relatives.components()
            sizes = np.bincount(groups)
            held = _deal(_order(distinct, groups, seed), sizes, wanted)[groups]
            near = abs(held.sum() - wanted) <= max(1, TOLERANCE * wanted) and 0 < held.sum() < n
            if near and sizes.max() <= giant:
                return _Sides(held, none, level, words)
            if some is None and regions is None:
                break
            held, left = relatives.carve(wanted)
            if _enough(held, left, wanted, some is not None):
                report.append(_carved(held, left, some, regions, gap))
                return _Sides(held, left, level, words)
            if some is not None:
                what = "words of many records no longer count" if some is words and len(kept) > 1 \
                    else "shared stretches no longer keep sequences together"  # fmt: skip
                report.append(
                    f"with shared stretches {sizes.max():,} of {n:,} sequences are one group, and "
                    f"{left.sum():,} would be left out to hold {wanted:,} out: {what}"
                )
        kept = []
        report.append(f"too large to hold out {wanted:,} sequences: identity raised")
    if regions is None:
        return _Sides(held, none, level, words)
    # Letters in common are never let pass: rather fewer records, or none, are held out.
    for distance, most in ((gap, wanted), (0, wanted), (0, 1)):
        held, left = Relatives(labels, None, regions, owner, distance).carve(most)
        if held.any() and (~held & ~left).any():
            report.append(_carved(held, left, None, regions, distance))
            return _Sides(held, left, level, words)
    report.append("every record overlaps every other one, by a few others: none can be held out")
    return _Sides(none, none, level, words)


def _regions(
    sequences: SequenceSet, distinct: SequenceSet, report: list[str]
) -> tuple[Regions | None, np.ndarray | None, int]:
    """Return the regions if any overlap, the distinct sequence of each, and the gap to keep."""
    regions = sequences.regions
    overlapping = int(regions.overlapping().sum())
    if not overlapping:
        return None, None, 0
    number = {text: i for i, text in enumerate(distinct.strings())}
    owner = np.array([number[text] for text in sequences.strings()], np.int64)
    gap = int(np.median(sequences.lengths[regions.known]))
    report.append(
        f"{overlapping:,} of {len(sequences):,} records overlap another one on the sequence that "
        f"they were cut from: split by region, {gap:,} letters apart"
    )
    return regions, owner, gap


def _shared_words(distinct: SequenceSet) -> SharedWords | None:
    """Return the long words that sequences share; ``None`` where they have none or are aligned."""
    if distinct.alphabet.has_gap:
        return None
    words = SharedWords(distinct)
    return words if distinct.longest >= words.k else None


def _stretch(words: SharedWords) -> str:
    """Say what is shared."""
    return f"a stretch of {words.k} letters" + " (on either strand)" * words.strands


def _enough(held: np.ndarray, left: np.ndarray, wanted: int, by_words: bool) -> bool:
    """Whether few are left out for those that are held out, or at least few of all."""
    rest, lost = int((~held & ~left).sum()), int(left.sum())
    few = lost <= 0.25 * held.sum() or lost <= (0.1 if by_words else 0.33) * len(held)
    return few and rest > 0 and bool(held.sum() >= (1 - TOLERANCE) * wanted)


def _carved(
    held: np.ndarray,
    left: np.ndarray,
    words: SharedWords | None,
    regions: Regions | None,
    gap: int,
) -> str:
    """Say what was left out."""
    near = []
    if regions is not None:
        near.append(f"lie nearer than {gap:,} letters to a held-out one" if gap else
                    "overlap a held-out one")  # fmt: skip
    if words is not None:
        near.append(f"share {_stretch(words)} with one")
    near.append("are near copies of one")
    listed = " or ".join([", ".join(near[:-1]), near[-1]] if len(near) > 1 else near)
    return (
        f"held out in blocks of neighbours; {left.sum():,} of {len(held):,} sequences are left out "
        f"of training, as they {listed}"
    )


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
