"""``biogan evaluate``: generated and real records in, a table and a verdict out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biogan.cli import console
from biogan.cli.data import kind_of_run, load_model, read_records
from biogan.cli.options import (
    DATA,
    DEFAULT_KIND,
    MODEL_OR_DATA,
    REFERENCE,
    KindCommand,
    given,
    kind_option,
    scoring_options,
)
from biogan.core.errors import DataError, OutputError, QualityError, UnassessedError, plural
from biogan.core.files import check_output
from biogan.core.protocols import sampled_ids

if TYPE_CHECKING:
    from biogan.evaluation.report.report import Report
    from biogan.models.gan import GAN


# Records that a model is asked for, where the reference has as many.
_DRAWN = 10_000


def _kind(typed: Mapping[str, Any]) -> str:
    from biogan.models.registry import kind_of_data

    if is_model(typed.get("generated")):
        return kind_of_run(typed["generated"])
    known = typed.get("reference") or typed.get("generated")
    return kind_of_data(known).name if known else DEFAULT_KIND


@click.command(cls=KindCommand, parts=("scoring", "reading"), find=_kind)
@click.argument("generated", type=MODEL_OR_DATA)
@click.option("--reference", type=DATA, help=f"{REFERENCE}  [default: of a model folder, what it "
              "was trained on]")  # fmt: skip
@click.option("--fail-on", metavar="GROUPS", help="Exit with code 1 if a metric of these groups "
              "fails (mark x), with code 3 if all of a group have the mark '?', e.g. "
              "memorisation,diversity,composition.")  # fmt: skip
@scoring_options("report.html, metrics.json and further files")
@kind_option()
def command(
    generated: str,
    reference: str | None,
    train: str | None,
    held_out: str | None,
    out: str | None,
    overwrite: bool,
    as_json: bool,
    fail_on: str | None,
    measured: dict[str, Any],
    kind: str,
    scoring: Any,
    reading: Any,
) -> Report:
    """Score GENERATED beside held-out real data and trivial samplers.

    GENERATED is a file of records, as 'biogan train' reads them ('-' for FASTA from standard
    input), or a model (a folder or an address), which is asked for new ones.

    \b
    biogan evaluate new.fasta --reference real.fasta
    biogan evaluate new.fasta --reference test.fasta --train train.fasta -o report
    biogan evaluate digits --held-out mnist-test
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.core.files import claim_folder
    from biogan.core.inputs import check_once, is_lasting
    from biogan.models.checkpoint import generator_digest
    from biogan.models.registry import get_kind

    cls = get_kind(kind)
    groups = groups_of(fail_on, cls.metrics().groups)
    check_once(generated, reference, train, held_out, reading.labels,
               getattr(scoring, "motifs", None))  # fmt: skip
    if out is not None:
        check_folder(Path(out), overwrite)
    gan, chosen = None, True
    if is_model(generated):
        gan = load_model(generated)
        source, learned = cls.read_as(gan.card.data.input or {})
        chosen, reference = reference is not None, reference or source
        reading = type(reading).from_dict({**learned, **given(reading)})
        old = [] if chosen else [("--reference", source)]
        old += [] if "labels" in given(reading) else [("--labels", learned.get("labels"))]
        for option, name in old:
            if name is not None and not is_lasting(name):
                raise click.UsageError(
                    f"{option}: {generated} was trained on a pipe ({name}), which is gone; name a "
                    "file of the same data"
                )
    if reference is None:
        raise click.UsageError("Missing option '--reference'.")
    cls.metrics().choose(measured.get("metrics"))  # an unknown name is refused at once
    known = cls.scoring_arguments(scoring)
    real = read_records(cls, reference, reading, "reference")
    others, whose = cls.like(real, reading), cls.whose(reading)
    if gan is not None and not chosen and real.digest != gan.card.data.digest:
        console.say(f"{reference}: no longer holds the records that the model was trained on")
    told = _parts(gan, real) if gan is not None and train is None and held_out is None else {}
    real = told.pop("reference", real)
    sets: dict[str, Any] = {
        name: read_records(cls, path, others, name, whose)
        for name, path in (("train", train), ("held-out", held_out))
        if path is not None
    } | told
    if gan is None:
        new = read_records(cls, generated, others, "generated", whose)
    else:
        new = _sampled(gan, generated, measured.get("n") or min(_DRAWN, len(real)),
                       measured["seed"])  # fmt: skip
    refuse_swapped(new, {"reference": real, **sets})
    if out is not None:
        claim_folder(Path(out))
    report = cls.evaluate(
        real,
        new,
        train=sets.get("train"),
        held_out=sets.get("held-out"),
        progress=console.Steps("scoring"),
        **measured,
        **known,
    )
    if gan is not None:
        # So that 'biogan push' can tell that a report is one of the model it publishes.
        mine = report.sets["generated"] | {"model": generator_digest(generated)}
        report = replace(report, sets={**report.sets, "generated": mine})
    return finish(report, out, as_json, groups)


def refuse_swapped(new: Any, real: Mapping[str, Any]) -> None:
    """Refuse real sets whose ids are those of sampled records, where the generated one's are not.

    Raises
    ------
    DataError
        If files seem swapped; sets that hold one another's records are found by the evaluation.
    """
    for name, some in real.items():
        if sampled_ids(some.ids) and not sampled_ids(new.ids):
            raise DataError(
                f"{name}: its ids are those of 'biogan sample' ({some.ids[0]}), and those of the "
                "generated set are not: files are swapped; what is judged comes first"
            )


def is_model(path: str | None) -> bool:
    """Whether a path is a model folder."""
    return path is not None and (Path(path) / "config.json").is_file()


def _parts(gan: GAN, real: Any) -> dict[str, Any]:
    """Split the training data of a model as its training did, where they can be told."""
    from biogan.evaluation.intervals import GROUPS
    from biogan.models.card import same_split

    if real.digest != gan.card.data.digest:
        return {}
    if gan.card.data.stored:
        console.say(
            "the reference is the training data of the model, which were read into files: which of "
            "them it learned from cannot be told here; give --train and --held-out"
        )
        return {}
    parts = gan.modality.split(real, gan.config)
    if not same_split(gan.card, len(parts.train), len(parts.held_out)):
        console.say(
            "the reference is the training data of the model, which biogan "
            f"{gan.card.biogan} split otherwise than this version does: which records were kept "
            "apart cannot be told; give --held-out"
        )
        return {}
    if len(parts.held_out) < GROUPS:
        console.say(
            "the reference is the training data of the model, and "
            f"{plural(len(parts.held_out), gan.modality.noun)} of it were kept apart, {GROUPS} are "
            "needed: it is split, and copying cannot be told; give --held-out"
        )
        return {}
    learned, kept = map(gan.modality.repeated, (parts.train, parts.held_out))
    console.say(
        f"the reference is the training data of the model: {len(learned):,} {gan.modality.noun}s "
        f"were learned from, {len(kept):,} kept apart and are the held-out ones"
    )
    return {"reference": learned, "held-out": kept}


def _sampled(gan: GAN, path: str, n: int, seed: int) -> Any:
    """Draw from a model, and name it as the source."""
    from biogan.models.sampling import joined

    chunks, done = [], 0
    for chunk in gan.stream(n, seed):
        chunks.append(chunk)
        done += len(chunk.records)
        console.status(f"sampled {done:,} of {n:,}")
    console.end_status()
    return gan.modality.from_source(joined(chunks), path)


def finish(report: Report, out: str | None, as_json: bool, groups: list[str]) -> Report:
    """Write and print a report; fail where a group of ``--fail-on`` does."""
    console.end_status()
    warn(report)
    # The files first: who reads standard output may have gone away.
    if out is not None:
        files = report.write(Path(out), console.command_line())
        console.say(f"{out}: {', '.join(files)} written")
    console.echo(report.to_json() if as_json else report.to_text())
    _judge(report, groups)
    return report


def warn(*reports: Report) -> None:
    """Print what makes the sets of reports doubtful, each warning once."""
    for warning in dict.fromkeys(w for report in reports for w in report.warnings):
        console.say(f"warning: {warning}")


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
    """Fail where a group that was asked for does, or where nothing of it could be judged."""
    from biogan.evaluation.report.results import FAILED, UNREAD

    asked = {group: [r for r in report.rows if r.metric.group == group] for group in groups}
    rows = [row for some in asked.values() for row in some]
    failed = [f"{row.metric.title} ({row.status})" for row in rows if row.status in FAILED]
    if failed:
        raise QualityError(f"--fail-on: {'; '.join(failed)}")
    blank = []
    for group, some in asked.items():
        unread = [row for row in some if row.status == UNREAD]
        needed = [row.needed for row in unread if row.needed is not None]
        if len(unread) == len(some):
            about = f" (about {min(needed):,} {report.spec.noun}s are needed)" if needed else ""
            blank.append(f"{group}{about}")
        elif unread:
            some_of = f"{len(unread):,} of {len(some):,} metrics of {group}"
            console.say(f"--fail-on: {some_of} could not be assessed")
    if blank:
        raise UnassessedError(
            f"--fail-on: {', '.join(blank)} could not be assessed at n = {report.n:,}, so nothing "
            "is known"
        )


def check_folder(folder: Path, overwrite: bool) -> None:
    """Refuse a file, and a folder that holds something, unless it may be replaced."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file, -o needs a folder")
    check_output(folder, (), overwrite)
