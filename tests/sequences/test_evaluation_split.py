"""How the reference is split where it is all that is given: by clusters of identity."""

import numpy as np
import pytest
from comparing import iid

from biogan.core.errors import DataError
from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet, cut_windows
from biogan.sequences.evaluate import SequenceEvaluation, evaluate

REAL = iid(DNA, 60, 30, 0)


def roles(real, n=1000):
    return SequenceEvaluation(0.9).assign_roles(real, None, None, n, 0)


def test_split_gives_half_of_the_distinct_sequences_away():
    assert len(roles(REAL, n=1000).target) == 30
    # One sequence 60 times beside 59 others: of 60 distinct ones 30 go, with all their repeats.
    sizes = np.where(np.arange(60) == 0, 60, 1)
    found = roles(REAL[np.repeat(np.arange(60), sizes)], n=1000)
    assert sorted([len(found.target), len(found.ceiling)]) == [30, 89]


def test_note_says_at_which_identity_the_split_was_made():
    assert roles(REAL).notes[0] == (
        "ceiling: the reference was split by clusters of 90 % identity, 30 records that every set "
        "is scored against and 30 for ceiling and floors; a generator trained on the reference has "
        "seen both"
    )


@pytest.mark.parametrize(
    ("changed", "kept", "target"),
    [
        # Record i has letter i changed: two records are 28/30 alike, 93 %.
        (np.eye(30, dtype=np.uint8), "clusters of 95 % identity", 10),
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
        "has seen both; clusters of 90 % were too large, so near copies stand on both sides"
    )


def test_split_keeps_repeats_on_one_side_and_gives_them_back():
    repeated = REAL[np.repeat(np.arange(60), 3)]
    found = roles(repeated)
    assert len(found.target) + len(found.ceiling) == 180
    assert not set(found.target.strings()) & set(found.ceiling.strings())


def windows(seed, n=400, name="chr"):
    letters = "".join(np.random.default_rng(seed).choice(list("ACGT"), (n - 1) * 25 + 100))
    return cut_windows(SequenceSet.from_strings([letters], [name]), 100, 25)[0]


def test_a_reference_of_overlapping_windows_is_split_by_region():
    real = windows(0)
    found = roles(real, n=100)
    target, ceiling = found.target.regions, found.ceiling.regions
    gaps = np.maximum(target.start[:, None] - ceiling.stop, ceiling.start - target.stop[:, None])
    assert gaps.min() >= 100
    left = 400 - len(found.target) - len(found.ceiling)
    assert 0 < left < 40
    assert f"in blocks of neighbours ({left} records that overlap or resemble" in found.notes[0]


def test_a_report_says_that_records_overlap_and_share_letters_with_training():
    real = windows(0)
    train, held_out = real[::2], real[1::2]
    report = evaluate(held_out, windows(1, name="new"), train=train, metrics=["letter-jsd"])
    assert report.warnings == (
        "200 of 200 real records that do not stand in the training data share half of their "
        "letters, in words of 20 letters with a training record, as shifted windows do: floors, "
        "copies and the ceiling look too good",
    )
    said = "400 of 400 generated records overlap others, as windows of one sequence do: intervals"
    note = next(note for note in report.notes if note.startswith(said))
    assert note.endswith("as about 100")
    apart = evaluate(windows(2, name="x"), windows(1), train=train, metrics=["letter-jsd"])
    assert not apart.warnings


def test_a_reference_whose_records_all_overlap_is_refused_in_one_line():
    real = windows(0, n=4)
    with pytest.raises(DataError, match="overlap so far that none can be kept apart: give"):
        roles(real, n=2)
