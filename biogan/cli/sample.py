"""``biogan sample``: new records from a model folder."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import click

from biogan.cli import console
from biogan.cli.data import kind_of_run, load_model
from biogan.cli.options import DEFAULT_KIND, FILE, MODEL, KindCommand, overwrite_option
from biogan.core.errors import percentage
from biogan.training.config import Device


class Shard(click.ParamType):
    """``K/N``: part K of N, counted from 1."""

    name = "K/N"

    def convert(
        self,
        value: str | tuple[int, int],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[int, int]:
        """Read ``K/N``."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(\d+)/(\d+)", value)
        if not found:
            self.fail(f"{value!r}: write K/N, for example 2/8", param, ctx)
        return int(found[1]), int(found[2])


def _kind(typed: Mapping[str, Any]) -> str:
    return kind_of_run(typed["run"]) if typed.get("run") else DEFAULT_KIND


@click.command(cls=KindCommand, parts=("sampling", "constraining", "writing"), find=_kind)
@click.argument("run", type=MODEL)
@click.option("-n", "count", type=click.IntRange(1), help="Number of records, over all shards.  "
              "[default: 1000, of images 100; with --template-from or --translate one for "
              "each]")  # fmt: skip
@click.option("--shard", type=Shard(), default="1/1", show_default=True,
              help="Write only part K of N of the same stream, counted from 1.")  # fmt: skip
@click.option("--exclude", type=FILE, metavar="FILE", default=None,
              help="Write no record that stands in this file, for example the training data (of "
              "nucleotides on either strand); others are drawn instead.")  # fmt: skip
@click.option("-o", "--out", default="-",
              help="What to write, by its name: FASTA or TSV (.gz, .bz2, .xz, .zst: compressed; "
              "standard output without); of images .npz, .png (a grid), .gif or .webp (time "
              "series) or a folder; of structures .npz or a folder.")  # fmt: skip
@overwrite_option()
@click.option("--device", type=click.Choice(get_args(Device)), default="cpu",
              show_default=True, help="Where to compute.")  # fmt: skip
def command(
    run: str,
    count: int | None,
    shard: tuple[int, int],
    exclude: str | None,
    out: str,
    overwrite: bool,
    device: str,
    kind: str,
    sampling: Any,
    constraining: Any,
    writing: Any,
) -> Any:
    """Write new records from the model in the folder RUN.

    The same seed gives the same records, however many are asked for and in how many shards.

    \b
    biogan sample run -n 10000 --seed 7 > new.fasta
    biogan sample run -n 1000000 --shard 2/8 -o part2.fasta.gz
    biogan sample run -n 96 --fix 35-40=TTGACA --avoid BsaI,EcoRI --gc 0.4:0.6
    biogan sample run -n 500 --label class=AMP --label expr=10:14
    biogan sample digits -n 64 --seed 2 -o digits.png
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.models.registry import get_kind
    from biogan.models.sampling import shard as bounds

    cls = get_kind(kind)
    if out == "-" and not cls.text:
        raise click.UsageError(f"-o: {kind} cannot be written to standard output, name a file")
    gan = load_model(run, device)
    modality, read = gan.modality, gan.card.data.input or {}
    constraints = modality.constraints(constraining)
    # Of constraints that differ between records, each once.
    each = constraints.period if constraints is not None and constraints.each else None
    start, stop = bounds(count or modality.wanted(sampling) or each or cls.samples, *shard)
    asked = [getattr(constraining, name, None) for name in ("template_from", "translate")]
    labels = getattr(sampling, "labels", None)
    check_out(run, out, overwrite, exclude, labels, cls.read_as(read)[0], *asked)
    sampling = gan.chosen(sampling, constraints is not None)
    for line in modality.told(sampling):
        console.say(line)
    known = None
    if exclude is not None:
        known = modality.read_known(exclude, read)
        if why := modality.cannot_exclude(known):
            console.say(f"--exclude {exclude}: {why}")
    proposed = accepted = again = done = 0
    chains: list[Any] = []
    # Records on the terminal and a status line on it would run into one another.
    shown = out != "-" or not sys.stdout.isatty()

    def sets() -> Iterator[Any]:
        nonlocal proposed, accepted, again, done
        chunks = gan.stream(
            stop, start=start, exclude=known, constraints=constraints, tell=console.say,
            **sampling.to_dict(),
        )  # fmt: skip
        for chunk in chunks:
            if chunk.chains is not None:
                chains.append(chunk.chains)
            again += chunk.again
            proposed, accepted = proposed + chunk.proposed, accepted + chunk.accepted
            done += len(chunk.records)
            if shown:
                console.status(f"sampled {done:,} of {stop - start:,}")
            yield chunk.records

    lines = modality.write_stream(sets(), out, writing, overwrite)
    console.end_status()
    if proposed:
        area = gan.calibrated_critic.calibration
        line = f"{accepted:,} of {proposed:,} candidates accepted"
        line = f"--refine {sampling.refinement}: {line} ({percentage(accepted / proposed, 1)})"
        if sampling.refinement != "labels":
            line += f"; the critic's AUROC is {area.auroc:.3f} ({area.low:.3f}-{area.high:.3f})"
        console.say(line)
    if chains:
        console.say(str(type(chains[0]).concatenate(chains)))
    if again:
        what = "candidates" if sampling.refinement else f"of {done:,} {modality.noun}s"
        refused = modality.refused(sampling)
        whys = [f"stood in {exclude}"] * (exclude is not None)
        whys += [] if refused is None else [refused.what]
        console.say(f"{again:,} {what} {' or '.join(whys)}: others were drawn")
    for line in lines:
        console.say(line)
    return done


def check_out(run: str, out: str, overwrite: bool, *inputs: str | None) -> None:
    """Refuse an output that would take the place of the model, an input or something else."""
    from biogan.core.errors import OutputError
    from biogan.core.files import check_output
    from biogan.models.checkpoint import FILES

    if Path(out).is_dir() and Path(run).is_dir() and Path(out).samefile(run):
        raise OutputError(f"{out}: is the model folder; give the output another name")
    read: list[str | Path] = [
        *(Path(run) / name for name in FILES),
        *(name for name in inputs if name),
    ]
    check_output(out, read, overwrite)
