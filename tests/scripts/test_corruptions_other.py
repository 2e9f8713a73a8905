"""Harms of images and structures keep the form of the records."""

import corruptions_other as harms
import numpy as np
import pytest


def test_harms_keep_shape_and_change_something():
    draw = np.random.default_rng(0)
    pixels = draw.integers(1, 255, (40, 1, 8, 8)).astype(np.uint8)
    for name, harm in harms.IMAGES.items():
        found = harm(pixels, draw)
        assert found.shape == pixels.shape and (found != pixels).any(), name
    xyz = draw.normal(size=(40, 16, 3)).cumsum(1)
    for name, harm in harms.STRUCTURES.items():
        found = harm(xyz, draw)
        assert found.shape == xyz.shape and (found != xyz).any(), name


def test_harms_by_hand():
    draw = np.random.default_rng(0)
    x = np.arange(40).reshape(20, 1, 2, 1)
    assert len(np.unique(harms.duplicated(x, draw)[:, 0, 0])) == 18
    assert harms.partly(0.25, lambda x, draw: -x)(x, draw)[:6, 0, 1, 0].tolist() == [
        -1, -3, -5, -7, -9, 11,
    ]  # fmt: skip
    assert harms.blurred(np.eye(3)[None, None], draw)[0, 0, 0].tolist() == pytest.approx(
        [0.2, 0.4, 0.4]
    )
    walk = np.arange(16.0)[None, :, None] * [1, 0, 0] + np.array([0.0, 5.0])[:, None, None]
    joined = harms.chains_joined(np.concatenate([walk, walk]), draw)
    # Both halves of a straight line: the steps go on as they were.
    assert np.allclose(np.diff(joined[..., 0], axis=1), 1)
