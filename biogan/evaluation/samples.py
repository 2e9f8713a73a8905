"""Samples of records and comparisons of two of them: what the metrics of all kinds of data share.

A sample computes once what several metrics read. Its records stand in a random order without
information (:func:`random_order`), so that a metric which takes long reads the first of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np

from biogan.evaluation.intervals import GROUPS
from biogan.evaluation.protocol import Records


class BaseSample(Generic[Records]):
    """A set of records with what several metrics share, each computed once.

    Parameters
    ----------
    records : set of records
        In an order without information.
    """

    def __init__(self, records: Records) -> None:
        self.records = records
        self._kept: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return len(self.records)

    def kept(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return what is kept under a key; it is computed when first asked for."""
        if key not in self._kept:
            self._kept[key] = compute()
        return self._kept[key]

    def first(self, n: int) -> Self:
        """Return the first ``n`` records, for what takes too long on all of them."""
        if n >= len(self):
            return self
        found: Self = self.kept(("first", n), lambda: self._part(self.records[:n]))
        return found

    def _part(self, records: Records) -> Self:
        """Make a sample of some of the records."""
        return type(self)(records)

    @cached_property
    def clusters(self) -> np.ndarray:
        """Records with one number are one piece of evidence, shape (n,); here all differ."""
        return np.arange(len(self))

    @cached_property
    def groups(self) -> np.ndarray:
        """Jackknife group of each record, shape (n,)."""
        return np.arange(len(self)) % GROUPS

    def by_group(self, values: np.ndarray) -> np.ndarray:
        """Sum values of records, shape (n, ...), by jackknife group: shape (GROUPS, ...)."""
        return np.stack([values[self.groups == g].sum(0) for g in range(GROUPS)])


SampleT = TypeVar("SampleT", bound="BaseSample[Any]")


@dataclass(frozen=True, eq=False)
class BaseComparison(Generic[SampleT]):
    """One candidate beside the real data that it is compared with.

    Attributes
    ----------
    candidate : sample
        What is judged: generated, held-out or floor records.
    reference : sample
        Real records.
    source : sample
        What the candidate may have copied: the training data.
    fresh : sample or None
        Held-out real records none of which stands in ``source``: how alike to it real ones are.
    seed : int
        Seed of random pairs and folds.
    """

    candidate: SampleT
    reference: SampleT
    source: SampleT
    fresh: SampleT | None = None
    seed: int = 0
    _first: dict[int, Any] = field(default_factory=dict, repr=False)

    #: One record, in reasons.
    noun: ClassVar[str] = "record"

    def first(self, n: int) -> Self:
        """Return the comparison of the first ``n`` records of candidate, reference and fresh.

        It is kept, so that what it computes is computed once.
        """
        candidate, reference = self.candidate.first(n), self.reference.first(n)
        fresh = None if self.fresh is None else self.fresh.first(n)
        few = candidate, reference, fresh
        if few == (self.candidate, self.reference, self.fresh):
            return self
        if n not in self._first:
            self._first[n] = replace(
                self, candidate=candidate, reference=reference, fresh=fresh, _first={}
            )
        found: Self = self._first[n]
        return found

    def missing(self, need: str) -> str:
        """Say why ``need`` is not met; an empty string if it is."""
        if need == "fresh" and self.fresh is None:
            return f"no held-out {self.noun}s to compare with"
        return ""


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
