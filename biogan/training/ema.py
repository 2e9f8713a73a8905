"""The averaged generator: what is judged, saved and sampled from."""

from __future__ import annotations

import copy
from itertools import compress

import torch
from torch import Tensor, nn


class Average:
    """Exponential moving average of a network's parameters (Yazıcı et al. 2019).

    Statistics of batch norm are averaged alike: those of the last batch belong to other weights.

    Early in a run the decay is ``(1 + t) / (10 + t)``, so that the average never looks further back
    than about a ninth of the steps so far.

    Parameters
    ----------
    network : nn.Module
        The network that is trained.
    decay : float
        Largest decay, below 1.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.network = copy.deepcopy(network).requires_grad_(False).eval()

    def weight(self, step: int) -> float:
        """Return how far the average moves after step ``step`` (counted from 1)."""
        return 1 - min(self.decay, (1 + step) / (10 + step))

    @torch.no_grad()
    def update(self, network: nn.Module, weight: Tensor) -> None:
        """Move the average towards the network by a share of the way, shape ()."""
        mine, theirs = ([*net.parameters(), *net.buffers()] for net in (self.network, network))
        floats = [x.is_floating_point() for x in mine]
        old, new = [*compress(mine, floats)], [*compress(theirs, floats)]
        torch._foreach_lerp_(old, new, [weight] * len(old))
        for count, last, averaged in zip(mine, theirs, floats, strict=True):
            if not averaged:
                count.copy_(last)
