"""Options of reading, learning, sampling and writing molecules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from biogan.core.errors import ConfigError
from biogan.core.options import InputOptions, Options, flag, option
from biogan.sequences.config import SequenceGANConfig, SequenceSamplingConfig


@dataclass(frozen=True)
class MoleculeReadingConfig(InputOptions):
    """How files of molecules are read: one documented policy for each kind of doubt."""

    format: Literal["auto", "smiles", "table", "sdf"] = option(
        "auto",
        "File format: one SMILES on each line, with or without an id behind it; a table (CSV, TSV) "
        "with a header; or SDF (auto: by the name, else by what stands in it).",
        "Input",
        level="basic",
    )
    column: str | None = option(
        None,
        "Column of a table that holds SMILES (found where it is called smiles).",
        "Input",
        level="basic",
    )
    salts: Literal["largest", "keep", "drop", "error"] = option(
        "largest",
        "Molecules of several parts, such as salts: keep the largest part, keep all parts, drop "
        "the molecule, or stop with an error.",
        "Input",
        level="basic",
    )
    invalid: Literal["drop", "error"] = option(
        "drop",
        "What is no molecule: drop it, or stop with an error.",
        "Input",
    )
    duplicates: Literal["drop", "keep"] = option(
        "drop",
        "Molecules that occur several times, by their canonical SMILES: read each once, or as "
        "often as it occurs.",
        "Input",
    )
    limit: int | None = option(
        None,
        "Read this many records, drawn at random from the file (all).",
        "Input",
        low=2,
        level="basic",
    )
    labels: str | None = option(
        None,
        "TSV file of labels: first column the id, each further column a label; used instead of "
        "the other columns of a table and the properties of SDF.",
        "Input",
        file=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.column is not None and self.format not in ("auto", "table"):
            raise ConfigError(f"--column {self.column}: --format {self.format} has no columns")


@dataclass(frozen=True)
class MoleculeGANConfig(SequenceGANConfig):
    """Options of a GAN of molecules."""

    alphabet: Literal["selfies", "smiles"] = option(
        "smiles",
        "How molecules are written: SMILES, or SELFIES, in which each text is a molecule.",
        "Data",
        level="basic",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("word", "reverse_complement", "rotate", "shift"):
            if getattr(self, name) not in (None, False, 0, 1):
                raise ConfigError(f"{flag(name)}: molecules have no such thing")


@dataclass(frozen=True)
class MoleculeSamplingConfig(SequenceSamplingConfig):
    """How molecules are drawn from a trained generator."""

    invalid: Literal["redraw", "keep"] = option(
        "redraw",
        "Texts that are no molecules: draw others instead, or write them as they are, so that they "
        "count in an evaluation.",
        "Sampling",
    )

    require_smarts: str | None = option(
        None,
        "Write molecules that hold this pattern (SMARTS) alone, such as c1ccncc1; others are drawn "
        "instead.",
        "Sampling",
        level="basic",
    )


@dataclass(frozen=True)
class MoleculeScoringConfig(Options):
    """What is known beyond the molecules when they are evaluated."""

    scaffold_test: str | None = option(
        None,
        "Real molecules of scaffolds that were not trained on: a column of the benchmark table.",
        "Evaluation",
        level="basic",
        file=True,
    )


@dataclass(frozen=True)
class MoleculeWritingConfig(Options):
    """How molecules are written."""

    format: Literal["smi", "selfies", "sdf", "tsv"] | None = option(
        None,
        "Format of the output (by the name, else smi: canonical SMILES and id).",
        "Output",
        level="basic",
    )
