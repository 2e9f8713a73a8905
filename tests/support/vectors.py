"""Real vectors of length 8: a kind of data in one class, with its records, networks and metric.

It is a test of the design, and the example of CONTRIBUTING.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn

from biogan.core.rng import layers_from, rng
from biogan.evaluation.evaluate import EvaluationSpec
from biogan.evaluation.intervals import jackknifed
from biogan.evaluation.metric import MetricRegistry
from biogan.evaluation.report.spec import Floor, ReportSpec
from biogan.evaluation.samples import row_keys
from biogan.nn.layers import Networks
from biogan.training.validation import FeatureModality

LENGTH, LATENT = 8, 4


@dataclass(frozen=True)
class VectorSet:
    """Vectors, shape (n, 8) float32, with an id each."""

    rows: np.ndarray
    ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: slice | np.ndarray) -> VectorSet:
        return VectorSet(self.rows[index], tuple(np.array(self.ids, object)[index]))

    @property
    def digest(self) -> str:
        return hashlib.sha256(np.ascontiguousarray(self.rows)).hexdigest()

    @classmethod
    def concatenate(cls, sets: list[Self]) -> Self:
        rows = np.concatenate([some.rows for some in sets])
        return cls(rows, tuple(name for some in sets for name in some.ids))


class Noise(NamedTuple):
    latent: Tensor

    def to(self, device: torch.device) -> Noise:
        return Noise(self.latent.to(device))

    def rows(self, index: slice) -> Noise:
        return Noise(self.latent[index])


class Generator(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Linear(LATENT, 32), nn.ReLU(), nn.Linear(32, LENGTH))

    def noise(self, n: int, rng: torch.Generator) -> Noise:
        return Noise(torch.randn(n, LATENT, generator=rng, device=rng.device))

    def forward(self, noise: Noise) -> Tensor:
        return super().forward(noise.latent)


class Critic(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Linear(LENGTH, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1), nn.Flatten(0))


VECTOR_METRICS = MetricRegistry("means")


@VECTOR_METRICS.metric("mean-gap", "means", "largest difference of a mean")
def mean_gap(comparison):
    """Return the largest difference of the mean of a coordinate from that of real vectors."""
    both = comparison.candidate, comparison.reference
    sums = [some.by_group(some.records.rows) for some in both]
    sizes = [some.by_group(np.ones(len(some))) for some in both]

    def gap(left_out):
        kept = [g for g in range(len(sizes[0])) if g != left_out]
        a, b = (total[kept].sum(0) / n[kept].sum() for total, n in zip(sums, sizes, strict=True))
        return float(np.abs(a - b).max())

    return jackknifed(comparison, gap)


def normal(train, n, seed):
    """Draw standard normal vectors, the floor."""
    rows = rng(seed, "normal").standard_normal((n, LENGTH)).astype(np.float32)
    return VectorSet(rows, tuple(f"normal_{i}" for i in range(n)))


class VectorEvaluation(EvaluationSpec[VectorSet]):
    noun = "vector"
    registry = VECTOR_METRICS
    report = ReportSpec("vectors", "vector", floors={"normal": Floor("normal", "standard normal")})

    def keys(self, records):
        return row_keys(records.rows)

    def floors(self, roles):
        return {"normal": normal}


@dataclass(frozen=True)
class VectorModality(FeatureModality):
    """Vectors as a kind of data."""

    length: int

    name = "vectors"
    noun = "vector"
    card = "vector-gan"
    records = (VectorSet,)

    @classmethod
    def of(cls, records, config):
        return cls(records.rows.shape[1])

    @classmethod
    def evaluation(cls):
        return VectorEvaluation()

    def stored(self, records):
        return torch.from_numpy(np.ascontiguousarray(records.rows, np.float32))

    def decode(self, rows, prefix, first, rough=False):
        return VectorSet(
            rows, tuple(f"{prefix}_{i}" for i in range(first + 1, first + 1 + len(rows)))
        )

    def networks(self, config):
        with layers_from(config.seed, "weights"):
            return Networks(Generator(), Critic())

    def features(self, train, seed, progress):
        return lambda records: records.rows

    def floors(self, train, n, seed):
        return {"normal": normal(train, n, seed)}
