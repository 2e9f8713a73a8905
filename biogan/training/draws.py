"""What a step is given from outside: records, noise, what is due; made on the CPU if not asked.

The rest of a step is arithmetic on the device, which never asks the host anything: it can be
recorded once and launched again with other draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from biogan.seeds import torch_generator
from biogan.training.batches import Stream


class Draws(NamedTuple):
    """Everything random in a step, and what changes from one to the next.

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

    def each(self, change: Callable[[Tensor], Tensor]) -> Draws:
        """Change every tensor."""
        return Draws(
            tuple(map(change, self.real)),
            tuple(type(noise)(*map(change, noise)) for noise in self.noise),
            tuple(map(change, self.alpha)),
            change(self.weight),
            self.penalised,
        )

    def to(self, device: torch.device) -> Draws:
        """Move all of it to a device."""
        return self.each(lambda x: x.to(device, non_blocking=x.is_pinned()))

    def pinned(self) -> Draws:
        """Lay what is on the CPU where a GPU can fetch it while the host goes on."""
        return self.each(lambda x: x.pin_memory() if x.is_cpu else x)

    def tensors(self) -> Iterator[Tensor]:
        """Yield every tensor, always in the same order."""
        yield from self.real
        for noise in self.noise:
            yield from noise
        yield from self.alpha
        yield self.weight


def draw_step(
    batches: Stream,
    generator: Any,
    penalised: tuple[bool, ...],
    seed: int,
    t: int,
    weight: float,
    rows: slice,
    place: torch.device | str = "cpu",
) -> Draws:
    """Draw what step ``t`` needs from streams of the seed and ``t``.

    Everything is drawn for the joint batch in every process, so that the number of processes does
    not matter; each keeps its rows.

    Parameters
    ----------
    batches : Stream
        Real data.
    generator : nn.Module
        Has ``noise(n, rng)``.
    penalised : tuple of bool
        See :class:`Draws`; one for each critic step.
    seed, t : int
        Seed of the noise and number of the step, from 0.
    weight : float
        See :class:`Draws`.
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
        noise.append(generator.noise(n, rng).rows(rows))
        alpha.append(torch.rand(n, generator=rng, device=rng.device)[rows])
    noise.append(generator.noise(n, rng).rows(rows))
    return Draws(tuple(real), tuple(noise), tuple(alpha), torch.tensor(weight), penalised)
