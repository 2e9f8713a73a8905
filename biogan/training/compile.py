"""How a step gets onto a device: operation by operation, or recorded once and launched at once.

A step of a small network is some thousand short operations, the second derivatives of a penalty
among them. A GPU is done with each before Python has launched the next; a CUDA graph
(https://docs.pytorch.org/docs/stable/notes/cuda.html) launches all of them together.

Half steps as programs of their own: torch.compile fuses what operations one by one would do.

A GPU reads and writes every tensor of a small network once an operation; fused, several of them
share one pass. What is compiled takes its derivatives inside (the second ones of a penalty among
them), so that forward and backward are one program.
"""

from __future__ import annotations

import gc
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, ParamSpec, Protocol, TypeVar

import torch
from torch import Tensor

from biogan.core.errors import ConfigError
from biogan.training.batches import StepInputs

P = ParamSpec("P")
R = TypeVar("R")

# Lets the compiler look into torch.autograd.grad; older versions of torch do not know it.
_INSIDE = "trace_autograd_ops"
# Bytes of a 64-bit ELF header that say where its last table begins, and how long that is.
_TABLE = ((40, 48), (58, 60), (60, 62))
# Every run of a Python process compiles the same lines for networks of its own.
_MOST_PROGRAMS = 256


def lacking(kind: str) -> str | None:
    """Return what this machine needs to compile for a kind of device, None if nothing known.

    Examples
    --------
    >>> lacking("cpu")  # doctest: +SKIP
    'a C++ compiler (g++)'
    """
    from torch._dynamo import config as settings
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler
    from torch.utils._triton import has_triton

    if not hasattr(settings, _INSIDE):
        return f"a torch that compiles derivatives (2.13 does, this is {torch.__version__})"
    if kind == "cuda":
        return None if has_triton() else "triton"
    try:
        get_cpp_compiler()
    except InvalidCxxCompiler:
        return "a C++ compiler (g++)"
    return None


@contextmanager
def compiling() -> Iterator[None]:
    """Leave no half-written program behind if the block is stopped: it would be loaded next time.

    Ctrl-C on a terminal reaches the compiler, too.
    """
    from torch._inductor.runtime.cache_dir_utils import cache_dir

    try:
        with warnings.catch_warnings():
            # Advice to let all matrix products of this Python lose digits.
            warnings.filterwarnings("ignore", "TensorFloat32 tensor cores")
            yield
    except BaseException:
        for program in Path(cache_dir()).rglob("*.so"):
            with suppress(OSError):
                if is_half(program):
                    program.unlink()
        raise


def is_half(program: Path) -> bool:
    """Whether whoever wrote a program was stopped: a file of the format ELF ends with a table."""
    size = program.stat().st_size
    with program.open("rb") as file:
        head = file.read(64)
    if len(head) < 64 or not any(head[:4]):
        return True
    where, each, entries = (int.from_bytes(head[a:b], "little") for a, b in _TABLE)
    return head[:4] == b"\x7fELF" and not 0 < where + each * entries <= size


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
    from torch._inductor import config as inductor
    from torch._inductor.exc import InductorError
    from torch._inductor.runtime.cache_dir_utils import cache_dir

    program = torch.compile(function, fullgraph=True, dynamic=False, backend=backend)

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        inside = settings.patch({_INSIDE: True, "recompile_limit": _MOST_PROGRAMS})
        # A header of which half was written could not be told from a whole one.
        headers = inductor.patch({"cpp_cache_precompile_headers": False})
        try:
            with inside, headers:
                result: R = program(*args, **kwargs)
        except (TorchDynamoException, InductorError) as error:
            # The first line names the step of the compiler, the second one what went wrong.
            reason = " ".join((str(error).strip() or repr(error)).splitlines()[:2]).strip()
            raise ConfigError(
                f"--compile: the step cannot be compiled here ({reason}); --no-compile trains "
                "without (with --resume where the run has begun); programs that were kept from "
                f"before are in {cache_dir()}"
            ) from error
        return result

    return call


#: Steps that are taken one operation at a time first: libraries choose their kernels in them, and
#: the optimisers get their state.
WARM_UP = 3


Program = Callable[[StepInputs], Tensor]


class Launcher(Protocol):
    """Takes steps with inputs, on the CPU or where noise is drawn.

    Attributes
    ----------
    ahead : bool
        Whether it returns before the device is done, so that the next inputs are drawn meanwhile.
    """

    ahead: bool

    def __call__(self, inputs: StepInputs) -> Tensor:
        """Take a step and return its terms."""

    def forget(self) -> None:
        """Rely on no tensor of before: some were replaced by others."""


class Plain:
    """Runs a program operation by operation."""

    def __init__(self, program: Program, device: torch.device) -> None:
        self.program, self.device = program, device
        self.ahead = device.type == "cuda"

    def __call__(self, inputs: StepInputs) -> Tensor:
        """Take a step and return its terms."""
        return self.program(inputs.to(self.device))

    def forget(self) -> None:
        """Nothing is kept."""


class Recorded(NamedTuple):
    """A recorded step: it reads ``inputs``, and ``launch`` fills ``terms``."""

    inputs: StepInputs
    terms: Tensor
    launch: Callable[[], None]


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the garbage collector away: an older graph that it destroys would spoil a recording."""
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Captured:
    """Runs a program operation by operation a few times, then as a graph.

    Parameters
    ----------
    program : callable
        StepInputs on the device to a tensor of terms. It computes on the device alone, and always
        the same where the same critic steps are penalised: what else changes from step to step
        stands in the inputs or in tensors that are changed in place.
    device : torch.device
        A CUDA device.
    """

    ahead = True
    aside: torch.cuda.Stream | None = None

    def __init__(self, program: Program, device: torch.device) -> None:
        self.program, self.device = program, device
        self.forget()

    def forget(self) -> None:
        """Record anew: some tensor that the graph reads or writes was replaced by another."""
        self.recorded: dict[tuple[bool, ...], Recorded] = {}
        self.seen: Counter[tuple[bool, ...]] = Counter()

    def __call__(self, inputs: StepInputs) -> Tensor:
        """Take a step and return its terms, which the next one overwrites."""
        kind = inputs.penalised
        if self.seen[kind] < WARM_UP:
            self.seen[kind] += 1
            return self.warm_up(inputs.to(self.device))
        if kind not in self.recorded:
            self.recorded[kind] = self.record(inputs.to(self.device))
        recorded = self.recorded[kind]
        for here, given in zip(recorded.inputs.tensors(), inputs.tensors(), strict=True):
            here.copy_(given, non_blocking=given.is_pinned())
        recorded.launch()
        return recorded.terms

    def warm_up(self, inputs: StepInputs) -> Tensor:
        """Take a step on a stream of its own, as recording asks for."""
        if self.aside is None:
            self.aside = torch.cuda.Stream(self.device)
        current = torch.cuda.current_stream(self.device)
        self.aside.wait_stream(current)
        with torch.cuda.stream(self.aside), warnings.catch_warnings():
            # These steps of an optimiser are not recorded, and mean not to be.
            warnings.filterwarnings("ignore", "This instance was constructed with capturable")
            terms = self.program(inputs)
        current.wait_stream(self.aside)
        return terms

    def record(self, inputs: StepInputs) -> Recorded:
        """Record a step without taking it."""
        graph = torch.cuda.CUDAGraph()
        with no_collection(), torch.cuda.graph(graph):
            terms = self.program(inputs)
        return Recorded(inputs, terms, graph.replay)
