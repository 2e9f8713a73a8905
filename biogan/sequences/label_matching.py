"""K-mer matching for each label: a class is held to its own k-mers, not to those of all data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from biogan.core.label_rows import Conditions
from biogan.nn.conditioning import LabelEncoder, split
from biogan.sequences.kmer_matching import MEMORY, KmerMatching

#: Training records at which a group is held half to its own k-mers, half to those of all data.
HALF = 200


class LabelMatching(KmerMatching):
    """As :class:`KmerMatching`, with means of their own for the records of each label.

    Groups are classes, labels, and eighths of the ranks of a number. What moves a record is the gap
    between generated and real means of its groups, mixed with that of all records: a group of n
    training records has the share n / (n + 200), as the mean of few of them is noise.

    Parameters
    ----------
    shape : tuple of int
        Channels and positions of the letters.
    conditions : Conditions
        Labels of the model.
    *args, **kwargs
        As :class:`KmerMatching` takes them.
    """

    shares: Tensor
    seen: Tensor
    drawn: Tensor
    group_real: Tensor
    group_generated: Tensor

    def __init__(
        self, shape: tuple[int, int], conditions: Conditions, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*shape, *args, **kwargs)
        self.shape, self.encoder = shape, LabelEncoder(conditions)
        sizes = torch.tensor(
            [
                count
                for part in conditions
                for count in (part.counts if part.kind != "number" else [part.records / 8] * 8)
                if part.size
            ],
            dtype=torch.float32,
        )
        several = sum(bool(part.size) for part in conditions)
        self.register_buffer("shares", sizes / (sizes + HALF) / several, persistent=False)
        for name in ("group_real", "group_generated"):
            self.register_buffer(name, torch.zeros(len(sizes), len(self.least)))
        for name in ("seen", "drawn"):
            self.register_buffer(name, torch.zeros(len(sizes)))

    def forward(
        self, real: Tensor, fake: Tensor, joint: Callable[[Tensor], Tensor] = lambda x: x
    ) -> Tensor:
        """Take a batch of each into the means and return the weighted distance, shape ().

        Parameters
        ----------
        real, fake : Tensor, shape (N, channels * positions + width)
            Letters and encoded labels in one row each; the gradient goes to ``fake``.
        joint : callable, optional
            Averages a tensor over the processes of a run.
        """
        mine, my_groups = self._group_counts(fake)
        with torch.no_grad():
            theirs, their_groups = self._group_counts(real)
            seen, drawn = joint(torch.stack([theirs, mine]))
            self.batches += 1
            forget = (1 / self.batches).clamp(min=1 - MEMORY)
            self.group_real.add_(seen[1:])
            self.seen.add_(joint(their_groups))
            self.group_generated.lerp_(drawn[1:], forget)
            self.drawn.lerp_(joint(my_groups), forget)
            self.real.lerp_(seen[0], 1 / self.batches)
            self.generated.lerp_(drawn[0], forget)
            pooled = (self.generated - self.real) / (self.real + self.least)
            known = ((self.seen > 0) & (self.drawn > 0)).float()[:, None]
            has = self.group_real / self.seen.clamp(min=1e-6)[:, None]
            writes = self.group_generated / self.drawn.clamp(min=1e-6)[:, None]
            gaps = known * (writes - has) / (has + self.least)
            shares = self.shares[:, None] * known
        # The gap of a record: its groups' by their shares, that of all data for the rest.
        own = shares * (gaps - pooled) * mine[1:]
        return self.weight / self.kinds * (own.sum() + (pooled * (mine[0] - self.real)).sum())

    def _group_counts(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean counts, shape (1 + groups, features), and the share of each group.

        The first row is the mean over all records, the others are sums over those of a group,
        over the number of all. A record of several labels counts for each of them in part.
        """
        letters, labels = split(rows, self.shape, self.encoder.width)
        groups = self.encoder.groups(labels)
        weights = torch.cat([torch.ones_like(groups[:, :1]), groups], 1) / len(rows)
        return self.weighted_counts(letters, weights), groups.mean(0)
