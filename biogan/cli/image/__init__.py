"""``biogan image COMMAND``: images, time series of cells, protein structures."""

from __future__ import annotations

import click

from biogan.cli import LazyGroup

COMMANDS = {
    "train": "Train a GAN on images or structures.",
    "sample": "Paint new images, or fold new fragments, with a trained model.",
    "evaluate": "Judge generated images beside real ones.",
    "interpolate": "Paint the way from one image to another.",
    "demo": "Train, sample and evaluate on embedded handwritten digits.",
}


@click.command(cls=LazyGroup, package="biogan.cli.image", table=COMMANDS)
def command() -> None:
    """Learn to paint images, divisions of cells or the folds of proteins."""
