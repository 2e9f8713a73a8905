"""Drawing sequences in fixed blocks, so that record ``i`` of a seed is always the same record.

The noise of block ``b`` comes from a stream of the seed and ``b``, and a network always sees whole
blocks: neither the number of sequences asked for, nor the size of the chunks, nor the number of
shards changes a letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from biogan.datasets.layout import VARIABLE, Layout
from biogan.datasets.sequences import SequenceSet
from biogan.errors import ConfigError
from biogan.memory import keep_freed_memory
from biogan.nets.grammar import Grammar
from biogan.nets.heads import LetterGenerator, Noise
from biogan.seeds import torch_generator

BLOCK = 512
#: Records of a block whose noise comes from a device: a GPU is idle between small ones.
WIDE = 8192


class Chunk(NamedTuple):
    """Some of the sequences of a stream.

    Attributes
    ----------
    sequences : SequenceSet
        The records.
    malformed : int
        How many of them had letters behind the end symbol, which were cut off.
    proposed, accepted : int
        Candidates that refining looked at and that it took; 0 for plain records.
    """

    sequences: SequenceSet
    malformed: int
    proposed: int = 0
    accepted: int = 0


def shard(n: int, part: int, parts: int) -> tuple[int, int]:
    """Return where part ``part`` of ``parts`` (counted from 1) of ``n`` records starts and stops.

    Raises
    ------
    ConfigError
        If there is no such part.

    Examples
    --------
    >>> [shard(10, i, 3) for i in (1, 2, 3)]
    [(0, 3), (3, 6), (6, 10)]
    """
    if parts < 1:
        raise ConfigError(f"--shard {part}/{parts}: the second number must be at least 1")
    if not 1 <= part <= parts:
        raise ConfigError(f"--shard {part}/{parts}: the first number must be 1 to {parts}")
    return n * (part - 1) // parts, n * part // parts


def stream(
    generator: LetterGenerator,
    layout: Layout,
    start: int,
    stop: int,
    seed: int = 0,
    temperature: float = 1.0,
    device_noise: bool = False,
) -> Iterator[Chunk]:
    """Yield records ``start`` to ``stop`` of the stream of a seed, a block at a time.

    Parameters
    ----------
    generator : LetterGenerator
        The trained network, on any device.
    layout : Layout
        How its codes read as sequences.
    start, stop : int
        Records, counted from 0; ``stop`` is not included.
    seed : int
        Seed of the stream.
    temperature : float
        Divides the logits: below 1 safer, above 1 more varied, 0 the likeliest letters.
    device_noise : bool
        Draw the noise where the network is, in larger blocks: another stream, which differs
        between kinds of devices, and all that a GPU can do.
    """
    size = WIDE if device_noise else BLOCK
    place = next(generator.parameters()).device if device_noise else "cpu"
    names = ("sample", "wide") if device_noise else ("sample",)
    for block, low, high in spans(start, stop, size):
        noise = generator.noise(size, torch_generator(seed, *names, block, device=place))
        rows = draw(generator, layout, noise, temperature)[low:high]
        yield chunk_of(layout, rows, f"gan{seed}", block * size + low)


def spans(start: int, stop: int, size: int = BLOCK) -> Iterator[tuple[int, int, int]]:
    """Yield each block that holds some of the records, and where they begin and end in it.

    Examples
    --------
    >>> list(spans(500, 1030))
    [(0, 500, 512), (1, 0, 512), (2, 0, 6)]
    """
    for block in range(start // size, -(-stop // size)):
        yield block, max(start - block * size, 0), min(stop - block * size, size)


def chunk_of(
    layout: Layout,
    rows: np.ndarray,
    prefix: str,
    first: int,
    proposed: int = 0,
    accepted: int = 0,
) -> Chunk:
    """Decode rows of codes, with ids that count on from record ``first``."""
    ids = [f"{prefix}_{i}" for i in range(first + 1, first + 1 + len(rows))]
    return Chunk(layout.decode(rows, ids), layout.malformed(rows), proposed, accepted)


def check_temperature(generator: LetterGenerator, temperature: float) -> None:
    """Refuse a temperature at which this generator cannot be sampled.

    Raises
    ------
    ConfigError
        If it is negative or infinite, or the head knows only its likeliest letters.
    """
    if not 0 <= temperature < float("inf"):
        raise ConfigError(f"--temperature {temperature}: 0 or more")
    if generator.config.head == "softmax" and temperature not in (0, 1):
        raise ConfigError(
            f"--temperature {temperature}: a model with --head softmax always writes its "
            "likeliest letters"
        )


def draw(
    generator: LetterGenerator, layout: Layout, noise: Noise, temperature: float = 1.0
) -> np.ndarray:
    """Write the records of some noise as rows of codes, shape (n, length), uint8."""
    keep_freed_memory()
    device = next(generator.parameters()).device
    grammar = Grammar(layout.end, layout.closing) if layout.kind == VARIABLE else None
    return generator.sample(noise.to(device), temperature, grammar).cpu().numpy()


def collect(chunks: Iterator[Chunk], layout: Layout) -> Chunk:
    """Join the chunks of a stream into one."""
    none = layout.decode(np.empty((0, layout.positions), np.uint8))
    parts = [Chunk(none, 0), *chunks]
    joined = SequenceSet.concatenate([part.sequences for part in parts])
    return Chunk(
        joined,
        sum(part.malformed for part in parts),
        sum(part.proposed for part in parts),
        sum(part.accepted for part in parts),
    )


@torch.no_grad()
def critic_logits(
    critic: nn.Module, codes: Tensor, prepare: Callable[[Tensor], Tensor], batch: int = BLOCK
) -> np.ndarray:
    """Return the critic's logit of each row of codes, shape (n,).

    ``prepare`` turns a batch of codes into what the critic sees.
    """
    return torch.cat([critic(prepare(part)) for part in codes.split(batch)]).cpu().numpy()
