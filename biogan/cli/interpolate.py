"""``biogan interpolate``: the way from one record to another."""

from __future__ import annotations

from typing import Any, get_args

import click

from biogan.cli import console
from biogan.cli.data import load_model
from biogan.cli.options import MODEL, overwrite_option
from biogan.cli.sample import check_out
from biogan.training.config import Device


@click.command()
@click.argument("run", type=MODEL)
@click.option("--pairs", type=click.IntRange(1, 1000), default=8, show_default=True,
              help="Pairs of ends: one row each.")  # fmt: skip
@click.option("--steps", type=click.IntRange(2, 1000), default=10, show_default=True,
              help="Records from one end to the other, both counted.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the ends.")
@click.option("-o", "--out",
              help="What to write, by its name; of images and structures a PNG has one row for "
              "each pair.  [default: interpolation.png, of sequences standard output]")  # fmt: skip
@overwrite_option()
@click.option("--device", type=click.Choice(get_args(Device)), default="cpu",
              show_default=True, help="Where to compute.")  # fmt: skip
def command(
    run: str, pairs: int, steps: int, seed: int, out: str | None, overwrite: bool, device: str
) -> Any:
    """Write records between pairs of random latent vectors, with the model in the folder RUN.

    Smooth changes with a good record at every step show that the model has not merely stored its
    training data.
    """
    gan = load_model(run, device)
    modality = gan.modality
    path = out or ("-" if modality.text else "interpolation.png")
    check_out(run, path, overwrite)
    records = gan.interpolate(pairs, steps, seed)
    for line in modality.write_rows(records, path, steps, overwrite):
        console.say(line)
    return records
