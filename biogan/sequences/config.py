"""Options of reading sequence files, of a sequence GAN and of sampling from one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from biogan.core.errors import ConfigError
from biogan.core.options import InputOptions, Options, option
from biogan.nn.config import SequenceNetConfig
from biogan.training.config import SamplingConfig, TrainingConfig


@dataclass(frozen=True)
class ReadingConfig(InputOptions):
    """How sequence files are read: one documented policy for each kind of doubtful letter."""

    format: Literal["auto", "fasta", "fastq", "lines"] = option(
        "auto",
        "File format (auto: FASTQ for names in .fastq or .fq, else FASTA; lines: one sequence "
        "on each line).",
        "Input",
        level="basic",
    )
    alphabet: str | None = option(
        None, "dna, rna, protein or custom:LETTERS (found from the data).", "Input", level="basic"
    )
    ambiguous: Literal["drop", "resolve", "keep", "error"] = option(
        "drop",
        "Records with ambiguous letters (N, R, X, ...): drop them, resolve each letter to a "
        "random possible one, keep the letters as they are, or stop with an error.",
        "Input",
        level="basic",
    )
    case: Literal["auto", "upper", "a2m", "error"] = option(
        "auto",
        "Lower case: the same as upper case, or an A2M insert to remove (auto: A2M only where "
        "the file has '.' gaps and lower case, and removing both aligns it).",
        "Input",
    )
    gaps: Literal["auto", "letter", "remove", "error"] = option(
        "auto",
        "Gaps '-' and '.': a letter, removed, or an error (auto: a letter where all records "
        "have one length, else removed).",
        "Input",
    )
    stop: Literal["strip", "keep", "drop", "error"] = option(
        "strip",
        "'*': remove it at the end and drop records with one inside (strip), keep it as a "
        "letter, drop every such record, or stop with an error.",
        "Input",
    )
    foreign: Literal["drop", "error"] = option(
        "drop",
        "Records with letters that are not in the alphabet and not ambiguous: drop them, or "
        "stop with an error.",
        "Input",
    )
    length: int | None = option(
        None, "Drop records that are longer than this.", "Input", low=1, level="basic"
    )
    window: int | None = option(
        None,
        "Cut records into windows of this length; drop shorter ones.",
        "Input",
        low=1,
        level="basic",
    )
    stride: int | None = option(
        None, "Distance between the starts of two windows (the length of a window).", "Input", low=1
    )
    labels: str | None = option(
        None,
        "TSV file of labels: first column the id, each further column a label; used instead of "
        "labels in the headers.",
        "Input",
        file=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride is not None and self.window is None:
            raise ConfigError("--stride: needs --window")
        if self.length is not None and self.window is not None:
            raise ConfigError("--length: cannot be combined with --window")


@dataclass(frozen=True)
class SequenceSamplingConfig(SamplingConfig):
    """How sequences are drawn from a trained generator."""

    temperature: float = option(
        1.0,
        "Below 1: more typical records; above 1: more varied ones; 0: the most likely letters.",
        "Sampling",
        low=0,
        high=100,
        level="basic",
    )
    length: str | None = option(
        None,
        "Lengths of the records, such as 60:90, 60: or 75, within those of the training data "
        "(for models of records of varying length; default: as often as there).",
        "Sampling",
        level="basic",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.refine and self.temperature != 1:
            raise ConfigError(
                f"--refine {self.refine} --temperature {self.temperature:g}: the critic was "
                "calibrated at 1, take one of the two"
            )


@dataclass(frozen=True)
class SequenceGANConfig(SequenceNetConfig, TrainingConfig):
    """Options of a sequence GAN."""

    kmer_matching: float | None = option(
        None,
        "Weight of the distance between the mean k-mer counts of real and generated records, "
        "added to the generator's loss; for records of one length also by position (0: none; "
        "by default 1).",
        "Loss",
        low=0,
    )
    word: int | None = option(
        None,
        "Letters that are generated as one token: 3 for codons (3 where the records are open "
        "reading frames, else 1).",
        "Data",
        low=1,
        high=8,
    )
    validation: float = option(
        0.1, "Share of the records kept for validation.", "Data", low=0, high=0.5
    )
    repeats: Literal["all", "once"] | None = option(
        None,
        "How often to read a record that occurs several times in the data: each time (all), or "
        "once (once in alignments, else all).",
        "Data",
    )
    judge_steps: int = option(
        200,
        "Critic updates against the final generator, at the end, for sample --refine (0: none; "
        "at most as many as the run has).",
        "Budget",
        low=0,
        free=True,
    )
    reverse_complement: bool | None = option(
        None,
        "Read each record from a random strand each time (DNA and RNA without gaps; on where a "
        "test on at least 500 DNA records finds no difference between the strands).",
        "Data",
    )


@dataclass(frozen=True)
class SequenceScoringConfig(Options):
    """What is known beyond the sequences when they are evaluated."""

    identity: float = option(
        0.9, "Identity from which a record is a near copy.", "Evaluation", low=0.01, high=1,
        level="basic",
    )  # fmt: skip
    motifs: str | None = option(
        None, "Motifs of nucleotides to look for: MEME, JASPAR, TRANSFAC, HOMER.", "Evaluation",
        level="basic", file=True,
    )  # fmt: skip
    hmm: str | None = option(
        None, "Profile of the protein family, in HMMER's format.", "Evaluation", level="basic",
        file=True,
    )  # fmt: skip
    coding: bool | None = option(
        None, "The records are genes (found from the reference).", "Evaluation", level="basic"
    )
    genetic_code: int = option(
        1, "Number of the genetic code at NCBI.", "Evaluation", low=1, high=33, level="basic"
    )


@dataclass(frozen=True)
class SequenceWritingConfig(Options):
    """How sequences are written."""

    ungap: bool = option(False, "Take the gaps of an alignment out.", "Output", level="basic")
    format: Literal["fasta", "tsv"] | None = option(
        None, "Format of the output (by the name, else fasta).", "Output", level="basic"
    )
