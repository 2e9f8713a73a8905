"""The gradients of two processes are those of one on the joint batch, here as two threads."""

import threading

import numpy as np
import pytest
import torch
from toys import CODES, SHAPE

from biogan.nn.layers import GROUP
from biogan.nn.sequence_nets import build
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.kmer_matching import KmerMatching
from biogan.training.batches import Batches
from biogan.training.engine import Engine
from biogan.training.losses import LOSSES
from biogan.training.step import AdversarialStep


class Recording(Engine):
    """Remembers every gradient that a network is moved by."""

    def average_gradients(self, parameters):
        parameters = list(parameters)
        super().average_gradients(parameters)
        seen = self.__dict__.setdefault("seen", [])
        seen.append(torch.cat([p.grad.flatten() for p in parameters if p.grad is not None]))


class Half(Recording):
    """One of two processes; they meet where tensors are averaged."""

    device, world, rank = torch.device("cpu"), 2, 0
    cuda_graph, precision = False, "float32"

    def __init__(self, rank, meeting, table):
        self.rank, self.meeting, self.table = rank, meeting, table

    def place(self, network):
        return network

    def average(self, tensor):
        self.table[self.rank] = tensor.clone()
        self.meeting.wait(60)
        mean = (self.table[0] + self.table[1]) / 2
        self.meeting.wait(60)
        return mean


@pytest.fixture
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def step(config, engine):
    """Take one step of fresh networks."""
    torch.manual_seed(0)
    generator, critic = build(config, SHAPE)
    batches = Batches(CODES, np.ones(len(CODES)), config.batch_size, config.seed)
    players = AdversarialStep(
        generator, critic, batches,
        lambda codes: torch.eye(4)[codes.int()].transpose(1, 2).contiguous(), config, engine,
        KmerMatching(SHAPE.channels, SHAPE.length, 0.5, longest_placed=2),
    )  # fmt: skip
    return lambda: players.step(0)


@pytest.mark.parametrize("groups", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_two_halves_have_the_gradients_of_the_whole(loss, groups, double):
    config = SequenceGANConfig(
        loss=loss, architecture="resnet", width=8, depth=1, latent=4, batch_size=2 * GROUP, steps=1,
        critic_steps=2, r1=0.3, r2=0.2, gp=0.5, seed=3, device="cpu", minibatch_std=groups,
    )  # fmt: skip
    whole, table = Recording(config), {}
    terms = step(config, whole)()
    meeting = threading.Barrier(2)
    halves = [Half(rank, meeting, table) for rank in (0, 1)]
    # Networks are drawn from the global generator, one after the other.
    tasks, logged = [step(config, half) for half in halves], {}
    threads = [
        threading.Thread(target=lambda rank=rank: logged.update({rank: tasks[rank]()}))
        for rank in (0, 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(whole.seen) == 3  # two steps of the critic, one of the generator
    for half in halves:
        assert logged[half.rank] == pytest.approx(terms, abs=1e-12)
        for mine, joint in zip(half.seen, whole.seen, strict=True):
            assert joint.abs().max() > 1e-3
            assert torch.allclose(mine, joint, rtol=0, atol=1e-12)
