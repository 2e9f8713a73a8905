"""Distances in a space of features beside torch-fidelity's; no weights of a network are needed.

It is not among the test dependencies: it needs torchvision, of which the build has to match that of
torch (the CPU build of torch does not go with the torchvision of the package index). What it said
is written down here, and is computed anew where it is installed.
"""

import numpy as np
import pytest
import torch

from biogan.images.dataset import ImageSet
from biogan.images.metrics import IMAGE_METRICS
from biogan.images.samples import ImageComparison, ImageSample

WIDTH, RECORDS, K = 12, 400, 5
# By torch-fidelity 0.4.0.
SAID = {
    "frechet": 4.049903368111096,
    "kid": 0.7195080445235997,
    "precision": 0.6725000143051147,
    "recall": 0.6825000047683716,
}


@pytest.fixture
def fidelity():
    return pytest.importorskip(
        "torch_fidelity",
        reason="pip install torch-fidelity, with the torchvision that fits torch",
        # The second is what torchvision raises beside another build of torch.
        exc_type=(ImportError, RuntimeError),
    )


@pytest.fixture(scope="module")
def clouds():
    """Generated and real features, as many of each; their means, spreads and directions differ."""
    rng = np.random.default_rng(4)
    turn = np.eye(WIDTH) + rng.normal(0, 0.2, (WIDTH, WIDTH))
    return rng.normal(size=(RECORDS, WIDTH)) @ turn + 0.3, rng.normal(size=(RECORDS, WIDTH))


def measured(name, new, real):
    """Compute one of the metrics of images on given features."""
    tables = {"new": new, "real": real}

    def embed(images):
        return tables[images.source][: len(images)]

    samples = [
        ImageSample(
            ImageSet.from_pixels(np.arange(len(x), dtype=np.uint16).reshape(-1, 1, 1), source=key),
            embed,
        )
        for key, x in tables.items()
    ]
    return IMAGE_METRICS.choose([name])[0](
        ImageComparison(samples[0], samples[1], samples[1], None)
    )


def mean_kernel(real):
    """Mean of the cubic kernel over pairs of real points: the unit of our kernel distance."""
    kernel = (real @ real.T / WIDTH + 1) ** 3
    return kernel[~np.eye(RECORDS, dtype=bool)].mean()


def test_what_it_said(clouds):
    found = {name: measured(name, *clouds) for name in SAID}
    # Theirs is not corrected for the bias of a finite sample.
    assert found["frechet"].plain == pytest.approx(SAID["frechet"], rel=1e-9)
    kid = found["kid"].value * mean_kernel(clouds[1])
    assert kid == pytest.approx(SAID["kid"], rel=1e-9)
    for name in ("precision", "recall"):
        # Theirs is a mean in single precision.
        assert found[name].value == pytest.approx(SAID[name], abs=1e-6)


def test_what_it_says(clouds, fidelity):
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torch_fidelity.metric_prc import prc_features_to_metric

    new, real = map(torch.from_numpy, clouds)
    statistics = [fid_features_to_statistics(x) for x in (new, real)]
    says = fid_statistics_to_metric(*statistics, verbose=False)
    says |= kid_features_to_metric(new, real, kid_subsets=1, kid_subset_size=RECORDS, verbose=False)
    says |= prc_features_to_metric(new, real, prc_neighborhood=K, verbose=False)
    names = {"frechet": "frechet_inception_distance", "kid": "kernel_inception_distance_mean",
             "precision": "precision", "recall": "recall"}  # fmt: skip
    assert {name: says[theirs] for name, theirs in names.items()} == pytest.approx(SAID, rel=1e-9)
