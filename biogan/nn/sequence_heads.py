"""The last layer of a sequence generator: from logits to letters.

A critic that sees one-hot real data can always distinguish soft letters from hard ones. The default
head therefore shows it hard letters: a straight-through Gumbel-softmax (Jang et al. 2017; Maddison
et al. 2017), whose forward pass is a *sample* of the letters and whose gradient is that of the soft
one.

Where lengths vary, the length of a sequence is drawn first, from the lengths of the training data,
and its letters are drawn given the length: no length can be dropped, and both ends are known at
every position. (Generators of biogan 0.2 and before write the end symbol like a letter.) If, in the
data, a codon ends every record and occurs nowhere else, the draw is conditioned on this constraint
as well, which is exact and need not be learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from biogan.core.label_rows import Conditions
from biogan.nn.conditioning import LabelEncoder, draw_labels, join
from biogan.nn.config import SequenceNetConfig
from biogan.nn.layers import draw_rotations, reach, rotated, widened


class Shape(NamedTuple):
    """Shape of one one-hot sequence.

    Attributes
    ----------
    channels : int
        Letters, and the end symbol where lengths vary.
    length : int
        Positions.
    """

    channels: int
    length: int


class Grammar(NamedTuple):
    """Rules of a sequence, in codes.

    Attributes
    ----------
    end : int or None
        The end symbol, which does not open a sequence: it has at least one letter. ``None`` where
        all have one length.
    closing : tuple of int
        Codes one of which stands last in every sequence, and none of which elsewhere; empty where
        there are no such.
    opening : tuple of int
        Codes one of which stands first in every sequence; empty where any may.
    lengths : tuple of float
        Share of the sequences with 0, 1, 2 ... positions, where the length is drawn first; empty
        where it is not.
    """

    end: int | None = None
    closing: tuple[int, ...] = ()
    opening: tuple[int, ...] = ()
    lengths: tuple[float, ...] = ()
    by_label: tuple[tuple[float, ...], ...] = ()

    def lengths_of(self, letters: Tensor) -> Tensor:
        """Count the positions that are no end symbol, shape (N,), of (N, channels, length)."""
        return letters.shape[2] - letters.detach()[:, self.end].sum(1).round().long()

    def shortest(self, positions: int) -> int:
        """Return the fewest positions of a sequence: one that opens and another that closes."""
        return min(2, positions) if self.opening and self.closing else 1

    def permitted(self, lengths: Tensor, shape: Shape) -> Tensor:
        """Return which codes may stand where, given the length of each sequence.

        Parameters
        ----------
        lengths : Tensor, shape (N,), int64
            Positions before the end symbol.
        shape : Shape
            Channels and positions.

        Returns
        -------
        Tensor, shape (N, channels, positions), bool
            At least one code is permitted at each position.

        Examples
        --------
        >>> stops = Grammar(end=2, closing=(0,))
        >>> stops.permitted(torch.tensor([2]), Shape(3, 3))[0].int().tolist()
        [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
        """
        place = torch.arange(shape.length, device=lengths.device)
        left = lengths[:, None] - place  # letters from here to the last one, itself counted
        inside, last, first = (left > 0)[:, None], (left == 1)[:, None], (place == 0)
        closing, opening = (
            _marked(codes, shape.channels, lengths.device) for codes in (self.closing, self.opening)
        )
        allowed = inside.expand(-1, shape.channels, -1)
        if self.closing:
            allowed = allowed & (closing == last)
        if self.opening:
            # One letter cannot open and close: it closes.
            allowed = allowed & (opening | ~first | (last if self.closing else False))
        if self.end is not None:
            end = _marked((self.end,), shape.channels, lengths.device)
            allowed = torch.where(end, ~inside, allowed)
        return allowed


def likeliest(scores: Tensor) -> Tensor:
    """Return the best channel at each position, shape (N, length)."""
    # The same as argmax(1), which takes twenty times as long on a CPU.
    return scores.max(1).indices


def best(scores: Tensor, grammar: Grammar | None = None, lengths: Tensor | None = None) -> Tensor:
    """Return the best codes that keep to a grammar.

    With Gumbel noise in the scores this draws from the product of the letters' distributions given
    the length and the grammar.

    Parameters
    ----------
    scores : Tensor, shape (N, channels, length)
        Logits, with Gumbel noise where letters are drawn.
    grammar : Grammar, optional
        Rules; none without it.
    lengths : Tensor, shape (N,), int64, optional
        Positions of each sequence; by default those before the first end symbol of the best codes.

    Returns
    -------
    Tensor, shape (N, length)
        Codes.

    Examples
    --------
    >>> scores = torch.tensor([[[3.0, 0, 1], [1, 2, 2], [2, 1, 3]]])
    >>> best(scores).tolist(), best(scores, Grammar(end=2, closing=(0,))).tolist()
    ([[0, 1, 2]], [[1, 0, 2]])
    """
    if grammar is None:
        return likeliest(scores)
    shape = Shape(*scores.shape[1:])
    if lengths is None:
        lengths = _ended(scores, grammar)
    return likeliest(scores.masked_fill(~grammar.permitted(lengths, shape), -torch.inf))


def _ended(scores: Tensor, grammar: Grammar) -> Tensor:
    """Count the positions before the first end symbol of the best codes, shape (N,)."""
    n, channels, positions = scores.shape
    if grammar.end is None:
        return torch.full((n,), positions, device=scores.device)
    codes = likeliest(scores)
    end = _marked((grammar.end,), channels, scores.device)
    codes[:, :1] = likeliest(scores[:, :, :1].masked_fill(end, -torch.inf))
    found = (codes != grammar.end).cumprod(1).sum(1)
    return found.clamp(min=grammar.shortest(positions))


def _marked(codes: tuple[int, ...], channels: int, device: torch.device) -> Tensor:
    """Mark some channels: shape (channels, 1), bool."""
    marked = torch.zeros(channels, 1, dtype=torch.bool, device=device)
    marked[list(codes)] = True
    return marked


class Noise(NamedTuple):
    """Everything random that a generator needs for N sequences.

    Attributes
    ----------
    latent : Tensor, shape (N, latent)
        Standard normal; one vector a sequence.
    position : Tensor, shape (N, position_noise, length)
        Standard normal; lets neighbouring letters vary on their own. Where a record is a window,
        for the positions beyond its ends, too, that convolutions see.
    gumbel : Tensor, shape (N, channels, length)
        Standard Gumbel; decides which letter is drawn.
    turn : Tensor, shape (N,), int64
        By how many letters a record is rotated where records are circular; where a window begins
        where a record is one; else 0.
    quantile : Tensor, shape (N,)
        From U(0, 1); decides the length where it is drawn first.
    labels : Tensor, shape (N, bytes), uint8
        Labels of the sequences; of width 0 where none are learned.
    """

    latent: Tensor
    position: Tensor
    gumbel: Tensor
    turn: Tensor
    quantile: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> Noise:
        """Move all parts to a device."""
        return Noise(*(part.to(device) for part in self))

    def rows(self, index: slice | Tensor) -> Noise:
        """Return the noise of some of the sequences."""
        return Noise(*(part[index] for part in self))


def draw_noise(
    n: int,
    config: SequenceNetConfig,
    shape: Shape,
    rng: torch.Generator,
    lengths: bool = False,
    conditions: Conditions | None = None,
) -> Noise:
    """Draw the noise of ``n`` sequences, where the generator ``rng`` draws.

    Parameters
    ----------
    n : int
        Number of sequences.
    config : SequenceNetConfig
        Latent, position_noise, rotate, shift.
    shape : Shape
        Channels and length.
    rng : torch.Generator
        Source of randomness.
    lengths : bool
        Whether lengths are drawn.
    conditions : Conditions, optional
        Labels to draw; by default none.

    Examples
    --------
    >>> rng = torch.Generator().manual_seed(0)
    >>> [tuple(t.shape) for t in draw_noise(2, SequenceNetConfig(), Shape(4, 50), rng)]
    [(2, 128), (2, 8, 50), (2, 4, 50), (2,), (2,), (2, 0)]
    """
    place = rng.device
    latent = torch.randn(n, config.latent, generator=rng, device=place)
    seen = shape.length + 2 * margin(config)
    position = torch.randn(n, config.position_noise, seen, generator=rng, device=place)
    uniform = torch.rand(n, shape.channels, shape.length, generator=rng, device=place)
    # clamp: rand() can be exactly 0, whose Gumbel is minus infinity. In place: it is the largest
    # tensor of all.
    gumbel = uniform.clamp_(1e-20, 1 - 1e-7).log_().neg_().log_().neg_()
    turn = torch.zeros(n, dtype=torch.long, device=place)
    if circle := turns(config, shape):
        turn = draw_rotations(n, circle, rng)
    quantile = torch.zeros(n, device=place)
    if lengths:
        quantile = torch.rand(n, generator=rng, device=place)
    labels = torch.empty(n, 0, dtype=torch.uint8, device=place)
    if conditions is not None:
        labels = draw_labels(conditions, n, rng)
    return Noise(latent, position, gumbel, turn, quantile, labels)


def margin(config: SequenceNetConfig) -> int:
    """Return how many positions beyond each end of a window convolutions see; 0 without one."""
    return reach(config) if config.shift and config.architecture in ("resnet", "hybrid") else 0


def turns(config: SequenceNetConfig, shape: Shape) -> int:
    """Return how many letters the circle has at whose places records may begin, 0 without one.

    Examples
    --------
    >>> turns(SequenceNetConfig(shift=10), Shape(4, 50)), turns(SequenceNetConfig(), Shape(4, 50))
    (60, 0)
    """
    if config.shift:
        return shape.length + config.shift
    return shape.length if config.rotate else 0


def drawn_lengths(
    quantile: Tensor, shares: Sequence[float] | Tensor, low: int = 0, high: int | None = None
) -> Tensor:
    """Draw lengths by their shares.

    Parameters
    ----------
    quantile : Tensor, shape (N,)
        From U(0, 1).
    shares : sequence of float, or Tensor, shape (N, lengths)
        Share of the lengths 0, 1, 2 ..., the same for all sequences or of each by itself.
    low, high : int
        Lengths from ``low`` to ``high`` only, one of which has a share above 0.

    Returns
    -------
    Tensor, shape (N,), int64

    Examples
    --------
    >>> drawn_lengths(torch.tensor([0.0, 0.4, 0.6, 1.0]), [0, 0, 0.5, 0.5]).tolist()
    [2, 2, 3, 3]
    >>> drawn_lengths(torch.tensor([0.0, 0.4, 0.6, 1.0]), [0, 0, 0.5, 0.5], low=3).tolist()
    [3, 3, 3, 3]
    """
    if isinstance(shares, Tensor):
        within = shares[:, low : None if high is None else high + 1]
        borders = within.cumsum(1)
        found = (borders <= (quantile[:, None] * borders[:, -1:])).sum(1)
        places = torch.arange(within.shape[1], device=quantile.device)
        return low + torch.minimum(found, ((within > 0) * places).amax(1))
    some = shares[: None if high is None else high + 1][low:]
    steps = torch.tensor(some, dtype=torch.float64, device=quantile.device).cumsum(0)
    # Right: a length of share 0 is never drawn, also not by a quantile of exactly 0 or 1.
    last = max(i for i, share in enumerate(some) if share)
    return low + torch.searchsorted(steps, quantile * steps[-1], right=True).clamp(max=last)


def straight_through(logits: Tensor, gumbel: Tensor, tau: float) -> Tensor:
    """Hard letters forward, the gradient of the Gumbel-softmax backward.

    Parameters
    ----------
    logits, gumbel : Tensor, shape (N, channels, length)
        Scores of the letters and standard Gumbel noise.
    tau : float
        Temperature of the soft letters.

    Returns
    -------
    Tensor, shape (N, channels, length)
        One-hot.
    """
    soft = ((logits + gumbel) / tau).softmax(1)
    hard = torch.zeros_like(soft).scatter_(1, likeliest(soft).unsqueeze(1), 1.0)
    return hard + soft - soft.detach()


def gumbel_softmax(logits: Tensor, gumbel: Tensor, tau: float) -> Tensor:
    """Soft letters with Gumbel noise, shape (N, channels, length)."""
    return ((logits + gumbel) / tau).softmax(1)


def softmax(logits: Tensor, gumbel: Tensor, tau: float) -> Tensor:
    """Soft letters without noise (the published sequence GANs), shape (N, channels, length)."""
    return (logits / tau).softmax(1)


COLD = 1e-6
HEADS = {"straight-through": straight_through, "gumbel": gumbel_softmax, "softmax": softmax}


def draw_letters(
    logits: Tensor,
    gumbel: Tensor,
    temperature: float = 1.0,
    grammar: Grammar | None = None,
    lengths: Tensor | None = None,
) -> Tensor:
    """Draw letters: the Gumbel-max trick samples the softmax of the logits exactly.

    Parameters
    ----------
    logits, gumbel : Tensor, shape (N, channels, length)
        Scores of the letters and standard Gumbel noise.
    temperature : float
        Divides the logits; 0 takes the likeliest letter.
    grammar, lengths
        As for :func:`best`.

    Returns
    -------
    Tensor, shape (N, length), uint8
        Codes.
    """
    # Colder than that, all letters but the likeliest have no chance, and logits overflow.
    scores = logits / temperature + gumbel if temperature > COLD else logits
    return best(scores, grammar, lengths).to(torch.uint8)


#: Cosines of a length, which tell near lengths apart.
WAVES = 8


def length_waves(lengths: Tensor, longest: int) -> Tensor:
    """Return what networks read of lengths, shape (N, 8)."""
    waves = torch.arange(1, WAVES + 1, device=lengths.device)
    return (torch.pi * waves * (lengths[:, None] / longest)).cos()


class LengthDrawer(nn.Module):
    """What draws the lengths of sequences before their letters, given their labels.

    Parameters
    ----------
    grammar : Grammar
        Shares of the lengths, where they are drawn first.
    conditions : Conditions
        Labels that are learned.

    Attributes
    ----------
    encoder : LabelEncoder or None
        Reads the labels, where there are any to learn.
    """

    def __init__(self, grammar: Grammar, conditions: Conditions) -> None:
        super().__init__()
        self.grammar = grammar
        self.encoder = LabelEncoder(conditions) if conditions.size else None

    def length_shares(self, noise: Any, low: int = 0, high: int | None = None) -> Tensor:
        """Return the shares of the lengths 0, 1, 2 ... given the labels, float64.

        Of several labels p(length | a, b) is taken as proportional to
        p(length | a) p(length | b) / p(length); where that leaves no length from ``low`` to
        ``high``, the labels do not count.

        Returns
        -------
        Tensor, shape (N, lengths)
        """
        pooled = torch.tensor(
            self.grammar.lengths, dtype=torch.float64, device=noise.quantile.device
        ).expand(len(noise.quantile), -1)
        if self.encoder is None or not self.grammar.by_label:
            return pooled
        table = torch.tensor(self.grammar.by_label, dtype=torch.float64, device=pooled.device)
        groups = self.encoder.groups(self.encoder(noise.labels)).double()
        shares, first = pooled, 0
        for size in self.encoder.group_counts:
            some = groups[:, first : first + size]
            own = some @ table[first : first + size] + (1 - some.sum(1, keepdim=True)) * pooled
            shares, first = shares * own / pooled.clamp(min=1e-300), first + size
        left = shares[:, low : None if high is None else high + 1].sum(1, keepdim=True)
        return torch.where(left > 0, shares, pooled)

    def lengths(self, noise: Any, low: int = 0, high: int | None = None) -> Tensor | None:
        """Draw the lengths from ``low`` to ``high`` by the quantiles; None where all have one."""
        shares = self.grammar.lengths
        if not shares:
            return None
        if not self.grammar.by_label:
            return drawn_lengths(noise.quantile, shares, low, high)
        return drawn_lengths(noise.quantile, self.length_shares(noise, low, high), low, high)


class LetterGenerator(LengthDrawer):
    """What all sequence generators share: noise in, logits, letters out.

    Subclasses define :meth:`logits`.

    Parameters
    ----------
    config : SequenceNetConfig
        Latent, position_noise, head, tau, rotate, shift.
    shape : Shape
        Channels and length of the output.
    grammar : Grammar
        Rules that every sampled sequence keeps to; those of training, too, where the length is
        drawn first.
    conditions : Conditions
        Labels that are learned.

    Attributes
    ----------
    encoder : LabelEncoder or None
        Reads the labels, where there are any to learn.
    inputs : int
        Numbers that the networks begin with: the latent vector and the labels.
    """

    def __init__(
        self,
        config: SequenceNetConfig,
        shape: Shape,
        grammar: Grammar,
        conditions: Conditions = Conditions(),  # noqa: B008 - nothing can change it
    ) -> None:
        super().__init__(grammar, conditions)
        self.config, self.shape = config, shape
        self.length = nn.Linear(WAVES, config.latent) if grammar.lengths else None
        self.inputs = config.latent + (self.encoder.width if self.encoder else 0)
        # Positions that are written, of which a window may be shown.
        self.written = shape.length + (config.shift or 0)

    def noise(self, n: int, rng: torch.Generator) -> Noise:
        """Draw the noise of ``n`` sequences from a private stream."""
        conditions = None if self.encoder is None else self.encoder.conditions
        return draw_noise(n, self.config, self.shape, rng, bool(self.grammar.lengths), conditions)

    def scores(self, noise: Noise, lengths: Tensor | None) -> Tensor:
        """Score every letter at every position, given the lengths: (N, channels, length)."""
        latent = noise.latent
        if self.length is not None and lengths is not None:
            latent = latent + self.length(length_waves(lengths, self.shape.length))
        labels = None
        if self.encoder is not None:
            labels = self.encoder(noise.labels)
            # As long as the latent vector, so that neither drowns the other at first.
            latent = torch.cat([latent, labels * self.config.latent**0.5], 1)
        # Networks may compute in half precision, letters are drawn in float32.
        return widened(self.logits(latent, noise, lengths, labels))

    def logits(
        self, latent: Tensor, noise: Noise, lengths: Tensor | None, labels: Tensor | None
    ) -> Tensor:
        """Score every letter at every position, shape (N, channels, length).

        Parameters
        ----------
        latent : Tensor, shape (N, inputs)
            Latent vector and labels.
        noise : Noise
            Of which the noise at each position is read, and where windows begin.
        lengths : Tensor, shape (N,), or None
            Lengths, where they are drawn first.
        labels : Tensor, shape (N, width), or None
            Encoded labels, where they are learned.
        """
        raise TypeError(f"{type(self).__name__} defines no logits")

    def forward(self, noise: Noise) -> Tensor:
        """Write training letters, (N, channels, length); with labels, one row of both a record."""
        lengths = self.lengths(noise)
        logits = self.scores(noise, lengths)
        if lengths is not None:
            allowed = self.grammar.permitted(lengths, self.shape)
            logits = logits.masked_fill(~allowed, -torch.inf)
        letters = HEADS[self.config.head](logits, noise.gumbel, self.config.tau)
        if self.config.rotate:
            letters = rotated(letters, noise.turn)
        return letters if self.encoder is None else join(letters, self.encoder(noise.labels))

    @torch.no_grad()
    def sample(
        self, noise: Noise, temperature: float = 1.0, low: int = 0, high: int | None = None
    ) -> Tensor:
        """Draw hard letters as codes, shape (N, length), uint8; labels follow as bytes.

        A generator that was trained with the noiseless softmax head is decoded by its likeliest
        letter, as its critic never saw a draw. Where lengths are drawn first, only those from
        ``low`` to ``high`` are.
        """
        heat = 0.0 if self.config.head == "softmax" else temperature
        lengths = self.lengths(noise, low, high)
        scores = self.scores(noise, lengths)
        codes = draw_letters(scores, noise.gumbel, heat, self.grammar, lengths)
        if self.config.rotate:
            codes = rotated(codes, noise.turn)
        return torch.cat([codes, noise.labels], 1)
