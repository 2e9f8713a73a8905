"""What critic and generator minimise, as named terms.

The trainer adds the terms up and takes one backward of the sum; the names are what it logs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from biogan.config import TrainingConfig
from biogan.errors import ConfigError
from biogan.losses import LOSSES, Loss
from biogan.penalties import input_gradient, interpolate, one_centred, zero_centred

Terms = dict[str, Tensor]


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
    """

    loss: Loss
    gp: float
    r1: float
    r2: float
    critic_steps: int

    @classmethod
    def from_config(cls, config: TrainingConfig) -> Objective:
        """Build the objective; options that are ``None`` take the loss's own default."""
        if config.loss is None:
            raise ConfigError("--loss: not chosen yet, one of " + ", ".join(LOSSES))
        loss = LOSSES[config.loss]

        def chosen(name: str) -> float:
            value = getattr(config, name)
            return getattr(loss, name) if value is None else value

        return cls(
            loss, chosen("gp"), chosen("r1"), chosen("r2"), int(chosen("critic_steps"))
        )  # fmt: skip

    def critic_terms(self, critic: nn.Module, real: Tensor, fake: Tensor, alpha: Tensor) -> Terms:
        """Return what the critic minimises.

        Parameters
        ----------
        critic : nn.Module
            (N, ...) to (N,).
        real, fake : Tensor, shape (N, ...)
            A batch of each; ``fake`` without a graph.
        alpha : Tensor, shape (N,)
            Interpolation weights of the gradient penalty, from U(0, 1).

        Returns
        -------
        dict of str to Tensor
            ``critic`` and, where their weight is not 0, ``gp``, ``r1``, ``r2`` with weight applied.
        """
        n = len(real)
        both = torch.cat([real, fake])
        if self.r1 or self.r2:
            both.requires_grad_()
        # One forward for real and generated data: fewer, larger operations.
        logits = critic(both)
        terms = {"critic": self.loss.critic(logits[:n], logits[n:])}
        if self.r1 or self.r2:
            gradient = input_gradient(logits, both)
            if self.r1:
                terms["r1"] = self.r1 * zero_centred(gradient[:n])
            if self.r2:
                terms["r2"] = self.r2 * zero_centred(gradient[n:])
        if self.gp:
            mixed = interpolate(real, fake, alpha).requires_grad_()
            terms["gp"] = self.gp * one_centred(input_gradient(critic(mixed), mixed))
        return terms

    def generator_terms(self, critic: nn.Module, real: Tensor, fake: Tensor) -> Terms:
        """Return what the generator minimises; ``real`` is judged only by a relative loss."""
        fake_logits = critic(fake)
        real_logits = fake_logits
        if self.loss.relative:
            with torch.no_grad():
                real_logits = critic(real)
        return {"generator": self.loss.generator(real_logits, fake_logits)}
