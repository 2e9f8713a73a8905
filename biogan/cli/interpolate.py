"""``biogan interpolate``: the way from one record to another."""

from __future__ import annotations

from pathlib import Path
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
@click.option("--label", metavar="NAME=LOW:HIGH",
              help="A number that was learned changes from LOW to HIGH, and the latent vectors "
              "stay.")  # fmt: skip
@click.option("--oracle", metavar="ORACLE",
              help="Tells a value of every record of sequences; as of biogan design.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the ends.")
@click.option("-o", "--out",
              help="What to write, by its name; of images and structures a PNG has one row for "
              "each pair. Of sequences a name without a dot is a folder with a page that says how "
              "real the records are.  [default: interpolation.png, of sequences standard "
              "output]")  # fmt: skip
@overwrite_option()
@click.option("--device", type=click.Choice(get_args(Device)), default="cpu",
              show_default=True, help="Where to compute.")  # fmt: skip
def command(
    run: str,
    pairs: int,
    steps: int,
    label: str | None,
    oracle: str | None,
    seed: int,
    out: str | None,
    overwrite: bool,
    device: str,
) -> Any:
    """Write records between pairs of random latent vectors, with the model in the folder RUN.

    Smooth changes with a good record at every step show that the model has not merely stored its
    training data.

    \b
    biogan interpolate run --pairs 8 --steps 10 > walk.fasta
    biogan interpolate run --label expr=2:14 -o walk
    """  # noqa: D301 - click's mark for lines that are not to be joined
    gan = load_model(run, device)
    modality = gan.modality
    path = out or ("-" if modality.text else "interpolation.png")
    walked = modality.name == "sequences" and path != "-" and "." not in Path(path).name
    if oracle is not None and not walked:
        raise click.UsageError("--oracle: goes with -o FOLDER, of sequences")
    if walked:
        return _walk(gan, run, pairs, steps, label, oracle, seed, path, overwrite)
    check_out(run, path, overwrite)
    records = gan.interpolate(pairs, steps, seed, label)
    for line in modality.write_rows(records, path, steps, overwrite):
        console.say(line)
    return records


def _walk(
    gan: Any,
    run: str,
    pairs: int,
    steps: int,
    label: str | None,
    oracle: str | None,
    seed: int,
    out: str,
    overwrite: bool,
) -> Any:
    """Write the folder of a walk."""
    from biogan.designing.oracle import load_oracle
    from biogan.interpret.latent import directions, walks
    from biogan.interpret.walk_page import claimed, write_walk

    if Path(out).exists() and Path(run).is_dir() and Path(out).samefile(run):
        raise click.UsageError(f"-o {out}: is the model folder; name another one")
    asked = None if oracle is None else load_oracle(oracle)
    folder = claimed(out, overwrite)
    found = walks(gan, pairs, steps, seed, label, asked)
    moves = directions(gan, seed, asked)
    facts = {"Model": run, "Seed": str(seed), "Oracle": oracle or "none"}
    files = write_walk(found, moves, folder, facts)
    console.say(
        f"{pairs:,} walks: {found.detour:.2f} times the edits of the shortest path; {out}: "
        f"{', '.join(files)} written"
    )
    return found
