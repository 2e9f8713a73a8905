"""Sequences as a kind of data: FASTA in and out, strands, near copies, split, constraints."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from biogan.core.errors import ConfigError
from biogan.core.files import check_fields
from biogan.nn.latent_nets import LatentGenerator
from biogan.nn.sequence_heads import LetterGenerator
from biogan.sequences.config import (
    ConstraintConfig,
    ReadingConfig,
    SequenceGANConfig,
    SequenceSamplingConfig,
    SequenceScoringConfig,
    SequenceWritingConfig,
)
from biogan.sequences.constraints.constraint import Constraint, Constraints, flattened
from biogan.sequences.constraints.drawing import Drawing, LogRatio
from biogan.sequences.constraints.plan import ConstraintPlan, constraint_plan
from biogan.sequences.constraints.preparation import prepared
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import REFERENCE, as_set, read_fasta, reading_like
from biogan.sequences.io.write import output_format, write_chunks, write_fasta
from biogan.sequences.metrics import SEQUENCE_METRICS
from biogan.sequences.metrics.context import read_extras
from biogan.sequences.overlaps import Overlaps, joined
from biogan.sequences.similarity.pairs import has_near_copy
from biogan.sequences.splits import Split, by_label, split
from biogan.sequences.store import SequenceStore
from biogan.sequences.stored_split import StoredSplit, split_stored
from biogan.sequences.strands import reverse_complement
from biogan.sequences.tokenizer import FIXED, VARIABLE
from biogan.sequences.tokens import FEWEST_FOR_VALIDATION, TokenModality, calibrating

if TYPE_CHECKING:
    from biogan.evaluation.metric import MetricRegistry
    from biogan.evaluation.report.report import Report

# What is read of how data were read, where it is there.
_INPUT = {"source": str | None, "options": dict[str, Any], "dropped": dict[str, int]}
#: Options of reading that decide what a record is.
AS_LEARNED = ("ambiguous", "case", "stop", "window", "stride", "unpack_ratio")
#: File of a run's folder with samples of the last check.
SAMPLES = "samples.fasta"


@dataclass(frozen=True)
class SequenceModality(TokenModality):
    """DNA, RNA or protein of one data set."""

    name = "sequences"
    noun = "sequence"
    card = "sequence-gan"
    records = (SequenceSet, SequenceStore)
    config = SequenceGANConfig
    reading = ReadingConfig
    sampling = SequenceSamplingConfig
    constraining = ConstraintConfig
    scoring = SequenceScoringConfig
    writing = SequenceWritingConfig
    text = True
    storable = True
    packages = ("biopython",)
    absent = {"rotate": False, "shift": 0}  # noqa: RUF012
    reader = "read_fasta"
    output = "new.fasta"
    previewed = 20

    # --- files ----------------------------------------------------------------------------

    @classmethod
    def recognises(cls, data: str) -> bool:
        """Whatever is no other kind of data is read as text, which tells what is wrong with it."""
        return True

    @classmethod
    def read(
        cls, data: str, reading: ReadingConfig, progress: Any = None, whose: str = ""
    ) -> SequenceSet:
        """Read a file of sequences, see :func:`biogan.read_fasta`."""
        return read_fasta(data, reading, watch=progress, whose=whose)

    @classmethod
    def like(cls, real: SequenceSet, reading: ReadingConfig) -> ReadingConfig:
        """Return the options that read further sequences with the letters of ``real``."""
        return reading_like(real.alphabet, reading)

    @classmethod
    def whose(cls, reading: ReadingConfig) -> str:
        """Name the reference, unless an alphabet was asked for."""
        return "" if reading.alphabet else REFERENCE

    @classmethod
    def from_source(cls, records: SequenceSet, source: str) -> SequenceSet:
        """Return the sequences as they are: they hold no source."""
        return records

    @classmethod
    def repeated(cls, records: SequenceSet) -> SequenceSet:
        """Return each sequence as often as its weight says."""
        return records.expanded()

    @classmethod
    def found(cls, records: SequenceSet | SequenceStore) -> list[str]:
        """Say what reading found and did."""
        return list(records.report.lines()) if records.report else []

    @classmethod
    def lasting(cls, data: str, reading: ReadingConfig) -> None:
        """Return nothing: the report of the records has it."""
        return None

    @classmethod
    def read_as(cls, read: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
        """Return where the training data of a model were, and the options that read them."""
        check_fields("input", read, {k: kind for k, kind in _INPUT.items() if k in read})
        return read.get("source"), dict(read.get("options", {}))

    def read_known(self, path: str, read: Mapping[str, Any]) -> SequenceSet:
        """Read sequences that are not to be written, with the letters of the model."""
        learned = self.read_as(read)[1]
        same = {name: learned[name] for name in AS_LEARNED if name in learned}
        reading = ReadingConfig(gaps="remove").replace(**same)
        return read_fasta(path, reading_like(self.tokenizer.alphabet, reading), whose="the model")

    def cannot_exclude(self, known: SequenceSet) -> str | None:
        """Say why none of these records can be written at all, None if some can."""
        lengths, longest = known.ungapped().lengths, self.tokenizer.length
        fixed = self.tokenizer.kind == FIXED
        if (lengths == longest if fixed else lengths <= longest).any():
            return None
        return (
            f"leaves nothing out, its {len(known):,} records have other lengths than the model "
            f"writes ({self.describe()})"
        )

    @classmethod
    def write(cls, records: SequenceSet, path: str, overwrite: bool = False) -> list[str]:
        """Write FASTA, see :func:`biogan.write_fasta`."""
        write_fasta(records, path)
        return [f"{len(records):,} sequences in {path}"] if path != "-" else []

    @classmethod
    def write_stream(
        cls,
        sets: Iterator[SequenceSet],
        path: str,
        options: SequenceWritingConfig,
        overwrite: bool,
    ) -> list[str]:
        """Write sequences with the memory of one set."""
        empty = 0

        def plain() -> Iterator[SequenceSet]:
            nonlocal empty
            for some in sets:
                found = some.ungapped() if options.ungap else some
                empty += int((found.lengths == 0).sum())
                yield found

        written = write_chunks(plain(), path, options.format or output_format(path))
        said = [f"{written:,} sequences in {path}"] if path != "-" else []
        if empty:
            said.append(f"{empty:,} of {written:,} sequences are empty: they were gaps only")
        return said

    @classmethod
    def scoring_arguments(cls, options: SequenceScoringConfig) -> dict[str, Any]:
        """Read motifs and profile, before time is spent on the sequences."""
        extras = read_extras(options.motifs or (), options.hmm, code=options.genetic_code,
                             conditions=options.condition or ())  # fmt: skip
        return {
            "identity": options.identity, "motifs": extras.motifs, "hmm": extras.hmm,
            "coding": options.coding, "code": options.genetic_code,
            "conditions": extras.conditions,
        }  # fmt: skip

    @classmethod
    def metrics(cls) -> MetricRegistry:
        """Return the metrics of sequences."""
        return SEQUENCE_METRICS

    @classmethod
    def evaluate(cls, real: SequenceSet, generated: SequenceSet, **options: Any) -> Report:
        """Score generated sequences, see :func:`biogan.evaluate`."""
        from biogan.sequences.evaluate import evaluate

        return evaluate(real, generated, **options)

    # --- what is learned ------------------------------------------------------------------

    def origin(
        self, records: SequenceSet | SequenceStore, reading: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Return what reading found and did, and whether the records are in files."""
        report = records.report
        read = report.to_dict() if report is not None else None
        if read and read["options"].get("labels"):
            # As it was typed it would only be found from this folder.
            read["options"]["labels"] = str(Path(read["options"]["labels"]).absolute())
        return {"input": read, "stored": isinstance(records, SequenceStore)}

    def split(  # type: ignore[override]
        self, records: SequenceSet | SequenceStore, config: SequenceGANConfig
    ) -> Split | StoredSplit:
        """Keep a part for validation, unless the set is too small for one."""
        strands = config.chosen("reverse_complement")
        parts: Split | StoredSplit
        if isinstance(records, SequenceStore):
            share = 0.0 if len(records) < FEWEST_FOR_VALIDATION else config.validation
            parts, noun = split_stored(records, share, config.seed, strands), "records"
        else:
            parts = split(
                records, config.validation, config.seed, both_strands=strands,
                fewest=FEWEST_FOR_VALIDATION,
            )  # fmt: skip
            if self.conditions.size:
                names = tuple(part.name for part in self.conditions)
                train, held_out = (
                    by_label(x, records, names) for x in (parts.train, parts.held_out)
                )
                parts = dataclasses.replace(parts, train=train, held_out=held_out)
            noun = "distinct records"
            if config.repeats == "once":
                for part in (parts.train, parts.held_out):
                    part.weights = np.ones(len(part))
        if not config.validation or len(parts.held_out):
            return parts
        n = len(parts.train)
        few = f"{n:,} {noun}, {FEWEST_FOR_VALIDATION} needed"
        # The hash of a stored set may pick none of a hundred.
        picked = f"none of {n:,} {noun} was picked, try another --seed"
        why = few if n < FEWEST_FOR_VALIDATION else picked
        if config.patience:
            raise ConfigError(
                f"--patience {config.patience}: no validation split ({why}) says whether a "
                "generator is better; leave it out"
            )
        found = f"no validation split: {why}; the last averaged generator is kept"
        return dataclasses.replace(parts, report=(*parts.report, found))

    # --- records --------------------------------------------------------------------------

    def keys(self, records: SequenceSet) -> list[Hashable]:
        """Return the letters of each sequence, without gaps."""
        return [*records.ungapped().strings()]

    def excluded(self, known: Any) -> Collection[Hashable]:
        """Return the letters of known sequences, of nucleotides on either strand."""
        if isinstance(known, SequenceSet) and not self.tokenizer.alphabet.has_gap:
            known = known.ungapped()
        if not len(known):
            return set()
        plain = as_set(known, "excluded", self.tokenizer.alphabet, "the model").ungapped()
        texts = set(plain.strings())
        if plain.alphabet.complement is not None:
            texts.update(reverse_complement(plain).strings())
        return texts

    def near_copies(self, records: SequenceSet, known: SequenceSet) -> np.ndarray:
        """Tell which sequences have 90 % identity or more with a known one, on either strand."""
        found = has_near_copy(records, known)
        if known.alphabet.complement is not None:
            found |= has_near_copy(records, reverse_complement(known))
        return found

    @property
    def usual_steps(self) -> int | None:
        """Steps of the runs in docs/benchmarks.md that come close to real data."""
        return 2000 if self.tokenizer.kind == VARIABLE else 3000

    # --- constraints ----------------------------------------------------------------------

    def constraints(self, options: ConstraintConfig) -> ConstraintPlan | None:
        """Read constraints, see :func:`biogan.sequences.constraints.plan.constraint_plan`."""
        return constraint_plan(options) if options.constrained else None

    def constrained(
        self,
        generator: LetterGenerator | LatentGenerator,
        constraints: ConstraintPlan | Constraint | Constraints | Iterable[Constraint | Constraints],
        how: SequenceSamplingConfig,
        log_ratio: LogRatio | None = None,
    ) -> Drawing:
        """Compile constraints, see :func:`biogan.sequences.constraints.preparation.prepared`."""
        if not isinstance(constraints, ConstraintPlan):
            if isinstance(constraints, Constraint | Constraints):
                constraints = [constraints]
            constraints = ConstraintPlan(flattened(constraints), {})
        ask = self.asking(how)
        return prepared(generator, self.tokenizer, constraints, how, self.block, log_ratio, ask)

    # --- checks while training ------------------------------------------------------------

    def preview(self, records: SequenceSet, folder: Path, step: int) -> None:
        """Write a few samples as FASTA."""
        write_fasta(records, folder / SAMPLES)

    def calibration_clusters(
        self, held_out: SequenceSet, config: SequenceGANConfig
    ) -> np.ndarray | None:
        """Return stretches of validation records that overlap; both strands of one are one."""
        some = calibrating(held_out, config)
        overlaps = Overlaps.of(some)
        if config.chosen("reverse_complement"):
            return joined(overlaps.stretches, np.unique(some.ids, return_inverse=True)[1])
        return overlaps.stretches if overlaps.any else None
