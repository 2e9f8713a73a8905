"""Near pairs and nearest neighbours by edit distance, for sequences of any length."""

from __future__ import annotations

import edlib
import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.similarity.hamming import Hits
from biogan.similarity.interest import Every
from biogan.similarity.segments import candidates
from biogan.similarity.words import Profiles

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


def near(a: SequenceSet, b: SequenceSet | None, identity: float, interest: Every) -> Hits:
    """Yield every pair of at least this identity, perhaps more than once.

    Pairs that share a segment (:mod:`biogan.similarity.segments`) and whose word counts do not
    rule them out (:mod:`biogan.similarity.words`) are verified with edlib.

    Parameters
    ----------
    a, b : SequenceSet
        Sequences over one alphabet; ``None`` compares ``a`` with itself and yields i < j only.
    identity : float
        Smallest identity, above 0 to 1.
    interest : Every
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
    for i, j in candidates(pool, first, most, interest):
        limit = np.maximum(most[i], most[j])
        left, quota = np.arange(len(i)), 1
        while len(left):
            left = left[interest.pairs(i[left], j[left] - shift)]
            # A few pairs for each open question first: their answers may close the others.
            turn = interest.turn(i[left], j[left] - shift, quota)[:VERIFIED]
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
