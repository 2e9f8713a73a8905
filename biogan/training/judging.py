"""What a trainer learns from a check: how good the samples are, and how varied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from torch import nn

#: Name under which training data stand in :attr:`Monitor.beside`; everything else is a floor.
TRAINING_DATA = "training data"


class Judgement(NamedTuple):
    """What a monitor finds.

    Attributes
    ----------
    scores : mapping of str to float
        ``"fidelity"`` is to be minimised and chooses the generator that is kept; without it the
        last one is kept. The others are logged.
    variety : mapping of str to float
        How varied the samples are relative to training data, 1 = as varied.
    """

    scores: Mapping[str, float]
    variety: Mapping[str, float]


class Monitor(Protocol):
    """Judges the averaged generator."""

    @property
    def beside(self) -> Mapping[str, float]:
        """The fidelity of what a generator is compared with: training data, trivial samplers."""
        ...

    def __call__(self, generator: nn.Module, step: int) -> Judgement:
        """Judge the averaged generator of a step."""
        ...


NOTHING = Judgement({}, {})


def best_floor(beside: Mapping[str, float]) -> tuple[str, float] | None:
    """Return name and fidelity of the best trivial sampler, None where none was scored.

    Examples
    --------
    >>> best_floor({"training data": 1.0, "markov-5": 3.0, "positional-markov-3": 1.2})
    ('positional-markov-3', 1.2)
    """
    floors = [(name, score) for name, score in beside.items() if name != TRAINING_DATA]
    return min(floors, key=lambda floor: floor[1], default=None)
