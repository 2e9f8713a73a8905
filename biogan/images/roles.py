"""How real images get their parts in an evaluation: halves are taken at random."""

from __future__ import annotations

from biogan.errors import DataError
from biogan.images.imageset import ImageSet
from biogan.images.samples import keys, shuffled
from biogan.io.input_report import plural
from biogan.metrics.parts import Dealing

# Images of a reference that can be halved.
_FEWEST = 4


def halve(images: ImageSet, seed: int) -> tuple[ImageSet, ImageSet]:
    """Halve images at random, the first half the smaller.

    Raises
    ------
    DataError
        If there are fewer than four.
    """
    if len(images) < _FEWEST:
        raise DataError(
            f"{images.source}: {plural(len(images), 'image')}, at least {_FEWEST} are needed to "
            "take a ceiling from: give more, or held-out images (--held-out)"
        )
    mixed, half = shuffled(images, seed), len(images) // 2
    return mixed[:half], mixed[half:]


#: For :func:`biogan.metrics.parts.assign_roles`.
IMAGES = Dealing("image", keys, shuffled, halve, "the reference was halved at random")
