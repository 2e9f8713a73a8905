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

from biogan.core.rng import layers_from, torch_generator
from biogan.nn.recurrent import LetterNetwork, symbol_losses, write
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
            network = LetterNetwork(self._end, self._shortest, self._longest, UNITS)
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
        losses, counted = symbol_losses(network, rows)
        return losses[counted]

    @torch.no_grad()
    def _scored(self, network: LetterNetwork, rows: Tensor) -> Tensor:
        network.eval()
        return self._loss(network, rows)

    @torch.no_grad()
    def _log_prob(self, sequences: SequenceSet) -> np.ndarray:
        found = [np.zeros(0)]
        for start in range(0, len(sequences), _BLOCK):
            rows = self._rows(sequences[start : start + _BLOCK])
            losses, counted = symbol_losses(self._network, rows)
            found.append(-(losses.double() * counted).sum(1).numpy())
        return np.concatenate(found)

    @torch.no_grad()
    def _draw(self, train: SequenceSet, n: int, random: np.random.Generator) -> SequenceSet:
        symbols = self._end + self._varies

        def chance(live: Tensor, place: int) -> Tensor:
            return torch.from_numpy(random.gumbel(size=(len(live), symbols)))

        parts = []
        for start in range(0, n, _BLOCK):
            written = write(self._network, min(_BLOCK, n - start), chance).numpy()
            rows = np.where(written < self._end, written, train.alphabet.end).astype(np.uint8)
            parts.append(SequenceSet.from_matrix(train.alphabet, rows))
        return SequenceSet.concatenate(parts)
