"""Keeping freed memory for the next operation, and refusing what the machine cannot hold."""

from __future__ import annotations

import ctypes
import os
import platform
from functools import cache

from biogan.core.errors import ConfigError

# Parameters of mallopt(3), from malloc.h of the GNU C library.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
# glibc's own limit is 32 MiB for the second; larger pieces are rare here and go the usual way.
FREE_KEPT, LARGEST_KEPT = 512 << 20, 32 << 20


@cache
def keep_freed_memory() -> bool:
    """Tell the C library not to hand each freed tensor back to the system at once.

    The tensors of a small network are of about a megabyte, which glibc by default fetches from
    the system and gives back around every operation: a step of the default network took three
    thousand page faults at length 50, twenty thousand at 150. Up to 512 MiB of freed memory stay
    with the process instead. Measured in docs/experiments.md.

    Returns
    -------
    bool
        Whether it applies: on Linux with the GNU C library.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(
        library.mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)
        and library.mallopt(M_TRIM_THRESHOLD, FREE_KEPT)
    )


def check_fits(needed: int, what: str, advice: str) -> None:
    """Refuse what needs more than all memory of the machine; nothing where that is not known.

    Parameters
    ----------
    needed : int
        Bytes.
    what, advice : str
        What needs them, and what to do.

    Raises
    ------
    ConfigError
        If it does not fit.
    """
    if not {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(getattr(os, "sysconf_names", ())):
        return
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > there > 0:
        raise ConfigError(
            f"{what}, {needed / 2**30:,.0f} GB of memory to train, and the machine has "
            f"{there / 2**30:,.0f}: {advice}"
        )
