"""The generator that is kept: of those that were judged, the latest that is as good as any."""

from __future__ import annotations

import copy
import math
from typing import Any

from torch import nn

# Two draws of one generator differ by 2 to 7 % in fidelity, and the lowest of 25 such scores lies
# two standard deviations below their mean. Of generators that cannot be told apart the latest is
# kept: its average looks back on smaller steps.
SAME = 0.1
# By these names in a saved state.
NUMBERS = {"lowest": "lowest", "best_score": "fidelity", "best_step": "step", "stale": "stale"}


class Kept:
    """What a run would leave behind if it ended now.

    Parameters
    ----------
    network : nn.Module
        The averaged generator, which is the best there is until one is judged.

    Attributes
    ----------
    network : nn.Module
        The generator that is kept.
    fidelity : float
        Its fidelity, infinite where none was measured.
    step : int
        Its step, 0 before one is judged.
    lowest : float
        The lowest fidelity of all that were judged.
    stale : int
        Checks since the lowest.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.fidelity, self.lowest = math.inf, math.inf
        self.step, self.stale = 0, 0

    def consider(
        self, network: nn.Module, step: int, fidelity: float | None, sound: bool, doubtful: bool
    ) -> bool:
        """Take a generator that was judged into account; return whether it is kept.

        Parameters
        ----------
        network : nn.Module
            The averaged generator; it is copied.
        step : int
            Its step.
        fidelity : float or None
            Its fidelity, None where nothing is held out.
        sound : bool
            Whether there was no alarm.
        doubtful : bool
            Whether it may have collapsed where one before had not.
        """
        good = fidelity <= self.lowest * (1 + SAME) if fidelity is not None else not doubtful
        kept = sound and good
        if kept:
            self.fidelity = math.inf if fidelity is None else fidelity
            self.step, self.network = step, copy.deepcopy(network)
        better = kept and (fidelity is None or fidelity < self.lowest)
        self.lowest = self.fidelity if better else self.lowest
        self.stale = 0 if better else self.stale + 1
        return kept

    def numbers(self) -> dict[str, Any]:
        """Return all that other processes must know, and a resumed run."""
        return {name: getattr(self, mine) for name, mine in NUMBERS.items()}

    def load_numbers(self, numbers: dict[str, Any]) -> None:
        """Take over what :meth:`numbers` returned."""
        for name, mine in NUMBERS.items():
            setattr(self, mine, numbers[name])

    def load(self, numbers: dict[str, Any], average: nn.Module, weights: dict[str, Any]) -> None:
        """Go back to saved numbers and weights.

        ``average``, the averaged generator, is what is kept before one was judged.
        """
        self.load_numbers(numbers)
        self.network = average
        if self.step:
            self.network = copy.deepcopy(average)
            self.network.load_state_dict(weights)
