import numpy as np
import pytest

from biogan.core.errors import ConfigError
from biogan.images.dataset import ImageSet
from biogan.images.modality import ImageModality
from biogan.structures.modality import StructureModality
from biogan.training import presets
from biogan.training.config import ImageGANConfig
from biogan.training.presets import SETTINGS


def resolve(config, kind, classes=0):
    return presets.resolve(config, kind.preset, kind.kind, classes)


PIXELS, CHAINS = ImageModality, StructureModality


@pytest.mark.parametrize("preset", SETTINGS)
def test_a_preset_leaves_nothing_open(preset):
    config, reasons = resolve(ImageGANConfig(preset=preset), PIXELS)
    left = [k for k, v in config.to_dict().items() if v is None]
    assert left == ["steps", "check_every", "patience", "threads", "condition"]
    assert reasons[0].endswith(f"for the preset {preset}")


def test_the_classic_preset_is_the_tutorials():
    config, _ = resolve(ImageGANConfig(preset="classic"), PIXELS)
    assert (config.loss, config.lr, config.dropout) == ("standard", 1e-4, 0.3)
    assert (config.gp, config.r1, config.r2, config.critic_steps) == (0, 0, 0, 1)
    assert (config.width, config.latent, config.ema) == (64, 100, 0)


def test_what_was_given_wins_over_the_preset():
    config, reasons = resolve(ImageGANConfig(preset="classic", lr=0.5, steps=3), PIXELS)
    assert config.lr == 0.5 and config.max_time is None
    assert "lr" not in reasons[0].replace("lr_", "")


def test_a_loss_by_name_brings_its_own_penalties():
    config, _ = resolve(ImageGANConfig(preset="relativistic", loss="wgan-gp"), PIXELS)
    assert (config.gp, config.critic_steps, config.r1) == (1.0, 3, 0.0)


def test_the_preset_is_the_best_for_the_kind_of_data():
    config, reasons = resolve(ImageGANConfig(), PIXELS)
    assert (config.preset, config.loss, config.critic_steps) == ("wgan-gp", "wgan-gp", 2)
    assert reasons[0] == "preset wgan-gp for pixels"
    config, reasons = resolve(ImageGANConfig(), CHAINS)
    assert (config.preset, config.loss) == ("relativistic", "relativistic")
    assert reasons[0] == "preset relativistic for distances"


@pytest.mark.parametrize(
    ("smallest", "asked", "learned"),
    [(50, None, True), (49, None, False), (50, False, False), (1, True, True)],
)
def test_classes_are_learned_where_each_has_images_enough(smallest, asked, learned):
    labels = [0] * 60 + [1] * smallest
    pixels = np.zeros((len(labels), 16, 16), np.uint8)
    pixels[:, 0] = 255
    images = ImageSet.from_pixels(pixels, labels=labels)
    asks = ImageGANConfig(conditional=asked)
    _, config, reasons, _ = ImageModality.plan(images, asks)
    assert config.conditional is learned
    told = any("conditional, as each of 2 classes" in reason for reason in reasons)
    assert told is (learned and asked is None)


def test_one_class_is_no_class_to_learn():
    images = ImageSet.from_pixels(np.eye(16, dtype=np.uint8)[None].repeat(60, 0), labels=[0] * 60)
    assert ImageModality.of(images, ImageGANConfig(conditional=None)).conditions.parts == ()


def test_structures_are_built_as_chains():
    config, reasons = resolve(ImageGANConfig(), CHAINS)
    assert (config.architecture, config.width, config.batch_size) == ("chain", 32, 32)
    assert "width 32" in reasons[1] and "batch_size 32" in reasons[1]
    assert resolve(ImageGANConfig(architecture="dcgan"), CHAINS)[0].architecture == "dcgan"


def test_batch_norm_is_always_there_and_old_models_that_say_so_load():
    assert ImageGANConfig.from_dict({"batch_norm": True}) == ImageGANConfig()
    with pytest.raises(ConfigError, match="--batch-norm False: this option is gone"):
        ImageGANConfig.from_dict({"batch_norm": False})
