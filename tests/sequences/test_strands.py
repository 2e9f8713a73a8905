"""Reverse complements by hand, and what training on either strand draws, splits and judges by."""

import numpy as np
import pytest
import torch

from biogan import SequenceGAN
from biogan.core.errors import ConfigError
from biogan.models.card import model_card
from biogan.models.fit import build_trainer, data_part
from biogan.sequences.alphabet import DNA
from biogan.sequences.autoconfig import resolve
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.modality import SequenceModality
from biogan.sequences.similarity.pairs import has_near_copy
from biogan.sequences.splits import split, strand_clusters
from biogan.sequences.strands import both_strands, reverse_complement
from biogan.sequences.tokenizer import Tokenizer
from biogan.sequences.tokens import SequenceValidation
from biogan.training.batches import Batches
from biogan.training.engine import Engine

SMALL = {
    "width": 4, "depth": 1, "latent": 4, "batch_size": 8, "steps": 4, "seed": 1,
    "reverse_complement": True,
}  # fmt: skip


def random_texts(n, low, high, seed=0):
    random = np.random.default_rng(seed)
    return ["".join(random.choice(list("ACGT"), k)) for k in random.integers(low, high + 1, n)]


@pytest.mark.parametrize(
    ("alphabet", "text", "other"),
    [
        ("dna", "AACGT", "ACGTT"),
        ("rna", "GGAUC", "GAUCC"),
        (DNA.with_letters("RY"), "ACRTY", "RAYGT"),
        (DNA.with_letters("N"), "NAC", "GTN"),
        ("dna", "", ""),
    ],
)
def test_known_reverse_complements(alphabet, text, other):
    s = SequenceSet.from_strings([text, "A"], ids=["x", "y"], alphabet=alphabet)
    assert reverse_complement(s).strings()[0] == other
    assert reverse_complement(s).ids == ["x", "y"]
    assert reverse_complement(reverse_complement(s)).strings() == s.strings()


def test_records_of_many_lengths_keep_their_places_labels_and_weights():
    texts = ["AC", "G", "TTTGA", "", "CCA"]
    s = SequenceSet.from_strings(texts, labels={"k": list("abcde")})
    s.weights = np.array([1.0, 2, 3, 4, 5])
    other = reverse_complement(s)
    assert other.strings() == ["GT", "C", "TCAAA", "", "TGG"]
    assert other.labels["k"].tolist() == list("abcde") and other.weights.tolist() == [1, 2, 3, 4, 5]
    assert both_strands(s).strings() == texts + ["GT", "C", "TCAAA", "", "TGG"]


@pytest.mark.parametrize(
    ("alphabet", "message"),
    [
        ("protein", "protein letters have no complement; DNA and RNA have"),
        ("custom:ACGT", "custom letters have no complement"),
        (DNA.with_letters("-"), "the columns of an alignment cannot be reversed"),
        (DNA.with_letters("R"), "dna letters have no complement"),  # R without its partner Y
    ],
)
def test_letters_without_another_strand_are_refused_before_training(alphabet, message):
    s = SequenceSet.from_strings(["ACA", "CCA"], alphabet=alphabet)
    for use in (
        lambda: reverse_complement(s),
        lambda: resolve(SequenceGANConfig(**SMALL), Tokenizer.of(s)),
        lambda: SequenceGAN(**SMALL).fit(s),
    ):
        with pytest.raises(ConfigError, match=message):
            use()


def test_clusters_span_both_strands():
    a = "ACGTTGCAAC"
    texts = [a, "GTTGCAACGA", "TTTTTTTTTT", "CCCCCCCCCC"]  # the second: one letter off rc(a)
    s = SequenceSet.from_strings(texts)
    assert reverse_complement(s[:1]).strings() == ["GTTGCAACGT"]
    assert strand_clusters(s, 0.9).tolist() == [0, 0, 1, 2]
    assert strand_clusters(s, 1.0).tolist() == [0, 1, 2, 3]
    assert strand_clusters(SequenceSet.from_strings(["AAAA", "TTTT"]), 1.0).tolist() == [0, 0]


def test_no_near_copy_of_either_strand_lies_across_the_split():
    texts = random_texts(60, 18, 18)  # too short for the words that count on either strand
    s = SequenceSet.from_strings(texts)
    s = SequenceSet.from_strings(texts + reverse_complement(s[:40]).strings())
    plain, parts = split(s, 0.2), split(s, 0.2, both_strands=True)
    assert has_near_copy(plain.held_out, both_strands(plain.train), 0.9).any()
    assert not has_near_copy(parts.held_out, both_strands(parts.train), 0.9).any()
    assert len(parts.held_out) == 20 and len(parts.train) == 80


def test_each_draw_is_one_of_the_two_readings_and_batch_k_depends_on_k_alone():
    data, twins = torch.arange(10), torch.arange(10) + 100
    batches = Batches(data, np.ones(10), 20, seed=3, twins=twins)
    drawn = torch.stack([batches[k] for k in range(200)])
    plain = torch.stack([Batches(data, np.ones(10), 20, seed=3)[k] for k in range(200)])
    # The same records in the same order; 4,000 fair coins, four standard deviations either way.
    assert torch.equal(drawn % 100, plain)
    assert (drawn >= 100).float().mean().item() == pytest.approx(0.5, abs=4 * 0.5 / 4000**0.5)
    for record in range(10):
        share = (drawn[drawn % 100 == record] >= 100).float().mean().item()
        assert share == pytest.approx(0.5, abs=0.1)
    again = Batches(data, np.ones(10), 20, seed=3, twins=twins)
    assert torch.equal(again[150], drawn[150]) and torch.equal(again[7], drawn[7])


@pytest.mark.parametrize(("low", "high"), [(12, 12), (6, 12)])
def test_a_fit_draws_both_strands_and_nothing_else(low, high):
    s = SequenceSet.from_strings(random_texts(80, low, high))
    layout = Tokenizer.of(s)
    plan = SequenceModality.plan(s, SequenceGANConfig(**SMALL))
    parts = plan.modality.split(s, plan.config)
    card = model_card(plan, data_part(s, parts, plan.modality, None))
    trainer = build_trainer(plan, parts, Engine(plan.config), None, card, [])
    drawn = torch.cat([trainer.adversarial_step.batches[k] for k in range(200)]).numpy()
    assert set(layout.decode(drawn).strings()) == set(both_strands(parts.train).strings())
    assert (
        trainer.monitor.validation.distance.train.strings() == both_strands(parts.train).strings()
    )
    assert has_near_copy(parts.held_out, both_strands(parts.train), 0.9).sum() == 0


def test_the_option_is_kept_with_the_model(tmp_path):
    s = SequenceSet.from_strings(random_texts(80, 12, 12))
    gan = SequenceGAN(**SMALL).fit(s, out=tmp_path / "run")
    assert gan.card["config"]["reverse_complement"] is True
    assert gan.sample(5).strings() == SequenceGAN.load(tmp_path / "run").sample(5).strings()
    with pytest.raises(ConfigError, match="--reverse-complement was True, now False"):
        SequenceGAN(**SMALL | {"reverse_complement": False, "steps": 9}).fit(
            s, out=tmp_path / "run", resume=True
        )


def test_the_monitor_compares_with_both_strands():
    s = SequenceSet.from_strings(["AAAACC" + t for t in random_texts(200, 8, 8)])
    parts = split(s, 0.3)
    turned = reverse_complement(parts.train)
    layout = Tokenizer.of(s)
    one, both = (
        SequenceValidation(parts.train, parts.held_out, layout, 0, strands)
        for strands in (False, True)
    )
    half = SequenceSet.concatenate([parts.train[:70], turned[70:]])
    # Half of each strand: as good as training data for the one, far from it for the other.
    assert both.distance.measure(half).total < 1.5
    assert one.distance.measure(half).total > 3
    assert one.n == both.n == len(parts.train)
