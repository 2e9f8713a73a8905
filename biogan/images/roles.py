"""Which real images play which part in an evaluation.

=======================  ==============  ============  ===================================
given                    scored against  ceiling       floors fit on; copies sought in
=======================  ==============  ============  ===================================
real                     half of real    other half    that other half; all of real
real, held_out           real            held_out      real
real, train              half of real    other half    train
real, train, held_out    real            held_out      train
=======================  ==============  ============  ===================================
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biogan.errors import DataError
from biogan.images.imageset import ImageSet
from biogan.images.samples import keys, shuffled
from biogan.io.input_report import plural
from biogan.metrics.intervals import GROUPS

# Images of a reference that can be halved.
_FEWEST = 4


@dataclass(frozen=True)
class ImageRoles:
    """The parts of one evaluation.

    Attributes
    ----------
    target : ImageSet
        Real images that everything is scored against, in an order without information.
    ceiling : ImageSet
        Other real images: what can be reached.
    fit : ImageSet
        What the trivial samplers learn from.
    source : ImageSet
        Where copies are sought.
    fresh : ImageSet or None
        Real images none of which stands in ``source``; ``None`` where there are too few.
    notes : tuple of str
        What the reader has to know.
    """

    target: ImageSet
    ceiling: ImageSet
    fit: ImageSet
    source: ImageSet
    fresh: ImageSet | None
    notes: tuple[str, ...]


def assign_roles(
    real: ImageSet, train: ImageSet | None, held_out: ImageSet | None, seed: int
) -> ImageRoles:
    """Give each set its part; see the table at the top of this module.

    Parameters
    ----------
    real, train, held_out : ImageSet
        What was given.
    seed : int
        Seed of order and halves.

    Raises
    ------
    DataError
        If ``real`` is too small to be halved.
    """
    mixed = shuffled(real, seed)
    same = train is not None and set(keys(train)) == set(keys(real))
    trained = real if train is None or same else train
    if held_out is not None:
        fresh, notes = _fresh(shuffled(held_out, seed), trained, trained is real)
        first = (
            "copies are sought in the reference, which every set is scored against"
            if trained is real
            else "every set is scored against the reference, copies are sought in the training data"
        )
        ceiling = shuffled(held_out, seed)
        return ImageRoles(mixed, ceiling, trained, trained, fresh, (first, *notes))
    if len(real) < _FEWEST:
        raise DataError(
            f"{real.source}: {plural(len(real), 'image')}, at least {_FEWEST} are needed to take a "
            "ceiling from: give more, or held-out images (--held-out)"
        )
    half = len(mixed) // 2
    target, ceiling = mixed[:half], mixed[half:]
    note = (
        f"ceiling: no held-out images given, so the reference was halved at random, {len(target)} "
        f"images that every set is scored against and {len(ceiling)} for the ceiling"
    )
    if trained is not real:
        fresh, notes = _fresh(ceiling, trained, False)
        return ImageRoles(target, ceiling, trained, trained, fresh, (note, *notes))
    note += "; a generator trained on the reference has seen both, so that copying cannot be told"
    return ImageRoles(target, ceiling, ceiling, real, None, (note,))


def _fresh(
    held_out: ImageSet, source: ImageSet, reference: bool
) -> tuple[ImageSet | None, tuple[str, ...]]:
    """Leave out what also stands in ``source``: it would make copying look natural."""
    known = set(keys(source))
    new = np.array([key not in known for key in keys(held_out)], bool)
    shared = len(new) - int(new.sum())
    if not shared and len(new) >= GROUPS:
        return held_out, ()
    note = ""
    if shared:
        note = (
            f"{shared} of {len(held_out)} held-out images also stand in the "
            f"{'reference' if reference else 'training data'}: they do not count where copies are "
            "sought"
        )
    if len(new) - shared < GROUPS:
        few = f"{len(new) - shared} held-out images are too few to tell copying"
        return None, (f"{note}; {few}" if note else few,)
    return held_out[np.flatnonzero(new)], (note,)
