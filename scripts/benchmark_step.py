"""The section of the benchmark on a training step.

The reference is the sequence WGAN-GP of Gulrajani et al. 2017, Killoran et al. 2017 and Wang et al.
2020, written down plainly: a dense layer to 512 channels, five residual blocks of two convolutions
of kernel 5, softmax over the letters; the critic mirrors it.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from biogan import DNA, SequenceSet
from biogan.core.rng import rng
from biogan.sequences.autoconfig import resolve
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.modality import SequenceModality
from biogan.sequences.tokenizer import Tokenizer
from biogan.sequences.tokens import OneHot
from biogan.training.batches import Batches
from biogan.training.engine import Engine
from biogan.training.step import AdversarialStep

PUBLISHED = {
    "loss": "wgan-gp", "gp": 10.0, "critic_steps": 1, "penalty_every": 1, "batch_size": 32,
    "width": 512, "depth": 5,
    "latent": 128, "position_noise": 0, "head": "softmax", "lr": 1e-4, "beta1": 0.5,
    "architecture": "resnet", "kmer_matching": 0.0,
}  # fmt: skip
GEMM = 1024


class Block(nn.Module):
    """ReLU, convolution, ReLU, convolution, beside the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReLU(), nn.Conv1d(width, width, 5, padding=2),
            nn.ReLU(), nn.Conv1d(width, width, 5, padding=2),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Return x + 0.3 f(x)."""
        return x + 0.3 * self.body(x)


def published_step(length: int, batch: int = 32, width: int = 512) -> Callable[[Tensor], None]:
    """Return the reference: one critic and one generator step on a batch of real letters."""
    dense, judge = nn.Linear(128, width * length), nn.Linear(width * length, 1)
    generator = nn.Sequential(
        dense, nn.Unflatten(1, (width, length)), *(Block(width) for _ in range(5)),
        nn.Conv1d(width, 4, 1), nn.Softmax(1),
    )  # fmt: skip
    critic = nn.Sequential(
        nn.Conv1d(4, width, 1), *(Block(width) for _ in range(5)), nn.Flatten(), judge
    )
    g_opt, c_opt = (
        torch.optim.Adam(net.parameters(), 1e-4, (0.5, 0.9)) for net in (generator, critic)
    )

    def step(real: Tensor) -> None:
        fake = generator(torch.randn(batch, 128)).detach()
        alpha = torch.rand(batch, 1, 1)
        mixed = (alpha * real + (1 - alpha) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
        penalty = 10 * (slope.flatten(1).norm(dim=1) - 1).square().mean()
        c_opt.zero_grad()
        (critic(fake).mean() - critic(real).mean() + penalty).backward()
        c_opt.step()
        g_opt.zero_grad()
        (-critic(generator(torch.randn(batch, 128))).mean()).backward()
        g_opt.step()

    return step


def players(sequences: SequenceSet, device: str = "cpu", **options: object) -> AdversarialStep:
    """Build what biogan trains on some sequences, without files and checks."""
    layout = Tokenizer.of(sequences)
    config, _ = resolve(SequenceGANConfig(steps=1, device=device).replace(**options), layout)
    modality = SequenceModality(layout)
    networks, engine = modality.networks(config), Engine(config)
    codes = modality.stored(sequences)
    return AdversarialStep(
        networks.generator, networks.critic,
        Batches(codes, np.ones(len(codes)), config.batch_size, 0),
        modality.encoder(engine.device, networks.critic), config, engine,
        modality.matching(config), modality.reconstruction(networks),
    )  # fmt: skip


class Operations(TorchDispatchMode):
    """Counts floating-point operations; torch's own counter stops at a gradient of a gradient."""

    total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # noqa: D105
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if func._overloadpacket in flop_registry:
            self.total += flop_registry[func._overloadpacket](*args, **kwargs, out_val=result)
        return result


def interleaved(tasks: list[Callable[[], object]], repeats: int) -> list[list[float]]:
    """Time tasks in turn, so that a busy moment of the machine meets all of them."""
    times: list[list[float]] = [[] for _ in tasks]
    for task in tasks:
        task()
    for _ in range(repeats):
        for task, mine in zip(tasks, times, strict=True):
            start = time.perf_counter()
            task()
            mine.append(time.perf_counter() - start)
    return times


def milliseconds(times: list[float]) -> str:
    """Least and median."""
    return f"{min(times) * 1e3:.0f} (median {statistics.median(times) * 1e3:.0f})"


def compare_steps(length: int, repeats: int, seed: int) -> list[tuple[str, str, str, str]]:
    """Time a step against the reference, and against what the machine can multiply."""
    codes = rng(seed, "benchmark").integers(0, DNA.size, (1000, length), np.uint8)
    sequences = SequenceSet.from_matrix(DNA, codes)
    real = OneHot(4, torch.device("cpu"))(torch.from_numpy(codes[:32]))
    reference, same = published_step(length), players(sequences, **PUBLISHED)
    with same.engine.busy():
        own, plain = interleaved([lambda: same.step(0), lambda: reference(real)], repeats)
    rows = [
        (
            f"step of the published WGAN-GP (512 channels, batch 32, {length} nt), ms",
            milliseconds(own),
            f"plain PyTorch: {milliseconds(plain)}",
            f"{min(plain) / min(own):.2f} x",
        )
    ]
    default, square = players(sequences), torch.randn(GEMM, GEMM)
    steps = partial(follow, default, count())
    with default.engine.busy():
        with Operations() as counter:
            steps()
        own, product = interleaved([steps, lambda: square @ square], 2 * repeats)
    every = cycle(default)
    rate, best = counter.total / min(own), 2 * GEMM**3 / min(product)
    own = [seconds / every for seconds in own]
    rows.append(
        (
            f"step of the default network ({length} nt), ms, {counter.total / every / 1e9:.1f} "
            "GFLOP on average",
            f"{milliseconds(own)}, {rate / 1e9:.0f} GFLOP/s",
            f"product of {GEMM} x {GEMM} matrices: {best / 1e9:.0f} GFLOP/s",
            f"{rate / best:.2f} x",
        )
    )
    return rows


def cycle(some: AdversarialStep) -> int:
    """Return after how many steps the same critic steps are penalised again."""
    each, steps = some.objective.penalty_every, some.objective.critic_steps
    return math.lcm(each, steps) // steps


def follow(some: AdversarialStep, numbers: Iterator[int]) -> None:
    """Take the next steps, with penalties and without."""
    for _ in range(cycle(some)):
        some.step(next(numbers))
