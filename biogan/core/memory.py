"""Room for what a library takes at its first call, asked for where it can be refused."""

from __future__ import annotations

import mmap
from functools import cache

# OpenBLAS takes 32 MB for its first product of matrices; the call itself needs a little, too.
_BLAS = 48 << 20


@cache
def room_for_blas() -> None:
    """Raise an error where linear algebra of scipy would get no memory.

    It is called before a fit of scikit-learn. Where its first call finds no memory, the OpenBLAS in
    scipy's packages (0.3.30) asks again for ever, and no signal but SIGKILL ends that: Python
    answers signals between its own steps alone.

    Raises
    ------
    MemoryError
        If less is left than the first call takes.

    Examples
    --------
    >>> room_for_blas()
    """
    try:
        mmap.mmap(-1, _BLAS).close()
    except OSError as error:
        raise MemoryError(f"{_BLAS >> 20} MB for linear algebra cannot be had") from error
