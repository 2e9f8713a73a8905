"""Alarms: whether a run has gone wrong, read from its terms and its checks.

Pure bookkeeping on numbers: nothing here knows a network, a file or a process.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# A healthy critic's loss stays within some hundreds: the Lipschitz penalties hold the slope near 1.
LARGEST_CRITIC_LOSS = 1e4
# The critic's loss is smoothed over about this many steps: Adam survives a single spike.
SMOOTHED_STEPS = 10
# A fidelity this many times the best, and worse than that of the first check, is no oscillation.
WORSE_THAN_BEST = 5.0
# Samples that vary less than this share of the training data's variety ...
LEAST_VARIETY = 0.2
# ... at this many checks in a row, without recovering, have collapsed.
CHECKS_IN_A_ROW = 3
# A generator starts with few kinds of sequence and often passes through fewer. It is judged once
# its fidelity is this share of that of the first check, or this share of the run is over.
GROWN_FIDELITY, GROWN_SPENT = 0.5, 1 / 3

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
class Watch:
    """Remembers what earlier steps and checks showed, and says when something is wrong.

    Attributes
    ----------
    critic : float
        Size of the critic's loss, smoothed over :data:`SMOOTHED_STEPS`.
    first, best : float
        Fidelity of the first check and the best so far; infinite before.
    low : dict of str to list of float
        Figures of variety below :data:`LEAST_VARIETY`, with their values at the last checks.
    """

    critic: float = 0.0
    first: float = math.inf
    best: float = math.inf
    low: dict[str, list[float]] = field(default_factory=dict)

    def step(self, terms: Mapping[str, float]) -> Alarm | None:
        """Judge the terms of one step.

        Examples
        --------
        >>> Watch().step({"critic": 0.7, "gp": math.nan})
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
        """Judge the scores of one check.

        Parameters
        ----------
        score : float or None
            Fidelity, lower is better; None where nothing is held out.
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
        grown = self.best <= GROWN_FIDELITY * self.first < math.inf
        if not grown and spent < GROWN_SPENT:
            return None
        if score is not None and score > max(WORSE_THAN_BEST * self.best, self.first):
            return Alarm("divergence", f"fidelity {score:.3g}, after {self.best:.3g} at best")
        for name, values in self.low.items():
            if len(values) == CHECKS_IN_A_ROW and values[-1] <= values[0]:
                return Alarm(
                    "collapse",
                    f"the {WORDS.get(name, name)} is {values[-1]:.0%} of that of the training data",
                )
        return None

    @property
    def doubtful(self) -> bool:
        """Whether the last check found too little variety: nothing to roll back to."""
        return bool(self.low)

    def state(self) -> dict[str, Any]:
        """Return what a resumed run needs, plain numbers only."""
        return {**vars(self), "low": {name: list(v) for name, v in self.low.items()}}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go back to a state returned by :meth:`state`."""
        vars(self).update({name: state[name] for name in vars(self)})
