"""``biogan pull``: fetch a published model."""

from __future__ import annotations

import click

from biogan.cli import console
from biogan.core.errors import ConfigError


@click.command()
@click.argument("address")
@click.option("-o", "--out", metavar="FOLDER",
              help="Folder for a copy; without it the model stays in the cache.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace the model in the folder.")
def command(address: str, out: str | None, overwrite: bool) -> str:
    """Fetch the model at ADDRESS, check every file of it, and copy it to a folder.

    ADDRESS is hf:OWNER/NAME@REVISION, the https: address of an archive with #sha256=... behind it,
    file:FOLDER or builtin:NAME. Whatever takes a model folder takes an address, too: what was
    fetched once is read from the cache, without a network.

    \b
    biogan pull hf:lab/promoters@v1 -o run
    biogan pull builtin:promoters -o run
    biogan sample hf:lab/promoters@v1 -n 1000 > new.fasta
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.models.address import is_address, local_folder
    from biogan.models.published import check_published, copy_published

    if not is_address(address):
        raise ConfigError(
            f"{address}: is no address; write hf:OWNER/NAME, https:...#sha256=..., file:FOLDER or "
            "builtin:NAME"
        )
    folder = local_folder(address, console.say, again=True)
    facts = check_published(folder, address)
    console.say(f"{address}: every file is as it was published; licence {facts['licence']}")
    if out is None:
        console.echo(str(folder))
        return str(folder)
    console.say(f"in {out}: {', '.join(copy_published(folder, out, overwrite))}")
    return out
