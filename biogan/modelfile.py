"""A trained model to its folder and back: card, weights, and the judge for refined sampling."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from biogan.calibration import Calibration
from biogan.card import SEQUENCES
from biogan.config import SequenceGANConfig
from biogan.datasets.layout import Layout
from biogan.errors import CheckpointError, ConfigError
from biogan.fitting import Letters, build_networks
from biogan.judge import Judge
from biogan.nets import Networks
from biogan.training.engine import find_device
from biogan.training.folder import CRITIC, GENERATOR, JUDGE, ModelFolder


class Model(NamedTuple):
    """What a model folder holds.

    Attributes
    ----------
    config : SequenceGANConfig
        The options, nothing left open.
    layout : Layout
        Letters, length and kind of the data.
    card : dict
        What ``config.json`` holds.
    networks : Networks
        Generator and critic.
    judge : Judge or None
        The calibrated critic of the kept generator.
    """

    config: SequenceGANConfig
    layout: Layout
    card: dict[str, Any]
    networks: Networks
    judge: Judge | None


def write_model(
    path: str | Path, card: dict[str, Any], networks: Networks, judge: Judge | None, overwrite: bool
) -> None:
    """Write a model folder.

    Raises
    ------
    OutputError
        If the folder holds something that must not be replaced.
    """
    folder = ModelFolder(path)
    folder.check(overwrite=overwrite)
    folder.claim()
    folder.write_config(card)
    folder.write_weights(GENERATOR, networks.generator)
    folder.write_weights(CRITIC, networks.critic)
    if judge:
        folder.write_weights(JUDGE, judge.critic)


def read_model(path: str | Path, device: str) -> Model:
    """Read a model folder onto a device.

    Raises
    ------
    CheckpointError
        If a file is missing, damaged or of another kind.
    ConfigError
        If the device is not there.
    """
    place, folder = find_device(device), ModelFolder(path)
    card = folder.read_config(SEQUENCES)
    try:
        config = SequenceGANConfig.from_dict(card["config"])
        layout = Layout.from_dict(card["layout"])
        line = Calibration.from_dict(card["judge"]) if "judge" in card else None
    except (ConfigError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder.path}: config.json is damaged: {error}") from error
    networks = build_networks(config, layout)
    folder.read_weights(GENERATOR, networks.generator)
    folder.read_weights(CRITIC, networks.critic)
    judge = None
    if line:
        critic = build_networks(config, layout).critic
        folder.read_weights(JUDGE, critic)
        judge = Judge(critic.to(place), line, Letters(layout.channels, place))
    card = {key: value for key, value in card.items() if key != "schema"}
    return Model(config, layout, card, Networks(*(net.to(place) for net in networks)), judge)
