"""Validation distance in a feature space, for kinds of data whose records become points."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from biogan.core.rng import rng
from biogan.evaluation.distances import frechet
from biogan.training.modality import Chunk, Modality, Parts, Progress
from biogan.training.trainer import TRAINING_DATA, CheckResult

# More samples than this cost time and say little more.
MOST = 1000
# With fewer validation records a distance of distributions is noise, which would choose any
# checkpoint, mostly an early one.
FEWEST = 100
# Of few records as many directions are read as leave some to each.
RECORDS_A_DIRECTION = 4
# A Frechet distance of training data can be 0 by chance.
LEAST = 1e-3

#: Records to points, shape (n, d), of a space in which likeness is judged.
Features = Callable[[Any], np.ndarray]


class FeatureModality(Modality):
    """A kind of data whose records become points of a feature space.

    Validation is by the Frechet distance of these points.
    """

    @abstractmethod
    def features(self, train: Any, seed: int, progress: Progress | None) -> Features:
        """Return the map from records to points, which may have to be learned."""

    def floors(self, train: Any, n: int, seed: int) -> Mapping[str, Any]:
        """Return samples of trivial samplers, by name; by default none."""
        return {}

    def split(self, records: Any, config: Any) -> Parts:
        """Take a part for validation off, unless it would be too small to measure a distance by."""
        if config.validation * len(records) < FEWEST:
            said = (
                f"{len(records):,} {self.noun}s to train on, none for validation ({FEWEST} or more "
                "are kept, or none): the last averaged generator is kept"
            )
            return Parts(records, records[:0], (said,))
        return super().split(records, config)

    def validation(self, parts: Parts, config: Any, progress: Progress | None) -> FeatureValidation:
        """Return what measures the Frechet distance of samples from the validation split."""
        features = self.features(parts.train, config.seed, progress)
        return FeatureValidation(parts.train, parts.held_out, features, self.floors, config.seed)


class FeatureValidation:
    """Frechet distance of samples to the validation split over that of as many training records.

    1 is as close as real data are.

    Parameters
    ----------
    train, held_out : set of records
        Training and validation records.
    features : callable
        Records to points, shape (n, d).
    floors : callable
        Training records, a number and a seed to the samples of trivial samplers, by name.
    seed : int
        Seed of the subsamples.

    Attributes
    ----------
    n : int
        Number of samples of a check.
    references : dict of str to float
        Validation distance of training data (1) and of trivial samplers; empty without validation
        records.
    """

    def __init__(
        self,
        train: Any,
        held_out: Any,
        features: Features,
        floors: Callable[[Any, int, int], Mapping[str, Any]],
        seed: int,
    ) -> None:
        self.n = min(MOST, len(train))
        self.references: dict[str, float] = {}
        self._features = features
        some = train[rng(seed, "monitor").permutation(len(train))[: self.n]]
        points = features(some)
        self._spread = _spread(points)
        self._axes: np.ndarray | None = None
        if len(held_out) < FEWEST:
            return
        found = features(held_out[: 10 * MOST])
        self._axes = _axes(points, min(len(points), len(found)) // RECORDS_A_DIRECTION)
        self._target = _moments(found @ self._axes)
        self._unit = max(self._distance(points), LEAST)
        self.references[TRAINING_DATA] = 1.0
        for name, sampled in floors(train, self.n, seed).items():
            self.references[name] = self._distance(features(sampled)) / self._unit

    def score(self, chunks: Sequence[Chunk]) -> CheckResult:
        """Return ``validation_distance``, the distance that it was made of, and the variety."""
        points = np.concatenate([self._features(chunk.records) for chunk in chunks])
        variety = {"distance": _spread(points) / self._spread} if self._spread else {}
        if self._axes is None:
            return CheckResult({}, variety)
        distance = self._distance(points)
        return CheckResult(
            {"validation_distance": distance / self._unit, "frechet": distance}, variety
        )

    def _distance(self, points: np.ndarray) -> float:
        assert self._axes is not None
        return frechet(*_moments(points @ self._axes), *self._target)


def _spread(points: np.ndarray) -> float:
    """Mean distance of a point from the one before it."""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).mean()) if len(points) > 1 else 0.0


def _axes(points: np.ndarray, most: int) -> np.ndarray:
    """Principal directions of points, shape (d, at most ``most``); all where there are enough."""
    size = points.shape[1]
    if most >= size:
        return np.eye(size)
    _, _, rows = np.linalg.svd(points - points.mean(0), full_matrices=False)
    return np.asarray(rows[: max(1, most)].T)


def _moments(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return points.mean(0), np.cov(points, rowvar=False).reshape(points.shape[1], points.shape[1])
