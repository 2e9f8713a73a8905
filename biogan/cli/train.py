"""``biogan train``: data in, a model folder out."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from biogan.cli import console
from biogan.cli.data import read_training_data, told
from biogan.cli.options import DATA, DEFAULT_KIND, KindCommand, given, kind_option
from biogan.cli.report import draw_page
from biogan.core.options import Options

if TYPE_CHECKING:
    from biogan.models.card import ModelCard


def _kind(typed: Mapping[str, Any]) -> str:
    from biogan.models.registry import kind_of_data

    return kind_of_data(typed["data"]).name if typed.get("data") else DEFAULT_KIND


@click.command(
    cls=KindCommand, parts=("reading", "config"), find=_kind, advanced=("store", "dry_run")
)
@click.argument("data", type=DATA)
@click.option("-o", "--out", default="run", help="Model folder to write.  [default: run]")
@click.option("--resume", is_flag=True, help="Go on with the interrupted run in the folder.")
@click.option("--overwrite", is_flag=True, help="Replace the model in the folder.")
@click.option(
    "--store/--no-store",
    default=None,
    help="Keep the sequences in files in the folder, not in memory.  [default: files of 256 MB on]",
)
@click.option("--dry-run", is_flag=True, help="Print the resolved configuration and stop.")
@kind_option()
def command(
    data: str,
    out: str,
    resume: bool,
    overwrite: bool,
    store: bool | None,
    dry_run: bool,
    kind: str,
    reading: Any,
    config: Any,
) -> Any:
    """Read DATA, learn it, keep the best model in the folder.

    DATA is a file of sequences (FASTA, FASTQ; '-' for standard input); images (mnist, digits, or a
    folder or file: IDX, npz, PNG, TIFF, JPEG); or protein structures (a folder or file: PDB, mmCIF,
    npz); or molecules (SMILES, SDF, a table). --kind images --help shows the options of images.

    \b
    biogan train promoters.fasta.gz -o run --max-time 10m --seed 1
    biogan train promoters.fasta.gz -o run --resume
    biogan train mnist -o digits --max-time 10m --seed 1
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.core.inputs import check_once, is_pipe
    from biogan.models.checkpoint import ModelFolder
    from biogan.models.gan import GAN
    from biogan.models.registry import get_kind
    from biogan.training.callbacks import Progress

    cls, folder = get_kind(kind), ModelFolder(out)
    stack = click.get_current_context().with_resource(ExitStack())
    if store and not cls.storable:
        raise click.UsageError(f"--store: {kind} are always read into memory, leave it out")
    if not dry_run:
        if console.follower():
            folder.check(resume, overwrite)
        else:
            stack.enter_context(folder.hold(resume, overwrite))
    digest = None
    # Of a run that was killed before it wrote its card nothing is known.
    if resume and (dry_run or folder.described):
        card = folder.read_config((kind,))
        reading, config, store = _continued(
            card, cls.read_as(card.data.input or {})[1], reading, config, store
        )
        digest = card.data.digest
    check_once(data, reading.labels)
    for name in (data, reading.labels):
        if name is not None and is_pipe(name) and config.devices * config.nodes > 1:
            called = "standard input" if name == "-" else name
            raise click.UsageError(f"{called}: several processes cannot share a pipe, give a file")
    if not dry_run:
        console.say_processes(config.devices * config.nodes)
    engine = None
    if cls.storable:
        place = None if dry_run else folder.store
        records, engine = read_training_data(data, reading, config, store, place, stack, digest)
        for line in cls.found(records):
            console.say(line)
    else:
        place = None if dry_run else folder.path
        bar = console.Bar("reading")
        records = told(cls, cls.read_training(data, reading, config, bar, place))
    if dry_run:
        planned = cls.plan(records, config)
        for line in planned.lines:
            console.say(line)
        if not console.follower():
            console.echo(json.dumps(planned.config.to_dict(), indent=2))
        return planned.config
    gan = GAN.of_kind(kind, config).fit(
        records,
        out=out,
        resume=resume,
        overwrite=overwrite,
        callbacks=[Progress(console.say, console.status)],
        engine=engine,
        reading=cls.lasting(data, reading),
    )
    draw_page(out)
    console.say(f"in {out}: {', '.join(folder.written())}")
    sink = f"{'>' if cls.text else '-o'} {cls.output}"
    console.say(f"next: biogan sample {shlex.quote(out)} -n 1000 {sink}")
    return gan


def _continued(
    card: ModelCard,
    read: Mapping[str, Any],
    reading: Options,
    config: Options,
    store: bool | None,
) -> tuple[Any, Any, bool]:
    """Return the options that a run began with, but for what this call names."""
    old, new = dict(card.config), given(config)
    threads = card.training.threads if card.training else None
    if threads and threads <= (os.cpu_count() or 1):
        # Another number would round otherwise; a machine may have fewer.
        old["threads"] = threads
    if {"steps", "max_time"} & set(new):
        # A new budget takes the place of the old one, it does not run beside it.
        old |= {"steps": None, "max_time": None}
    return (
        type(reading).from_dict({**read, **given(reading)}),
        type(config).from_dict(old | new),
        card.data.stored if store is None else store,
    )
