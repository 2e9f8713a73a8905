"""The mathematics of training: adversarial losses, gradient penalties and their weighted sum.

The losses are functions of the critic's logits, shape (N,), and return a scalar to be minimised.
Logarithms of sigmoids are written with softplus, ``log sigmoid(x) = -softplus(-x)``, which neither
overflows nor needs an epsilon.

The penalties are functions of ``gradient``, the derivative of each logit with respect to its own
input, shape (N, ...); norms run over all axes but the first.

:class:`Objective` puts a loss and its penalties together as named terms. A step takes one backward
of the sum of the terms (:mod:`biogan.training.step`); the names are those in the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from biogan.training.config import LossName, TrainingConfig

PairLoss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Loss:
    """A pair of losses and the settings at which it trains well.

    Attributes
    ----------
    critic, generator : callable
        ``(real_logits, fake_logits) -> scalar``, minimised by the critic and by the generator.
    relative : bool
        Whether the generator's loss reads the logits of real data.
    gp, r1, r2 : float
        Default weights of the penalties.
    critic_steps : int
        Default number of critic steps for each generator step.
    penalty_every : int
        Default number of critic steps from one with penalties to the next.
    """

    critic: PairLoss
    generator: PairLoss
    relative: bool
    gp: float
    r1: float
    r2: float
    critic_steps: int
    penalty_every: int


def standard_critic(real: Tensor, fake: Tensor) -> Tensor:
    """Return -V(D, G) = -(E log D(x) + E log(1 - D(G(z)))), D = sigmoid(logit)."""
    return softplus(-real).mean() + softplus(fake).mean()


def minimax_generator(real: Tensor, fake: Tensor) -> Tensor:
    """Return the generator's part of V: E log(1 - D(G(z))), saturating."""
    return -softplus(fake).mean()


def non_saturating_generator(real: Tensor, fake: Tensor) -> Tensor:
    """Return -E log D(G(z)): same fixed point, a gradient where the critic is sure."""
    return softplus(-fake).mean()


def wasserstein_critic(real: Tensor, fake: Tensor) -> Tensor:
    """Return E D(G(z)) - E D(x), minus the estimated Wasserstein distance."""
    return fake.mean() - real.mean()


def wasserstein_generator(real: Tensor, fake: Tensor) -> Tensor:
    """Return -E D(G(z))."""
    return -fake.mean()


def hinge_critic(real: Tensor, fake: Tensor) -> Tensor:
    """Return E max(0, 1 - D(x)) + E max(0, 1 + D(G(z)))."""
    return relu(1 - real).mean() + relu(1 + fake).mean()


def relativistic_critic(real: Tensor, fake: Tensor) -> Tensor:
    """Return E softplus(-(D(x) - D(G(z)))) over pairs."""
    return softplus(fake - real).mean()


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """Return E softplus(-(D(G(z)) - D(x))) over pairs."""
    return softplus(real - fake).mean()


#: Every loss by its name, a member of ``LossName``.
LOSSES: dict[LossName, Loss] = {
    # Gulrajani et al. 2017
    "wgan-gp": Loss(wasserstein_critic, wasserstein_generator, False, 1.0, 0.0, 0.0, 3, 1),
    # Goodfellow et al. 2014, section 3; minimax is their eq. 1
    "standard": Loss(standard_critic, non_saturating_generator, False, 0.0, 0.1, 0.0, 1, 1),
    "minimax": Loss(standard_critic, minimax_generator, False, 0.0, 0.1, 0.0, 1, 1),
    # Lim & Ye 2017; Miyato et al. 2018
    "hinge": Loss(hinge_critic, wasserstein_generator, False, 0.0, 0.1, 0.0, 1, 1),
    # Jolicoeur-Martineau 2019; R3GAN, Huang et al. 2024
    "relativistic": Loss(relativistic_critic, relativistic_generator, True, 0.0, 0.05, 0.05, 1, 4),
}

OWN_DEFAULTS = ("critic_steps", "gp", "r1", "r2", "penalty_every")


def own_defaults(config: TrainingConfig) -> dict[str, float]:
    """Return what the loss of a configuration has for each of its options that was left open.

    Raises
    ------
    ConfigError
        If the loss is open itself.

    Examples
    --------
    >>> own_defaults(TrainingConfig(loss="relativistic", r1=1.0, r2=0.5, gp=0.0))
    {'critic_steps': 1, 'penalty_every': 4}
    """
    loss = LOSSES[config.chosen("loss")]
    return {name: getattr(loss, name) for name in OWN_DEFAULTS if getattr(config, name) is None}


def input_gradient(logits: Tensor, inputs: Tensor) -> Tensor:
    """Differentiate each logit with respect to its own input, keeping the graph.

    Parameters
    ----------
    logits : Tensor, shape (N,)
        The critic's logits; logit ``i`` must depend on input ``i`` alone.
    inputs : Tensor, shape (N, ...)
        The critic's inputs, with ``requires_grad``.

    Returns
    -------
    Tensor, shape (N, ...)
    """
    (gradient,) = torch.autograd.grad(logits.sum(), inputs, create_graph=True)
    return gradient


def zero_centred(gradient: Tensor) -> Tensor:
    """Return E |g|^2 / 2: R1 on real data, R2 on generated data (Mescheder et al. 2018)."""
    return gradient.flatten(1).square().sum(1).mean() / 2


def one_centred(gradient: Tensor) -> Tensor:
    """Return E (|g| - 1)^2, the penalty of WGAN-GP (Gulrajani et al. 2017, eq. 3)."""
    # The constant keeps the derivative of the norm finite at zero.
    norm = (gradient.flatten(1).square().sum(1) + 1e-16).sqrt()
    return (norm - 1).square().mean()


def interpolate(real: Tensor, fake: Tensor, alpha: Tensor) -> Tensor:
    """Mix real and generated records with weights ``alpha`` from U(0, 1), shape (N,)."""
    alpha = alpha.view(-1, *[1] * (real.dim() - 1))
    return alpha * real + (1 - alpha) * fake


Terms = dict[str, Tensor]
Critic = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Objective:
    """An adversarial loss with its penalties.

    Attributes
    ----------
    loss : Loss
        The pair of losses.
    gp, r1, r2 : float
        Weights of the penalties; a penalty of weight 0 is not computed.
    critic_steps : int
        Critic steps for each generator step.
    penalty_every : int
        Critic steps from one with penalties to the next. A penalty is most of the work of a critic
        step and changes slowly; taken seldom, with as many times its weight, it does the same
        ("lazy regularisation", Karras et al. 2020, section 3.1).
    """

    loss: Loss
    gp: float
    r1: float
    r2: float
    critic_steps: int
    penalty_every: int

    @classmethod
    def from_config(cls, config: TrainingConfig) -> Objective:
        """Build the objective; options that are ``None`` take the loss's own default."""
        config = config.replace(**own_defaults(config))
        of = config.chosen
        return cls(
            LOSSES[of("loss")], of("gp"), of("r1"), of("r2"), of("critic_steps"),
            of("penalty_every"),
        )  # fmt: skip

    def penalised(self, t: int) -> tuple[bool, ...]:
        """Tell for each critic step of step ``t`` whether its penalties are taken.

        Examples
        --------
        >>> from biogan.training.config import TrainingConfig
        >>> objective = Objective.from_config(TrainingConfig(loss="relativistic"))
        >>> [objective.penalised(t) for t in range(5)]
        [(True,), (False,), (False,), (False,), (True,)]
        """
        first = t * self.critic_steps
        return tuple((first + i) % self.penalty_every == 0 for i in range(self.critic_steps))

    def critic_terms(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        alpha: Tensor,
        penalised: bool = True,
    ) -> Terms:
        """Return what the critic minimises.

        Parameters
        ----------
        critic : callable
            (N, ...) to (N,).
        real, fake : Tensor, shape (N, ...)
            A batch of each; ``fake`` without a graph.
        alpha : Tensor, shape (N,)
            Interpolation weights of the gradient penalty, from U(0, 1).
        penalised : bool
            Whether the penalties are taken.

        Returns
        -------
        dict of str to Tensor
            ``critic`` and, where they are taken and their weight is not 0, ``gp``, ``r1``, ``r2``
            with weight and ``penalty_every`` applied.
        """
        n, times = len(real), self.penalty_every if penalised else 0
        gp, r1, r2 = self.gp * times, self.r1 * times, self.r2 * times
        both = torch.cat([real, fake])
        if r1 or r2:
            both.requires_grad_()
        # One forward for real and generated data: fewer, larger operations.
        logits = critic(both)
        terms = {"critic": self.loss.critic(logits[:n], logits[n:])}
        if r1 or r2:
            gradient = input_gradient(logits, both)
            if r1:
                terms["r1"] = r1 * zero_centred(gradient[:n])
            if r2:
                terms["r2"] = r2 * zero_centred(gradient[n:])
        if gp:
            mixed = interpolate(real, fake, alpha).requires_grad_()
            terms["gp"] = gp * one_centred(input_gradient(critic(mixed), mixed))
        return terms

    def generator_terms(self, critic: Critic, real: Tensor, fake: Tensor) -> Terms:
        """Return what the generator minimises; ``real`` is used by a relative loss only."""
        fake_logits = critic(fake)
        real_logits = fake_logits
        if self.loss.relative:
            with torch.no_grad():
                real_logits = critic(real)
        return {"generator": self.loss.generator(real_logits, fake_logits)}
