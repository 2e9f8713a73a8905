"""Features of images: a small network trained on the classes of the real ones, kept in a cache.

Distances of distributions are taken between these features, not between pixels: two pictures of a
seven are alike in them, a seven and a one are not.

The network that looks at images for a judge: two convolutions, 64 features, the classes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, cross_entropy, max_pool2d, relu

from biogan.core.errors import BioganError, DataError
from biogan.core.files import atomic_path
from biogan.core.rng import rng, torch_generator
from biogan.images.dataset import ImageSet

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


#: Environment variable that names the cache folder.
CACHE = "BIOGAN_CACHE"
TRAINED = "LeNet-64 trained on the reference's classes"
RANDOM = "LeNet-64 with random weights"
#: Images that are learned from at most; drawn at random of more.
MOST = 60_000
# Of the recipe: what an older one left in the cache is not read.
_VERSION = 1
# Percentiles of the intensities that become 0 and 1, and images they are read from.
_DARK, _BRIGHT = 0.1, 99.9
_MEASURED = 2_000
# One image in ten is kept to measure the accuracy on, where at least this many can be.
_HELD_OUT, _FEWEST = 10, 5

Watch = Callable[[int, int], None]


class FeatureNet:
    """Turns images into 64 features, standardised on the images that it was made for.

    Intensities are scaled so that the 0.1 and the 99.9 percentile of those images become 0 and 1,
    and cut there: a 16-bit camera whose values end at 4,000 is read like a file of 8 bits.

    Attributes
    ----------
    name : str
        What the features are, for reports.
    accuracy : float or None
        Share of a held-out tenth of the images that are classified rightly; ``None`` without
        classes, or with too few images.
    classes : tuple of str
        Names of the classes; empty with random weights.

    Notes
    -----
    Without classes the weights stay random, which is enough to compare neighbourhoods (Naeem et al.
    2020, ICML, section 4.2).
    """

    def __init__(self, images: ImageSet, seed: int) -> None:
        self.shape = images.shape
        self.classes = images.classes if _usable(images) else ()
        self.name = TRAINED if self.classes else RANDOM
        self.accuracy: float | None = None
        self._net = LeNet(self.shape.channels, min(self.shape[1:]), len(self.classes), seed)
        self._range = _range(images, seed)
        self._mean, self._sd = np.zeros(SIZE), np.ones(SIZE)

    def __call__(self, images: ImageSet) -> np.ndarray:
        """Return the features of images of the same shape, (n, 64) float64.

        Raises
        ------
        DataError
            If the images have another shape.
        """
        return (features_of(self._net, self._input(images)) - self._mean) / self._sd

    def classify(self, images: ImageSet) -> np.ndarray:
        """Return the likeliest class of each image, (n,) int64.

        Raises
        ------
        DataError
            If the network was made without classes, or the images have another shape.
        """
        return np.asarray(self.probabilities(images).argmax(1))

    def probabilities(self, images: ImageSet) -> np.ndarray:
        """Return the probability of each class, (n, classes); errors as :meth:`classify`."""
        if not self.classes:
            raise DataError(f"{images.source}: the reference has no classes to sort images into")
        features = torch.from_numpy(features_of(self._net, self._input(images))).float()
        with torch.no_grad():
            return np.asarray(self._net.logits(features).softmax(1).double().numpy())

    def _input(self, images: ImageSet) -> torch.Tensor:
        """Scale intensities as described above, and put them round 0: (n, c, h, w) float32."""
        if images.shape != self.shape:
            raise DataError(
                f"{images.source}: images of {said(images.shape)}, the reference has "
                f"{said(self.shape)}: give images of one shape"
            )
        low, high = self._range
        scaled = (images.unit() - np.float32(low)) / np.float32(high - low)
        return torch.from_numpy(np.clip(scaled, 0, 1) - np.float32(0.5))

    def _learn(self, images: ImageSet, seed: int, watch: Watch) -> None:
        order = rng(seed, "features").permutation(len(images))[:MOST]
        if self.classes:
            held = len(order) // _HELD_OUT if len(order) >= _HELD_OUT * _FEWEST else 0
            pixels = self._input(images[order[held:]])
            assert images.labels is not None
            train(self._net, pixels, torch.from_numpy(images.labels[order[held:]]), seed, watch)
            if held:
                asked = images[order[:held]]
                self.accuracy = float((self.classify(asked) == asked.labels).mean())
        found = features_of(self._net, self._input(images[order]))
        self._mean, sd = found.mean(0), found.std(0)
        # A feature that is one number for all real images says nothing, and is not blown up.
        self._sd = np.where(sd > 1e-6, sd, 1.0)

    def _save(self, path: Path) -> None:
        weights = {f"net.{name}": tensor for name, tensor in self._net.state_dict().items()}
        weights |= {"mean": torch.from_numpy(self._mean), "sd": torch.from_numpy(self._sd)}
        accuracy = {} if self.accuracy is None else {"accuracy": self.accuracy}
        weights |= {name: torch.tensor(value) for name, value in accuracy.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            temporary.write_bytes(save(weights))

    def _load(self, path: Path) -> None:
        found = load(path.read_bytes())
        weights = {k.removeprefix("net."): v for k, v in found.items() if k.startswith("net.")}
        self._net.load_state_dict(weights)
        self._mean, self._sd = found["mean"].numpy(), found["sd"].numpy()
        self.accuracy = float(found["accuracy"]) if "accuracy" in found else None


def feature_net(
    images: ImageSet, seed: int = 0, cache: bool = True, progress: Watch | None = None
) -> FeatureNet:
    """Make the network of a set of real images, or take it from the cache.

    With at least two classes it is trained to tell them (about half a minute for the 60,000 images
    of MNIST on one core), without it stays as it was drawn.

    Parameters
    ----------
    images : ImageSet
        What the generator learns from; of more than 60,000 images as many are drawn.
    seed : int
        Of weights and order: the same seed and images give the same network.
    cache : bool
        Whether to look into the cache folder, which the variable ``BIOGAN_CACHE`` names, and to
        write there. A damaged file is made again; a folder that cannot be written is left alone.
    progress : callable, optional
        Receives the training steps done and to do.

    Raises
    ------
    DataError
        If there are fewer than two images.
    """
    if len(images) < 2:
        found = f"{len(images):,} image{'s' * (len(images) != 1)}"
        raise DataError(f"{images.source}: {found}, at least 2 are needed to compare")
    net = FeatureNet(images, seed)
    path = _folder() / f"{_key(images, seed)}.safetensors" if cache else None
    if path is not None and path.is_file():
        try:
            net._load(path)
            return net
        except (SafetensorError, OSError, KeyError, RuntimeError, ValueError):
            net = FeatureNet(images, seed)
    net._learn(images, seed, progress or (lambda step, steps: None))
    if path is not None:
        try:
            net._save(path)
        except (BioganError, OSError):
            pass  # The next run makes it again: slower, not wrong.
    return net


def _folder() -> Path:
    if os.environ.get(CACHE):
        return Path(os.environ[CACHE]) / "features"
    import pooch

    return Path(pooch.os_cache("biogan")) / "features"


def _key(images: ImageSet, seed: int) -> str:
    text = repr((_VERSION, images.digest, len(images.classes), seed))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _usable(images: ImageSet) -> bool:
    """Whether there are two classes to tell apart."""
    return images.labels is not None and len(np.unique(images.labels)) > 1


def _range(images: ImageSet, seed: int) -> tuple[float, float]:
    """Intensities, of 0 to 1, that are read as dark and as bright."""
    rows = rng(seed, "range").permutation(len(images))[:_MEASURED]
    low, high = np.percentile(images[rows].unit(), [_DARK, _BRIGHT])
    return (float(low), float(high)) if high > low else (0.0, 1.0)


def said(shape: tuple[int, ...]) -> str:
    """Say the shape of an image, (channels, height, width), for a message."""
    channels, height, width = shape
    return f"{height} x {width} pixels and {channels} channel{'s' * (channels > 1)}"
