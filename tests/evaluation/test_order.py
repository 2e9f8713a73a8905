"""An order of records without information."""

import numpy as np
from comparing import iid

from biogan.evaluation.samples import random_order
from biogan.sequences.alphabet import DNA
from biogan.sequences.io.fasta import shuffled


def test_equal_records_are_spread_like_others():
    order = random_order([b"A"] * 500 + [b"C"] * 500, 0)
    assert sorted(order) == list(range(1000))
    # 250 +- 11 (hypergeometric).
    assert abs(int((order[:500] < 500).sum()) - 250) < 45


def test_the_first_records_of_two_sets_are_independent():
    """Short records recur: kept in both sets together, they would make the sets look alike."""
    one, two = (iid(DNA, 4_000, 6, seed) for seed in (0, 1))
    known = set(shuffled(two, 5)[:400].strings())

    def shared(part):
        return sum(text in known for text in shuffled(one, 5, part)[:400].strings())

    # 400 of 4,096 words are known; by one order those that stand in both sets stay together.
    assert np.isclose(shared("target"), 400 * 0.093, atol=4 * 6)
    assert shared("") > 150
