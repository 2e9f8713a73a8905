"""``biogan image interpolate``: the way from one image to another."""

from __future__ import annotations

from typing import Any, get_args

import click

from biogan.cli import console
from biogan.cli.image.sample import check_out, write_records
from biogan.training.config import Device


@click.command()
@click.argument("run")
@click.option("--pairs", type=click.IntRange(1, 1000), default=8, show_default=True,
              help="Ways: one row each.")  # fmt: skip
@click.option("--steps", type=click.IntRange(2, 1000), default=10, show_default=True,
              help="Images of each way, both ends counted.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the ends.")
@click.option("-o", "--out", default="interpolation.png", show_default=True,
              help="PNG with a row a way; or .npz, or a folder.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Write into a folder that is not empty.")
@click.option("--device", type=click.Choice(get_args(Device)), default="cpu",
              show_default=True, help="Where to compute.")  # fmt: skip
def command(
    run: str, pairs: int, steps: int, seed: int, out: str, overwrite: bool, device: str
) -> Any:
    """Paint images between pairs of random ones, with the model in the folder RUN.

    Smooth changes with a good image at every step show that the model has not merely stored its
    training images.
    """
    from biogan.core.files import atomic_path
    from biogan.images.dataset import ImageSet
    from biogan.images.write import grid
    from biogan.models.gan import ImageGAN
    from biogan.structures.write import map_grid

    check_out(run, out)
    gan = ImageGAN.load(run, device)
    records, noun = gan.interpolate(pairs, steps, seed), gan.modality.noun
    if out.lower().endswith(".png"):
        if isinstance(records, ImageSet):
            picture = grid(records, columns=1 if records.frames else steps, most=len(records))
        else:
            picture = map_grid(records, most=len(records), columns=steps)
        with atomic_path(out) as temporary:
            picture.save(temporary, "PNG")
        console.say(f"{out}: {pairs} rows of {steps} {noun}s")
    else:
        write_records(records, out, overwrite)
    return records
