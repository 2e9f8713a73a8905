"""``biogan sample``: new sequences from a model folder."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from biogan.cli import console
from biogan.config import DEVICES, REFINEMENTS

if TYPE_CHECKING:
    from biogan.datasets.sequences import SequenceSet
    from biogan.sampling import Chunk


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


@click.command()
@click.argument("run")
@click.option("-n", "count", type=click.IntRange(1), default=1000, show_default=True,
              help="Number of sequences, over all shards.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the stream.")
@click.option("--temperature", type=click.FloatRange(0, 100), default=1.0, show_default=True,
              help="Below 1 safer, above 1 more varied, 0 the likeliest letters.")  # fmt: skip
@click.option("--refine", type=click.Choice(REFINEMENTS), default=None,
              help="Let the calibrated critic choose among candidates: rejection keeps some, mh "
              "ends chains (slower by about --effort).")  # fmt: skip
@click.option("--effort", type=click.IntRange(1), default=10, show_default=True,
              help="Candidates that --refine may spend on a sequence.")  # fmt: skip
@click.option("--shard", type=Shard(), default="1/1", show_default=True,
              help="Write only part K of N of the same stream, counted from 1.")  # fmt: skip
@click.option("--ungap", is_flag=True, help="Take the gaps of an alignment out.")
@click.option("-o", "--out", default="-", help="File (.gz: compressed); standard output without.")
@click.option("--format", "kind", type=click.Choice(["fasta", "tsv"]), default="fasta",
              show_default=True, help="Format of the output.")  # fmt: skip
@click.option("--device", type=click.Choice(DEVICES), default="cpu",
              show_default=True, help="Where to compute.")  # fmt: skip
@click.option("--device-noise", is_flag=True,
              help="Draw the noise on the device, too: faster on a GPU, but other records, and "
              "the same for a seed on one kind of device only.")  # fmt: skip
def command(
    run: str,
    count: int,
    seed: int,
    temperature: float,
    refine: str | None,
    effort: int,
    shard: tuple[int, int],
    ungap: bool,
    out: str,
    kind: str,
    device: str,
    device_noise: bool,
) -> int:
    """Write new sequences from the model in the folder RUN.

    The same seed gives the same records, however many are asked for and in how many shards.

    \b
    biogan sample run -n 10000 --seed 7 > new.fasta
    biogan sample run -n 1000000 --shard 2/8 -o part2.fasta.gz
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.gan import SequenceGAN
    from biogan.io.tables import check_output
    from biogan.io.write import write_chunks
    from biogan.sampling import shard as bounds
    from biogan.training.folder import FILES

    check_output(out, [Path(run) / name for name in FILES])
    start, stop = bounds(count, *shard)
    gan = SequenceGAN.load(run, device)
    malformed = empty = proposed = accepted = 0
    # Records on the terminal and a status line on it would run into one another.
    shown = out != "-" or not sys.stdout.isatty()

    def sets(chunks: Iterator[Chunk]) -> Iterator[SequenceSet]:
        nonlocal malformed, empty, proposed, accepted
        done = 0
        for chunk in chunks:
            malformed += chunk.malformed
            proposed, accepted = proposed + chunk.proposed, accepted + chunk.accepted
            done += len(chunk.sequences)
            if shown:
                console.status(f"sampled {done:,} of {stop - start:,}")
            plain = chunk.sequences.ungapped() if ungap else chunk.sequences
            empty += int((plain.lengths == 0).sum())
            yield plain

    chunks = gan.stream(stop, seed, temperature, start, refine, effort, device_noise)
    written = write_chunks(sets(chunks), out, kind)
    console.end_status()
    if refine and proposed:
        area = gan.judge.calibration
        console.say(
            f"{refine}: {accepted:,} of {proposed:,} candidates accepted "
            f"({accepted / proposed:.1%}); the critic's AUROC is {area.auroc:.3f} "
            f"({area.low:.3f}-{area.high:.3f})"
        )
    if malformed:
        console.say(
            f"{malformed} of {written} sequences had letters behind the end symbol, which were cut"
        )
    if empty:
        console.say(f"{empty} of {written} sequences are empty: they were gaps only")
    if out != "-":
        console.say(f"{written} sequences in {out}")
    return written
