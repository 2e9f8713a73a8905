"""Records as windows of a longer circle: no place, no seam, and what stays as it was."""

import numpy as np
import pytest
import torch

from biogan import SequenceGAN, SequenceSet
from biogan.nn.layers import reach, windows
from biogan.nn.sequence_heads import Shape
from biogan.nn.sequence_nets import build
from biogan.sequences.alphabet import DNA
from biogan.sequences.config import SequenceGANConfig

NETWORK = {"width": 4, "depth": 2, "units": 8, "latent": 4, "dilation": 4, "shift": 12}
SMALL = {
    "width": 4, "depth": 1, "units": 8, "latent": 4, "batch_size": 8, "threads": 1, "seed": 1,
    "judge_steps": 4, "shift": 8,
}  # fmt: skip
LENGTH = 30


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def networks(**options):
    return build(
        SequenceGANConfig(**{"architecture": "hybrid"} | NETWORK | options), Shape(4, LENGTH)
    )


def some_reads(n=60):
    codes = torch.randint(4, (n, LENGTH), generator=rng(), dtype=torch.uint8)
    return SequenceSet.from_matrix(DNA, codes.numpy())


def test_windows_are_those_of_a_row_written_twice():
    rows, first = torch.rand(40, 3, 20, generator=rng()), torch.arange(-10, 30)
    expected = [
        torch.cat([row] * 4, 1)[:, 20 + k : 20 + k + 15]
        for row, k in zip(rows, first.tolist(), strict=True)
    ]
    assert torch.equal(windows(rows, first, 15), torch.stack(expected))


@pytest.mark.parametrize("options", [{}, {"architecture": "resnet"}, {"architecture": "dense"}])
def test_a_record_that_begins_one_letter_later_is_the_same_one_letter_earlier(options):
    generator = networks(**options).generator
    noise = generator.noise(20, rng())
    later = noise._replace(turn=noise.turn + 1, position=noise.position.roll(-1, 2))
    one, two = (generator.scores(some, None) for some in (noise, later))
    assert one.shape == (20, 4, LENGTH)
    assert torch.equal(one[..., 1:], two[..., :-1])  # also at the ends: no padding is seen


def test_convolutions_see_as_far_as_is_said():
    generator = networks(architecture="resnet").generator
    margin = reach(generator.config)
    noise = generator.noise(1, rng())
    assert noise.position.shape == (1, 8, LENGTH + 2 * margin) and margin == 10
    other = noise.position.clone()
    other[..., 0] += 1  # margin letters before the first one
    one, two = (generator.scores(n, None) for n in (noise, noise._replace(position=other)))
    changed = (one != two).any(1)[0].nonzero()[:, 0]
    assert changed.tolist() == [0]


def test_every_place_of_the_circle_is_as_likely():
    noise = networks().generator.noise(42_000, rng())
    counts = torch.bincount(noise.turn, minlength=42)
    assert len(counts) == 42 and (counts - 1_000).abs().max() < 5 * 1_000**0.5


def test_the_critic_sees_stretches_while_it_trains_and_all_of_a_record_later():
    critic = networks().critic
    records = torch.eye(4)[torch.randint(4, (200, LENGTH), generator=rng())].transpose(1, 2)
    records.requires_grad_()
    torch.manual_seed(0)
    (slope,) = torch.autograd.grad(critic(records).sum(), records)
    seen = slope.abs().sum(1) > 0
    assert (seen.sum(1) == LENGTH - 12).all() and seen[:, 0].any() and seen[:, -1].any()
    assert 20 < seen[:, 0].sum() * 19 < 200 * 3
    critic.eval()
    (slope,) = torch.autograd.grad(critic(records).sum(), records)
    assert (slope.abs().sum(1) > 0).all()
    inside = critic.critic
    parts = [inside(records[..., :18]), inside(records[..., -18:])]
    assert torch.allclose(critic(records), torch.stack(parts).mean(0))


def test_records_have_no_places_and_no_seam_though_the_weights_do(tmp_path):
    gan = SequenceGAN(**SMALL, steps=2).fit(some_reads(), out=tmp_path / "run")
    bias = gan.networks.generator.distant.layers[-1].bias
    with torch.no_grad():
        # Every second letter of the circle is A, also across the border of its first and last one.
        bias.view(4, LENGTH + 8)[0, ::2] += 20
        bias.view(4, LENGTH + 8)[1, 1::2] += 20
    codes = gan.sample(6_000, seed=2).matrix()
    shares = (codes == 0).mean(0)
    assert np.ptp(shares) < 8 * (0.25 / 6_000) ** 0.5
    assert (codes[:, 1:] != codes[:, :-1]).all()
    again = SequenceGAN.load(tmp_path / "run").sample(30, seed=2)
    assert again.strings() == SequenceGAN.load(tmp_path / "run").sample(50, seed=2)[:30].strings()


def test_a_run_that_is_resumed_is_the_run_and_its_critic_refines(tmp_path):
    real = some_reads()
    SequenceGAN(**SMALL, steps=3).fit(real, out=tmp_path / "cut")
    cut = SequenceGAN(**SMALL, steps=6).fit(real, out=tmp_path / "cut", resume=True)
    whole = SequenceGAN(**SMALL, steps=6).fit(real, out=tmp_path / "whole")
    assert cut.sample(20).strings() == whole.sample(20).strings()
    assert cut.card["config"]["shift"] == 8
    refined = cut.sample(20, refine="mh")
    assert refined.strings() == SequenceGAN.load(tmp_path / "cut").sample(20, refine="mh").strings()
    assert np.isfinite(cut.score(real)).all()
