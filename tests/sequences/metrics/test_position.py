import numpy as np
import pytest

from biogan.evaluation.distances import pearson
from biogan.sequences.metrics.positions import (
    column_pairs,
    joint_counts,
    letter_counts,
    one_hot,
    pair_counts,
    pair_covariance,
    slope,
    some_columns,
    some_triplets,
    triplet_counts,
    triplet_covariance,
)

TWO = np.array([[0, 0], [0, 0], [1, 1], [1, 1]], np.uint8)


def test_letter_and_pair_counts_by_hand():
    matrix = np.array([[0, 1, 2], [0, 2, 2]], np.uint8)
    assert letter_counts(matrix, 3).tolist() == [[2, 0, 0], [0, 1, 1], [0, 0, 2]]
    pairs = pair_counts(matrix, 3)
    assert pairs.shape == (2, 9)
    assert pairs[0].tolist() == [0, 1, 1, 0, 0, 0, 0, 0, 0]
    assert pairs[1].tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 1]


def test_pair_covariance_of_two_coupled_columns():
    # f_ij(a,a) = 1/2, f_i(a) = 1/2: C = +1/4 for equal letters, -1/4 for unequal ones.
    c = pair_covariance(joint_counts(TWO, 2), 4)
    assert c[2:, :2] == pytest.approx(np.array([[0.25, -0.25], [-0.25, 0.25]]))


def test_column_pairs_are_the_blocks_below_the_diagonal():
    mask = column_pairs(3, 2)
    assert mask.sum() == 3 * 4
    assert not mask[:2].any() and mask[4:, :4].all() and not mask[4:, 4:].any()


def test_one_hot_of_no_records_keeps_its_width():
    assert one_hot(np.zeros((0, 3), np.uint8), 4).shape == (0, 12)
    assert one_hot(TWO, 2).tolist()[0] == [1, 0, 1, 0]


def test_slope_sees_halved_couplings_where_pearson_does_not():
    x = np.array([-1.0, 0.0, 1.0, 2.0])
    assert slope(x, x / 2 + 3) == pytest.approx(0.5)
    assert pearson(x, x / 2 + 3) == pytest.approx(1.0)
    assert slope(np.ones(3), np.arange(3.0)) == 0.0


def test_planted_pairs_come_back_and_independent_columns_do_not():
    def planted(strength, seed, n=20_000, length=40):
        rng = np.random.default_rng(seed)
        matrix = rng.integers(0, 4, (n, length)).astype(np.uint8)
        copy = rng.random((n, length // 2)) < strength
        matrix[:, length // 2 :] = np.where(
            copy, matrix[:, : length // 2], matrix[:, length // 2 :]
        )
        return pair_covariance(joint_counts(matrix, 4), n)[column_pairs(length, 4)]

    truth = planted(0.5, 0)
    again, half, none = planted(0.5, 1), planted(0.25, 2), planted(0.0, 3)
    # Signal: 20 pairs of columns of 780, C = +-strength (1/4 - 1/16) and -strength/16. Noise:
    # variance (3/16)**2 / n in every cell.
    variance = 0.5**2 * (4 * (3 / 16) ** 2 + 12 / 16**2) / 16 * 20 / 780
    noise = (3 / 16) ** 2 / 20_000
    share = variance / (variance + noise)
    assert pearson(truth, again) == pytest.approx(share, abs=0.01)
    assert slope(truth, again) == pytest.approx(share, abs=0.01)
    assert slope(truth, half) == pytest.approx(share / 2, abs=0.01)
    assert pearson(truth, none) == pytest.approx(0, abs=0.03)


def test_long_alignments_are_read_at_some_columns():
    rng = np.random.default_rng(0)
    assert some_columns(50, 4, rng).tolist() == list(range(50))
    few = some_columns(360, 21, rng)
    assert len(few) == 57 and np.all(np.diff(few) > 0) and few.max() < 360


def test_triplet_covariance_by_hand():
    # k = i xor j of fair bits: every f_ij is 1/4, f_ijk is 1/4 or 0, so that C = f_ijk - 1/8.
    parity = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]], np.uint8)
    counts = triplet_counts(parity, np.array([[0, 1, 2]]), 2)
    assert counts[0].tolist() == [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]
    c = triplet_covariance(counts)[0]
    assert c == pytest.approx(counts[0] / 4 - 1 / 8)
    # Three copies of a column with f(a) = 1/4: third central moment p (1-p) (1-2p) = 3/32.
    copies = np.repeat(np.array([[1], [0], [0], [0]], np.uint8), 3, axis=1)
    found = triplet_covariance(triplet_counts(copies, np.array([[0, 1, 2]]), 2))
    assert found[0, 1, 1, 1] == pytest.approx(3 / 32)
    assert found[0, 0, 0, 0] == pytest.approx(-3 / 32)
    # Two copies and a third column that is independent of both: nothing is left.
    free = np.array([[a, a, b] for a in (0, 0, 1) for b in (0, 1)], np.uint8)
    assert triplet_covariance(triplet_counts(free, np.array([[0, 1, 2]]), 2)) == pytest.approx(0)


def test_triplets_are_all_or_distinct_ones():
    def triplets(length, states):
        return some_triplets(length, states, np.random.default_rng(0))

    assert triplets(4, 4).tolist() == [[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]
    # comb(20, 3) = 1140 are listed and cut, those of 300 columns drawn.
    for length in (20, 300):
        many = triplets(length, 4)
        assert many.shape == (1000, 3) and len(np.unique(many, axis=0)) == 1000
        assert np.all(np.diff(many, axis=1) > 0) and many.max() < length
    assert triplets(300, 21).shape == (400_000 // 21**3, 3)
