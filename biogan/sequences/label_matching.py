"""K-mer matching for each label: a class is held to its own k-mers, not to those of all data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from biogan.core.label_rows import Conditions
from biogan.nn.conditioning import LabelEncoder, split
from biogan.sequences.kmer_matching import MEMORY, KmerMatching

#: Words of a group, counted in the records that its means stand on, at which it is held half to its
#: own frequency of the word, half to that of all data.
HALF = 50


class LabelMatching(KmerMatching):
    """As :class:`KmerMatching`, with means of their own for the records of each label.

    Groups are classes, labels, and eighths of the ranks of a number. What moves a record is the gap
    between generated and real means of its groups, mixed with that of all records, word by word: a
    word that stands c times in the records behind the means of a group, on average over the real
    and the generated one, has the share c / (c + 50), as a mean of few counts is noise. So short
    words, and words in places, follow the label, and long ones follow all data. Records behind the
    means are those of the training data, and of the last 50 batches, whichever are fewer.

    Parameters
    ----------
    shape : tuple of int
        Channels and positions of the letters.
    conditions : Conditions
        Labels of the model.
    batch_size : int
        Records of a joint batch.
    *args, **kwargs
        As :class:`KmerMatching` takes them.
    """

    sizes: Tensor
    seen: Tensor
    drawn: Tensor
    group_real: Tensor
    group_generated: Tensor

    def __init__(
        self,
        shape: tuple[int, int],
        conditions: Conditions,
        batch_size: int,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*shape, *args, **kwargs)
        self.shape, self.encoder = shape, LabelEncoder(conditions)
        self.batch_size = batch_size
        self.several = sum(bool(part.size) for part in conditions)
        sizes = torch.tensor(
            [
                count
                for part in conditions
                for count in (part.counts if part.kind != "number" else [part.records / 8] * 8)
                if part.size
            ],
            dtype=torch.float32,
        )
        self.register_buffer("sizes", sizes, persistent=False)
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
            behind = torch.minimum(self.drawn * self.batch_size / forget, self.sizes)
            counts = behind[:, None] * (has + writes) / 2
            shares = known / self.several * counts / (counts + HALF)
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
