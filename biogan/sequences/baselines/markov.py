"""Markov chains of any order and the position weight matrix.

A chain has one table for all positions or one table for each position. The counts after a context
are smoothed with those of shorter contexts. A position weight matrix draws an independent letter at
each position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from biogan.core.errors import ConfigError
from biogan.sequences.baselines.simple import LikelihoodBaseline, runs
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.strands import backwards

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


PSEUDOCOUNT = 1.0
COLUMNS = 256  # positions drawn before the sequences that have ended make room


class MarkovChain(LikelihoodBaseline):
    r"""Draws each letter given the ``order`` letters before it.

    The counts of a context c are joined by ``backoff`` imagined ones (b), spread as the next
    shorter context c' (c without its oldest letter) says:

    .. math:: p_k(x | c) = \frac{n(c, x) + b \, p_{k-1}(x | c')}{n(c) + b}

    This is a hierarchical Dirichlet prior (MacKay & Peto 1995, Nat. Lang. Eng. 1:289). It ends at
    the empty context, whose ``pseudocount`` imagined counts are spread equally. A context that was
    never seen falls back to the next shorter one, and start symbols stand for the letters before a
    sequence. Where lengths vary, the end is a symbol like a letter, so that lengths are modelled
    too; no sequence is shorter than the shortest or longer than the longest of the training data.

    Parameters
    ----------
    order : int
        Letters of context, 0 or more.
    positional : bool
        Own probabilities for every position, counted from the start.
    from_end : bool
        Read and write the sequences from the last letter to the first: positions are then counted
        from the end.
    pseudocount : float
        Imagined counts of the empty context, more than 0.
    backoff : float, optional
        Imagined counts of every other context (b above), more than 0; by default the likeliest for
        each order (:func:`biogan.sequences.baselines.markov.likeliest_backoff`).

    Raises
    ------
    ConfigError
        If order, pseudocount or backoff is out of range.

    Examples
    --------
    >>> chain = MarkovChain(2).fit(SequenceSet.from_strings(["ACGT" * 50]))
    >>> chain.sample(1)
    SequenceSet(1 dna sequences, length 200)
    """

    def __init__(
        self,
        order: int,
        positional: bool = False,
        from_end: bool = False,
        pseudocount: float = PSEUDOCOUNT,
        backoff: float | None = None,
    ) -> None:
        super().__init__()
        if not 0 <= order < float("inf") or order != int(order):
            raise ConfigError(f"order {order}: must be a whole number, 0 or more")
        for name, value in (("pseudocount", pseudocount), ("backoff", backoff)):
            if value is not None and not 0 < value < float("inf"):
                raise ConfigError(f"{name} {value}: must be above 0 and finite")
        self.order, self.positional, self.from_end = int(order), positional, from_end
        self.pseudocount, self.backoff = pseudocount, backoff
        self.prefix = (
            f"{'positional_' if positional else ''}markov{'_end' if from_end else ''}{self.order}"
        )

    def _learn(self, sequences: SequenceSet) -> None:
        size = sequences.alphabet.size
        self._shortest = int(sequences.lengths.min())
        self._longest = int(sequences.lengths.max())
        # Places, contexts and symbols are counted in one number, see ContextCounts.
        places = self._longest + 1 if self.positional else 1
        if places * (size + 1) ** (self.order + 1) > 2**62:
            raise ConfigError(f"order {self.order}: too high for an alphabet of {size} letters")
        if self.from_end:
            sequences = backwards(sequences)
        # A set of one length never ends early, so that its chain needs no end symbol.
        symbols = size + (self._shortest < self._longest)
        self._tables = ContextTables(
            ContextCounts.of(sequences, self.order, symbols, self.positional),
            self.order,
            size + 1,
            self.pseudocount,
            self.backoff,
        )

    def _draw(self, train: SequenceSet, n: int, random: np.random.Generator) -> SequenceSet:
        end = train.alphabet.size
        contexts = (end + 1) ** self.order
        # Where lengths vary widely, n rows of the longest length would mostly be padding.
        blocks: list[tuple[np.ndarray, np.ndarray]] = []
        owner, row, context = np.arange(n), np.arange(n), np.full(n, contexts - 1)
        for position in range(self._longest):
            if not len(row):
                break
            if position % COLUMNS == 0:
                owner, row = owner[row], np.arange(len(row))
                width = min(COLUMNS, self._longest - position)
                blocks.append((owner, np.full((len(row), width), end, np.uint8)))
            share = self._cumulated(position, context, contexts)
            threshold = random.random(len(row)) * share[-1]
            symbol = np.zeros(len(row), np.uint8)
            for limit in share[:-1]:
                symbol += limit <= threshold
            blocks[-1][1][row, position % COLUMNS] = symbol
            if len(share) > end:
                goes_on = symbol < end
                row, symbol, context = row[goes_on], symbol[goes_on], context[goes_on]
            context = (context * (end + 1) + symbol) % contexts
        drawn = _joined(train, n, blocks)
        return backwards(drawn) if self.from_end else drawn

    def _cumulated(self, position: int, context: np.ndarray, contexts: int) -> np.ndarray:
        """Cumulated probabilities of the symbols after each context: shape (symbols, n)."""
        # Where rows outnumber contexts, each context is looked up once.
        asked = np.arange(contexts) if contexts < len(context) else context
        share = self._probabilities(np.full(len(asked), position), asked).cumsum(1).T.copy()
        return share[:, context] if contexts < len(context) else share

    def _log_prob(self, sequences: SequenceSet) -> np.ndarray:
        asked = backwards(sequences) if self.from_end else sequences
        events = Events.of(asked, self.order, self._longest)
        table = self._probabilities(events.position, events.context)
        share = table[np.arange(len(table)), events.symbol] / table.sum(1)
        return np.bincount(events.record, np.log(share), len(sequences))

    def _probabilities(self, position: np.ndarray, context: np.ndarray) -> np.ndarray:
        """Unscaled probabilities of the symbols, shape (n, symbols); no end before its time."""
        place = position if self.positional else np.zeros_like(position)
        table = self._tables.probabilities(place, context)
        if self._shortest < self._longest:
            table[position < self._shortest, -1] = 0
        return table


def _joined(train: SequenceSet, n: int, blocks: list[tuple[np.ndarray, np.ndarray]]) -> SequenceSet:
    """Join blocks of ``COLUMNS`` positions, each with the indices of the sequences in its rows."""
    offsets = np.zeros(n + 1, np.int64)
    for owner, block in blocks:
        offsets[1 + owner] += (block < train.alphabet.end).sum(1)
    np.cumsum(offsets, out=offsets)
    codes = np.empty(offsets[-1], np.uint8)
    for number, (owner, block) in enumerate(blocks):
        inside = block < train.alphabet.end
        place = offsets[owner, None] + number * COLUMNS + np.arange(block.shape[1])
        codes[place[inside]] = block[inside]
    return SequenceSet(train.alphabet, codes, offsets)


class PWM(MarkovChain):
    """Draws the letter of every position on its own: a positional chain of order 0.

    Sequences of varying lengths end with the probability that the training data show at each
    position.

    Parameters
    ----------
    pseudocount : float
        Imagined counts at each position, spread equally over the symbols; more than 0.

    Examples
    --------
    >>> from biogan.sequences.dataset import SequenceSet
    >>> pwm = PWM(pseudocount=4).fit(SequenceSet.from_strings(["AC"] * 4))
    >>> pwm.matrix.tolist()
    [[0.625, 0.125, 0.125, 0.125], [0.125, 0.625, 0.125, 0.125]]
    """

    def __init__(self, pseudocount: float = PSEUDOCOUNT) -> None:
        super().__init__(0, positional=True, pseudocount=pseudocount)
        self.prefix = "pwm"

    @property
    def matrix(self) -> np.ndarray:
        """Probabilities of the letters, shape (longest length, letters), rows sum to 1.

        Raises
        ------
        DataError
            If nothing was fitted yet.
        """
        size = self.train.alphabet.size
        position = np.arange(self._longest)
        letters = self._probabilities(position, np.zeros_like(position))[:, :size]
        return letters / letters.sum(1, keepdims=True)
