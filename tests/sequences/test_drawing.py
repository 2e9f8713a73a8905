"""Some records of a set, each as often as it occurred."""

import numpy as np

from biogan import SequenceSet
from biogan.sequences.splits import drawn


def weighted(*weights):
    sequences = SequenceSet.from_strings(["AAAA", "CCCC", "GGGG"])
    sequences.weights = np.array(weights, float)
    return sequences


def test_small_sets_are_given_back_whole():
    assert (
        drawn(weighted(2, 1, 3), 6, 24, 0, "x").strings() == weighted(2, 1, 3).expanded().strings()
    )
    assert len(drawn(weighted(1, 1, 1)[:0], 6, 24, 0, "x")) == 0


def test_records_are_drawn_by_their_weights_and_none_twice():
    some = drawn(weighted(900, 90, 10), 500, 10**6, 1, "x")
    counts = [some.strings().count(text) for text in ("AAAA", "CCCC", "GGGG")]
    assert len(some) == sum(counts) == 500 and (some.weights == 1).all()
    # Hypergeometric: means 450, 45, 5; four standard deviations.
    assert abs(counts[0] - 450) < 20 and abs(counts[1] - 45) < 19 and counts[2] <= 10
    assert drawn(weighted(900, 90, 10), 500, 10**6, 1, "x").strings() == some.strings()
    assert drawn(weighted(900, 90, 10), 500, 10**6, 2, "x").strings() != some.strings()


def test_letters_are_limited_too_and_one_record_is_always_kept():
    assert len(drawn(weighted(50, 50, 50), 100, 40, 0, "x")) == 10
    assert len(drawn(weighted(50, 50, 50), 100, 3, 0, "x")) == 1
