"""A kind of data joins with one class and one line: the toy of tests/support/vectors.py."""

import inspect
import json

import numpy as np
import pytest
import vectors
from vectors import VectorModality, VectorSet

from biogan.core.errors import CheckpointError, ConfigError, DataError
from biogan.models import registry
from biogan.models.gan import GAN, ImageGAN
from biogan.models.sampling import joined, shard
from biogan.training.config import TrainingConfig

SMALL = {"batch_size": 16, "seed": 3, "check_every": 20, "decay_start": 1.0}


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(registry.KINDS, "vectors", "vectors:VectorModality")


def some(n, seed=0):
    """Draw vectors with the means 0, 1, ... 7."""
    rows = np.random.default_rng(seed).normal(np.arange(8), 1, (n, 8)).astype(np.float32)
    return VectorSet(rows, tuple(f"v{i}" for i in range(n)))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return a trained model and its folder."""
    folder = tmp_path_factory.mktemp("vectors") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry.KINDS, "vectors", "vectors:VectorModality")
        return GAN(kind="vectors", steps=200, lr=5e-3, **SMALL).fit(some(1200), out=folder), folder


def test_the_class_is_short():
    assert len(inspect.getsource(VectorModality).splitlines()) < 120
    # So is all of it together, but for records and networks, which come with the data.
    own = inspect.getsource(vectors).splitlines()
    assert len(own) < 180


def test_it_trains_towards_the_validation_records(trained):
    gan, folder = trained
    done = gan.card["training"]
    assert (gan.card["data"]["train"], gan.card["data"]["validation"]) == (1080, 120)
    assert done["references"]["training data"] == 1
    assert done["validation_distance"] < done["references"]["normal"] / 5
    assert (gan.card["kind"], gan.card["layout"]) == ("vector-gan", {"length": 8})
    assert gan.card["config"]["loss"] == "wgan-gp" and gan.card["config"]["gp"] > 0
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert {"critic", "generator", "gp"} <= set(rows[0])
    assert [row["step"] for row in rows if row.get("event") == "check"][-1] == 200


def test_a_run_goes_on_as_if_it_had_not_stopped(tmp_path):
    whole = GAN(kind="vectors", steps=10, **SMALL).fit(some(300))
    GAN(kind="vectors", steps=4, **SMALL).fit(some(300), out=tmp_path)
    again = GAN(kind="vectors", steps=10, **SMALL).fit(some(300), out=tmp_path, resume=True)
    assert np.array_equal(whole.sample(5).rows, again.sample(5).rows)
    with pytest.raises(ConfigError, match="another run: the data are others"):
        GAN(kind="vectors", steps=20, **SMALL).fit(some(300, 1), out=tmp_path, resume=True)


def test_a_seed_gives_the_same_records_whole_or_in_shards(trained):
    gan, _ = trained
    many = gan.sample(1100, seed=5)
    assert len(many) == 1100 and many.ids[0] == "gan5_1" and many.ids[1099] == "gan5_1100"
    assert np.array_equal(gan.sample(3, seed=5).rows, many.rows[:3])
    assert not np.array_equal(gan.sample(3, seed=6).rows, many.rows[:3])
    parts = []
    for i in (1, 2, 3):
        start, stop = shard(1100, i, 3)
        parts += gan.stream(stop, seed=5, start=start)
    assert np.array_equal(joined(parts).rows, many.rows) and joined(parts).ids == many.ids


def test_excluded_records_are_drawn_again(trained):
    gan, _ = trained
    plain = gan.sample(20, seed=2)
    others = gan.sample(20, seed=2, exclude=plain[:5])
    assert np.array_equal(others.rows[5:], plain.rows[5:])
    assert not (others.rows[:5] == plain.rows[:5]).all(1).any()


def test_it_scores_and_comes_back_from_its_folder(trained, tmp_path):
    gan, folder = trained
    gan.save(tmp_path / "copy")
    for path in (folder, tmp_path / "copy"):
        back = GAN.load(path)
        assert back.modality == VectorModality(8)
        assert np.array_equal(back.sample(5, 1).rows, gan.sample(5, 1).rows)
        assert back.score(some(9)).tolist() == gan.score(some(9)).tolist()
    with pytest.raises(CheckpointError, match="this is a model of vectors, one of images"):
        ImageGAN.load(folder)


def test_it_interpolates(trained):
    gan, _ = trained
    between = gan.interpolate(pairs=2, steps=4)
    assert len(between) == 8 and between.ids[0] == "between0_1"
    # Small steps: the records of a row follow one another.
    assert np.ptp(between.rows[:4], axis=0).max() < 10


def test_it_is_evaluated_and_reported(trained, tmp_path):
    gan, _ = trained
    report = VectorModality.evaluate(some(600, 1), gan, n=300)
    row = report["mean-gap"]
    assert row.floors["normal"].value == pytest.approx(7, abs=0.5)
    assert row.ceiling.value < row.generated.value < row.floors["normal"].value
    copied = VectorModality.evaluate(some(600, 1), some(300, 2))
    assert copied["mean-gap"].status == "indistinguishable"
    report.write(tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "largest difference of a mean" in page and "standard normal" in page
    assert "mean-gap" in (tmp_path / "metrics.json").read_text()


def test_the_registry_finds_it():
    assert registry.get_kind("vectors") is VectorModality
    assert registry.kind_of_records(some(3)) is VectorModality
    assert VectorModality.metrics() is vectors.VECTOR_METRICS
    assert VectorModality.config is TrainingConfig


def test_what_it_lacks_is_said(tmp_path):
    with pytest.raises(ConfigError, match="a.vec: vectors are not read from files"):
        VectorModality.read("a.vec", None)
    with pytest.raises(ConfigError, match="a.vec: vectors are not written to files"):
        VectorModality.write(some(3), "a.vec")
    with pytest.raises(DataError, match="1 vectors: at least 2 are needed"):
        GAN(kind="vectors", steps=1).fit(some(1))
    with pytest.raises(DataError, match="fit needs a VectorSet, not list$"):
        GAN(kind="vectors", steps=1).fit([1.0])
