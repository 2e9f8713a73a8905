"""Adversarial losses: pure functions of the critic's logits.

Each takes logits of shape (N,) and returns a scalar to be minimised. Logarithms of sigmoids are
written with softplus, ``log sigmoid(x) = -softplus(-x)``, which neither overflows nor needs an
epsilon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import relu, softplus

from biogan.config import TrainingConfig

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


LOSSES: dict[str, Loss] = {
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
