"""``biogan evaluate``: two FASTA files in, a table and a verdict out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biogan.cli import console
from biogan.cli.options import GroupedCommand, config_options, scoring_options
from biogan.core.errors import OutputError, QualityError
from biogan.sequences.config import ReadingConfig

if TYPE_CHECKING:
    from biogan.evaluation.report.report import Report
    from biogan.sequences.alphabet import Alphabet
    from biogan.sequences.dataset import SequenceSet


@click.command(cls=GroupedCommand, headings=(ReadingConfig,))
@click.argument("fasta")
@click.option("--reference", required=True, help="Real sequences.")
@click.option("--fail-on", metavar="GROUPS", help="Exit with code 1 if a metric of these groups "
              "fails (mark x), e.g. memorisation,diversity,composition.")  # fmt: skip
@scoring_options("sequences", "report.html, metrics.json and further files")
@config_options(ReadingConfig, "reading")
def command(
    fasta: str,
    reference: str,
    train: str | None,
    held_out: str | None,
    out: str | None,
    overwrite: bool,
    as_json: bool,
    fail_on: str | None,
    scoring: dict[str, Any],
    reading: ReadingConfig,
) -> Report:
    """Score FASTA ('-' for standard input) beside held-out real data and trivial samplers.

    \b
    biogan evaluate new.fasta --reference real.fasta
    biogan evaluate new.fasta --reference test.fasta --train train.fasta -o report
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.core.files import claim_folder
    from biogan.sequences.evaluate import evaluate
    from biogan.sequences.metrics.catalogue import SEQUENCE_METRICS

    groups = groups_of(fail_on, SEQUENCE_METRICS.groups)
    check_standard_input(reference, fasta, train, held_out)
    if out is not None:
        check_folder(Path(out), overwrite)
    known = known_beyond(scoring)
    real = read_like("reference", reference, reading)
    paths = {"generated": fasta, "train": train, "held-out": held_out}
    sets = {
        name: read_like(name, path, reading, real.alphabet)
        for name, path in paths.items()
        if path is not None
    }
    if out is not None:
        claim_folder(Path(out))
    report = evaluate(
        real,
        sets["generated"],
        sets.get("train"),
        sets.get("held-out"),
        progress=console.Steps("scoring"),
        **known,
    )
    return finish(report, out, as_json, groups)


def finish(report: Report, out: str | None, as_json: bool, groups: list[str]) -> Report:
    """Write and print a report; fail where a group of ``--fail-on`` does."""
    console.end_status()
    # The files first: who reads standard output may have gone away.
    if out is not None:
        files = report.write(Path(out), console.command_line())
        console.say(f"{out}: {', '.join(files)} written")
    click.echo(report.to_json() if as_json else report.to_text())
    _judge(report, groups)
    return report


def groups_of(names: str | None, order: Sequence[str]) -> list[str]:
    """Read ``--fail-on``: groups of metrics, with ``memorisation`` for ``novelty``."""
    known = {**{group: group for group in order}, "memorisation": "novelty"}
    wanted = [name.strip() for name in (names or "").split(",") if name.strip()]
    for name in wanted:
        if name not in known:
            raise click.UsageError(f"--fail-on: no group {name!r}; groups: {', '.join(known)}")
    if names is not None and not wanted:
        raise click.UsageError(f"--fail-on: names no group; groups: {', '.join(known)}")
    return [known[name] for name in wanted]


def _judge(report: Report, groups: list[str]) -> None:
    """Fail where a group that was asked for does; say where nothing could be judged."""
    from biogan.evaluation.report.results import FAILED, UNREAD

    rows = [row for row in report.rows if row.metric.group in groups]
    failed = [f"{row.metric.title} ({row.status})" for row in rows if row.status in FAILED]
    if failed:
        raise QualityError(f"--fail-on: {'; '.join(failed)}")
    for group in groups:
        if all(row.status == UNREAD for row in rows if row.metric.group == group):
            console.say(f"--fail-on: {group} could not be assessed, so it could not fail")


def read_like(
    name: str, path: str, reading: ReadingConfig, alphabet: Alphabet | None = None
) -> SequenceSet:
    """Read one file; all but the reference are read with the reference's alphabet."""
    from biogan.sequences.io.fasta import REFERENCE, read_fasta, reading_like

    whose = ""
    if alphabet is not None:
        whose = "" if reading.alphabet else REFERENCE
        reading = reading_like(alphabet, reading)
    sequences = read_fasta(path, reading, whose=whose)
    for line in sequences.report.lines() if sequences.report else ():
        console.say(line if line.startswith(f"{name}: ") else f"{name}: {line}")
    return sequences


def known_beyond(scoring: dict[str, Any]) -> dict[str, Any]:
    """Look metrics up and read motifs and profile, before time is spent on the sequences."""
    from biogan.sequences.metrics.catalogue import get_metrics
    from biogan.sequences.metrics.context import read_extras

    get_metrics(scoring.get("metrics"))
    extras = read_extras(scoring.get("motifs", ()), scoring.get("hmm"), code=scoring["code"])
    return scoring | {"motifs": extras.motifs, "hmm": extras.hmm}


def check_standard_input(*paths: str | None) -> None:
    """Refuse ``-`` for more than one set: the first would read all of it."""
    if paths.count("-") > 1:
        raise click.UsageError("'-': standard input cannot be two sets, give a file for one")


def check_folder(folder: Path, overwrite: bool) -> None:
    """Refuse a file, and a folder that holds something, unless it may be replaced."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file, -o needs a folder")
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise OutputError(f"{folder}: is not empty; use --overwrite, or another folder")
