"""Batches of real data: an endless, seeded stream without a Python loop over records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from biogan.circles import draw_turns, turned
from biogan.datasets.permutation import Permutation
from biogan.seeds import torch_generator


class Stream(Protocol):
    """An endless stream of batches of real data."""

    batch_size: int
    seed: int

    def __getitem__(self, k: int) -> Tensor:
        """Return batch ``k``."""

    def part(self, k: int, rows: slice) -> Tensor:
        """Return some rows of batch ``k``."""


class Batches:
    """Batches from concatenated random permutations of the data.

    Batch ``k`` depends on the seed and ``k`` alone, so that a resumed run needs only its step.

    Parameters
    ----------
    data : Tensor, shape (n, ...)
        Encoded records.
    weights : numpy.ndarray, shape (n,)
        How often each record occurs in one pass over the data, rounded, at least once.
    batch_size : int
        Records in a batch, over all processes.
    seed : int
        Seed of the order.
    twins : Tensor, shape (n, ...), optional
        A second reading of each record, such as its reverse complement; each draw takes one of the
        two with equal chance.
    """

    def __init__(
        self,
        data: Tensor,
        weights: np.ndarray,
        batch_size: int,
        seed: int,
        twins: Tensor | None = None,
    ) -> None:
        self.data, self.twins = data, twins
        self.batch_size, self.seed = batch_size, seed
        times = torch.from_numpy(np.maximum(1, np.rint(weights)).astype(np.int64))
        self.records = torch.arange(len(data)).repeat_interleave(times)
        self._epoch = -1
        self._order = self.records

    def _permutation(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            rng = torch_generator(self.seed, "batches", epoch)
            self._order = self.records[torch.randperm(len(self.records), generator=rng)]
            self._epoch = epoch
        return self._order

    def __getitem__(self, k: int) -> Tensor:
        """Return batch ``k`` (counted from 0), shape (batch_size, ...)."""
        size, start = len(self.records), k * self.batch_size
        parts: list[Tensor] = []
        missing = self.batch_size
        while missing:
            epoch, position = divmod(start, size)
            part = self._permutation(epoch)[position : position + missing]
            parts.append(part)
            start, missing = start + len(part), missing - len(part)
        drawn = torch.cat(parts)
        if self.twins is None:
            return self.data[drawn]
        coins = toss(self.seed, k, len(drawn))
        batch = self.data[drawn]
        batch[coins] = self.twins[drawn[coins]]
        return batch

    def part(self, k: int, rows: slice) -> Tensor:
        """Return some rows of batch ``k``."""
        return self[k][rows]


class LazyBatches:
    """Batches of records that are fetched when they are drawn, from random permutations.

    Batch ``k`` depends on the seed and ``k`` alone, and a part of a batch fetches that part only.
    The memory does not grow with the number of records.

    Parameters
    ----------
    n : int
        Number of records.
    fetch : callable
        Records (numbers from 0, shape (k,)) to a tensor, shape (k, ...).
    batch_size, seed
        As for :class:`Batches`.
    twins : callable, optional
        As ``fetch``, for a second reading of each record.
    """

    def __init__(
        self,
        n: int,
        fetch: Callable[[np.ndarray], Tensor],
        batch_size: int,
        seed: int,
        twins: Callable[[np.ndarray], Tensor] | None = None,
    ) -> None:
        self.n, self.fetch, self.twins = n, fetch, twins
        self.batch_size, self.seed = batch_size, seed

    def drawn(self, k: int) -> np.ndarray:
        """Return the records of batch ``k``, shape (batch_size,)."""
        turns, positions = np.divmod(
            np.arange(k * self.batch_size, (k + 1) * self.batch_size), self.n
        )
        for turn in np.unique(turns).tolist():
            here = turns == turn
            positions[here] = Permutation(self.n, self.seed, "batches", turn)(positions[here])
        return positions

    def __getitem__(self, k: int) -> Tensor:
        """Return batch ``k`` (counted from 0), shape (batch_size, ...)."""
        return self.part(k, slice(None))

    def part(self, k: int, rows: slice) -> Tensor:
        """Return some rows of batch ``k``; no others are fetched."""
        records = self.drawn(k)[rows]
        batch = self.fetch(records)
        if self.twins is not None:
            coins = toss(self.seed, k, self.batch_size)[rows]
            batch[coins] = self.twins(records[coins.numpy()])
        return batch


def toss(seed: int, k: int, n: int) -> Tensor:
    """Toss a coin for each row of batch ``k``, shape (n,), bool: whether its twin is taken."""
    return torch.rand(n, generator=torch_generator(seed, "twins", k)) < 0.5


class TurnedBatches:
    """Batches whose records are turned as circles, each draw by a number of letters of its own.

    Parameters
    ----------
    batches : Stream
        Rows of codes, shape (N, length).
    """

    def __init__(self, batches: Stream) -> None:
        self.batches = batches
        self.batch_size, self.seed = batches.batch_size, batches.seed

    def __getitem__(self, k: int) -> Tensor:
        """Return batch ``k`` (counted from 0), shape (batch_size, length)."""
        return self.part(k, slice(None))

    def part(self, k: int, rows: slice) -> Tensor:
        """Return some rows of batch ``k``."""
        batch = self.batches.part(k, rows)
        rng = torch_generator(self.seed, "turns", k)
        return turned(batch, draw_turns(self.batch_size, batch.shape[1], rng)[rows])
