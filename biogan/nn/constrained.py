"""Drawing codes that keep to a language: forward filtering, backward sampling over an automaton.

The codes of a sequence are independent given the noise of a generator. For a language that is given
as a layered automaton, with one state of each layer for all beginnings that have the same
continuations, the probability of the language and exact draws from the codes given the language
then take one pass over the automaton each (Rabiner 1989, Proceedings of the IEEE 77:257, section
III; for chains, Scott 2002, Journal of the American Statistical Association 97:337).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

# Rows are computed in multiples of this, so that no row is the rest of a vector of the processor:
# a row then has the same bits beside any other rows.
_LANES = 32
# Numbers of a layer that stay in the cache, and numbers of all layers that are kept for a draw.
_LAYER, _KEPT = 2**17, 2**27
# Up to so many states, all codes of a layer are looked up at once.
_FEW = 64


class _Layer(NamedTuple):
    """Arcs of one position.

    Attributes
    ----------
    codes : Tensor, shape (live,), int64
        Codes that any state allows.
    following : Tensor, shape (live, states), int64
        State of the next layer; one more than there are where the sequence leads nowhere.
    alike : Tensor, shape (live,), int64
        Group of each code: codes of a group lead every state to the same one.
    grouped : Tensor, shape (groups, states), int64
        The rows of ``following`` of each group.
    """

    codes: Tensor
    following: Tensor
    alike: Tensor
    grouped: Tensor


class Trellis:
    """All sequences of a language, over which probabilities are summed and sequences drawn.

    Parameters
    ----------
    layers : sequence of numpy.ndarray, shape (states, channels), int
        For each position, each state and each code the state of the next position, below 0 where no
        sequence leads on. The first layer has one state; what follows the last is state 0.
    device : torch.device or str
        Where to compute; it has to know float64.

    Attributes
    ----------
    rows : int
        Sequences that are computed at once.

    Examples
    --------
    Two letters of a coin, not both 1:

    >>> layers = [np.array([[0, 1]]), np.array([[0, 0], [0, -1]])]
    >>> coins = torch.full((1, 2, 2), 0.5, dtype=torch.float64).log()
    >>> trellis = Trellis(layers)
    >>> trellis.log_probability(coins).exp()
    tensor([0.7500], dtype=torch.float64)
    >>> trellis.draw(coins, torch.tensor([[0.9, 0.9]]))[0]
    tensor([[1, 0]], dtype=torch.uint8)
    """

    def __init__(self, layers: Sequence[np.ndarray], device: torch.device | str = "cpu") -> None:
        self._layers, self._sizes = [], [len(layer) for layer in layers]
        for layer, states in zip(layers, [*self._sizes[1:], 1], strict=True):
            live = np.flatnonzero((layer >= 0).any(0))
            # States that lead nowhere read a row of zeros behind the others.
            following = np.where(layer < 0, states, layer)[:, live].T.astype(np.int64)
            found = np.ascontiguousarray(following)
            grouped, alike = np.unique(found, axis=0, return_inverse=True)
            parts = live, found, alike.ravel(), grouped
            self._layers.append(_Layer(*(torch.from_numpy(part).to(device) for part in parts)))
        rows = min(_LAYER // max(self._sizes), _KEPT // sum(self._sizes))
        # The largest power of two, at least one row and at most 1,024.
        self.rows = 1 << (min(max(rows, 1), 1024).bit_length() - 1)

    def log_probability(self, log_probabilities: Tensor) -> Tensor:
        """Return the log-probability of the language.

        Parameters
        ----------
        log_probabilities : Tensor, shape (N, channels, positions), float64
            Of each code at each position.

        Returns
        -------
        Tensor, shape (N,), float64
            Natural logarithm; -inf where it has no sequence of a probability above 0.
        """
        found = [self._backward(chunk)[1][:n] for chunk, n in self._chunks(log_probabilities)]
        return torch.cat(found)

    def draw(self, log_probabilities: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        """Draw codes given the language.

        Parameters
        ----------
        log_probabilities : Tensor, shape (N, channels, positions), float64
            Of each code at each position.
        uniform : Tensor, shape (N, positions)
            From U(0, 1).

        Returns
        -------
        codes : Tensor, shape (N, positions), uint8
            Exact draws; where the language has no probability, of no meaning.
        log_probability : Tensor, shape (N,), float64
            That of the language.
        """
        codes, found, first = [], [], 0
        for chunk, n in self._chunks(log_probabilities):
            kept, log_probability = self._backward(chunk, keep=True)
            some = chunk.new_zeros(chunk.shape[0], chunk.shape[2])  # (positions, rows)
            some[:, :n] = uniform[first : first + n].to(chunk).T
            codes.append(self._forward(chunk, kept, some)[:n])
            found.append(log_probability[:n])
            first += n
        return torch.cat(codes), torch.cat(found)

    def _chunks(self, log_probabilities: Tensor) -> Iterator[tuple[Tensor, int]]:
        """Yield probabilities of some rows, shape (positions, channels, rows), and their number.

        Copies of the last row fill the last chunk up.
        """
        for rows in log_probabilities.split(self.rows):
            wanted = min(self.rows, -(-len(rows) // _LANES) * _LANES)
            some = torch.arange(wanted, device=rows.device).clamp(max=len(rows) - 1)
            yield rows[some].permute(2, 1, 0).contiguous().exp_(), len(rows)

    def _backward(self, probabilities: Tensor, keep: bool = False) -> tuple[list[Tensor], Tensor]:
        """Sum the probabilities of all continuations of each state, from the end.

        Returns those of each layer, shape (states + 1, rows), a row of zeros last, in multiples of
        the largest of each row, and the log-probability of the language, shape (rows,).
        """
        rows = probabilities.shape[2]
        after = probabilities.new_zeros(2, rows)
        after[0] = 1
        kept, log_scale = [after], probabilities.new_zeros(rows)
        for layer, weights in zip(reversed(self._layers), probabilities.flip(0), strict=True):
            groups, states = layer.grouped.shape
            weights = weights.new_zeros(groups, rows).index_add_(
                0, layer.alike, weights[layer.codes]
            )
            before = probabilities.new_empty(states + 1, rows)
            before[states] = 0
            if states <= _FEW:
                found = after.index_select(0, layer.grouped.flatten()).view(groups, states, rows)
                torch.sum(found.mul_(weights[:, None]), 0, out=before[:states])
            else:
                sums = before[:states]
                torch.mul(after.index_select(0, layer.grouped[0]), weights[0], out=sums)
                for following, weight in zip(layer.grouped[1:], weights[1:], strict=True):
                    sums.addcmul_(after.index_select(0, following), weight)
            largest = before.amax(0)
            largest = torch.where(largest > 0, largest, 1)
            before /= largest
            log_scale += largest.log()
            after = before
            if keep:
                kept.append(after)
        return kept[::-1], after[0].log() + log_scale

    def _forward(self, probabilities: Tensor, kept: list[Tensor], uniform: Tensor) -> Tensor:
        """Draw a code at each position given the state that those before led to."""
        state = torch.zeros(probabilities.shape[2], dtype=torch.long, device=probabilities.device)
        drawn = []
        for layer, weights, after, some in zip(
            self._layers, probabilities, kept[1:], uniform, strict=True
        ):
            # Rows without any sequence have no state left: whatever they write means nothing.
            state = state.clamp(max=layer.following.shape[1] - 1)
            following = layer.following[:, state]  # (live, rows)
            weights = weights[layer.codes] * after.gather(0, following)
            steps = weights.cumsum(0)
            chosen = (steps <= some * steps[-1]).sum(0)
            # A number next to 1, times the sum, may be the sum.
            chosen = torch.where(chosen < len(weights), chosen, weights.argmax(0))
            drawn.append(layer.codes[chosen])
            state = following.gather(0, chosen[None]).squeeze(0)
        return torch.stack(drawn, 1).to(torch.uint8)
