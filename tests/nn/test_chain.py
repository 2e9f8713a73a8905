"""Distance maps of networks: units, the chain that is built, and what holds for any weights."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from biogan.core.label_rows import Conditions
from biogan.nn.config import ImageNetConfig
from biogan.nn.image_nets import DCGANCritic2D, RecordShape
from biogan.nn.structure_nets import (
    ChainCritic,
    ChainGenerator,
    MapGenerator,
    build_chain,
    from_units,
    records,
    to_units,
)


def config(**options):
    return ImageNetConfig(**{"width": 8, "latent": 6, "dropout": 0.0, **options})


def internal(n, length, angle, torsion):
    """Bonds of 3.8 Angstrom, one angle and one torsion (degrees) all along."""
    turn = math.radians(torsion)
    return (
        torch.full((n, length - 1), 3.8, dtype=torch.float64),
        torch.full((n, length - 2), math.radians(angle), dtype=torch.float64),
        torch.tensor([math.cos(turn), math.sin(turn)], dtype=torch.float64).expand(
            n, length - 2, 2
        ),
    )


def draw(generator, n, seed=0):
    return generator.noise(n, torch.Generator().manual_seed(seed))


def test_units_by_hand_and_back():
    distances = torch.tensor([0.0, 3.8, 100.0])
    expected = [-1, 2 * math.log(2) / math.log(1 + 100 / 3.8) - 1, 1]
    assert to_units(distances).tolist() == pytest.approx(expected, abs=1e-6)
    many = torch.linspace(0, 200, 50)
    assert from_units(to_units(many)).tolist() == pytest.approx(many.tolist(), abs=1e-3)
    assert from_units(torch.tensor([-1.5])).item() == 0


def test_records_by_hand():
    xyz = torch.tensor([[[0.0, 0, 0], [3, 4, 0], [3, 4, 12]]])
    maps = from_units(records(xyz))
    assert maps.shape == (1, 1, 3, 3)
    expected = [0, 5, 13, 5, 0, 12, 13, 12, 0]
    assert maps.flatten().tolist() == pytest.approx(expected, abs=1e-4)


def test_gradient_is_finite_where_residues_share_a_place():
    xyz = torch.zeros(2, 5, 3, requires_grad=True)
    records(xyz).sum().backward()
    assert xyz.grad.abs().max() == 0


def classed(count):
    """Labels of one class of so many values; none for 0."""
    if not count:
        return Conditions()
    found = Conditions.of({"class": [*"abc"[:count]] * 20}, ("class",), np.ones(20 * count))
    return replace(found, whole=True)


@pytest.mark.parametrize("length", [3, 4, 16, 37, 128])
def test_chain_has_the_bonds_angles_and_torsions_asked_for(length):
    xyz = build_chain(*internal(2, length, 91.0, 50.0))
    assert xyz.shape == (2, length, 3)
    steps = xyz.diff(dim=1)
    assert steps.norm(dim=-1).flatten().tolist() == pytest.approx([3.8] * 2 * (length - 1))
    # The angle at a residue is 180 degrees less that between the bonds.
    inner = -(steps[:, :-1] * steps[:, 1:]).sum(-1) / 3.8**2
    expected = [math.cos(math.radians(91))] * (2 * (length - 2))
    assert inner.flatten().tolist() == pytest.approx(expected)
    if length == 3:
        return
    # IUPAC: the sign of the torsion is that of b1 . (b2 x b3).
    volume = (steps[:, :-2] * torch.linalg.cross(steps[:, 1:-1], steps[:, 2:])).sum(-1)
    assert volume.min() > 0


def test_internal_coordinates_of_an_alpha_helix_give_its_distances():
    # Angle 91, torsion 50 degrees: an alpha helix, with its rise of 1.5 Angstrom a residue.
    xyz = build_chain(*internal(1, 40, 91.0, 50.0))[0]
    assert (xyz[2] - xyz[0]).norm().item() == pytest.approx(2 * 3.8 * math.sin(math.radians(45.5)))
    assert (xyz[3] - xyz[0]).norm().item() == pytest.approx(5.1, abs=0.15)
    assert (xyz[36] - xyz[0]).norm().item() / 36 == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize("family", [ChainGenerator, MapGenerator])
@pytest.mark.parametrize("length", [16, 64, 128])
@pytest.mark.parametrize("classes", [0, 3])
def test_maps_are_symmetric_not_negative_and_zero_on_the_diagonal(family, length, classes):
    shape = RecordShape(1, length, length, classed(classes))
    generator = family(config(), shape)
    noise = draw(generator, 3)
    labels = generator.encoder(noise.labels) if classes else noise.latent[:, :0]
    maps = generator.images(torch.cat([noise.latent, labels], 1))
    assert maps.shape == (3, 1, length, length)
    assert torch.equal(maps, maps.transpose(-1, -2))
    assert torch.equal(maps.diagonal(dim1=-2, dim2=-1), torch.full((3, 1, length), -1.0))
    assert maps.min() == -1
    assert maps[0].std() > 0.05
    flat = length * length + classes
    assert generator(noise).shape == ((3, flat) if classes else (3, 1, length, length))


def test_chain_generator_keeps_the_triangle_inequality_with_wild_weights():
    generator = ChainGenerator(config(), RecordShape(1, 16, 16))
    with torch.no_grad():
        for weight in generator.parameters():
            weight.mul_(5)
        maps = from_units(generator(draw(generator, 8)))[:, 0]
    detour = maps[:, :, :, None] + maps[:, None]  # [i, j, k] = d(i, j) + d(j, k)
    assert (maps[:, :, None] <= detour + 1e-3).all()
    bonds = maps.diagonal(1, 1, 2)
    assert 3.8 - 0.121 < bonds.min() < bonds.max() < 3.8 + 0.121


@pytest.mark.parametrize("family", [ChainGenerator, MapGenerator])
@pytest.mark.parametrize("judge", [ChainCritic, DCGANCritic2D])
def test_gradients_of_both_players_are_finite(family, judge):
    shape = RecordShape(1, 32, 32)
    generator, critic = family(config(), shape), judge(config(), shape)
    fake = generator(draw(generator, 4))
    critic(fake).sum().backward()
    for name, weight in generator.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all(), name
        assert weight.grad.abs().max() > 0, name
    # The penalty on the critic's gradient at its input, as R1 and R2 take it.
    given = fake.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(given).sum(), given, create_graph=True)
    critic.zero_grad()
    slope.square().sum().backward()
    assert all(w.grad.isfinite().all() for w in critic.parameters() if w.grad is not None)


@pytest.mark.parametrize("length", [16, 64, 128])
@pytest.mark.parametrize("classes", [0, 3])
def test_critic_of_chains_sees_every_size_and_class(length, classes):
    shape = RecordShape(1, length, length, classed(classes))
    generator, critic = ChainGenerator(config(), shape), ChainCritic(config(), shape)
    fake = generator(draw(generator, 3))
    assert critic(fake).shape == (3,)
    used = [
        name
        for name, weight in critic.named_parameters()
        if torch.autograd.grad(critic(fake).sum(), weight, allow_unused=True)[0] is None
    ]
    assert used == []


def test_critic_of_chains_sees_the_near_diagonals_along_the_chain():
    shape = RecordShape(1, 32, 32)
    critic = ChainCritic(config(), shape)
    maps = records(torch.randn(1, 32, 3)).requires_grad_()
    size = critic.along[-1].out_channels * 4
    near = critic.features(maps)[:, -size:].square().sum()
    (slope,) = torch.autograd.grad(near, maps)
    rows, columns = slope[0, 0].nonzero(as_tuple=True)
    assert set((columns - rows).tolist()) == set(range(1, 13))


def test_same_noise_same_chain_and_coordinates_are_those_of_the_map():
    generator = ChainGenerator(config(), RecordShape(1, 32, 32))
    code = torch.cat(draw(generator, 2), 1)
    xyz = generator.coordinates(code)
    assert xyz.shape == (2, 32, 3)
    assert torch.equal(records(xyz), generator.images(code))
