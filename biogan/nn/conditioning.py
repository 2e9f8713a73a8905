"""Networks that know the labels of a record: FiLM in generators, projection in critics.

A record of a conditional model is one flat row: the record itself, then its labels as numbers. The
critic sees both together, and losses and penalties need no special case for labels.

* A generator reads the labels beside the latent vector, and they scale and shift the channels of
  its hidden layers (Perez et al. 2018, "FiLM", eq. 2).
* A critic reads the labels in its first layer, and adds the product of its features with a linear
  function of the labels (Miyato & Koyama 2018, "cGANs with projection discriminator", eq. 3). A
  class is one-hot, several classes at once are multi-hot, and the rank of a number is read by
  smooth bumps: one formula serves all of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from biogan.core.label_codes import TOP_RANK, Condition
from biogan.core.label_rows import Conditions

#: Gaussian bumps by which the rank of a number is read, evenly spaced from 0 to 1.
BUMPS = 16
#: Share of the rows that are learned without their labels.
DROPPED = 0.1
# Sum of the squares of evenly spaced bumps whose width is their distance.
_SQUARES = float(np.pi**0.5)


def width_of(condition: Condition) -> int:
    """Return how many numbers stand for a condition; the last one says "unknown"."""
    if not condition.size:
        return 0
    return 1 + (BUMPS if condition.kind == "number" else len(condition.values))


class LabelEncoder(nn.Module):
    """Labels as bytes to labels as the networks read them; nothing is learned here.

    Parameters
    ----------
    conditions : Conditions
        Labels of the model.

    Attributes
    ----------
    width : int
        Numbers in a row.
    unknown : int
        How many of them say of a condition that it is unknown: 1, or 0 where none ever is.
    group_counts : list of int
        Groups of each condition, in the order of :meth:`groups`.

    Examples
    --------
    >>> found = Conditions.of({"class": ["a", "b"] * 20}, ("class",), np.ones(40))
    >>> LabelEncoder(found)(torch.tensor([[1], [2]], dtype=torch.uint8)).tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """

    def __init__(self, conditions: Conditions) -> None:
        super().__init__()
        self.conditions = conditions
        self.unknown = int(not conditions.whole)
        self.width = sum(width_of(part) - 1 + self.unknown for part in conditions if part.size)
        self.group_counts = [
            BUMPS // 2 if part.kind == "number" else len(part.values)
            for part in conditions
            if part.size
        ]

    def forward(self, codes: Tensor) -> Tensor:
        """Encode rows of bytes, (N, size), as (N, width)."""
        parts = [part for _, part in self._parts(codes)]
        return torch.cat(parts if self.unknown else [part[:, :-1] for part in parts], 1)

    def groups(self, rows: Tensor) -> Tensor:
        """Return which records belong to which group, shape (N, groups), from encoded rows.

        The groups are classes, labels, and eighths of the ranks of a number. A record of several
        labels is in each of them in part, one without a label in none.
        """
        found, first = [], 0
        for condition in self.conditions:
            last = first + width_of(condition) - 1  # of what is known
            if condition.size:
                known = rows[:, first:last]
                if condition.kind == "number":
                    # The largest bump is nearest to the rank, two of them are an eighth.
                    peaks = known.unflatten(1, (-1, 2)).amax(2)
                    highest = (peaks == peaks.amax(1, keepdim=True)) & (peaks > 0)
                    known = highest.to(rows.dtype)
                found.append(known / known.sum(1, keepdim=True).clamp(min=1))
                first = last + self.unknown
        return torch.cat(found, 1)

    def presence(self) -> Tensor:
        """Return the root of the mean square of each encoded column in training, shape (width,).

        Examples
        --------
        >>> found = Conditions.of({"class": ["a"] * 30 + ["b"] * 10}, ("class",), np.ones(40))
        >>> squares = LabelEncoder(found).presence().square()  # one row in ten is unknown
        >>> [round(x, 3) for x in squares.tolist()]
        [0.675, 0.225, 0.1]
        """
        rows, shares = self.conditions.joint
        dropped = DROPPED if self.unknown else 0.0
        squares = self(torch.tensor(np.concatenate([rows, self.conditions.unknown[None]]))).square()
        weights = torch.tensor([*(shares * (1 - dropped)), dropped], dtype=torch.float32)
        return (weights @ squares).sqrt()

    def ranks(self, bumps: Tensor) -> Tensor:
        """Read the ranks of a number back from its encoded columns, (N, bumps + 1) to (N,).

        The log ratio of two neighbouring Gaussians is linear in the rank.

        Examples
        --------
        >>> some = Conditions.of({"x": range(100)}, ("x=number",), np.ones(100))
        >>> encoder = LabelEncoder(some)
        >>> rows = torch.from_numpy(some.codes({"x": [0, 33, 99]}, 3))
        >>> [round(x, 4) for x in encoder.ranks(encoder(rows)).tolist()]
        [0.0, 0.3333, 1.0]
        """
        known = bumps[:, :-1].clamp(min=torch.finfo(bumps.dtype).tiny)
        first = known.argmax(1, keepdim=True).clamp(max=BUMPS - 2)
        ratio = (known.gather(1, first + 1) / known.gather(1, first)).log()
        return ((first + 0.5 + ratio) / (BUMPS - 1)).squeeze(1)

    def _parts(self, codes: Tensor) -> list[tuple[Condition, Tensor]]:
        found = []
        for condition in self.conditions:
            if condition.size:
                some = codes[:, self.conditions.places[condition.name]]
                read = {"class": _one_hot, "multi": _multi_hot, "number": _bumps}[condition.kind]
                found.append((condition, read(some, condition)))
        return found


def _one_hot(codes: Tensor, condition: Condition) -> Tensor:
    places = torch.arange(len(condition.values) + 1, device=codes.device)
    return (codes == places).float()


def _multi_hot(codes: Tensor, condition: Condition) -> Tensor:
    unknown = (codes[:, :1] > 1).float()
    return torch.cat([codes * (1 - unknown), unknown], 1)


def _bumps(codes: Tensor, condition: Condition) -> Tensor:
    high, middle, low = codes.float().unbind(1)
    rank = (high * 65536 + middle * 256 + low) / TOP_RANK
    unknown = (codes == 255).all(1, keepdim=True).float()
    centres = torch.linspace(0, 1, BUMPS, device=codes.device)
    bumps = (-((rank[:, None] - centres) * (BUMPS - 1)).square() / 2).exp() / _SQUARES**0.5
    return torch.cat([bumps * (1 - unknown), unknown], 1)


class Chance(NamedTuple):
    """What decides about the labels of N records while a model is trained.

    Attributes
    ----------
    coin : numpy.ndarray, shape (N,)
        From U(0, 1): whether the labels are dropped.
    normal : numpy.ndarray, shape (N, numbers)
        From N(0, 1): by how much ranks are moved.
    """

    coin: np.ndarray
    normal: np.ndarray


def draw_chance(conditions: Conditions, n: int, rng: torch.Generator) -> Chance:
    """Draw what decides about the labels of ``n`` records."""
    coin = torch.ones(n)
    if not conditions.whole:
        coin = torch.rand(n, generator=rng, device=rng.device)
    normal = torch.randn(n, len(conditions.numbers), generator=rng, device=rng.device)
    return Chance(coin.cpu().numpy(), normal.cpu().numpy())


def blurred(conditions: Conditions, codes: np.ndarray, chance: Chance) -> Tensor:
    """Return labels as they are trained with: ranks moved, one row in ten unknown, if any may be.

    The moves are vicinal estimation (Ding et al. 2021): records of near numbers teach each other.
    Without labels the model also learns to write what is not asked for.

    Parameters
    ----------
    conditions : Conditions
        Labels of the model.
    codes : numpy.ndarray, shape (N, size)
        Rows of bytes.
    chance : Chance
        What decides.
    """
    moved = conditions.moved(codes, chance.normal)
    moved[chance.coin < DROPPED] = conditions.unknown
    return torch.from_numpy(moved)


def draw_labels(conditions: Conditions, n: int, rng: torch.Generator) -> Tensor:
    """Draw the labels that a generator is trained with, shape (n, size), uint8.

    They come from the joint distribution of the training data, and are blurred as those of real
    records are.
    """
    rows, shares = conditions.joint
    weights = torch.tensor(shares, dtype=torch.float32, device=rng.device)
    drawn = torch.multinomial(weights, n, True, generator=rng).cpu().numpy()
    return blurred(conditions, rows[drawn], draw_chance(conditions, n, rng)).to(rng.device)


def join(records: Tensor, labels: Tensor) -> Tensor:
    """Put records and encoded labels into one row each, shape (N, size of a record + width)."""
    return torch.cat([records.flatten(1), labels], 1)


def split(rows: Tensor, shape: tuple[int, ...], width: int) -> tuple[Tensor, Tensor]:
    """Take records (N, *shape) and encoded labels (N, width) apart."""
    border = rows.shape[1] - width
    return rows[:, :border].unflatten(1, shape), rows[:, border:]


class Projection(nn.Linear):
    """A summand of the critic's logits: how well features and labels go together.

    Parameters
    ----------
    labels : int
        Numbers of an encoded row of labels.
    features : int
        Features of the critic.
    """

    def __init__(self, labels: int, features: int) -> None:
        super().__init__(labels, features, bias=False)

    def forward(self, labels: Tensor, features: Tensor) -> Tensor:  # type: ignore[override]
        """Return <V y, features>, shape (N,)."""
        return (super().forward(labels) * features).sum(1)


class FiLM(nn.Module):
    """Scale and shift of hidden channels by the labels, none at first.

    Parameters
    ----------
    labels : int
        Numbers of an encoded row of labels.
    width : int
        Channels of the hidden layers.
    layers : int
        How many of them.
    """

    def __init__(self, labels: int, width: int, layers: int = 1) -> None:
        super().__init__()
        self.shape = layers, 2, width
        self.change = nn.Linear(labels, layers * 2 * width, bias=False)
        nn.init.zeros_(self.change.weight)

    def forward(self, labels: Tensor) -> Tensor:
        """Return scale and shift of each layer, shape (layers, 2, N, width)."""
        return self.change(labels).unflatten(1, self.shape).permute(1, 2, 0, 3)


def modulated(hidden: Tensor, change: Tensor | None) -> Tensor:
    """Scale and shift hidden channels, shape (N, width) or (N, width, length).

    Parameters
    ----------
    hidden : Tensor
        Features.
    change : Tensor, shape (2, N, width), optional
        Scale, as what is added to 1, and shift; by default nothing changes.

    Examples
    --------
    >>> modulated(torch.ones(1, 2), torch.tensor([[[1.0, 0.0]], [[0.0, 3.0]]])).tolist()
    [[2.0, 4.0]]
    """
    if change is None:
        return hidden
    scale, shift = change if hidden.dim() == 2 else change[..., None]
    return hidden * (1 + scale) + shift
