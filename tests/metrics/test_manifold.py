import numpy as np
import pytest

from biogan.metrics.manifold import frechet, kernel_sums, median_width, neighbourhoods


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


def test_identical_clouds_with_every_point_seven_times():
    points = np.repeat(np.random.default_rng(0).normal(size=(60, 4)), 7, axis=0)
    near = neighbourhoods(points, points)
    assert (near.precision.mean(), near.recall.mean(), near.coverage.mean()) == (1, 1, 1)
    assert near.density.mean() == pytest.approx(1.2, abs=1e-12)  # k neighbours and itself, over k


def test_two_samples_of_one_source():
    rng = np.random.default_rng(1)
    near = neighbourhoods(rng.normal(size=(500, 8)), rng.normal(size=(500, 8)))
    assert near.density.mean() == pytest.approx(1.0, abs=0.06)
    assert near.coverage.mean() == pytest.approx(1 - 2**-5, abs=0.025)


def test_one_point_written_many_times():
    real = np.random.default_rng(2).normal(size=(600, 3))
    near = neighbourhoods(real, real[np.zeros(600, int)])
    assert near.precision.tolist() == [True]
    assert near.recall.sum() == 1
    assert near.coverage.mean() == pytest.approx(6 / 600, abs=8 / 600)


def test_points_on_the_border_lie_inside():
    line = np.arange(7.0)[:, None]
    near = neighbourhoods(line, np.array([[7.0]]), k=1)
    assert near.coverage.tolist() == [False] * 6 + [True]
    assert near.recall.tolist() == [False] * 7
    assert neighbourhoods(line, np.array([[7.01]]), k=1).coverage.sum() == 0
