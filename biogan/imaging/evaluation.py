"""Judge generated images: every metric beside a ceiling of real images and trivial floors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import biogan
from biogan.errors import ConfigError, DataError
from biogan.images.floors import FLOORS
from biogan.images.imageset import ImageSet
from biogan.images.metrics import get_image_metrics
from biogan.images.metrics_features import class_table
from biogan.images.roles import ImageRoles, assign_roles
from biogan.images.samples import Embedding, ImageComparison, ImageSample, keys, shuffled
from biogan.images.space import flat
from biogan.imaging.features import feature_net, said
from biogan.metrics.base import ALL, Metric, Value
from biogan.report.report import CONTROL, Report, Row

Watch = Callable[[str, int, int], None]

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
        :mod:`biogan.images.roles`.
    seed : int
        Seed of subsamples, floors, folds and of the network behind the features.
    n : int
        Images of each set that are read at most, by default all; every set is cut to the size of
        the smallest. Metrics that are dear read fewer, and their rows say how many.
    metrics : list of str, optional
        Names of metrics, all by default.
    features : callable, optional
        Turns an :class:`~biogan.images.imageset.ImageSet` into features, shape (n, d); by default
        :func:`biogan.imaging.features.feature_net` of the training images, or of the reference.
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
    >>> pixels = np.random.default_rng(0).integers(0, 256, (120, 16, 16)).astype(np.uint8)
    >>> real, new = (ImageSet.from_pixels(p) for p in (pixels[:80], pixels[80:]))
    >>> report = evaluate_images(real, new, metrics=["intensity-w1"])
    >>> report.n, report["intensity-w1"].status
    (40, 'indistinguishable')
    """
    if n is not None and n < 1:
        raise ConfigError(f"n={n}: at least 1")
    chosen = get_image_metrics(metrics)
    given = {"generated": generated, "reference": real, "train": train, "held-out": held_out}
    sets = {name: some for name, some in given.items() if some is not None}
    for name, some in sets.items():
        _check(name, some, real)
    roles = assign_roles(real, train, held_out, seed)
    least = len(generated)
    size = min(least, len(roles.target), len(roles.ceiling), least if n is None else n)
    names = [*FLOORS, CONTROL]
    columns = ["generated", "held-out", *names]
    learned = any("features" in m.needs for m in chosen)
    embed = features or (_network(real, train, seed, progress, len(columns)) if learned else flat)
    samples = _samples(roles, generated, size, seed, embed)
    reference, source = samples["target"], samples["source"]
    fresh = samples.get("fresh")

    def compared(name: str, sample: ImageSample | None = None) -> ImageComparison:
        return ImageComparison(sample or samples[name], reference, source, fresh, seed)

    missing = {m.name: _unfit(m, compared("target")) for m in chosen}
    unfit = {k: why for k, why in missing.items() if why and not (metrics and ALL not in metrics)}
    chosen = [m for m in chosen if m.name not in unfit]
    found: dict[str, dict[str, Value]] = {}
    for place, name in enumerate(columns):
        if progress is not None and chosen:
            progress(name, place, len(columns))
        found[name] = {m.name: m(compared(name)) for m in chosen}
    # Likeness to the training data is read on images outside it, the ceiling's need not be.
    for m in (m for m in chosen if m.group == "novelty"):
        found["held-out"][m.name] = (
            Value(None, note="no held-out images to compare with")
            if fresh is None
            else m(compared("held-out", fresh))
        )
    rows = [Row(m, {name: found[name][m.name] for name in columns}) for m in chosen]
    tables = {}
    if getattr(embed, "classes", ()):
        tables["classes"] = class_table({k: compared(k) for k in ("generated", "held-out")})
    return Report(
        rows=rows,
        n=size,
        seed=seed,
        identity=None,
        sets={name: _describe(some) for name, some in sets.items()},
        notes=(
            f"every set is read at n = {size}, the smallest of {'' if n is None else f'-n {n}, '}"
            f"generated {least}, target {len(roles.target)} and ceiling {len(roles.ceiling)}",
            *([f"floors at n = {FLOOR_IMAGES}"] if size > FLOOR_IMAGES else []),
            *roles.notes,
            *([_about(embed)] if learned else []),
            *_left_out(unfit),
        ),
        version=biogan.__version__,
        tables=tables,
        samples=samples,
        kind="images",
    )


def _samples(
    roles: ImageRoles, generated: ImageSet, size: int, seed: int, embed: Embedding
) -> dict[str, ImageSample]:
    """Cut and draw every set; held-out images for copies are their own sample."""
    target = roles.target[:size]
    sets = {"target": target, "source": roles.source}
    if roles.fresh is not None:
        sets["fresh"] = roles.fresh[:size]
    sets["generated"] = shuffled(generated, seed)[:size]
    sets["held-out"] = roles.ceiling[:size]
    drawn = min(size, FLOOR_IMAGES)
    for name, sampler in FLOORS.items():
        sets[name] = sampler(roles.fit, drawn, seed)
    # What is scored against is no copy of itself, where there are others.
    mixed = shuffled(roles.source, seed)
    own = set(keys(target))
    apart = np.array([key not in own for key in keys(mixed)])
    sets[CONTROL] = mixed[np.argsort(~apart, kind="stable")[:drawn]]
    return {name: ImageSample(images, embed) for name, images in sets.items()}


def _network(
    real: ImageSet, train: ImageSet | None, seed: int, progress: Watch | None, columns: int
) -> Embedding:
    """Make the network of the training images, or of the reference where these have no classes."""
    labelled = [s for s in (train, real) if s is not None and s.labels is not None]
    images = labelled[0] if labelled else real if train is None else train

    def watch(step: int, steps: int) -> None:
        if progress is not None:
            progress(f"features, step {step} of {steps}", 0, columns)

    return feature_net(images, seed, progress=watch)


def _check(name: str, images: ImageSet, real: ImageSet) -> None:
    if not len(images):
        raise DataError(f"the {name} set has no images: nothing to evaluate")
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


def _unfit(metric: Metric, comparison: ImageComparison) -> str:
    """Say why no candidate can have this metric: there are no classes."""
    return comparison.missing("classes") if "classes" in metric.needs else ""


def _left_out(unfit: dict[str, str]) -> list[str]:
    if not unfit:
        return []
    return [f"not for this data: {', '.join(unfit)} ({next(iter(unfit.values()))})"]


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
