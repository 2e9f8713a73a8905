"""Records as circles, for sets whose letters mean the same in any place.

A record that is turned by a random number of letters each time it is drawn stands in every place
once in a while: a critic cannot learn by heart what stands where, and a generator that writes
circles, which are turned as well, need not learn each word again for each place.
"""

from __future__ import annotations

import torch
from torch import Tensor


def turned(rows: Tensor, by: Tensor) -> Tensor:
    """Turn each row to the left, its first letters go behind its last.

    Parameters
    ----------
    rows : Tensor, shape (N, length) or (N, channels, length)
        Codes or one-hot letters.
    by : Tensor, shape (N,), int64
        Number of letters, from 0.

    Returns
    -------
    Tensor
        Of the same shape; exact, so that it can be differentiated any number of times.

    Examples
    --------
    >>> turned(torch.tensor([[0, 1, 2, 3], [0, 1, 2, 3]]), torch.tensor([0, 1])).tolist()
    [[0, 1, 2, 3], [1, 2, 3, 0]]
    """
    length = rows.shape[-1]
    source = (torch.arange(length, device=rows.device) + by[:, None]) % length
    if rows.dim() == 3:
        source = source[:, None].expand_as(rows)
    return rows.gather(-1, source)


def draw_turns(n: int, length: int, rng: torch.Generator) -> Tensor:
    """Draw by how many letters each of ``n`` records is turned, shape (n,), 0 to ``length`` - 1."""
    return torch.randint(length, (n,), generator=rng, device=rng.device)
