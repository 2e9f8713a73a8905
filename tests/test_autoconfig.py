"""Open options are chosen from the data, said aloud, and never over a given value."""

from biogan.alphabet import DNA
from biogan.autoconfig import resolve
from biogan.config import SequenceGANConfig
from biogan.datasets.layout import ALIGNED, FIXED, VARIABLE, Layout


def test_nothing_is_left_open_and_every_choice_is_said():
    config, reasons = resolve(SequenceGANConfig(loss="wgan-gp"), Layout(DNA, 100, FIXED))
    assert (config.dilation, config.critic_steps) == (4, 3)
    assert (config.gp, config.r1, config.r2) == (1, 0, 0)
    assert config.max_time == "10m"
    assert reasons == [
        "max_time 10m, as neither --steps nor --max-time was given",
        "dilation 4 for 100 positions",
        "critic_steps 3, gp 1 for the loss wgan-gp",
    ]


def test_what_was_given_stays():
    given = SequenceGANConfig(
        loss="relativistic", critic_steps=2, gp=0, r1=0.5, r2=0, dilation=2, steps=5
    )
    assert resolve(given, Layout(DNA, 20, FIXED)) == (given, [])


def test_the_loss_follows_the_layout():
    losses = {
        kind: resolve(SequenceGANConfig(), Layout(DNA, 20, kind))[0].loss
        for kind in (FIXED, VARIABLE, ALIGNED)
    }
    assert losses == {FIXED: "relativistic", VARIABLE: "wgan-gp", ALIGNED: "wgan-gp"}


def test_resolving_twice_changes_nothing():
    once, _ = resolve(SequenceGANConfig(), Layout(DNA, 64, FIXED))
    assert once.dilation == 1 and resolve(once, Layout(DNA, 64, FIXED)) == (once, [])
