"""How the reference is split where it is all that is given: by clusters of identity."""

import numpy as np
import pytest
from comparing import iid

from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.evaluate import SequenceEvaluation

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
