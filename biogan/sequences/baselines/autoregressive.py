"""An autoregressive network: the plain neural alternative to a generative adversarial network.

It reads the letters from the first to the last and predicts each from those before it, as a Markov
chain does, but from all of them. Training maximises the likelihood, so nothing can collapse, and
the likelihood of any sequence can be told; sampling takes a pass through the network for each
letter.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from biogan.core.rng import layers_from, torch_generator
from biogan.sequences.baselines.simple import LikelihoodBaseline
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.splits import split
from biogan.training.config import seconds

UNITS, BATCH, RATE = 128, 64, 4e-3
# Share of the records that tells when to stop, and how many checks without a lower loss end it.
VALIDATION, PATIENCE = 0.1, 8
# Checks of the validation loss in one pass over the data, and steps between two at least.
CHECKS_A_PASS, FEWEST_STEPS = 2, 20
_MOST_STEPS = 100_000
# Without validation records nothing says when the network begins to learn records by heart.
_BLIND_STEPS = 200
_BLOCK = 1024

Watch = Callable[[str], None]


class LetterNetwork(nn.Module):
    """A gated recurrent unit (Cho et al. 2014) over letters with an embedding of the position.

    Parameters
    ----------
    letters : int
        Size of the alphabet.
    shortest, longest : int
        Lengths of the sequences; where they differ, the symbol behind the letters is the end.
    units : int
        Hidden units.
    """

    barred: Tensor

    def __init__(self, letters: int, shortest: int, longest: int, units: int = UNITS) -> None:
        super().__init__()
        symbols = letters + (shortest < longest)
        # No end before the shortest length, no letter behind the longest.
        barred = torch.zeros(longest + 1, symbols, dtype=torch.bool)
        barred[:shortest, letters:] = True
        barred[longest:, :letters] = True
        self.register_buffer("barred", barred)
        # The row behind those of the symbols stands for the start.
        self.start = symbols
        self.letter = nn.Embedding(symbols + 1, units)
        self.position = nn.Embedding(longest + 1, units)
        self.recurrent = nn.GRU(units, units, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.out = nn.Linear(2 * units, symbols)

    def forward(
        self, before: Tensor, first: int = 0, hidden: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Score the symbol behind each letter.

        Parameters
        ----------
        before : Tensor, shape (N, length), int64
            The symbol before each position.
        first : int
            Position of the first column.
        hidden : Tensor, optional
            State before the first column.

        Returns
        -------
        logits : Tensor, shape (N, length, symbols)
        hidden : Tensor
            State behind the last column.
        """
        place = self.position.weight[first : first + before.shape[1]]
        x = self.letter(before) + place
        states, hidden = self.recurrent(x, hidden)
        # The position once more behind the recurrence: what stands where needs no memory.
        both = torch.cat([states, place.expand_as(states)], 2)
        logits = self.out(self.dropout(both))
        barred = self.barred[first : first + before.shape[1]]
        return logits.masked_fill(barred, -torch.inf), hidden


class Autoregressive(LikelihoodBaseline):
    """Draws each letter given all letters before it and its position, by a recurrent network.

    A tenth of the records, none alike to the others, tells when to stop; the weights of the lowest
    validation loss are kept.

    Parameters
    ----------
    max_time : str
        Longest training time, such as ``"90s"`` or ``"5m"``; it ends earlier where the validation
        loss no longer falls.
    seed : int
        Seed of weights, batches and split; :meth:`sample` has its own.
    watch : callable, optional
        Receives a line at each check; :meth:`sample` then draws from the best weights so far.

    Attributes
    ----------
    steps : int
        Steps that were taken.
    kept_at : int
        Step of the weights that are kept.
    validation_loss : float
        Lowest loss of the validation records, nats a symbol; that of training records where there
        are too few for a validation split (below 50 distinct ones: 200 steps are taken).

    References
    ----------
    Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder", EMNLP.

    Examples
    --------
    >>> peer = Autoregressive(max_time="1s").fit(SequenceSet.from_strings(["ACGT" * 5] * 64))
    >>> peer.sample(1)
    SequenceSet(1 dna sequences, length 20)
    """

    prefix = "autoregressive"
    noun = "network"

    def __init__(self, max_time: str = "5m", seed: int = 0, watch: Watch | None = None) -> None:
        super().__init__()
        self.max_time, self.seed, self.watch = max_time, seed, watch
        self.steps, self.kept_at, self.validation_loss = 0, 0, float("inf")

    def _learn(self, sequences: SequenceSet) -> None:
        stop = time.monotonic() + (seconds(self.max_time) or 0)
        self._end = sequences.alphabet.size
        self._shortest, self._longest = int(sequences.lengths.min()), sequences.longest
        self._varies = not sequences.is_fixed_length
        with layers_from(self.seed, "autoregressive"):
            network = LetterNetwork(self._end, self._shortest, self._longest)
        parts = split(sequences, VALIDATION, self.seed, fewest=50)
        rows, weights = self._rows(parts.train), parts.train.weights
        held = self._rows(parts.held_out) if len(parts.held_out) else rows[:_BLOCK]
        times = torch.from_numpy(np.maximum(1, np.rint(weights)).astype(np.int64))
        deck = torch.arange(len(rows)).repeat_interleave(times)
        optimiser = torch.optim.Adam(network.parameters(), RATE)
        batches = max(1, len(deck) // BATCH)
        every = max(FEWEST_STEPS, batches // CHECKS_A_PASS)
        slower = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimiser, factor=0.25, patience=PATIENCE // 2 - 1
        )
        self._network, self.validation_loss, behind = network, float("inf"), 0
        order = deck
        for step in range(_MOST_STEPS if len(parts.held_out) else _BLIND_STEPS):
            turn, batch = divmod(step, batches)
            if batch == 0:
                shuffled = torch_generator(self.seed, "autoregressive batches", turn)
                order = deck[torch.randperm(len(deck), generator=shuffled)]
            network.train()
            with layers_from(self.seed, "dropout", step):
                loss = self._loss(network, rows[order[batch * BATCH : (batch + 1) * BATCH]]).mean()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            self.steps = step + 1
            late = time.monotonic() > stop
            if self.steps % every and not late:
                continue
            found = float(torch.cat([self._scored(network, held[i : i + _BLOCK])
                                     for i in range(0, len(held), _BLOCK)]).mean())  # fmt: skip
            if found < self.validation_loss:
                self._network, self.validation_loss, behind = copy.deepcopy(network), found, 0
                self.kept_at = self.steps
            else:
                behind += 1
            if self.watch is not None:
                self.watch(f"step {self.steps:,}: validation loss {found:.4f} nats a symbol")
            slower.step(found)
            if late or behind >= PATIENCE:
                break
        self._network = self._network.eval()

    def _rows(self, sequences: SequenceSet) -> Tensor:
        """Symbols of each sequence, behind it end symbols: shape (n, longest + 1 or longest)."""
        width = self._longest + self._varies
        rows = np.full((len(sequences), width), self._end, np.int64)
        rows[:, : self._longest] = np.minimum(sequences.matrix(self._longest), self._end)
        return torch.from_numpy(rows)

    def _loss(self, network: LetterNetwork, rows: Tensor) -> Tensor:
        """Negative log-likelihood of each symbol up to the first end symbol, one-dimensional."""
        losses, counted = self._by_symbol(network, rows)
        return losses[counted]

    @torch.no_grad()
    def _scored(self, network: LetterNetwork, rows: Tensor) -> Tensor:
        network.eval()
        return self._loss(network, rows)

    def _by_symbol(self, network: LetterNetwork, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Losses by symbol, and which of them count: shape (N, length) each."""
        # The first end symbol counts, those behind it do not.
        counted = (rows == self._end).cumsum(1) <= 1
        width = int(counted.any(0).sum())
        rows, counted = rows[:, :width], counted[:, :width]
        start = torch.full_like(rows[:, :1], network.start)
        logits, _ = network(torch.cat([start, rows[:, :-1]], 1))
        losses = cross_entropy(logits.transpose(1, 2), rows, reduction="none")
        return losses, counted

    @torch.no_grad()
    def _log_prob(self, sequences: SequenceSet) -> np.ndarray:
        found = [np.zeros(0)]
        for start in range(0, len(sequences), _BLOCK):
            rows = self._rows(sequences[start : start + _BLOCK])
            losses, counted = self._by_symbol(self._network, rows)
            found.append(-(losses.double() * counted).sum(1).numpy())
        return np.concatenate(found)

    @torch.no_grad()
    def _draw(self, train: SequenceSet, n: int, random: np.random.Generator) -> SequenceSet:
        parts = []
        for start in range(0, n, _BLOCK):
            size = min(_BLOCK, n - start)
            width = self._longest
            rows = np.full((size, width), train.alphabet.end, np.uint8)
            live = torch.arange(size)
            before = torch.full((size, 1), self._network.start)
            hidden: Tensor | None = None
            for place in range(width):
                logits, hidden = self._network(before, place, hidden)
                scores = logits[:, 0].double()
                noise = torch.from_numpy(random.gumbel(size=scores.shape))
                drawn = (scores + noise).argmax(1)
                on = drawn < self._end
                rows[live[on].numpy(), place] = drawn[on].numpy().astype(np.uint8)
                live, before, hidden = live[on], drawn[on, None], hidden[:, on].contiguous()
                if not len(live):
                    break
            parts.append(SequenceSet.from_matrix(train.alphabet, rows))
        return SequenceSet.concatenate(parts)
