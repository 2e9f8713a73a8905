"""The evaluation of images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from biogan.core.errors import DataError, percentage
from biogan.core.protocols import Sampler
from biogan.evaluation.evaluate import (
    EvaluationSpec,
    Progress,
    Scoring,
    evaluate_sets,
)
from biogan.evaluation.metric import Metric
from biogan.evaluation.parts import Floor, Part, Parts, Samples
from biogan.evaluation.protocol import Roles, Split
from biogan.evaluation.report.report import Report
from biogan.evaluation.samples import row_keys
from biogan.images.baselines import FLOORS, flat, labelled_floors
from biogan.images.dataset import ImageSet
from biogan.images.features import feature_net, said
from biogan.images.metrics import IMAGE_METRICS, class_table
from biogan.images.report import IMAGE_REPORT
from biogan.images.samples import NO_LABELS, Embedding, ImageComparison, ImageSample

#: Images that are drawn of each trivial sampler at most.
FLOOR_IMAGES = 10_000


def evaluate_images(
    real: ImageSet,
    generated: ImageSet | Sampler,
    train: ImageSet | None = None,
    held_out: ImageSet | None = None,
    seed: int = 0,
    n: int | None = None,
    metrics: Sequence[str] | None = None,
    features: Embedding | None = None,
    progress: Progress | None = None,
) -> Report:
    """Score generated images beside held-out real ones and trivial samplers.

    Parameters
    ----------
    real : ImageSet
        Real images, the reference.
    generated : ImageSet or Sampler
        What is judged; a sampler is asked for ``n`` images, 10,000 by default.
    train : ImageSet, optional
        What the generator was trained on: needed to speak about memorisation.
    held_out : ImageSet, optional
        Real images that the generator has not seen. Which set plays which part is said in
        :mod:`biogan.evaluation.protocol`.
    seed : int
        Seed of subsamples, floors, folds and of the network behind the features.
    n : int
        Images of each set that are read at most, by default all. Metrics whose value depends on it
        cut every set to the size of the smallest. Those that take long read fewer,
        and their rows say how many.
    metrics : list of str, optional
        Names of metrics, all by default.
    features : callable, optional
        Turns an :class:`~biogan.images.dataset.ImageSet` into features, shape (n, d); by default
        :func:`biogan.images.features.feature_net` of the training images, or of the reference.
    progress : callable, optional
        Receives, before a set is scored, its name, how many were scored and how many there are.

    Returns
    -------
    Report
        The same for any order and any names of the images.

    Raises
    ------
    DataError
        If a set is empty or too small, or shapes differ.
    ConfigError
        If ``n`` is below 1 or a metric unknown.

    Examples
    --------
    >>> import numpy as np
    >>> pixels = np.random.default_rng(0).integers(0, 256, (1200, 8, 8)).astype(np.uint8)
    >>> real, new = (ImageSet.from_pixels(p) for p in (pixels[:800], pixels[800:]))
    >>> report = evaluate_images(real, new, metrics=["intensity-w1"])
    >>> report.n, report["intensity-w1"].status
    (400, 'indistinguishable')
    """
    spec = ImageEvaluation(features)
    return evaluate_sets(
        spec, real, {"generated": generated}, train, held_out, metrics, seed, n, progress
    )["generated"]


@dataclass(frozen=True)
class ImageEvaluation(EvaluationSpec[ImageSet]):
    """How images are evaluated.

    Attributes
    ----------
    features : callable or None
        Turns images into features; ``None`` for a network of the training images.
    """

    features: Embedding | None = None

    noun = "image"
    report = IMAGE_REPORT
    registry = IMAGE_METRICS
    floor_limit = FLOOR_IMAGES
    fixed_needs = frozenset({"classes", "labels"})
    untold = frozenset({NO_LABELS})

    def keys(self, records: ImageSet) -> list[bytes]:
        """Return a hash of the pixels of each image."""
        return row_keys(records.pixels)

    def check(self, name: str, records: ImageSet, reference: ImageSet) -> None:
        """Refuse another shape or depth than that of the reference."""
        if records.shape != reference.shape:
            raise DataError(
                f"the {name} set has images of {said(records.shape)}, the reference of "
                f"{said(reference.shape)}: give both the same --size and --colour"
            )
        if records.pixels.dtype != reference.pixels.dtype:
            raise DataError(
                f"the {name} set has images of {records.pixels.dtype}, the reference of "
                f"{reference.pixels.dtype}: save both with the same depth"
            )

    def split(self, real: ImageSet, n: int, seed: int) -> Split[ImageSet]:
        """Split at random."""
        mixed = self.shuffled(real, seed)
        return Split(mixed[:n], mixed[n:], "at random")

    def floors(self, roles: Roles[ImageSet]) -> dict[str, Floor[ImageSet]]:
        """Return noise and two Gaussians."""
        return dict(FLOORS)

    def scoring(
        self,
        metrics: Sequence[Metric],
        roles: Roles[ImageSet],
        generated: Mapping[str, ImageSet],
        seed: int,
        progress: Callable[[str], None],
    ) -> Scoring[ImageSet]:
        """Compare pixels and features; train the network of the features where it is needed."""
        learned = any("features" in m.needs for m in metrics)
        embed = self.features or (_network(roles, seed, progress) if learned else flat)
        scoring: Scoring[ImageSet] = Scoring(
            partial(ImageSample, embed=embed),
            partial(ImageComparison, seed=seed),
            (_about(embed),) if learned else (),
        )
        if not getattr(embed, "classes", ()):
            return scoring

        def tables(samples: Samples) -> dict[str, list[dict[str, Any]]]:
            some = {name: scoring.compare(samples, name) for name in ("generated", "held-out")}
            return {"classes": class_table(some)}

        wanted = tuple(m for m in metrics if "labels" in m.needs)
        # Of a split reference the network has learned from all images, the target's too.
        learned_apart = roles.fit is roles.source and bool(roles.source.classes)
        parts = partial(
            _labelled, metrics=wanted, unseen=bool(self.features) or learned_apart,
            told=len(wanted) == len(metrics), seed=seed,
        )  # fmt: skip
        return replace(scoring, tables=tables, parts=parts)

    def describe(self, records: ImageSet) -> dict[str, Any]:
        """Return shape, depth and origin of a set."""
        facts: dict[str, Any] = {
            "source": records.source,
            "records": len(records),
            "shape": list(records.shape),
            "frames": records.frames,
            "depth": records.pixels.dtype.name,
            "sha256": records.digest,
        }
        if records.labels is not None:
            facts["classes"] = len(records.classes)
        if records.notes:
            facts["notes"] = list(records.notes)
        return facts


def _labelled(
    samples: Samples,
    generated: Samples,
    metrics: tuple[Metric, ...],
    unseen: bool,
    told: bool,
    seed: int,
) -> Parts[ImageSet]:
    """Read the classes that images were asked for, beside trivial samplers of their own.

    ``unseen`` says whether the network has not learned from the target, ``told`` whether a reason
    is a note, as nothing else was asked for.
    """
    target, names = samples["target"], frozenset(m.name for m in metrics)
    if not unseen or not all((s.asked >= 0).any() for s in (target, *generated.values())):
        why = NO_LABELS if unseen else "the network has learned from all images: --held-out"
        return Parts((), names, (f"{', '.join(names)}: {why}",) if told and names else ())
    images = target.images[np.flatnonzero(target.asked >= 0)]
    assert images.labels is not None
    floors = labelled_floors(images.labels, images.classes)
    part = Part(metrics, names, floors, partial(ImageComparison, seed=seed))
    return Parts((part,) if metrics else (), names)


def _network(roles: Roles[ImageSet], seed: int, progress: Callable[[str], None]) -> Embedding:
    """Make the network of the training images, or of others where these have no classes."""
    labelled = [s for s in (roles.source, roles.target) if s.labels is not None]
    images = labelled[0] if labelled else roles.source
    return feature_net(
        images, seed, progress=lambda step, steps: progress(f"features, step {step} of {steps}")
    )


def _about(embed: Embedding) -> str:
    """Say what the features are."""
    text = f"features: {getattr(embed, 'name', 'as given')}"
    accuracy = getattr(embed, "accuracy", None)
    return (
        text
        if accuracy is None
        else f"{text}, {percentage(accuracy, 1)} right on a tenth kept apart"
    )
