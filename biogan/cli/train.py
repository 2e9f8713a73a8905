"""``biogan train``: a FASTA in, a model folder out."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import click

from biogan.cli import console
from biogan.cli.data import read_training_data
from biogan.cli.options import GroupedCommand, config_options, given
from biogan.cli.report import draw_page
from biogan.sequences.config import ReadingConfig, SequenceGANConfig


@click.command(cls=GroupedCommand, headings=(ReadingConfig, SequenceGANConfig),
               advanced=("store", "dry_run"))  # fmt: skip
@click.argument("fasta")
@click.option("-o", "--out", default="run", help="Model folder to write.  [default: run]")
@click.option("--resume", is_flag=True, help="Go on with the interrupted run in the folder.")
@click.option("--overwrite", is_flag=True, help="Replace the model in the folder.")
@click.option(
    "--store/--no-store",
    default=None,
    help="Keep the sequences in files in the folder, not in memory.  [default: files of 256 MB on]",
)
@click.option("--dry-run", is_flag=True, help="Print the resolved configuration and stop.")
@config_options(ReadingConfig, "reading")
@config_options(SequenceGANConfig, "config")
def command(
    fasta: str,
    out: str,
    resume: bool,
    overwrite: bool,
    store: bool | None,
    dry_run: bool,
    reading: ReadingConfig,
    config: SequenceGANConfig,
) -> Any:
    """Read FASTA ('-' for standard input), learn it, keep the best model in the folder.

    \b
    biogan train promoters.fasta.gz -o run --max-time 10m --seed 1
    biogan train promoters.fasta.gz -o run --resume
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.models.checkpoint import ModelFolder, held
    from biogan.models.gan import SequenceGAN
    from biogan.sequences.autoconfig import plan
    from biogan.training.callbacks import Progress

    folder = ModelFolder(out)
    stack = click.get_current_context().with_resource(ExitStack())
    if not dry_run:
        folder.check(resume, overwrite)
        if not console.follower():
            stack.enter_context(held(folder.home))
    digest = None
    if resume:
        card = folder.read_config(("sequences",))
        reading, config, store = _continued(card, reading, config, store)
        digest = card["data"]["digest"]
    if fasta == "-" and config.devices * config.nodes > 1:
        raise click.UsageError("'-': several processes cannot share standard input, give a file")
    if not dry_run:
        console.say_processes(config.devices * config.nodes)
    place = None if dry_run else folder.store
    sequences, engine = read_training_data(fasta, reading, config, store, place, stack, digest)
    if sequences.report is not None:
        for line in sequences.report.lines():
            console.say(line)
    if dry_run:
        planned = plan(sequences, config)
        for line in planned.lines:
            console.say(line)
        if not console.follower():
            click.echo(json.dumps(planned.config.to_dict(), indent=2))
        return planned.config
    gan = SequenceGAN(config).fit(
        sequences,
        out=out,
        resume=resume,
        overwrite=overwrite,
        callbacks=[Progress(console.say, console.status)],
        engine=engine,
    )
    draw_page(out)
    console.say(f"next: biogan sample {shlex.quote(out)} -n 1000 > new.fasta")
    return gan


def _continued(
    card: Mapping[str, Any],
    reading: ReadingConfig,
    config: SequenceGANConfig,
    store: bool | None,
) -> tuple[ReadingConfig, SequenceGANConfig, bool]:
    """Return the options that a run began with, but for what this call names."""
    old, new = dict(card["config"]), given(config)
    if {"steps", "max_time"} & set(new):
        # A new budget takes the place of the old one, it does not run beside it.
        old |= {"steps": None, "max_time": None}
    read = (card["data"].get("input") or {}).get("options", {})
    return (
        ReadingConfig.from_dict(read | given(reading)),
        SequenceGANConfig.from_dict(old | new),
        card["data"].get("stored", False) if store is None else store,
    )
