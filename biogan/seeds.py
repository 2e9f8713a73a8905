"""Private random streams; the global generators of numpy and torch are never touched.

A seed and the names of a stream (``"noise"``, ``"batches"``, a block number) are hashed into one
independent generator, so that adding a new consumer never shifts the numbers of another.
"""

from __future__ import annotations

import hashlib
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


def torch_generator(seed: int, *stream: str | int) -> torch.Generator:
    """Independent CPU torch generator for a seed and a named stream.

    Noise is always drawn on the CPU and then moved, so that a seed means the same on every device.
    """
    import torch

    return torch.Generator().manual_seed(_entropy(seed, stream) % 2**63)
