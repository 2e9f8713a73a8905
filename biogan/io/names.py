"""Names of files for records that go into a file each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

LENGTH = 100
_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


def file_names(ids: Sequence[str], noun: str) -> Iterator[str]:
    """Turn ids into names of files, without a suffix, that every system takes, each once.

    Parameters
    ----------
    ids : sequence of str
        Ids of the records.
    noun : str
        The name of a record whose id leaves nothing to be named by.

    Examples
    --------
    >>> list(file_names(["1abc:A/2", "cell", "CELL", ".."], "image"))
    ['1abc_A_2', 'cell', 'CELL_2', 'image']
    """
    taken: set[str] = set()
    for name in ids:
        plain = _UNFIT.sub("_", name).strip(". ")[:LENGTH] or noun
        unique, number = plain, 1
        # Some systems do not tell capitals from small letters.
        while unique.casefold() in taken:
            number += 1
            unique = f"{plain}_{number}"
        taken.add(unique.casefold())
        yield unique
