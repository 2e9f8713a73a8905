"""``biogan embed``: records as vectors, by the critic of a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from biogan.cli import console
from biogan.cli.data import load_model
from biogan.cli.options import DATA, MODEL, overwrite_option

if TYPE_CHECKING:
    import numpy as np


@click.command()
@click.argument("run", type=MODEL)
@click.argument("data", type=DATA)
@click.option("-o", "--out", required=True,
              help="What to write, by its name: .npy (n x d numbers) or .tsv (with "
              "ids).")  # fmt: skip
@overwrite_option()
def command(run: str, data: str, out: str, overwrite: bool) -> np.ndarray:
    """Write the records in DATA as vectors: what the last layer of the critic of RUN reads.

    \b
    biogan embed run seqs.fasta -o vectors.npy
    """  # noqa: D301 - click's mark for lines that are not to be joined
    import numpy as np
    import pandas as pd

    from biogan.cli.sample import check_out
    from biogan.core.files import atomic_path, write_tsv

    suffix = Path(out).suffix
    if suffix not in (".npy", ".tsv"):
        raise click.UsageError(f"-o {out}: the name has to end with .npy or .tsv")
    gan = load_model(run)
    check_out(run, out, overwrite, data)
    records = gan.modality.read_known(data, gan.card.data.input or {})
    vectors = gan.embed(records)
    if suffix == ".npy":
        with atomic_path(out) as path, path.open("wb") as file:
            np.save(file, vectors)
    else:
        names = [f"v{i + 1}" for i in range(vectors.shape[1])]
        frame = pd.DataFrame(vectors, columns=names)
        frame.insert(0, "id", list(records.ids))
        write_tsv(frame, out)
    console.say(
        f"{len(vectors):,} {gan.modality.noun}s, {vectors.shape[1]:,} numbers each, in {out}"
    )
    return vectors
