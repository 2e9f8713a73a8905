"""Byte pair encoding: pairs of neighbouring tokens become tokens of their own.

A benzene ring is then one or two tokens of SMILES instead of eight characters. Texts are shorter,
so that a network reads more molecules in the same time, and what stands far apart is nearer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

# Stands behind each text.
_BORDER = -1
# A pair that is rarer than this is not worth a token: occurrences, and share of the texts.
_FEWEST, _RAREST = 50, 0.002


def learn_pairs(
    codes: np.ndarray, offsets: np.ndarray, tokens: Sequence[str], most: int
) -> list[str]:
    """Find which neighbours to join: the most frequent pair, again and again.

    Parameters
    ----------
    codes : numpy.ndarray, one-dimensional
        Places in ``tokens``, all texts one behind another.
    offsets : numpy.ndarray, shape (n + 1,)
        Where each text starts, and the end.
    tokens : sequence of str
        Tokens that stand alone.
    most : int
        Pairs that are joined at most; fewer where further ones are rare.

    Returns
    -------
    list of str
        New tokens in the order in which they have to be joined (Sennrich et al. 2016, Neural
        machine translation of rare words with subword units, ACL).

    Examples
    --------
    >>> learn_pairs(np.array([0, 0, 1] * 60), np.arange(0, 181, 3), ["C", "O"], 5)
    ['CC', 'CCO']
    """
    known, row = list(tokens), _row(codes, offsets)
    fewest = max(_FEWEST, _RAREST * (len(offsets) - 1))
    found: list[str] = []
    while len(found) < most:
        first, second = row[:-1].astype(int), row[1:].astype(int)
        inside = (first != _BORDER) & (second != _BORDER)
        keys, counts = np.unique(first[inside] * 256 + second[inside], return_counts=True)
        common = counts >= fewest
        # Of equals the first by the alphabet, so that the order of the texts changes nothing.
        pairs = sorted(
            (-times, known[key // 256] + known[key % 256])
            for key, times in zip(keys[common].tolist(), counts[common].tolist(), strict=True)
        )
        text = next((text for _, text in pairs if text not in known), None)
        if text is None:
            break
        found.append(text)
        known.append(text)
        row = _join(row, known, len(known) - 1)
    return found


def join_pairs(
    codes: np.ndarray, offsets: np.ndarray, tokens: Sequence[str], alone: int
) -> tuple[np.ndarray, np.ndarray]:
    """Join neighbours as :func:`learn_pairs` did.

    Parameters
    ----------
    codes, offsets : numpy.ndarray
        As there; a code that is no place in ``tokens`` stays.
    tokens : sequence of str
        Tokens that stand alone, and joined ones in their order.
    alone : int
        How many stand alone.

    Returns
    -------
    codes, offsets : numpy.ndarray
        Of the joined tokens.

    Examples
    --------
    >>> found = join_pairs(np.array([0, 0, 1, 0]), np.array([0, 3, 4]), ["C", "O", "CC", "CCO"], 2)
    >>> [part.tolist() for part in found]
    [[3, 0], [0, 1, 2]]
    """
    row = _row(codes, offsets)
    for code in range(alone, len(tokens)):
        row = _join(row, tokens, code)
    borders = np.flatnonzero(row == _BORDER)
    ends = borders - np.arange(len(borders))
    return row[row != _BORDER], np.concatenate([[0], ends])


def _row(codes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Write all texts one behind another, with a border behind each."""
    return np.insert(codes.astype(np.int16), offsets[1:], _BORDER)


def _join(row: np.ndarray, tokens: Sequence[str], code: int) -> np.ndarray:
    """Replace each pair that reads as a token by its code, from the left."""
    for first, second in _pairs(tokens, code):
        at = np.flatnonzero((row[:-1] == first) & (row[1:] == second))
        if first == second and len(at):
            # Of CCC the first two are a pair: every other place of a run of places counts.
            run = np.cumsum(np.diff(at, prepend=at[0]) != 1)
            starts = np.searchsorted(run, run)
            at = at[(np.arange(len(at)) - starts) % 2 == 0]
        row = row.copy()
        row[at] = code
        row = np.delete(row, at + 1)
    return row


def _pairs(tokens: Sequence[str], code: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs of earlier tokens that read as this one."""
    place = {token: i for i, token in enumerate(tokens[:code])}
    text = tokens[code]
    for border in range(1, len(text)):
        first, second = place.get(text[:border]), place.get(text[border:])
        if first is not None and second is not None:
            yield first, second
