"""Devices and processes: one path for a CPU, a GPU or several processes.

This is the only file that imports Lightning Fabric, which starts or recognises the processes
(its own, torchrun, SLURM) and moves tensors between them. What this machine cannot do is refused
here, as far as that is known before processes start.

Gradients are averaged once, after the one backward of the summed terms: wrapping the networks for
overlapped reduction would save little at these sizes, and goes wrong in silence where a penalty
differentiates twice.
"""

from __future__ import annotations

import atexit
import ctypes
import logging
import os
import platform
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment
from lightning_fabric.utilities.exceptions import MisconfigurationException
from torch import Tensor, distributed, nn

from biogan.core.errors import BioganError, ConfigError, ProcessError, Stopped, first_line
from biogan.core.rng import layers_from
from biogan.training.config import TrainingConfig
from biogan.training.launch import Captured, Launcher, Plain, Program
from biogan.training.signals import end_together, mortal


def check_machine(config: TrainingConfig) -> None:
    """Refuse what this machine cannot do, as far as that is known before processes start.

    Raises
    ------
    ConfigError
        If the device is not there, or the processes do not share the batch evenly, there are more
        threads than cores, or a step cannot be a CUDA graph here.
    """
    wanted, started = config.devices * config.nodes, processes_started()
    if started not in (None, wanted):
        raise ConfigError(
            f"--devices {config.devices}, --nodes {config.nodes}: {wanted} "
            f"process{'es' if wanted > 1 else ''}, but torchrun or SLURM stands for {started}; say "
            "--devices and --nodes as it does, or start a run of its own with srun --ntasks=1"
        )
    if config.chosen("batch_size") % wanted:
        raise ConfigError(
            f"--batch-size {config.batch_size}: must be a multiple of the {wanted} processes"
        )
    kind = find_device(config.device).type
    if config.precision == "bf16" and kind == "cuda" and not torch.cuda.is_bf16_supported(False):
        raise ConfigError(
            f"--precision bf16: {torch.cuda.get_device_name()} cannot compute in it; leave it out"
        )
    if config.cuda_graph and (kind != "cuda" or wanted > 1):
        raise ConfigError(
            f"--cuda-graph: needs one process and a CUDA device, found {wanted} on {kind}"
        )
    cores = os.cpu_count() or 1
    if (config.threads or 1) > cores:
        raise ConfigError(f"--threads {config.threads}: this machine has {cores} cores")


def check_program(config: TrainingConfig) -> None:
    """Refuse a program that cannot be started once more: one of ``python -c`` or of a pipe.

    Raises
    ------
    ConfigError
        If it is one.
    """
    main = sys.modules.get("__main__")
    if getattr(main, "__spec__", None) is None and not os.path.isfile(sys.argv[0]):
        raise ConfigError(
            f"--devices {config.devices}, --nodes {config.nodes}: every process runs the program "
            "from its file, and this one has none; save it as a file and run that"
        )


def processes_started() -> int | None:
    """Return how many processes torchrun or srun started, None if this is neither."""
    if "TORCHELASTIC_RUN_ID" in os.environ:
        return int(os.environ["WORLD_SIZE"])
    if "SLURM_PROCID" in os.environ and "SLURM_NTASKS" in os.environ:
        # An interactive shell inside an allocation is one process, whatever was allocated.
        interactive = os.environ.get("SLURM_JOB_NAME") in ("bash", "interactive")
        return None if interactive else int(os.environ["SLURM_NTASKS"])
    return None


def find_device(name: str) -> torch.device:
    """Return a device that is there; ``auto`` takes CUDA, else MPS, else the CPU.

    Raises
    ------
    ConfigError
        If the name is unknown or this machine (or this build of torch) lacks the device.
    """
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, found in there.items() if found))
    if not there.get(name, False):
        have = ", ".join(kind for kind, found in there.items() if found)
        raise ConfigError(f"--device {name}: not on this machine, which has {have}")
    return torch.device(name)


P = ParamSpec("P")
R = TypeVar("R")

MOST_THREADS = 4


@cache
def multiplies_bfloat16() -> bool:
    """Whether the processor has instructions for products of bfloat16, as far as Linux tells."""
    try:
        told = Path("/proc/cpuinfo").read_text("ascii", "replace")
    except OSError:
        return False
    return bool({"avx512_bf16", "amx_bf16"} & {*told.split()})


class Engine:
    """Device and processes of a run.

    Parameters
    ----------
    config : TrainingConfig
        ``device``, ``threads``, ``devices``, ``nodes``, ``precision`` and
        ``cuda_graph``.

    Raises
    ------
    ConfigError
        If this machine cannot do it (:func:`check_machine`), or this program is not to be started
        once more (:func:`check_program`).
    """

    def __init__(self, config: TrainingConfig) -> None:
        check_machine(config)
        wanted, started = config.devices * config.nodes, processes_started()
        self.cuda_graph = config.cuda_graph
        self.precision = config.precision
        if wanted > 1 and started is None:
            check_program(config)
            end_together()
        # What it says of itself, and that there is a program srun.
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
        waiting = mortal() if wanted > 1 else nullcontext()
        try:
            with warnings.catch_warnings(), waiting:
                warnings.filterwarnings("ignore", ".*srun.*command is available")
                self.fabric = Fabric(
                    accelerator=config.device,
                    devices=config.devices,
                    num_nodes=config.nodes,
                    strategy="ddp" if wanted > 1 else "auto",
                    # A shell inside an allocation has the variables of SLURM, and no srun.
                    plugins=LightningEnvironment()
                    if started is None and "SLURM_NTASKS" in os.environ
                    else None,
                )
                self.fabric.launch()
        except (RuntimeError, ValueError, MisconfigurationException) as error:
            raise ConfigError(
                f"--device {config.device} --devices {config.devices}: {first_line(error)}"
            ) from error
        if wanted > 1:
            # A process that ends with an open connection is aborted now and then, and torchrun
            # then kills the others.
            atexit.register(leave)
        self.threads = config.threads or min(MOST_THREADS, torch.get_num_threads())
        if self.device.type == "cuda":
            # The thread that differentiates on a GPU has no context before its first kernel; were
            # that a matrix product, cuBLAS would warn.
            torch.ones(1, device=self.device, requires_grad=True).square().sum().backward()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Use the configured number of CPU threads inside the block."""
        keep_freed_memory()
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            with large_pieces_kept():
                yield
        finally:
            torch.set_num_threads(before)

    def arithmetic(self) -> AbstractContextManager[None]:
        """Let the networks compute in the precision that was asked for inside the block."""
        return torch.autocast(
            self.device.type,
            torch.bfloat16,
            enabled=self.precision == "bf16",
            # Weights that were cast before a CUDA graph was recorded would stay as they were.
            cache_enabled=not self.cuda_graph,
        )

    def likelihood_arithmetic(self) -> AbstractContextManager[None]:
        """Let a recurrent network compute in bfloat16 inside the block where that is fast.

        A processor with instructions for it multiplies small matrices more than twice as fast as
        in float32; a likelihood, unlike a gradient penalty, loses nothing by it.
        """
        if self.device.type == "cpu" and multiplies_bfloat16():
            return torch.autocast("cpu", torch.bfloat16)
        return self.arithmetic()

    def chance(self, seed: int, step: int) -> AbstractContextManager[None]:
        """Give dropout and augmentation a stream of their own for a step."""
        return layers_from(seed, "layers", step, self.rank, device=self.device)

    @property
    def device(self) -> torch.device:
        """Device of this process."""
        return self.fabric.device

    @property
    def lead(self) -> bool:
        """Whether this process writes files and messages."""
        return self.rank == 0

    @property
    def rank(self) -> int:
        """Number of this process, from 0."""
        return self.fabric.global_rank

    @property
    def world(self) -> int:
        """Number of processes."""
        return self.fabric.world_size

    def rows(self, batch_size: int) -> slice:
        """Return which rows of a joint batch are this process's; what stands together stays so."""
        mine = batch_size // self.world
        return slice(self.rank * mine, (self.rank + 1) * mine)

    def launcher(self, program: Program) -> Launcher:
        """Return what runs a program on this device, given inputs on any device."""
        return (Captured if self.cuda_graph else Plain)(program, self.device)

    def place(self, network: nn.Module) -> nn.Module:
        """Move a network to the device; every process starts from the first one's weights."""
        network.to(self.device)
        if self.world > 1:
            for tensor in network.state_dict().values():
                # From the CPU: a tensor of the first GPU would be unpickled there by all.
                tensor.copy_(self.fabric.broadcast(tensor.cpu()))
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
        total = tensor.clone()
        # Not by Fabric, which waits for every process and every kernel first. On GPUs a process
        # that is lost shows when the terms are read, not here.
        with together():
            distributed.all_reduce(total)
        return total.div_(self.world)

    def agree(self, value: Any) -> Any:
        """Return the first process's value in every process."""
        if self.world == 1:
            return value
        with together():
            return self.fabric.broadcast(value)

    def wait(self) -> None:
        """Wait until every process is here."""
        if self.world > 1:
            with together():
                self.fabric.barrier()

    def alone(self, task: Callable[[], None]) -> None:
        """Run a task in the first process; what it raises ends all of them."""
        own: Exception | Stopped | None = None
        if self.lead:
            try:
                task()
            except (Exception, Stopped) as error:
                own = error
        # Others need not know how to unpickle an error that nobody meant.
        deliberate = own is None or isinstance(own, BioganError | Stopped)
        told = self.agree(own if deliberate else RuntimeError(f"the first process: {own!r}"))
        if told is not None:
            raise own or told


@contextmanager
def together() -> Iterator[None]:
    """Say in one line that the processes have lost one another.

    Raises
    ------
    ProcessError
        If one does not answer any more.
    """
    try:
        yield
    except RuntimeError as error:
        raise ProcessError(
            f"another process has ended or cannot be reached ({first_line(error)}); --resume "
            "goes on from the state that was saved last"
        ) from error


def leave() -> None:
    """Close the connection to the other processes, if there is one."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


# Parameters of mallopt(3), from malloc.h of the GNU C library.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
# What glibc has for the last.
MOST_MAPPED = 65536

# glibc's own limit is 32 MiB for the second; larger pieces go the usual way, but for a training.
FREE_KEPT, LARGEST_KEPT = 512 << 20, 32 << 20


@cache
def keep_freed_memory() -> bool:
    """Tell the C library not to hand each freed tensor back to the system at once.

    The tensors of a small network are of about a megabyte, which glibc by default fetches from
    the system and gives back around every operation: a step of the default network took three
    thousand page faults at length 50, twenty thousand at 150. Up to 512 MiB of freed memory stay
    with the process instead. Measured in docs/experiments.md.

    Returns
    -------
    bool
        Whether it applies: on Linux with the GNU C library.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(
        library.mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)
        and library.mallopt(M_TRIM_THRESHOLD, FREE_KEPT)
    )


@contextmanager
def large_pieces_kept() -> Iterator[None]:
    """Let no tensor inside the block be mapped by itself, as those above 32 MiB otherwise are.

    Those of long records are: a step of 4,000 letters took some hundred thousand page faults. Does
    nothing where :func:`keep_freed_memory` does not apply.
    """
    library = ctypes.CDLL(None) if keep_freed_memory() else None
    if library is None:
        yield
        return
    library.mallopt(M_MMAP_MAX, 0)
    try:
        yield
    finally:
        library.mallopt(M_MMAP_MAX, MOST_MAPPED)


def check_fits(needed: int, what: str, advice: str) -> None:
    """Refuse what needs more than all memory of the machine; nothing where that is not known.

    Parameters
    ----------
    needed : int
        Bytes.
    what, advice : str
        What needs them, and what to do.

    Raises
    ------
    ConfigError
        If it does not fit.
    """
    if not {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(getattr(os, "sysconf_names", ())):
        return
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > there > 0:
        raise ConfigError(
            f"{what}, {needed / 2**30:,.0f} GB of memory to train, and the machine has "
            f"{there / 2**30:,.0f}: {advice}"
        )
