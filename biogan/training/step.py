"""One adversarial step: some updates of the critic, then one update of the generator.

Where records are codes of an autoencoder, an update of that one comes first.

:class:`AdversarialStep` holds the generator, the critic, their optimisers and the moving average of
the generator. The losses are in :mod:`biogan.training.losses`, the random inputs in
:mod:`biogan.training.batches`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from biogan.nn.layers import widened
from biogan.training.batches import StepInputs, Stream, draw_inputs
from biogan.training.config import TrainingConfig
from biogan.training.engine import Engine
from biogan.training.losses import Objective, Terms


class Update(NamedTuple):
    """Terms of a loss and their gradients: what an optimiser applies to one network.

    Attributes
    ----------
    terms : dict of str to Tensor
        The minimised scalars by name, detached.
    gradients : tuple of Tensor or None
        Derivative of their sum with respect to each weight, None for an unused weight.
    """

    terms: Terms
    gradients: tuple[Tensor | None, ...]


def trained(network: nn.Module) -> list[nn.Parameter]:
    """Return the weights that are trained: those that require gradients."""
    return [weight for weight in network.parameters() if weight.requires_grad]


def differentiate(terms: Terms, weights: Sequence[nn.Parameter]) -> Update:
    """Differentiate the sum of the terms with respect to the weights of one network.

    One backward pass serves the loss and the second derivatives of the penalty. Derivatives with
    respect to the other network are not computed.

    Parameters
    ----------
    terms : dict of str to Tensor
        Named scalars.
    weights : sequence of nn.Parameter
        The weights of one network.

    Returns
    -------
    Update

    Examples
    --------
    >>> w, unused = nn.Parameter(torch.tensor(3.0)), nn.Parameter(torch.tensor(1.0))
    >>> update = differentiate({"loss": w * w, "penalty": 2 * w}, [w, unused])
    >>> update.terms["loss"].item(), update.gradients
    (9.0, (tensor(8.), None))
    """
    total = torch.stack(list(terms.values())).sum()
    found = torch.autograd.grad(total, weights, allow_unused=True)
    # The fused optimiser wants them laid out as the weights are.
    gradients = tuple(g if g is None else g.contiguous() for g in found)
    return Update({name: value.detach() for name, value in terms.items()}, gradients)


class MovingAverage:
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
    warm_up : bool
        Forget the first weights, which are random, within a few steps. Those of a model that is
        fine-tuned are worth keeping.
    """

    def __init__(self, network: nn.Module, decay: float, warm_up: bool = True) -> None:
        self.decay, self.warm_up = decay, warm_up
        self.network = copy.deepcopy(network).requires_grad_(False).eval()

    def weight(self, step: int) -> float:
        """Return how far the average moves after step ``step`` (counted from 1)."""
        if not self.warm_up:
            return 1 - self.decay
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
#: Decay rates of Adam for a likelihood, which has no opponent that moves.
LIKELIHOOD_BETAS = 0.9, 0.99


class NonFiniteTerm(Exception):  # noqa: N818 - a signal to the trainer, which decides what it means
    """A term of a step is NaN or infinite; the weights after it may be, too.

    Attributes
    ----------
    terms : dict of str to float
        The terms of that update.
    """

    def __init__(self, terms: dict[str, float]) -> None:
        super().__init__(str(terms))
        self.terms = terms


class AdversarialStep:
    """Generator and critic of a run with their optimisers, and the step that trains them.

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
        that averages over processes. What it remembers is part of the state; its attribute ``name``
        is that of the term in the log.
    reconstruction : nn.Module, optional
        What is minimised first in each step, over weights that neither adversarial loss reads: a
        function of stored records, which takes an update for each of the ``parts`` of those of
        all batches of the step. Its attribute ``name`` is that of the term in the log, ``rate`` its
        learning rate as a multiple of that of the others.
    warm_up : bool
        As of :class:`MovingAverage`.
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
        reconstruction: nn.Module | None = None,
        warm_up: bool = True,
    ) -> None:
        self.config, self.engine, self.batches, self.prepare = config, engine, batches, prepare
        self.objective = Objective.from_config(config)
        self.generator: Any = engine.place(generator)  # has noise(), which nn.Module hides
        self.critic = engine.place(critic)
        self.matching = engine.place(matching) if matching is not None else None
        self.matching_name = str(getattr(matching, "name", "matching"))
        self.average = MovingAverage(self.generator, config.chosen("ema"), warm_up)
        # Names of the terms of each update, by which critic updates have penalties.
        self.term_names: dict[tuple[bool, ...], list[list[str]]] = {}
        self.logged: dict[str, float] = {}
        self.launch = engine.launcher(self._compute)
        self._ahead: dict[int, StepInputs] = {}
        self.generator_opt = self._optimiser(self.generator)
        self.critic_opt = self._optimiser(self.critic)
        self.reconstruction: Any = None
        if reconstruction is not None:
            self.reconstruction = engine.place(reconstruction)
            self.reconstruction_opt = self._optimiser(self.reconstruction, LIKELIHOOD_BETAS)

    def _optimiser(
        self, network: nn.Module, betas: tuple[float, float] | None = None
    ) -> torch.optim.Adam:
        # Fused: one operation for all weights, which is a tenth of a small step.
        betas = betas or (self.config.chosen("beta1"), self.config.chosen("beta2"))
        rate, graph = self.config.chosen("lr"), self.engine.cuda_graph
        return torch.optim.Adam(
            trained(network),
            torch.tensor(rate, dtype=torch.float32, device=self.engine.device) if graph else rate,
            betas,
            fused=True,
            capturable=graph,
        )

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of all optimisers."""
        for name, optimiser in self._optimisers():
            group, own = optimiser.param_groups[0], rate
            if name == "reconstruction_opt":
                own = rate * self.reconstruction.rate
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(own)
            else:
                group["lr"] = own

    def _optimisers(self) -> list[tuple[str, torch.optim.Adam]]:
        """Return name and optimiser of each update."""
        names = ["generator_opt", "critic_opt"]
        names += ["reconstruction_opt"] * (self.reconstruction is not None)
        return [(name, getattr(self, name)) for name in names]

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
        inputs = self._ahead.pop(t, None) or self.draw(t)
        with self.engine.chance(self.config.seed, t):
            terms = self.launch(inputs)
        # Inputs of the next step are drawn while the device works.
        self._ahead = {t + 1: self.draw(t + 1).pinned()} if self.launch.ahead else {}
        return self._read(self.term_names[inputs.penalised], terms.tolist())

    def draw(self, t: int) -> StepInputs:
        """Draw the random inputs of step ``t``."""
        return draw_inputs(
            self.batches, self.generator, self.objective.penalised(t), self.config.seed, t,
            self.average.weight(t + 1), self.engine.rows(self.batches.batch_size),
            self.engine.device if self.config.device_noise else "cpu",
        )  # fmt: skip

    def _compute(self, inputs: StepInputs) -> Tensor:
        """Do the arithmetic of a step; return its terms, shape (terms,), see ``term_names``."""
        names: list[list[str]] = []
        values: list[Tensor] = []
        self.term_names[inputs.penalised] = names
        *for_critic, own = inputs.noise
        if self.reconstruction is not None:
            for part in self.reconstruction.parts(torch.cat(inputs.real)):
                update = self.reconstruction_update(part)
                names.append([*update.terms])
                values.append(self._apply(self.reconstruction_opt, update))
        for stored, noise, alpha, penalised in zip(
            inputs.real, for_critic, inputs.alpha, inputs.penalised, strict=True
        ):
            real = self.prepare(stored)
            update = self.critic_update(real, noise, alpha, penalised)
            names.append([*update.terms])
            values.append(self._apply(self.critic_opt, update))
        update = self.generator_update(real, own)
        names.append([*update.terms])
        values.append(self._apply(self.generator_opt, update))
        self.average.update(self.generator, inputs.weight)
        return torch.cat(values)

    def critic_update(self, real: Tensor, noise: Any, alpha: Tensor, penalised: bool) -> Update:
        """Return the terms of the critic and their gradients, for one batch of real data."""
        with torch.no_grad():
            fake = self._fake(noise)
        terms = self.objective.critic_terms(self._criticise, real, fake, alpha, penalised)
        return differentiate(terms, trained(self.critic))

    def generator_update(self, real: Tensor, noise: Any) -> Update:
        """Return the terms of the generator and their gradients."""
        fake = self._fake(noise)
        terms = self.objective.generator_terms(self._criticise, real, fake)
        if self.matching is not None:
            terms[self.matching_name] = self.matching(real, fake, self.engine.average)
        return differentiate(terms, trained(self.generator))

    def reconstruction_update(self, stored: Tensor) -> Update:
        """Return the loss of real records and its gradients, of a norm of 1 at most."""
        stored = stored.to(self.engine.device)
        with self.engine.likelihood_arithmetic():
            loss = widened(self.reconstruction(stored))
        terms = {self.reconstruction.name: loss}
        update = differentiate(terms, [*self.reconstruction.parameters()])
        # Recurrent networks have single steps of very large gradients (Pascanu et al. 2013).
        found = [g for g in update.gradients if g is not None]
        norm = nn.utils.get_total_norm(found)
        for gradient in found:
            gradient.mul_((1 / (norm + 1e-6)).clamp(max=1.0))
        return update

    def _fake(self, noise: Any) -> Tensor:
        with self.engine.arithmetic():
            return widened(self.generator(noise))

    def _criticise(self, records: Tensor) -> Tensor:
        with self.engine.arithmetic():
            return widened(self.critic(records))

    def _apply(self, optimiser: torch.optim.Adam, update: Update) -> Tensor:
        values = self.engine.average(torch.stack([*update.terms.values()]))
        weights = optimiser.param_groups[0]["params"]
        for weight, gradient in zip(weights, update.gradients, strict=True):
            weight.grad = gradient
        self.engine.average_gradients(weights)
        optimiser.step()
        return values

    def _read(self, updates: list[list[str]], values: list[float]) -> dict[str, float]:
        """Name the terms of a step; of the critic those of its last update."""
        rest = iter(values)
        for names in updates:
            update = {name: next(rest) for name in names}
            if not all(map(math.isfinite, update.values())):
                raise NonFiniteTerm(update)
            self.logged |= update
        return dict(self.logged)

    def broken(self) -> str | None:
        """Return the name of a network with a non-finite weight, or None.

        A finite loss can have a gradient that is not finite.
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
            **{name: optimiser.state_dict() for name, optimiser in self._optimisers()},
        }

    def load_state(self, state: State) -> None:
        """Go back to a state returned by :meth:`state`, whose tensors may be used from now on.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is that of another model.
        """
        check_like(state, self.state())
        for name, optimiser in self._optimisers():
            weights = [weight for group in optimiser.param_groups for weight in group["params"]]
            for index, moments in state[name]["state"].items():
                like = {key: weights[index] for key in moments if key.startswith("exp_avg")}
                check_like(moments, like, f"{name} of weight {index}")
        self.logged = dict(state["logged"])
        self.generator.load_state_dict(state["generator"])
        self.critic.load_state_dict(state["critic"])
        self.average.network.load_state_dict(state["average"])
        for name, optimiser in self._optimisers():
            # The state may come from another kind of machine.
            kept = {key: optimiser.param_groups[0][key] for key in ("lr", "capturable")}
            optimiser.load_state_dict(state[name])
            optimiser.param_groups[0].update(kept)
        if self.matching is not None:
            self.matching.load_state_dict(state["matching"])
        self.launch.forget()


def check_like(found: Any, like: Any, name: str = "the state") -> None:
    """Refuse a part of a saved state that is not like that of this run.

    Parameters
    ----------
    found : object
        What was read: mappings, tensors, numbers.
    like : object
        The same part of a run that has just begun. What it does not have yet is not looked at.
    name : str
        What the part is called.

    Raises
    ------
    TypeError, ValueError
        If a tensor has another shape or type, or a value is of another kind.

    Examples
    --------
    >>> check_like({"lr": 1.0, "more": 2}, {"lr": 0.5})
    >>> check_like({"w": torch.zeros(2)}, {"w": torch.zeros(3)})
    Traceback (most recent call last):
    ValueError: w of the state is of shape (2,), (3,) is needed
    """
    if isinstance(like, Mapping):
        if not isinstance(found, Mapping):
            raise TypeError(f"{name} is of type {type(found).__name__}")
        for key in like.keys() & found.keys():
            check_like(found[key], like[key], f"{key} of {name}")
    elif isinstance(like, Tensor):
        if not isinstance(found, Tensor) or found.dtype != like.dtype:
            raise TypeError(f"{name} is not of type {like.dtype}")
        if found.shape != like.shape:
            wanted = tuple(like.shape)
            raise ValueError(f"{name} is of shape {tuple(found.shape)}, {wanted} is needed")
    elif isinstance(like, int | float) and not isinstance(found, int | float):
        raise TypeError(f"{name} is of type {type(found).__name__}, a number is needed")
