"""The domains by name, and the one that a set of records belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from biogan.core.errors import DataError
from biogan.core.protocols import Domain
from biogan.images.dataset import ImageSet
from biogan.images.modality import Pixels
from biogan.structures.dataset import FragmentSet
from biogan.structures.modality import Chains
from biogan.training.presets import ImageGANConfig


def domain_of(records: Any, config: ImageGANConfig) -> Domain:
    """Read the domain off training data.

    Raises
    ------
    DataError
        If these are no images and no fragments, or there is nothing to learn.
    """
    if isinstance(records, ImageSet):
        return Pixels.of(records, config.conditional)
    if isinstance(records, FragmentSet):
        return Chains.of(records, config)
    raise DataError(
        f"fit needs an ImageSet or a FragmentSet, not {type(records).__name__}: use "
        "biogan.read_images, biogan.read_structures or ImageSet.from_pixels"
    )


def domain_from(data: Mapping[str, Any]) -> Domain:
    """Read the domain off a model card.

    Raises
    ------
    DataError
        If the card is damaged.
    """
    known: dict[str, Any] = {"pixels": Pixels, "distances": Chains}
    try:
        found: Domain = known[data["kind"]].from_dict(data)
    except (KeyError, TypeError, ValueError) as error:
        kind = str(data.get("kind"))[:40]
        raise DataError(f"layout describes no pixels and no distances, kind {kind!r}") from error
    return found
