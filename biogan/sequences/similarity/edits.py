"""Near pairs and nearest neighbours by edit distance, for sequences of any length.

Two sequences within t edits share at least one of t + 1 segments, so only pairs with a common
segment are compared; k-mer counts bound their distance from below before it is computed. Ends that
many sequences share (primers, adapters) are treated separately: their segments exclude few pairs.
"""

from __future__ import annotations

from collections.abc import Iterator

import edlib
import numpy as np

from biogan.sequences.dataset import SequenceSet
from biogan.sequences.similarity.hamming import AllPairs, Hits, Index, window_hashes, with_number

PROFILE = 512  # most words in a profile


class Profiles:
    """Word counts of each sequence, which bound edit distances from below.

    One edit changes at most w words of length w, so the counts of two sequences at distance d
    differ by at most 2 w d in all (Ukkonen 1992, Theor. Comput. Sci. 92:191).

    Parameters
    ----------
    sequences : SequenceSet
        Sequences.
    """

    def __init__(self, sequences: SequenceSet) -> None:
        size = sequences.alphabet.size
        self.word = max([w for w in (1, 2, 3, 4) if size**w <= PROFILE])
        n, word = len(sequences), self.word
        self.counts = np.zeros((n, size**word), np.uint8)
        codes, offsets = sequences.codes, sequences.offsets
        if len(codes) < word:
            return
        key = np.zeros(len(codes) - word + 1, np.int64)
        for k in range(word):
            key = key * size + codes[k : len(codes) - word + 1 + k]
        step = max(1, 16_000_000 // size**word)  # records at a time, so that counting stays small
        for top in range(0, n, step):
            stop = min(top + step, n)
            keep = np.maximum(np.diff(offsets[top : stop + 1]) - word + 1, 0)
            rows = np.repeat(np.arange(stop - top), keep)
            within = np.arange(keep.sum()) - np.repeat(np.cumsum(keep) - keep, keep)
            cell = rows * size**word + key[offsets[top:stop][rows] + within]
            counts = np.bincount(cell, minlength=(stop - top) * size**word)
            # Clipping only lowers differences, so the bound stays a bound.
            self.counts[top:stop] = np.minimum(counts, 255).reshape(-1, size**word)

    def bound(self, i: np.ndarray | int, other: Profiles, j: np.ndarray) -> np.ndarray:
        """Lower bounds of the distances between sequences ``i`` and sequences ``j`` of another."""
        x, y = self.counts[i], other.counts[j]
        different = (np.maximum(x, y) - np.minimum(x, y)).sum(-1, dtype=np.int64)
        return -(-different // (2 * self.word))


FLANK = 8  # letters; shorter ends are shared by chance
MANY = 100  # sequences that share an end; fewer cost little


def shared_flanks(
    pool: SequenceSet, most: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the letters at both ends that are better left out when sequences are cut into segments.

    A segment inside a primer is found in every sequence. Without it the segments are narrower and
    are found more often by chance, so that an end is left out only where that costs less: of n
    sequences over s letters about n (t + 1)(t / 2 + 1) / s**w share one of t + 1 segments of width
    w by chance.

    Parameters
    ----------
    pool : SequenceSet
        Sequences.
    most : numpy.ndarray, shape (n,), int64
        Edits allowed (t), fewer than the sequence has letters.
    seed : int
        Largest width of a segment.

    Returns
    -------
    left, right : numpy.ndarray, shape (n,), int64
        Letters to leave out at the beginning and the end, at most a third each.
    width : numpy.ndarray, shape (n,), int64
        Width of the t + 1 segments of the rest, at least 1 (0 for an empty sequence).
    """
    (left, found_left), (right, found_right) = _shared(pool, 1), _shared(pool, -1)
    sharers = np.maximum(found_left, found_right)
    width = np.minimum((pool.lengths - left - right) // (most + 1), seed)
    chance = len(pool) * (most + 1) * (most / 2 + 1) / float(pool.alphabet.size) ** width
    out = chance < sharers
    left, right = np.where(out, left, 0), np.where(out, right, 0)
    return left, right, np.minimum((pool.lengths - left - right) // (most + 1), seed)


def _shared(pool: SequenceSet, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Letters that each shares with many at its beginning (1) or end (-1), and with how many.

    An end grows as long as half of those that share its first ``FLANK`` letters go along: what a
    family shares behind its primer does not count.
    """
    lengths = pool.lengths
    edge = pool.offsets[:-1] if step > 0 else pool.offsets[1:] - 1
    letters, sharers = np.zeros(len(pool), np.int64), np.zeros(len(pool), np.int64)
    least, key = np.full(len(pool), MANY), np.zeros(len(pool), np.uint64)
    active = np.flatnonzero(lengths >= 3 * FLANK)
    for p in range(int(lengths.max(initial=0)) // 3):
        active = active[lengths[active] > 3 * p + 2]
        if not len(active):
            break
        # Unequal ends with equal keys are rare, and would change the time only.
        key[active] = with_number(key[active], pool.codes[edge[active] + step * p])
        if p + 1 < FLANK:
            continue
        _, which, counts = np.unique(key[active], return_inverse=True, return_counts=True)
        enough = counts[which] > least[active]
        active, together = active[enough], counts[which[enough]]
        letters[active], sharers[active] = p + 1, together
        if p + 1 == FLANK:
            least[active] = np.maximum(MANY, together // 2)
    return letters, sharers


SEED = 16  # letters; longer seeds exclude hardly more
BUCKET = 8  # letters; places are looked up in buckets of this width
ROWS = 1000  # longer sequences looked up at a time
WINDOWS = 4_000_000  # windows of shorter sequences indexed at a time (about 150 MB)


def candidates(
    pool: SequenceSet, first: int | None, most: np.ndarray, pair_filter: AllPairs
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs that share a segment, all those within the allowed edits among them.

    The longer sequence, of t allowed edits, is cut into t + 1 segments, ends that many share aside.
    Let E(k) be the number of edits before segment k of an alignment with at most t edits, E(t + 1)
    all of them. E(k) - k starts at 0 or above, ends below 0 and falls by at most 1 a segment. Where
    it first falls below 0, segment k itself is free of edits, k edits lie before it and at most t -
    k behind it: it occurs unchanged in the shorter sequence, moved by at most k as seen from the
    left end and at most t - k from the right end. These are the multi-match-aware windows of Pass-
    Join (Li et al. 2011, PVLDB 5:253).

    Parameters
    ----------
    pool : SequenceSet
        All sequences.
    first : int or None
        Compare the first so many with the others; ``None`` compares all with all.
    most : numpy.ndarray, shape (n,), int64
        Edits allowed where this sequence is the longer one, fewer than it has letters.
    pair_filter : AllPairs
        The pairs that are wanted.

    Yields
    ------
    i, j : numpy.ndarray, int64
        Indices into the pool, i < j, each pair once in a piece.
    """
    lengths, n, shift = pool.lengths, len(pool), first or 0
    side = np.arange(n) >= (n if first is None else first)
    left_out, right_out, widths = shared_flanks(pool, most, SEED)
    inner = lengths - left_out - right_out
    for width in np.unique(widths).tolist():
        long = np.flatnonzero(widths == width)
        low, high = max(int((lengths[long] - most[long]).min()), width), int(lengths[long].max())
        short = np.flatnonzero((lengths >= low) & (lengths <= high))
        hashes = window_hashes(pool.codes, width)
        for some in _blocks(short, lengths[short]):
            y = some[_open(some, first, pair_filter)]
            owner, place = _spread(y, lengths[y] - width + 1)
            word = hashes[pool.offsets[owner] + place]
            index = Index(with_number(word, 2 * (place // BUCKET) + side[owner]))
            for top in range(0, len(long), ROWS):
                x = long[top : top + ROWS]
                x = x[_open(x, first, pair_filter)]
                x, segment = _spread(x, most[x] + 1)
                start = left_out[x] + segment * inner[x] // (most[x] + 1)
                word = hashes[pool.offsets[x] + start]
                low_bucket = (start - segment) // BUCKET
                high_bucket = (start + np.minimum(segment, most[x] - segment)) // BUCKET
                look, step = _spread(np.arange(len(x)), high_bucket - low_bucket + 1)
                partner = side[x[look]] ^ (first is not None)
                keys = with_number(word[look], 2 * (low_bucket[look] + step) + partner)
                for left, right in index.pairs(keys):
                    s, z = look[left], owner[right]
                    i, j = np.minimum(x[s], z), np.maximum(x[s], z)
                    moved, delta = place[right] - start[s], lengths[z] - lengths[x[s]]
                    keep = pair_filter.pairs(i, j - shift)
                    # Of two equally long ones the later counts as the longer.
                    keep &= (delta < 0) | ((delta == 0) & (z < x[s]))
                    keep &= np.abs(moved) <= segment[s]
                    keep &= np.abs(moved - delta) <= most[x[s]] - segment[s]
                    pair = np.unique(i[keep] * n + j[keep])
                    yield pair // n, pair % n


def _open(index: np.ndarray, first: int | None, pair_filter: AllPairs) -> np.ndarray:
    """Mask of the sequences that may still have wanted pairs."""
    keep = np.ones(len(index), bool)
    rows = index < first if first is not None else keep.copy()
    keep[rows] = pair_filter.rows(index[rows])
    return keep


def _spread(index: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Repeat each entry ``counts`` times; beside it the number of the repeat, from 0."""
    number = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(index, counts), number


def _blocks(index: np.ndarray, sizes: np.ndarray) -> list[np.ndarray]:
    """Cut ``index`` where the running sum of ``sizes`` passes a multiple of ``WINDOWS``."""
    block = (np.cumsum(sizes) - sizes) // WINDOWS
    return np.split(index, np.flatnonzero(np.diff(block)) + 1)


VERIFIED = 20_000  # pairs verified before asking again which ones are wanted


def allowed(identity: float, length: np.ndarray) -> np.ndarray:
    """Return the most edits (or mismatches) at which two sequences still have this identity.

    Parameters
    ----------
    identity : float
        Smallest identity, above 0 to 1.
    length : numpy.ndarray of int
        Length of the longer sequence.

    Examples
    --------
    >>> allowed(0.9, np.array([9, 10, 30])).tolist()
    [0, 1, 3]
    """
    # The small term keeps (1 - 0.9) * 10 from becoming 0 edits.
    most = np.floor((1 - identity) * np.asarray(length) + 1e-9).astype(np.int64)
    return np.minimum(most, np.maximum(np.asarray(length) - 1, 0))


def distance(x: str, y: str, most: int = -1) -> int:
    """Return the Levenshtein distance, or -1 where it exceeds ``most``.

    Examples
    --------
    >>> distance("GATTACA", "GATACA"), distance("GATTACA", "ACATTAG", most=2)
    (1, -1)
    """
    return int(edlib.align(x, y, mode="NW", task="distance", k=most)["editDistance"])


def near(a: SequenceSet, b: SequenceSet | None, identity: float, pair_filter: AllPairs) -> Hits:
    """Yield every pair of at least this identity, perhaps more than once.

    Pairs that share a segment and whose word counts do not rule them out are verified with edlib.

    Parameters
    ----------
    a, b : SequenceSet
        Sequences over one alphabet; ``None`` compares ``a`` with itself and yields i < j only.
    identity : float
        Smallest identity, above 0 to 1.
    pair_filter : AllPairs
        The pairs that are wanted; may change between two yields.

    Yields
    ------
    i, j : numpy.ndarray, int64
        Indices into ``a`` and ``b``.
    distance : numpy.ndarray, int64
        Edit distance.
    """
    pool = a if b is None else SequenceSet.concatenate([a, b])
    first = None if b is None else len(a)
    shift = first or 0
    most = allowed(identity, pool.lengths)
    texts, profiles = pool.strings(), Profiles(pool)
    for i, j in candidates(pool, first, most, pair_filter):
        limit = np.maximum(most[i], most[j])
        left, quota = np.arange(len(i)), 1
        while len(left):
            left = left[pair_filter.pairs(i[left], j[left] - shift)]
            # A few pairs for each open question first: their answers may close the others.
            turn = pair_filter.turn(i[left], j[left] - shift, quota)[:VERIFIED]
            now = left[turn]
            now = now[profiles.bound(i[now], profiles, j[now]) <= limit[now]]
            triples = zip(i[now].tolist(), j[now].tolist(), limit[now].tolist(), strict=True)
            edits = np.array([distance(texts[x], texts[y], k) for x, y, k in triples], np.int64)
            hit = edits >= 0
            yield i[now[hit]], j[now[hit]] - shift, edits[hit]
            left, quota = np.delete(left, turn), quota * 4


def nearest(
    a: SequenceSet, b: SequenceSet, own: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Find one of the targets of highest identity for each query.

    Targets are tried in order of an upper bound of their identity, until the bound falls below
    the best one found.

    Parameters
    ----------
    a, b : SequenceSet
        Queries (n) and targets over one alphabet.
    own : numpy.ndarray, shape (n,), int64, optional
        Index into ``b`` of the query itself, which does not count.

    Returns
    -------
    j, identity : numpy.ndarray, shape (n,)
        Index into ``b`` and identity to it.
    """
    texts, queries, targets = b.strings(), Profiles(a), Profiles(b)
    where, best = np.zeros(len(a), np.int64), np.full(len(a), -1.0)
    everything = np.arange(len(b))
    for q, text in enumerate(a.strings()):
        longest = np.maximum(np.maximum(b.lengths, len(text)), 1)
        least = np.maximum(queries.bound(q, targets, everything), np.abs(b.lengths - len(text)))
        ceiling = 1 - least / longest
        if own is not None:
            ceiling[own[q]] = -1
        for j in np.argsort(-ceiling, kind="stable").tolist():
            if ceiling[j] <= best[q]:
                break
            room = int(np.ceil((1 - best[q]) * longest[j])) if best[q] >= 0 else -1
            edits = distance(text, texts[j], room)
            if edits >= 0 and (score := 1 - edits / longest[j]) > best[q]:
                where[q], best[q] = j, score
    return where, best
