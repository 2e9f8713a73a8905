"""Options of reading sequence files, of a sequence GAN and of sampling from one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from biogan.core.errors import ConfigError
from biogan.core.options import InputOptions, Options, option
from biogan.nn.config import SequenceNetConfig
from biogan.training.config import LabelConfig, LabelSamplingConfig, TrainingConfig


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
class SequenceSamplingConfig(LabelSamplingConfig):
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
    latents: Literal["free", "mcmc"] | None = option(
        None,
        "Noise of constrained records: of its prior (free), or moved by a chain for each record "
        "to where the constraints are likely, so that the rest responds to what is fixed (mcmc; "
        "by default where their probability varies with the noise).",
        "Sampling",
        level="basic",
    )
    chain_steps: int | None = option(
        None,
        "Moves that --latents mcmc proposes to the noise of a record (50 to 300, to 900 where "
        "lengths vary; more where the probability of the constraints varies more).",
        "Sampling",
        low=1,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.refinement and self.temperature != 1:
            raise ConfigError(
                f"--refine {self.refine} --temperature {self.temperature:g}: the critic was "
                "calibrated at 1, take one of the two"
            )


@dataclass(frozen=True)
class ConstraintConfig(Options):
    """What sequences have to keep; see ``docs/constraints.md``."""

    template: str | None = option(
        None,
        "What stands at each place of the whole record, in IUPAC letters: NNNTATAATNNN; N (X of "
        "proteins) leaves a place free.",
        "Constraints",
        level="basic",
    )
    template_from: str | None = option(
        None,
        "FASTA of templates, in which '-' leaves a place free, too: record i takes the i-th.",
        "Constraints",
        level="basic",
        file=True,
    )
    fix: str | None = option(
        None,
        "Letters at some places, from 1, both ends inside: 35-40=TTGACA.",
        "Constraints",
        level="basic",
        repeat=True,
    )
    avoid: str | None = option(
        None,
        "Words in IUPAC letters or enzymes by name that stand nowhere (in DNA on either strand): "
        "BsaI,EcoRI,GGNCC.",
        "Constraints",
        level="basic",
        repeat=True,
    )
    avoid_motifs: str | None = option(
        None,
        "No site of the motifs of a file (MEME, JASPAR, TRANSFAC, HOMER) above a share of their "
        "best score, on either strand: bad.meme:0.85.",
        "Constraints",
        level="basic",
        repeat=True,
    )
    require: str | None = option(
        None,
        "Words that stand somewhere, or wholly between two places: TATAAT@30:45.",
        "Constraints",
        level="basic",
        repeat=True,
    )
    gc: str | None = option(
        None,
        "Share of G and C: 0.4:0.6 or 40%:60%; of a part 0.4:0.6@1-30; of each 12 letters "
        "0.3:0.7/12.",
        "Constraints",
        level="basic",
        repeat=True,
    )
    max_run: int | None = option(
        None, "How often one letter may stand in a row.", "Constraints", low=1, level="basic"
    )
    orf: bool = option(
        False,
        "A start codon first, a stop codon last and none in frame before.",
        "Constraints",
        level="basic",
    )
    translate: str | None = option(
        None,
        "FASTA of proteins that the records code for, so that only synonymous codons are free: "
        "record i takes the i-th.",
        "Constraints",
        level="basic",
        file=True,
    )
    genetic_code: int = option(
        1,
        "Number of the genetic code at NCBI, for --orf and --translate.",
        "Constraints",
        low=1,
        high=33,
    )
    flanks: str | None = option(
        None,
        "What will stand before and behind each record, LEFT,RIGHT: --avoid, --avoid-motifs and "
        "--max-run count across the junctions.",
        "Constraints",
        level="basic",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.flanks is not None:
            if self.flanks.count(",") != 1:
                raise ConfigError(
                    f"--flanks {self.flanks}: write LEFT,RIGHT, such as GGCTAC,TTGCGA; either may "
                    "be empty"
                )
            if not (self.avoid or self.avoid_motifs or self.max_run):
                raise ConfigError(
                    f"--flanks {self.flanks}: nothing is looked for across the junctions; add "
                    "--avoid, --avoid-motifs or --max-run"
                )
        if self.genetic_code != 1 and not (self.orf or self.translate):
            raise ConfigError(
                f"--genetic-code {self.genetic_code}: nothing is read in codons; add --orf or "
                "--translate"
            )

    @property
    def constrained(self) -> bool:
        """Whether anything is asked for."""
        own = dataclasses.fields(ConstraintConfig)
        return any(getattr(self, field.name) != field.default for field in own)


@dataclass(frozen=True)
class SequenceGANConfig(SequenceNetConfig, LabelConfig, TrainingConfig):
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
    condition: str | None = option(
        None, "Label that generated records were asked for: NAME, or NAME=class, NAME=multi, "
        "NAME=number where its kind is not found rightly (those that all sets have).",
        "Evaluation", level="basic", repeat=True,
    )  # fmt: skip


@dataclass(frozen=True)
class SequenceWritingConfig(Options):
    """How sequences are written."""

    ungap: bool = option(False, "Take the gaps of an alignment out.", "Output", level="basic")
    format: Literal["fasta", "tsv"] | None = option(
        None, "Format of the output (by the name, else fasta).", "Output", level="basic"
    )
