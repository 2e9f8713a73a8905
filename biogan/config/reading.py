"""Options of reading sequence files."""

from __future__ import annotations

from dataclasses import dataclass

from biogan.errors import ConfigError
from biogan.options import Options, option


@dataclass(frozen=True)
class ReadingConfig(Options):
    """How sequence files are read: one documented policy for each kind of doubtful letter."""

    format: str = option(
        "auto",
        "File format (auto: FASTQ for names in .fastq or .fq, else FASTA; lines: one bare "
        "sequence a line).",
        "Input",
        choices=("auto", "fasta", "fastq", "lines"),
    )
    alphabet: str | None = option(
        None, "dna, rna, protein or custom:LETTERS (found from the data).", "Input"
    )
    ambiguous: str = option(
        "drop",
        "Records with ambiguous letters (N, R, X, ...): drop them, resolve to a random "
        "possible letter, keep the letters as letters of their own, or stop.",
        "Input",
        choices=("drop", "resolve", "keep", "error"),
    )
    case: str = option(
        "auto",
        "Lower case: same as upper case, or an A2M insert to remove (auto: A2M only where "
        "the file has '.' gaps and lower case and taking both out aligns it).",
        "Input",
        choices=("auto", "upper", "a2m", "error"),
    )
    gaps: str = option(
        "auto",
        "Gaps '-' and '.': a letter, removed, or an error (auto: a letter where all records "
        "have one length, else removed).",
        "Input",
        choices=("auto", "letter", "remove", "error"),
    )
    stop: str = option(
        "strip",
        "'*': strip it at the end and drop records with one inside, keep it as a letter, "
        "drop every such record, or stop.",
        "Input",
        choices=("strip", "keep", "drop", "error"),
    )
    foreign: str = option(
        "drop",
        "Records with letters that no policy covers: drop them, or stop.",
        "Input",
        choices=("drop", "error"),
    )
    length: int | None = option(None, "Drop records longer than this.", "Input", low=1)
    window: int | None = option(
        None, "Cut records into windows of this length; drop shorter ones.", "Input", low=1
    )
    stride: int | None = option(
        None, "Distance between windows (the window length).", "Input", low=1
    )
    labels: str | None = option(
        None, "TSV of labels: first column id, one column a label; wins over headers.", "Input"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride is not None and self.window is None:
            raise ConfigError("--stride: needs --window")
        if self.length is not None and self.window is not None:
            raise ConfigError("--length: cannot be combined with --window")
