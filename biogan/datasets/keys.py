"""A hash of each sequence, the same for equal ones and for the two strands of one."""

from __future__ import annotations

from functools import cache

import numpy as np

from biogan.datasets.permutation import mixed
from biogan.datasets.sequences import SequenceSet

# Odd, so that it has an inverse modulo 2^64, and of no short period (Steele and Vigna 2021).
_BASE = 0xD1342543DE82EF95
_INVERSE = pow(_BASE, -1, 1 << 64)
_BLOCK = 1 << 17


def sequence_keys(sequences: SequenceSet) -> np.ndarray:
    """Return a key of each sequence, shape (n,), uint32.

    It is half of a polynomial of the codes modulo 2^64 (Karp and Rabin 1987), mixed, and the
    smaller one of the two strands where there are two. Both are differences of sums over all
    sequences at once, with a few bytes a letter beside them and no loop over records.
    """
    alphabet, bounds = sequences.alphabet, sequences.offsets
    # No code counts 0: a sequence must not have the key of one that goes on.
    table = np.arange(1, 257).astype(np.uint8)
    codes = sequences.codes.tobytes()
    sums = _sums(codes.translate(table.tobytes()), bounds, _BASE)
    keys = _half(np.diff(sums) * _power(_INVERSE, bounds[:-1]))
    if alphabet.complement is not None and not alphabet.has_gap:
        # The other strand runs from the last letter to the first: the powers fall.
        partners = alphabet.encode(alphabet.complement)
        table[: len(partners)] = table[partners]
        sums = _sums(codes.translate(table.tobytes()), bounds, _INVERSE)
        keys = np.minimum(keys, _half(np.diff(sums) * _power(_BASE, bounds[1:] - 1)))
    return keys


def _half(values: np.ndarray) -> np.ndarray:
    """Return 32 bits that depend on all 64."""
    return (mixed(values) >> np.uint64(32)).astype(np.uint32)


def _sums(values: bytes, bounds: np.ndarray, base: int) -> np.ndarray:
    """Return the sum of ``values[i] * base^i`` for i < b, for each bound b."""
    numbers, powers = np.frombuffer(values, np.uint8), _powers(base)
    sums, first = np.empty(len(bounds), np.uint64), 0
    # Of one number each: scalars would warn where arrays wrap around.
    before, scale = np.zeros(1, np.uint64), np.ones(1, np.uint64)
    terms, running = np.empty(_BLOCK, np.uint64), np.zeros(_BLOCK + 1, np.uint64)
    for start in range(0, max(len(numbers), 1), _BLOCK):
        block = numbers[start : start + _BLOCK]
        size = len(block)
        np.multiply(powers[:size], block, out=terms[:size])
        np.cumsum(terms[:size], out=running[1 : size + 1])
        last = int(np.searchsorted(bounds, start + size, "right"))
        sums[first:last] = before + scale * running[bounds[first:last] - start]
        before, scale, first = before + scale * running[size], scale * powers[size], last
    return sums


def _power(base: int, exponents: np.ndarray) -> np.ndarray:
    """Return ``base`` to exponents of 0 or more, in any order."""
    blocks, rest = np.divmod(exponents, _BLOCK)
    scales = np.full(int(blocks.max(initial=0)) + 1, _powers(base)[_BLOCK])
    scales[0] = 1
    return np.cumprod(scales)[blocks] * _powers(base)[rest]


@cache
def _powers(base: int) -> np.ndarray:
    """Return the powers 0 to the size of a block."""
    factors = np.full(_BLOCK + 1, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors)
