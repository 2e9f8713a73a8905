import numpy as np
import pytest
from comparing import iid

from biogan.core.errors import DataError
from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics.comparison import assign_roles

REAL, TRAIN, HELD = (iid(DNA, n, 30, seed) for n, seed in ((60, 0), (90, 1), (40, 2)))


def roles(real, train=None, held_out=None, n=1000):
    return assign_roles(real, train, held_out, n, 0, 0.9)


def test_reference_alone_is_split_into_target_and_ceiling():
    found = roles(REAL, n=20)
    assert (len(found.target), len(found.ceiling)) == (20, 40)
    assert sorted(found.target.strings() + found.ceiling.strings()) == sorted(REAL.strings())
    assert found.source is REAL and found.fresh is None and found.fit is found.ceiling
    assert "20 records that every set is scored against and 40 for" in found.notes[0]


def test_split_gives_half_of_the_distinct_sequences_away():
    assert len(roles(REAL, n=1000).target) == 30
    # One sequence 60 times beside 59 others: of 60 distinct ones 30 go, with all their repeats.
    sizes = np.where(np.arange(60) == 0, 60, 1)
    found = roles(REAL[np.repeat(np.arange(60), sizes)], n=1000)
    assert sorted([len(found.target), len(found.ceiling)]) == [30, 89]


def test_note_says_at_which_identity_the_split_was_made():
    assert roles(REAL).notes[0] == (
        "ceiling: the reference was split by clusters of 90% identity, 30 records that every set "
        "is scored against and 30 for ceiling and floors; a generator trained on the reference has "
        "seen both"
    )


@pytest.mark.parametrize(
    ("changed", "kept", "target"),
    [
        # Record i has letter i changed: two records are 28/30 alike, 93 %.
        (np.eye(30, dtype=np.uint8), "clusters of 95% identity", 10),
        # Record i has letters 0 to i changed: each is 29/30 like the next, a chain at 97 %.
        (np.tri(30, dtype=np.uint8), "exact copies", 10),
    ],
)
def test_note_says_that_the_identity_was_raised(changed, kept, target):
    family = (REAL.matrix()[:1] + changed) % 4
    found = roles(SequenceSet.from_matrix(DNA, family.astype(np.uint8)), n=target)
    assert found.notes[0] == (
        f"ceiling: the reference was split by {kept}, {target} records that every set is scored "
        f"against and {30 - target} for ceiling and floors; a generator trained on the reference "
        "has seen both; clusters of 90% were too large, so near copies stand on both sides"
    )


def test_split_keeps_repeats_on_one_side_and_gives_them_back():
    repeated = REAL[np.repeat(np.arange(60), 3)]
    found = roles(repeated)
    assert len(found.target) + len(found.ceiling) == 180
    assert not set(found.target.strings()) & set(found.ceiling.strings())


def test_train_given():
    found = roles(REAL, TRAIN)
    assert (found.target, found.ceiling, found.fit, found.source, found.fresh) == (
        REAL, TRAIN, TRAIN, TRAIN, REAL,
    )  # fmt: skip


def test_held_out_given():
    found = roles(REAL, held_out=HELD)
    assert (found.target, found.ceiling, found.fit, found.source, found.fresh) == (
        HELD, REAL, REAL, REAL, HELD,
    )  # fmt: skip


def test_everything_given():
    found = roles(REAL, TRAIN, HELD)
    assert (found.target, found.ceiling, found.fit, found.source, found.fresh) == (
        REAL, HELD, TRAIN, TRAIN, HELD,
    )  # fmt: skip


def test_a_reference_that_shares_records_with_others_is_said():
    mixed = SequenceSet.from_strings(
        REAL.strings()[:40] + TRAIN.strings()[:15] + HELD.strings()[:5]
    )
    assert roles(mixed, TRAIN, HELD).notes[-2:] == (
        "15 of 60 reference records also stand in the training data: floors and copies look too "
        "good",
        "5 of 60 reference records also stand in the held-out data: held-out data look too good",
    )


def test_training_data_as_reference_are_no_second_set():
    found = roles(TRAIN, TRAIN[::-1], HELD)
    assert found.target is HELD and found.ceiling is TRAIN
    assert found.notes == (
        "the reference is the training data: copies are sought in the reference, and every set is "
        "scored against the held-out records",
    )
    repeated = TRAIN[np.repeat(np.arange(90), 2)]
    assert roles(TRAIN, repeated).fresh is None


def test_held_out_records_that_were_trained_on_do_not_hide_copies():
    mixed = SequenceSet.from_strings(REAL.strings()[:15] + TRAIN.strings()[:45])
    found = roles(mixed, TRAIN)
    assert found.fresh is None and found.target is mixed
    assert found.notes[-1] == (
        "45 of 60 held-out records also stand in the training data: they do not count where "
        "copies are sought, and the ceiling is too kind; the 15 others are too few to tell copying"
    )
    found = roles(REAL, TRAIN, SequenceSet.from_strings(HELD.strings()[:20] + TRAIN.strings()[:1]))
    assert found.fresh.strings() == HELD.strings()[:20]
    assert found.notes[-1].startswith("1 of 21 held-out records also stand in the training data")
    found = roles(REAL, held_out=SequenceSet.from_strings(HELD.strings() * 5 + REAL.strings()[:1]))
    assert len(found.fresh) == 200
    assert found.notes[-1] == (
        "1 of 201 held-out records also stand in the reference: they do not count where copies "
        "are sought"
    )


def test_too_small_to_split():
    with pytest.raises(DataError, match="the reference has only 3 records"):
        roles(REAL[:3])
