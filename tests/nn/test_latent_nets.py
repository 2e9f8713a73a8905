"""The autoencoder of a latent GAN: codes of one scale, losses per symbol, records written again."""

import pytest
import torch

from biogan.nn import latent_nets
from biogan.nn.config import SequenceNetConfig
from biogan.nn.latent_nets import CODE, Reconstruction
from biogan.nn.recurrent import symbol_losses
from biogan.nn.sequence_heads import WAVES, Grammar, Shape
from biogan.nn.sequence_nets import build


def pair(length=9, units=24):
    torch.manual_seed(0)
    config = SequenceNetConfig(architecture="latent", units=units, latent=CODE)
    shares = (0.0, 0.0, 0.0) + (1 / (length - 2),) * (length - 2)
    return build(config, Shape(5, length), Grammar(4, lengths=shares))


def records(n=40, length=9, seed=0):
    source = torch.Generator().manual_seed(seed)
    rows = torch.randint(4, (n, length), generator=source)
    lengths = torch.randint(3, length + 1, (n,), generator=source)
    return rows.where(torch.arange(length) < lengths[:, None], torch.tensor(4)).to(torch.uint8)


@pytest.fixture
def sharp(monkeypatch):
    monkeypatch.setattr(latent_nets, "BLUR", 0.0)
    monkeypatch.setattr(latent_nets, "SYNTAX_BLUR", 0.0)


def test_codes_of_all_records_come_to_mean_0_and_variance_1():
    _, critic = pair()
    rows = records(400).long()
    parts = rows[(rows < 4).sum(1).argsort()].split(20)
    for i in torch.randint(20, (400,)).tolist():
        critic.encoder(parts[i], learning=True)
    codes = critic.encoder(rows)
    assert codes.mean(0).abs().max() < 0.3 and codes.var(0).sub(1).abs().max() < 0.5


def test_records_of_one_length_are_learned_by_the_codes_that_the_critic_reads():
    _, critic = pair()
    rows = records(400).long()
    short = rows[(rows < 4).sum(1) == 3]
    for _ in range(300):
        critic.encoder(rows, learning=True)
    learned = critic.encoder(short, learning=True)
    assert torch.allclose(learned, critic.encoder(short), atol=1e-5)
    # They are no standard normal of their own: how short records differ from others stays.
    assert learned.mean(0).abs().max() > 0.5


def test_larger_numbers_do_not_help_against_the_noise():
    _, critic = pair()
    codes = critic.encoder(records(100).long(), learning=True)
    (codes * codes.detach()).sum().backward()
    slope = (critic.encoder.out.weight.grad * critic.encoder.out.weight).sum(1)
    # Without the correction it is the sum of squares.
    assert (slope.abs() < 0.1 * codes.detach().square().sum(0)).all()
    assert critic.encoder.out.bias.grad.abs().max() < 1e-3


def test_a_decoder_that_is_told_no_length_writes_the_end_symbol(sharp):
    torch.manual_seed(0)
    config = SequenceNetConfig(architecture="latent", units=24, latent=CODE)
    generator, critic = build(config, Shape(5, 9), Grammar(4))
    rows, reconstruction = records(12), Reconstruction(generator, critic)
    optimiser = torch.optim.Adam(reconstruction.parameters(), 1e-2)
    for _ in range(250):
        optimiser.zero_grad()
        reconstruction(rows).backward()
        optimiser.step()
    noise = generator.eval().noise(200, torch.Generator().manual_seed(0))
    assert generator(noise).shape == (200, CODE)
    written = generator.sample(noise)[:, :9]
    lengths = (written < 4).sum(1)
    assert lengths.min() >= 3 and len(lengths.unique()) > 3
    # Neighbours end by themselves, too.
    anew = torch.ones(12, dtype=torch.long)
    again = generator.near(critic.read(rows), anew, 0.0, torch.Generator().manual_seed(0))
    assert (again == rows).float().mean() > 0.95


def test_the_loss_is_the_mean_of_a_symbol_and_knows_no_order(sharp):
    generator, critic = pair()
    reconstruction, rows = Reconstruction(generator, critic), records(150)
    codes = critic.encoder(rows.long(), learning=True)
    losses, counted = symbol_losses(generator.decoder, rows.long(), codes)
    found = reconstruction(rows).item()
    assert found == pytest.approx(losses[counted].mean().item(), rel=1e-3)
    assert reconstruction(rows.flip(0)).item() == pytest.approx(found, rel=1e-4)


def test_symbols_of_long_and_of_short_records_weigh_the_same(sharp):
    """Parts hold records of one length: a mean over the symbols of each would favour short ones."""
    (generator, critic), rows = pair(), records(400)
    reconstruction = Reconstruction(generator, critic)
    parts = reconstruction.parts(rows)
    symbols = (rows < 4).sum(1).double().mean()
    for part in parts:
        codes = critic.encoder(part.long())
        losses, counted = symbol_losses(generator.decoder, part.long(), codes)
        expected = losses[counted].sum().item() / (len(part) * symbols.item())
        assert reconstruction(part).item() == pytest.approx(expected, rel=0.02)
    means = {(part < 4).sum(1).double().mean().item() for part in parts}
    assert max(means) > 2 * min(means)


def test_few_records_are_written_again_from_their_codes(sharp):
    (generator, critic), rows = pair(), records(12)
    reconstruction = Reconstruction(generator, critic)
    optimiser = torch.optim.Adam(reconstruction.parameters(), 1e-2)
    for _ in range(250):
        optimiser.zero_grad()
        reconstruction(rows).backward()
        optimiser.step()
    lengths = (rows < 4).sum(1)
    again = generator.eval().near(critic.read(rows), lengths, 0.0, torch.Generator().manual_seed(0))
    assert (again == rows).float().mean() > 0.95
    far = generator.near(critic.read(rows), lengths, 1.0, torch.Generator().manual_seed(0))
    assert (far == rows).float().mean() < 0.8 and ((far < 4).sum(1) == lengths).all()


def test_training_draws_no_letters_and_codes_begin_near_a_standard_normal():
    generator, _ = pair()
    noise = generator.noise(500, torch.Generator().manual_seed(0))
    assert noise.gumbel.numel() == noise.blur.numel() == 0
    codes = generator(noise)
    # Beside each stands the length that goes with it.
    assert codes.shape == (500, CODE + WAVES)
    assert codes[:, :CODE].std(0).sub(1).abs().max() < 0.3
