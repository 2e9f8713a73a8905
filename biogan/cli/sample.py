"""``biogan sample``: new sequences from a model folder."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from biogan.cli import console
from biogan.cli.options import GroupedCommand, config_options
from biogan.sequences.config import ReadingConfig, SamplingConfig
from biogan.training.config import Device

if TYPE_CHECKING:
    from biogan.models.sampling import Chunk
    from biogan.sequences.dataset import SequenceSet
    from biogan.sequences.tokenizer import Tokenizer


#: Options of reading that decide what a record is.
AS_LEARNED = ("ambiguous", "case", "stop", "window", "stride")


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


def to_avoid(path: str, layout: Tokenizer, learned: Mapping[str, Any]) -> SequenceSet:
    """Read the records of ``--exclude`` with the options by which training data were read."""
    from biogan.sequences.io.fasta import read_fasta, reading_like
    from biogan.sequences.tokenizer import FIXED

    same = {name: learned[name] for name in AS_LEARNED if name in learned}
    config = reading_like(layout.alphabet, ReadingConfig(gaps="remove").replace(**same))
    known = read_fasta(path, config, whose="the model")
    lengths = known.ungapped().lengths
    fits = lengths == layout.length if layout.kind == FIXED else lengths <= layout.length
    if not fits.any():
        console.say(
            f"--exclude {path}: leaves nothing out, its {len(known)} records have other lengths "
            f"than the model writes ({layout.describe()})"
        )
    return known


@click.command(cls=GroupedCommand, headings=(SamplingConfig,))
@click.argument("run")
@click.option("-n", "count", type=click.IntRange(1), default=1000, show_default=True,
              help="Number of sequences, over all shards.")  # fmt: skip
@click.option("--shard", type=Shard(), default="1/1", show_default=True,
              help="Write only part K of N of the same stream, counted from 1.")  # fmt: skip
@click.option("--exclude", metavar="FASTA", default=None,
              help="Write no record that stands in this file, for example the training data (of "
              "nucleotides on either strand); others are drawn instead.")  # fmt: skip
@click.option("--ungap", is_flag=True, help="Take the gaps of an alignment out.")
@click.option(
    "-o",
    "--out",
    default="-",
    help="File (.gz, .bz2, .xz, .zst: compressed); standard output without.",
)
@click.option("--format", "kind", type=click.Choice(["fasta", "tsv"]), default=None,
              help="Format of the output.  [default: by the name, else fasta]")  # fmt: skip
@click.option("--device", type=click.Choice(get_args(Device)), default="cpu",
              show_default=True, help="Where to compute.")  # fmt: skip
@config_options(SamplingConfig, "how")
def command(
    run: str,
    count: int,
    shard: tuple[int, int],
    exclude: str | None,
    ungap: bool,
    out: str,
    kind: str | None,
    device: str,
    how: SamplingConfig,
) -> int:
    """Write new sequences from the model in the folder RUN.

    The same seed gives the same records, however many are asked for and in how many shards.

    \b
    biogan sample run -n 10000 --seed 7 > new.fasta
    biogan sample run -n 1000000 --shard 2/8 -o part2.fasta.gz
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.core.files import check_output
    from biogan.models.checkpoint import FILES
    from biogan.models.gan import SequenceGAN
    from biogan.models.sampling import shard as bounds
    from biogan.sequences.io.write import output_format, write_chunks

    start, stop = bounds(count, *shard)
    gan = SequenceGAN.load(run, device)
    inputs = [Path(run) / name for name in FILES]
    read = gan.card["data"].get("input") or {}
    # As it was typed for training: a relative path is only found from the same folder.
    check_output(out, [*inputs, *(name for name in (exclude, read.get("source")) if name)])
    avoided = None if exclude is None else to_avoid(exclude, gan.tokenizer, read.get("options", {}))
    malformed = empty = proposed = accepted = again = 0
    # Records on the terminal and a status line on it would run into one another.
    shown = out != "-" or not sys.stdout.isatty()

    def sets(chunks: Iterator[Chunk]) -> Iterator[SequenceSet]:
        nonlocal malformed, empty, proposed, accepted, again
        done = 0
        for chunk in chunks:
            malformed, again = malformed + chunk.malformed, again + chunk.again
            proposed, accepted = proposed + chunk.proposed, accepted + chunk.accepted
            done += len(chunk.records)
            if shown:
                console.status(f"sampled {done:,} of {stop - start:,}")
            plain = chunk.records.ungapped() if ungap else chunk.records
            empty += int((plain.lengths == 0).sum())
            yield plain

    chunks = gan.stream(stop, start=start, exclude=avoided, **how.to_dict())
    written = write_chunks(sets(chunks), out, kind or output_format(out))
    console.end_status()
    if proposed:
        area = gan.calibrated_critic.calibration
        console.say(
            f"{how.refine}: {accepted:,} of {proposed:,} candidates accepted "
            f"({accepted / proposed:.1%}); the critic's AUROC is {area.auroc:.3f} "
            f"({area.low:.3f}-{area.high:.3f})"
        )
    if again:
        what = "candidates" if how.refine else "sequences"
        console.say(f"{again:,} {what} stood in {exclude}: others were drawn")
    if malformed:
        console.say(
            f"{malformed} of {written} sequences had letters behind the end symbol, which were cut"
        )
    if empty:
        console.say(f"{empty} of {written} sequences are empty: they were gaps only")
    if out != "-":
        console.say(f"{written} sequences in {out}")
    return written
