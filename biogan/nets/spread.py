"""What a critic sees beside each record while it trains: how the records of a group differ."""

from __future__ import annotations

from torch import Tensor, nn

#: Records of a group, one behind another in a batch.
GROUP = 8
# Keeps the derivative of a root finite where all records of a group are alike.
_LEAST = 1e-8


class MinibatchStd(nn.Module):
    """A further summand of the logits, the same for all records of a group.

    Standard deviations of hidden units over eight records, weighed by a linear layer: records that
    are too much alike, or vary together otherwise than real ones, show in them where each of them
    alone would pass (Karras et al. 2018, "Progressive growing of GANs", section 3, with the units
    kept apart).

    Parameters
    ----------
    units : int
        Hidden units.

    Examples
    --------
    >>> import torch
    >>> spread = MinibatchStd(3)
    >>> logits = spread(torch.rand(16, 3, 5))
    >>> tuple(logits.shape), len(logits.unique())
    ((16,), 2)
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        self.weigh = nn.Linear(units, 1)

    def forward(self, hidden: Tensor) -> Tensor:
        """Judge groups by (N, units) or (N, units, length), return (N,); N divides by a group."""
        spread = (hidden.unflatten(0, (-1, GROUP)).var(1, unbiased=False) + _LEAST).sqrt()
        if spread.dim() == 3:
            spread = spread.mean(2)
        return self.weigh(spread).squeeze(1).repeat_interleave(GROUP)


class GroupCritic(nn.Module):
    """A critic that may look at groups while it trains; afterwards it judges record by record.

    Parameters
    ----------
    units : int
        Hidden units of which the spread is taken, 0 to look at none.
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        self.spread = MinibatchStd(units) if units else None

    def with_group(self, logits: Tensor, hidden: Tensor) -> Tensor:
        """Add what the group of each record says, if this critic trains and looks at groups."""
        if self.spread is None or not self.training:
            return logits
        return logits + self.spread(hidden)
