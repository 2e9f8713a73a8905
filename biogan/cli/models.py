"""``biogan models``: the catalogue of models that biogan knows by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from biogan.cli import console
from biogan.core.display import message


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the catalogue as JSON.")
def command(as_json: bool) -> list[dict[str, Any]]:
    """List models by their addresses: what they write, size, licence, verdict.

    \b
    biogan models
    biogan sample builtin:promoters -n 10
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from biogan.core.files import read_json
    from biogan.models import address

    known: list[dict[str, Any]] = read_json(Path(address.__file__).parent / "catalogue.json")
    console.echo(json.dumps(known, indent=2) if as_json else "\n\n".join(map(_told, known)))
    return known


def _told(model: dict[str, Any]) -> str:
    rows = {
        "writes": model["writes"],
        "data": model["data"],
        "size": f"{model['bytes'] / 1e6:,.1f} MB",
        "sha256": model["sha256"],
        "licence": model["licence"],
        "n": f"{model['n']:,}",
    }
    lines = [model["address"], *(f"  {name:<8} {message(str(x))}" for name, x in rows.items())]
    return "\n".join([*lines, *(f"  * {message(line)}" for line in model["verdict"])])
