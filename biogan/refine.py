"""Refined sampling: a calibrated critic chooses among the generator's records.

Both methods make records of the generator's density p_G more like the data's, p_D, with nothing but
the estimated ratio r(x) = p_D(x) / p_G(x). Neither can write what the generator never writes.

- ``rejection``: a candidate is kept with probability min(1, r(x) / M) (discriminator rejection
  sampling, Azadi et al. 2019). M is capped, and records whose ratio is above it are kept alike.
- ``mh``: a record is the end of a Metropolis-Hastings chain whose proposals are the generator's
  records, each taken with probability min(1, r(new) / r(old)) (Turner et al. 2019, eq. 5). The
  chains start at the plain records of the seed, not at real ones, which a model does not hold.

Record ``i`` depends on the seed and ``i`` alone: each block of records has candidates of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from biogan.config import REFINEMENTS
from biogan.datasets.layout import Layout
from biogan.errors import ConfigError, DataError
from biogan.judge import Judge
from biogan.nets.heads import LetterGenerator
from biogan.options import unknown_name
from biogan.sampling import BLOCK, Chunk, chunk_of, draw, spans
from biogan.seeds import rng, torch_generator

# Rejection keeps at most one candidate in M; it gives up where it keeps less than one in 50 M.
PATIENCE = 50
# Records by which it may fall short of that before it gives up.
GRACE = 10


def refined(
    generator: LetterGenerator,
    layout: Layout,
    judge: Judge,
    start: int,
    stop: int,
    seed: int,
    method: str,
    effort: int,
) -> Iterator[Chunk]:
    """Yield records ``start`` to ``stop`` of the refined stream of a seed, a block at a time.

    Parameters
    ----------
    generator : LetterGenerator
        The generator that the judge was calibrated for.
    layout : Layout
        How its codes read as sequences.
    judge : Judge
        Critic and calibration.
    start, stop : int
        Records, counted from 0; ``stop`` is not included.
    seed : int
        Seed of the stream.
    method : str
        ``"rejection"`` or ``"mh"``.
    effort : int
        Candidates to spend on a record: the length of a chain, or the cap of M.

    Raises
    ------
    ConfigError
        If the method is unknown or the effort below 1.
    """
    if method not in REFINEMENTS:
        raise ConfigError("--refine: " + unknown_name("method", method, REFINEMENTS))
    if effort < 1:
        raise ConfigError(f"--effort {effort}: at least 1")
    propose = proposer(generator, layout, judge, seed)
    if method == "mh":
        refine = metropolis_hastings(propose, seed, effort)
    else:
        refine = rejection(propose, seed, min(float(effort), judge.calibration.max_ratio))
    return in_blocks(refine, layout, start, stop, f"gan{seed}_{method}")


class Candidates(NamedTuple):
    """Records of the generator, one a row, and log p_D / p_G of each."""

    rows: np.ndarray
    log_ratio: np.ndarray


class Refined(NamedTuple):
    """The wanted records of a block, and how many candidates were looked at and taken for them."""

    rows: np.ndarray
    proposed: int
    accepted: int


#: Draws a block of candidates from a named stream.
Propose = Callable[..., Candidates]
#: Refines the records from one place in a block up to another (block, low, high).
Refine = Callable[[int, int, int], Refined]


def in_blocks(
    refine: Refine, layout: Layout, start: int, stop: int, prefix: str
) -> Iterator[Chunk]:
    """Yield records ``start`` to ``stop`` of a refined stream, a block at a time.

    Parameters
    ----------
    refine : callable
        :func:`rejection` or :func:`metropolis_hastings`.
    layout : Layout
        How codes read as sequences.
    start, stop : int
        Records, counted from 0; ``stop`` is not included.
    prefix : str
        What the ids begin with.
    """
    for block, low, high in spans(start, stop):
        found = refine(block, low, high)
        first = block * BLOCK + low
        yield chunk_of(layout, found.rows, prefix, first, found.proposed, found.accepted)


def proposer(generator: LetterGenerator, layout: Layout, judge: Judge, seed: int) -> Propose:
    """Return what draws a block of candidates from a named stream of a seed."""

    def propose(*stream: str | int) -> Candidates:
        noise = generator.noise(BLOCK, torch_generator(seed, *stream))
        rows = draw(generator, layout, noise)
        return Candidates(rows, judge.log_ratio(layout.cut(rows)))

    return propose


def rejection(propose: Propose, seed: int, limit: float) -> Refine:
    """Return what keeps each candidate with probability min(1, r / M).

    Parameters
    ----------
    propose : callable
        Draws candidates (:func:`proposer`).
    seed : int
        Seed of the stream.
    limit : float
        M: records of this ratio and above are always kept.

    Returns
    -------
    callable
        Raises DataError if hardly any candidate is kept.
    """
    # Below 1 where the judge tells all generated records from real ones.
    rarest = PATIENCE * max(limit, 1)

    def refine(block: int, low: int, high: int) -> Refined:
        kept: list[np.ndarray] = []
        tried = found = 0
        while found < high:
            rows, log_ratio = propose("rejection", block, tried)
            coins = rng(seed, "rejection coins", block, tried).random(BLOCK)
            # A coin of 0 is kept by every ratio.
            chosen = coins < np.exp(log_ratio - np.log(limit))
            kept.append(rows[chosen])
            found, tried = found + int(chosen.sum()), tried + 1
            if found < high and tried * BLOCK > rarest * (found + GRACE):
                raise DataError(
                    f"--refine rejection: {found} of {BLOCK * tried:,} candidates kept, fewer than "
                    f"1 in {rarest:,.0f}: take --refine mh or another --effort, or "
                    "train longer"
                )
        return Refined(np.concatenate(kept)[low:high], BLOCK * tried, found)

    return refine


def metropolis_hastings(propose: Propose, seed: int, steps: int) -> Refine:
    """Return what takes the ends of chains.

    Parameters
    ----------
    propose, seed
        As of :func:`rejection`.
    steps : int
        Proposals in each chain.
    """

    def refine(block: int, low: int, high: int) -> Refined:
        rows, log_ratio = propose("sample", block)
        moves = 0
        for k in range(steps):
            new = propose("mh", block, k)
            coins = rng(seed, "mh coins", block, k).random(BLOCK)
            moved = coins < np.exp(np.minimum(new.log_ratio - log_ratio, 0))
            rows = np.where(moved[:, None], new.rows, rows)
            log_ratio = np.where(moved, new.log_ratio, log_ratio)
            moves += int(moved[low:high].sum())
        return Refined(rows[low:high], steps * (high - low), moves)

    return refine
