"""The shape of one encoded sequence."""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """Shape of one one-hot sequence.

    Attributes
    ----------
    channels : int
        Letters, and the end symbol where lengths vary.
    length : int
        Positions.
    """

    channels: int
    length: int
