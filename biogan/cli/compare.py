"""``biogan compare``: several generated sets against the same real records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biogan.cli import console
from biogan.cli.data import read_records
from biogan.cli.evaluate import check_folder, refuse_swapped, warn
from biogan.cli.options import DATA, GroupedCommand, config_options, scoring_options
from biogan.sequences.config import ReadingConfig, SequenceScoringConfig

if TYPE_CHECKING:
    from biogan.evaluation.report.report import Report


@click.command(cls=GroupedCommand, headings=(SequenceScoringConfig, ReadingConfig))
@click.argument("reference", type=DATA)
@click.argument("fasta", type=DATA, nargs=-1, required=True)
@scoring_options("compare.html, compare.tsv and compare.json")
@config_options(SequenceScoringConfig, "scoring")
@config_options(ReadingConfig, "reading")
def command(
    reference: str,
    fasta: tuple[str, ...],
    train: str | None,
    held_out: str | None,
    out: str | None,
    overwrite: bool,
    as_json: bool,
    measured: dict[str, Any],
    scoring: SequenceScoringConfig,
    reading: ReadingConfig,
) -> dict[str, Report]:
    """Score every FASTA against REFERENCE at one n, with ceiling and floors computed once.

    \b
    biogan compare real.fasta gan.fasta markov.fasta -o comparison
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.core.files import claim_folder
    from biogan.core.inputs import check_once
    from biogan.evaluation.report.report import ComparisonReport
    from biogan.sequences.evaluate import compare
    from biogan.sequences.modality import SequenceModality

    if out is not None:
        check_folder(Path(out), overwrite)
    names = _names(fasta)
    check_once(reference, *fasta, train, held_out, reading.labels, scoring.motifs)
    kind = SequenceModality
    kind.metrics().choose(measured.get("metrics"))  # an unknown name is refused at once
    known = kind.scoring_arguments(scoring)
    real = read_records(kind, reference, reading, "reference")
    others, whose = kind.like(real, reading), kind.whose(reading)
    new = {
        name: read_records(kind, path, others, name, whose)
        for name, path in zip(names, fasta, strict=True)
    }
    trained, held = (
        None if path is None else read_records(kind, path, others, name, whose)
        for name, path in (("train", train), ("held-out", held_out))
    )
    given = {"reference": real, "train": trained, "held-out": held}
    for some in new.values():
        refuse_swapped(some, {name: one for name, one in given.items() if one is not None})
    if out is not None:
        claim_folder(Path(out))
    found = compare(
        real,
        new,
        trained,
        held,
        progress=console.Steps("scoring"),
        **measured,
        **known,
    )
    reports = ComparisonReport(found)
    console.end_status()
    warn(*found.values())
    if out is not None:
        files = reports.write(Path(out), console.command_line())
        console.say(f"{out}: {', '.join(files)} written")
    console.echo(reports.to_json() if as_json else reports.to_text())
    return found


def _names(paths: tuple[str, ...]) -> list[str]:
    """Call each set by its file's name, by its path as typed where that is not clear."""
    if len({Path(path) for path in paths}) < len(paths):
        raise click.UsageError("the same file is given twice")
    short = [Path(path).name for path in paths]
    # The parts of an evaluation have names without a dot.
    clear = len(set(short)) == len(short) and all("." in name for name in short)
    return short if clear else [path if set("./") & set(path) else f"./{path}" for path in paths]
