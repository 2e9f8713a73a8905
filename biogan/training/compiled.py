"""Half steps as programs of their own: torch.compile fuses what operations one by one would do.

A GPU reads and writes every tensor of a small network once an operation; fused, several of them
share one pass. What is compiled takes its derivatives inside (the second ones of a penalty among
them), so that forward and backward are one program.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch

from biogan.errors import ConfigError

P = ParamSpec("P")
R = TypeVar("R")

# Lets the compiler look into torch.autograd.grad; older versions of torch do not know it.
_INSIDE = "trace_autograd_ops"
# Every run of a Python process compiles the same lines for networks of its own.
_MOST_PROGRAMS = 256


def can_compile() -> bool:
    """Tell whether this torch compiles what takes derivatives inside."""
    import torch._dynamo.config as settings

    return hasattr(settings, _INSIDE)


def compiled(function: Callable[P, R], backend: str = "inductor") -> Callable[P, R]:
    """Compile a function of tensors that takes derivatives inside.

    It is compiled at its first call, and again where an argument that is no tensor has another
    value, for half a minute each time.

    Parameters
    ----------
    function : callable
        Its tensors have the same shapes at every call.
    backend : str
        What torch compiles with.

    Returns
    -------
    callable
        Returns the same numbers up to rounding.

    Raises
    ------
    ConfigError
        At a call, if the compiler fails or there is none on this machine.
    """
    from torch._dynamo import config as settings
    from torch._dynamo.exc import TorchDynamoException
    from torch._inductor.exc import InductorError

    # Advice to let all matrix products of this Python lose digits.
    warnings.filterwarnings("ignore", "TensorFloat32 tensor cores")
    program = torch.compile(function, fullgraph=True, dynamic=False, backend=backend)

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        inside = settings.patch({_INSIDE: True, "recompile_limit": _MOST_PROGRAMS})
        try:
            with inside:
                result: R = program(*args, **kwargs)
        except (TorchDynamoException, InductorError) as error:
            # The first line names the step of the compiler, the second one what went wrong.
            reason = " ".join((str(error).strip() or repr(error)).splitlines()[:2])
            raise ConfigError(
                f"--compile: the step cannot be compiled here ({reason}); train without it"
            ) from error
        return result

    return call
