"""The terms that critic and generator minimise."""

import pytest
import torch
from test_penalties import Linear

from biogan.training.config import TrainingConfig
from biogan.training.losses import LOSSES, Objective

RNG = torch.Generator().manual_seed(0)
REAL = torch.randn(6, 4, 3, generator=RNG)
FAKE = torch.randn(6, 4, 3, generator=RNG)
ALPHA = torch.rand(6, generator=RNG)


def linear():
    return Linear(torch.arange(12.0).reshape(4, 3) / 10)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"loss": "wgan-gp"}, {"critic", "gp"}),
        ({"loss": "relativistic"}, {"critic", "r1", "r2"}),
        ({"loss": "standard"}, {"critic", "r1"}),
        ({"loss": "hinge", "r1": 0}, {"critic"}),
        ({"loss": "minimax", "gp": 10.0, "r2": 1}, {"critic", "gp", "r1", "r2"}),
    ],
)
def test_only_penalties_with_a_weight_are_terms(options, names):
    terms = Objective.from_config(TrainingConfig(**options)).critic_terms(
        linear(), REAL, FAKE, ALPHA
    )
    assert set(terms) == names


def test_weights_are_applied():
    critic = linear()
    squared = critic.weight.square().sum().item()
    terms = Objective.from_config(
        TrainingConfig(loss="wgan-gp", gp=10.0, r1=3.0, r2=5.0)
    ).critic_terms(critic, REAL, FAKE, ALPHA)
    assert terms["gp"].item() == pytest.approx(10 * (squared**0.5 - 1) ** 2, rel=1e-5)
    assert terms["r1"].item() == pytest.approx(3 * squared / 2, rel=1e-5)
    assert terms["r2"].item() == pytest.approx(5 * squared / 2, rel=1e-5)
    difference = critic(FAKE).mean() - critic(REAL).mean()
    assert terms["critic"].item() == pytest.approx(difference.item(), rel=1e-5)


def test_a_penalty_taken_seldom_weighs_as_much_more():
    critic = linear()
    config = TrainingConfig(loss="wgan-gp", r1=3.0)
    often = Objective.from_config(config).critic_terms(critic, REAL, FAKE, ALPHA)
    lazy = Objective.from_config(config.replace(penalty_every=4))
    taken = lazy.critic_terms(critic, REAL, FAKE, ALPHA, penalised=True)
    left_out = lazy.critic_terms(critic, REAL, FAKE, ALPHA, penalised=False)
    for name in ("gp", "r1"):
        assert taken[name].item() == pytest.approx(4 * often[name].item())
    assert set(left_out) == {"critic"} and left_out["critic"].item() == often["critic"].item()


@pytest.mark.parametrize("critic_steps", [1, 2, 3])
@pytest.mark.parametrize("every", [1, 3, 4])
def test_each_so_many_critic_steps_one_is_penalised(critic_steps, every):
    config = TrainingConfig(loss="hinge", critic_steps=critic_steps, penalty_every=every)
    objective = Objective.from_config(config)
    due = [penalised for t in range(12) for penalised in objective.penalised(t)]
    assert due == [i % every == 0 for i in range(12 * critic_steps)]


def test_zero_is_a_weight_and_none_is_the_default():
    assert Objective.from_config(TrainingConfig(loss="wgan-gp", gp=0)).gp == 0
    assert Objective.from_config(TrainingConfig(loss="wgan-gp")).gp == LOSSES["wgan-gp"].gp
    assert Objective.from_config(TrainingConfig(loss="hinge", critic_steps=7)).critic_steps == 7


@pytest.mark.parametrize("name", LOSSES)
def test_the_critic_step_leaves_no_graph_behind(name):
    """Neither the data nor the generator's output carry a graph after the step."""
    critic, real, fake = linear(), REAL.clone(), FAKE.clone()
    terms = Objective.from_config(TrainingConfig(loss=name)).critic_terms(critic, real, fake, ALPHA)
    sum(terms.values()).backward()
    assert not real.requires_grad and not fake.requires_grad
    assert real.grad is None and fake.grad is None
    assert critic.weight.grad is not None


@pytest.mark.parametrize("name", LOSSES)
def test_the_generator_step_reaches_the_generator_alone(name):
    critic = linear().requires_grad_(False)
    fake = FAKE.clone().requires_grad_()
    terms = Objective.from_config(TrainingConfig(loss=name)).generator_terms(critic, REAL, fake)
    terms["generator"].backward()
    assert fake.grad is not None and critic.weight.grad is None
