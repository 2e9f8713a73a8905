"""Stages: letters that are read again and mended."""

import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from biogan.config import SequenceGANConfig
from biogan.nets import Shape, build
from biogan.nets.heads import draw
from biogan.nets.stages import KEPT, Stage

SHAPE = Shape(5, 12)


def generator(architecture="hybrid", stages=2, **options):
    config = SequenceGANConfig(
        architecture=architecture, width=8, depth=1, units=8, latent=4, dilation=1, stages=stages,
        **options,
    )  # fmt: skip
    torch.manual_seed(0)
    return build(config, SHAPE).generator


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def gumbels(*shape):
    return -torch.log(-torch.log(torch.rand(shape, generator=rng(3))))


def test_an_untrained_stage_keeps_most_letters():
    stage = Stage(SequenceGANConfig(width=8), SHAPE)
    codes = torch.randint(5, (400, 12), generator=rng())
    letters = one_hot(codes, 5).transpose(1, 2).float()
    noise = torch.randn(400, 8, 12, generator=rng(1))
    again = draw(stage(letters, noise), gumbels(400, 5, 12))
    assert (again == codes).float().mean().item() == pytest.approx(KEPT, abs=0.015)


@pytest.mark.parametrize("architecture", ["hybrid", "resnet", "dense", "dcgan"])
@pytest.mark.parametrize("head", ["straight-through", "gumbel", "softmax"])
def test_every_stage_and_the_first_logits_are_trained(architecture, head):
    net = generator(architecture, stages=3, head=head)
    assert len(net.stages) == 2
    letters = net(net.noise(6, rng()))
    assert letters.shape == (6, *SHAPE)
    weights = torch.randn(SHAPE, generator=rng(2))
    (letters * weights).sum().backward()
    for name, weight in net.named_parameters():
        # What leads to the last layer of a stage waits until that has moved from zero.
        if "stages" not in name or "mend" in name or "keep" in name:
            assert weight.grad is not None and weight.grad.abs().sum() > 0, name


def test_training_and_sampling_draw_the_same_letters():
    net = generator(stages=3)
    noise = net.noise(20, rng())
    assert torch.equal(net(noise).argmax(1), net.sample(noise).long())


def test_the_end_symbol_never_comes_first_in_any_stage():
    net = generator()
    torch.nn.init.constant_(net.stages[0].mend.bias, 0.0)
    with torch.no_grad():
        net.stages[0].mend.bias[4] = 50.0
    codes = net.sample(net.noise(30, rng()), never_first=4)
    assert (codes[:, 0] != 4).all() and (codes[:, 1:] == 4).all()


def test_rows_of_noise_do_not_depend_on_each_other():
    net = generator(stages=2)
    noise = net.noise(10, rng())
    part = net.sample(noise.rows(slice(4, 7)))
    assert torch.equal(net.sample(noise)[4:7], part)


def test_a_stage_mends_what_independent_letters_cannot_agree_on():
    # Letter 3 must stand before the first 4: one half of the drawings breaks it, a stage that
    # reads both positions sees which.
    torch.manual_seed(0)
    stage = Stage(SequenceGANConfig(width=8, position_noise=0, kernel=3), SHAPE)
    ends = torch.randint(2, 11, (256, 1), generator=rng())
    places = torch.arange(12)
    wrong = torch.randint(0, 3, (256, 12), generator=rng(1)).where(places < ends, torch.tensor(4))
    right = wrong.where(places != ends - 1, torch.tensor(3))
    nothing = torch.empty(256, 0, 12)
    letters = one_hot(wrong, 5).transpose(1, 2).float()
    optimiser = torch.optim.Adam(stage.parameters(), 0.02)
    for _ in range(60):
        optimiser.zero_grad()
        cross_entropy(stage(letters, nothing), right).backward()
        optimiser.step()
    assert (draw(stage(letters, nothing), gumbels(256, 5, 12)) == right).float().mean() > 0.97
