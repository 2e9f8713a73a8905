import numpy as np
import pytest
from comparing import compare, iid

from biogan.alphabet import DNA
from biogan.datasets.sequences import SequenceSet


@pytest.fixture(scope="module")
def train():
    return iid(DNA, 1000, 80, 0)


def test_one_mutation_copies_are_near_but_not_exact(train):
    matrix = iid(DNA, 1000, 80, 1).matrix()
    matrix[:50] = train.matrix()[:50]
    matrix[:50, 7] = (matrix[:50, 7] + 1) % 4
    new = SequenceSet.from_matrix(DNA, matrix)
    assert compare("copies", new, train).value == 0
    found = compare("near-excess", new, train, fresh_rate=(0, 1000))
    assert found.value == 0.05
    # Wilson: 50/1000 [.03814, .06533], 0/1000 [0, .00383]; both distances squared and summed.
    low, high = np.hypot(0.05 - 0.03814, 0.00383), 0.06533 - 0.05
    assert (found.low, found.high) == pytest.approx((0.05 - low, 0.05 + high), abs=2e-5)


def test_copies_of_train(train):
    again = train[np.random.default_rng(0).integers(0, 1000, 400)]
    found = compare("copies", again, train)
    assert (found.value, found.high, found.n) == (1.0, 1.0, 400)
    assert found.details == tuple(again.ids[:5])
    assert compare("near-copies", again, train).value == 1.0


def test_copies_are_sought_in_the_source_not_in_the_reference(train):
    other = iid(DNA, 200, 80, 2)
    assert compare("copies", train[:100], other, train).value == 1.0
    assert compare("copies", other, train, train).value == 0.0


def test_excess_takes_off_what_real_data_show(train):
    found = compare("near-excess", train[:500], train, fresh_rate=(400, 500))
    assert found.value == pytest.approx(0.2)
    assert compare("near-excess", train[:9], train).note == "no held-out records to compare with"


def test_long_records_do_not_overflow():
    long = iid(DNA, 2, 249, 0)
    assert compare("near-copies", long, long, identity=1.0).value == 1.0


def test_copies_of_the_other_strand():
    train = SequenceSet.from_strings(["AACG", "ACGT", "GGGG"])
    new = SequenceSet.from_strings(["CGTT", "AACG", "ACGT", "CCCA"])
    found = compare("strand-copies", new, train)
    # CGTT is AACG turned round; ACGT is its own reverse complement.
    assert (found.value, found.n, found.details) == (0.5, 4, ("seq_1", "seq_3"))
