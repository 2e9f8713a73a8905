"""``biogan baseline``: sequences from a trivial sampler."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from biogan.cli import console
from biogan.cli.options import FILE, GroupedCommand, config_options, overwrite_option
from biogan.sequences.baselines import BASELINES
from biogan.sequences.config import ReadingConfig

if TYPE_CHECKING:
    from biogan.sequences.dataset import SequenceSet


NAMES = tuple(name.removesuffix("-K") for name in BASELINES)
WITH_ORDER = tuple(name.removesuffix("-K") for name in BASELINES if name.endswith("-K"))


@click.command(
    cls=GroupedCommand,
    headings=(ReadingConfig,),
    epilog=f"NAME is {', '.join(NAMES[:-1])} or {NAMES[-1]}.",
)
@click.argument("name", type=click.Choice(NAMES), metavar="NAME")
@click.argument("fasta", type=FILE)
@click.option("-n", "count", type=click.IntRange(1), default=1000, show_default=True,
              help="Number of sequences.")  # fmt: skip
@click.option("--order", type=click.IntRange(0), default=None,
              help="Letters of context of a Markov chain.  [default: 3]")  # fmt: skip
@click.option("--max-time", default=None,
              help="Longest training time of autoregressive.  [default: 5m]")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the sampler.")
@click.option(
    "-o",
    "--out",
    default="-",
    help="File (.gz, .bz2, .xz, .zst: compressed); standard output without.",
)
@overwrite_option()
@config_options(ReadingConfig, "reading")
def command(
    name: str,
    fasta: str,
    count: int,
    order: int | None,
    max_time: str | None,
    seed: int,
    out: str,
    overwrite: bool,
    reading: ReadingConfig,
) -> SequenceSet:
    """Write sequences from the sampler NAME fitted to FASTA: what a generator has to beat.

    All are trivial but autoregressive, a recurrent network that is trained.

    \b
    biogan baseline markov real.fasta -n 1000 --order 3 > floor.fasta
    biogan baseline positional-markov real.fasta --order 4 -o floor.fasta.gz
    biogan baseline autoregressive real.fasta --max-time 5m > peer.fasta
    """  # noqa: D301 - click's mark for lines that are not to be joined
    if order is not None and name not in WITH_ORDER:
        raise click.UsageError(
            f"--order: only {', '.join(WITH_ORDER[:-1])} and {WITH_ORDER[-1]} have one, not {name}"
        )
    if max_time is not None and name != "autoregressive":
        raise click.UsageError(f"--max-time: only autoregressive has one, not {name}")
    from biogan.core.files import check_output
    from biogan.core.inputs import check_once
    from biogan.sequences.baselines import get_baseline
    from biogan.sequences.io.fasta import read_fasta
    from biogan.sequences.io.write import output_format, write_chunks

    form = output_format(out)
    check_once(fasta, reading.labels)
    check_output(out, [fasta, *([reading.labels] if reading.labels else [])], overwrite)
    whole = f"{name}-{3 if order is None else order}" if name in WITH_ORDER else name
    real = read_fasta(fasta, reading)
    if real.report is not None:
        for line in real.report.lines():
            console.say(line)
    if name == "autoregressive":
        sampler = BASELINES[name](max_time=max_time or "5m", seed=seed, watch=console.status)
    else:
        sampler = get_baseline(whole)
    sampled = sampler.fit(real).sample(count, seed)
    console.end_status()
    write_chunks([sampled], out, form)
    if out != "-":
        console.say(f"{count:,} sequences of {whole} in {out}")
    return sampled
