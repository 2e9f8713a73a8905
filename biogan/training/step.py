"""Generator and critic with all that changes in a step: their average and their optimisers.

A half step before its update: the terms of one player, and which way they move its weights.

The averaged generator: what is judged, saved and sampled from.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from biogan.nn.layers import widened
from biogan.training.batches import Draws, Stream, draw_step
from biogan.training.compile import compiling
from biogan.training.config import TrainingConfig
from biogan.training.engine import Engine
from biogan.training.losses import Objective, Terms


class Half(NamedTuple):
    """What a player is moved by.

    Attributes
    ----------
    terms : dict of str to Tensor
        What it minimises, by name; without a graph.
    gradients : tuple of Tensor or None
        Derivative of their sum by each weight, None for a weight that nothing depends on.
    """

    terms: Terms
    gradients: tuple[Tensor | None, ...]


def differentiate(terms: Terms, weights: Sequence[nn.Parameter]) -> Half:
    """Differentiate the sum of the terms by some weights, at once.

    A penalty's second derivative and the loss go together through one backward; derivatives by the
    weights of the other player are not taken.

    Parameters
    ----------
    terms : dict of str to Tensor
        Named scalars.
    weights : sequence of nn.Parameter
        The weights of one player.

    Returns
    -------
    Half

    Examples
    --------
    >>> w, unused = nn.Parameter(torch.tensor(3.0)), nn.Parameter(torch.tensor(1.0))
    >>> half = differentiate({"loss": w * w, "penalty": 2 * w}, [w, unused])
    >>> half.terms["loss"].item(), half.gradients
    (9.0, (tensor(8.), None))
    """
    total = torch.stack(list(terms.values())).sum()
    found = torch.autograd.grad(total, weights, allow_unused=True)
    # The fused optimiser wants them laid out as the weights are.
    gradients = tuple(g if g is None else g.contiguous() for g in found)
    return Half({name: value.detach() for name, value in terms.items()}, gradients)


class Average:
    """Exponential moving average of a network's parameters (Yazıcı et al. 2019).

    Statistics of batch norm are averaged alike: those of the last batch belong to other weights.

    Early in a run the decay is ``(1 + t) / (10 + t)``, so that the average never looks further back
    than about a ninth of the steps so far.

    Parameters
    ----------
    network : nn.Module
        The network that is trained.
    decay : float
        Largest decay, below 1.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.network = copy.deepcopy(network).requires_grad_(False).eval()

    def weight(self, step: int) -> float:
        """Return how far the average moves after step ``step`` (counted from 1)."""
        return 1 - min(self.decay, (1 + step) / (10 + step))

    @torch.no_grad()
    def update(self, network: nn.Module, weight: Tensor) -> None:
        """Move the average towards the network by a share of the way, shape ()."""
        mine, theirs = ([*net.parameters(), *net.buffers()] for net in (self.network, network))
        floats = [x.is_floating_point() for x in mine]
        old, new = [*compress(mine, floats)], [*compress(theirs, floats)]
        torch._foreach_lerp_(old, new, [weight] * len(old))
        for count, last, averaged in zip(mine, theirs, floats, strict=True):
            if not averaged:
                count.copy_(last)


State = dict[str, Any]


class NonFiniteTerm(Exception):  # noqa: N818 - a signal to the trainer, which decides what it means
    """A term of a step is no number, and the weights after it may be none; go back.

    Attributes
    ----------
    terms : dict of str to float
        The terms of that half step.
    """

    def __init__(self, terms: dict[str, float]) -> None:
        super().__init__(str(terms))
        self.terms = terms


class Players:
    """The networks of a run and the one step that trains them.

    Everything random in step ``t`` comes from a stream of the seed and ``t``.

    Parameters
    ----------
    generator, critic : nn.Module
        As :class:`biogan.training.trainer.Trainer` takes them.
    batches : Stream
        Real data.
    prepare : callable
        Turns a batch of stored records into what the critic sees.
    config : TrainingConfig
        Options.
    engine : Engine
        Device and processes.
    matching : nn.Module, optional
        A further term of the generator's loss: of a real and a generated batch, and a function
        that averages over processes. What it remembers is part of the state.
    """

    def __init__(
        self,
        generator: nn.Module,
        critic: nn.Module,
        batches: Stream,
        prepare: Callable[[Tensor], Tensor],
        config: TrainingConfig,
        engine: Engine,
        matching: nn.Module | None = None,
    ) -> None:
        self.config, self.engine, self.batches, self.prepare = config, engine, batches, prepare
        self.objective = Objective.from_config(config)
        self.generator: Any = engine.place(generator)  # has noise(), which nn.Module hides
        self.critic = engine.place(critic)
        self.matching = engine.place(matching) if matching is not None else None
        self.average = Average(self.generator, config.chosen("ema"))
        # Of each half step, by which critic steps were penalised.
        self.term_names: dict[tuple[bool, ...], list[list[str]]] = {}
        self.logged: dict[str, float] = {}
        self.launch = engine.launcher(self._play)
        self._for_critic = engine.program(self._critic_half)
        self._for_generator = engine.program(self._generator_half)
        self._ahead: dict[int, Draws] = {}
        self.generator_opt = self._optimiser(self.generator)
        self.critic_opt = self._optimiser(self.critic)

    def _optimiser(self, network: nn.Module) -> torch.optim.Adam:
        # Fused: one operation for all weights, which is a tenth of a small step.
        betas = (self.config.chosen("beta1"), self.config.chosen("beta2"))
        rate, graph = self.config.chosen("lr"), self.engine.cuda_graph
        return torch.optim.Adam(
            network.parameters(),
            torch.tensor(rate, dtype=torch.float32, device=self.engine.device) if graph else rate,
            betas,
            fused=True,
            capturable=graph,
        )

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of both optimisers."""
        for optimiser in (self.generator_opt, self.critic_opt):
            group = optimiser.param_groups[0]
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def step(self, t: int) -> dict[str, float]:
        """Take the critic's steps and one of the generator.

        Parameters
        ----------
        t : int
            Number of the step, from 0.

        Returns
        -------
        dict of str to float
            The named terms, the mean over the processes; a penalty that was not taken has the
            value it had last.

        Raises
        ------
        NonFiniteTerm
            If a term is NaN or infinite, in every process.
        """
        draws = self._ahead.pop(t, None) or self._draw(t)
        with self.engine.chance(self.config.seed, t):
            terms = self.launch(draws)
        # Drawn while the device works.
        self._ahead = {t + 1: self._draw(t + 1).pinned()} if self.launch.ahead else {}
        return self._read(self.term_names[draws.penalised], terms.tolist())

    def rehearse(self) -> None:
        """Go through both half steps without taking them, so that they are compiled."""
        networks = [n for n in (self.generator, self.critic, self.matching) if n is not None]
        buffers = [x for network in networks for x in network.buffers()]
        before = [x.clone() for x in buffers]
        draws = self._draw(0).to(self.engine.device)
        every = range(self.objective.penalty_every)
        kinds = {kind for t in every for kind in self.objective.penalised(t)}
        try:
            with compiling(), self.engine.chance(self.config.seed, 0):
                real = self.prepare(draws.real[0])
                for kind in sorted(kinds):
                    self._for_critic(real, draws.noise[0], draws.alpha[0], kind)
                self._for_generator(real, draws.noise[-1])
        finally:
            # Means of counts, statistics of batch norm.
            for buffer, value in zip(buffers, before, strict=True):
                buffer.copy_(value)

    def _draw(self, t: int) -> Draws:
        return draw_step(
            self.batches, self.generator, self.objective.penalised(t), self.config.seed, t,
            self.average.weight(t + 1), self.engine.rows(self.batches.batch_size),
            self.engine.device if self.config.device_noise else "cpu",
        )  # fmt: skip

    def _play(self, draws: Draws) -> Tensor:
        """Do the arithmetic of a step; return its terms, shape (terms,), see ``term_names``."""
        names: list[list[str]] = []
        values: list[Tensor] = []
        self.term_names[draws.penalised] = names
        *for_critic, own = draws.noise
        for stored, noise, alpha, penalised in zip(
            draws.real, for_critic, draws.alpha, draws.penalised, strict=True
        ):
            real = self.prepare(stored)
            half = self._for_critic(real, noise, alpha, penalised)
            names.append([*half.terms])
            values.append(self._update(self.critic_opt, half))
        half = self._for_generator(real, own)
        names.append([*half.terms])
        values.append(self._update(self.generator_opt, half))
        self.average.update(self.generator, draws.weight)
        return torch.cat(values)

    def _critic_half(self, real: Tensor, noise: Any, alpha: Tensor, penalised: bool) -> Half:
        with torch.no_grad():
            fake = self._fake(noise)
        terms = self.objective.critic_terms(self._judged, real, fake, alpha, penalised)
        return differentiate(terms, [*self.critic.parameters()])

    def _generator_half(self, real: Tensor, noise: Any) -> Half:
        fake = self._fake(noise)
        terms = self.objective.generator_terms(self._judged, real, fake)
        if self.matching is not None:
            terms["kmers"] = self.matching(real, fake, self.engine.average)
        return differentiate(terms, [*self.generator.parameters()])

    def _fake(self, noise: Any) -> Tensor:
        with self.engine.arithmetic():
            return widened(self.generator(noise))

    def _judged(self, records: Tensor) -> Tensor:
        with self.engine.arithmetic():
            return widened(self.critic(records))

    def _update(self, optimiser: torch.optim.Adam, half: Half) -> Tensor:
        values = self.engine.average(torch.stack([*half.terms.values()]))
        weights = optimiser.param_groups[0]["params"]
        for weight, gradient in zip(weights, half.gradients, strict=True):
            weight.grad = gradient
        self.engine.average_gradients(weights)
        optimiser.step()
        return values

    def _read(self, half_steps: list[list[str]], values: list[float]) -> dict[str, float]:
        """Name the terms of a step, those of the critic's last half step."""
        rest = iter(values)
        for names in half_steps:
            half = {name: next(rest) for name in names}
            if not all(map(math.isfinite, half.values())):
                raise NonFiniteTerm(half)
            self.logged |= half
        return dict(self.logged)

    def broken(self) -> str | None:
        """Name a network with a weight that is no number, None where all are sound.

        A finite loss can have a gradient that is not.
        """
        networks = {"critic": self.critic, "generator": self.average.network}
        for name, network in networks.items():
            if not all(p.isfinite().all() for p in network.parameters()):
                return name
        return None

    def state(self) -> State:
        """Return weights and optimisers; the tensors are those in use, not copies."""
        return {
            "logged": dict(self.logged),
            "matching": {} if self.matching is None else self.matching.state_dict(),
            "generator": self.generator.state_dict(),
            "critic": self.critic.state_dict(),
            "average": self.average.network.state_dict(),
            "generator_opt": self.generator_opt.state_dict(),
            "critic_opt": self.critic_opt.state_dict(),
        }

    def load_state(self, state: State) -> None:
        """Go back to a state returned by :meth:`state`, whose tensors may be used from now on."""
        self.logged = dict(state["logged"])
        self.generator.load_state_dict(state["generator"])
        self.critic.load_state_dict(state["critic"])
        self.average.network.load_state_dict(state["average"])
        for optimiser, saved in (
            (self.generator_opt, state["generator_opt"]),
            (self.critic_opt, state["critic_opt"]),
        ):
            # The state may come from another kind of machine.
            kept = {key: optimiser.param_groups[0][key] for key in ("lr", "capturable")}
            optimiser.load_state_dict(saved)
            optimiser.param_groups[0].update(kept)
        if self.matching is not None:
            self.matching.load_state_dict(state["matching"])
        self.launch.forget()
