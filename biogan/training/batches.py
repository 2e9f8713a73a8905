"""The inputs of a step: batches of real data, noise and interpolation weights.

Batches are an endless, seeded stream without a Python loop over records. All random numbers of a
step are drawn before it, on the CPU unless told otherwise. The rest of a step is arithmetic on the
device, without a transfer to the host: it can be recorded once and launched again with other
inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from biogan.core.label_rows import Conditions
from biogan.core.rng import Permutation, torch_generator
from biogan.nn.conditioning import Chance, blurred, draw_chance
from biogan.nn.layers import draw_rotations, rotated


class Stream(Protocol):
    """An endless stream of batches of real data."""

    batch_size: int
    seed: int

    def __getitem__(self, k: int) -> Tensor:
        """Return batch ``k``."""

    def part(self, k: int, rows: slice) -> Tensor:
        """Return some rows of batch ``k``."""


class Batches:
    """Batches from concatenated random permutations of the data.

    Batch ``k`` depends on the seed and ``k`` alone, so that a resumed run needs only its step.

    Parameters
    ----------
    data : Tensor, shape (n, ...)
        Encoded records.
    weights : numpy.ndarray, shape (n,)
        How often each record occurs in one pass over the data, rounded, at least once.
    batch_size : int
        Records in a batch, over all processes.
    seed : int
        Seed of the order.
    twins : Tensor, shape (n, ...), optional
        A second reading of each record, such as its reverse complement; each draw takes one of the
        two with equal chance.
    """

    def __init__(
        self,
        data: Tensor,
        weights: np.ndarray,
        batch_size: int,
        seed: int,
        twins: Tensor | None = None,
    ) -> None:
        self.data, self.twins = data, twins
        self.batch_size, self.seed = batch_size, seed
        times = torch.from_numpy(np.maximum(1, np.rint(weights)).astype(np.int64))
        self.records = torch.arange(len(data)).repeat_interleave(times)
        self._epoch = -1
        self._order = self.records

    def _permutation(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            rng = torch_generator(self.seed, "batches", epoch)
            self._order = self.records[torch.randperm(len(self.records), generator=rng)]
            self._epoch = epoch
        return self._order

    def __getitem__(self, k: int) -> Tensor:
        """Return batch ``k`` (counted from 0), shape (batch_size, ...)."""
        size, start = len(self.records), k * self.batch_size
        parts: list[Tensor] = []
        missing = self.batch_size
        while missing:
            epoch, position = divmod(start, size)
            part = self._permutation(epoch)[position : position + missing]
            parts.append(part)
            start, missing = start + len(part), missing - len(part)
        drawn = torch.cat(parts)
        if self.twins is None:
            return self.data[drawn]
        coins = toss(self.seed, k, len(drawn))
        batch = self.data[drawn]
        batch[coins] = self.twins[drawn[coins]]
        return batch

    def part(self, k: int, rows: slice) -> Tensor:
        """Return some rows of batch ``k``."""
        return self[k][rows]


class LazyBatches:
    """Batches of records that are fetched when they are drawn, from random permutations.

    Batch ``k`` depends on the seed and ``k`` alone, and a part of a batch fetches that part only.
    The memory does not grow with the number of records.

    Parameters
    ----------
    n : int
        Number of records.
    fetch : callable
        Records (numbers from 0, shape (k,)) to a tensor, shape (k, ...).
    batch_size, seed
        As for :class:`Batches`.
    twins : callable, optional
        As ``fetch``, for a second reading of each record.
    """

    def __init__(
        self,
        n: int,
        fetch: Callable[[np.ndarray], Tensor],
        batch_size: int,
        seed: int,
        twins: Callable[[np.ndarray], Tensor] | None = None,
    ) -> None:
        self.n, self.fetch, self.twins = n, fetch, twins
        self.batch_size, self.seed = batch_size, seed

    def drawn(self, k: int) -> np.ndarray:
        """Return the records of batch ``k``, shape (batch_size,)."""
        turns, positions = np.divmod(
            np.arange(k * self.batch_size, (k + 1) * self.batch_size), self.n
        )
        for turn in np.unique(turns).tolist():
            here = turns == turn
            positions[here] = Permutation(self.n, self.seed, "batches", turn)(positions[here])
        return positions

    def __getitem__(self, k: int) -> Tensor:
        """Return batch ``k`` (counted from 0), shape (batch_size, ...)."""
        return self.part(k, slice(None))

    def part(self, k: int, rows: slice) -> Tensor:
        """Return some rows of batch ``k``; no others are fetched."""
        records = self.drawn(k)[rows]
        batch = self.fetch(records)
        if self.twins is not None:
            coins = toss(self.seed, k, self.batch_size)[rows]
            batch[coins] = self.twins(records[coins.numpy()])
        return batch


def toss(seed: int, k: int, n: int) -> Tensor:
    """Draw for each row of batch ``k`` whether its twin is taken, shape (n,), bool."""
    return torch.rand(n, generator=torch_generator(seed, "twins", k)) < 0.5


class RotatedBatches:
    """Batches of circular sequences, each rotated by a random number of letters.

    Parameters
    ----------
    batches : Stream
        Rows of codes, shape (N, length).
    fixed : int
        Columns at the end of a row that are no letters and stay.
    """

    def __init__(self, batches: Stream, fixed: int = 0) -> None:
        self.batches, self.fixed = batches, fixed
        self.batch_size, self.seed = batches.batch_size, batches.seed

    def __getitem__(self, k: int) -> Tensor:
        """Return batch ``k`` (counted from 0), shape (batch_size, length)."""
        return self.part(k, slice(None))

    def part(self, k: int, rows: slice) -> Tensor:
        """Return some rows of batch ``k``."""
        batch = self.batches.part(k, rows)
        rng = torch_generator(self.seed, "turns", k)
        letters = batch[:, : batch.shape[1] - self.fixed]
        turned = rotated(letters, draw_rotations(self.batch_size, letters.shape[1], rng)[rows])
        return torch.cat([turned, batch[:, letters.shape[1] :]], 1) if self.fixed else turned


class BlurredBatches:
    """Batches of records with labels, blurred anew each time, see :func:`blurred`.

    Parameters
    ----------
    batches : Stream
        Rows of codes that end with the bytes of the labels.
    conditions : Conditions
        The labels.
    """

    def __init__(self, batches: Stream, conditions: Conditions) -> None:
        self.batches, self.conditions = batches, conditions
        self.batch_size, self.seed = batches.batch_size, batches.seed

    def __getitem__(self, k: int) -> Tensor:
        """Return batch ``k`` (counted from 0), shape (batch_size, length)."""
        return self.part(k, slice(None))

    def part(self, k: int, rows: slice) -> Tensor:
        """Return some rows of batch ``k``."""
        rng = torch_generator(self.seed, "labels", k)
        chance = draw_chance(self.conditions, self.batch_size, rng)
        some = Chance(chance.coin[rows], chance.normal[rows])
        return with_blurred_labels(self.batches.part(k, rows), self.conditions, some)


def with_blurred_labels(rows: Tensor, conditions: Conditions, chance: Chance) -> Tensor:
    """Return rows that end with the bytes of labels with these blurred, same shape."""
    border = rows.shape[1] - conditions.size
    labels = blurred(conditions, rows[:, border:].numpy(), chance)
    return torch.cat([rows[:, :border], labels], 1)


class StepInputs(NamedTuple):
    """All random inputs of a step, and what else changes from one step to the next.

    Attributes
    ----------
    real : tuple of Tensor
        Stored records, a batch for each critic step.
    noise : tuple
        Noise of the generator, one for each critic step and one for its own.
    alpha : tuple of Tensor, shape (N,)
        Interpolation weights of the gradient penalty, for each critic step.
    weight : Tensor, shape ()
        How far the averaged generator moves towards the trained one.
    penalised : tuple of bool
        Whether penalties are taken, for each critic step.
    """

    real: tuple[Tensor, ...]
    noise: tuple[Any, ...]
    alpha: tuple[Tensor, ...]
    weight: Tensor
    penalised: tuple[bool, ...]

    def each(self, change: Callable[[Tensor], Tensor]) -> StepInputs:
        """Change every tensor."""
        return StepInputs(
            tuple(map(change, self.real)),
            tuple(type(noise)(*map(change, noise)) for noise in self.noise),
            tuple(map(change, self.alpha)),
            change(self.weight),
            self.penalised,
        )

    def to(self, device: torch.device) -> StepInputs:
        """Move all of it to a device."""
        return self.each(lambda x: x.to(device, non_blocking=x.is_pinned()))

    def pinned(self) -> StepInputs:
        """Lay what is on the CPU where a GPU can fetch it while the host goes on."""
        return self.each(lambda x: x.pin_memory() if x.is_cpu else x)

    def tensors(self) -> Iterator[Tensor]:
        """Yield every tensor, always in the same order."""
        yield from self.real
        for noise in self.noise:
            yield from noise
        yield from self.alpha
        yield self.weight


def alike(noise: Any, real: Tensor) -> Any:
    """Give generated records the labels of the real ones of their batch, where there are labels.

    Losses that compare pairs then compare records of one label, penalties between records keep it,
    and k-mers are matched on as many records of each label.
    """
    labels = getattr(noise, "labels", None)
    if labels is None or not labels.shape[1] or not getattr(noise, "paired", True):
        return noise
    return noise._replace(labels=real[:, -labels.shape[1] :].to(labels.device))


def draw_inputs(
    batches: Stream,
    generator: Any,
    penalised: tuple[bool, ...],
    seed: int,
    t: int,
    weight: float,
    rows: slice,
    place: torch.device | str = "cpu",
) -> StepInputs:
    """Draw the inputs of step ``t`` from streams of the seed and ``t``.

    Everything is drawn for the joint batch in every process, so that the number of processes does
    not matter; each keeps its rows.

    Parameters
    ----------
    batches : Stream
        Real data.
    generator : nn.Module
        Has ``noise(n, rng)``.
    penalised : tuple of bool
        See :class:`StepInputs`; one for each critic step.
    seed, t : int
        Seed of the noise and number of the step, from 0.
    weight : float
        See :class:`StepInputs`.
    rows : slice
        The rows of this process.
    place : torch.device or str
        Where noise is drawn; each model of GPU has numbers of its own.
    """
    rng, n = torch_generator(seed, "step", t, device=place), batches.batch_size
    real, noise, alpha = [], [], []
    critic_steps = len(penalised)
    for i in range(critic_steps):
        real.append(batches.part(t * critic_steps + i, rows))
        noise.append(alike(generator.noise(n, rng).rows(rows), real[-1]))
        alpha.append(torch.rand(n, generator=rng, device=rng.device)[rows])
    noise.append(alike(generator.noise(n, rng).rows(rows), real[-1]))
    return StepInputs(tuple(real), tuple(noise), tuple(alpha), torch.tensor(weight), penalised)
