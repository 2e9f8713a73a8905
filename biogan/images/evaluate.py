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
from biogan.images.baselines import FLOORS, flat, labelled_floors, numbered_floors
from biogan.images.dataset import ImageSet
from biogan.images.features import feature_net, said
from biogan.images.metrics import IMAGE_METRICS, class_table
from biogan.images.report import IMAGE_REPORT
from biogan.images.samples import (
    NO_LABELS,
    NO_NUMBERS,
    Embedding,
    ImageComparison,
    ImageSample,
    shared_number,
)

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
    fixed_needs = frozenset({"classes", "labels", "numbers"})
    untold = frozenset({NO_LABELS, NO_NUMBERS})

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
        apart = roles.fit is roles.source
        wanted = {need: tuple(m for m in metrics if need in m.needs) for need in _READERS}
        # Of a split reference the network has learned from all images, the target's too.
        known = {"labels": bool(self.features) or (apart and bool(roles.source.classes)),
                 "numbers": apart}  # fmt: skip

        def parts(samples: Samples, generated: Samples) -> Parts[ImageSet]:
            found = [
                _labelled(samples, generated, need, some, known[need], some == tuple(metrics), seed)
                for need, some in wanted.items()
                if some and (need == "numbers" or getattr(embed, "classes", ()))
            ]
            return Parts(
                tuple(part for each in found for part in each.parts),
                frozenset().union(*(each.handled for each in found)),
                tuple(note for each in found for note in each.notes),
            )

        scoring = replace(scoring, parts=parts)
        if not getattr(embed, "classes", ()):
            return scoring

        def tables(samples: Samples) -> dict[str, list[dict[str, Any]]]:
            some = {name: scoring.compare(samples, name) for name in ("generated", "held-out")}
            return {"classes": class_table(some)}

        return replace(scoring, tables=tables)

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


# Needs of metrics that read what images were asked for.
_READERS = "labels", "numbers"


def _labelled(
    samples: Samples,
    generated: Samples,
    need: str,
    metrics: tuple[Metric, ...],
    unseen: bool,
    told: bool,
    seed: int,
) -> Parts[ImageSet]:
    """Read the classes or numbers that images were asked for, beside trivial samplers of their own.

    ``unseen`` says whether what reads them has not learned from the target, ``told`` whether a
    reason is a note, as nothing else was asked for.
    """
    target, source, names = samples["target"], samples["source"], frozenset(m.name for m in metrics)
    everyone = target, *generated.values()
    number, why = "", "the network has learned from all images: --held-out"
    if unseen and need == "numbers":
        number, why = shared_number(source, *everyone), NO_NUMBERS
    elif unseen:
        why = "" if all((s.asked >= 0).any() for s in everyone) else NO_LABELS
    if why and not number:
        return Parts((), names, (f"{', '.join(names)}: {why}",) if told and names else ())
    if number:
        texts = target.images.texts[number][np.isfinite(target.numbers(number))]
        floors = numbered_floors(number, texts, source.images.texts[number])
    else:
        images = target.images[np.flatnonzero(target.asked >= 0)]
        assert images.labels is not None
        floors = labelled_floors(images.labels, images.classes)
    part = Part(metrics, names, floors, partial(ImageComparison, seed=seed))
    return Parts((part,), names)


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
