"""The one training loop of biogan, for sequences and images alike.

The trainer sees batches of real data, a generator, a critic and an objective; it knows no letters
and no pixels. Everything random in step ``t`` comes from a stream of the seed and ``t``, so that a
resumed run is the run that was never interrupted.
"""

from __future__ import annotations

import copy
import math
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from biogan.config import TrainingConfig
from biogan.errors import Interrupted, NonFiniteError
from biogan.objective import Objective, Terms
from biogan.protocols import Callback
from biogan.seeds import torch_generator
from biogan.training.batches import Batches
from biogan.training.budget import Budget
from biogan.training.ema import Average
from biogan.training.engine import Engine
from biogan.training.signals import Signals

CHECKS = 25
# A state is saved at least this often, in seconds, also between checks.
SAVE_EVERY = 300
FEWEST_BETWEEN_CHECKS = 20
NUMBERS = ("step_count", "checks", "last_check", "elapsed", "best_score", "best_step")
State = dict[str, Any]
Monitor = Callable[[nn.Module, int], dict[str, float]]


class Trainer:
    """Trains a generator against a critic.

    Parameters
    ----------
    generator : nn.Module
        Has ``noise(n, rng)`` and turns that noise into data of the shape of real data.
    critic : nn.Module
        (N, ...) to (N,).
    batches : Batches
        Real data.
    prepare : callable
        Turns a batch of stored records into what the critic sees (codes to one-hot letters).
    config : TrainingConfig
        Options.
    engine : Engine
        Device and processes.
    monitor : callable, optional
        ``(averaged generator, step) -> scores``; ``scores["fidelity"]`` is to be minimised and
        chooses the generator that is kept. Without it the last averaged generator is kept.
    callbacks : sequence of Callback
        Watchers; called in the first process only.
    save : callable, optional
        Receives the trainer after each check and at the end, in the first process only.
    """

    def __init__(
        self,
        generator: nn.Module,
        critic: nn.Module,
        batches: Batches,
        prepare: Callable[[Tensor], Tensor],
        config: TrainingConfig,
        engine: Engine,
        monitor: Monitor | None = None,
        callbacks: Sequence[Callback] = (),
        save: Callable[[Trainer], None] | None = None,
    ) -> None:
        self.config, self.engine, self.batches, self.prepare = config, engine, batches, prepare
        self.objective, self.budget = Objective.from_config(config), Budget(config)
        self.generator: Any = engine.place(generator)  # has noise(), which nn.Module hides
        self.critic = engine.place(critic)
        self.average = Average(self.generator, config.ema)
        self.generator_opt = self._optimiser(self.generator)
        self.critic_opt = self._optimiser(self.critic)
        self.monitor, self.callbacks, self.save = monitor, callbacks, save
        self.best = self.average.network
        self.best_score, self.best_step = math.inf, 0
        self.step_count, self.checks, self.last_check = 0, 0, 0
        self.elapsed, self.last_save = 0.0, 0.0

    def _optimiser(self, network: nn.Module) -> torch.optim.Adam:
        # Fused: one operation for all weights, which is a tenth of a small step.
        betas = (self.config.beta1, self.config.beta2)
        return torch.optim.Adam(network.parameters(), self.config.lr, betas, fused=True)

    # --- one step -------------------------------------------------------------------------

    def step(self) -> dict[str, float]:
        """Take the critic's steps and one of the generator; return the named terms."""
        rng = torch_generator(self.config.seed, "step", self.step_count)
        for i in range(self.objective.critic_steps):
            real = self._real(i)
            with torch.no_grad():
                fake = self.generator(self._noise(rng))
            alpha = torch.rand(self.config.batch_size, generator=rng)[self.engine.rows]
            terms = self.objective.critic_terms(
                self.critic, real, fake, alpha.to(self.engine.device)
            )
            logged = self._update(self.critic_opt, terms)
        self.critic.requires_grad_(False)
        fake = self.generator(self._noise(rng))
        terms = self.objective.generator_terms(self.critic, real, fake)
        logged |= self._update(self.generator_opt, terms)
        self.critic.requires_grad_(True)
        self.step_count += 1
        self.average.update(self.generator, self.step_count)
        return logged

    def _real(self, i: int) -> Tensor:
        batch = self.batches[self.step_count * self.objective.critic_steps + i]
        return self.prepare(batch[self.engine.rows].to(self.engine.device))

    def _noise(self, rng: torch.Generator) -> Any:
        # Drawn for the joint batch in every process, so that the number of them does not matter.
        noise = self.generator.noise(self.config.batch_size, rng)
        return noise.rows(self.engine.rows).to(self.engine.device)

    def _update(self, optimiser: torch.optim.Optimizer, terms: Terms) -> dict[str, float]:
        values = self.engine.average(torch.stack([t.detach() for t in terms.values()])).tolist()
        for name, value in zip(terms, values, strict=True):
            if not math.isfinite(value):
                raise NonFiniteError(
                    f"step {self.step_count + 1}: the term {name!r} is {value}; the generator of "
                    f"step {self.best_step} is kept. Try a lower --lr or a larger penalty"
                )
        optimiser.zero_grad()
        # One backward of the sum: a penalty's second derivative and the loss go together.
        torch.stack(list(terms.values())).sum().backward()
        self.engine.average_gradients(optimiser.param_groups[0]["params"])
        optimiser.step()
        return dict(zip(terms, values, strict=True))

    # --- the run --------------------------------------------------------------------------

    def run(self) -> nn.Module:
        """Train until the budget is spent; return the generator that was kept.

        Raises
        ------
        Interrupted
            After Ctrl-C or SIGTERM, with the state saved.
        NonFiniteError
            If a term is no number.
        """
        start = time.monotonic() - self.elapsed
        with self.engine.busy(), Signals() as signals:
            spent = self.budget.spent(self.step_count, self.elapsed)
            # A resumed run may have a larger budget, of which less is spent.
            self.checks = min(self.checks, int(spent * CHECKS))
            if self.step_count == 0:
                self._save()
            while spent < 1:
                self._set_learning_rate(self.budget.learning_rate(spent))
                terms = self.step()
                self.elapsed = self.engine.agree(time.monotonic() - start)
                spent = self.budget.spent(self.step_count, self.elapsed)
                self._tell("on_step", self.step_count, terms | {"spent": spent})
                if self._check_is_due(spent):
                    self._check()
                elif self.elapsed - self.last_save > SAVE_EVERY:
                    self._save()
                number = self.engine.agree(signals.caught)
                if number is not None:
                    self._stop(number)
        self.best_score, self.best_step = self.engine.agree((self.best_score, self.best_step))
        self.engine.place(self.best)
        self._tell("on_event", "end", step=self.step_count, seconds=self.elapsed)
        return self.best

    def _set_learning_rate(self, rate: float) -> None:
        for optimiser in (self.generator_opt, self.critic_opt):
            optimiser.param_groups[0]["lr"] = rate

    def _check_is_due(self, spent: float) -> bool:
        if spent >= 1:
            return True
        every = self.config.check_every
        if every:
            return self.step_count % every == 0
        # Counted from the last check: a check costs as much as some steps.
        fresh = self.step_count - self.last_check >= FEWEST_BETWEEN_CHECKS
        return fresh and spent >= (self.checks + 1) / CHECKS

    def _check(self) -> None:
        """Judge the averaged generator, keep it if it is the best so far, save the state."""
        spent = self.budget.spent(self.step_count, self.elapsed)
        self.checks, self.last_check = int(spent * CHECKS), self.step_count
        if not self.engine.lead:
            return
        scores = self.monitor(self.average.network, self.step_count) if self.monitor else {}
        score = scores.get("fidelity", -self.step_count)
        if score < self.best_score:
            self.best_score, self.best_step = score, self.step_count
            self.best = copy.deepcopy(self.average.network)
        self._save()
        self._tell("on_event", "check", step=self.step_count, seconds=self.elapsed, scores=scores,
                   best=self.best_step == self.step_count)  # fmt: skip

    def _save(self) -> None:
        for name, network in (("critic", self.critic), ("generator", self.average.network)):
            # A finite loss can have a gradient that is not: nothing good is written over.
            if not all(p.isfinite().all() for p in network.parameters()):
                raise NonFiniteError(
                    f"step {self.step_count}: a weight of the {name} is no number; the generator "
                    f"of step {self.best_step} is kept. Try a lower --lr or a larger penalty"
                )
        self.last_save = self.elapsed
        if self.save and self.engine.lead:
            self.save(self)

    def _stop(self, number: int) -> None:
        self._save()
        self.engine.wait()
        name = signal.Signals(number).name
        saved = f"state saved at step {self.step_count}, --resume goes on" if self.save else (
            f"stopped at step {self.step_count}, nothing saved: no output folder"
        )  # fmt: skip
        raise Interrupted(f"{name}: {saved}", 128 + number)

    def _tell(self, method: str, *args: Any, **kwargs: Any) -> None:
        if self.engine.lead:
            for callback in self.callbacks:
                getattr(callback, method)(*args, **kwargs)

    # --- resuming -------------------------------------------------------------------------

    def state(self) -> State:
        """Return all that a resumed run needs, as tensors and plain numbers."""
        return {
            "generator": self.generator.state_dict(),
            "critic": self.critic.state_dict(),
            "average": self.average.network.state_dict(),
            "best": self.best.state_dict(),
            "generator_opt": self.generator_opt.state_dict(),
            "critic_opt": self.critic_opt.state_dict(),
            "numbers": {name: getattr(self, name) for name in NUMBERS},
        }

    def load_state(self, state: State) -> None:
        """Go back to a state returned by :meth:`state`."""
        self.generator.load_state_dict(state["generator"])
        self.critic.load_state_dict(state["critic"])
        self.average.network.load_state_dict(state["average"])
        self.best = copy.deepcopy(self.average.network)
        self.best.load_state_dict(state["best"])
        self.generator_opt.load_state_dict(state["generator_opt"])
        self.critic_opt.load_state_dict(state["critic_opt"])
        for name in NUMBERS:
            setattr(self, name, state["numbers"][name])
        self.last_save = self.elapsed
