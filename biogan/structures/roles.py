"""Which real fragments play which part in an evaluation.

=======================  ==============  ==============  ===================================
given                    scored against  ceiling         floors fit on; copies sought in
=======================  ==============  ==============  ===================================
real                     half of real    other half      that other half; all of real
real, held_out           real            held_out        real
real, train              half of real    other half      train
real, train, held_out    real            held_out        train
=======================  ==============  ==============  ===================================

Halves are halves of the families, so that neither holds a relative of the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from biogan.errors import DataError
from biogan.io.input_report import plural
from biogan.metrics.intervals import GROUPS
from biogan.structures.families import split_families
from biogan.structures.fragments import FragmentSet
from biogan.structures.samples import keys, shuffled


@dataclass(frozen=True)
class FragmentRoles:
    """The parts of one evaluation.

    Attributes
    ----------
    target : FragmentSet
        Real fragments that everything is scored against, in an order without information.
    ceiling : FragmentSet
        Other real fragments: what can be reached.
    fit : FragmentSet
        What the trivial samplers learn from.
    source : FragmentSet
        Where copies are sought.
    fresh : FragmentSet or None
        Real fragments none of which stands in ``source``; ``None`` where there are too few.
    notes : tuple of str
        What the reader has to know.
    """

    target: FragmentSet
    ceiling: FragmentSet
    fit: FragmentSet
    source: FragmentSet
    fresh: FragmentSet | None
    notes: tuple[str, ...]


def assign_roles(
    real: FragmentSet, train: FragmentSet | None, held_out: FragmentSet | None, seed: int
) -> FragmentRoles:
    """Give each set its part; see the table at the top of this module.

    Parameters
    ----------
    real, train, held_out : FragmentSet
        What was given.
    seed : int
        Seed of order and halves.

    Raises
    ------
    DataError
        If ``real`` would have to be halved and is one family.
    """
    same = train is not None and set(keys(train)) == set(keys(real))
    trained = real if train is None or same else train
    if held_out is not None:
        where = "reference" if trained is real else "training data"
        note = f"every set is scored against the reference, copies are sought in the {where}"
        fresh, notes = _fresh(shuffled(held_out, seed), trained, where)
        ceiling = shuffled(held_out, seed)
        return FragmentRoles(shuffled(real, seed), ceiling, trained, trained, fresh, (note, *notes))
    if len(set(real.families.tolist())) < 2:
        raise DataError(
            f"{real.source}: {plural(len(real), 'fragment')} of one family, at least two families "
            "are needed to take a ceiling from: give more, or held-out fragments (--held-out)"
        )
    mask, other = split_families(real, 0.5, seed)
    target, ceiling = shuffled(real[mask], seed), shuffled(real[other], seed)
    note = (
        "ceiling: no held-out fragments given, so the families of the reference were halved, "
        f"{len(target)} fragments that every set is scored against and {len(ceiling)} for the "
        "ceiling"
    )
    if trained is not real:
        fresh, notes = _fresh(ceiling, trained, "training data")
        return FragmentRoles(target, ceiling, trained, trained, fresh, (note, *notes))
    note += "; a generator trained on the reference has seen both, so that copying cannot be told"
    return FragmentRoles(target, ceiling, ceiling, real, None, (note,))


def _fresh(
    held_out: FragmentSet, source: FragmentSet, where: str
) -> tuple[FragmentSet | None, tuple[str, ...]]:
    """Leave out what also stands in ``source``: it would make copying look natural."""
    known = set(keys(source))
    new = np.array([key not in known for key in keys(held_out)], bool)
    left, notes = int(new.sum()), []
    if left < len(new):
        notes.append(
            f"{len(new) - left} of {len(new)} held-out fragments also stand in the {where}: they "
            "do not count where copies are sought"
        )
    if left < GROUPS:
        return None, (*notes, f"{left} held-out fragments are too few to tell copying")
    return held_out[new], tuple(notes)
