"""What samples of any kind of data share: an order without information, and their first records."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

Compared = TypeVar("Compared")


def row_keys(rows: np.ndarray) -> list[bytes]:
    """Return a hash of each row of an array, shape (n, ...): equal for equal rows."""
    flat = np.ascontiguousarray(rows).reshape(len(rows), -1)
    return [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in flat]


def random_order(keys: Sequence[bytes], seed: int, part: str = "") -> np.ndarray:
    """Return a random order of records, shape (n,), that depends on their keys and the seed alone.

    Equal records are numbered, so that they are spread like others. Sets of which the first records
    are compared need an order each (``part``): by one, records that both hold would be kept in
    both, and the sets look alike.
    """
    seen: dict[bytes, int] = {}
    places = bytearray()
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
        text = f"{seed}|{part}{seen[key]}|".encode() + key
        places += hashlib.blake2b(text, digest_size=8).digest()
    return np.argsort(np.frombuffer(bytes(places), np.uint64), kind="stable")


def first_of(comparison: Compared, n: int) -> Compared:
    """Return the comparison of the first ``n`` records of candidate, reference and fresh.

    Kept in ``comparison._first``, so that what it computes is computed once.
    """
    whole: Any = comparison
    candidate, reference = whole.candidate.first(n), whole.reference.first(n)
    fresh = whole.fresh and whole.fresh.first(n)
    if (candidate, reference, fresh) == (whole.candidate, whole.reference, whole.fresh):
        return comparison
    if n not in whole._first:
        whole._first[n] = replace(
            whole, candidate=candidate, reference=reference, fresh=fresh, _first={}
        )
    kept: Compared = whole._first[n]
    return kept
