"""The parts that real records play in an evaluation, and how images and fragments get theirs.

=======================  ==============  ============  ===================================
given                    scored against  ceiling       floors fit on; copies sought in
=======================  ==============  ============  ===================================
real                     half of real    other half    that other half; all of real
real, held_out           real            held_out      real
real, train              half of real    other half    train
real, train, held_out    real            held_out      train
=======================  ==============  ============  ===================================

How a set is halved is for the kind of data to say: neither half may hold a relative of the other.
Sequences are dealt in another way, see :mod:`biogan.sequences.metrics.comparison`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from biogan.evaluation.intervals import GROUPS

#: Share of records that stand in two sets from which one of them is too kind a scale.
OVERLAP = 0.01


class RecordSet(Protocol):
    """Records that can be counted and picked."""

    def __len__(self) -> int:
        """Return their number."""
        ...

    def __getitem__(self, rows: slice | np.ndarray) -> Self:
        """Return some of them, by a slice, numbers or a mask."""
        ...


Some = TypeVar("Some")
Records = TypeVar("Records", bound=RecordSet)


@dataclass(frozen=True)
class Roles(Generic[Some]):
    """The parts of one evaluation.

    Attributes
    ----------
    target : set of records
        Real records that everything is scored against.
    ceiling : set of records
        Other real records: what can be reached.
    fit : set of records
        What the trivial samplers learn from.
    source : set of records
        Where copies are sought.
    fresh : set of records or None
        Real records none of which stands in ``source``, to see how often likeness arises without
        copying; ``None`` where there are too few.
    notes : tuple of str
        What the reader has to know.
    """

    target: Some
    ceiling: Some
    fit: Some
    source: Some
    fresh: Some | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Dealing(Generic[Records]):
    """What :func:`assign_roles` has to know about a kind of data.

    Attributes
    ----------
    noun : str
        One record, in messages.
    keys : callable
        A hash of each record, equal for equal ones.
    shuffled : callable
        Puts records into an order that depends on them and on a seed alone.
    halve : callable
        Gives, for a set and a seed, two unrelated halves in such an order, or raises
        :class:`~biogan.core.errors.DataError` where the set is too small.
    halved : str
        Says how, in the notes.
    """

    noun: str
    keys: Callable[[Records], list[bytes]]
    shuffled: Callable[[Records, int], Records]
    halve: Callable[[Records, int], tuple[Records, Records]]
    halved: str


def assign_roles(
    dealing: Dealing[Records],
    real: Records,
    train: Records | None,
    held_out: Records | None,
    seed: int,
) -> Roles[Records]:
    """Give each set its part; see the table at the top of this module.

    Parameters
    ----------
    dealing : Dealing
        The kind of data.
    real, train, held_out : set of records
        What was given.
    seed : int
        Seed of order and halves.

    Raises
    ------
    DataError
        If ``real`` would have to be halved and is too small.
    """
    same = train is not None and set(dealing.keys(train)) == set(dealing.keys(real))
    trained = real if train is None or same else train
    where = "reference" if trained is real else "training data"
    if held_out is not None:
        note = (
            "copies are sought in the reference, which every set is scored against"
            if trained is real
            else "every set is scored against the reference, copies are sought in the training data"
        )
        ceiling = dealing.shuffled(held_out, seed)
        fresh, notes = _fresh(dealing, ceiling, trained, where)
        target = dealing.shuffled(real, seed)
        if trained is not real:
            keys = dealing.keys
            notes += overlaps(keys(real), keys(trained), keys(held_out), dealing.noun)
        return Roles(target, ceiling, trained, trained, fresh, (note, *notes))
    target, ceiling = dealing.halve(real, seed)
    note = (
        f"ceiling: no held-out {dealing.noun}s given, so {dealing.halved}, {len(target)} "
        f"{dealing.noun}s that every set is scored against and {len(ceiling)} for the ceiling"
    )
    if trained is not real:
        fresh, notes = _fresh(dealing, ceiling, trained, where)
        notes += overlaps(dealing.keys(target), dealing.keys(trained), [], dealing.noun)
        return Roles(target, ceiling, trained, trained, fresh, (note, *notes))
    note += "; a generator trained on the reference has seen both, so that copying cannot be told"
    return Roles(target, ceiling, ceiling, real, None, (note,))


def unseen(
    held_out: Sequence[Hashable], source: Sequence[Hashable], noun: str, where: str
) -> tuple[np.ndarray, str]:
    """Tell which held-out records do not stand in ``source``: others make copying look natural.

    Parameters
    ----------
    held_out, source : sequence of hashable
        The records, or a hash of each.
    noun, where : str
        What a record is and what the source is, for the note.

    Returns
    -------
    new : numpy.ndarray, shape (n,), bool
    note : str
        How many there are that do; empty where none does.

    Examples
    --------
    >>> new, note = unseen(["ACG", "TTT"], ["TTT", "GGG"], "record", "reference")
    >>> new.tolist(), note[:53]
    ([True, False], '1 of 2 held-out records also stand in the reference: ')
    """
    known = set(source)
    new = np.array([key not in known for key in held_out], bool)
    shared = len(new) - int(new.sum())
    if not shared:
        return new, ""
    return new, (
        f"{shared} of {len(new)} held-out {noun}s also stand in the {where}: they do not count "
        "where copies are sought"
    )


def overlaps(
    real: Sequence[Hashable], train: Sequence[Hashable], held_out: Sequence[Hashable], noun: str
) -> tuple[str, ...]:
    """Say where records that everything is scored against stand in what is scored.

    Parameters
    ----------
    real, train, held_out : sequence of hashable
        The records, or a hash of each.
    noun : str
        What a record is.

    Returns
    -------
    tuple of str
        A note for the training and one for the held-out data, where one in a hundred is shared.

    Examples
    --------
    >>> for note in overlaps(["ACG", "TTT"], ["TTT"], ["GGG"], "record"): print(note)
    1 of 2 reference records also stand in the training data: floors and copies look too good
    """
    notes = []
    for where, other, what in (
        ("training data", set(train), "floors and copies look too good"),
        ("held-out data", set(held_out), "held-out data look too good"),
    ):
        shared = sum(key in other for key in real)
        if shared and shared >= OVERLAP * len(real):
            notes.append(
                f"{shared} of {len(real)} reference {noun}s also stand in the {where}: {what}"
            )
    return tuple(notes)


def _fresh(
    dealing: Dealing[Records], held_out: Records, source: Records, where: str
) -> tuple[Records | None, tuple[str, ...]]:
    new, note = unseen(dealing.keys(held_out), dealing.keys(source), dealing.noun, where)
    notes, left = [note] if note else [], int(new.sum())
    if left < GROUPS:
        few = f"{left} held-out {dealing.noun}s are too few to tell copying"
        return None, (*notes, few)
    return (held_out[new] if notes else held_out), tuple(notes)
