"""A half step before its update: the terms of one player, and which way they move its weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from biogan.objective import Terms


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
