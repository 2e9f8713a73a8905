"""Molecules as a kind of data: sequences of tokens, read from SMILES and written as SMILES."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from biogan.core.display import shown
from biogan.core.errors import ConfigError, DataError, percentage, plural
from biogan.core.files import check_fields
from biogan.molecules.cache import read_cached
from biogan.molecules.config import (
    MoleculeGANConfig,
    MoleculeReadingConfig,
    MoleculeSamplingConfig,
    MoleculeScoringConfig,
    MoleculeWritingConfig,
)
from biogan.molecules.dataset import MoleculeSet, smiles_of
from biogan.molecules.drawings import write_picture
from biogan.molecules.evaluate import MoleculeEvaluation, evaluate_molecules
from biogan.molecules.metrics import MOLECULE_METRICS
from biogan.molecules.properties import PROPERTIES, properties
from biogan.molecules.read import is_molecules, read_generated, read_molecules
from biogan.molecules.splits import MOST_VALIDATION, split
from biogan.molecules.toolkit import pattern
from biogan.molecules.write import output_format, write_chunks
from biogan.nn.sequence_heads import Grammar
from biogan.sequences.alphabet import Vocabulary
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.label_evidence import Computed
from biogan.sequences.splits import Split
from biogan.sequences.tokens import FEWEST_FOR_VALIDATION, SequenceValidation, TokenModality
from biogan.training.batches import Stream
from biogan.training.modality import Parts, Plan, Progress, Refused

if TYPE_CHECKING:
    from biogan.evaluation.evaluate import EvaluationSpec
    from biogan.evaluation.metric import MetricRegistry
    from biogan.evaluation.report.report import Report

#: File of a run's folder with drawings of samples of the last check.
PICTURE = "samples.png"


@dataclass(frozen=True)
class MoleculeModality(TokenModality):
    """Molecules of one data set, as sequences of tokens.

    Networks, tensors and labels are those of any rows of letters; on either side of them records
    are molecules.
    """

    name = "molecules"
    noun = "molecule"
    card = "molecule-gan"
    records = (MoleculeSet,)
    config = MoleculeGANConfig
    reading = MoleculeReadingConfig
    sampling = MoleculeSamplingConfig
    scoring = MoleculeScoringConfig
    writing = MoleculeWritingConfig
    text = True
    packages = ("rdkit", "selfies")
    reader = "read_molecules"
    output = "new.smi"
    previewed = 20

    # --- files ----------------------------------------------------------------------------

    @classmethod
    def recognises(cls, data: str) -> bool:
        """Whether a file holds molecules, by its name or by what it begins with."""
        return is_molecules(data)

    @classmethod
    def read(
        cls, data: str, reading: MoleculeReadingConfig, progress: Any = None, whose: str = ""
    ) -> MoleculeSet:
        """Read molecules, see :func:`biogan.read_molecules`."""
        return read_molecules(data, reading, watch=progress)

    @classmethod
    def read_training(
        cls, data: str, reading: MoleculeReadingConfig, config: Any, progress: Any, folder: Any
    ) -> MoleculeSet:
        """Read molecules and their tokens, or what an earlier run of the folder kept of them."""
        return read_cached(data, reading, config.alphabet, progress, folder)

    @classmethod
    def read_generated(
        cls, data: str, reading: MoleculeReadingConfig, whose: str = ""
    ) -> MoleculeSet:
        """Read what a generator wrote: what is no molecule stays."""
        return read_generated(data, reading)

    @classmethod
    def like(cls, real: MoleculeSet, reading: MoleculeReadingConfig) -> MoleculeReadingConfig:
        """Return the options that read further molecules."""
        return reading.replace(labels=None, column=None, limit=None)

    def read_known(self, path: str, read: Mapping[str, Any]) -> MoleculeSet:
        """Read molecules that are not to be written."""
        return read_molecules(path, MoleculeReadingConfig())

    @classmethod
    def write(cls, records: Any, path: str, overwrite: bool = False) -> list[str]:
        """Write molecules, see :func:`biogan.write_molecules`."""
        return cls.write_stream(iter([records]), path, MoleculeWritingConfig(), overwrite)

    @classmethod
    def write_stream(
        cls,
        sets: Iterator[MoleculeSet],
        path: str,
        options: MoleculeWritingConfig,
        overwrite: bool,
    ) -> list[str]:
        """Write molecules with the memory of one set; say how many texts are none."""
        total = bad = 0
        form = options.format or output_format(path)

        def counted() -> Iterator[MoleculeSet]:
            nonlocal total, bad
            for some in sets:
                total, bad = total + len(some), bad + int((~some.valid).sum())
                yield some

        written = write_chunks(counted(), path, form)
        said = [f"{plural(written, 'molecule')} in {path}"] if path != "-" else []
        if bad:
            what = "left out" if form == "sdf" else "written as they are, so that they count"
            share = percentage(bad / total, 1)
            said.append(f"{bad:,} of {total:,} ({share}) are no valid molecules: {what}")
        return said

    @classmethod
    def scoring_arguments(cls, options: MoleculeScoringConfig) -> dict[str, Any]:
        """Read the test of scaffolds, before time is spent on the molecules."""
        path = options.scaffold_test
        return {"scaffold_test": None if path is None else read_molecules(path)}

    @classmethod
    def evaluation(cls) -> EvaluationSpec[Any]:
        """Return how molecules are evaluated."""
        return MoleculeEvaluation()

    @classmethod
    def metrics(cls) -> MetricRegistry:
        """Return the metrics of molecules."""
        return MOLECULE_METRICS

    @classmethod
    def evaluate(cls, real: Any, generated: Any, **options: Any) -> Report:
        """Score generated molecules, see :func:`biogan.evaluate_molecules`."""
        return evaluate_molecules(real, generated, **options)

    # --- what is learned ------------------------------------------------------------------

    @classmethod
    def plan(cls, records: MoleculeSet, config: MoleculeGANConfig) -> Plan:
        """Find tokens and lengths, and choose open options."""
        if not records.valid.all():
            raise DataError(
                f"{records.source}: {int((~records.valid).sum()):,} of {len(records):,} texts are "
                "no molecules; leave them out, or read the file with read_molecules"
            )
        for asked in config.conditions:
            name = asked.partition("=")[0]
            if name in PROPERTIES:
                records.column(name)
        tokens = records.tokens(config.alphabet)
        written = tokens[np.flatnonzero(tokens.lengths)]
        config = config.replace(word=1, reverse_complement=False, rotate=False, shift=0)
        # Branches and rings rest on the tokens before: letters that are drawn at once are weak.
        chosen = config if config.architecture else config.replace(architecture="latent")
        plan = super().plan(written, chosen)
        lines = [line.replace(" sequences,", " molecules,") for line in plan.lines]
        if config.architecture is None:
            lines.insert(1, "chosen: architecture latent, as tokens depend on those before them")
        return plan._replace(lines=lines)

    def origin(self, records: Any, reading: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return how the file was read, and what reading did."""
        return {"input": dict(reading or {}), "notes": list(records.notes)}

    def grammar(self, config: MoleculeGANConfig) -> Grammar:  # type: ignore[override]
        """Return the rules of tokens: a decoder, which knows what is open, ends a text itself."""
        found = super().grammar(config)
        latent = config.architecture == "latent"
        return found._replace(lengths=(), by_label=()) if latent else found

    def split(self, records: MoleculeSet, config: MoleculeGANConfig) -> Parts:
        """Keep a part for validation, by scaffold where the set is not too large."""
        lengths = records.tokens(config.alphabet).lengths
        report = []
        if (lengths == 0).any():
            first = records.ids[int((lengths == 0).argmax())]
            report.append(
                f"{plural(int((lengths == 0).sum()), 'molecule')} cannot be written in the "
                f"{plural(self.tokenizer.alphabet.size, 'token')} and not learned (first: "
                f"{shown(first, 40)})"
            )
            records = records[np.flatnonzero(lengths)]
        n = len(records)
        if not config.validation or n < FEWEST_FOR_VALIDATION:
            if config.patience:
                raise ConfigError(
                    f"--patience {config.patience}: no validation split says whether a generator "
                    "is better; leave it out"
                )
            few = f"{n:,} molecules, {FEWEST_FOR_VALIDATION} needed"
            why = "--validation 0" if not config.validation else few
            report.append(f"no validation split: {why}; the last averaged generator is kept")
            return Parts(records, records[:0], tuple(report))
        wanted = min(round(config.validation * n), MOST_VALIDATION)
        rest, held, how = split(records, wanted, config.seed)
        report.append(f"held out {len(held):,} of {n:,} molecules, {how}")
        return Parts(records[rest], records[held], tuple(report))

    # --- records and tensors --------------------------------------------------------------

    def _tokens(self, records: MoleculeSet | SequenceSet) -> SequenceSet:
        """Write molecules in the tokens of this model."""
        if isinstance(records, SequenceSet):
            return records
        if not isinstance(records, MoleculeSet):
            raise DataError(f"this model knows molecules, not {type(records).__name__}")
        for part in self.conditions:
            if part.name in PROPERTIES:
                records.column(part.name)
        vocabulary = self.tokenizer.alphabet
        assert isinstance(vocabulary, Vocabulary)
        for found in records.kept_tokens():
            if found.alphabet == vocabulary and (found.lengths > 0).all():
                found.labels = dict(records.labels)
                return found
        return records.in_vocabulary(vocabulary)

    def stored(self, records: Any) -> Tensor:
        """Encode molecules as rows of codes of tokens, and labels behind."""
        return super().stored(self._tokens(records))

    def decode(
        self, rows: np.ndarray, prefix: str, first: int, rough: bool = False
    ) -> MoleculeSet | SequenceSet:
        """Turn rows of codes into molecules; rough ones stay tokens."""
        tokens = super().decode(rows, prefix, first)
        return tokens if rough else self.molecules(tokens)

    def molecules(self, tokens: SequenceSet) -> MoleculeSet:
        """Read tokens as molecules."""
        texts = smiles_of(tokens.strings(), self.tokenizer.alphabet)
        found = MoleculeSet.from_smiles(texts, tokens.ids, source="generated")
        return found.labelled(tokens.labels)

    def computed(self) -> Computed | None:
        """Return what computes the learned properties that RDKit knows."""
        names = [part.name for part in self.conditions if part.name in PROPERTIES]
        if not names:
            return None

        def values(codes: np.ndarray) -> dict[str, np.ndarray]:
            texts = self.tokenizer.decode(codes.astype(np.uint8)).strings()
            found = properties(smiles_of(texts, self.tokenizer.alphabet), names)
            return dict(zip(names, found.T, strict=True))

        return values

    def keys(self, records: Any) -> list[Hashable]:
        """Return the canonical SMILES of each molecule."""
        return list(records.smiles)

    def excluded(self, known: Any) -> Collection[Hashable]:
        """Return the canonical SMILES of known molecules."""
        if not isinstance(known, MoleculeSet):
            known = MoleculeSet.from_smiles(list(known))
        return set(known.smiles)

    def batches(self, train: Any, config: Any) -> Stream:
        """Lay the tokens of the training molecules out."""
        return super().batches(self._tokens(train), config)

    def check_sampling(self, generator: Any, how: MoleculeSamplingConfig) -> None:  # type: ignore[override]
        """Refuse options that this model cannot follow, and patterns that are none."""
        super().check_sampling(generator, how)
        if how.length is not None:
            raise ConfigError(
                f"--length {how.length}: molecules have no length; train with --condition "
                "heavy-atoms, then ask for --label heavy-atoms=20:30"
            )
        self.refused(how)

    def refused(self, how: MoleculeSamplingConfig) -> Refused | None:
        """Return what tells which texts are no molecules, or lack a pattern."""
        keep = how.invalid == "keep"
        if how.require_smarts is not None:
            holds = pattern(how.require_smarts, "--require-smarts")

            def lacks(records: MoleculeSet) -> np.ndarray:
                found = records.to_rdkit()
                return np.array([one is None or not holds(one) for one in found], bool)

            return Refused(lacks, f"did not hold --require-smarts {how.require_smarts}")
        if self.tokenizer.alphabet.name == "selfies" or keep:
            return None
        advice = "; train longer, or take --invalid keep"
        end, positions = self.tokenizer.end, self.tokenizer.positions

        def tokens(rows: np.ndarray) -> np.ndarray:
            return (rows[:, :positions] != end).sum(1)

        return Refused(lambda records: ~records.valid, "were no molecules", advice, tokens)

    # --- checks while training ------------------------------------------------------------

    def validation(self, parts: Any, config: Any, progress: Progress | None) -> SequenceValidation:
        """Return what measures how far sampled tokens are from those of the validation split."""
        train, held_out = self._tokens(parts.train), self._tokens(parts.held_out)
        return super().validation(Split(train, held_out, 1.0, ()), config, progress)

    def preview(self, records: Any, folder: Path, step: int) -> None:
        """Draw a few samples."""
        write_picture(self.molecules(records).smiles, folder / PICTURE)

    def for_calibration(self, held_out: Any, config: Any) -> Tensor:
        """Return validation molecules, as stored."""
        return super().for_calibration(self._tokens(held_out), config)

    def facts(self, config: Mapping[str, Any]) -> dict[str, str]:
        """Return tokens, lengths and networks in words."""
        found = super().facts(config)
        return {"tokens" if name == "letters" else name: text for name, text in found.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MoleculeModality:
        """Read the layout of a model card."""
        check_fields("alphabet", data.get("alphabet", {}), {"tokens": list[str]})
        return super().from_dict(data)
