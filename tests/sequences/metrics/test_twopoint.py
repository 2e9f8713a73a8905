import numpy as np
import pytest
from comparing import compare, iid

from biogan.evaluation.intervals import GROUPS
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics.comparison import Sample
from biogan.sequences.metrics.spectrum import furthest_distance, group_pairs, mutual_information


def test_pairs_do_not_cross_records_or_other_letters():
    some = SequenceSet.from_strings(["ACGT", "TNT"], alphabet=DNA.with_letters("N"))
    counts = group_pairs(Sample(some), 3)
    assert counts.shape == (GROUPS, 3, 4, 4)
    assert counts.sum((2, 3))[:2].tolist() == [[3, 2, 1], [0, 1, 0]]
    assert counts[0, 0, 0, 1] == counts[0, 0, 1, 2] == counts[0, 0, 2, 3] == 1
    assert counts[0, 1, 0, 2] == counts[0, 1, 1, 3] == counts[0, 2, 0, 3] == 1
    assert counts[1, 1, 3, 3] == 1


def test_information_by_hand():
    # Equal letters with probability .4, .1 otherwise: 1 - .8 log2(.8/.5) ... = 1 - H(.2) bits.
    joint = np.array([[4000, 1000], [1000, 4000]])
    bias = 1 / (2 * np.log(2) * 10_000)
    fair = 1 + 0.8 * np.log2(0.8) + 0.2 * np.log2(0.2)
    assert mutual_information(joint) == pytest.approx(fair - bias)
    assert mutual_information(np.zeros((2, 2), int)) == 0


def test_independent_letters_have_no_information():
    counts = group_pairs(Sample(iid(DNA, 2000, 50, 0)), 25).sum(0)
    found = mutual_information(counts)
    assert found.mean() == pytest.approx(0, abs=2e-5)
    # Chi-squared: sd sqrt(2 (A-1)^2) / (2 N ln 2) of each, N = 2000 (50 - d).
    assert np.abs(found).max() < 5 * np.sqrt(18) / (2 * np.log(2) * 2000 * 25)


def test_a_period_is_seen_at_its_distances_only():
    def periodic(seed):
        matrix = iid(DNA, 2000, 40, seed).matrix()
        copied = np.random.default_rng(seed + 100).random((2000, 40)) < 0.5
        for j in range(10, 40):
            matrix[:, j] = np.where(copied[:, j], matrix[:, j - 10], matrix[:, j])
        return SequenceSet.from_matrix(DNA, matrix)

    real, plain = periodic(0), iid(DNA, 2000, 40, 5)
    curve = mutual_information(group_pairs(Sample(real), 20).sum(0))
    assert np.argsort(curve)[-2:].tolist() == [19, 9]
    # Letters 10 apart are equal with probability 1/2 + 1/8: four cells of .625 / 4.
    at_ten = 4 + 0.625 * np.log2(0.625 / 4) + 0.375 * np.log2(0.375 / 12)
    assert curve[9] == pytest.approx(at_ten, abs=0.01)
    found = compare("information-decay", plain, real)
    assert found.note == "distances 1 to 20"
    assert found.value == pytest.approx(np.abs(curve).mean(), abs=0.003)
    assert compare("information-decay", real, real).value == 0
    again = compare("information-decay", periodic(1), real)
    assert again.high < found.low


def test_what_has_no_distance():
    assert furthest_distance(iid(DNA, 5, 300, 0)) == 100
    one = iid(DNA, 30, 1, 0)
    assert compare("information-decay", one, one).note.startswith("records are too short")
    empty = SequenceSet.from_strings([""] * 40)
    assert compare("information-decay", empty, empty).value is None
    protein = iid(PROTEIN, 30, 20, 0)
    assert compare("information-decay", protein, protein).note == "nucleotides only"
