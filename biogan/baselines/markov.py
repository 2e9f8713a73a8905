"""Markov chains of any order, the same everywhere or with a table for each position."""

from __future__ import annotations

import numpy as np

from biogan.baselines.base import Baseline
from biogan.baselines.contexts import ContextCounts, ContextTables, Events
from biogan.datasets.sequences import SequenceSet
from biogan.errors import ConfigError, DataError

PSEUDOCOUNT = 1.0
COLUMNS = 256  # positions drawn before the sequences that have ended make room


class MarkovChain(Baseline):
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
        Own probabilities for every position, for sequences cut or aligned at a common place.
    pseudocount : float
        Imagined counts of the empty context, more than 0.
    backoff : float, optional
        Imagined counts of every other context (b above), more than 0; by default the likeliest for
        each order (:func:`biogan.baselines.contexts.likeliest_backoff`).

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
        pseudocount: float = PSEUDOCOUNT,
        backoff: float | None = None,
    ) -> None:
        super().__init__()
        if not 0 <= order < float("inf") or order != int(order):
            raise ConfigError(f"order {order}: must be a whole number, 0 or more")
        for name, value in (("pseudocount", pseudocount), ("backoff", backoff)):
            if value is not None and not 0 < value < float("inf"):
                raise ConfigError(f"{name} {value}: must be above 0 and finite")
        self.order, self.positional = int(order), positional
        self.pseudocount, self.backoff = pseudocount, backoff
        self.prefix = f"{'positional_' if positional else ''}markov{self.order}"

    def _learn(self, sequences: SequenceSet) -> None:
        size = sequences.alphabet.size
        self._shortest = int(sequences.lengths.min())
        self._longest = int(sequences.lengths.max())
        # Places, contexts and symbols are counted in one number, see ContextCounts.
        places = self._longest + 1 if self.positional else 1
        if places * (size + 1) ** (self.order + 1) > 2**62:
            raise ConfigError(f"order {self.order}: too high for an alphabet of {size} letters")
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
        return _joined(train, n, blocks)

    def _cumulated(self, position: int, context: np.ndarray, contexts: int) -> np.ndarray:
        """Cumulated probabilities of the symbols after each context: shape (symbols, n)."""
        # Where rows outnumber contexts, each context is looked up once.
        asked = np.arange(contexts) if contexts < len(context) else context
        share = self._probabilities(np.full(len(asked), position), asked).cumsum(1).T.copy()
        return share[:, context] if contexts < len(context) else share

    def log_prob(self, sequences: SequenceSet) -> np.ndarray:
        """Return the log-probability of each sequence.

        Parameters
        ----------
        sequences : SequenceSet
            Sequences over the alphabet of the training data.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Natural logarithms (nats); minus infinity for lengths that the chain never writes.

        Raises
        ------
        DataError
            If nothing was fitted yet, or the alphabets differ.
        """
        letters = self.train.alphabet.letters
        if sequences.alphabet.letters != letters:
            raise DataError(
                f"the chain was fitted to sequences over {letters!r}, these are over "
                f"{sequences.alphabet.letters!r}: read both with one alphabet"
            )
        lengths = sequences.lengths
        possible = (lengths >= self._shortest) & (lengths <= self._longest)
        some = np.flatnonzero(possible)
        events = Events.of(sequences.take(some), self.order, self._longest)
        table = self._probabilities(events.position, events.context)
        share = table[np.arange(len(table)), events.symbol] / table.sum(1)
        out = np.full(len(sequences), -np.inf)
        out[some] = np.bincount(events.record, np.log(share), len(some))
        return out

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
