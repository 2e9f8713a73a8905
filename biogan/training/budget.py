"""How long a run lasts, by steps or by the clock, and the learning rate that goes with it."""

from __future__ import annotations

from biogan.config import TrainingConfig
from biogan.options import seconds

DEFAULT_TIME = "10m"


class Budget:
    """The share of a run that is spent.

    Parameters
    ----------
    config : TrainingConfig
        ``steps`` and ``max_time``; with both, whichever ends first; with none, ten minutes.
    """

    def __init__(self, config: TrainingConfig) -> None:
        self.config = config
        self.steps = config.steps
        timed = config.max_time or (None if config.steps else DEFAULT_TIME)
        self.seconds = seconds(timed)

    def spent(self, step: int, elapsed: float) -> float:
        """Return the share of the budget that is spent, 1 at the end."""
        shares = []
        if self.steps:
            shares.append(step / self.steps)
        if self.seconds:
            shares.append(elapsed / self.seconds)
        return min(1.0, max(shares))

    def learning_rate(self, spent: float) -> float:
        """Return the learning rate: constant, then linear to ``decay_to`` of itself.

        Examples
        --------
        >>> budget = Budget(TrainingConfig(lr=1.0, decay_start=0.5, decay_to=0.0))
        >>> [budget.learning_rate(x) for x in (0.0, 0.5, 0.75, 1.0)]
        [1.0, 1.0, 0.5, 0.0]
        """
        config = self.config
        if spent <= config.decay_start:
            return config.lr
        gone = (spent - config.decay_start) / (1 - config.decay_start)
        return config.lr * (1 - (1 - config.decay_to) * gone)
