"""The training loop, the same for all kinds of data.

The trainer sees batches of real data, a generator, a critic and an objective, and nothing of
letters or pixels. :class:`Budget` says how long a run lasts, when checks are due and how the
learning rate falls; a :class:`Monitor` measures the generator at each check. Everything random in
step ``t`` comes from a stream of the seed and ``t``, so that a resumed run is the run that was
never interrupted. Steps are never counted back: what follows a rollback sees batches and noise that
were not used before.
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from torch import Tensor, nn

from biogan.core.errors import ConfigError, DivergedError, Interrupted, NonFiniteError, OutputError
from biogan.core.options import seconds
from biogan.core.protocols import Callback
from biogan.training.batches import Stream
from biogan.training.config import TrainingConfig
from biogan.training.engine import Engine
from biogan.training.signals import Signals
from biogan.training.stability import Alarm, Alarms, BestCheckpoint, LastGood
from biogan.training.step import AdversarialStep, NonFiniteTerm, State, check_like

#: Name under which training data stand in :attr:`Monitor.references`; everything else is a floor.
TRAINING_DATA = "training data"


class CheckResult(NamedTuple):
    """Validation distance and variety of the samples of a check.

    Attributes
    ----------
    scores : mapping of str to float
        ``"validation_distance"`` is to be minimised and chooses the generator that is kept;
        without it the last one is kept. The others are logged.
    variety : mapping of str to float
        How varied the samples are relative to training data, 1 = as varied.
    """

    scores: Mapping[str, float]
    variety: Mapping[str, float]


class Monitor(Protocol):
    """Measures the averaged generator at each check."""

    @property
    def references(self) -> Mapping[str, float]:
        """The validation distance of training data and of trivial samplers, by name."""
        ...

    def __call__(self, generator: nn.Module, step: int) -> CheckResult:
        """Measure the averaged generator of a step."""
        ...


NOTHING = CheckResult({}, {})


def best_floor(references: Mapping[str, float]) -> tuple[str, float] | None:
    """Return name and validation distance of the best trivial sampler, None where none was scored.

    Examples
    --------
    >>> best_floor({"training data": 1.0, "markov-5": 3.0, "positional-markov-3": 1.2})
    ('positional-markov-3', 1.2)
    """
    floors = [(name, score) for name, score in references.items() if name != TRAINING_DATA]
    return min(floors, key=lambda floor: floor[1], default=None)


DEFAULT_TIME = "10m"
#: Seconds after which a run says how fast it is.
PACE = 10.0
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
        self.max_time = config.max_time or (None if config.steps else DEFAULT_TIME)
        self.seconds = seconds(self.max_time)

    def leave(self, before: float, after: float) -> tuple[float, float]:
        """Let training end early enough for what comes before and after it; it gets at least half.

        Parameters
        ----------
        before, after : float
            Seconds that were taken before the first step, and that are needed after the last one.

        Returns
        -------
        training, beyond : float
            Seconds of training, and those by which the whole will be longer than ``max_time``.

        Examples
        --------
        >>> budget = Budget(TrainingConfig(max_time="60s"))
        >>> budget.leave(5, 10), budget.seconds
        ((45.0, 0.0), 45.0)
        >>> Budget(TrainingConfig(max_time="60s")).leave(20, 90)  # no longer after than in training
        (30.0, 20.0)
        """
        whole = seconds(self.max_time) or 0.0
        self.seconds = max(whole - before - after, whole / 2)
        # The critic that follows takes no more steps than the run, each of less work.
        return self.seconds, max(before + self.seconds + min(after, self.seconds) - whole, 0.0)

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


# A state is saved at least this often, in seconds, also between checks.
SAVE_EVERY = 300
NUMBERS = ("step_count", "checks", "last_check", "elapsed")


class Trainer:
    """Trains a generator against a critic.

    Parameters
    ----------
    generator : nn.Module
        Has ``noise(n, rng)`` and turns that noise into data of the shape of real data.
    critic : nn.Module
        (N, ...) to (N,).
    batches : Stream
        Real data.
    prepare : callable
        Turns a batch of stored records into what the critic sees (codes to one-hot letters).
    config : TrainingConfig
        Options.
    engine : Engine
        Device and processes.
    monitor : Monitor, optional
        Judges the averaged generator at each check; called in the first process only. Without it
        the last averaged generator is kept.
    callbacks : sequence of Callback
        Watchers; called in the first process only.
    save : callable, optional
        Receives the trainer after each check and at the end, in the first process only.
    matching : nn.Module, optional
        A further term of the generator's loss, see :class:`biogan.training.step.AdversarialStep`.
    reconstruction : nn.Module, optional
        What is minimised first in each step, see there.

    Attributes
    ----------
    kept : BestCheckpoint
        The generator that is kept, and what is known of it.
    ended : str or None
        Why the run ended before its budget was spent.
    failed : bool
        Whether it ended with an error: nothing was learned, or a number stayed no number.
    limited : bool
        Whether the state that was loaded knew the seconds that training may take.
    usual : int or None
        Steps that such data usually need.
    """

    def __init__(
        self,
        generator: nn.Module,
        critic: nn.Module,
        batches: Stream,
        prepare: Callable[[Tensor], Tensor],
        config: TrainingConfig,
        engine: Engine,
        *,
        monitor: Monitor | None = None,
        callbacks: Sequence[Callback] = (),
        save: Callable[[Trainer], None] | None = None,
        matching: nn.Module | None = None,
        reconstruction: nn.Module | None = None,
        afterwards: str = "",
        usual: int | None = None,
        fine_tuned: bool = False,
    ) -> None:
        self.afterwards, self.usual = afterwards, usual
        self.config, self.engine, self.budget = config, engine, Budget(config)
        self.adversarial_step = AdversarialStep(
            generator, critic, batches, prepare, config, engine, matching, reconstruction,
            warm_up=not fine_tuned,
        )  # fmt: skip
        self.monitor, self.callbacks, self.save = monitor, callbacks, save
        self.best = BestCheckpoint(self.adversarial_step.average.network)
        self.step_count, self.checks, self.last_check = 0, 0, 0
        self.elapsed, self.last_save = 0.0, 0.0
        self.ended: str | None = None
        self.failed, self.limited, self._unsaved = False, False, False
        self.alarms = Alarms()
        self.last_good = LastGood(self.adversarial_step, self.alarms)

    # --- the run --------------------------------------------------------------------------

    def run(self) -> nn.Module:
        """Train until the budget is spent; return the generator that was kept.

        Raises
        ------
        Interrupted
            After Ctrl-C or SIGTERM, with the state saved if it is to be.
        NonFiniteError
            If a term or a weight is no number, again after every rollback.
        DivergedError
            If a run went wrong before any check found a good generator.
        """
        with self.engine.busy():
            if self.step_count == 0:
                with Signals(self.engine.lead) as signals:
                    self._save(needed=True)
                self._heed(signals)
            self._train()
        self.engine.place(self.best.network)
        self.tell("on_event", "end", step=self.step_count, seconds=self.elapsed,
                   ended=self.ended, kept=self.best.step, score=self.score,
                   references=self.references)  # fmt: skip
        return self.best.network

    def _train(self) -> None:
        start = time.monotonic() - self.elapsed
        # A run that goes on has been told.
        before: tuple[int, float] | None = (0, 0.0) if self.step_count == 0 else None
        with Signals(self.engine.lead) as signals:
            # A resumed run may have a larger budget, of which less is spent.
            self.checks = min(self.checks, int(self.spent * CHECKS))
            while not self.over:
                self.adversarial_step.set_learning_rate(self.learning_rate)
                terms, alarm = self._step()
                self.elapsed = time.monotonic() - start
                self.tell("on_step", self.step_count, terms | {"spent": self.spent})
                before = self._tell_pace(before)
                self.elapsed, alarm, number = self.engine.agree(
                    (self.elapsed, alarm, signals.caught)
                )
                pause = number is not None or self.elapsed - self.last_save > SAVE_EVERY
                due = self.budget.check_is_due(
                    self.spent, self.step_count, self.last_check, self.checks
                )
                if alarm is None and (due or pause):
                    alarm = self._broken()
                if alarm is None and due:
                    alarm = self._check()
                if alarm is not None:
                    self._roll_back(alarm)
                elif due or pause:
                    self._save(needed=self.over or number is not None)
                if number is not None:
                    self._stop(number)
            # One that came while the last check was made.
            self._heed(signals)

    def _tell_pace(self, before: tuple[int, float] | None) -> tuple[int, float] | None:
        """Say once, early, how many steps there will be; return the step and time to count from."""
        if before is None:
            return None
        step, elapsed = before
        if step == 0:  # the first step is longer than the others
            return self.step_count, self.elapsed
        if self.elapsed - elapsed < PACE or self.over:
            return before
        rate = (self.step_count - step) / (self.elapsed - elapsed)
        seconds, steps = self.budget.seconds, self.budget.steps
        most = [steps] if steps else []
        most += [round(self.step_count + rate * (seconds - self.elapsed))] if seconds else []
        self.tell("on_event", "pace", rate=rate, steps=min(most), usual=self.usual)
        return None

    @property
    def spent(self) -> float:
        """Share of the budget that is spent."""
        return self.budget.spent(self.step_count, self.elapsed)

    @property
    def over(self) -> bool:
        """Whether the run has ended: budget spent, patience at its end, or too many faults."""
        return self.ended is not None or self.spent >= 1

    @property
    def learning_rate(self) -> float:
        """Learning rate of the next step."""
        return self.budget.learning_rate(self.spent) * self.last_good.rate_factor

    @property
    def score(self) -> float | None:
        """Validation distance of the generator that is kept, None where none was measured."""
        return self.best.distance if self.best.distance < math.inf else None

    @property
    def references(self) -> Mapping[str, float]:
        """The validation distance of training data and of trivial samplers."""
        return self.monitor.references if self.monitor else {}

    def _step(self) -> tuple[dict[str, float], Alarm | None]:
        try:
            terms = self.adversarial_step.step(self.step_count)
        except NonFiniteTerm as fault:
            terms = fault.terms
        self.step_count += 1
        alarm = self.alarms.step(terms)
        return {} if alarm else terms, alarm

    def _check(self) -> Alarm | None:
        """Judge the averaged generator and keep it if it is as good as any so far."""
        self.checks, self.last_check = int(self.spent * CHECKS), self.step_count
        alarm: Alarm | None = None
        if self.engine.lead:
            judged = self.adversarial_step.average.network
            found = self.monitor(judged, self.step_count) if self.monitor else NOTHING
            distance = found.scores.get("validation_distance")
            alarm = self.alarms.check(distance, found.variety, self.spent)
            # Where nothing is held out: none that may have collapsed once one had not.
            low_variety = self.alarms.low_variety and self.last_good.step > 0
            kept = self.best.consider(judged, self.step_count, distance, alarm is None, low_variety)
            self.tell("on_event", "check", step=self.step_count, seconds=self.elapsed,
                       scores=found.scores, references=self.references, best=kept)  # fmt: skip
        alarm, watch, numbers = self.engine.agree((alarm, self.alarms.state(), self.best.numbers()))
        self.alarms.load_state(watch)
        self.best.load_numbers(numbers)
        if alarm is None and not self.alarms.low_variety:
            self.last_good.remember(self.step_count)
        self._heed_patience()
        return alarm

    def _heed_patience(self) -> None:
        patience = self.config.patience
        if patience and self.best.since_best >= patience and not self.over:
            self.ended = (
                f"no smaller validation distance in {self.best.since_best} checks "
                f"(--patience {patience})"
            )

    def tell(self, method: str, *args: Any, **kwargs: Any) -> None:
        """Call a method of every callback, in the first process."""
        if self.engine.lead:
            for callback in self.callbacks:
                getattr(callback, method)(*args, **kwargs)

    # --- when something is wrong ----------------------------------------------------------

    def _broken(self) -> Alarm | None:
        name = self.adversarial_step.broken()
        return Alarm("non-finite", f"a weight of the {name} is no number") if name else None

    def _roll_back(self, alarm: Alarm) -> None:
        """Go back to the last good state with a lower learning rate, or end the run."""
        fault, last = f"step {self.step_count}: {alarm.reason}", self.last_good.exhausted
        self.last_good.go_back()
        if last:
            self.ended = f"{fault}, after {self.last_good.count} rollbacks"
        else:
            self.last_good.count += 1
        learned, broken = self.best.step > 0, alarm.kind == "non-finite"
        self.failed = (last and broken) or (self.over and not learned)
        # Before the state is saved, as the log of a resumed run is that up to its state.
        self.tell("on_event", "alarm", step=self.step_count, kind=alarm.kind, reason=alarm.reason,
                   back_to=self.last_good.step, rollbacks=self.last_good.count, last=last,
                   lr=self.learning_rate)  # fmt: skip
        self._save(needed=self.over)
        if self.failed:
            kept = f"the generator of step {self.best.step:,} is kept and can be sampled from"
            raise (NonFiniteError if broken else DivergedError)(
                f"{self.ended or fault}; {kept if learned else 'nothing was learned'}. Try a lower "
                "--lr or a larger penalty"
            )

    # --- saving and resuming --------------------------------------------------------------

    def _save(self, needed: bool = False) -> None:
        """Save the state; where the disk is full the run goes on, unless the state is needed now.

        Raises
        ------
        OutputError
            If it cannot be written at the beginning or the end, or before the run stops.
        """
        self.last_save = self.elapsed
        if not (self.save and self.engine.lead):
            return
        try:
            self.save(self)
        except OutputError as error:
            if needed:
                raise
            if not self._unsaved:
                said = f"{error}; the run goes on, and saves as soon as that is possible"
                self.tell("on_event", "note", lines=[f"step {self.step_count:>7,}  {said}"])
            self._unsaved = True
            return
        if self._unsaved:
            self.tell("on_event", "note", lines=[f"step {self.step_count:>7,}  saved again"])
        self._unsaved = False

    def _heed(self, signals: Signals) -> None:
        number = self.engine.agree(signals.caught)
        if number is not None:
            self._stop(number)

    def _stop(self, number: int) -> None:
        self.engine.wait()
        raise self.stopped(number)

    def stopped(self, number: int) -> Interrupted:
        """Return what a run ends with after a signal; it says what is saved."""
        name = signal.Signals(number).name
        if not self.save:
            saved = f"stopped at step {self.step_count}, nothing saved: no output folder"
        elif self.over:
            saved = f"the run was over and is saved, at step {self.step_count}"
            saved += self.afterwards
        else:
            saved = f"state saved at step {self.step_count}, --resume goes on"
        return Interrupted(f"{name}: {saved}", 128 + number)

    def state(self) -> State:
        """Return all that a resumed run needs, as tensors and plain numbers."""
        return {
            **self.adversarial_step.state(),
            "watch": self.alarms.state(),
            "best": self.best.network.state_dict(),
            "good": self.last_good.state(self.step_count),
            "ended": self.ended if self.last_good.exhausted else None,
            "failed": self.failed,
            "limit": (self.budget.max_time, self.budget.seconds),
            "numbers": {name: getattr(self, name) for name in NUMBERS} | self.best.numbers(),
        }

    def load_state(self, state: State) -> None:
        """Go back to a state returned by :meth:`state`.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is that of another run.
        """
        check_like(state, self.state())
        if (kept := state["good"]["state"]) is not None:
            check_like(kept, self.state(), "the last good state")
        if any(isinstance(n, int | float) and not n >= 0 for n in state["numbers"].values()):
            raise ValueError("a number of the state is below 0")
        self.adversarial_step.load_state(state)
        self.alarms.load_state(state["watch"])
        for name in NUMBERS:
            setattr(self, name, state["numbers"][name])
        self.best.load(state["numbers"], self.adversarial_step.average.network, state["best"])
        self.last_good.load_state(state["good"])
        self.ended, self.failed = state.get("ended"), state.get("failed", False)
        max_time, limit = state.get("limit") or (None, None)
        self.limited = max_time == self.budget.max_time and limit is not None
        if self.limited:
            self.budget.seconds = limit
        self._heed_patience()
        self.last_save = self.elapsed
