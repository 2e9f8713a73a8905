"""Generators and critics, by the name of their family.

A generator turns a :class:`~biogan.nets.heads.Noise` into letters, a critic turns letters of shape
(N, channels, length) into one logit a sequence. Networks know no files and no alphabets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import nn

from biogan.config import SequenceGANConfig
from biogan.nets.dcgan1d import DCGANCritic, DCGANGenerator
from biogan.nets.dense import DenseCritic, DenseGenerator
from biogan.nets.hybrid import HybridCritic, HybridGenerator
from biogan.nets.resnet1d import ResNetCritic, ResNetGenerator
from biogan.nets.shape import Shape

__all__ = ["CRITICS", "GENERATORS", "Networks", "Shape", "build"]

GENERATORS: dict[str, Callable[[SequenceGANConfig, Shape], nn.Module]] = {
    "resnet": ResNetGenerator,
    "dcgan": DCGANGenerator,
    "dense": DenseGenerator,
    "hybrid": HybridGenerator,
}
CRITICS: dict[str, Callable[[SequenceGANConfig, Shape], nn.Module]] = {
    "resnet": ResNetCritic,
    "dcgan": DCGANCritic,
    "dense": DenseCritic,
    "hybrid": HybridCritic,
}


class Networks(NamedTuple):
    """A generator and its critic."""

    generator: nn.Module
    critic: nn.Module


def build(config: SequenceGANConfig, shape: Shape) -> Networks:
    """Build the pair of networks that a configuration names.

    Parameters
    ----------
    config : SequenceGANConfig
        Architecture, width, depth and the rest.
    shape : Shape
        Channels and length of one encoded sequence.
    """
    family = config.chosen("architecture")
    return Networks(GENERATORS[family](config, shape), CRITICS[family](config, shape))
