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


_ROUNDS = 6


class Permutation:
    """A permutation of 0 to n - 1 in constant memory.

    A Feistel network permutes the numbers of an even number of bits; numbers of n or more are
    permuted again until they fall below n ("cycle walking", Black and Rogaway 2002).

    Parameters
    ----------
    n : int
        How many numbers, 1 to 2^62.
    seed : int
        Seed of the order.
    *stream : str or int
        Names of the stream, as for :func:`biogan.core.rng.rng`.

    Examples
    --------
    >>> order = Permutation(5, 0, "epoch", 1)
    >>> sorted(order(np.arange(5)).tolist())
    [0, 1, 2, 3, 4]
    """

    def __init__(self, n: int, seed: int, *stream: str | int) -> None:
        self.n = n
        self._bits = np.uint64(max(1, -(-(n - 1).bit_length() // 2)))
        self._mask = (np.uint64(1) << self._bits) - np.uint64(1)
        keys = rng(seed, "permutation", *stream)
        self._keys = keys.integers(0, 2**64, _ROUNDS, dtype=np.uint64)

    def __call__(self, positions: np.ndarray) -> np.ndarray:
        """Return the numbers at these positions of the order.

        Parameters
        ----------
        positions : numpy.ndarray, shape (k,), integer
            0 to n - 1.

        Returns
        -------
        numpy.ndarray, shape (k,), int64
        """
        values = self._permuted(np.asarray(positions).astype(np.uint64))
        while len(outside := np.flatnonzero(values >= self.n)):
            values[outside] = self._permuted(values[outside])
        return values.astype(np.int64)

    def _permuted(self, values: np.ndarray) -> np.ndarray:
        left, right = values >> self._bits, values & self._mask
        for key in self._keys:
            left, right = right, left ^ (mixed(right ^ key) & self._mask)
        return (left << self._bits) | right


def mixed(values: np.ndarray) -> np.ndarray:
    """Return a hash of each number (the finaliser of SplitMix64, Steele et al. 2014).

    Parameters
    ----------
    values : numpy.ndarray, uint64

    Returns
    -------
    numpy.ndarray, uint64

    Examples
    --------
    >>> hex(int(mixed(np.array([1], np.uint64))[0]))
    '0x5692161d100b05e5'
    """
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
