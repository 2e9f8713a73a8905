"""Penalties against closed forms: a linear critic has the same gradient everywhere."""

import pytest
import torch
from torch import nn

from biogan.training.losses import input_gradient, interpolate, one_centred, zero_centred


class Linear(nn.Module):
    """D(x) = w . x over all axes but the first."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, x):
        return (x * self.weight).flatten(1).sum(1)


@pytest.fixture
def linear():
    weight = torch.arange(12.0).reshape(4, 3) / 10
    return Linear(weight), weight.square().sum().item()


def gradient_of(critic, n=5):
    x = torch.randn(n, 4, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    return input_gradient(critic(x), x)


def test_a_linear_critic_has_its_weight_as_gradient(linear):
    critic, _ = linear
    assert torch.allclose(gradient_of(critic), critic.weight.expand(5, 4, 3))


def test_zero_centred_is_half_the_squared_norm(linear):
    critic, squared = linear
    assert zero_centred(gradient_of(critic)).item() == pytest.approx(squared / 2, rel=1e-6)


def test_one_centred_takes_the_norm_over_all_axes(linear):
    critic, squared = linear
    assert one_centred(gradient_of(critic)).item() == pytest.approx(
        (squared**0.5 - 1) ** 2, rel=1e-5
    )


def test_penalties_differentiate_twice(linear):
    """d/dw (|w| - 1)^2 = 2 (|w| - 1) w / |w| and d/dw |w|^2 / 2 = w."""
    critic, squared = linear
    norm = squared**0.5
    (first,) = torch.autograd.grad(one_centred(gradient_of(critic)), critic.weight)
    (second,) = torch.autograd.grad(zero_centred(gradient_of(critic)), critic.weight)
    assert torch.allclose(first, 2 * (norm - 1) * critic.weight / norm, atol=1e-5)
    assert torch.allclose(second, critic.weight, atol=1e-6)


def test_a_dead_critic_has_a_finite_penalty_gradient():
    critic = Linear(torch.zeros(4, 3))
    (gradient,) = torch.autograd.grad(one_centred(gradient_of(critic)), critic.weight)
    assert torch.isfinite(gradient).all()


def test_quadratic_critic_by_hand():
    """D(x) = |x|^2 / 2 has gradient x: for rows of norm 5 and 13 the penalties are known."""
    x = torch.tensor([[3.0, 4.0], [5.0, 12.0]], requires_grad=True)
    gradient = input_gradient(x.square().sum(1) / 2, x)
    assert one_centred(gradient).item() == pytest.approx((16 + 144) / 2, rel=1e-6)
    assert zero_centred(gradient).item() == pytest.approx((25 + 169) / 4, rel=1e-6)


def test_interpolation_mixes_whole_sequences():
    real, fake = torch.ones(3, 4, 2), torch.zeros(3, 4, 2)
    mixed = interpolate(real, fake, torch.tensor([0.0, 0.25, 1.0]))
    assert mixed[:, 0, 0].tolist() == [0.0, 0.25, 1.0]
    assert (mixed == mixed[:, :1, :1]).all()
