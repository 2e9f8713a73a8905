"""``biogan image train``: images or structures in, a model folder out."""

from __future__ import annotations

import json
import shlex
from typing import Any

import click

from biogan.cli import console
from biogan.cli.data import PictureReadingConfig, lasting, read_records
from biogan.cli.options import GroupedCommand, config_options, given
from biogan.cli.report import draw_page
from biogan.training.config import ImageGANConfig


@click.command(cls=GroupedCommand, headings=(PictureReadingConfig, ImageGANConfig))
@click.option("--data", required=True, help="mnist, digits, or a folder or file: IDX, npz, PNG, "
              "TIFF, JPEG; for structures PDB, mmCIF or npz.")  # fmt: skip
@click.option("-o", "--out", default="run", help="Model folder to write.  [default: run]")
@click.option("--resume", is_flag=True, help="Go on with the interrupted run in the folder.")
@click.option("--overwrite", is_flag=True, help="Replace the model in the folder.")
@click.option("--dry-run", is_flag=True, help="Print the resolved configuration and stop.")
@config_options(PictureReadingConfig, "reading")
@config_options(ImageGANConfig, "config")
def command(
    data: str,
    out: str,
    resume: bool,
    overwrite: bool,
    dry_run: bool,
    reading: PictureReadingConfig,
    config: ImageGANConfig,
) -> Any:
    """Learn images or structures, and keep the best model in the folder.

    \b
    biogan image train --data mnist -o run --max-time 10m --seed 1
    biogan image train --data nuclei/ --size 32 --crop center --augment cells -o run
    biogan image train --data pdb/ --residues 64 -o run
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.models.checkpoint import FILM, PAGE, PICTURE, ModelFolder, held
    from biogan.models.gan import ImageGAN
    from biogan.models.registry import kind_of_records
    from biogan.training.callbacks import Progress

    folder = ModelFolder(out)
    if not dry_run:
        folder.check(resume, overwrite)
        if not console.follower():
            click.get_current_context().with_resource(held(folder.home))
    if resume:
        reading, config = _continued(folder, reading, config)
    records = read_records(data, reading)
    if dry_run:
        planned = kind_of_records(records).plan(records, config)
        for line in planned.lines:
            console.say(line)
        if not console.follower():
            click.echo(json.dumps(planned.config.to_dict(), indent=2))
        return planned.config
    console.say_processes(config.devices * config.nodes)
    gan = ImageGAN(config).fit(
        records,
        out=out,
        resume=resume,
        overwrite=overwrite,
        callbacks=[Progress(console.say, console.status)],
        reading=lasting(data, reading),
    )
    draw_page(out)
    # A run of one check has no film.
    told = (("samples", PICTURE), ("film", FILM), ("page", PAGE))
    there = [f"{what}: {out}/{name}" for what, name in told if (folder.path / name).is_file()]
    console.say("   ".join(there))
    console.say(f"next: biogan image sample {shlex.quote(out)} -n 1000 -o new.npz")
    return gan


def _continued(
    folder: Any, reading: PictureReadingConfig, config: ImageGANConfig
) -> tuple[PictureReadingConfig, ImageGANConfig]:
    """Return the options that a run began with, but for what this call names."""
    card = folder.read_config(("images", "structures"))
    old, new = dict(card["config"]), given(config)
    if {"steps", "max_time"} & set(new):
        # A new budget takes the place of the old one, it does not run beside it.
        old |= {"steps": None, "max_time": None}
    read = {k: v for k, v in card["data"].get("input", {}).items() if k != "data"}
    return (
        PictureReadingConfig.from_dict(read | given(reading)),
        ImageGANConfig.from_dict(old | new),
    )
