"""Leaving records out of a stream, such as those that the model was trained on.

A model that has learned a frequent record writes it again, as it should; who wants new sequences
draws until they are new. Records that are near copies stay: they are the evaluation's to find.

Drawing sequences in fixed blocks, so that record ``i`` of a seed is always the same record.

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

from biogan.core.errors import ConfigError, DataError
from biogan.core.memory import keep_freed_memory
from biogan.core.rng import torch_generator
from biogan.nn.layers import exact
from biogan.nn.sequence_heads import Grammar, LetterGenerator, Noise
from biogan.sequences.config import SamplingConfig
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import Sequences, as_set
from biogan.sequences.splits import reverse_complement
from biogan.sequences.tokenizer import VARIABLE, Tokenizer

BLOCK = 512
#: Records of a block whose noise comes from a device: a GPU is idle between small ones.
WIDE = 8192


class Drawn(NamedTuple):
    """A block of records as the network writes them.

    Attributes
    ----------
    rows : numpy.ndarray, shape (n, positions), uint8
        Codes.
    again : numpy.ndarray, shape (n,), bool
        Which of them were drawn again (:mod:`biogan.models.sampling`).
    """

    rows: np.ndarray
    again: np.ndarray


#: StepInputs a block from a named stream: any number of names and numbers.
Draw = Callable[..., Drawn]


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
    again : int
        Records, or candidates of refining, that were drawn again as they were to be left out.
    """

    sequences: SequenceSet
    malformed: int
    proposed: int = 0
    accepted: int = 0
    again: int = 0


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


def block_size(how: SamplingConfig) -> int:
    """Return the number of records of a block."""
    return WIDE if how.device_noise else BLOCK


def drawer(generator: LetterGenerator, layout: Tokenizer, how: SamplingConfig) -> Draw:
    """Return what draws a block of records from a named stream.

    Parameters
    ----------
    generator : LetterGenerator
        The trained network, on any device.
    layout : Tokenizer
        How its codes read as sequences.
    how : SamplingConfig
        Seed of all streams, temperature, and where the noise is drawn: on the device, where blocks
        are larger, it differs between kinds of devices.

    Raises
    ------
    ConfigError
        If the generator knows only its likeliest letters, and others are asked for.
    """
    check_temperature(generator, how.temperature)
    size = block_size(how)
    place = next(generator.parameters()).device if how.device_noise else "cpu"
    names = ("wide",) if how.device_noise else ()

    def rows(*stream: str | int) -> Drawn:
        noise = generator.noise(size, torch_generator(how.seed, *stream, *names, device=place))
        return Drawn(write_codes(generator, layout, noise, how.temperature), np.zeros(size, bool))

    return rows


def stream(
    block_of: Draw,
    layout: Tokenizer,
    start: int,
    stop: int,
    prefix: str,
    size: int = BLOCK,
    name: str = "sample",
) -> Iterator[Chunk]:
    """Yield records ``start`` to ``stop`` of a stream, a block at a time.

    Parameters
    ----------
    block_of : callable
        StepInputs a block (:func:`drawer`).
    layout : Tokenizer
        How codes read as sequences.
    start, stop : int
        Records, counted from 0; ``stop`` is not included.
    prefix : str
        What the ids begin with.
    size : int
        Records of a block.
    name : str
        Name of the stream.
    """
    for block, low, high in spans(start, stop, size):
        rows, again = (part[low:high] for part in block_of(name, block))
        yield chunk_of(layout, rows, prefix, block * size + low, again=int(again.sum()))


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
    layout: Tokenizer,
    rows: np.ndarray,
    prefix: str,
    first: int,
    proposed: int = 0,
    accepted: int = 0,
    again: int = 0,
) -> Chunk:
    """Decode rows of codes, with ids that count on from record ``first``."""
    ids = [f"{prefix}_{i}" for i in range(first + 1, first + 1 + len(rows))]
    return Chunk(layout.decode(rows, ids), layout.malformed(rows), proposed, accepted, again)


def check_temperature(generator: LetterGenerator, temperature: float) -> None:
    """Refuse a temperature at which this generator cannot be sampled.

    Raises
    ------
    ConfigError
        If the head knows only its likeliest letters.
    """
    if generator.config.head == "softmax" and temperature not in (0, 1):
        raise ConfigError(
            f"--temperature {temperature}: a model with --head softmax always writes its "
            "likeliest letters"
        )


def write_codes(
    generator: LetterGenerator, layout: Tokenizer, noise: Noise, temperature: float = 1.0
) -> np.ndarray:
    """Write the records of some noise as rows of codes, shape (n, length), uint8."""
    keep_freed_memory()
    device = next(generator.parameters()).device
    end = layout.end if layout.kind == VARIABLE else None
    grammar = Grammar(end)
    if not generator.config.rotate:
        grammar = Grammar(end, layout.closing, layout.opening)
    with exact():
        return generator.sample(noise.to(device), temperature, grammar).cpu().numpy()


def collect(chunks: Iterator[Chunk], layout: Tokenizer) -> Chunk:
    """Join the chunks of a stream into one."""
    none = layout.decode(np.empty((0, layout.positions), np.uint8))
    parts = [Chunk(none, 0), *chunks]
    joined = SequenceSet.concatenate([part.sequences for part in parts])
    return Chunk(
        joined,
        sum(part.malformed for part in parts),
        sum(part.proposed for part in parts),
        sum(part.accepted for part in parts),
        sum(part.again for part in parts),
    )


@torch.no_grad()
def critic_logits(
    critic: nn.Module, codes: Tensor, prepare: Callable[[Tensor], Tensor], batch: int = BLOCK
) -> np.ndarray:
    """Return the critic's logit of each row of codes, shape (n,), none for the sake of others.

    ``prepare`` turns a batch of codes into what the critic sees.
    """
    critic.eval()
    with exact():
        return torch.cat([critic(prepare(part)) for part in codes.split(batch)]).cpu().numpy()


# Blocks that are drawn for the records of one.
_ROUNDS = 20


def excluding(block_of: Draw, layout: Tokenizer, known: Sequences) -> Draw:
    """Return what draws blocks without some records: others take their places.

    Parameters
    ----------
    block_of : callable
        StepInputs a block (:func:`biogan.models.sampling.drawer`).
    layout : Tokenizer
        How codes read as sequences.
    known : SequenceSet, list of str or list of SeqRecord
        Records to leave out, letter for letter but for gaps; nucleotides on either strand.

    Returns
    -------
    callable
        All other records are those of ``block_of``. Raises DataError if hardly any is.
    """
    if isinstance(known, SequenceSet) and not layout.alphabet.has_gap:
        known = known.ungapped()
    texts: set[str] = set()
    if len(known):
        plain = as_set(known, "excluded", layout.alphabet, "the model").ungapped()
        texts.update(plain.strings())
        if plain.alphabet.complement is not None:
            texts.update(reverse_complement(plain).strings())

    def stands(rows: np.ndarray) -> np.ndarray:
        return np.array([text in texts for text in layout.decode(rows).ungapped().strings()])

    def others(*stream: str | int) -> Drawn:
        rows = block_of(*stream).rows
        again = stands(rows)
        left = np.flatnonzero(again)
        for k in range(_ROUNDS):
            if not len(left):
                break
            more = block_of("again", *stream, k).rows
            more = more[~stands(more)][: len(left)]
            rows[left[: len(more)]], left = more, left[len(more) :]
        if len(left):
            raise DataError(
                f"--exclude: {len(left)} of {len(rows)} records still stand in the file after "
                f"{_ROUNDS} draws of each: the model writes hardly anything else"
            )
        return Drawn(rows, again)

    return others
