"""The network that looks at images for a judge: two convolutions, 64 features, the classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, cross_entropy, max_pool2d, relu

from biogan.seeds import torch_generator

#: Features of an image.
SIZE = 64
# Larger images are averaged down to this: what the two convolutions see stays a good part of them.
_LARGEST = 64
# Convolutions of smaller images are padded, or nothing would be left of them.
_PADDED = 28
_FILTERS, _GRID = (16, 32), 4
_BATCH, _RATE = 128, 2e-3
# Images that pass by in training, and how often one does: few images pass more often.
_PASSES, _MOST_EPOCHS = 115_000, 40
# Images for which a forward pass is done at once.
_BLOCK = 500


class LeNet(nn.Module):
    """Two 5 x 5 convolutions with pooling, a dense layer of 64 features, one logit a class.

    Parameters
    ----------
    channels, size : int
        Channels, and the smaller of height and width.
    classes : int
        0 for a network without a classifier.
    seed : int
        Of the weights.

    Notes
    -----
    After LeCun et al. 1998, Proc. IEEE 86:2278. The features are taken before the nonlinearity:
    none of them is dead, and their distribution is not cut at 0.
    """

    def __init__(self, channels: int, size: int, classes: int, seed: int) -> None:
        super().__init__()
        padding = 2 if size < _PADDED else 0
        first, second = _FILTERS
        # Weights are drawn on the global stream by torch, so in a copy of it.
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(torch_generator(seed, "lenet").initial_seed())
            self.first = nn.Conv2d(channels, first, 5, padding=padding)
            self.second = nn.Conv2d(first, second, 5, padding=padding)
            self.dense = nn.Linear(second * _GRID**2, SIZE)
            self.classify = nn.Linear(SIZE, classes) if classes else None

    def forward(self, images: Tensor) -> Tensor:
        """Turn (N, channels, height, width) into features (N, 64)."""
        shrink = -(-min(images.shape[2:]) // _LARGEST)
        h = avg_pool2d(images, shrink) if shrink > 1 else images
        h = max_pool2d(relu(self.first(h)), 2)
        h = max_pool2d(relu(self.second(h)), 2)
        return self.dense(adaptive_avg_pool2d(h, _GRID).flatten(1))

    def logits(self, features: Tensor) -> Tensor:
        """Turn features (N, 64) into (N, classes)."""
        assert self.classify is not None
        return self.classify(relu(features))


def train(
    net: LeNet,
    images: Tensor,
    labels: Tensor,
    seed: int,
    watch: Callable[[int, int], None] = lambda step, steps: None,
) -> None:
    """Train a network to tell classes: Adam with a rate that falls to nothing on a cosine.

    Parameters
    ----------
    net : LeNet
        Changed in place.
    images : Tensor, shape (n, channels, height, width)
    labels : Tensor, shape (n,)
        Class of each image.
    seed : int
        Of the order of the images.
    watch : callable
        Receives the number of steps done and to do, before each.
    """
    n = len(images)
    epochs = min(max(round(_PASSES / n), 1), _MOST_EPOCHS)
    steps = epochs * -(-n // _BATCH)
    random = torch_generator(seed, "lenet", "order")
    optimiser = torch.optim.Adam(net.parameters(), _RATE, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    step = 0
    for _ in range(epochs):
        for batch in torch.randperm(n, generator=random).split(_BATCH):
            watch(step, steps)
            loss = cross_entropy(net.logits(net(images[batch])), labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            step += 1


@torch.no_grad()
def features_of(net: LeNet, images: Tensor) -> np.ndarray:
    """Return the features of images as float64, shape (n, 64)."""
    parts = [net(block) for block in images.split(_BLOCK)] or [torch.empty(0, SIZE)]
    return torch.cat(parts).double().numpy()
