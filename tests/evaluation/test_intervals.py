import numpy as np
import pytest
from scipy.stats import t

from biogan.evaluation.intervals import GROUPS, auroc, effective, jackknife, newcombe, wilson


def test_jackknife_of_a_mean_is_the_t_interval():
    values = np.arange(20.0)

    def mean(g):
        return values.mean() if g is None else np.delete(values, g).mean()

    plain, corrected, low, high = jackknife(mean)
    error = values.std(ddof=1) / np.sqrt(20)
    assert plain == corrected == pytest.approx(9.5)
    assert (low, high) == pytest.approx(
        (9.5 - t.ppf(0.975, 19) * error, 9.5 + t.ppf(0.975, 19) * error)
    )


def test_jackknife_takes_the_bias_of_a_plug_in_variance_off():
    values = np.arange(20.0) ** 2

    def plug_in(g):
        return values.var() if g is None else np.delete(values, g).var()

    plain, corrected, _, _ = jackknife(plug_in)
    assert plain == pytest.approx(values.var())
    assert corrected == pytest.approx(values.var(ddof=1))  # exact for the variance
    assert GROUPS == 20


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # Newcombe 1998, Stat. Med. 17:857, table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_published_values(hits, n, low, high):
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_borders_are_exact():
    assert wilson(0, 3)[0] == 0.0
    assert wilson(3, 3)[1] == 1.0


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    # Newcombe 1998, Stat. Med. 17:873, table II, method 10.
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 10), 0.6075, 1),
    ],
)
def test_newcombe_published_values(counts, low, high):
    assert newcombe(*counts) == pytest.approx((low, high), abs=1e-4)


def test_auroc_counts_ties_as_half():
    area, low, high = auroc(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    assert area == 0.875  # wins 1, 1/2, 1, 1 of four
    # Each share is 1/8 off the mean, halved by the two records of a class: four parts of 1/16.
    # Each class has two records, 2 / (2 - 1); t of two degrees of freedom.
    half = 4.302653 * np.sqrt(2 * 4 / 16**2)
    assert (low, high) == pytest.approx((0.875 - half, min(1, 0.875 + half)), abs=1e-6)


def test_auroc_of_gaussians_has_the_right_interval():
    rng = np.random.default_rng(0)
    area, low, high = auroc(rng.normal(0, 1, 1000), rng.normal(0, 1, 1000))
    # sd of no difference: sqrt((m + n + 1) / (12 m n)) = 0.01291
    assert (high - low) / 2 / 1.959964 == pytest.approx(0.01291, rel=0.05)
    assert area == pytest.approx(0.5, abs=0.04)


def test_out_of_fold_scores_vary_more_and_the_interval_knows():
    rng = np.random.default_rng(0)
    n, folds, labels = 100, np.arange(200) % 5, np.repeat([1, -1], 100)

    def area():
        x, scores = rng.normal(size=(2 * n, 50)), np.zeros(2 * n)
        for fold in range(5):
            held = folds == fold
            scores[held] = x[held] @ (labels[~held] @ x[~held])
        return auroc(scores[:n], scores[n:], out_of_fold=True)

    areas, low, high = np.array([area() for _ in range(300)]).T
    # Of 300, 95 % is 285 with a standard deviation of 3.8; without folds it is about 250.
    assert np.sum((low <= 0.5) & (high >= 0.5)) == pytest.approx(285, abs=11)
    assert areas.std() == pytest.approx(((high - low) / 2 / 1.959964).mean(), rel=0.12)


def test_auroc_of_repeats_is_as_certain_as_of_their_clusters():
    rng = np.random.default_rng(0)
    positive, negative = rng.normal(0.5, 1, 100), rng.normal(0, 1, 100)
    single = auroc(positive, negative)
    repeated = auroc(np.repeat(positive, 5), np.repeat(negative, 5), np.repeat(np.arange(200), 5))
    assert repeated == pytest.approx(single)


@pytest.mark.parametrize(
    ("values", "groups", "times", "worth"),
    [
        # Means 1 and 5: 16 between and 2 within families, so rho = 14 / 18, and 4 / (1 + 7 / 9).
        ([0, 2, 4, 6], [0, 0, 1, 1], 1, 2.25),
        ([0, 2, 4, 6], [0, 0, 1, 1], 0.5, 2.88),
        ([0, 2, 4, 6], [0, 0, 1, 1], 2, 2),  # rho is 1 at most
        ([0, 2, 1, 5], [0, 0, 1, 1], 1, 4),  # less alike within than between: rho is 0
        ([1, 1, 1, 5], [0, 0, 0, 1], 1, 1.6),  # 4^2 / (3^2 + 1)
        ([3, 3, 3, 3], [0, 0, 1, 1], 1, 2),  # nothing varies
        ([0, 2, 4, 6], [7, 7, 7, 7], 1, 1),
        ([0, 0, 4, 4], [3, 2, 1, 0], 1, 4),
        ([5], [0], 1, 1),
    ],
)
def test_what_records_of_clusters_are_worth(values, groups, times, worth):
    found = effective(np.array(values, float), np.array(groups), times)
    assert found == pytest.approx(worth, abs=1e-12)


def test_shares_of_numbers_that_are_not_whole():
    low, high = wilson(0.5, 2.0)
    assert wilson(5, 20)[0] > low > 0 and wilson(5, 20)[1] < high < 1
    assert wilson(0.0, 2.5)[0] == 0 and wilson(2.5, 2.5)[1] == 1


def test_few_clusters_do_not_make_the_interval_of_an_area_too_narrow():
    """Eight clusters a class, whose records are alike: 95 % of the intervals hold one half."""
    rng = np.random.default_rng(5)
    groups, inside = np.repeat(np.arange(16), 10), 0
    for _ in range(600):
        scores = rng.normal(size=16)[groups] + 0.3 * rng.normal(size=160)
        _, low, high = auroc(scores[:80], scores[80:], groups)
        inside += low <= 0.5 <= high
    assert 0.93 <= inside / 600 <= 0.975


def test_clusters_that_hold_both_classes_count_once():
    rng = np.random.default_rng(6)
    pairs = rng.normal(size=200)
    scores = pairs + 0.1 * rng.normal(size=200), pairs + 0.1 * rng.normal(size=200)
    apart = auroc(*scores)
    paired = auroc(*scores, np.tile(np.arange(200), 2))
    # What both classes have in common does not move the area.
    assert paired[2] - paired[1] < 0.3 * (apart[2] - apart[1])
