"""Networks: any length, width, depth and batch size; independence of the records of a batch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from biogan.core.label_rows import Conditions
from biogan.nn.conditioning import LabelEncoder, join
from biogan.nn.config import SequenceNetConfig
from biogan.nn.layers import GROUP, MinibatchStd
from biogan.nn.sequence_heads import HEADS, Shape
from biogan.nn.sequence_nets import GENERATORS, build

# Those that write all letters at once.
AT_ONCE = [name for name in GENERATORS if name != "latent"]


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def small(**options):
    return SequenceNetConfig(
        **{
            "architecture": "resnet",
            "width": 8,
            "depth": 2,
            "units": 8,
            "latent": 6,
            "position_noise": 3,
            **options,
        }
    )


@pytest.mark.parametrize("architecture", AT_ONCE)
@settings(max_examples=25)
@given(
    length=st.integers(1, 70),
    channels=st.integers(2, 22),
    width=st.integers(1, 9),
    depth=st.integers(1, 4),
    batch=st.integers(1, 5),
    noise=st.integers(0, 3),
    attention=st.booleans(),
    dilation=st.sampled_from([1, 4]),
    head=st.sampled_from(sorted(HEADS)),
)
def test_any_shape(
    architecture, length, channels, width, depth, batch, noise, attention, dilation, head
):
    config = small(
        architecture=architecture, width=width, depth=depth, position_noise=noise,
        attention=attention, dilation=1 if architecture == "dcgan" else dilation, head=head,
    )  # fmt: skip
    generator, critic = build(config, Shape(channels, length))
    letters = generator(generator.noise(batch, rng()))
    assert letters.shape == (batch, channels, length)
    assert torch.allclose(letters.sum(1), torch.ones(batch, length), atol=1e-5)
    assert critic(letters).shape == (batch,)
    assert generator.sample(generator.noise(batch, rng())).shape == (batch, length)


@pytest.mark.parametrize("attention", [False, True])
@pytest.mark.parametrize("architecture", AT_ONCE)
def test_the_critic_judges_each_sequence_alone(architecture, attention):
    """A penalty differentiates the sum of the logits: logit i must depend on input i alone."""
    config = small(architecture=architecture, attention=attention)
    critic = build(config, Shape(4, 20)).critic
    x = torch.randn(3, 4, 20, generator=rng())
    together = critic(x)
    alone = torch.cat([critic(x[i : i + 1]) for i in range(3)])
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("attention", [False, True])
@pytest.mark.parametrize("architecture", AT_ONCE)
def test_critics_differentiate_twice(architecture, attention):
    critic = build(small(architecture=architecture, attention=attention), Shape(4, 20)).critic
    x = torch.randn(3, 4, 20, generator=rng()).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    gradient.square().sum().backward()
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in critic.parameters())
    assert all(p.grad is not None for name, p in critic.named_parameters() if "weight" in name)


@pytest.mark.parametrize("architecture", AT_ONCE)
def test_every_weight_of_the_generator_gets_a_gradient(architecture):
    generator, critic = build(small(architecture=architecture, attention=True), Shape(4, 20))
    critic(generator(generator.noise(4, rng()))).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in generator.parameters())


def test_groups_are_judged_by_how_their_records_differ():
    hidden = torch.randn(2 * GROUP, 3, 5, generator=rng())
    spread = MinibatchStd(3)
    found = spread(hidden)
    for group in (slice(0, GROUP), slice(GROUP, None)):
        sds = hidden[group].std(0, correction=0).mean(1)
        by_hand = (sds * spread.weigh.weight[0]).sum() + spread.weigh.bias
        assert torch.allclose(found[group], by_hand.expand(GROUP), atol=1e-5)
    alike = hidden[:1].expand(GROUP, 3, 5).clone().requires_grad_()
    (slope,) = torch.autograd.grad(spread(alike).sum(), alike, create_graph=True)
    slope.square().sum().backward()
    assert alike.grad.isfinite().all()


@pytest.mark.parametrize("architecture", AT_ONCE)
def test_a_critic_looks_at_groups_only_while_it_trains(architecture):
    options = {"architecture": architecture, "minibatch_std": True}
    generator, critic = build(small(**options), Shape(4, 9))
    letters = generator(generator.noise(2 * GROUP, rng())).detach()
    plain = critic.eval()(letters)
    assert torch.allclose(plain[:5], critic(letters[:5]), atol=1e-6)
    judged = critic.train()(letters)
    assert not torch.allclose(judged, plain, atol=1e-4)
    # What is added is the same for the records of a group, and has nothing to do with others.
    assert torch.allclose((judged - plain)[:GROUP], (judged - plain)[0], atol=1e-5)
    assert torch.allclose(critic(letters[:GROUP]), judged[:GROUP], atol=1e-5)


@pytest.mark.parametrize("architecture", ["resnet", "dense", "hybrid", "dcgan"])
def test_the_slope_of_a_critic_is_that_of_letters_not_of_labels(architecture):
    conditions = Conditions.of({"k": ["a", "b", "b", "b"] * 30}, ("k",), np.ones(120))
    config = SequenceNetConfig(architecture=architecture, width=4, depth=1, units=8)
    critic = build(config, Shape(4, 12), conditions=conditions).critic
    labels = LabelEncoder(conditions)(torch.tensor([[0], [1], [2]], dtype=torch.uint8))
    letters = torch.eye(4)[torch.arange(12) % 4].T.expand(3, 4, 12)
    rows = join(letters, labels).requires_grad_()
    logits = critic(rows)
    assert len(set(logits.tolist())) == 3  # it reads the labels
    (slope,) = torch.autograd.grad(logits.sum(), rows)
    assert (slope[:, :48] != 0).any() and (slope[:, 48:] == 0).all()
