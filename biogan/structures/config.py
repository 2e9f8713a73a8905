"""Options of reading structures."""

from __future__ import annotations

from dataclasses import dataclass

from biogan.core.options import InputOptions, option


@dataclass(frozen=True)
class StructureReadingConfig(InputOptions):
    """How structures are read."""

    residues: int | None = option(
        None,
        "Cut structures into fragments of this many residues: 16, 32, 64 or 128.  [default: 64]",
        "Input",
        low=16,
        high=128,
        level="basic",
    )
    labels: str | None = option(
        None,
        "TSV with the families of chains (first column id, second column family); fragments of one "
        "family stay on one side of a split.",
        "Input",
        level="basic",
        file=True,
    )
