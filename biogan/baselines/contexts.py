"""What follows each context: the counts of Markov chains, smoothed by shorter contexts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from biogan.baselines.base import runs
from biogan.datasets.sequences import SequenceSet

BACKOFFS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
# Cells up to which all of them are counted, and not only those that occur.
_CELLS = 1 << 22


@dataclass(frozen=True)
class Events:
    """Every symbol of a set of sequences with its place and the letters before it.

    A context is a number in base ``size + 1``, the newest letter last; the digit ``size`` is the
    start symbol. As a symbol ``size`` is the end.

    Attributes
    ----------
    record, position, context, symbol : numpy.ndarray, shape (events,), int64
    """

    record: np.ndarray
    position: np.ndarray
    context: np.ndarray
    symbol: np.ndarray

    @classmethod
    def of(cls, sequences: SequenceSet, order: int, longest: int) -> Events:
        """List the letters and, of sequences shorter than ``longest``, the ends."""
        size, lengths = sequences.alphabet.size, sequences.lengths
        # Each record as: start symbols, letters, end.
        span = lengths + order + 1
        first = np.cumsum(span) - span
        flat = np.full(int(span.sum()), size, np.int64)
        letter = np.arange(len(sequences.codes)) - np.repeat(sequences.offsets[:-1], lengths)
        flat[np.repeat(first + order, lengths) + letter] = sequences.codes

        counts = lengths + (lengths < longest)
        record = np.repeat(np.arange(len(sequences)), counts)
        position = np.arange(len(record)) - np.repeat(np.cumsum(counts) - counts, counts)
        place = first[record] + order + position
        context = np.zeros(len(record), np.int64)
        for back in range(1, order + 1):
            context += flat[place - back] * (size + 1) ** (back - 1)
        return cls(record, position, context, flat[place])


@dataclass(frozen=True)
class ContextCounts:
    """How often each symbol followed each context of ``order`` letters that was seen.

    Attributes
    ----------
    position, context : numpy.ndarray, shape (contexts,), int64
        Place (0 where all share one table) and number of each context, see :class:`Events`.
    counts : numpy.ndarray, shape (contexts, symbols), float64
        Weights of the sequences, summed.
    """

    position: np.ndarray
    context: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, sequences: SequenceSet, order: int, symbols: int, positional: bool) -> Self:
        """Count some sequences at a time, so that the memory does not grow with their number."""
        longest = sequences.longest
        contexts = (sequences.alphabet.size + 1) ** order
        cells = (longest + 1 if positional else 1) * contexts * symbols
        every = np.zeros(cells if cells <= _CELLS else 0)
        seen: list[tuple[np.ndarray, np.ndarray]] = []
        for part in runs(sequences):
            events = Events.of(part, order, longest)
            cell = events.context * symbols + events.symbol
            if positional:
                cell += events.position * (contexts * symbols)
            weights = part.weights[events.record]
            if len(every):
                every += np.bincount(cell, weights, cells)
            else:
                seen.append(_summed(cell, weights))
        if len(every):
            seen = [(np.flatnonzero(every), every[every > 0])]
        cell, weights = _summed(*(np.concatenate(column) for column in zip(*seen, strict=True)))
        keys, which = np.unique(cell // symbols, return_inverse=True)
        counts = np.zeros((len(keys), symbols))
        counts[which, cell % symbols] = weights
        return cls(keys // contexts, keys % contexts, counts)


def _summed(keys: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct keys, ascending, and the sum of the weights of each."""
    distinct, which = np.unique(keys, return_inverse=True)
    return distinct, np.bincount(which, weights, len(distinct))


class ContextTables:
    """Probabilities of the next symbol for contexts of every length up to ``order``.

    Parameters
    ----------
    seen : ContextCounts
        What followed contexts of ``order`` letters.
    order : int
        Letters in the longest context.
    base : int
        Base of the contexts.
    pseudocount : float
        Counts added to the empty context, spread equally over the symbols.
    backoff : float, optional
        Counts added to longer contexts, spread as the next shorter context says; by default the
        likeliest of ``BACKOFFS`` for each order (:func:`likeliest_backoff`).
    """

    def __init__(
        self,
        seen: ContextCounts,
        order: int,
        base: int,
        pseudocount: float,
        backoff: float | None = None,
    ) -> None:
        symbols = seen.counts.shape[1]
        self._base, self._symbols = base, symbols
        self._keys: list[np.ndarray] = []
        self._tables: list[np.ndarray] = []
        for k in range(order + 1):
            keys, which = np.unique(self._key(seen.position, seen.context, k), return_inverse=True)
            counts = np.zeros((len(keys), symbols))
            np.add.at(counts, which, seen.counts)
            position, context = keys // base**k, keys % base**k
            shorter = (
                self.probabilities(position, context)
                if k
                else np.full((len(keys), symbols), 1 / symbols)
            )
            added = pseudocount
            if k:
                added = likeliest_backoff(counts, shorter) if backoff is None else backoff
            total = counts.sum(1, keepdims=True) + added
            self._tables.append((counts + added * shorter) / total)
            self._keys.append(keys)

    def _key(self, position: np.ndarray, context: np.ndarray, order: int) -> np.ndarray:
        return position * self._base**order + context % self._base**order

    def probabilities(self, position: np.ndarray, context: np.ndarray) -> np.ndarray:
        """Look up by the longest context that was seen.

        Parameters
        ----------
        position, context : numpy.ndarray, shape (n,), int64
            Positions (0 where all share one table) and contexts.

        Returns
        -------
        numpy.ndarray, shape (n, symbols)
        """
        out = np.empty((len(position), self._symbols))
        left = np.arange(len(position))
        for order in reversed(range(len(self._keys))):
            keys = self._key(position[left], context[left], order)
            row = np.minimum(np.searchsorted(self._keys[order], keys), len(self._keys[order]) - 1)
            seen = self._keys[order][row] == keys
            out[left[seen]] = self._tables[order][row[seen]]
            left = left[~seen]
        return out


def likeliest_backoff(counts: np.ndarray, shorter: np.ndarray) -> float:
    """Choose the weight of the shorter contexts by leave-one-out likelihood.

    Parameters
    ----------
    counts, shorter : numpy.ndarray, shape (contexts, symbols)
        Counts, and probabilities by the next shorter contexts.

    Returns
    -------
    float
        The one of ``BACKOFFS`` under which the symbols are likeliest, each predicted from the
        other counts of its context.

    Examples
    --------
    >>> even = np.full((1, 2), 0.5)
    >>> likeliest_backoff(np.array([[50.0, 50.0]]), even)
    300.0
    >>> likeliest_backoff(np.array([[100.0, 0.0]]), even)
    0.3
    """
    context, symbol = np.nonzero(counts)
    n, prior = counts[context, symbol], shorter[context, symbol]
    # A symbol of weight below 1 is left out whole.
    rest, total = np.maximum(n - 1, 0), np.maximum(counts.sum(1)[context] - 1, 0)
    likelihood = [(n * np.log((rest + b * prior) / (total + b))).sum() for b in BACKOFFS]
    return BACKOFFS[int(np.argmax(likelihood))]
