"""Options of a sequence GAN.

Options of reading sequence files.

Options of sampling from a sequence GAN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from biogan.core.errors import ConfigError
from biogan.core.options import Options, option
from biogan.nn.config import SequenceNetConfig
from biogan.training.config import TrainingConfig


@dataclass(frozen=True)
class ReadingConfig(Options):
    """How sequence files are read: one documented policy for each kind of doubtful letter."""

    format: Literal["auto", "fasta", "fastq", "lines"] = option(
        "auto",
        "File format (auto: FASTQ for names in .fastq or .fq, else FASTA; lines: one bare "
        "sequence a line).",
        "Input",
    )
    alphabet: str | None = option(
        None, "dna, rna, protein or custom:LETTERS (found from the data).", "Input"
    )
    ambiguous: Literal["drop", "resolve", "keep", "error"] = option(
        "drop",
        "Records with ambiguous letters (N, R, X, ...): drop them, resolve to a random "
        "possible letter, keep the letters as letters of their own, or stop.",
        "Input",
    )
    case: Literal["auto", "upper", "a2m", "error"] = option(
        "auto",
        "Lower case: same as upper case, or an A2M insert to remove (auto: A2M only where "
        "the file has '.' gaps and lower case and taking both out aligns it).",
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
        "'*': strip it at the end and drop records with one inside, keep it as a letter, "
        "drop every such record, or stop.",
        "Input",
    )
    foreign: Literal["drop", "error"] = option(
        "drop",
        "Records with letters that no policy covers: drop them, or stop.",
        "Input",
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


Refinement = Literal["rejection", "mh"]
EFFORT = 10


@dataclass(frozen=True)
class SamplingConfig(Options):
    """How records are drawn from a trained generator; the same options give the same records."""

    seed: int = option(0, "Seed of the stream.", "Sampling")
    temperature: float = option(
        1.0,
        "Below 1 safer, above 1 more varied, 0 the likeliest letters.",
        "Sampling",
        low=0,
        high=100,
    )
    refine: Refinement | None = option(
        None,
        "Let the calibrated critic choose among candidates: rejection keeps some, mh ends chains "
        "(slower by about --effort).",
        "Sampling",
    )
    effort: int | None = option(
        None,
        f"Candidates that --refine may spend on a sequence ({EFFORT}).",
        "Sampling",
        low=1,
    )
    device_noise: bool = option(
        False,
        "Draw the noise on the device, too: faster on a GPU, but other records, and the same for a "
        "seed on one model of GPU only.",
        "Sampling",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        other = ""
        if self.temperature != 1:
            other = f"--temperature {self.temperature:g}: the critic was calibrated at 1"
        elif self.device_noise:
            other = "--device-noise: refined records begin with those of the CPU's noise"
        if self.refine and other:
            raise ConfigError(f"--refine {self.refine} {other}, take one of the two")
        if self.refine is None and self.effort is not None:
            raise ConfigError(
                f"--effort {self.effort}: nothing is refined, add --refine "
                + " or --refine ".join(get_args(Refinement))
            )
        if self.refine is not None and self.effort is None:
            object.__setattr__(self, "effort", EFFORT)


@dataclass(frozen=True)
class SequenceGANConfig(SequenceNetConfig, TrainingConfig):
    """Options of a sequence GAN."""

    kmer_matching: float | None = option(
        None,
        "Weight of the distance between mean k-mer counts, at one length also by position, "
        "beside the critic (0: none; 1).",
        "Loss",
        low=0,
    )
    word: int | None = option(
        None,
        "Letters written together: 3 for codons (3 where the records are open reading frames, "
        "else 1).",
        "Data",
        low=1,
        high=8,
    )
    validation: float = option(
        0.1, "Share of the records kept for validation.", "Data", low=0, high=0.5
    )
    repeats: Literal["all", "once"] | None = option(
        None,
        "Read a record that stands several times in the data as often, or once (once in "
        "alignments, else all).",
        "Data",
    )
    judge_steps: int = option(
        200,
        "Steps of a critic against the kept generator at the end, for sample --refine (0: none; "
        "at most as many as the run has).",
        "Budget",
        low=0,
        free=True,
    )
    reverse_complement: bool | None = option(
        None,
        "Read each record from a random strand each time (DNA and RNA without gaps; on where no "
        "test tells the strands of 500 DNA records or more apart).",
        "Data",
    )
