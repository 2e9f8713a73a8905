"""Losses against numbers worked out by hand."""

import math

import pytest
import torch

from biogan.training.losses import LOSSES

REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values)


def log1pexp(x: float) -> float:
    return math.log(1 + math.exp(x))


# V(D, G) = E log D(x) + E log(1 - D(G(z))), with D the sigmoid of the logit.
VALUE = mean(math.log(sigmoid(x)) for x in (2, -1)) + mean(
    math.log(1 - sigmoid(x)) for x in (0.5, -3)
)
EXPECTED = {
    "standard": (-VALUE, mean(-math.log(sigmoid(x)) for x in (0.5, -3))),
    "minimax": (-VALUE, mean(math.log(1 - sigmoid(x)) for x in (0.5, -3))),
    "wgan-gp": (-1.25 - 0.5, 1.25),
    "hinge": (mean([0, 2]) + mean([1.5, 0]), 1.25),
    "relativistic": (mean([log1pexp(-1.5), log1pexp(-2)]), mean([log1pexp(1.5), log1pexp(2)])),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_equal_the_numbers_worked_out_by_hand(name):
    critic, generator = EXPECTED[name]
    assert LOSSES[name].critic(REAL, FAKE).item() == pytest.approx(critic, abs=1e-6)
    assert LOSSES[name].generator(REAL, FAKE).item() == pytest.approx(generator, abs=1e-6)


def test_value_function_at_the_equilibrium_is_minus_log_four():
    """Goodfellow et al. 2014, theorem 1: D = 1/2 everywhere gives V = -log 4."""
    zero = torch.zeros(5)
    assert LOSSES["minimax"].critic(zero, zero).item() == pytest.approx(math.log(4))
    assert LOSSES["minimax"].generator(zero, zero).item() == pytest.approx(-math.log(2))


@pytest.mark.parametrize("name", LOSSES)
def test_losses_stay_finite_for_huge_logits(name):
    huge = torch.tensor([1e4, -1e4], requires_grad=True)
    for part in (LOSSES[name].critic, LOSSES[name].generator):
        loss = part(huge, -huge)
        (gradient,) = torch.autograd.grad(loss, huge, allow_unused=True)
        assert math.isfinite(loss.item())
        assert gradient is None or torch.isfinite(gradient).all()


def test_saturating_and_non_saturating_gradients():
    """d/dx log(1 - D) = -D and d/dx -log D = -(1 - D): one vanishes where the other does not."""
    logit = torch.tensor([-4.0], requires_grad=True)
    (saturating,) = torch.autograd.grad(LOSSES["minimax"].generator(logit, logit), logit)
    (other,) = torch.autograd.grad(LOSSES["standard"].generator(logit, logit), logit)
    assert saturating.item() == pytest.approx(-sigmoid(-4), rel=1e-5)
    assert other.item() == pytest.approx(-(1 - sigmoid(-4)), rel=1e-5)


def test_relativistic_generator_reads_the_real_logits_and_no_other_does():
    for name, loss in LOSSES.items():
        changed = loss.generator(REAL + 1, FAKE).item() != loss.generator(REAL, FAKE).item()
        assert changed == loss.relative == (name == "relativistic")
