import numpy as np
import pytest

from biogan.evaluation.distances import (
    Neighbourhoods,
    frechet,
    kernel_sums,
    median_width,
    squared_distances,
)
from biogan.evaluation.intervals import GROUPS, jackknife


def test_frechet_distance_of_two_gaussians():
    cov = np.diag([4.0, 9.0])
    # 9 + (2-1)^2 + (3-1)^2
    found = frechet(np.array([3.0, 0.0]), cov, np.zeros(2), np.eye(2))
    assert found == pytest.approx(14.0, abs=1e-9)
    assert frechet(np.zeros(2), cov, np.zeros(2), cov) == pytest.approx(0.0, abs=1e-9)


def test_kernel_sums_hold_every_pair_once():
    points = np.array([[0.0], [1.0], [3.0]])
    found = kernel_sums(points, points, 1.0)
    assert found.shape == (20, 20)
    assert found[0, 1] == pytest.approx(np.exp(-0.5))
    assert found.sum() == pytest.approx(3 + 2 * (np.exp(-0.5) + np.exp(-2) + np.exp(-4.5)))
    assert median_width(np.array([[0.0], [1.0], [3.0], [6.0], [0.0], [9.0]])) == 3.0


def test_distances_by_a_product_are_those_by_hand():
    some = np.random.default_rng(0).normal(size=(50, 7))
    by_hand = ((some[:, None] - some[None, :20]) ** 2).sum(-1)
    assert squared_distances(some, some[:20]) == pytest.approx(by_hand, abs=1e-12)


def test_identical_clouds_with_every_point_seven_times():
    points = np.repeat(np.random.default_rng(0).normal(size=(60, 4)), 7, axis=0)
    # Each point lies in the balls of its k neighbours and in its own: 1.2 on average.
    assert Neighbourhoods(points, points).shares() == pytest.approx([1, 1, 1.2, 1], abs=1e-12)


def test_two_samples_of_one_source():
    rng = np.random.default_rng(1)
    near = Neighbourhoods(rng.normal(size=(500, 8)), rng.normal(size=(500, 8)))
    _, _, density, coverage = near.shares()
    assert density == pytest.approx(1.0, abs=0.06)
    assert coverage == pytest.approx(1 - 2**-5, abs=0.025)


def test_one_point_written_many_times():
    real = np.random.default_rng(2).normal(size=(600, 3))
    near = Neighbourhoods(real, real[np.zeros(600, int)])
    precision, recall, _, coverage = near.shares()
    assert (near.sizes, precision, recall) == ((600, 1), 1, 1 / 600)
    assert coverage == pytest.approx(6 / 600, abs=8 / 600)


def test_points_on_the_border_lie_inside():
    line = np.arange(7.0)[:, None]
    _, recall, density, coverage = Neighbourhoods(line, np.array([[7.0]]), k=1).shares()
    assert (recall, density, coverage) == (0, 1, 1 / 7)
    assert Neighbourhoods(line, np.array([[7.01]]), k=1).shares().tolist() == [0, 0, 0, 0]


def test_without_a_group_is_the_same_as_without_its_points():
    rng = np.random.default_rng(3)
    real, new = rng.normal(size=(200, 3)), rng.normal(size=(160, 3)) + 0.4
    real[21] = real[1]  # groups 1 and 1: goes with them
    real[42] = real[3]  # groups 2 and 3: stays
    near = Neighbourhoods(real, new)
    for g in (1, 2, 3):
        kept = [x[np.arange(len(x)) % GROUPS != g] for x in (real, new)]
        assert near.shares(g) == pytest.approx(Neighbourhoods(*kept).shares(), abs=1e-12)


def test_the_jackknife_sees_the_spread_of_recall_that_a_binomial_interval_does_not():
    rng = np.random.default_rng(4)
    values, errors = [], []
    for _ in range(25):
        # Heavy tails, as records of many kinds have: some balls are wide and decide for many.
        near = Neighbourhoods(rng.standard_t(3, (200, 6)), rng.standard_t(3, (200, 6)))
        plain, _, low, high = jackknife(lambda g, near=near: near.shares(g)[1])
        values.append(plain)
        errors.append((high - low) / 2 / 2.093)
    share = np.mean(values)
    assert np.std(values) > 1.2 * np.sqrt(share * (1 - share) / 200)
    assert np.mean(errors) == pytest.approx(1.4 * np.std(values), rel=0.4)
