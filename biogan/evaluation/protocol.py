"""The protocol of an evaluation: which real records play which part, for every kind of data.

Everything is scored against a *target*: real records that the trivial samplers, and where the
caller can say so the generator, have not seen. The *ceiling* is other real records against the
same target, so both are real and neither has seen the other. The *floors* are trivial samplers
that learn from real records. Copies are sought in the *source*, what the generator was trained on.

======================  ======================  =======================  =================
given                   target                  ceiling; floors fit on   copies sought in
======================  ======================  =======================  =================
real                    one side of a split     the other side           real
real, held_out          held_out                real                     real
real, train             real                    train                    train
real, train, held_out   real                    held_out; train          train
======================  ======================  =======================  =================

How real records are split is for the kind of data to say: neither side may hold a relative of the
other. Training data that are the reference again, in any order, count as not given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from biogan.core.errors import DataError, plural
from biogan.evaluation.intervals import GROUPS

#: Share of records that stand in two sets from which one of them makes a result look too good.
OVERLAP = 0.01
#: Share of records that stand in another set from which the two are taken for one.
SAME = 0.5
# Real records that can be split.
_FEWEST = 4


class RecordSet(Protocol):
    """Records that can be counted and picked."""

    @property
    def digest(self) -> str:
        """SHA-256 of what they hold."""
        ...

    def __len__(self) -> int:
        """Return their number."""
        ...

    def __getitem__(self, rows: slice | np.ndarray) -> Self:
        """Return some of them, by a slice or numbers."""
        ...


Records = TypeVar("Records", bound=RecordSet)


@dataclass(frozen=True)
class Roles(Generic[Records]):
    """The part that each set plays in one evaluation.

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
    more : tuple of set of records
        Real records beyond the target, the training data last; empty where training data are not
        given as such.
    """

    target: Records
    ceiling: Records
    fit: Records
    source: Records
    fresh: Records | None
    notes: tuple[str, ...]
    more: tuple[Records, ...] = ()


@dataclass(frozen=True)
class Split(Generic[Records]):
    """Two sides of the real records that hold no relatives of one another.

    Attributes
    ----------
    target, ceiling : set of records
        The sides.
    how : str
        What was kept together, for the notes: ``by families``, ``at random``.
    warning : str
        What the reader should know about the split; empty where there is nothing.
    """

    target: Records
    ceiling: Records
    how: str
    warning: str = ""


def assign_roles(
    real: Records,
    train: Records | None,
    held_out: Records | None,
    n: int,
    *,
    noun: str,
    keys: Callable[[Records], Sequence[Hashable]],
    split: Callable[[Records, int], Split[Records]],
) -> Roles[Records]:
    """Give each set its part; see the table at the top of this module.

    Parameters
    ----------
    real, train, held_out : set of records
        What was given.
    n : int
        Number of generated records, the most that the target of a split needs.
    noun : str
        One record, for the notes.
    keys : callable
        A hash of each record, equal for equal ones.
    split : callable
        Splits real records, the number of records that the target should have.

    Raises
    ------
    DataError
        If ``real`` has to be split and is too small.
    """
    same = train is not None and set(keys(train)) == set(keys(real))
    if train is not None and not same:
        ceiling = train if held_out is None else held_out
        unseen = real if held_out is None else held_out
        fresh, notes = fresh_records(unseen, train, keys, noun, "training data")
        what = "training" if held_out is None else "held-out"
        note = f"ceiling: {what} {noun}s scored against the reference like every other set"
        more: tuple[Records, ...] = (train,)
        if held_out is not None:
            more = (held_out, train)
            notes += overlaps(keys(real), keys(train), keys(held_out), noun)
        return Roles(real, ceiling, train, train, fresh, (note, *notes), more)
    if held_out is not None:
        known = "the reference is the training data" if same else "no training data given"
        note = (
            f"{known}: copies are sought in the reference, and every set is scored against the "
            f"held-out {noun}s"
        )
        where = "training data" if same else "reference"
        fresh, notes = fresh_records(held_out, real, keys, noun, where)
        return Roles(held_out, real, real, real, fresh, (note, *notes), (real,))
    if len(real) < _FEWEST:
        raise DataError(
            f"the reference has only {plural(len(real), noun)}: give more, or held-out {noun}s "
            "(--held-out)"
        )
    sides = split(real, min(n, len(real) // 2))
    note = (
        f"ceiling: the reference was split {sides.how}, {len(sides.target):,} {noun}s that every "
        f"set is scored against and {len(sides.ceiling):,} for ceiling and floors; a generator "
        "trained on the reference has seen both"
    )
    note += f"; {sides.warning}" if sides.warning else ""
    return Roles(sides.target, sides.ceiling, sides.ceiling, real, None, (note,))


def fresh_records(
    held_out: Records,
    source: Records,
    keys: Callable[[Records], Sequence[Hashable]],
    noun: str,
    where: str,
) -> tuple[Records | None, tuple[str, ...]]:
    """Leave out held-out records that also stand in ``source``: they make copying look natural.

    Parameters
    ----------
    held_out, source : set of records
        Real records, and those where copies are sought.
    keys : callable
        A hash of each record, equal for equal ones.
    noun, where : str
        What a record is and what the source is, for the notes.

    Returns
    -------
    fresh : set of records or None
        ``None`` where known ones were left out and fewer than 20 are left.
    notes : tuple of str
        How many there are that do; none where none does.
    """
    known = set(keys(source))
    new = np.array([key not in known for key in keys(held_out)], bool)
    left = int(new.sum())
    shared = len(new) - left
    if not shared:
        return held_out, ()
    note = (
        f"{shared:,} of {len(new):,} held-out {noun}s also stand in the {where}: they do not count "
        "where copies are sought"
    )
    if shared >= OVERLAP * len(new):
        note += ", and the ceiling looks too good"
    if left < GROUPS:
        return None, (f"{note}; the {left:,} others are too few to tell copying",)
    return held_out[np.flatnonzero(new)], (note,)


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
                f"{shared:,} of {len(real):,} reference {noun}s also stand in the {where}: {what}"
            )
    return tuple(notes)


def check_sets(
    generated: Mapping[str, Sequence[Hashable]],
    real: Sequence[Hashable],
    train: Sequence[Hashable] | None,
    held_out: Sequence[Hashable] | None,
    noun: str,
) -> dict[str, tuple[str, ...]]:
    """Refuse sets that cannot play their parts, as where files were swapped; warn of doubtful ones.

    Parameters
    ----------
    generated : mapping of str to sequence of hashable
        A hash of each record, equal for equal ones, of each generated set by name.
    real, train, held_out : sequence of hashable
        The same of the real sets.
    noun : str
        What a record is.

    Returns
    -------
    dict of str to tuple of str
        For each generated set, what the reader has to know before anything else.

    Raises
    ------
    DataError
        If the held-out data are the reference or the training data, or if more than half of a
        generated set stand in the records that it is scored against, where other real records do
        not.

    Examples
    --------
    >>> check_sets({"generated": "abc"}, "abc", None, None, "record")
    Traceback (most recent call last):
    biogan.core.errors.DataError: the generated set equals the reference: ...
    """
    known = {"reference": real} | ({} if train is None else {"training data": train})
    warnings = []
    for name, some in known.items() if held_out is not None else ():
        assert held_out is not None
        if set(held_out) == set(some):
            raise DataError(
                f"the held-out {noun}s equal the {name}: give real ones that no generator has seen"
            )
        if (hits := _standing(held_out, some)) > SAME * len(held_out):
            said = f"{hits:,} of {len(held_out):,} held-out {noun}s stand in the {name}"
            warnings.append(f"{said}: are they really held out?")
    same = train is not None and set(train) == set(real)
    if same and held_out is None:
        warnings.append(
            f"the reference equals the training data, so copying cannot be told: give real {noun}s "
            "that were not trained on"
        )
    elif train is not None and not same and (hits := _standing(real, train)) > SAME * len(real):
        said = f"{hits:,} of {len(real):,} reference {noun}s stand in the training data"
        warnings.append(f"{said}, so a copier looks real: give {noun}s that were not trained on")
    source, where = (real, "reference") if train is None or same else (train, "training data")
    target, against = real, "reference"
    if held_out is not None and source is real:
        target, against = held_out, "held-out data"
    # Real records that come again, as short ones do by chance, excuse generated ones that do.
    other = () if source is target else source
    natural = max(_twins(target), _standing(other, target) / max(1, len(other)))
    found = {}
    for name, some in generated.items():
        hits, distinct = _standing(some, target), len(set(some) & set(target))
        # One record of the target again and again is no other file, but a collapse.
        common = distinct > SAME * min(len(some), len(target))
        if common and hits > max(SAME, 2 * natural) * len(some):
            part = f"has {hits:,} of its {len(some):,} {noun}s in common with"
            raise DataError(
                f"{_called(name)} {'equals' if _equals(some, target) else part} the {against}: "
                f"{'the generator copies, or ' if source is target else ''}files are swapped; what "
                f"is judged comes first, and real {noun}s that no generator has seen are needed "
                "(--reference, --held-out)"
            )
        own = []
        # What is copied in part is said by the metrics of novelty.
        if source is not target and _equals(some, source):
            own.append(
                f"{_called(name)} equals the {where}: the generator copies, or files are swapped"
            )
        found[name] = (*warnings, *own)
    return found


def _called(name: str) -> str:
    return "the generated set" if name == "generated" else f"the set {name}"


def _equals(some: Sequence[Hashable], other: Sequence[Hashable]) -> bool:
    return len(some) == len(other) and set(some) == set(other)


def _standing(some: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """Return how many records of one set stand in another."""
    known = set(other)
    return sum(key in known for key in some)


def _twins(some: Sequence[Hashable]) -> float:
    """Return the share of records that another record of the set equals."""
    return sum(n for n in Counter(some).values() if n > 1) / max(1, len(some))
