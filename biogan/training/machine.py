"""What a machine can do: which devices are there, who started how many processes.

Whatever it cannot do is refused here, as far as that is known before processes start.
"""

from __future__ import annotations

import os
import sys

import torch

from biogan.config import TrainingConfig
from biogan.errors import ConfigError
from biogan.training.compiled import lacking


def check_machine(config: TrainingConfig) -> None:
    """Refuse what this machine cannot do, as far as that is known before processes start.

    Raises
    ------
    ConfigError
        If the device is not there, or the processes do not share the batch evenly, there are more
        threads than cores, or a step cannot be compiled or be a CUDA graph here.
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
    if config.compile and wanted > 1:
        raise ConfigError(f"--compile: needs one process, found {wanted}")
    if config.compile and (needed := lacking(kind)):
        raise ConfigError(f"--compile: needs {needed}; train without it")
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
