"""Heads: what a letter is while training, and drawing letters."""

import math

import pytest
import torch

from biogan.nn.config import SequenceNetConfig
from biogan.nn.sequence_heads import (
    Shape,
    draw_letters,
    draw_noise,
    gumbel_softmax,
    softmax,
    straight_through,
)

LOGITS = torch.tensor([0.0, 1.0, 2.0, -1.0]).view(1, 4, 1)


def gumbel(n, channels=4, length=1, seed=0):
    config = SequenceNetConfig(latent=1, position_noise=0)
    noise = draw_noise(n, config, Shape(channels, length), torch.Generator().manual_seed(seed))
    return noise.gumbel


def test_softmax_by_hand():
    total = sum(math.exp(x) for x in (0, 1, 2, -1))
    expected = [math.exp(x) / total for x in (0, 1, 2, -1)]
    assert softmax(LOGITS, gumbel(1), 1.0).flatten().tolist() == pytest.approx(expected)


def test_straight_through_is_hard_forward_and_soft_backward():
    noise = gumbel(1)
    hard_in, soft_in = LOGITS.clone().requires_grad_(), LOGITS.clone().requires_grad_()
    hard, soft = straight_through(hard_in, noise, 0.7), gumbel_softmax(soft_in, noise, 0.7)
    assert sorted(hard.flatten().tolist()) == pytest.approx([0, 0, 0, 1], abs=1e-6)
    assert hard.argmax(1) == soft.argmax(1)
    weight = torch.tensor([1.0, -2.0, 0.5, 3.0]).view(1, 4, 1)
    (hard * weight).sum().backward()
    (soft * weight).sum().backward()
    assert torch.allclose(hard_in.grad, soft_in.grad)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_drawing_samples_the_softmax(temperature):
    """The Gumbel-max trick: frequencies equal softmax(logits / temperature) within 4 sd."""
    n = 40_000
    drawn = draw_letters(LOGITS.expand(n, 4, 1), gumbel(n), temperature).flatten()
    expected = (LOGITS.flatten() / temperature).softmax(0)
    sd = (expected * (1 - expected) / n).sqrt()
    assert ((torch.bincount(drawn, minlength=4) / n - expected).abs() < 4 * sd).all()


def test_temperature_zero_takes_the_likeliest_letter():
    assert (draw_letters(LOGITS.expand(50, 4, 1), gumbel(50), 0.0) == 2).all()


def test_gumbel_noise_has_the_mean_and_variance_of_its_law():
    noise = gumbel(100_000, channels=1).double()
    assert noise.mean().item() == pytest.approx(0.5772, abs=0.02)
    assert noise.var().item() == pytest.approx(math.pi**2 / 6, abs=0.05)
