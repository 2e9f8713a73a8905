"""Half precision for networks alone: losses, penalties, counts and letters keep float32."""

from __future__ import annotations

import torch
from torch import Tensor


def widened(x: Tensor) -> Tensor:
    """Return numbers of half precision as float32, others as they are.

    Examples
    --------
    >>> widened(torch.ones(1, dtype=torch.bfloat16)).dtype, widened(torch.ones(1).double()).dtype
    (torch.float32, torch.float64)
    """
    return x.float() if x.dtype == torch.bfloat16 else x
