"""A trained model to its folder and back: card and weights of any kind of GAN."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from biogan.errors import CheckpointError, ConfigError
from biogan.nets import Networks
from biogan.training.engine import find_device
from biogan.training.folder import CRITIC, GENERATOR, ModelFolder


def write_model(
    path: str | Path, card: dict[str, Any], networks: Networks, overwrite: bool
) -> ModelFolder:
    """Write a model folder; return it for what else a kind of model keeps there.

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
    return folder


def read_model(
    path: str | Path, device: str, kind: str, build: Callable[[dict[str, Any]], Networks]
) -> tuple[dict[str, Any], Networks, ModelFolder, torch.device]:
    """Read a model folder onto a device.

    Parameters
    ----------
    path : str or Path
        The folder.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    kind : str
        Kind of model, see :mod:`biogan.card`.
    build : callable
        Builds the networks that a card describes, with any weights.

    Returns
    -------
    card : dict
        What ``config.json`` holds.
    networks : Networks
        Generator and critic, ready for use.
    folder : ModelFolder
    place : torch.device
        For what else is to be read.

    Raises
    ------
    CheckpointError
        If a file is missing, damaged or of another kind.
    ConfigError
        If the device is not there.
    """
    place, folder = find_device(device), ModelFolder(path)
    card = folder.read_config(kind)
    with trusted(folder):
        networks = build(card)
    folder.read_weights(GENERATOR, networks.generator)
    folder.read_weights(CRITIC, networks.critic)
    card = {key: value for key, value in card.items() if key != "schema"}
    return card, Networks(*(net.to(place).eval() for net in networks)), folder, place


@contextmanager
def trusted(folder: ModelFolder) -> Iterator[None]:
    """Say that the card of a model is damaged where something inside the block cannot use it.

    Raises
    ------
    CheckpointError
        In the place of the errors of a wrong or missing value.
    """
    try:
        yield
    except (ConfigError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder.path}: config.json is damaged: {error}") from error
