"""``biogan report``: the page of a training run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from biogan.cli import console
from biogan.cli.options import DATA, MODEL, overwrite_option
from biogan.core.errors import BioganError, ConfigError, OutputError

if TYPE_CHECKING:
    from biogan.models.card import ModelCard
    from biogan.sequences.dataset import SequenceSet


#: How the names of pages end; a file of another name is not replaced.
PAGES = (".html", ".htm")


@click.command()
@click.argument("run", type=MODEL)
@click.option("-o", "--out", help="File to write.  [default: report.html in the folder]")
@overwrite_option()
@click.option("--explore", is_flag=True,
              help="Write a page of new sequences instead: to filter, sort, align and take "
              "along.")  # fmt: skip
@click.option("-n", "count", type=click.IntRange(1, 20_000), default=1000, show_default=True,
              help="With --explore: sequences on the page.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="With --explore: their seed.")
@click.option("--reference", type=DATA,
              help="With --explore: real records; each sequence is shown beside the nearest.  "
              "[default: what the model was trained on, if it is there]")  # fmt: skip
def command(
    run: str,
    out: str | None,
    overwrite: bool,
    explore: bool,
    count: int,
    seed: int,
    reference: str | None,
) -> Path:
    """Draw the page of the model RUN: curves, samples, data and options.

    \b
    biogan report run
    biogan report run --explore -n 10000 -o explore.html
    """  # noqa: D301 - click's mark for lines that are not to be joined
    if explore:
        path = write_explorer(run, out, overwrite, count, seed, reference)
    else:
        path = write_page(run, out, overwrite)
    console.say(f"{path} written")
    return path


def draw_page(run: str) -> None:
    """Write the page at the end of a run; what goes wrong in the drawing, the model is trained.

    Raises
    ------
    OutputError
        If the page cannot be written: ``--resume`` does it later.
    """
    if console.follower():
        return
    try:
        write_page(run)
    except OutputError:
        raise
    except Exception as error:
        console.say(f"the page of the run was not drawn ({error}); the model is whole")


def write_page(run: str, out: str | None = None, overwrite: bool = False) -> Path:
    """Write the page of a model folder and return its path.

    The page in the folder itself belongs to the run and is drawn anew.

    Raises
    ------
    CheckpointError
        If the folder holds no model.
    OutputError
        If the page cannot be written, would take the place of something that is no page, or of
        another page and ``overwrite`` is not given.
    """
    from biogan.core.files import check_output, write_text
    from biogan.models.checkpoint import FILES, LOG, PAGE, ModelFolder
    from biogan.models.published import FACTS
    from biogan.models.run_report import to_html
    from biogan.training.callbacks import read_log

    folder = Path(run)
    if out is None and (folder / FACTS).is_file():
        raise OutputError(f"{run}: nothing is written into a published model; give -o")
    card = ModelFolder(run).read_config()
    path = folder / PAGE if out is None else Path(out)
    own = path.is_file() and path.resolve() == (folder / PAGE).resolve()
    read = [folder / name for name in FILES if name != PAGE]
    check_output(path, read, overwrite or own or path.suffix.lower() not in PAGES)
    if path.is_file() and path.suffix.lower() not in PAGES:
        raise OutputError(f"{path}: exists and is no HTML; give the page a name in .html")
    log = read_log(folder / LOG)
    if log.note:
        console.say(log.note)
    html = to_html(folder.resolve().name, card, log.rows, _preview(folder, card))
    write_text(html, path)
    return path


def write_explorer(
    run: str, out: str | None, overwrite: bool, count: int, seed: int, reference: str | None
) -> Path:
    """Write the page on which new sequences are explored, and return its path.

    Raises
    ------
    ConfigError
        If the model writes no sequences.
    OutputError
        If the page cannot be written or something else is there.
    """
    from biogan.cli.data import load_model, read_records
    from biogan.core.files import check_output, write_text
    from biogan.models.published import FACTS
    from biogan.sequences.dataset import SequenceSet
    from biogan.sequences.explorer import explorer_page

    folder = Path(run)
    if out is None and (folder / FACTS).is_file():
        raise OutputError(f"{run}: nothing is written into a published model; give -o")
    path = folder / "explore.html" if out is None else Path(out)
    check_output(path, (), overwrite)
    gan = load_model(run)
    if gan.modality.name != "sequences":
        raise ConfigError(f"--explore: shows sequences, and {run} writes {gan.modality.name}")
    kind, read = type(gan.modality), gan.card.data.input or {}
    source, options = kind.read_as(read)
    known = None
    if reference is not None:
        known = gan.modality.read_known(reference, read)
    elif source is not None and Path(source).is_file():
        known = read_records(kind, source, kind.reading.from_dict(options), "reference")
    else:
        console.say("the training data are not at hand: no nearest records; give --reference")
    records = gan.sample(count, seed)
    assert isinstance(records, SequenceSet)
    html = explorer_page(folder.resolve().name, records, gan.score(records), known)
    write_text(html, path)
    return path


def _preview(folder: Path, card: ModelCard) -> SequenceSet | bytes | None:
    """Return the samples of the last check: a picture, or sequences; None where there are none."""
    from biogan.models.checkpoint import PICTURE, SAMPLES
    from biogan.sequences.alphabet import Alphabet
    from biogan.sequences.io.fasta import read_fasta, reading_like

    samples, picture = folder / SAMPLES, folder / PICTURE
    try:
        if picture.is_file():
            return picture.read_bytes()
        if samples.is_file():
            alphabet = Alphabet.from_dict(card.layout["alphabet"])
            return read_fasta(samples, reading_like(alphabet), whose="the model")
    except (BioganError, KeyError, OSError) as error:
        # It only decorates: the page shows the rest.
        console.say(f"the samples are left out: {error}")
    return None
