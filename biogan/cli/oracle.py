"""``biogan oracle``: a predictor of a label, for ``biogan design``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biogan.cli import console
from biogan.cli.data import say_dropped
from biogan.cli.options import FILE, GroupedCommand, config_options, overwrite_option
from biogan.designing.config import OracleConfig
from biogan.sequences.config import ReadingConfig

if TYPE_CHECKING:
    from biogan.designing.predictor import Predictor


@click.command(cls=GroupedCommand, headings=(OracleConfig, ReadingConfig))
@click.argument("fasta", type=FILE)
@click.option("--target", required=True, metavar="LABEL",
              help="Label that is predicted: a key=value of the headers, or a column of "
              "--labels.")  # fmt: skip
@click.option("-o", "--out", required=True, metavar="FOLDER", help="Folder for the predictor.")
@click.option("--check", metavar="FOLDER",
              help="Learn from one half of the records, and write a predictor of the other family, "
              "that has learned from the other half, into this folder.")  # fmt: skip
@overwrite_option()
@config_options(OracleConfig, "config")
@config_options(ReadingConfig, "reading")
def command(
    fasta: str,
    target: str,
    out: str,
    check: str | None,
    overwrite: bool,
    config: OracleConfig,
    reading: ReadingConfig,
) -> list[Predictor]:
    """Learn to predict a label of the sequences in FASTA.

    Says how well records are predicted that it has not learned from, none of which is a near copy
    of one that it has. Predictions stay within the labels that were learned from. --check gives
    two predictors that share no records: one to be optimised, one to check what came of it.

    \b
    biogan oracle labelled.fasta --target expr -o oracle --check second
    biogan design run --oracle oracle --check second -o designs
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from dataclasses import replace

    from biogan.core.conditions import chosen_conditions
    from biogan.core.errors import ConfigError
    from biogan.core.files import check_folder
    from biogan.designing.predictor import FACTS, Predictor, assess, halves, other
    from biogan.sequences.io.fasta import read_fasta

    if check is not None and Path(check).resolve() == Path(out).resolve():
        raise ConfigError(f"--check {check}: is the folder of --out too; name another one")
    for path in (Path(folder) for folder in (out, check) if folder is not None):
        check_folder(path, (path / FACTS).exists(), overwrite)
    records = say_dropped(read_fasta(fasta, reading))
    kind = chosen_conditions(
        [target if config.kind is None else f"{target}={config.kind}"], records.labels, "FASTA"
    )[target]
    parts = [records] if check is None else halves(records, target, config.seed)
    made = []
    for part, folder, family in zip(
        parts, [out, check], [config.family, other(config.family)], strict=False
    ):
        facts = assess(part, target, family, kind, config.seed)
        predictor = replace(
            Predictor.fitted(part, target, family, kind, config.seed), assessed=facts
        )
        predictor.save(Path(str(folder)))
        console.say(f"{folder}: {said(predictor)}")
        made.append(predictor)
    return made


def said(predictor: Any) -> str:
    """Say what a predictor has learned, and how well."""
    facts = predictor.assessed
    measure = {"r": "Spearman r", "accuracy": "balanced accuracy"}[facts["measure"]]
    return (
        f"{predictor.family} on {predictor.described.what} of {predictor.records:,} records "
        f"predicts {predictor.label} ({predictor.kind}); {measure} {facts['value']:.3f} "
        f"[{facts['low']:.3f}, {facts['high']:.3f}] on {facts['held_out']:,} held-out records"
    )
