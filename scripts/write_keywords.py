"""Write ``biogan/models/keywords.py``: the options of each configuration, for editors and mypy.

The options themselves are declared once, as fields of the configurations. A static tool cannot read
keyword parameters from these, so this script writes them out::

    python scripts/write_keywords.py

A test says when the file is out of date.
"""

from __future__ import annotations

import dataclasses
import textwrap
from pathlib import Path

from biogan.core.options import Kind, Options, kinds, shown_default
from biogan.images.config import ImageSamplingConfig
from biogan.molecules.config import MoleculeGANConfig, MoleculeSamplingConfig
from biogan.sequences.config import SequenceGANConfig, SequenceSamplingConfig
from biogan.training.config import ImageGANConfig

TARGET = Path(__file__).parents[1] / "biogan" / "models" / "keywords.py"
#: Name of each typed dictionary, its configuration, and the options that are parameters already.
TABLE: tuple[tuple[str, type[Options], tuple[str, ...]], ...] = (
    ("SequenceGANOptions", SequenceGANConfig, ()),
    ("MoleculeGANOptions", MoleculeGANConfig, ()),
    ("ImageGANOptions", ImageGANConfig, ()),
    ("SequenceSamplingOptions", SequenceSamplingConfig, ("seed",)),
    ("MoleculeSamplingOptions", MoleculeSamplingConfig, ("seed",)),
    ("ImageSamplingOptions", ImageSamplingConfig, ("seed",)),
)
HEAD = '''"""Options as keyword parameters, for editors and type checkers; written by a script.

Do not edit: change the configuration and run ``python scripts/write_keywords.py``.
"""

from __future__ import annotations

from typing import Literal, TypedDict
'''


def annotation(kind: Kind) -> str:
    """Write the type of an option."""
    words = ", ".join(f'"{word}"' for word in kind.choices)
    return (f"Literal[{words}]" if words else kind.type.__name__) + (
        " | None" if kind.optional else ""
    )


def dictionary(name: str, config: type[Options], without: tuple[str, ...]) -> str:
    """Write one typed dictionary."""
    lines = [f"class {name}(TypedDict, total=False):"]
    lines += [f'    """Options of :class:`~{config.__module__}.{config.__name__}`."""']
    for field in dataclasses.fields(config):
        if field.name in without:
            continue
        text = f'"""{field.metadata["help"]} {shown_default(field)}"""'
        lines += ["", f"    {field.name}: {annotation(kinds(config)[field.name])}"]
        lines += textwrap.wrap(
            text, 100, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
        )
    return "\n".join(lines) + "\n"


def written() -> str:
    """Return the whole file."""
    return "\n\n".join([HEAD, *(dictionary(*row) for row in TABLE)])


if __name__ == "__main__":
    TARGET.write_text(written(), "utf-8")
