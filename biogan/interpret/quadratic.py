"""A judge of pairs of columns: a quadratic form of the letters, for records of one length.

The log odds are a sum over columns and pairs of columns, as the energy of a Potts model. Those of a
network are not: what it says of one pair depends on the rest of the record, so that changes of two
letters tell which parts it reads together, not which columns go together.

The weights start at zero and follow the gradient of the logistic loss, until a held-out fold is
judged worse: the first step is C_ij, the later ones take off what other pairs explain.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as loss_of

# Steps at most, steps without a gain on the held-out fold, and share of the last step that is kept.
_STEPS, _PATIENCE, _MOMENTUM = 60, 10, 0.9
# Multiplications by which the largest curvature is found.
_POWER = 6


class QuadraticForm(nn.Module):
    """Letters of L columns to one logit, by a weight for every pair of letters in two columns.

    Parameters
    ----------
    means : Tensor, shape (A, L)
        Share of each letter in each column, taken off before letters are multiplied.
    """

    means: Tensor
    apart: Tensor

    def __init__(self, means: Tensor) -> None:
        super().__init__()
        size, length = means.shape
        cells = size * length
        self.register_buffer("means", means.reshape(1, cells))
        # A constant stands beside the letters: its products with them are terms of one column.
        column = torch.arange(length).repeat(size)
        apart = torch.ones(cells + 1, cells + 1)
        apart[:cells, :cells] = (column[:, None] != column).float()
        apart[cells, cells] = 0
        self.register_buffer("apart", apart)
        self.weights = nn.Parameter(torch.zeros(cells + 1, cells + 1))
        self.offset = nn.Parameter(torch.zeros(()))

    def forward(self, letters: Tensor) -> Tensor:
        """Judge records.

        Parameters
        ----------
        letters : Tensor, shape (N, A, L)
            One-hot letters.

        Returns
        -------
        Tensor, shape (1, N)
            Logits.
        """
        return self._logits(self._centred(letters))[None]

    def fit(
        self, learned: Tensor, labels: Tensor, weights: Tensor, judged: Tensor, wanted: Tensor
    ) -> None:
        """Learn the weights.

        Parameters
        ----------
        learned, judged : Tensor, shape (N, A, L) and (K, A, L)
            Letters of the records that are learned, and of those that stop the training.
        labels, wanted : Tensor, shape (N,) and (K,)
            1 for records, 0 for the others.
        weights : Tensor, shape (N,)
            Weights of the learned records, with a mean of 1.
        """
        with torch.no_grad():
            x, held = self._centred(learned), self._centred(judged)
            rate = 4 / self._curvature(x, weights)
            step = torch.zeros_like(self.weights)
            best, kept, since = torch.inf, (self.weights.clone(), self.offset.clone()), 0
            for _ in range(_STEPS):
                wrong = weights * (self._logits(x).sigmoid() - labels) / len(x)
                step = _MOMENTUM * step - rate * self._gradient(x, wrong)
                self.weights.add_(step)
                self.offset.sub_(4 * wrong.sum())
                now = float(loss_of(self._logits(held), wanted))
                since += 1
                if now < best:
                    best, since = now, 0
                    kept = self.weights.clone(), self.offset.clone()
                if since == _PATIENCE:
                    break
            for own, value in zip((self.weights, self.offset), kept, strict=True):
                own.copy_(value)
        self.requires_grad_(False)

    def _centred(self, letters: Tensor) -> Tensor:
        """Return the letters less their means, and a 1 behind them, shape (N, A L + 1)."""
        flat = letters.flatten(1) - self.means
        return torch.cat([flat, torch.ones(len(flat), 1)], 1)

    def _logits(self, x: Tensor) -> Tensor:
        return ((x @ self.weights) * x).sum(1) + self.offset

    def _gradient(self, x: Tensor, wrong: Tensor) -> Tensor:
        """Return the sum of the products of letters in two columns, weighed, (cells, cells)."""
        return ((x * wrong[:, None]).T @ x) * self.apart

    def _curvature(self, x: Tensor, weights: Tensor) -> Tensor:
        """Return the largest eigenvalue of the mean of the squared products."""
        along = torch.ones(len(x))
        for _ in range(_POWER):
            along = along / along.norm()
            along = ((x @ self._gradient(x, along * weights)) * x).sum(1) / len(x)
        return along.norm()
