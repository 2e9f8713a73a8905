"""Networks of twists: what holds for any weights, the hand of a chain, and both gradients."""

import math

import numpy as np
import pytest
import torch

from biogan.nn.config import ImageNetConfig
from biogan.nn.structure_nets import records
from biogan.nn.twist_nets import (
    BOND,
    CIS,
    TwistCritic,
    TwistGenerator,
    Twists,
    points,
    twist_records,
)
from biogan.structures.geometry import bond_angles, pseudo_torsions, separations

CONFIG = ImageNetConfig(width=8, latent=6, dropout=0.0)
#: A right-handed helix that goes on for long, and a strand.
TWO = Twists((91.0, 125.0), (50.0, -170.0), (2.5, 5.0), (5.0, 10.0), (0.6, 0.4),
             ((0.9, 0.1), (0.2, 0.8)))  # fmt: skip


def draw(generator, n, seed=0):
    return generator.noise(n, torch.Generator().manual_seed(seed))


def wild(twists=TWO, length=32):
    """A generator with weights five times as large as they begin."""
    generator = TwistGenerator(CONFIG, twists, length)
    with torch.no_grad():
        for weight in generator.parameters():
            weight.mul_(5)
    return generator


def test_bonds_are_right_by_construction_whatever_the_weights():
    generator = wild(TWO._replace(cis=0.2))
    xyz = generator.coordinates(draw(generator, 200)).detach()
    bonds = (xyz.diff(dim=1)).norm(dim=-1)
    cis = bonds < 3.4
    assert 0.17 < cis.double().mean() < 0.23
    assert (bonds[cis] - CIS).abs().max() < 0.25 and (bonds[~cis] - BOND).abs().max() < 0.25
    assert (bonds[~cis] - BOND).abs().median() < 0.02
    straight = wild()
    some = straight.coordinates(draw(straight, 50)).detach().diff(dim=1).norm(dim=-1)
    assert some.min() > 3.5


def test_shares_of_twists_are_those_of_the_chain_whatever_the_weights():
    # Kinds follow one another with a stationary share of 2/3 and 1/3.
    generator = wild()
    for _ in range(200):  # what twists are centred by
        generator.internal(draw(generator, 32))
    generator.eval()
    xyz = generator.coordinates(draw(generator, 1000, 1)).detach().numpy().astype(float)
    torsions, angles = pseudo_torsions(xyz), bond_angles(xyz)[:, 1:]
    helix = (torsions > 0) & (torsions < 100)
    assert helix.mean() == pytest.approx(2 / 3, abs=0.03)
    assert angles[helix].mean() == pytest.approx(91, abs=0.5)
    assert angles[helix].std() == pytest.approx(2.5, rel=0.08)
    assert torsions[helix].mean() == pytest.approx(50, abs=1)
    assert torsions[helix].std() == pytest.approx(5, rel=0.08)
    # A kind follows itself as often as was counted.
    stays = (helix[:, :-1] & helix[:, 1:]).sum() / helix[:, :-1].sum()
    assert stays == pytest.approx(0.9, abs=0.02)


def test_the_critic_tells_a_fragment_from_its_mirror_image():
    generator = wild()
    xyz = generator.coordinates(draw(generator, 4)).detach()
    mirrored = xyz * torch.tensor([1.0, 1.0, -1.0])
    assert torch.allclose(records(xyz), records(mirrored), atol=1e-5)
    seen, other = twist_records(xyz), twist_records(mirrored)
    size = points(32)
    torch.testing.assert_close(seen[..., :size], other[..., :size], atol=1e-5, rtol=0)
    torch.testing.assert_close(seen[..., size:], -other[..., size:], atol=1e-5, rtol=0)
    assert seen[..., size:].abs().max() > 0.3
    critic = TwistCritic(CONFIG, 32)
    assert not torch.allclose(critic(seen), critic(other), atol=1e-5)


def test_generated_records_are_those_of_the_coordinates_and_do_not_turn_with_them():
    generator = wild().eval()
    noise = draw(generator, 5)
    xyz = generator.coordinates(noise).detach()
    turn = math.pi / 3
    rotation = torch.tensor([
        [math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0], [0, 0, 1.0]
    ])  # fmt: skip
    expected = generator(noise).detach()
    for moved in (xyz, xyz @ rotation.T + 5):
        torch.testing.assert_close(twist_records(moved), expected, atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize("length", [16, 37, 64])
def test_gradients_of_both_players_are_finite(length):
    generator, critic = TwistGenerator(CONFIG, TWO, length), TwistCritic(CONFIG, length)
    fake = generator(draw(generator, 4))
    critic(fake).sum().backward()
    for name, weight in generator.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all(), name
    given = fake.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(given).sum(), given, create_graph=True)
    critic.zero_grad()
    slope.square().sum().backward()
    assert all(w.grad.isfinite().all() for w in critic.parameters() if w.grad is not None)


def test_places_that_make_no_angle_have_finite_records():
    flat = torch.zeros(1, 8, 3)
    line = torch.arange(8.0)[None, :, None] * torch.tensor([3.8, 0, 0])
    for xyz in (flat, line):
        assert twist_records(xyz).isfinite().all()


def test_the_same_noise_gives_the_same_fragments_alone_and_in_a_batch():
    generator = wild().eval()
    noise = draw(generator, 6)
    alone = torch.cat([generator.coordinates(noise.rows(slice(i, i + 1))) for i in range(6)])
    torch.testing.assert_close(alone, generator.coordinates(noise), atol=1e-3, rtol=1e-4)
    assert np.ptp(separations(alone.detach().numpy(), 5), axis=0).min() > 0
