"""k-mer spectra: every overlapping window of k letters, never across a record's border."""

from __future__ import annotations

import numpy as np

from biogan.core.errors import ConfigError
from biogan.evaluation.intervals import GROUPS
from biogan.sequences.dataset import SequenceSet

# Letters handled at once: the window numbers of a block stay in the processor's cache.
_BLOCK = 1 << 16
# Tables up to this size are counted by bincount, in blocks of at least _FILL windows a cell: it
# makes a whole table for each block. Larger ones (a row for each of many records) are added to.
_DENSE = 1 << 20
_FILL = 4
_MAX_CELLS = 1 << 27


def kmer_counts(sequences: SequenceSet, k: int) -> np.ndarray:
    """Count all overlapping k-mers of a set.

    Parameters
    ----------
    sequences : SequenceSet
        Records; those shorter than ``k`` hold no window.
    k : int
        Letters in a window, at least 1.

    Returns
    -------
    numpy.ndarray, shape (A**k,), int64
        Cell ``sum(code[j] * A**(k-1-j))`` holds the count of that k-mer: alphabetical order.

    Raises
    ------
    ConfigError
        If ``k`` is below 1, or ``A**k`` would not fit in memory.

    Examples
    --------
    >>> from biogan.sequences.dataset import SequenceSet
    >>> kmer_counts(SequenceSet.from_strings(["AAAA", "AC"]), 2)[:2].tolist()
    [3, 1]
    """
    return grouped_kmer_counts(sequences, k, np.zeros(len(sequences), np.int64), 1)[0]


def grouped_kmer_counts(
    sequences: SequenceSet, k: int, groups: np.ndarray, n_groups: int
) -> np.ndarray:
    """Count k-mers separately for groups of records.

    Parameters
    ----------
    sequences : SequenceSet
        Records.
    k : int
        Letters in a window.
    groups : numpy.ndarray, shape (n,), int
        Group of each record, from 0 to ``n_groups - 1``; ``arange(n)`` counts each record alone.
    n_groups : int
        Number of groups.

    Returns
    -------
    numpy.ndarray, shape (n_groups, A**k), int64
    """
    size = sequences.alphabet.size
    cells = size**k
    if k < 1 or n_groups * cells > _MAX_CELLS:
        raise ConfigError(f"k={k}: {size} letters give {cells} k-mers, choose a smaller k from 1")
    codes, ends = sequences.codes, sequences.offsets[1:]
    dump = n_groups * cells
    counts = np.zeros(dump + 1, np.int64)
    dense = dump <= _DENSE
    block = max(_BLOCK, _FILL * dump) if dense else _BLOCK
    for start in range(0, len(codes) - k + 1, block):
        stop = min(start + block, len(codes) - k + 1)
        window = _window_numbers(codes[start : stop + k - 1], k, size)
        first, last = np.searchsorted(ends, (start, stop + k - 1), "right")
        if n_groups > 1:
            borders = np.clip(ends[first : last + 1], start, stop)
            inside = np.diff(borders, prepend=start)
            window += np.repeat(np.asarray(groups[first : last + 1], np.int64) * cells, inside)
        # A window that begins 1 to k-1 letters before the end of a record runs into the next one.
        broken = (ends[first:last, None] - (start + np.arange(1, k))).ravel()
        window[broken[(broken >= 0) & (broken < len(window))]] = dump
        if dense:
            counts += np.bincount(window, minlength=dump + 1)
        else:
            np.add.at(counts, window, 1)
    return counts[:-1].reshape(n_groups, cells)


def word_numbers(sequences: SequenceSet, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Read every word of ``k`` letters inside a record as a number, of words too long to count.

    Parameters
    ----------
    sequences : SequenceSet
        Records; those shorter than ``k`` hold no word.
    k : int
        Letters of a word, at least 1, of which there are below 2 ** 63.

    Returns
    -------
    numbers : numpy.ndarray, shape (words,), int64
        As the cells of :func:`kmer_counts`, record after record.
    owners : numpy.ndarray, shape (words,), int64
        Number of the record.

    Examples
    --------
    >>> from biogan.sequences.dataset import SequenceSet
    >>> numbers, owners = word_numbers(SequenceSet.from_strings(["AAC", "A", "TT"]), 2)
    >>> numbers.tolist(), owners.tolist()
    ([0, 1, 15], [0, 0, 2])
    """
    each = np.maximum(sequences.lengths - k + 1, 0)
    owners = np.repeat(np.arange(len(sequences)), each)
    if not len(owners):
        return owners, owners
    places = np.arange(len(owners)) - np.repeat(np.cumsum(each) - each, each)
    numbers = _window_numbers(sequences.codes, k, sequences.alphabet.size)
    return numbers[sequences.offsets[:-1][owners] + places], owners


def _window_numbers(codes: np.ndarray, k: int, size: int) -> np.ndarray:
    """Read every window of ``k`` letters as a number to the base ``size``: int64.

    Windows are doubled, 1, 2, 4, ... letters, so that few passes are needed and the first ones
    are over short numbers.
    """
    numbers, length = codes, 1
    for bit in bin(k)[3:]:
        numbers = _join(numbers, numbers, length, length, size)
        length *= 2
        if bit == "1":
            numbers = _join(numbers, codes, length, 1, size)
            length += 1
    return numbers.astype(np.int64)


def _join(left: np.ndarray, right: np.ndarray, a: int, b: int, size: int) -> np.ndarray:
    """Append to every window of ``a`` letters the ``b`` letters that follow it."""
    width = np.min_scalar_type(size ** (a + b) - 1)
    joined = left[: len(right) - a].astype(width)
    joined *= width.type(size**b)
    joined += right[a:]
    return joined


def kmer_table(sequences: SequenceSet, k: int) -> np.ndarray:
    """Count the k-mers of each record: shape (n, A**k), int64."""
    n = len(sequences)
    return grouped_kmer_counts(sequences, k, np.arange(n), n)


def kmer_shares(sequences: SequenceSet, k: int) -> np.ndarray:
    """Share of each k-mer in each record: shape (n, A**k), 0 where a record is shorter than k."""
    counts = kmer_table(sequences, k)
    return counts / np.maximum(counts.sum(1, keepdims=True), 1)


def kmer_names(letters: str, k: int) -> list[str]:
    """Return the k-mers in the order of :func:`kmer_counts`.

    Examples
    --------
    >>> kmer_names("AC", 2)
    ['AA', 'AC', 'CA', 'CC']
    """
    names = [""]
    for _ in range(k):
        names = [name + letter for name in names for letter in letters]
    return names


def windows(sequences: SequenceSet, k: int) -> int:
    """Return the number of windows of ``k`` letters."""
    return int(np.maximum(sequences.lengths - k + 1, 0).sum())


def choose_k(*sets: SequenceSet, per_cell: float = 10, highest: int = 6) -> int:
    """Return the largest k that the data can fill: ``windows >= per_cell * A**k`` in every set.

    Below about five windows a cell the divergence of two samples of one source is mostly noise.
    Counts of each jackknife group have to fit in memory, too.

    Returns
    -------
    int
        At least 1 (a single letter is always counted), at most ``highest``.
    """
    best = 1
    for k in range(2, highest + 1):
        cells = max(s.alphabet.size for s in sets) ** k
        if GROUPS * cells > _MAX_CELLS or any(
            windows(s, k) < per_cell * s.alphabet.size**k for s in sets
        ):
            break
        best = k
    return best
