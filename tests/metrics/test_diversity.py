import numpy as np
import pytest
from comparing import compare, iid

from biogan.alphabet import DNA
from biogan.datasets.sequences import SequenceSet
from biogan.metrics.diversity import pair_identities


def test_one_sequence_written_600_times():
    real = iid(DNA, 600, 40, 0)
    clones = real[np.zeros(600, int)]
    assert compare("unique", clones, real).value == pytest.approx(1 / 600)
    found = compare("identity-ratio", clones, real)
    assert found.value == pytest.approx(1 / pair_identities(real).mean())
    assert found.low > 3


def test_ten_clusters_of_ten():
    real = iid(DNA, 100, 40, 0)
    found = compare("unique", real[np.repeat(np.arange(10), 10)], real)
    assert (found.value, found.n) == (0.1, 100)


def test_identity_of_random_dna_is_a_quarter():
    assert pair_identities(iid(DNA, 4000, 50, 0)).mean() == pytest.approx(0.25, abs=0.005)
    found = compare("identity-ratio", iid(DNA, 4000, 50, 1), iid(DNA, 4000, 50, 2))
    assert found.low < 1 < found.high
    # sd of one identity sqrt(.25 * .75 / 50) = .0612 over 2000 pairs, twice, in units of .25
    assert (found.high - found.low) / 2 / 1.96 == pytest.approx(
        0.0612 / np.sqrt(2000) / 0.25 * np.sqrt(2), rel=0.05
    )


def test_edit_distance_where_lengths_vary():
    some = SequenceSet.from_strings(["ACGT", "CGT", "AAAA", "AAAATT"])
    assert pair_identities(some).tolist() == pytest.approx([3 / 4, 4 / 6])
    long = SequenceSet.from_strings(["ACGTT" * 50, "ACGTT" * 50, "A", "C"])
    assert pair_identities(long)[0] == 1.0


def test_too_few_records_for_pairs():
    one = iid(DNA, 1, 8, 0)
    assert compare("identity-ratio", one, one).value is None
