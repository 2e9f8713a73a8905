"""A trained model to its folder and back: card and weights of any kind of GAN."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from biogan.errors import BioganError, CheckpointError
from biogan.nets import Networks
from biogan.training.folder import CONFIG, CRITIC, GENERATOR, ModelFolder
from biogan.training.machine import find_device


def write_model(
    path: str | Path, card: dict[str, Any], networks: Mapping[str, nn.Module], overwrite: bool
) -> None:
    """Write a model folder: a card, and networks by the names of their files.

    Raises
    ------
    OutputError
        If the folder holds something that must not be replaced.
    """
    folder = ModelFolder(path)
    folder.check(overwrite=overwrite)
    folder.claim()
    try:
        folder.write_config(card)
        for name, network in networks.items():
            folder.write_weights(name, network)
        folder.settle()
    finally:
        folder.discard()


class ReadNetworks:
    """Generator and critic of a model folder; the critic is read when it is first asked for.

    Sampling needs none: it is not held up by one, and not by a damaged file.

    Parameters
    ----------
    folder : ModelFolder
        Where the weights are.
    networks : Networks
        The pair, with any weights.
    place : torch.device
        Where they are to be.
    """

    def __init__(self, folder: ModelFolder, networks: Networks, place: torch.device) -> None:
        self.folder, self.place = folder, place
        self._critic = networks.critic
        self.generator = self._read(GENERATOR, networks.generator)

    @cached_property
    def critic(self) -> nn.Module:
        """The critic."""
        return self._read(CRITIC, self._critic)

    def _read(self, name: str, network: nn.Module) -> nn.Module:
        self.folder.read_weights(name, network)
        return network.to(self.place).eval()

    def __iter__(self) -> Iterator[nn.Module]:
        return iter((self.generator, self.critic))


def read_model(
    path: str | Path, device: str, kind: str, build: Callable[[dict[str, Any]], Networks]
) -> tuple[dict[str, Any], ReadNetworks]:
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
    networks : ReadNetworks
        Generator and critic, ready for use.

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
    read = ReadNetworks(folder, networks, place)
    return {key: value for key, value in card.items() if key != "schema"}, read


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
    except (BioganError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder.path / CONFIG}: damaged: {error}") from error
