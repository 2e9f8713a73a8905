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
from biogan.nets.heads import LetterGenerator
from biogan.seeds import torch_generator

BLOCK = 512


class Chunk(NamedTuple):
    """Some of the sequences of a stream.

    Attributes
    ----------
    sequences : SequenceSet
        The records.
    malformed : int
        How many of them had letters behind the end symbol, which were cut off.
    """

    sequences: SequenceSet
    malformed: int


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
    """
    device = next(generator.parameters()).device
    never_first = layout.alphabet.end if layout.kind == VARIABLE else None
    for block in range(start // BLOCK, -(-stop // BLOCK)):
        noise = generator.noise(BLOCK, torch_generator(seed, "sample", block)).to(device)
        codes = generator.sample(noise, temperature, never_first).cpu().numpy()
        low, high = max(start - block * BLOCK, 0), min(stop - block * BLOCK, BLOCK)
        rows = codes[low:high]
        first = block * BLOCK + low + 1
        ids = [f"gan{seed}_{i}" for i in range(first, first + len(rows))]
        yield Chunk(layout.decode(rows, ids), layout.malformed(rows))


def collect(chunks: Iterator[Chunk], layout: Layout) -> Chunk:
    """Join the chunks of a stream into one."""
    none = layout.decode(np.empty((0, layout.length), np.uint8))
    parts = [Chunk(none, 0), *chunks]
    joined = SequenceSet.concatenate([part.sequences for part in parts])
    return Chunk(joined, sum(part.malformed for part in parts))


@torch.no_grad()
def judge(
    critic: nn.Module, codes: Tensor, prepare: Callable[[Tensor], Tensor], batch: int = 1024
) -> np.ndarray:
    """Return the critic's logit of each row of codes, shape (n,).

    ``prepare`` turns a batch of codes into what the critic sees.
    """
    return torch.cat([critic(prepare(part)) for part in codes.split(batch)]).cpu().numpy()
