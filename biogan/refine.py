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

from biogan.config import SamplingConfig
from biogan.datasets.layout import Layout
from biogan.errors import DataError
from biogan.judge import Judge
from biogan.sampling import BLOCK, Chunk, Draw, chunk_of, spans
from biogan.seeds import rng

# Rejection keeps at most one candidate in M; it gives up where it keeps less than one in 50 M.
PATIENCE = 50
# Records by which it may fall short of that before it gives up.
GRACE = 10


def refined(
    block_of: Draw,
    layout: Layout,
    judge: Judge,
    start: int,
    stop: int,
    how: SamplingConfig,
) -> Iterator[Chunk]:
    """Yield records ``start`` to ``stop`` of the refined stream of a seed, a block at a time.

    Parameters
    ----------
    block_of : callable
        Draws blocks of the generator that the judge was calibrated for.
    layout : Layout
        How its codes read as sequences.
    judge : Judge
        Critic and calibration.
    start, stop : int
        Records, counted from 0; ``stop`` is not included.
    how : SamplingConfig
        Seed; method; effort: candidates to spend on a record, the length of a chain, or the cap of
        M.
    """
    propose, effort = proposer(block_of, layout, judge), how.chosen("effort")
    if how.refine == "mh":
        refine = metropolis_hastings(propose, how.seed, effort)
    else:
        refine = rejection(propose, how.seed, min(float(effort), judge.calibration.max_ratio))
    return in_blocks(refine, layout, start, stop, f"gan{how.seed}_{how.refine}")


class Candidates(NamedTuple):
    """Records of the generator, one a row, log p_D / p_G of each, and whether it was redrawn."""

    rows: np.ndarray
    log_ratio: np.ndarray
    again: np.ndarray


class Refined(NamedTuple):
    """The wanted records of a block; candidates looked at, taken and redrawn for them."""

    rows: np.ndarray
    proposed: int
    accepted: int
    again: int = 0


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
        rows, *numbers = found
        yield chunk_of(layout, rows, prefix, first, *numbers)


def proposer(block_of: Draw, layout: Layout, judge: Judge) -> Propose:
    """Return what draws a block of candidates from a named stream."""

    def propose(*stream: str | int) -> Candidates:
        rows, again = block_of(*stream)
        return Candidates(rows, judge.log_ratio(layout.cut(rows)), again)

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
        tried = found = redrawn = 0
        while found < high:
            rows, log_ratio, again = propose("rejection", block, tried)
            coins = rng(seed, "rejection coins", block, tried).random(BLOCK)
            # A coin of 0 is kept by every ratio.
            chosen = coins < np.exp(log_ratio - np.log(limit))
            kept.append(rows[chosen])
            found, tried, redrawn = found + int(chosen.sum()), tried + 1, redrawn + int(again.sum())
            if found < high and tried * BLOCK > rarest * (found + GRACE):
                raise DataError(
                    f"--refine rejection: {found} of {BLOCK * tried:,} candidates kept, fewer than "
                    f"1 in {rarest:,.0f}: take --refine mh or another --effort, or "
                    "train longer"
                )
        return Refined(np.concatenate(kept)[low:high], BLOCK * tried, found, redrawn)

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
        rows, log_ratio, again = propose("sample", block)
        moves, redrawn = 0, int(again[low:high].sum())
        for k in range(steps):
            new = propose("mh", block, k)
            coins = rng(seed, "mh coins", block, k).random(BLOCK)
            moved = coins < np.exp(np.minimum(new.log_ratio - log_ratio, 0))
            rows = np.where(moved[:, None], new.rows, rows)
            log_ratio = np.where(moved, new.log_ratio, log_ratio)
            moves += int(moved[low:high].sum())
            redrawn += int(new.again[low:high].sum())
        return Refined(rows[low:high], steps * (high - low), moves, redrawn)

    return refine
