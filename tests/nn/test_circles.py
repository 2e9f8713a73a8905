"""Records as circles: turned in training, written turned, and what stays as it was."""

import numpy as np
import pytest
import torch

from biogan import SequenceGAN, SequenceSet
from biogan.nn.layers import draw_rotations, rotated
from biogan.nn.sequence_heads import Shape
from biogan.nn.sequence_nets import build
from biogan.sequences.alphabet import DNA
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.modality import SequenceModality
from biogan.sequences.tokenizer import Tokenizer
from biogan.training.batches import Batches, LazyBatches, RotatedBatches

SMALL = {
    "width": 4, "depth": 1, "units": 8, "latent": 4, "batch_size": 8, "threads": 1, "seed": 1,
    "judge_steps": 2, "rotate": True,
}  # fmt: skip


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def some_codes(n=40, length=30):
    return torch.randint(4, (n, length), generator=rng(), dtype=torch.uint8)


def one_hot(codes):
    return torch.eye(4)[codes.int()].transpose(1, 2)


def test_rows_are_turned_as_by_roll():
    codes, by = some_codes(), torch.arange(40) % 30
    expected = torch.stack([row.roll(-int(k)) for row, k in zip(codes, by, strict=True)])
    assert torch.equal(rotated(codes, by), expected)
    assert torch.equal(rotated(one_hot(codes), by), one_hot(expected))


def test_every_turn_is_as_likely():
    counts = torch.bincount(draw_rotations(30_000, 30, rng()), minlength=30)
    assert counts.min() > 1_000 - 5 * 1_000**0.5 and counts.max() < 1_000 + 5 * 1_000**0.5


def test_gradients_go_back_to_where_a_letter_came_from():
    x = one_hot(some_codes(2)).requires_grad_()
    weights = torch.randn(2, 4, 30, generator=rng())
    (rotated(x, torch.tensor([0, 7])) * weights).sum().backward()
    assert torch.equal(x.grad[0], weights[0])
    assert torch.equal(x.grad[1], weights[1].roll(7, -1))


@pytest.mark.parametrize("lazy", [False, True])
def test_a_batch_is_the_same_records_turned_and_depends_on_its_number_alone(lazy):
    codes = some_codes()
    plain = (
        LazyBatches(len(codes), lambda records: codes[records], 16, 3)
        if lazy
        else Batches(codes, np.ones(len(codes)), 16, 3)
    )
    batches = RotatedBatches(plain)
    assert (batches.batch_size, batches.seed) == (16, 3)
    for k in (5, 2, 5):
        pairs = zip(batches[k], plain[k], strict=True)
        found = [next(i for i in range(30) if torch.equal(b.roll(-i), a)) for a, b in pairs]
        assert len(set(found)) > 8
        assert torch.equal(batches[k], batches[k])
        assert torch.equal(batches.part(k, slice(1, None, 2)), batches[k][1::2])


def test_a_generator_writes_circles_in_training_and_in_sampling():
    options = {k: v for k, v in SMALL.items() if k not in ("batch_size", "threads", "judge_steps")}
    circles, plain = (
        build(SequenceGANConfig(architecture="hybrid", **options | {"rotate": r}), Shape(4, 30))
        for r in (True, False)
    )
    plain.generator.load_state_dict(circles.generator.state_dict())
    noise, straight = circles.generator.noise(50, rng()), plain.generator.noise(50, rng())
    for name in ("latent", "position", "gumbel"):
        assert torch.equal(getattr(noise, name), getattr(straight, name))
    assert noise.turn.unique().numel() > 15 and not straight.turn.any()
    assert torch.equal(circles.generator(noise), rotated(plain.generator(straight), noise.turn))
    codes = circles.generator.sample(noise)
    assert torch.equal(codes, rotated(plain.generator.sample(straight), noise.turn))


def test_samples_have_no_places_though_the_weights_do(tmp_path):
    real = SequenceSet.from_matrix(DNA, some_codes(60).numpy())
    gan = SequenceGAN(**SMALL, steps=2).fit(real, out=tmp_path / "run")
    bias = gan.networks.generator.distant.layers[-1].bias
    with torch.no_grad():
        bias.view(4, 30)[0, 10] += 20
    shares = (gan.sample(6_000, seed=2).matrix() == 0).mean(0)
    assert np.ptp(shares) < 8 * (0.25 / 6_000) ** 0.5
    again = SequenceGAN.load(tmp_path / "run").sample(30, seed=2)
    assert again.strings() == SequenceGAN.load(tmp_path / "run").sample(50, seed=2)[:30].strings()


def test_a_judge_is_calibrated_on_records_that_are_turned_too():
    placed = SequenceSet.from_matrix(DNA, np.tile([[0, 1, 2, 3, 3]], (300, 1)).astype(np.uint8))
    options = {**SMALL, "rotate": True, "reverse_complement": False}
    modality = SequenceModality(Tokenizer.of(placed))
    plain, circles = (
        modality.for_calibration(placed, SequenceGANConfig(**options | changes))
        for changes in ({"rotate": False}, {})
    )
    assert (plain[:, 0] == 0).all()
    # Each turn is as likely, and the records are still the same circles.
    assert (circles[:, 0] == 0).float().mean() == pytest.approx(0.2, abs=0.1)
    assert {"".join(map(str, row)) * 2 for row in circles.tolist()} == {
        "".join(map(str, np.roll([0, 1, 2, 3, 3], k))) * 2 for k in range(5)
    }


def test_a_run_that_is_resumed_is_the_run(tmp_path):
    real = SequenceSet.from_matrix(DNA, some_codes(60).numpy())
    SequenceGAN(**SMALL, steps=3).fit(real, out=tmp_path / "cut")
    cut = SequenceGAN(**SMALL, steps=6).fit(real, out=tmp_path / "cut", resume=True)
    whole = SequenceGAN(**SMALL, steps=6).fit(real, out=tmp_path / "whole")
    assert cut.sample(20).strings() == whole.sample(20).strings()
    assert cut.card["config"]["rotate"] is True
