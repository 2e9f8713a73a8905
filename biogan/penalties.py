"""Gradient penalties on the critic; pure functions of tensors.

``gradient`` is the derivative of each logit with respect to its own input, shape (N, ...); norms
run over all axes but the first.
"""

from __future__ import annotations

import torch
from torch import Tensor


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
    """Mix real and generated data, ``alpha`` of shape (N,) drawn from U(0, 1), one a sequence."""
    alpha = alpha.view(-1, *[1] * (real.dim() - 1))
    return alpha * real + (1 - alpha) * fake
