import pytest

from biogan.config import PRESETS, ImageGANConfig
from biogan.imaging.presets import SETTINGS, resolve


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_leaves_nothing_open(preset):
    config, reasons = resolve(ImageGANConfig(preset=preset), "pixels")
    left = [k for k, v in config.to_dict().items() if v is None]
    assert left == ["steps", "check_every", "patience", "threads"]
    assert reasons[0].endswith(f"for the preset {preset}")
    assert set(SETTINGS) == set(PRESETS)


def test_the_classic_preset_is_the_tutorials():
    config, _ = resolve(ImageGANConfig(preset="classic"), "pixels")
    assert (config.loss, config.lr, config.dropout, config.batch_norm) == (
        "standard", 1e-4, 0.3, True
    )  # fmt: skip
    assert (config.gp, config.r1, config.r2, config.critic_steps) == (0, 0, 0, 1)
    assert (config.width, config.latent, config.ema) == (64, 100, 0)


def test_what_was_given_wins_over_the_preset():
    config, reasons = resolve(ImageGANConfig(preset="classic", lr=0.5, steps=3), "pixels")
    assert config.lr == 0.5 and config.max_time is None
    assert "lr" not in reasons[0].replace("lr_", "")


def test_a_loss_by_name_brings_its_own_penalties():
    config, _ = resolve(ImageGANConfig(loss="wgan-gp"), "pixels")
    assert (config.gp, config.critic_steps, config.r1) == (1.0, 3, 0.0)


def test_structures_are_built_as_chains():
    config, reasons = resolve(ImageGANConfig(), "distances")
    assert (config.architecture, config.width, config.batch_size) == ("chain", 16, 32)
    assert "width 16" in reasons[0] and "batch_size 32" in reasons[0]
    assert resolve(ImageGANConfig(architecture="dcgan"), "distances")[0].architecture == "dcgan"
