"""How a step gets onto a device: operation by operation, or recorded once and launched at once.

A step of a small network is some thousand short operations, the second derivatives of a penalty
among them. A GPU is done with each before Python has launched the next; a CUDA graph
(https://docs.pytorch.org/docs/stable/notes/cuda.html) launches all of them together.
"""

from __future__ import annotations

import gc
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from biogan.training.batches import StepInputs

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
        Inputs of a step, on the device, to a tensor of terms. It computes on the device alone, and
        always the same where the same critic steps are penalised: what else changes from step to
        step stands in the inputs or in tensors that are changed in place.
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
