"""What a notebook needs: drawings, and the names that scikit-learn has for things."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from biogan import GAN, SequenceGAN, SequenceSet, evaluate
from biogan.core.errors import ConfigError

SMALL = {"width": 4, "depth": 1, "units": 4, "latent": 4, "batch_size": 8, "steps": 3, "seed": 5}


@pytest.fixture(scope="module")
def records():
    draw = np.random.default_rng(0)
    return SequenceSet.from_strings(["".join(draw.choice([*"ACGT"], 12)) for _ in range(80)])


@pytest.fixture(scope="module")
def gan(records, tmp_path_factory):
    return SequenceGAN(**SMALL).fit(records, out=tmp_path_factory.mktemp("gan") / "run")


def test_it_is_cloned_and_put_into_pipelines_as_an_estimator(records, gan):
    other = clone(SequenceGAN(**SMALL))
    assert other.get_params() == SequenceGAN(**SMALL).get_params()
    assert other.set_params(seed=9).get_params()["seed"] == 9
    with pytest.raises(ConfigError, match="unknown option"):
        other.set_params(colour="red")
    assert GAN(kind="sequences", steps=2).get_params()["kind"] == "sequences"
    assert clone(GAN(kind="sequences", steps=2)).get_params()["steps"] == 2
    pipe = Pipeline([("gan", clone(SequenceGAN(**SMALL)))]).fit(records, None)
    np.testing.assert_array_equal(pipe["gan"].score_samples(records), gan.score(records))


def test_drawings_are_axes(records, gan):
    axes = gan.plot_logo(50)
    assert axes.get_ylabel() == "bits" and len(axes.patches) == 4
    axes = gan.plot_training()
    assert axes.get_ylabel() == "validation distance" and len(axes.lines) > 1
    report = evaluate(records, gan.sample(60), metrics=["kmer-jsd", "gc-w1"])
    axes = report.plot_metric("gc-w1")
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[:2] == ["generated", "held-out"] and "copies" not in names
    assert report.plot_status().get_xlabel() == "metrics"
    assert report.plot_status(axes) is axes
    with pytest.raises(KeyError):
        report.plot_metric("nothing")
    assert {"metric", "generated", "held_out"} <= {*report.to_frame().columns}
    assert [*gan.sample(3).to_frame().columns] == ["id", "sequence"]


def test_drawings_that_nothing_can_be_drawn_of(records, gan):
    with pytest.raises(ConfigError, match="no log of a training"):
        SequenceGAN(**SMALL).fit(records).plot_training()
    varying = SequenceSet.from_strings(["ACGTACGTACGT"[: 6 + i % 7] for i in range(40)])
    with pytest.raises(ConfigError, match="sequences of one length"):
        SequenceGAN(**SMALL).fit(varying).plot_logo(20)
