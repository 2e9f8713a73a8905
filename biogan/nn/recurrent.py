"""A recurrent network that reads a sequence letter by letter and says what comes next.

The likelihood of a sequence is the product of the probabilities of its letters, each given those
before it, and of the end symbol. With numbers that stand for a whole record (a code) it is the
likelihood given these. Sequences are drawn in the same order, one letter at a time.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from biogan.nn.layers import widened


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
    context : int
        Numbers that stand for the whole record, 0 for none.
    told : bool
        Whether the length of each sequence is known beforehand: there is no end symbol then, and
        the distance to the end is read like the position.
    dropout : float
        Share of the last features that is set to zero during training.

    Attributes
    ----------
    letters, longest : int
        As given; a code of ``letters`` is the end.
    start : int
        Code of what stands before the first letter.
    """

    barred: Tensor

    def __init__(
        self,
        letters: int,
        shortest: int,
        longest: int,
        units: int,
        context: int = 0,
        told: bool = False,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.letters, self.longest = letters, longest
        self.ends = shortest < longest and not told
        symbols = letters + self.ends
        # No end before the shortest length, no letter behind the longest.
        barred = torch.zeros(longest + 1, symbols, dtype=torch.bool)
        barred[:shortest, letters:] = True
        barred[longest:, :letters] = self.ends
        self.register_buffer("barred", barred)
        # The row behind those of the symbols stands for the start.
        self.start = symbols
        self.letter = nn.Embedding(symbols + 1, units)
        self.position = nn.Embedding(longest + 1, units)
        self.recurrent = nn.GRU(units, units, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(2 * units, symbols)
        self.tell = nn.Linear(context, 3 * units) if context else None
        self.left = nn.Embedding(longest + 1, units) if told else None

    def forward(
        self,
        before: Tensor,
        first: int = 0,
        hidden: Tensor | None = None,
        context: Tensor | None = None,
        lengths: Tensor | None = None,
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
        context : Tensor, shape (N, context), optional
            What stands for each record, where the network reads such numbers.
        lengths : Tensor, shape (N,), int64, optional
            Letters of each sequence, where they are told.

        Returns
        -------
        logits : Tensor, shape (N, length, symbols)
        hidden : Tensor
            State behind the last column.
        """
        place = self.position.weight[first : first + before.shape[1]]
        if self.left is not None and lengths is not None:
            places = torch.arange(first, first + before.shape[1], device=before.device)
            place = place + self.left((lengths[:, None] - places).clamp(min=0))
        x = self.letter(before) + place
        if self.tell is not None and context is not None:
            into, out, state = self.tell(context).chunk(3, 1)
            x, place = x + into[:, None], place + out[:, None]
            if hidden is None:
                hidden = state.tanh()[None].to(x.dtype)
        states, hidden = self.recurrent(x, hidden)
        # The position once more behind the recurrence: what stands where needs no memory.
        both = torch.cat([states, place.expand_as(states)], 2)
        logits = self.out(self.dropout(both))
        barred = self.barred[first : first + before.shape[1]]
        return logits.masked_fill(barred, -torch.inf), hidden


def symbol_losses(
    network: LetterNetwork, rows: Tensor, context: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return the negative log-likelihood of each symbol, in nats.

    Parameters
    ----------
    network : LetterNetwork
        The network.
    rows : Tensor, shape (N, length), int64
        Codes of the letters, end symbols behind them.
    context : Tensor, shape (N, context), optional
        What stands for each record.

    Returns
    -------
    losses : Tensor, shape (N, columns)
        Up to the last column that counts.
    counted : Tensor, shape (N, columns), bool
        Letters and, where lengths are not told, the first end symbol; what stands behind is no
        part of a sequence.

    Examples
    --------
    >>> network = LetterNetwork(4, 1, 3, 8).eval()
    >>> losses, counted = symbol_losses(network, torch.tensor([[0, 1, 4, 4], [2, 4, 4, 4]]))
    >>> tuple(losses.shape), counted.sum(1).tolist()
    ((2, 3), [3, 2])
    """
    ended = (rows == network.letters).cumsum(1)
    counted = ended <= int(network.ends)
    width = int(counted.any(0).sum())
    lengths = (ended == 0).sum(1)
    counted, behind = counted[:, :width], network.letters * network.ends
    rows = rows[:, :width].where(counted, behind)
    start = torch.full_like(rows[:, :1], network.start)
    logits, _ = network(torch.cat([start, rows[:, :-1]], 1), context=context, lengths=lengths)
    losses = cross_entropy(widened(logits).transpose(1, 2), rows, reduction="none")
    return losses, counted


#: Gumbel noise of the sequences that are still written, shape (live, symbols): of their numbers,
#: shape (live,), and the position.
Chance = Callable[[Tensor, int], Tensor]
#: Changes the scores of these, shape (live, symbols), where not every symbol may stand: of the
#: scores, their numbers, the symbols before, shape (live,), and the position.
Steer = Callable[[Tensor, Tensor, Tensor, int], Tensor]


@torch.no_grad()
def write(
    network: LetterNetwork,
    n: int,
    chance: Chance,
    context: Tensor | None = None,
    temperature: float = 1.0,
    lengths: Tensor | None = None,
    steer: Steer | None = None,
) -> Tensor:
    """Draw sequences, one letter at a time.

    Parameters
    ----------
    network : LetterNetwork
        The network; it should be in evaluation mode.
    n : int
        Number of sequences.
    chance : callable
        Standard Gumbel noise: the largest sum of score and noise is a draw (Maddison et al. 2017).
    context : Tensor, shape (n, context), optional
        What stands for each record.
    temperature : float
        Divides the logits; 0 takes the likeliest symbol.
    lengths : Tensor, shape (n,), int64, optional
        Letters of each sequence, where they are told.
    steer : callable, optional
        Leaves out symbols that may not stand, by scores of minus infinity.

    Returns
    -------
    Tensor, shape (n, longest), int64
        Codes, the end symbol behind each sequence.
    """
    device = network.barred.device
    rows = torch.full((n, network.longest), network.letters, device=device)
    live = torch.arange(n, device=device)
    before = torch.full((n, 1), network.start, device=device)
    hidden: Tensor | None = None
    for place in range(network.longest):
        if lengths is not None:
            left = lengths[live] > place
            if not left.all():
                live, before, hidden = live[left], before[left], _some(hidden, left)
        if not len(live):
            break
        logits, hidden = network(
            before, place, hidden, None if context is None else context[live],
            None if lengths is None else lengths[live],
        )  # fmt: skip
        scores = logits[:, 0].double() / (temperature or 1)
        if steer is not None:
            scores = steer(scores, live, before[:, 0], place)
        if temperature > 0:
            scores = scores + chance(live, place)
        drawn = scores.argmax(1)
        on = drawn < network.letters
        rows[live[on], place] = drawn[on]
        live, before, hidden = live[on], drawn[on, None], _some(hidden, on)
    return rows


def _some(hidden: Tensor | None, rows: Tensor) -> Tensor | None:
    return None if hidden is None else hidden[:, rows].contiguous()
