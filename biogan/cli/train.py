"""``biogan train``: data in, a model folder out."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, get_args

import click

from biogan.cli import console
from biogan.cli.data import read_training_data, told
from biogan.cli.options import DATA, DEFAULT_KIND, KindCommand, given, kind_option
from biogan.cli.report import draw_page
from biogan.core.options import Options
from biogan.training.config import Freeze

if TYPE_CHECKING:
    from biogan.models.card import ModelCard
    from biogan.models.gan import GAN


def _kind(typed: Mapping[str, Any]) -> str:
    from biogan.models.registry import kind_of_data

    return kind_of_data(typed["data"]).name if typed.get("data") else DEFAULT_KIND


@click.command(
    cls=KindCommand,
    parts=("reading", "config"),
    find=_kind,
    advanced=("store", "freeze", "compare_scratch", "dry_run", "tensorboard", "wandb"),
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
@click.option("--from", "start", metavar="RUN",
              help="Begin with the weights of another model: a folder, or an address such as "
              "builtin:promoters.")  # fmt: skip
@click.option("--freeze", type=click.Choice(get_args(Freeze)),
              help="With --from: leave the critic's layers next to the letters as they "
              "are.")  # fmt: skip
@click.option("--compare-scratch", is_flag=True,
              help="With --from: then train as many steps without it, and print both.")  # fmt: skip
@click.option("--tensorboard", metavar="FOLDER",
              help="Follow the run in TensorBoard: write its numbers into this "
              "folder.")  # fmt: skip
@click.option("--wandb", metavar="PROJECT",
              help="Follow the run in a project of Weights & Biases.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Print the resolved configuration and stop.")
@kind_option()
def command(
    data: str,
    out: str,
    resume: bool,
    overwrite: bool,
    store: bool | None,
    start: str | None,
    freeze: Any,
    compare_scratch: bool,
    tensorboard: str | None,
    wandb: str | None,
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
    biogan train few.fasta --from builtin:promoters -o mine --compare-scratch
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.core.inputs import check_once, is_pipe
    from biogan.models.address import local_folder
    from biogan.models.checkpoint import ModelFolder
    from biogan.models.gan import GAN
    from biogan.models.registry import get_kind
    from biogan.models.transfer import planned
    from biogan.training import trackers as follow
    from biogan.training.callbacks import Progress

    if start is None and (freeze or compare_scratch):
        raise click.UsageError("--freeze, --compare-scratch: need --from, a model to begin with")
    if start is not None and resume:
        raise click.UsageError("--resume: a run goes on from its own state, leave out --from")
    cls, folder = get_kind(kind), ModelFolder(out)
    stack = click.get_current_context().with_resource(ExitStack())
    if store and not cls.storable:
        raise click.UsageError(f"--store: {kind} are always read into memory, leave it out")
    if not dry_run:
        if console.follower():
            folder.check(resume, overwrite)
        else:
            stack.enter_context(folder.hold(resume, overwrite))
    if start is not None:  # what cannot be fetched is said before data are read
        local_folder(start, console.say)
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
        plan, _ = planned(cls, records, config, start)
        for line in plan.lines:
            console.say(line)
        if not console.follower():
            console.echo(json.dumps(plan.config.to_dict(), indent=2))
        return plan.config
    trackers = []
    if not console.follower():
        trackers += [follow.tensorboard(tensorboard)] if tensorboard is not None else []
        trackers += [follow.wandb(wandb, config.to_dict())] if wandb is not None else []
    gan = GAN.of_kind(kind, config).fit(
        records,
        out=out,
        resume=resume,
        overwrite=overwrite,
        callbacks=[Progress(console.say, console.status), *trackers],
        engine=engine,
        reading=cls.lasting(data, reading),
        start=start,
        freeze=freeze,
    )
    draw_page(out)
    console.say(f"in {out}: {', '.join(folder.written())}")
    if compare_scratch:
        _compare(gan, records, kind, config)
    sink = f"{'>' if cls.text else '-o'} {cls.output}"
    console.say(f"next: biogan sample {shlex.quote(out)} -n 1000 {sink}")
    return gan


def _compare(gan: GAN, records: Any, kind: str, config: Any) -> None:
    """Train as many steps from scratch, and print what came of both."""
    from biogan.models.gan import GAN
    from biogan.training.callbacks import Progress

    done, lineage = gan.card.training, gan.card.lineage
    assert done and lineage
    console.say(f"--compare-scratch: the same {done.steps:,} steps without --from")
    other = GAN.of_kind(kind, config.replace(steps=done.steps, max_time=None, judge_steps=0))
    other.fit(records, callbacks=[Progress(console.say, console.status)])
    for name, run in ((f"from {lineage['model']}", done), ("from scratch", other.card.training)):
        assert run
        found = run.validation_distance
        told = "no validation records" if found is None else f"validation distance {found:.3g}"
        console.say(f"{name}: {told} at step {run.kept_step:,} of {run.steps:,}")


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
