"""Judges a generator while it trains, on the validation split."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from biogan.models.sampling import collect, drawer, stream
from biogan.nn.sequence_heads import LetterGenerator
from biogan.sequences.baselines import get_baseline, suited_chains
from biogan.sequences.config import SamplingConfig
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics.diversity import Variety
from biogan.sequences.metrics.validation_distance import ValidationDistance
from biogan.sequences.splits import Split, both_strands, drawn
from biogan.sequences.tokenizer import VARIABLE, Tokenizer
from biogan.training.trainer import TRAINING_DATA, CheckResult

# More samples than validation records cost time and say little more.
MOST = 2000
# Real records and letters that are compared with and that floors are fitted to: the counts of a
# Markov chain take a hundred bytes a letter, and those of more records differ little.
MOST_RECORDS, MOST_LETTERS = 20_000, 2_000_000
PREVIEW = 20
# A stream of its own: what chose the checkpoint is not what a user samples.
STREAM = "check"


class ValidationMonitor:
    """Samples from the averaged generator and scores the samples.

    Against records as they were read, also where they are circles in training: that is what the
    samples will be held against.

    The trivial samplers that suit the data are scored once, at the start, as the generator will be:
    on as many samples, against the same validation records. Of large sets 20,000 records and two
    million letters of either part are drawn at random and used for all of this.

    Parameters
    ----------
    split : Split
        Training and held-out records.
    layout : Tokenizer
        How codes read as sequences.
    seed : int
        Seed of the subsamples and of what the generator writes.
    preview : callable, optional
        Receives a few samples at each check.
    strands : bool
        Compare with both strands of the records, which a model of either strand writes.

    Attributes
    ----------
    references : dict of str to float
        Validation distance of training data (1) and of the trivial samplers; empty without
        validation records.
    """

    def __init__(
        self,
        split: Split,
        layout: Tokenizer,
        seed: int,
        preview: Callable[[SequenceSet], None] | None,
        strands: bool = False,
    ) -> None:
        self.layout, self.seed, self.preview = layout, seed, preview
        # With the repeats that the data have, as the trainer feeds them.
        train, held_out = (
            drawn(part, MOST_RECORDS, MOST_LETTERS, seed, name)
            for part, name in ((split.train, "train"), (split.held_out, "held-out"))
        )
        self.n = min(MOST, len(train))
        if strands:
            train, held_out = both_strands(train), both_strands(held_out)
        self.distance = ValidationDistance(train, held_out, seed) if len(held_out) else None
        self.variety = Variety(train, self.n, seed)
        self.references: dict[str, float] = {}
        if self.distance is not None:
            self.references[TRAINING_DATA] = 1.0
            for name in suited_chains(train, fixed=layout.kind != VARIABLE):
                sampled = get_baseline(name).fit(train).sample(self.n, seed)
                self.references[name] = self.distance.measure(sampled).total

    def __call__(self, generator: nn.Module, step: int) -> CheckResult:
        """Return ``validation_distance`` (1 = as close as training data), its parts, variety."""
        assert isinstance(generator, LetterGenerator)
        draw = drawer(generator, self.layout, SamplingConfig(seed=self.seed))
        chunks = stream(draw, self.layout, 0, self.n, f"check{self.seed}", name=STREAM)
        chunk = collect(chunks, self.layout)
        if self.preview is not None:
            self.preview(chunk.sequences[:PREVIEW])
        scores: dict[str, float] = {}
        if self.distance is not None:
            score = self.distance.measure(chunk.sequences)
            scores = {"validation_distance": score.total, **score.parts}
            if self.layout.kind == VARIABLE:
                scores["malformed"] = chunk.malformed / self.n
        return CheckResult(scores, self.variety.relative(chunk.sequences))
