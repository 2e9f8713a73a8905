"""How long a run lasts, by steps or by the clock, and what goes with it: checks, learning rate."""

from __future__ import annotations

from biogan.config import TrainingConfig
from biogan.errors import ConfigError
from biogan.options import seconds

DEFAULT_TIME = "10m"
CHECKS = 25
FEWEST_BETWEEN_CHECKS = 20


def check_patience(patience: int | None, validation: float) -> None:
    """Refuse a patience that nothing can try.

    Raises
    ------
    ConfigError
        If there are to be no validation records.
    """
    if patience is not None and not validation:
        raise ConfigError(
            f"--patience {patience}: counts checks on validation records, and --validation 0 keeps "
            "none; leave one of the two out"
        )


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

    def check_is_due(self, spent: float, step: int, last_check: int, checks: int) -> bool:
        """Return whether the generator is to be judged after a step.

        Parameters
        ----------
        spent : float
            Share of the budget that is spent.
        step, last_check : int
            This step and that of the last check.
        checks : int
            How many of the :data:`CHECKS` shares of a run were judged.
        """
        if spent >= 1:
            return True
        every = self.config.check_every
        if every:
            return step % every == 0
        # Counted from the last check: a check costs as much as some steps.
        fresh = step - last_check >= FEWEST_BETWEEN_CHECKS
        return fresh and spent >= (checks + 1) / CHECKS

    def learning_rate(self, spent: float) -> float:
        """Return the learning rate: constant, then linear to ``decay_to`` of itself.

        Examples
        --------
        >>> budget = Budget(TrainingConfig(lr=1.0, decay_start=0.5, decay_to=0.0))
        >>> [budget.learning_rate(x) for x in (0.0, 0.5, 0.75, 1.0)]
        [1.0, 1.0, 0.5, 0.0]
        """
        rate, start, end = map(self.config.chosen, ("lr", "decay_start", "decay_to"))
        gone = (spent - start) / (1 - start) if spent > start else 0.0
        return float(rate * (1 - (1 - end) * gone))
