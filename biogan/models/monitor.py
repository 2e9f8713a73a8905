"""Checks of a generator while it trains: samples, and their distance from the validation split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from biogan.models.sampling import drawer, stream
from biogan.training.modality import Modality, Validation
from biogan.training.trainer import CheckResult

# A stream of its own: what chose the checkpoint is not what a user samples.
STREAM = "check"


class ValidationMonitor:
    """Samples from the averaged generator and measures the samples.

    Parameters
    ----------
    modality : Modality
        How rows read as records.
    validation : Validation
        What measures them.
    seed : int
        Seed of what the generator writes.
    preview : callable, optional
        Receives a few samples and the step at each check.
    """

    def __init__(
        self,
        modality: Modality,
        validation: Validation,
        seed: int,
        preview: Callable[[Any, int], None] | None = None,
    ) -> None:
        self.modality, self.validation, self.seed = modality, validation, seed
        self.preview = preview

    @property
    def references(self) -> Mapping[str, float]:
        """The validation distance of training data (1) and of trivial samplers."""
        return self.validation.references

    def __call__(self, generator: nn.Module, step: int) -> CheckResult:
        """Return validation distance and variety of the samples of a step."""
        modality = self.modality
        how = modality.sampling(seed=self.seed)
        draw = drawer(generator, modality, how)
        n, prefix = self.validation.n, f"check{self.seed}"
        chunks = [*stream(draw, modality, 0, n, prefix, modality.block, name=STREAM, rough=True)]
        if self.preview is not None:
            self.preview(chunks[0].records[: modality.previewed], step)
        return self.validation.score(chunks)
