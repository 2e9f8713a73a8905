"""What training is compared with at each check."""

import numpy as np
import pytest

from biogan import SequenceSet
from biogan.sequences import tokens as monitors
from biogan.sequences.baselines import get_baseline
from biogan.sequences.baselines.markov import MarkovChain
from biogan.sequences.splits import split
from biogan.sequences.tokenizer import Tokenizer
from biogan.sequences.tokens import SequenceValidation


def chained(n, low, high):
    """Sequences of a chain that prefers the next letter of ACGT."""
    random = np.random.default_rng(0)
    steps = random.choice(4, (n, high), p=[0.1, 0.7, 0.1, 0.1]).cumsum(1) % 4
    lengths = random.integers(low, high + 1, n)
    texts = ["".join("ACGT"[c] for c in row[:k]) for row, k in zip(steps, lengths, strict=True)]
    return SequenceSet.from_strings(texts)


@pytest.mark.parametrize(
    ("low", "names"),
    [
        (30, ["markov-4", "positional-markov-1"]),
        (20, ["markov-3", "positional-markov-2", "positional-markov-4", "positional-markov-end-3"]),
    ],
)
def test_the_floors_are_scored_as_a_generator_is(low, names):
    sequences = chained(600, low, 30)
    parts = split(sequences, 0.2, seed=1)
    monitor = SequenceValidation(parts.train, parts.held_out, Tokenizer.of(sequences), 3)
    assert list(monitor.references) == ["training data", *names]
    assert monitor.references["training data"] == 1.0
    drawn = get_baseline(names[0]).fit(parts.train).sample(monitor.n, 3)
    assert monitor.references[names[0]] == monitor.distance.measure(drawn).total
    if low == 30:  # a chain is what these data are, but for lengths that vary evenly
        assert monitor.references[names[0]] == pytest.approx(1, abs=0.4)


def test_of_large_sets_a_part_is_read(monkeypatch):
    fitted = []
    monkeypatch.setattr(monitors, "MOST_LETTERS", 3000)
    monkeypatch.setattr(
        MarkovChain, "fit",
        lambda self, some, fit=MarkovChain.fit: fitted.append(some) or fit(self, some),
    )  # fmt: skip
    parts = split(chained(600, 30, 30), 0.4, seed=1)
    monitor = SequenceValidation(parts.train, parts.held_out, Tokenizer.of(parts.train), 3)
    assert monitor.n == 100 and len(monitor.distance.held_out) == 100
    assert [len(some) for some in fitted] == [100, 100]
    assert set(fitted[0].ids) < set(parts.train.ids)


def test_without_held_out_records_only_variety_is_known():
    parts = split(chained(40, 30, 30), 0.0)
    monitor = SequenceValidation(parts.train, parts.held_out, Tokenizer.of(parts.train), 0)
    assert monitor.references == {} and monitor.distance is None
    assert set(monitor.variety.relative(parts.train)) == {"distinct", "neighbours"}
