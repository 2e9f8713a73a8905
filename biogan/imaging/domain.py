"""What an image GAN has to know of its data; pixels and distance maps are two such domains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from PIL import Image
from torch import Tensor

from biogan.config import ImageGANConfig
from biogan.images.imageset import ImageSet
from biogan.nets import Networks
from biogan.structures.fragments import FragmentSet

Records = ImageSet | FragmentSet
#: Records to points, shape (n, d), of a space in which likeness is judged.
Features = Callable[[Records], np.ndarray]
Watch = Callable[[int, int], None]


class Domain(Protocol):
    """How records become tensors and tensors records.

    Attributes
    ----------
    kind : str
        ``"pixels"`` or ``"distances"``, as the model card calls it.
    noun : str
        What one record is called.
    """

    kind: str
    noun: str

    @property
    def learned(self) -> int:
        """Number of classes that are learned; 0 where records have none."""
        ...

    def describe(self) -> str:
        """Say in a few words what a record is."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return what the model card holds, for :func:`biogan.imaging.domains.from_dict`."""
        ...

    def networks(self, config: ImageGANConfig) -> Networks:
        """Build generator and critic."""
        ...

    def stored(self, records: Records) -> Tensor:
        """Lay records out as one tensor, shape (n, ...), small enough for the memory."""
        ...

    def prepare(self, batch: Tensor) -> Tensor:
        """Turn stored records into what the critic sees, on their device."""
        ...

    def decode(self, batch: np.ndarray, prefix: str, first: int, rough: bool = False) -> Records:
        """Turn what a generator writes into records; ids count on from ``first`` (from 0).

        ``rough`` is enough for a check while training, and quick.
        """
        ...

    def split(self, records: Records, share: float, seed: int) -> tuple[Records, Records]:
        """Take a part for validation off; nothing alike stands on both sides."""
        ...

    def features(self, train: Records, seed: int, watch: Watch | None = None) -> Features:
        """Return the map to the space in which the monitor judges.

        ``watch`` receives steps done and to do, where it has to be learned.
        """
        ...

    def floors(self, train: Records, n: int, seed: int) -> Mapping[str, Records]:
        """Sample what trivial samplers write."""
        ...

    def picture(self, records: Records) -> Image.Image:
        """Draw records as one image."""
        ...
