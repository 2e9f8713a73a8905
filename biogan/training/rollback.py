"""The last state that passed a check, and the way back to it."""

from __future__ import annotations

import copy
from typing import Any

from biogan.training.players import Players
from biogan.training.watch import Watch

MOST = 3
# What every rollback does to the learning rate.
SLOWER = 0.5


class LastGood:
    """Keeps a copy of the last good state in memory; it costs as much as three small networks.

    Parameters
    ----------
    players : Players
        Networks and optimisers.
    watch : Watch
        What earlier checks showed; it goes back with them.

    Attributes
    ----------
    step : int
        Step of the good state.
    count : int
        Rollbacks so far.
    """

    def __init__(self, players: Players, watch: Watch) -> None:
        self.players, self.watch = players, watch
        self.step, self.count = 0, 0
        self.remember(0)

    @property
    def slowed(self) -> float:
        """Factor of the learning rate."""
        return SLOWER**self.count

    @property
    def used_up(self) -> bool:
        """Whether :data:`MOST` rollbacks did not help."""
        return self.count >= MOST

    def remember(self, step: int) -> None:
        """Take the present state as the last good one."""
        self.step = step
        self._state = copy.deepcopy({**self.players.state(), "watch": self.watch.state()})

    def go_back(self) -> None:
        """Put the last good state in the place of the present one."""
        # A copy: optimisers go on with the very tensors that they are given.
        state = copy.deepcopy(self._state)
        self.players.load_state(state)
        self.watch.load_state(state["watch"])

    def state(self, step: int) -> dict[str, Any]:
        """Return what a run resumed at ``step`` needs."""
        # After a check the good state is the present one, which is saved anyway.
        kept = None if self.step == step else self._state
        return {"step": self.step, "count": self.count, "state": kept}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go back to a state returned by :meth:`state`, after that of players and watch."""
        self.remember(state["step"])
        self.count = state["count"]
        if state["state"] is not None:
            self._state = state["state"]
