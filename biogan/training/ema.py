"""The averaged generator: what is judged, saved and sampled from."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """Exponential moving average of a network's parameters (Yazıcı et al. 2019).

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

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move the average towards the network after step ``step`` (counted from 1)."""
        weight = 1 - min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(
            list(self.network.parameters()), list(network.parameters()), weight
        )  # fmt: skip
        for mine, theirs in zip(self.network.buffers(), network.buffers(), strict=True):
            mine.copy_(theirs)
