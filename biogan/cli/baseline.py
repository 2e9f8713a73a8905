"""``biogan baseline``: sequences or molecules from a trivial sampler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from biogan.cli import console
from biogan.cli.data import read_records
from biogan.cli.options import DEFAULT_KIND, FILE, KindCommand, overwrite_option
from biogan.molecules.baselines import MOLECULE_BASELINES
from biogan.sequences.baselines import BASELINES

NAMES = tuple(name.removesuffix("-K") for name in BASELINES)
OF_MOLECULES = tuple(name.removesuffix("-K") for name in MOLECULE_BASELINES)
WITH_ORDER = tuple(name.removesuffix("-K") for name in BASELINES if name.endswith("-K"))
_CHAINS = tuple(name.removesuffix("-K") for name in MOLECULE_BASELINES if name.endswith("-K"))


def _kind(typed: Mapping[str, Any]) -> str:
    return "molecules" if typed.get("name") in OF_MOLECULES else DEFAULT_KIND


@click.command(
    cls=KindCommand,
    parts=("reading",),
    find=_kind,
    epilog=f"NAME is {', '.join(NAMES[:-1])} or {NAMES[-1]}. Of molecules it is "
    f"{', '.join(OF_MOLECULES[:-1])} or {OF_MOLECULES[-1]}.",
)
@click.argument("name", type=click.Choice((*NAMES, *OF_MOLECULES)), metavar="NAME")
@click.argument("data", type=FILE)
@click.option("-n", "count", type=click.IntRange(1), default=1000, show_default=True,
              help="Number of records.")  # fmt: skip
@click.option("--order", type=click.IntRange(0), default=None,
              help="Letters or tokens of context of a Markov chain.  [default: 3; "
              "selfies-markov 6, smiles-markov 9]")  # fmt: skip
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
def command(
    name: str,
    data: str,
    count: int,
    order: int | None,
    max_time: str | None,
    seed: int,
    out: str,
    overwrite: bool,
    kind: str,
    reading: Any,
) -> Any:
    """Write records from the sampler NAME fitted to DATA: what a generator has to beat.

    All are trivial but autoregressive, a recurrent network that is trained.

    \b
    biogan baseline markov real.fasta -n 1000 --order 3 > floor.fasta
    biogan baseline positional-markov real.fasta --order 4 -o floor.fasta.gz
    biogan baseline autoregressive real.fasta --max-time 5m > peer.fasta
    biogan baseline selfies-markov mols.smi -n 10000 -o floor.smi
    """  # noqa: D301 - click's mark for lines that are not to be joined
    with_order = WITH_ORDER if kind == DEFAULT_KIND else _CHAINS
    if order is not None and name not in with_order:
        known = f"{', '.join(with_order[:-1])} and {with_order[-1]}"
        raise click.UsageError(f"--order: only {known} have one, not {name}")
    if max_time is not None and name != "autoregressive":
        raise click.UsageError(f"--max-time: only autoregressive has one, not {name}")
    from biogan.core.files import check_output
    from biogan.core.inputs import check_once
    from biogan.models.registry import get_kind
    from biogan.sequences.baselines import get_baseline
    from biogan.sequences.io.write import output_format, write_chunks

    if kind == "molecules":
        return _molecules(name, data, count, order, seed, out, overwrite, reading)
    form = output_format(out)
    check_once(data, reading.labels)
    check_output(out, [data, *([reading.labels] if reading.labels else [])], overwrite)
    whole = f"{name}-{3 if order is None else order}" if name in WITH_ORDER else name
    real = read_records(get_kind(kind), data, reading)
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


def _molecules(
    name: str,
    data: str,
    count: int,
    order: int | None,
    seed: int,
    out: str,
    overwrite: bool,
    reading: Any,
) -> Any:
    """Write molecules of a sampler; texts that are no molecules stay as they are."""
    from biogan.core.files import check_output
    from biogan.core.inputs import check_once
    from biogan.models.registry import get_kind
    from biogan.molecules.baselines import molecule_baseline
    from biogan.molecules.config import MoleculeWritingConfig
    from biogan.molecules.write import output_format

    output_format(out)
    cls = get_kind("molecules")
    check_once(data, reading.labels)
    check_output(out, [data, *([reading.labels] if reading.labels else [])], overwrite)
    real = read_records(cls, data, reading)
    sampled = molecule_baseline(name, order)(real, count, seed)
    for line in cls.write_stream(iter([sampled]), out, MoleculeWritingConfig(), overwrite):
        console.say(line)
    return sampled
