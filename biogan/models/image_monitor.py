"""Previews of a run: the same latent vectors, drawn at each check, and their film at the end.

Judges an image generator while it trains, on the validation part.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image
from torch import nn

from biogan.core.files import atomic_path
from biogan.core.protocols import Domain, Records, Watch
from biogan.core.rng import rng
from biogan.evaluation.distances import frechet
from biogan.models.checkpoint import FILM, PICTURE, PREVIEWS, ModelFolder
from biogan.models.image_sampling import stream
from biogan.nn.image_nets import ImageGenerator
from biogan.training.trainer import TRAINING_DATA, CheckResult

# More samples than this cost time and say little more.
MOST = 1000
# With fewer validation records a distance of distributions is noise, which would choose any
# checkpoint, mostly an early one.
FEWEST = 100
# Of few records as many directions are read as leave some to each.
RECORDS_A_DIRECTION = 4
# A stream of its own: what chose the checkpoint is not what a user samples.
STREAM = "check"
# A Frechet distance of training data can be 0 by chance.
LEAST = 1e-3
PREVIEW = 64

Keep = Callable[[Records, int], None]


class ImageMonitor:
    """Samples from the averaged generator and scores the samples.

    The validation distance is the Frechet distance of samples to the validation part over that of
    as many training records: 1 is as close as real data are.

    Parameters
    ----------
    domain : Domain
        How records are read and judged.
    train, held_out : ImageSet or FragmentSet
        Real records.
    seed : int
        Seed of the subsamples and of what the generator paints.
    preview : callable, optional
        Receives a few samples and the step at each check.
    watch : callable, optional
        Receives steps done and to do while the features are learned.

    Attributes
    ----------
    references : dict of str to float
        Validation distance of training data (1) and of trivial samplers; empty without validation
        records.
    """

    def __init__(
        self,
        domain: Domain,
        train: Records,
        held_out: Records,
        seed: int,
        preview: Keep | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.domain, self.seed, self.preview = domain, seed, preview
        self.n = min(MOST, len(train))
        self.references: dict[str, float] = {}
        self._features = domain.features(train, seed, watch)
        some = train[rng(seed, "monitor").permutation(len(train))[: self.n]]
        points = self._features(some)
        self._spread = _spread(points)
        self._axes: np.ndarray | None = None
        if len(held_out) < FEWEST:
            return
        found = self._features(held_out[: 10 * MOST])
        self._axes = _axes(points, min(len(points), len(found)) // RECORDS_A_DIRECTION)
        self._target = _moments(found @ self._axes)
        self._unit = max(self._distance(points), LEAST)
        self.references[TRAINING_DATA] = 1.0
        for name, sampled in domain.floors(train, self.n, seed).items():
            self.references[name] = self._distance(self._features(sampled)) / self._unit

    def __call__(self, generator: nn.Module, step: int) -> CheckResult:
        """Return ``validation_distance``, the distance that it was made of, and the variety."""
        assert isinstance(generator, ImageGenerator)
        samples = [*stream(generator, self.domain, 0, self.n, self.seed, rough=True, name=STREAM)]
        if self.preview is not None:
            self.preview(samples[0][:PREVIEW], step)
        points = np.concatenate([self._features(some) for some in samples])
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


class Film:
    """Writes ``samples.png`` at each check, keeps it under its step and joins all to a film.

    Parameters
    ----------
    domain : Domain
        StepInputs records.
    folder : ModelFolder
        Where to; asked each time, as a run that replaces a model moves.
    """

    def __init__(self, domain: Domain, folder: ModelFolder) -> None:
        self.domain, self.folder = domain, folder

    def __call__(self, samples: Records, step: int) -> None:
        """Draw the samples of a check."""
        picture = self.domain.picture(samples)
        place = self.folder.path
        (place / PREVIEWS).mkdir(exist_ok=True)
        for path in (place / PICTURE, place / PREVIEWS / f"{step:08}.png"):
            with atomic_path(path) as temporary:
                picture.save(temporary, "PNG")

    def develop(self, last: int) -> None:
        """Join the previews up to a step to an animation; of a single one there is none."""
        from biogan.images.write import animation

        paths = sorted((self.folder.path / PREVIEWS).glob("[0-9]*.png"))
        pictures = []
        for path in paths:
            if int(path.stem) <= last:
                with Image.open(path) as picture:
                    pictures.append(picture.copy())
        if len(pictures) > 1:
            animation(pictures, self.folder.path / FILM)
