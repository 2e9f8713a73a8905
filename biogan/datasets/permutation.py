"""A random order of many numbers that is computed where it is asked for, and never stored."""

from __future__ import annotations

import numpy as np

from biogan.seeds import rng

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
        Names of the stream, as for :func:`biogan.seeds.rng`.

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
