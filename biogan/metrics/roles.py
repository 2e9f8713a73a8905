"""Which real records play which part in an evaluation.

Everything is scored against a *target*: real records that the trivial samplers, and where the
caller can say so the generator, have not seen. The *ceiling* is other real records against the
same target, so both are real and neither has seen the other.

======================  =============  =======================  =================
given                   target         ceiling; floors fit on   copies sought in
======================  =============  =======================  =================
real                    one side of a  the other side           real
                        cluster split
real, held_out          held_out       real                     real
real, train             real           train                    train
real, train, held_out   real           held_out; train          train
======================  =============  =======================  =================
"""

from __future__ import annotations

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.datasets.splits import split
from biogan.errors import DataError
from biogan.io.input_report import plural
from biogan.metrics.intervals import GROUPS
from biogan.metrics.parts import OVERLAP, Roles, overlaps, unseen


def assign_roles(
    real: SequenceSet,
    train: SequenceSet | None,
    held_out: SequenceSet | None,
    n: int,
    seed: int,
    identity: float,
) -> Roles[SequenceSet]:
    """Give each set its part; see the table at the top of this module.

    Parameters
    ----------
    real, train, held_out : SequenceSet
        What was given.
    n : int
        Number of generated records, the most that a side of the split needs.
    seed : int
        Seed of the split.
    identity : float
        No two records across the split are this alike.

    Raises
    ------
    DataError
        If ``real`` is too small to be split.
    """
    same = train is not None and set(train.strings()) == set(real.strings())
    if train is not None and not same:
        ceiling = train if held_out is None else held_out
        fresh, notes = unseen_records(
            real if held_out is None else held_out, train, "training data"
        )
        what = "training" if held_out is None else "held-out"
        note = f"ceiling: {what} records scored against the reference like every other set"
        if held_out is not None:
            notes += overlaps(real.strings(), train.strings(), held_out.strings(), "record")
        return Roles(real, ceiling, train, train, fresh, (note, *notes))
    if held_out is not None:
        # The training data as reference: as if they had been given once.
        known = "the reference is the training data" if same else "no training data given"
        note = (
            f"{known}: copies are sought in the reference, and every set is scored against the "
            "held-out records"
        )
        fresh, notes = unseen_records(held_out, real, "training data" if same else "reference")
        return Roles(held_out, real, real, real, fresh, (note, *notes))
    if len(real) < 4:
        raise DataError(
            f"the reference has only {plural(len(real), 'record')}: give more, or held-out records "
            "(--held-out)"
        )
    # The share is one of distinct sequences; the repeats of each go to its side.
    parts = split(real, min(n, len(real) // 2) / len(real), seed, identity)
    target, ceiling = parts.held_out.expanded(), parts.train.expanded()
    note = (
        f"ceiling: the reference was split by {_kept_together(parts.identity)}, {len(target)} "
        f"records that every set is scored against and {len(ceiling)} for ceiling and floors; a "
        "generator trained on the reference has seen both"
    )
    if parts.identity > identity:
        note += f"; clusters of {identity:.0%} were too large, so near copies stand on both sides"
    return Roles(target, ceiling, ceiling, real, None, (note,))


def _kept_together(identity: float) -> str:
    return "exact copies" if identity == 1 else f"clusters of {identity:.0%} identity"


def unseen_records(
    held_out: SequenceSet, source: SequenceSet, where: str
) -> tuple[SequenceSet | None, tuple[str, ...]]:
    """Leave out what also stands in ``source``: it would make copying look natural."""
    new, note = unseen(held_out.strings(), source.strings(), "record", where)
    if not note:
        return held_out, ()
    shared = len(new) - int(new.sum())
    if shared >= OVERLAP * len(held_out):
        note += ", and the ceiling is too kind"
    if len(new) - shared < GROUPS:
        return None, (f"{note}; the {len(new) - shared} others are too few to tell copying",)
    return held_out[np.flatnonzero(new)], (note,)
