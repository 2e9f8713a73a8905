"""``biogan explain``: what tells two sets of sequences apart, or what an oracle sees in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from biogan.cli import console
from biogan.cli.data import load_model
from biogan.cli.options import FILE, MODEL, GroupedCommand, config_options, overwrite_option
from biogan.interpret.config import ExplainConfig
from biogan.sequences.config import ReadingConfig

if TYPE_CHECKING:
    from biogan.interpret.explanation import Explanation


@click.command(cls=GroupedCommand, headings=(ExplainConfig, ReadingConfig))
@click.argument("run", type=MODEL, required=False)
@click.option("--records", "fasta", type=FILE, required=True, metavar="FASTA",
              help="Records that are explained.")  # fmt: skip
@click.option("--against", metavar="OTHERS",
              help="What they are held against: generated (records of the model RUN), dinucleotide "
              "or shuffle (shuffles of the records), markov-3 or another baseline, NAME=VALUE of a "
              "label, or a FASTA.")  # fmt: skip
@click.option("--oracle", metavar="ORACLE",
              help="Explain what an oracle sees in the records instead; as of biogan "
              "design.")  # fmt: skip
@click.option("--value", metavar="NAME",
              help="Value of the oracle, where it has several.")  # fmt: skip
@click.option("--oracle-timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
              help="Longest time for one question to an oracle.")  # fmt: skip
@click.option("-o", "--out", required=True, metavar="FOLDER",
              help="Folder for explain.html, motifs.meme, seqlets.tsv, attributions.npz and "
              "explain.json.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with the run in the folder.")
@overwrite_option()
@config_options(ExplainConfig, "config")
@config_options(ReadingConfig, "reading")
def command(
    run: str | None,
    fasta: str,
    against: str | None,
    oracle: str | None,
    value: str | None,
    oracle_timeout: float | None,
    out: str,
    resume: bool,
    overwrite: bool,
    config: ExplainConfig,
    reading: ReadingConfig,
) -> Explanation:
    """Explain what tells records from others: which letters, which motifs, and where.

    A classifier learns the contrast; every record is explained by networks that have not seen it.
    RUN, a trained model, is needed for --against generated alone: that shows what its records lack.

    \b
    biogan explain run --records real.fasta --against generated -o explained
    biogan explain --records real.fasta --against dinucleotide --motifs jaspar.meme -o explained
    biogan explain --records real.fasta --label class=EI --against class=N -o explained
    biogan explain --oracle score.py:predict --records real.fasta -o explained
    """  # noqa: D301 - click's mark for lines that are not to be joined
    if (against is None) == (oracle is None):
        raise click.UsageError(
            "explain what? give either --against (generated, dinucleotide, markov-3, NAME=VALUE "
            "or a FASTA) or --oracle"
        )
    if value is not None and oracle is None:
        raise click.UsageError("--value: goes with --oracle")
    from biogan.core.inputs import check_once
    from biogan.designing.oracle import load_oracle
    from biogan.interpret.explain import explain
    from biogan.sequences.io.fasta import read_fasta, reading_like

    check_once(fasta, reading.labels, config.motifs, config.structure)
    model = None if run is None else load_model(run)
    if model is not None:
        reading = reading_like(model.tokenizer.alphabet, reading).replace(labels=reading.labels)  # type: ignore[attr-defined]
    records = read_fasta(fasta, reading)
    if records.report is not None:
        for line in records.report.lines():
            console.say(line)

    def watch(what: str, done: int, total: int) -> None:
        console.status(f"{what}: {done:,} of {total:,}")

    def tell(line: str) -> None:
        console.end_status()
        console.say(line)

    asked = None if oracle is None else load_oracle(oracle, oracle_timeout)
    found = explain(
        records, against, oracle=asked, value=value, model=model, out=out, resume=resume,
        overwrite=overwrite, tell=tell, watch=watch, **config.to_dict(),
    )  # fmt: skip
    console.end_status()
    letters = records.alphabet.letters
    for row in found.motifs:
        console.say(row.line(letters))
    console.say(f"{out}: {', '.join(found.files)} written")
    return found
