import numpy as np
import pytest
from comparing import compare, iid

from biogan.core.errors import ConfigError
from biogan.evaluation.distances import directions
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.metrics.comparison import Comparison, Sample
from biogan.sequences.metrics.context import Extras
from biogan.sequences.metrics.features import points

NAMES = ("frechet", "mmd", "precision", "recall", "density", "coverage")


def test_identical_sets():
    same = iid(DNA, 300, 60, 0)
    found = {name: compare(name, same, same) for name in NAMES}
    assert found["frechet"].plain == pytest.approx(0.0, abs=1e-9)
    assert -0.01 < found["mmd"].value < 0
    shares = [found[name].value for name in ("precision", "recall", "coverage")]
    assert shares == [1, 1, 1]
    # 1.2 without ties; counts of few 4-mers have many equal distances.
    assert found["density"].value == pytest.approx(1.476)
    assert found["recall"].note == "4-mers"
    assert found["frechet"].note == "4-mers, 30 directions"


def test_two_samples_of_one_source_are_at_zero():
    new, real, train = (iid(DNA, 500, 60, seed) for seed in (1, 2, 3))
    distance = compare("frechet", new, real, train)
    kernel = compare("mmd", new, real, train)
    assert distance.value == pytest.approx(0.0, abs=0.015)
    assert distance.plain == pytest.approx(0.03, abs=0.01)
    assert kernel.value == pytest.approx(0.0, abs=0.001)
    assert kernel.low < 0


def test_all_records_alike_are_seen_though_the_mean_is_right():
    real = iid(DNA, 400, 60, 3)
    clones = real[np.zeros(400, int)]
    assert compare("frechet", clones, real).value > 0.5
    assert compare("recall", clones, real).value == pytest.approx(1 / 400)
    assert compare("coverage", clones, real).value == pytest.approx(0.01, abs=0.01)
    assert compare("mmd", clones, real).low > 0.1


def test_jackknife_takes_the_bias_off():
    # 16 normal coordinates, mean shifted by .5: the truth is .25 over the total variance 16.
    rng = np.random.default_rng(0)
    table = {}

    def features(texts):
        return np.array([table[t] for t in texts])

    sets = [iid(DNA, 500, 40, seed) for seed in (4, 5)]
    for shift, some in zip((0.5, 0.0), sets, strict=True):
        for text in some.strings():
            table[text] = rng.normal(size=16) + np.eye(16)[0] * shift
    found = compare("frechet", *sets, extras=Extras(features=features))
    assert found.note == "the features given, 16 directions"
    assert found.low < 0.25 / 16 < found.high
    assert found.plain == pytest.approx(0.59 / 16, rel=0.25)


def test_points_are_in_units_of_the_training_data():
    real, new = iid(PROTEIN, 200, 50, 0), iid(PROTEIN, 200, 50, 1)
    moved, base, note = points(Comparison(Sample(new), Sample(real), Sample(real)))
    assert (moved.shape, base.shape, note) == ((200, 400), (200, 400), "2-mers")
    assert (base**2).sum(1).mean() == pytest.approx(1.0)
    assert base.mean(0) == pytest.approx(np.zeros(400), abs=1e-12)


def test_directions_keep_the_variance_on_average():
    axes = directions(400, 250)
    assert axes.shape == (400, 25)
    assert axes.T @ axes == pytest.approx(np.eye(25) * 16, abs=1e-9)
    assert directions(8, 1000).shape == (8, 8)


@pytest.mark.parametrize("name", ["recall", "coverage", "frechet", "mmd"])
def test_training_records_are_no_nearer_to_real_ones_than_fresh_ones_are(name):
    # Axes fitted to the training data would spread these wider than others of the same origin.
    new, real, train = (iid(DNA, 300, 100, seed) for seed in (4, 5, 6))
    one, other = compare(name, new, real, train), compare(name, train, real, train)
    assert one.low < other.high and other.low < one.high
    assert one.value == pytest.approx(other.value, abs=0.06)


@pytest.mark.parametrize("bad", [np.zeros(30), np.zeros((29, 2)), np.full((30, 2), np.nan)])
def test_features_must_be_one_row_a_record(bad):
    some = iid(DNA, 30, 10, 0)
    with pytest.raises(ConfigError, match="one row of finite numbers for each of 30 records"):
        compare("frechet", some, some, extras=Extras(features=lambda texts: bad))


def test_equal_records_have_no_width():
    same = iid(DNA, 1, 20, 0)[np.zeros(40, int)]
    assert compare("mmd", same, same).value is None
