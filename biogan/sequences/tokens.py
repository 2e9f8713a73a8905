"""What kinds of data share whose records are rows of letters: networks, tensors, labels, checks.

A letter may also be a codon, or a token of a text such as SMILES.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from biogan.core.errors import CheckpointError, ConfigError
from biogan.core.files import Count, Size, check_fields
from biogan.core.found_labels import conditions_of
from biogan.core.label_rows import Conditions
from biogan.core.rng import layers_from, torch_generator
from biogan.nn.conditioning import LabelEncoder, draw_chance, join
from biogan.nn.latent_nets import CodeCritic, LatentGenerator, Reconstruction
from biogan.nn.layers import Networks, draw_rotations, exact, rotated
from biogan.nn.sequence_heads import Grammar, LetterGenerator, Noise, Shape
from biogan.nn.sequence_nets import build
from biogan.sequences.autoconfig import (
    FEW_RECORDS,
    SIZES_OF,
    check_distinct,
    check_size,
    described,
    outsized,
    resolve,
    window_advice,
)
from biogan.sequences.baselines import get_baseline, suited_chains
from biogan.sequences.config import (
    SequenceGANConfig,
    SequenceSamplingConfig,
)
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import as_set
from biogan.sequences.kmer_matching import LONGEST_PLACED, KmerMatching
from biogan.sequences.label_evidence import Computed, LabelEvidence
from biogan.sequences.label_lengths import label_shares, lengths_by_label
from biogan.sequences.label_matching import LabelMatching
from biogan.sequences.metrics.diversity import Variety
from biogan.sequences.metrics.label_distance import LabelDistance
from biogan.sequences.metrics.validation_distance import ValidationDistance
from biogan.sequences.regions import RANGE
from biogan.sequences.splits import Split, drawn
from biogan.sequences.stored_split import StoredSplit
from biogan.sequences.strands import both_strands, reverse_complement
from biogan.sequences.tokenizer import MOST_CHANNELS, VARIABLE, Tokenizer
from biogan.training.batches import (
    Batches,
    BlurredBatches,
    LazyBatches,
    RotatedBatches,
    Stream,
    with_blurred_labels,
)
from biogan.training.config import BY_LABELS
from biogan.training.engine import check_machine, keep_freed_memory
from biogan.training.labelled import WANTED, LabelledModality
from biogan.training.modality import Chunk, Modality, Plan, Progress, few_records
from biogan.training.trainer import TRAINING_DATA, CheckResult

# What is read of the layout of a model, where it is there.
_LAYOUT = {
    "word": Annotated[int, msgspec.Meta(ge=1, le=8)],
    "closing": list[Count],
    "opening": list[Count],
    "lengths": list[Count],
}
# Below this a validation split would say nothing and take records away.
FEWEST_FOR_VALIDATION = 50
# More samples than validation records cost time and say little more.
MOST = 2000
# Real records and letters that are compared with and that floors are fitted to: the counts of a
# Markov chain take a hundred bytes a letter, and those of more records differ little.
MOST_RECORDS, MOST_LETTERS = 20_000, 2_000_000
# Real records and letters of a calibration: more would take time and change nothing.
MOST_CALIBRATED, MOST_CALIBRATED_LETTERS = 10_000, 5_000_000


@dataclass(frozen=True)
class TokenModality(LabelledModality):
    """Rows of letters of one data set.

    Attributes
    ----------
    tokenizer : Tokenizer
        Letters, length and kind of the sequences.
    conditions : Conditions
        Labels that are learned.
    lengths : tuple of tuple of int
        Training records of each group of labels with 0, 1, 2 ... positions, where lengths vary.
    """

    tokenizer: Tokenizer
    conditions: Conditions = Conditions()
    lengths: tuple[tuple[int, ...], ...] = ()

    # --- what is learned ------------------------------------------------------------------

    @classmethod
    def plan(cls, records: Any, config: Any) -> Plan:
        """Find letters and lengths, choose open options, and see that this machine can train it."""
        tokenizer = Tokenizer.of(records, config.word)
        conditions, labelled = Conditions(), list[str]()
        noted, advice = [], ""
        if isinstance(records, SequenceSet):
            columns = {name: c for name, c in records.labels.items() if name != RANGE}
            conditions, labelled = conditions_of(columns, config.conditions, records.weights)
            check_distinct(records)
            noted, advice = outsized(records), window_advice(records.lengths)
        elif config.conditions:
            raise ConfigError(
                f"--condition {config.conditions[0]}: records in files beside the model have no "
                "labels, add --no-store"
            )
        elif len(records) < FEW_RECORDS:
            advice = window_advice(np.concatenate(list(records.lengths())))
        config, reasons = resolve(config, tokenizer, records)
        check_machine(config)
        check_size(config, tokenizer, advice)
        lines = described(len(records), tokenizer, reasons) + labelled + noted
        lines += few_records(len(records), cls.noun)
        lengths: tuple[tuple[int, ...], ...] = ()
        if isinstance(records, SequenceSet) and tokenizer.lengths:
            lengths = lengths_by_label(records, conditions, tokenizer)
        return Plan(cls(tokenizer, conditions, lengths), config, reasons, lines)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read the layout of a model card."""
        check_fields("layout", data, {"alphabet": dict, "length": Size, "kind": str})
        check_fields("layout", data, {k: kind for k, kind in _LAYOUT.items() if k in data})
        letters = {"name": str, "letters": str, "ambiguity": dict[str, str]}
        check_fields("alphabet", data["alphabet"], letters | {"complement": str | None})
        tokenizer = Tokenizer.from_dict(dict(data))
        alphabet, codes = tokenizer.alphabet, (*tokenizer.opening, *tokenizer.closing)
        if tokenizer.channels > MOST_CHANNELS or max(codes, default=0) >= tokenizer.channels:
            raise CheckpointError(f"'word' of layout is {tokenizer.word}, which does not fit it")
        if sorted(alphabet.complement or alphabet.letters) != sorted(alphabet.letters):
            raise CheckpointError("'complement' of alphabet has other letters than the alphabet")
        if tokenizer.lengths and not 0 < len(tokenizer.lengths) <= tokenizer.positions + 1:
            raise CheckpointError("'lengths' of layout has more lengths than positions")
        if "conditions" not in data:
            return cls(tokenizer)
        conditions = Conditions.from_dict(data["conditions"])
        check_fields("layout", data, {"lengths_by_label": list[list[Count]]})
        lengths = tuple(map(tuple, data["lengths_by_label"]))
        groups = sum(LabelEncoder(conditions).group_counts) if tokenizer.lengths else 0
        if [*map(len, lengths)] != [len(tokenizer.lengths)] * groups:
            raise CheckpointError("'lengths_by_label' of layout are not those of its labels")
        return cls(tokenizer, conditions, lengths)

    def to_dict(self) -> dict[str, Any]:
        """Return the layout for the model card."""
        found = self.tokenizer.to_dict()
        if self.conditions.parts:
            found["conditions"] = self.conditions.to_dict()
            found["lengths_by_label"] = [*map(list, self.lengths)]
        return found

    def describe(self) -> str:
        """Say in a few words what a sequence is."""
        return self.tokenizer.describe()

    def facts(self, config: Mapping[str, Any]) -> dict[str, str]:
        """Return letters, lengths and networks in words."""
        alphabet, family = self.tokenizer.alphabet, config["architecture"]
        sizes = [f"{name} {config[name]}" for name in SIZES_OF[family]]
        if "width" in SIZES_OF[family]:
            sizes += [
                f"kernel {config['kernel']}",
                f"dilation up to {config['dilation']}",
                f"attention {'on' if config['attention'] else 'off'}",
            ]
        return {
            "letters": f"{alphabet.described} ({alphabet.name})",
            "layout": self.describe()
            + ", read and written on both strands" * bool(config["reverse_complement"])
            + ", circular" * bool(config["rotate"])
            + ", at any place" * bool(config["shift"]),
            **({"labels": self.conditions.describe()} if self.conditions.parts else {}),
            "networks": ", ".join([family, *sizes, f"head {config['head']}"]),
        }

    # --- records and tensors --------------------------------------------------------------

    def stored(self, records: Any) -> Tensor:
        """Encode sequences as rows of codes, shape (n, positions), uint8, and labels behind."""
        if not isinstance(records, SequenceSet):
            records = as_set(records, "scored", self.tokenizer.alphabet, "the model")
        codes = self.tokenizer.encode(records)
        if self.conditions.size:
            codes = np.hstack([codes, self.conditions.codes(records.labels, len(records))])
        return torch.from_numpy(codes)

    def encoder(
        self, device: torch.device, critic: nn.Module | None = None
    ) -> Callable[[Tensor], Tensor]:
        """Return what turns codes into one-hot letters, shape (n, channels, positions).

        With labels each record is one row, its letters and then its labels. A critic of codes
        reads the records itself.
        """
        if isinstance(critic, CodeCritic):
            return critic.read
        letters = OneHot(self.tokenizer.channels, device)
        if not self.conditions.size:
            return letters
        labels, border = LabelEncoder(self.conditions), self.tokenizer.positions

        def encode(stored: Tensor) -> Tensor:
            rows = stored.to(device)
            return join(letters(rows[:, :border]), labels(rows[:, border:]))

        return encode

    def decode(self, rows: np.ndarray, prefix: str, first: int, rough: bool = False) -> Any:
        """Turn rows of codes into sequences with their labels."""
        ids = [f"{prefix}_{i}" for i in range(first + 1, first + 1 + len(rows))]
        border = self.tokenizer.positions
        found = self.tokenizer.decode(rows[:, :border], ids)
        for name, texts in self.conditions.texts(rows[:, border:]).items():
            found.labels[name] = np.array(texts, object)
        return found

    def as_stored(self, rows: np.ndarray) -> Tensor:
        """Return rows of codes as they are."""
        return torch.from_numpy(rows)

    @property
    def positions(self) -> int:
        """Positions of the networks."""
        return self.tokenizer.positions

    def differs(self, other: Modality) -> str:
        """Say which of letters, words and kind of lengths another model has not."""
        mine, theirs = self.tokenizer, other.tokenizer  # type: ignore[attr-defined]
        if mine.alphabet.letters != theirs.alphabet.letters:
            return (
                f"the model writes the letters {theirs.alphabet.letters}, these records have "
                f"{mine.alphabet.letters}"
            )
        if (mine.kind, mine.word) != (theirs.kind, theirs.word):
            return (
                f"the model has sequences {theirs.describe()}, these are {mine.describe()}: kinds "
                "of lengths and words have to be the same"
            )
        return ""

    # --- networks -------------------------------------------------------------------------

    def networks(self, config: SequenceGANConfig) -> Networks:
        """Build generator and critic with weights drawn from the seed."""
        with layers_from(config.seed, "weights"):
            shape = Shape(self.tokenizer.channels, self.tokenizer.positions)
            return build(config, shape, self.grammar(config), self.conditions)

    def grammar(self, config: SequenceGANConfig) -> Grammar:
        """Return the rules of a sequence for the networks."""
        tokenizer = self.tokenizer
        end = tokenizer.end if tokenizer.kind == VARIABLE else None
        if config.rotate:
            return Grammar(end)
        shares = tokenizer.length_shares
        by_label = label_shares(self.lengths, shares)
        return Grammar(end, tokenizer.closing, tokenizer.opening, shares, by_label)

    def batches(self, train: Any, config: SequenceGANConfig) -> Stream:
        """Lay the training records out, all at once or a batch at a time."""
        size, seed = config.chosen("batch_size"), config.seed
        strands = config.chosen("reverse_complement")
        batches: Stream
        if isinstance(train, SequenceSet):
            twins = self.stored(reverse_complement(train)) if strands else None
            batches = Batches(self.stored(train), train.weights, size, seed, twins)
        else:

            def fetch(records: np.ndarray) -> Tensor:
                return self.stored(train.take(records))

            def other_strand(records: np.ndarray) -> Tensor:
                return self.stored(reverse_complement(train.take(records)))

            twin = other_strand if strands else None
            batches = LazyBatches(len(train), fetch, size, seed, twin)
        if config.rotate:
            batches = RotatedBatches(batches, self.conditions.size)
        return BlurredBatches(batches, self.conditions) if self.conditions.size else batches

    def matching(self, config: SequenceGANConfig) -> nn.Module | None:
        """Build the term that matches k-mer counts, if it has a weight."""
        weight = config.chosen("kmer_matching")
        if not weight:
            return None
        tokenizer = self.tokenizer
        shape = tokenizer.channels, tokenizer.positions
        how: dict[str, Any] = {}
        if tokenizer.word > 1:
            # Codons are matched by the letters they spell: across their borders, too.
            end = tokenizer.end if tokenizer.kind == VARIABLE else None
            how = {"spelling": torch.from_numpy(tokenizer.spelling), "end": end}
        elif tokenizer.kind != VARIABLE and not config.rotate and not config.shift:
            how = {"longest_placed": LONGEST_PLACED}
        if self.conditions.size:
            return LabelMatching(shape, self.conditions, config.chosen("batch_size"), weight, **how)
        return KmerMatching(*shape, weight, **how)

    def reconstruction(self, networks: Networks) -> nn.Module | None:
        """Return what trains the autoencoder of a latent GAN."""
        if isinstance(networks.generator, LatentGenerator):
            return Reconstruction(networks.generator, networks.critic)  # type: ignore[arg-type]
        return None

    # --- sampling -------------------------------------------------------------------------

    def check_sampling(
        self, generator: LetterGenerator | LatentGenerator, how: SequenceSamplingConfig
    ) -> None:
        """Refuse a temperature at which this generator cannot be sampled."""
        if generator.config.head == "softmax" and how.temperature not in (0, 1):
            raise ConfigError(
                f"--temperature {how.temperature}: a model with --head softmax always writes its "
                "likeliest letters"
            )
        self.tokenizer.length_range(how.length)
        self.wishes(how)
        asked = [("--latents", how.latents), ("--chain-steps", how.chain_steps)]
        for flag, value in asked:
            if value is not None:
                raise ConfigError(
                    f"{flag} {value}: nothing is constrained, add --template, --avoid or another "
                    "constraint"
                )

    def sampled_as(
        self,
        generator: LetterGenerator | LatentGenerator,
        how: SequenceSamplingConfig,
        judged: bool,
        constrained: bool,
        tell: Callable[[str], None],
    ) -> SequenceSamplingConfig:
        """Choose among candidates by default where labels were learned."""
        if how.refine is not None or not self.conditions.size:
            return super().sampled_as(generator, how, judged, constrained, tell)
        letter_by_letter = isinstance(generator, LatentGenerator)
        against = (
            ("the model has no critic for it, see --judge-steps", not judged),
            (f"--temperature {how.temperature:g}", how.temperature != 1),
            ("--device-noise", how.device_noise),
            ("--latents free", constrained and how.latents == "free"),
            ("constrained records are written letter by letter", constrained and letter_by_letter),
        )
        if why := next((reason for reason, holds in against if holds), ""):
            tell(f"records follow their labels less closely than they can ({why})")
            return super().sampled_as(generator, how, judged, constrained, tell)
        return how.replace(refine=BY_LABELS)

    def named(self, records: SequenceSet, how: SequenceSamplingConfig, first: int) -> SequenceSet:
        """Add the ids of the table of labels."""
        ids = self.wishes(how).ids[first : first + len(records)]
        records.labels[WANTED] = np.array(ids, object)
        return records

    def draw(
        self, generator: LetterGenerator, noise: Noise, how: SequenceSamplingConfig
    ) -> np.ndarray:
        """Write the sequences of some noise as rows of codes, shape (n, positions), uint8."""
        keep_freed_memory()
        device = next(generator.parameters()).device
        with exact():
            low, high = self.tokenizer.length_range(how.length)
            return generator.sample(noise.to(device), how.temperature, low, high).cpu().numpy()

    # --- checks while training ------------------------------------------------------------

    def validation(
        self, parts: Split | StoredSplit, config: SequenceGANConfig, progress: Progress | None
    ) -> SequenceValidation:
        """Return what measures the distance of samples from the validation split."""
        strands = config.chosen("reverse_complement")
        train = parts.train if isinstance(parts, Split) else parts.sample
        return SequenceValidation(
            train, parts.held_out, self.tokenizer, config.seed, strands, self.conditions
        )

    def refinement_steps(self, config: SequenceGANConfig) -> int:
        """Return the steps of the critic that serves refinement."""
        return config.judge_steps

    def for_calibration(self, held_out: SequenceSet, config: SequenceGANConfig) -> Tensor:
        """Return validation records; circular ones start at any letter, as in training."""
        real = self.stored(calibrating(held_out, config))
        if config.rotate:
            turns = torch_generator(config.seed, "calibration turns")
            letters = real[:, : self.tokenizer.positions]
            turned = rotated(letters, draw_rotations(len(real), letters.shape[1], turns))
            real = torch.cat([turned, real[:, letters.shape[1] :]], 1)
        if self.conditions.size:
            chance = torch_generator(config.seed, "calibration labels")
            drawn = draw_chance(self.conditions, len(real), chance)
            real = with_blurred_labels(real, self.conditions, drawn)
        return real

    def computed(self) -> Computed | None:
        """Return what computes labels of rows of codes, where some can be."""
        return None

    def evidence(
        self,
        train: Any = None,
        generated: Tensor | None = None,
        config: SequenceGANConfig | None = None,
    ) -> LabelEvidence | None:
        """Return what tells how well letters go with labels, where there are any."""
        if not self.conditions.size:
            return None
        tokenizer = self.tokenizer
        shape = Shape(tokenizer.channels, tokenizer.positions)
        placed = tokenizer.kind != VARIABLE
        spelling = torch.from_numpy(tokenizer.spelling)
        evidence = LabelEvidence(shape, self.conditions, spelling, placed, self.computed())
        if train is None or generated is None or config is None:
            return evidence
        if config.chosen("reverse_complement"):
            train = both_strands(train)
        return evidence.fit(self.stored(train), generated, config.seed)


def calibrating(held_out: SequenceSet, config: SequenceGANConfig) -> SequenceSet:
    """Draw the validation records by which a critic is calibrated."""
    if config.chosen("reverse_complement"):
        held_out = both_strands(held_out)
    return drawn(held_out, MOST_CALIBRATED, MOST_CALIBRATED_LETTERS, config.seed, "calibration")


class OneHot:
    """Codes (N, length) to one-hot letters (N, channels, length) on a device."""

    def __init__(self, channels: int, device: torch.device) -> None:
        self.table = torch.eye(channels, device=device)

    def __call__(self, codes: Tensor) -> Tensor:
        """Look the letters up."""
        letters = codes.to(self.table.device).int()
        return self.table[letters].transpose(1, 2).contiguous()


class SequenceValidation:
    """Scores samples against the validation split.

    Against records as they were read, also where they are circles in training: that is what the
    samples will be held against.

    The trivial samplers that suit the data are scored once, at the start, as the generator will be:
    on as many samples, against the same validation records. Of large sets 20,000 records and two
    million letters of either part are drawn at random and used for all of this.

    Parameters
    ----------
    train, held_out : SequenceSet
        Training and validation records, with the repeats that the data have.
    tokenizer : Tokenizer
        How codes read as sequences.
    seed : int
        Seed of the subsamples.
    strands : bool
        Compare with both strands of the records, which a model of either strand writes.
    conditions : Conditions
        Labels that are learned: the distance is then the geometric mean of that of all records and
        that within labels (:class:`LabelDistance`).

    Attributes
    ----------
    n : int
        Number of samples of a check.
    references : dict of str to float
        Validation distance of training data (1) and of the trivial samplers; empty without
        validation records.
    """

    def __init__(
        self,
        train: SequenceSet,
        held_out: SequenceSet,
        tokenizer: Tokenizer,
        seed: int,
        strands: bool = False,
        conditions: Conditions = Conditions(),  # noqa: B008 - nothing can change it
    ) -> None:
        self.tokenizer = tokenizer
        train, held_out = (
            drawn(part, MOST_RECORDS, MOST_LETTERS, seed, name)
            for part, name in ((train, "train"), (held_out, "held-out"))
        )
        self.n = min(MOST, len(train))
        if strands:
            train, held_out = both_strands(train), both_strands(held_out)
        self.distance = ValidationDistance(train, held_out, seed) if len(held_out) else None
        self.within = None
        if self.distance is not None and conditions.size:
            self.within = LabelDistance(train, held_out, conditions, seed)
        self.variety = Variety(train, self.n, seed)
        self.references: dict[str, float] = {}
        if self.distance is not None:
            self.references[TRAINING_DATA] = 1.0
            for name in suited_chains(train, fixed=tokenizer.kind != VARIABLE):
                sampled = get_baseline(name).fit(train).sample(self.n, seed)
                self.references[name] = self._measured(sampled)["validation_distance"]

    def score(self, chunks: Sequence[Chunk]) -> CheckResult:
        """Return ``validation_distance`` (1: as close as training data), its parts, the variety."""
        some = SequenceSet.concatenate([chunk.records for chunk in chunks])
        return CheckResult(self._measured(some), self.variety.relative(some))

    def _measured(self, some: SequenceSet) -> dict[str, float]:
        if self.distance is None:
            return {}
        score = self.distance.measure(some)
        if self.within is None:
            return {"validation_distance": score.total, **score.parts}
        within = self.within.measure(some)
        return {
            "validation_distance": (score.total * within) ** 0.5,
            "within-labels": within,
            **score.parts,
        }
