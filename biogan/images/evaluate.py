"""Judge generated images: every metric beside a ceiling of real images and trivial floors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from biogan.core.errors import DataError
from biogan.evaluation.evaluate import Sampled, Scoring, Watch, compared, score
from biogan.evaluation.metric import Metric
from biogan.evaluation.report.report import Report
from biogan.images.baselines import FLOORS, flat
from biogan.images.dataset import ImageSet
from biogan.images.features import feature_net, said
from biogan.images.metrics import class_table, get_image_metrics
from biogan.images.report import IMAGE_REPORT
from biogan.images.samples import IMAGES, Embedding, ImageComparison, ImageSample

#: Images that are drawn of each trivial sampler at most.
FLOOR_IMAGES = 10_000


def evaluate_images(
    real: ImageSet,
    generated: ImageSet,
    train: ImageSet | None = None,
    held_out: ImageSet | None = None,
    seed: int = 0,
    n: int | None = None,
    metrics: Sequence[str] | None = None,
    features: Embedding | None = None,
    progress: Watch | None = None,
) -> Report:
    """Score generated images beside held-out real ones and trivial samplers.

    Parameters
    ----------
    real : ImageSet
        Real images, the reference.
    generated : ImageSet
        What is judged.
    train : ImageSet, optional
        What the generator was trained on: needed to speak about memorisation.
    held_out : ImageSet, optional
        Real images that the generator has not seen. Which set plays which part is said in
        :mod:`biogan.evaluation.protocol`.
    seed : int
        Seed of subsamples, floors, folds and of the network behind the features.
    n : int
        Images of each set that are read at most, by default all; every set is cut to the size of
        the smallest. Metrics that are dear read fewer, and their rows say how many.
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
    >>> pixels = np.random.default_rng(0).integers(0, 256, (120, 16, 16)).astype(np.uint8)
    >>> real, new = (ImageSet.from_pixels(p) for p in (pixels[:80], pixels[80:]))
    >>> report = evaluate_images(real, new, metrics=["intensity-w1"])
    >>> report.n, report["intensity-w1"].status
    (40, 'indistinguishable')
    """
    embed: Embedding = features or flat

    def prepare(chosen: Sequence[Metric]) -> tuple[Sampled[ImageSet], Sequence[str]]:
        nonlocal embed
        learned = any("features" in m.needs for m in chosen)
        if learned and features is None:
            embed = _network(real, train, seed, progress)
        return partial(ImageSample, embed=embed), [_about(embed)] if learned else []

    report = score(SCORING, real, generated, train, held_out, seed, n, metrics, progress, prepare)
    if not getattr(embed, "classes", ()):
        return report
    some = {k: compared(SCORING, report.samples, k, seed) for k in ("generated", "held-out")}
    return replace(report, tables={"classes": class_table(some)})


def _network(
    real: ImageSet, train: ImageSet | None, seed: int, progress: Watch | None
) -> Embedding:
    """Make the network of the training images, or of the reference where these have no classes."""
    labelled = [s for s in (train, real) if s is not None and s.labels is not None]
    images = labelled[0] if labelled else real if train is None else train

    def watch(step: int, steps: int) -> None:
        if progress is not None:
            progress(f"features, step {step} of {steps}", 0, len(SCORING.columns))

    return feature_net(images, seed, progress=watch)


def _check(name: str, images: ImageSet, real: ImageSet) -> None:
    if images.shape != real.shape:
        raise DataError(
            f"the {name} set has images of {said(images.shape)}, the reference of "
            f"{said(real.shape)}: give both the same --size and --colour"
        )
    if images.pixels.dtype != real.pixels.dtype:
        raise DataError(
            f"the {name} set has images of {images.pixels.dtype}, the reference of "
            f"{real.pixels.dtype}: save both with the same depth"
        )


def _about(embed: Embedding) -> str:
    """Say what the features are."""
    text = f"features: {getattr(embed, 'name', 'as given')}"
    accuracy = getattr(embed, "accuracy", None)
    return text if accuracy is None else f"{text}, {accuracy:.1%} right on a tenth kept apart"


def _describe(images: ImageSet) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "source": images.source,
        "records": len(images),
        "shape": list(images.shape),
        "frames": images.frames,
        "depth": images.pixels.dtype.name,
        "sha256": images.digest,
    }
    if images.labels is not None:
        facts["classes"] = len(images.classes)
    if images.notes:
        facts["notes"] = list(images.notes)
    return facts


#: How images are scored.
SCORING = Scoring(
    report=IMAGE_REPORT,
    dealing=IMAGES,
    metrics=get_image_metrics,
    comparison=ImageComparison,
    floors=FLOORS,
    drawn=FLOOR_IMAGES,
    check=_check,
    describe=_describe,
    fixed=frozenset({"classes"}),
)
