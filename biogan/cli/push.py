"""``biogan push``: publish a model with its report."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click

from biogan.cli import console
from biogan.cli.options import MODEL, overwrite_option
from biogan.core.errors import ConfigError, OutputError


@click.command()
@click.argument("run", type=MODEL)
@click.argument("address")
@click.option("--licence", required=True, metavar="NAME",
              help="Licence of the model, an identifier such as cc-by-4.0; look at that of the "
              "data.")  # fmt: skip
@click.option("--report", metavar="FOLDER",
              help="Folder of the report of 'biogan evaluate RUN -o FOLDER'.  "
              "[default: RUN/evaluation]")  # fmt: skip
@click.option("--private", is_flag=True, help="Make a new repository of a hub a private one.")
@overwrite_option()
def command(
    run: str, address: str, licence: str, report: str | None, private: bool, overwrite: bool
) -> str:
    """Publish the model RUN with its report at ADDRESS.

    ADDRESS is hf:OWNER/NAME (a repository of the Hugging Face hub), file:FOLDER, or file:NAME.zip,
    an archive for any server. A model without a report of its own is refused.

    \b
    biogan evaluate run -o run/evaluation
    biogan push run hf:lab/promoters --licence cc-by-4.0
    biogan push run file:promoters.zip --licence cc-by-4.0
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.core.files import remove_folder, writing
    from biogan.models.address import HubName, upload, write_archive
    from biogan.models.published import FACTS, check_published, publish

    scheme, _, rest = address.partition(":")
    if scheme not in ("hf", "file") or not rest:
        raise ConfigError(f"{address}: push to hf:OWNER/NAME, file:FOLDER or file:NAME.zip")
    repo = HubName.parsed(address) if scheme == "hf" else None
    target = Path(rest)
    if repo is None and target.exists():
        ours = target.is_file() if target.suffix == ".zip" else (target / FACTS).is_file()
        if not overwrite:
            raise OutputError(f"{target}: is there already; name another, or give --overwrite")
        if not ours:
            raise OutputError(f"{target}: is no published model, so it is not replaced")
    with tempfile.TemporaryDirectory() as name:
        folder = publish(run, Path(name) / "model", licence, report)
        check_published(folder, run)
        if repo is not None:
            commit = upload(folder, repo, private, f"{run}, by biogan push")
            found = f"hf:{repo.repository}@{commit}"
        elif target.suffix == ".zip":
            digest = write_archive(folder, target)
            found = f"https://SERVER/{target.name}#sha256={digest}"
        else:
            if target.exists():
                remove_folder(target)
            with writing(target):
                shutil.copytree(folder, target)
            found = address
    console.say(f"{run} is published; others name it")
    console.echo(found)
    return found
