"""How many digits: half precision for networks alone, and none lost where records are written.

Losses, penalties, counts and letters keep float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def exact() -> Iterator[None]:
    """Convolve in float32 proper inside the block.

    A GPU takes TF32 unasked, whose ten bits would turn one letter in some thousand.
    """
    conv = getattr(torch.backends.cudnn, "conv", None)
    if conv is None:  # torch before 2.9
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            yield
        return
    before, conv.fp32_precision = conv.fp32_precision, "ieee"
    try:
        yield
    finally:
        conv.fp32_precision = before
