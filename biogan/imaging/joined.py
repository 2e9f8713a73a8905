"""Parts of a stream joined into one set."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from biogan.images.imageset import ImageSet
from biogan.imaging.domain import Records


def joined(parts: Iterable[Records]) -> Any:
    """Join sets of one kind, at least one, in order.

    Examples
    --------
    >>> one = ImageSet.from_pixels(np.zeros((2, 8, 8), np.uint8))
    >>> len(joined([one, one]))
    4
    """
    some = list(parts)
    ids = tuple(name for part in some for name in part.ids)

    def rows(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in some])

    first = some[0]
    if isinstance(first, ImageSet):
        labels = None if first.labels is None else rows("labels")
        return dataclasses.replace(first, pixels=rows("pixels"), ids=ids, labels=labels)
    maps = None if first.maps is None else rows("maps")
    return dataclasses.replace(
        first, xyz=rows("xyz"), ids=ids, families=rows("families"), maps=maps
    )
