"""Stability of training: alarms, the last good state, and the best checkpoint.

:class:`Alarms` reads the terms of every step and the scores of every check, and reports when a run
has diverged or collapsed. :class:`LastGood` holds a copy of the last state that passed a check; the
run then returns to it. :class:`BestCheckpoint` holds the generator that a run keeps at its end.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from biogan.core.errors import percentage
from biogan.training.step import AdversarialStep

# A healthy critic's loss stays within some hundreds: the Lipschitz penalties hold the slope near 1.
LARGEST_CRITIC_LOSS = 1e4
# The critic's loss is smoothed over about this many steps: Adam survives a single spike.
SMOOTHED_STEPS = 10
# A validation distance of more than this many times the best, and above that of the first check,
# is no oscillation.
WORSE_THAN_BEST = 5.0
# Samples that vary less than this share of the training data's variety ...
LEAST_VARIETY = 0.2
# ... at this many checks in a row, without recovering, have collapsed.
CHECKS_IN_A_ROW = 3
# A generator starts with few kinds of sequence and often passes through fewer. It is judged once
# its validation distance is this share of that of the first check, or this share of the run is
# over.
GROWN_DISTANCE, GROWN_SPENT = 0.5, 1 / 3

WORDS = {
    "distinct": "share of distinct sequences",
    "neighbours": "distance between neighbouring samples",
    "lengths": "spread of lengths",
    "distance": "distance between samples",
}


@dataclass(frozen=True)
class Alarm:
    """What is wrong.

    Attributes
    ----------
    kind : str
        ``"non-finite"``, ``"divergence"`` or ``"collapse"``.
    reason : str
        What was seen, in plain words.
    """

    kind: str
    reason: str


@dataclass
class Alarms:
    """Finds divergence and collapse from the terms of steps and the scores of checks.

    Attributes
    ----------
    critic : float
        Size of the critic's loss, smoothed over :data:`SMOOTHED_STEPS`.
    first, best : float
        Validation distance of the first check and the best so far; infinite before.
    low : dict of str to list of float
        Figures of variety below :data:`LEAST_VARIETY`, with their values at the last checks.
    """

    critic: float = 0.0
    first: float = math.inf
    best: float = math.inf
    low: dict[str, list[float]] = field(default_factory=dict)

    def step(self, terms: Mapping[str, float]) -> Alarm | None:
        """Return an alarm if the terms of one step give one.

        Examples
        --------
        >>> Alarms().step({"critic": 0.7, "gp": math.nan})
        Alarm(kind='non-finite', reason="the term 'gp' is nan")
        """
        for name, value in terms.items():
            if not math.isfinite(value):
                return Alarm("non-finite", f"the term {name!r} is {value}")
        self.critic += (abs(terms["critic"]) - self.critic) / SMOOTHED_STEPS
        if self.critic > LARGEST_CRITIC_LOSS:
            return Alarm("divergence", f"the critic's loss has grown to {self.critic:,.0f}")
        return None

    def check(
        self, score: float | None, variety: Mapping[str, float], spent: float
    ) -> Alarm | None:
        """Return an alarm if the scores of one check give one.

        Parameters
        ----------
        score : float or None
            Validation distance, lower is better; None where nothing is held out.
        variety : mapping of str to float
            How varied the samples are relative to training data, 1 = as varied.
        spent : float
            Share of the run that is over.
        """
        if score is not None:
            if math.isinf(self.first):
                self.first = score
            self.best = min(self.best, score)
        self.low = {
            name: [*self.low.get(name, []), value][-CHECKS_IN_A_ROW:]
            for name, value in variety.items()
            if value < LEAST_VARIETY
        }
        grown = self.best <= GROWN_DISTANCE * self.first < math.inf
        if not grown and spent < GROWN_SPENT:
            return None
        if score is not None and score > max(WORSE_THAN_BEST * self.best, self.first):
            return Alarm(
                "divergence", f"validation distance {score:.3g}, after {self.best:.3g} at best"
            )
        for name, values in self.low.items():
            if len(values) == CHECKS_IN_A_ROW and values[-1] <= values[0]:
                return Alarm(
                    "collapse",
                    f"the {WORDS.get(name, name)} is {percentage(values[-1])} of that of the "
                    f"training data",
                )
        return None

    @property
    def low_variety(self) -> bool:
        """Whether the last check found too little variety: nothing to roll back to."""
        return bool(self.low)

    def state(self) -> dict[str, Any]:
        """Return what a resumed run needs, plain numbers only."""
        return {**vars(self), "low": {name: list(v) for name, v in self.low.items()}}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go back to a state returned by :meth:`state`."""
        vars(self).update({name: state[name] for name in vars(self)})


MOST_ROLLBACKS = 3
# What every rollback does to the learning rate.
SLOWER = 0.5


class LastGood:
    """A copy of the last good state in memory, as large as about three of the networks.

    Parameters
    ----------
    adversarial_step : AdversarialStep
        Networks and optimisers.
    alarms : Alarms
        What earlier checks showed; it goes back with them.

    Attributes
    ----------
    step : int
        Step of the good state.
    count : int
        Rollbacks so far.
    """

    def __init__(self, adversarial_step: AdversarialStep, alarms: Alarms) -> None:
        self.adversarial_step, self.alarms = adversarial_step, alarms
        self.step, self.count = 0, 0
        self.remember(0)

    @property
    def rate_factor(self) -> float:
        """Factor of the learning rate."""
        return SLOWER**self.count

    @property
    def exhausted(self) -> bool:
        """Whether :data:`MOST_ROLLBACKS` rollbacks did not help."""
        return self.count >= MOST_ROLLBACKS

    def remember(self, step: int) -> None:
        """Take the present state as the last good one."""
        self.step = step
        self._state = copy.deepcopy({**self.adversarial_step.state(), "watch": self.alarms.state()})

    def go_back(self) -> None:
        """Put the last good state in the place of the present one."""
        # A copy: optimisers go on with the very tensors that they are given.
        state = copy.deepcopy(self._state)
        self.adversarial_step.load_state(state)
        self.alarms.load_state(state["watch"])

    def state(self, step: int) -> dict[str, Any]:
        """Return what a run resumed at ``step`` needs."""
        # After a check the good state is the present one, which is saved anyway.
        kept = None if self.step == step else self._state
        return {"step": self.step, "count": self.count, "state": kept}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go back to a state returned by :meth:`state`, after those of the step and the alarms."""
        self.remember(state["step"])
        self.count = state["count"]
        if state["state"] is not None:
            self._state = state["state"]


# Two samples of one generator differ by 2 to 7 % in validation distance, and the lowest of 25 such
# values lies two standard deviations below their mean. Of generators that cannot be told apart the
# latest is kept: its average looks back on smaller steps.
SAME = 0.1
# By these names in a saved state.
NUMBERS = {"lowest": "lowest", "best_score": "distance", "best_step": "step", "stale": "since_best"}


class BestCheckpoint:
    """The generator that a run would leave behind if it ended now: the best that was validated.

    Parameters
    ----------
    network : nn.Module
        The averaged generator, which is the best there is until one is judged.

    Attributes
    ----------
    network : nn.Module
        The generator that is kept.
    distance : float
        Its validation distance, infinite where none was measured.
    step : int
        Its step, 0 before one is judged.
    lowest : float
        The lowest validation distance of all that were judged.
    since_best : int
        Checks since the lowest.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.distance, self.lowest = math.inf, math.inf
        self.step, self.since_best = 0, 0

    def consider(
        self, network: nn.Module, step: int, distance: float | None, sound: bool, low_variety: bool
    ) -> bool:
        """Take a generator that was judged into account; return whether it is kept.

        Parameters
        ----------
        network : nn.Module
            The averaged generator; it is copied.
        step : int
            Its step.
        distance : float or None
            Its validation distance, None where nothing is held out.
        sound : bool
            Whether there was no alarm.
        low_variety : bool
            Whether it may have collapsed where one before had not.
        """
        good = distance <= self.lowest * (1 + SAME) if distance is not None else not low_variety
        kept = sound and good
        if kept:
            self.distance = math.inf if distance is None else distance
            self.step, self.network = step, copy.deepcopy(network)
        better = kept and (distance is None or distance < self.lowest)
        self.lowest = self.distance if better else self.lowest
        self.since_best = 0 if better else self.since_best + 1
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
