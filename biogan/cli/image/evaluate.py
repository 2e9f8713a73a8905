"""``biogan image evaluate``: generated and real images in, a table and a verdict out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biogan.cli import console
from biogan.cli.data import PictureReadingConfig, read_records
from biogan.cli.evaluate import check_folder, finish, groups_of
from biogan.cli.options import GroupedCommand, config_options, given, scoring_options

if TYPE_CHECKING:
    from biogan.core.protocols import Records
    from biogan.evaluation.report.report import Report
    from biogan.models.gan import ImageGAN


# Images that a model is asked for, where the reference has as many.
_DRAWN = 10_000


@click.command(cls=GroupedCommand, headings=(PictureReadingConfig,))
@click.argument("samples")
@click.option("--reference", help="Real images (of a model folder: what it was trained on).")
@click.option("--fail-on", metavar="GROUPS", help="Exit with code 1 if a metric of these groups "
              "fails (mark x), e.g. memorisation,features.")  # fmt: skip
@scoring_options("images", "report.html, metrics.json and further files", sequences=False)
@config_options(PictureReadingConfig, "reading")
def command(
    samples: str,
    reference: str | None,
    train: str | None,
    held_out: str | None,
    out: str | None,
    overwrite: bool,
    as_json: bool,
    fail_on: str | None,
    scoring: dict[str, Any],
    reading: PictureReadingConfig,
) -> Report:
    """Score SAMPLES beside held-out real images and trivial samplers.

    SAMPLES are images as 'biogan image train' reads them, or a model folder, which is asked for
    new ones. Structures are judged as such.

    \b
    biogan image evaluate samples.npz --reference mnist --held-out mnist-test -o report
    biogan image evaluate run --held-out mnist-test
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.core.files import claim_folder
    from biogan.images.dataset import ImageSet
    from biogan.images.metrics import IMAGE_METRICS

    if out is not None:
        check_folder(Path(out), overwrite)
    gan = _model(samples)
    if gan is not None:
        learned = dict(gan.card["data"].get("input", {}))
        reference = reference or learned.pop("data", None)
        learned.pop("data", None)
        reading = PictureReadingConfig.from_dict(learned | given(reading))
    if reference is None:
        raise click.UsageError("Missing option '--reference'.")
    real = read_records(reference, reading, "reference")
    images = isinstance(real, ImageSet)
    groups = groups_of(fail_on, IMAGE_METRICS.groups if images else _structure_groups())
    others = _like(real, reading)
    known = _parts(gan, real) if gan is not None and train is None and held_out is None else {}
    real = known.pop("reference", real)
    sets: dict[str, Any] = {
        name: read_records(path, others, name)
        for name, path in (("train", train), ("held-out", held_out))
        if path is not None
    } | known
    if gan is None:
        new = read_records(samples, others.replace(labels=None), "generated")
    else:
        new = _sampled(gan, samples, scoring.get("n") or min(_DRAWN, len(real)), scoring["seed"])
    if type(new) is not type(real):
        raise click.UsageError(
            f"{samples} and {reference}: one holds images and the other structures"
        )
    if out is not None:
        claim_folder(Path(out))
    report = _evaluation(images)(
        real,
        new,
        sets.get("train"),
        sets.get("held-out"),
        progress=console.Steps("scoring"),
        **scoring,
    )
    return finish(report, out, as_json, groups)


def _evaluation(images: bool) -> Any:
    if images:
        from biogan.images.evaluate import evaluate_images

        return evaluate_images
    from biogan.structures.evaluate import evaluate_structures

    return evaluate_structures


def _structure_groups() -> tuple[str, ...]:
    from biogan.structures.metrics import STRUCTURE_METRICS

    return STRUCTURE_METRICS.groups


def _model(path: str) -> ImageGAN | None:
    """Load a model, if the path is its folder."""
    from biogan.models.checkpoint import CONFIG

    if not (Path(path) / CONFIG).is_file():
        return None
    from biogan.models.gan import ImageGAN

    return ImageGAN.load(path)


def _parts(gan: ImageGAN, real: Records) -> dict[str, Any]:
    """Part the training data of a model as its training did, where they can be told."""
    from biogan.evaluation.intervals import GROUPS

    if real.digest != gan.card["data"].get("digest"):
        return {}
    learned, kept, _ = gan.modality.split(real, gan.config)
    if len(kept) < GROUPS:
        return {}
    console.say(
        f"the reference is the training data of the model: {len(learned):,} {gan.modality.noun}s "
        f"were learned from, {len(kept):,} kept apart and are the held-out ones"
    )
    return {"reference": learned, "held-out": kept}


def _like(real: Records, reading: PictureReadingConfig) -> PictureReadingConfig:
    """Return the options that read a further input in the shape of the reference."""
    from biogan.images.dataset import ImageSet

    if not isinstance(real, ImageSet):
        return reading.replace(residues=real.residues, labels=None)
    colour = {1: "grey", 3: "rgb"}.get(real.shape.channels, reading.colour)
    square = real.shape.height == real.shape.width and 16 <= real.shape.height <= 128
    return reading.replace(
        size=real.shape.height if square else reading.size,
        colour=reading.colour if real.frames else colour,
        frames=real.shape.channels if real.frames else reading.frames,
        labels=None,
    )


def _sampled(gan: ImageGAN, path: str, n: int, seed: int) -> Any:
    """Draw from a model, and name it as the source."""
    from dataclasses import replace

    from biogan.models.sampling import joined

    parts, done = [], 0
    for part in gan.stream(n, seed):
        parts.append(part)
        done += len(part.records)
        console.status(f"sampled {done:,} of {n:,}")
    console.end_status()
    return replace(joined(parts), source=path)
