"""Similarity searches for splits, novelty and diversity: near pairs, neighbours and containment.

Containment means that a whole sequence occurs in another one, letter for letter.
"""

from __future__ import annotations

import numpy as np

from biogan.core.errors import ConfigError, DataError
from biogan.core.rng import rng
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.similarity import edits, hamming
from biogan.sequences.similarity.hamming import (
    AcrossClusters,
    AllPairs,
    FirstHit,
    Index,
    window_hashes,
)

FEW = 64  # sequences asked first, which tells a set whose members are nearly all alike
Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


def near_pairs(a: SequenceSet, b: SequenceSet | None = None, identity: float = 0.9) -> Pairs:
    """Find every pair of sequences with at least this identity.

    Parameters
    ----------
    a : SequenceSet
        Sequences. A set in which nearly all are alike has n (n - 1) / 2 near pairs: ask
        :func:`clusters` or :func:`has_near_copy` where those answer the question.
    b : SequenceSet, optional
        Sequences over the same alphabet; without them ``a`` is compared with itself, i < j.
    identity : float
        Smallest identity, above 0 to 1. Where lengths differ the search slows down below 0.85, as
        the segments become so short that most pairs share one, and for sequences with a common
        middle part (common ends cost little).

    Returns
    -------
    i, j : numpy.ndarray, shape (pairs,), int64
        Indices into ``a`` and ``b`` (or ``a``), sorted.
    identity : numpy.ndarray, shape (pairs,), float
        Identity of each pair.

    Raises
    ------
    ConfigError
        If the identity is not above 0 and at most 1.
    DataError
        If the alphabets differ.

    Examples
    --------
    >>> s = SequenceSet.from_strings(["ACGTACGTAC", "ACGTACGTAG", "TTTTTTTTTT"])
    >>> near_pairs(s)
    (array([0]), array([1]), array([0.9]))
    """
    other = a if b is None else b
    found = list(_search(a, b, identity, AllPairs(), _aligned(a, other)))
    i, j, d = (np.concatenate([f[k] for f in found] or [np.zeros(0, np.int64)]) for k in range(3))
    _, first = np.unique(i * max(len(other), 1) + j, return_index=True)
    i, j, d = i[first], j[first], d[first]
    return i, j, 1 - d / np.maximum(np.maximum(a.lengths[i], other.lengths[j]), 1)


def has_near_copy(a: SequenceSet, b: SequenceSet, identity: float = 0.9) -> np.ndarray:
    """Tell which sequences of ``a`` have at least this identity to some sequence of ``b``.

    Parameters
    ----------
    a, b : SequenceSet
        Sequences over one alphabet.
    identity : float
        Smallest identity, above 0 to 1.

    Returns
    -------
    numpy.ndarray, shape (len(a),), bool

    Raises
    ------
    ConfigError, DataError
        As :func:`near_pairs`.

    Examples
    --------
    >>> a = SequenceSet.from_strings(["ACGTACGTAC", "TTTTTTTTTT"])
    >>> has_near_copy(a, SequenceSet.from_strings(["ACGTACGTA"])).tolist()
    [True, False]
    """
    aligned = _aligned(a, b)
    queries, owner = _distinct(a)
    targets, _ = _distinct(b)
    # Where nearly all are alike, a few targets answer for most queries, and without a long search.
    few = targets[rng(0, "near copies").permutation(len(targets))[:FEW]]
    found = np.zeros(len(queries), bool)
    for some in (few, targets):
        left = np.flatnonzero(~found)
        pair_filter = FirstHit(len(left))
        for i, _, _ in _search(queries[left], some, identity, pair_filter, aligned):
            pair_filter.found[i] = True
        found[left] = pair_filter.found
    return found[owner]


def clusters(sequences: SequenceSet, identity: float = 0.9) -> np.ndarray:
    """Label the single-linkage clusters: no near pair lies across two of them.

    Parameters
    ----------
    sequences : SequenceSet
        Sequences.
    identity : float
        Smallest identity that joins two sequences, above 0 to 1.

    Returns
    -------
    numpy.ndarray, shape (n,), int64
        Clusters numbered from 0 in the order of their first record.

    Raises
    ------
    ConfigError
        As :func:`near_pairs`.

    Examples
    --------
    >>> s = SequenceSet.from_strings(["ACGTACGTAC", "TTTTTTTTTT", "ACGTACGTAG"])
    >>> clusters(s).tolist()
    [0, 1, 0]
    """
    distinct, owner = _distinct(sequences)
    labels, everything = np.arange(len(distinct)), np.arange(len(distinct))
    few = rng(0, "clusters").permutation(everything)[:FEW]
    _link(distinct, identity, labels, few)
    size = np.bincount(labels[few], minlength=1)
    if 2 * size.max() > len(few) > 0:
        # One cluster holds most: gather it round a few members, then compare only the others.
        _link(distinct, identity, labels, few, everything)
        largest = np.bincount(labels).argmax()
        _link(distinct, identity, labels, np.flatnonzero(labels != largest), everything)
    else:
        _link(distinct, identity, labels, everything)
    _, first, label = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[label][owner]


def _link(
    distinct: SequenceSet,
    identity: float,
    labels: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray | None = None,
) -> None:
    """Join, in ``labels``, the clusters of near pairs between rows and columns, or among rows."""
    pair_filter = AcrossClusters(labels, rows, rows if columns is None else columns)
    other = None if columns is None else distinct[columns]
    aligned = _aligned(distinct, distinct)
    for i, j, _ in _search(distinct[rows], other, identity, pair_filter, aligned):
        pair_filter.join(i, j)


def nearest(
    a: SequenceSet,
    b: SequenceSet | None = None,
    sample: int | None = None,
    seed: int = 0,
    own: np.ndarray | None = None,
) -> Pairs:
    """Find the sequence of highest identity in ``b`` for each sequence of ``a``.

    Parameters
    ----------
    a : SequenceSet
        Queries.
    b : SequenceSet, optional
        Targets over the same alphabet; without them the other sequences of ``a``.
    sample : int, optional
        Ask for this many queries drawn at random, where ``a`` has more. The answer for each is
        exact all the same. Edit distances cost about 5 microseconds a pair.
    seed : int
        Seed of that draw.
    own : numpy.ndarray, shape (len(a),), int64, optional
        Index into ``b`` of each query itself, which does not count.

    Returns
    -------
    i : numpy.ndarray, shape (queries,), int64
        Indices into ``a``, ascending.
    j : numpy.ndarray, shape (queries,), int64
        Index of a nearest sequence in ``b`` (or ``a``).
    identity : numpy.ndarray, shape (queries,), float
        Identity to it.

    Raises
    ------
    DataError
        If there is nothing to compare with, or the alphabets differ.

    Examples
    --------
    >>> a = SequenceSet.from_strings(["ACGT", "AAAA"])
    >>> nearest(a, SequenceSet.from_strings(["AAAT", "ACGG"]))
    (array([0, 1]), array([1, 0]), array([0.75, 0.75]))
    """
    other = a if b is None else b
    aligned = _aligned(a, other)
    if b is None:
        own = np.arange(len(a))
    if len(other) < (1 if own is None else 2):
        raise DataError(f"nearest neighbours need sequences to compare with, found {len(other):,}")
    i = np.arange(len(a))
    if sample is not None and sample < len(a):
        i = np.sort(rng(seed, "nearest").choice(len(a), sample, replace=False))
    queries, own = a[i], None if own is None else own[i]
    if aligned:
        j, mismatches = hamming.nearest(queries.matrix(), other.matrix(), own)
        return i, j, 1 - mismatches / a.lengths[0]
    j, identity = edits.nearest(queries, other, own)
    return i, j, identity


def identities(sequences: SequenceSet) -> np.ndarray:
    """Return the identity of every pair of a set of hundreds, shape (n, n), 1 on the diagonal.

    Examples
    --------
    >>> identities(SequenceSet.from_strings(["ACGT", "ACGA"])).tolist()
    [[1.0, 0.75], [0.75, 1.0]]
    """
    n, found = len(sequences), np.eye(len(sequences))
    if _aligned(sequences, sequences):
        matrix = sequences.matrix()
        return hamming.matches(matrix, matrix) / matrix.shape[1]
    texts, lengths = sequences.strings(), np.maximum(sequences.lengths, 1)
    i, j = np.triu_indices(n, 1)
    pairs = zip(i.tolist(), j.tolist(), strict=True)
    edit = np.array([edits.distance(texts[a], texts[b]) for a, b in pairs])
    found[i, j] = found[j, i] = 1 - edit / np.maximum(lengths[i], lengths[j])
    return found


def _search(
    a: SequenceSet, b: SequenceSet | None, identity: float, pair_filter: AllPairs, aligned: bool
) -> hamming.Hits:
    """Search by Hamming distance if ``aligned``, else by edit distance.

    Whether all lengths are equal is asked of whole sets: a part must not be measured differently.
    """
    if not 0 < identity <= 1:
        raise ConfigError(f"identity {identity}: must be above 0 and at most 1")
    if not len(a) or (b is not None and not len(b)):
        return iter(())
    if aligned:
        most = int(edits.allowed(identity, a.lengths[0]))
        return hamming.near(a.matrix(), None if b is None else b.matrix(), most, pair_filter)
    return edits.near(a, b, identity, pair_filter)


def _aligned(a: SequenceSet, b: SequenceSet) -> bool:
    """Whether all sequences of two comparable sets have one length."""
    if a.alphabet.letters != b.alphabet.letters:
        raise DataError(
            f"sequences over {a.alphabet.letters!r} cannot be compared with sequences over "
            f"{b.alphabet.letters!r}: read both with one alphabet"
        )
    return a.is_fixed_length and b.is_fixed_length and 0 < a.lengths[0] == b.lengths[0]


def _distinct(sequences: SequenceSet) -> tuple[SequenceSet, np.ndarray]:
    """Return the first of each distinct sequence, and for every record which of them it is."""
    import pandas as pd

    owner, distinct = pd.factorize(np.array(sequences.strings(), object))
    first = np.full(len(distinct), len(sequences))
    np.minimum.at(first, owner, np.arange(len(sequences)))
    return sequences[first], owner


def contained(a: SequenceSet, b: SequenceSet) -> tuple[np.ndarray, np.ndarray]:
    """Tell which sequences of ``a`` stand whole in one of ``b``, and which of ``b`` hold one.

    The first letters of a sequence, as many as the largest power of two that it holds, are looked
    up among all windows of ``b``; what is found there is compared to the end.

    Parameters
    ----------
    a, b : SequenceSet
        Sequences over one alphabet. Empty sequences count as contained in none.

    Returns
    -------
    inside : numpy.ndarray, shape (len(a),), bool
    holds : numpy.ndarray, shape (len(b),), bool

    Examples
    --------
    >>> a = SequenceSet.from_strings(["ACGT", "GGGG"])
    >>> inside, holds = contained(a, SequenceSet.from_strings(["TTACGTTT", "GGG"]))
    >>> inside.tolist(), holds.tolist()
    ([True, False], [True, False])
    """
    inside, holds = np.zeros(len(a), bool), np.zeros(len(b), bool)
    ends, letters, texts = b.offsets[1:], b.codes.tobytes(), a.codes.tobytes()
    seeds = 1 << np.log2(np.maximum(a.lengths, 1)).astype(np.int64)
    for width in np.unique(seeds[a.lengths > 0]).tolist():
        asked = np.flatnonzero((seeds == width) & (a.lengths > 0))
        first = a.codes[(a.offsets[asked][:, None] + np.arange(width)).ravel()]
        index = Index(window_hashes(first, width)[::width])
        for place, which in index.pairs(window_hashes(b.codes, width)):
            i, record = asked[which], np.searchsorted(ends, place, "right")
            fits = (place + a.lengths[i] <= ends[record]) & ~(inside[i] & holds[record])
            for p, q, r in zip(place[fits].tolist(), i[fits].tolist(), record[fits].tolist(),
                               strict=True):  # fmt: skip
                start, stop = int(a.offsets[q]), int(a.offsets[q + 1])
                if texts[start:stop] == letters[p : p + stop - start]:
                    inside[q] = holds[r] = True
    return inside, holds
