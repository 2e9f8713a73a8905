"""Who plays which part, for records of any kind: here rows of an array."""

import numpy as np
import pytest

from biogan.core.errors import DataError
from biogan.evaluation.metric import random_order, row_keys
from biogan.evaluation.protocol import Dealing, assign_roles, unseen


def shuffled(rows, seed):
    return rows[random_order(row_keys(rows), seed)]


def halve(rows, seed):
    if len(rows) < 2:
        raise DataError("a single row")
    return shuffled(rows, seed)[: len(rows) // 2], shuffled(rows, seed)[len(rows) // 2 :]


ROWS = Dealing("row", row_keys, shuffled, halve, "rows were halved")
REAL, TRAIN, HELD = (np.arange(n, n + size)[:, None] for n, size in ((0, 41), (100, 50), (200, 30)))


def deal(real, train=None, held_out=None):
    return assign_roles(ROWS, real, train, held_out, 1)


def values(rows):
    return sorted(rows.ravel().tolist())


def test_real_alone_is_halved():
    found = deal(REAL)
    assert (len(found.target), len(found.ceiling)) == (20, 21)
    assert values(np.concatenate([found.target, found.ceiling])) == list(range(41))
    assert found.fit is found.ceiling and found.source is REAL and found.fresh is None
    assert found.notes == (
        "ceiling: no held-out rows given, so rows were halved, 20 rows that every set is scored "
        "against and 21 for the ceiling; a generator trained on the reference has seen both, so "
        "that copying cannot be told",
    )
    with pytest.raises(DataError, match="a single row"):
        deal(REAL[:1])


def test_training_data_are_the_source_and_halves_are_fresh():
    found = deal(REAL, TRAIN)
    assert found.fit is TRAIN and found.source is TRAIN
    assert found.fresh is found.ceiling and len(found.target) == 20
    assert len(found.notes) == 1 and found.notes[0].endswith("21 for the ceiling")


def test_held_out_rows_are_the_ceiling():
    found = deal(REAL, held_out=HELD)
    assert found.target.tolist() == shuffled(REAL, 1).tolist()
    assert values(found.ceiling) == values(HELD) and found.fresh is found.ceiling
    assert found.fit is REAL and found.source is REAL
    assert found.notes == ("copies are sought in the reference, which every set is scored against",)
    found = deal(REAL, TRAIN, HELD)
    assert found.source is TRAIN and values(found.target) == values(REAL)
    assert found.notes == (
        "every set is scored against the reference, copies are sought in the training data",
    )


def test_the_reference_given_as_training_data_too_is_the_same_as_none():
    assert deal(REAL, REAL[::-1], HELD).source is REAL
    assert deal(REAL, REAL[::-1]).fresh is None


def test_known_rows_and_too_few_do_not_tell_copying():
    mixed = np.concatenate([HELD, REAL[:5]])
    found = deal(REAL, held_out=mixed)
    assert len(found.ceiling) == 35 and values(found.fresh) == values(HELD)
    told = "5 of 35 held-out rows also stand in the reference: they do not count where copies are"
    assert found.notes[1].startswith(told)
    assert deal(HELD, REAL, mixed).notes[1] == found.notes[1].replace("reference", "training data")
    assert deal(REAL, np.concatenate([TRAIN, REAL[:9]]), mixed).notes[2:] == (
        "9 of 41 reference rows also stand in the training data: floors and copies look too good",
        "5 of 41 reference rows also stand in the held-out data: held-out data look too good",
    )
    few = deal(REAL, held_out=mixed[11:])
    assert few.fresh is None
    assert few.notes[1].startswith("5 of 24")
    assert few.notes[2] == "19 held-out rows are too few to tell copying"


def test_unseen():
    new, note = unseen(["a", "b", "a"], ["b"], "word", "training data")
    assert new.tolist() == [True, False, True]
    assert note.startswith("1 of 3 held-out words also stand in the training data")
    assert unseen(["a"], [], "word", "reference")[1] == ""
