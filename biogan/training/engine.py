"""The machine under the trainer: one path for a CPU, a GPU or several processes.

This is the only file that knows Lightning Fabric, which starts or recognises the processes
(its own, torchrun, SLURM) and moves tensors between them.

Gradients are averaged once, after the one backward of the summed terms: wrapping the networks for
overlapped reduction would save little at these sizes, and goes wrong in silence where a penalty
differentiates twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from biogan.config import TrainingConfig
from biogan.errors import ConfigError

MOST_THREADS = 4


class Engine:
    """Device and processes of a run.

    Parameters
    ----------
    config : TrainingConfig
        ``device``, ``threads``, ``devices`` and ``nodes``.

    Raises
    ------
    ConfigError
        If the device is not there.
    """

    def __init__(self, config: TrainingConfig) -> None:
        several = config.devices * config.nodes > 1
        try:
            self.fabric = Fabric(
                accelerator=config.device,
                devices=config.devices,
                num_nodes=config.nodes,
                strategy="ddp" if several else "auto",
            )
        except (RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ConfigError(f"--device {config.device}: {reason}") from error
        self.fabric.launch()
        self.threads = config.threads or min(MOST_THREADS, torch.get_num_threads())

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Use the configured number of CPU threads inside the block."""
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    @property
    def device(self) -> torch.device:
        """Device of this process."""
        return self.fabric.device

    @property
    def lead(self) -> bool:
        """Whether this process writes files and messages."""
        return self.fabric.global_rank == 0

    @property
    def world(self) -> int:
        """Number of processes."""
        return self.fabric.world_size

    @property
    def rows(self) -> slice:
        """Which rows of a joint batch are this process's."""
        return slice(self.fabric.global_rank, None, self.world)

    def place(self, network: nn.Module) -> nn.Module:
        """Move a network to the device; every process starts from the first one's weights."""
        network.to(self.device)
        if self.world > 1:
            for tensor in network.state_dict().values():
                tensor.copy_(self.fabric.broadcast(tensor))
        return network

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its mean over the processes, in one message."""
        if self.world == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        flat = self.average(flat)
        for gradient, part in zip(
            gradients, flat.split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(part.view_as(gradient))

    def average(self, tensor: Tensor) -> Tensor:
        """Return the mean of a tensor over the processes."""
        if self.world == 1:
            return tensor
        result = self.fabric.all_reduce(tensor, reduce_op="mean")
        assert isinstance(result, Tensor)
        return result

    def agree(self, value: Any) -> Any:
        """Return the first process's value in every process."""
        return value if self.world == 1 else self.fabric.broadcast(value)
