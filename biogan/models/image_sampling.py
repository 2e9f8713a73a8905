"""Parts of a stream joined into one set.

Drawing images in fixed blocks, so that image ``i`` of a seed is always the same image.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from biogan.core.errors import ConfigError
from biogan.core.memory import keep_freed_memory
from biogan.core.protocols import Domain, Records
from biogan.core.rng import torch_generator
from biogan.images.dataset import ImageSet
from biogan.models.sampling import spans
from biogan.nn.image_nets import ImageGenerator, ImageNoise
from biogan.nn.layers import exact

#: Images of a block: few, as a large image takes much memory.
BLOCK = 128


def stream(
    generator: ImageGenerator,
    domain: Domain,
    start: int,
    stop: int,
    seed: int = 0,
    label: int | None = None,
    rough: bool = False,
    name: str = "sample",
) -> Iterator[Records]:
    """Yield images ``start`` to ``stop`` of the stream of a seed, a block at a time.

    Parameters
    ----------
    generator : ImageGenerator
        The trained network, on any device.
    domain : Domain
        How its records read as images.
    start, stop : int
        Images, counted from 0; ``stop`` is not included.
    seed : int
        Seed of the stream.
    label : int, optional
        Class of every image; drawn as often as in the training data without.
    rough : bool
        Decode quickly, see :meth:`biogan.core.protocols.Domain.decode`.
    name : str
        Name of the stream.
    """
    for block, low, high in spans(start, stop, BLOCK):
        noise = generator.noise(BLOCK, torch_generator(seed, name, block))
        rows = write_records(generator, labelled(noise, label))[low:high]
        yield domain.decode(rows, f"gan{seed}", block * BLOCK + low, rough)


def labelled(noise: ImageNoise, label: int | None) -> ImageNoise:
    """Give every image of a noise one class."""
    if label is None:
        return noise
    classes = torch.zeros_like(noise.classes)
    classes[:, label] = 1
    return noise._replace(classes=classes)


@torch.no_grad()
def write_records(generator: ImageGenerator, noise: ImageNoise) -> np.ndarray:
    """Write the records of some noise, shape (n, ...), float32."""
    keep_freed_memory()
    device = next(generator.parameters()).device
    with exact():
        records: Tensor = generator(noise.to(device))
        return records.cpu().numpy()


def between(generator: ImageGenerator, seed: int, pairs: int, steps: int) -> ImageNoise:
    """Return noise along arcs between pairs of latent vectors, shape (pairs * steps, ...).

    The arcs stay at the length that latent vectors have (White 2016): a straight line would pass
    through shorter ones, which the generator has never seen. Both ends have the first one's class.

    Raises
    ------
    ConfigError
        If there is no pair, or fewer than two steps.
    """
    if pairs < 1 or steps < 2:
        raise ConfigError(f"{pairs} pairs of {steps} steps: at least 1 pair and 2 steps")
    ends = generator.noise(2 * pairs, torch_generator(seed, "interpolate"))
    a, b = ends.latent[0::2, None], ends.latent[1::2, None]  # (pairs, 1, latent)
    cosine = torch.cosine_similarity(a, b, dim=2).clamp(-1 + 1e-6, 1 - 1e-6)[..., None]
    angle, t = torch.acos(cosine), torch.linspace(0, 1, steps)[None, :, None]
    arc = (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)
    classes = ends.classes[0::2].repeat_interleave(steps, 0)
    return ImageNoise(arc.flatten(0, 1), classes)


def joined(parts: Iterable[Records]) -> Any:
    """Join sets of one kind, at least one, in order.

    Examples
    --------
    >>> one = ImageSet.from_pixels(np.zeros((2, 8, 8), np.uint8))
    >>> len(joined([one, one]))
    4
    """
    some = list(parts)
    ids = tuple(name for part in some for name in part.ids)

    def rows(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in some])

    first = some[0]
    if isinstance(first, ImageSet):
        labels = None if first.labels is None else rows("labels")
        return dataclasses.replace(first, pixels=rows("pixels"), ids=ids, labels=labels)
    maps = None if first.maps is None else rows("maps")
    return dataclasses.replace(
        first, xyz=rows("xyz"), ids=ids, families=rows("families"), maps=maps
    )
