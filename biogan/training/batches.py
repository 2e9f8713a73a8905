"""Batches of real data: an endless, seeded stream without a Python loop over records."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from biogan.seeds import torch_generator


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
        coins = torch.rand(len(drawn), generator=torch_generator(self.seed, "twins", k)) < 0.5
        batch = self.data[drawn]
        batch[coins] = self.twins[drawn[coins]]
        return batch
