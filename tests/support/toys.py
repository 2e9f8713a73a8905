"""Small networks, and monitors that judge as they are told."""

import numpy as np
import torch

from biogan.nn.sequence_heads import Shape
from biogan.nn.sequence_nets import build
from biogan.sequences.config import SequenceGANConfig
from biogan.training.batches import Batches
from biogan.training.engine import Engine
from biogan.training.trainer import CheckResult, Trainer

SHAPE = Shape(4, 12)
CODES = torch.randint(0, 4, (40, 12), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def letters(codes):
    return torch.eye(4, device=codes.device)[codes.int()].transpose(1, 2).contiguous()


def make(monitor=None, callbacks=(), save=None, **options):
    config = SequenceGANConfig(
        **{
            "loss": "wgan-gp",
            "architecture": "resnet",
            "width": 8,
            "depth": 1,
            "latent": 4,
            "batch_size": 8,
            "steps": 10,
            "device": "cpu",
        }
        | options
    )
    torch.manual_seed(0)
    generator, critic = build(config, SHAPE)
    batches = Batches(CODES, np.ones(len(CODES)), config.batch_size, config.seed)
    return Trainer(
        generator, critic, batches, letters, config, Engine(config),
        monitor=monitor, callbacks=callbacks, save=save,
    )  # fmt: skip


class Scripted:
    """Judges each step as it is told."""

    references = {"training data": 1.0, "markov-2": 1.5}

    def __init__(self, distance=None, variety=None):
        self.distance, self.variety = distance or {}, variety or {}

    def __call__(self, network, step):
        scores = {"validation_distance": self.distance[step]} if step in self.distance else {}
        return CheckResult(scores, self.variety.get(step, {}))


def same(a, b):
    return all(
        torch.equal(x, y)
        for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


def difference(one, two):
    """Return the mean absolute difference of the weights of two saved runs.

    Not the largest: Adam makes whole steps of a gradient that is nothing but rounding.
    """
    a, b = (torch.load(folder / "state.pt", weights_only=True) for folder in (one, two))
    pairs = [
        (tensor, b[name][key])
        for name in ("generator", "critic")
        for key, tensor in a[name].items()
    ]
    return torch.cat([(x - y).abs().flatten() for x, y in pairs]).mean().item()
