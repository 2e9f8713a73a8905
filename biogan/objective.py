"""What critic and generator minimise, as named terms.

The trainer adds the terms up and takes one backward of the sum; the names are what it logs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from biogan.config import TrainingConfig
from biogan.losses import LOSSES, Loss, own_defaults
from biogan.penalties import input_gradient, interpolate, one_centred, zero_centred

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
        >>> from biogan.config import TrainingConfig
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
        """Return what the generator minimises; ``real`` is judged only by a relative loss."""
        fake_logits = critic(fake)
        real_logits = fake_logits
        if self.loss.relative:
            with torch.no_grad():
                real_logits = critic(real)
        return {"generator": self.loss.generator(real_logits, fake_logits)}
