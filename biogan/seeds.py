"""Private random streams; the global generators of numpy and torch are never touched.

A seed and the names of a stream (``"noise"``, ``"batches"``, a block number) are hashed into one
independent generator, so that adding a new consumer never shifts the numbers of another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def _entropy(seed: int, stream: tuple[str | int, ...]) -> int:
    text = "\x1f".join([str(int(seed)), *map(str, stream)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")


def rng(seed: int, *stream: str | int) -> np.random.Generator:
    """Independent numpy generator for a seed and a named stream.

    Parameters
    ----------
    seed : int
        Any integer.
    *stream : str or int
        Names of the stream; different names give independent generators.

    Returns
    -------
    numpy.random.Generator

    Examples
    --------
    >>> bool(rng(1, "a").random() == rng(1, "a").random())
    True
    >>> bool(rng(1, "a").random() == rng(1, "b").random())
    False
    """
    return np.random.default_rng(_entropy(seed, stream))


def torch_generator(
    seed: int, *stream: str | int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Independent torch generator for a seed and a named stream.

    Noise is drawn on the CPU and then moved, so that a seed means the same on every device, but
    where a device is named: each kind of device has numbers of its own.
    """
    import torch

    return torch.Generator(device).manual_seed(_entropy(seed, stream) % 2**63)


@contextmanager
def layers_from(
    seed: int, *stream: str | int, device: torch.device | None = None
) -> Iterator[None]:
    """Give layers that draw by themselves (their weights, dropout) a stream of their own.

    They know only the global generator of their device, which is put back afterwards.

    Parameters
    ----------
    seed : int
        Any integer.
    *stream : str or int
        Names of the stream.
    device : torch.device, optional
        A CUDA device that draws too.
    """
    import torch

    first = torch_generator(seed, *stream).initial_seed()
    cuda = device is not None and device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if cuda else []):
        # Not torch.manual_seed, which would seed other devices too.
        torch.default_generator.manual_seed(first)
        if cuda:
            torch.cuda.manual_seed(first)
        yield
