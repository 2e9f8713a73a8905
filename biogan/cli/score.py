"""``biogan score``: how real records look to a trained model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from biogan.cli import console
from biogan.cli.data import load_model
from biogan.cli.options import DATA, MODEL, overwrite_option

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.argument("run", type=MODEL)
@click.argument("data", type=DATA)
@click.option("-o", "--out", default="-", help="TSV file; standard output without.")
@overwrite_option()
def command(run: str, data: str, out: str, overwrite: bool) -> pd.DataFrame:
    """Write how real the records in DATA look to the model in the folder RUN.

    A table with a row for each record: its id, log_ratio, the calibrated estimate of
    log p(data) / p(model) in nats (above 0: real records are denser there than those of the model),
    and the critic's logit, of no fixed scale. Models without a calibrated critic have the logit
    alone.

    \b
    biogan score run seqs.fasta > scores.tsv
    """  # noqa: D301 - click's mark for lines that are not to be joined
    import pandas as pd

    from biogan.cli.sample import check_out
    from biogan.core.files import write_tsv

    gan = load_model(run)
    check_out(run, out, overwrite, data)
    records = gan.modality.read_known(data, gan.card.data.input or {})
    table: dict[str, Any] = {"id": list(records.ids)}
    if gan.card.judge:
        table["log_ratio"] = gan.log_ratio(records)
    else:
        console.say(f"{run}: has no calibrated critic, so that there is no log_ratio")
    table["critic"] = gan.score(records)
    frame = pd.DataFrame(table)
    write_tsv(frame, out)
    if out != "-":
        console.say(f"{len(frame):,} {gan.modality.noun}s in {out}")
    return frame
