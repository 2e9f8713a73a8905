"""A GAN of codes: the same records again, whole and resumed runs alike, labels, refusals."""

import numpy as np
import pytest
import torch
from helpers import Kill, Killed

from biogan import Avoid, Fixed, MaxRun, Require, SequenceGAN, SequenceSet
from biogan.core.errors import ConfigError
from biogan.core.rng import rng, torch_generator
from biogan.sequences.constraints.decoder import ConstrainedDecoder
from biogan.sequences.constraints.joint import language
from biogan.sequences.modality import SequenceModality

SMALL = {
    "architecture": "latent", "units": 8, "latent": 16, "batch_size": 16, "steps": 8, "seed": 1,
    "check_every": 4,
}  # fmt: skip


def peptides(n=120, labels=False):
    random = rng(0, "peptides")
    texts = ["".join(random.choice([*"ACDEFGHIKL"], k)) for k in random.integers(4, 12, n)]
    kinds = {"kind": np.array(["a", "b"] * (n // 2), object)} if labels else None
    return SequenceSet.from_strings(texts, alphabet="protein", labels=kinds)


@pytest.fixture(scope="module")
def gan(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "whole"
    return SequenceGAN(**SMALL).fit(peptides(), out=out)


def test_records_are_those_of_their_number_and_keep_to_the_lengths(gan):
    some = gan.sample(700, seed=3)
    assert gan.sample(5, seed=3).strings() == some.strings()[:5]
    lengths = peptides().lengths
    assert lengths.min() <= some.lengths.min() and some.lengths.max() <= lengths.max()
    assert {*gan.sample(50, seed=3, length="5:6").lengths} == {5, 6}


def test_a_read_model_writes_scores_and_refines_the_same(gan, tmp_path):
    gan.save(tmp_path / "copy")
    read = SequenceGAN.load(tmp_path / "copy")
    assert read.sample(20, seed=2).strings() == gan.sample(20, seed=2).strings()
    assert np.array_equal(read.score(peptides()), gan.score(peptides()))
    assert read.sample(9, refine="mh").strings() == gan.sample(9, refine="mh").strings()
    assert len(read.interpolate(2, 3)) == 6


def test_a_resumed_run_is_the_run_without_interruption(gan, tmp_path):
    with pytest.raises(Killed):
        SequenceGAN(**SMALL).fit(peptides(), out=tmp_path / "cut", callbacks=[Kill(6)])
    again = SequenceGAN(**SMALL).fit(peptides(), out=tmp_path / "cut", resume=True)
    assert again.sample(40, seed=5).strings() == gan.sample(40, seed=5).strings()
    assert again.card.judge == gan.card.judge


def test_every_weight_is_learned():
    # By a loss that a constant in the logits changes.
    options = SMALL | {"ema": 0.0, "validation": 0.0, "loss": "standard"}
    start = SequenceModality.plan(peptides(), SequenceGAN(**options).config)
    before = start.modality.networks(start.config)
    after = SequenceGAN(**options).fit(peptides()).networks
    for old, new in zip(before, after, strict=True):
        for (name, was), now in zip(old.named_parameters(), new.parameters(), strict=True):
            assert not was.equal(now), name


def test_a_run_begins_with_the_weights_of_another_of_other_lengths(gan, tmp_path):
    gan.save(tmp_path / "old")
    longer = SequenceSet.from_strings(
        [2 * text for text in peptides(60).strings()], None, "protein"
    )
    new = SequenceGAN(steps=2, seed=2, judge_steps=0).fit(longer, start=tmp_path / "old")
    assert new.card.config["architecture"] == "latent"
    assert new.sample(30).lengths.max() > peptides().lengths.max()


def test_labels_are_learned_and_asked_for():
    gan = SequenceGAN(**SMALL, condition="kind").fit(peptides(labels=True))
    assert set(gan.sample(30, label="kind=b").labels["kind"]) == {"b"}


def test_it_learns_what_a_code_tells():
    """Words of three families: a record has those of one, which no letter before it tells."""
    random, words = rng(0, "families"), ["ACDE", "FGHI", "KLMN"]
    texts = [words[k] * n for k, n in zip(random.integers(0, 3, 300), random.integers(2, 4, 300),
                                          strict=True)]  # fmt: skip
    real = SequenceSet.from_strings(texts, alphabet="protein")
    options = SMALL | {"units": 32, "batch_size": 64, "steps": 150, "lr": 2e-3, "validation": 0.0}
    found = SequenceGAN(**options).fit(real).sample(300, seed=1).strings()
    assert np.mean([text in set(texts) for text in found]) > 0.85
    assert min(sum(text.startswith(word) for text in found) for word in words) > 50


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kmer_matching": 1.0}, "--kmer-matching 1.0: --architecture latent generates codes"),
        ({"rotate": True}, "--rotate"),
        ({"shift": 2}, "--shift"),
        ({"minibatch_std": True}, "--minibatch-std: --architecture latent"),
        ({"devices": 2}, "--devices 2 --nodes 1: --architecture latent trains in one process"),
        ({"width": 8}, "--width 8: --architecture latent is sized by --units alone"),
    ],
)
def test_options_of_letters_are_refused(options, said):
    with pytest.raises(ConfigError, match=said):
        SequenceGAN(**SMALL | options).fit(peptides())


def test_codons_that_open_and_close_genes_stand_where_they_have_to():
    random, sense = rng(0, "genes"), ["GCT", "AAA", "CTG", "GGC", "GAA"]
    texts = ["ATG" + "".join(random.choice(sense, n)) + "TAA" for n in random.integers(5, 12, 200)]
    gan = SequenceGAN(**SMALL).fit(SequenceSet.from_strings(texts))
    assert gan.tokenizer.word == 3
    found = gan.sample(100, seed=1).strings()
    assert all(text[:3] == "ATG" and text[-3:] == "TAA" and len(text) % 3 == 0 for text in found)


def test_constraints_are_kept_letter_by_letter(gan):
    found = gan.sample(60, seed=3, constraints=[Avoid("AC"), Require("KL"), MaxRun(2)])
    for text in found.strings():
        assert "AC" not in text and "KL" in text
        assert not any(letter * 3 in text for letter in text)
    assert (
        gan.sample(7, seed=3, constraints=[Avoid("AC"), Require("KL"), MaxRun(2)]).strings()
        == (found.strings()[:7])
    )
    short = gan.sample(20, seed=1, length="4:5", constraints=[Fixed("1-2=KL")])
    assert {*short.lengths} <= {4, 5} and {text[:2] for text in short.strings()} == {"KL"}


def test_each_record_keeps_its_own_template(gan):
    plan = SequenceModality.constraining(template_from=None, template="KLXXA")
    found = gan.sample(9, constraints=gan.modality.constraints(plan)).strings()
    assert all(len(text) == 5 and text[:2] == "KL" and text[4] == "A" for text in found)


def test_without_constraints_in_the_way_letters_are_those_of_the_generator(gan):
    free = gan.sample(40, seed=4).strings()
    decoder = ConstrainedDecoder(gan.networks.generator.eval(), [language([], gan.tokenizer)])
    noise = gan.networks.generator.noise(512, torch_generator(4, "sample", 0))
    codes, log_p = decoder.draw(noise, torch.zeros(512, dtype=torch.long), torch.empty(0), True)
    assert gan.tokenizer.decode(codes.numpy()).strings()[:40] == free
    assert log_p.abs().max() < 1e-5


def test_a_required_word_is_not_pushed_to_the_end(gan):
    found = gan.sample(300, seed=2, length="11", constraints=[Require("KL")]).strings()
    places = np.bincount([text.index("KL") for text in found], minlength=10)
    assert places[-1] < 0.3 * len(found) and (places[:5] > 0).all()


def test_the_estimate_of_a_first_letter_is_its_probability(gan):
    generator, source = gan.networks.generator.eval(), torch_generator(1, "noise")
    words = language([Fixed("1=K")], gan.tokenizer)
    noise, items = generator.noise(2000, source), torch.zeros(2000, dtype=torch.long)
    _, log_p = ConstrainedDecoder(generator, [words]).draw(noise, items, torch.empty(0), True)
    free = gan.tokenizer.decode(generator.sample(noise).numpy()).strings()
    share = np.mean([text[0] == "K" for text in free])
    assert log_p.exp().mean().item() == pytest.approx(share, abs=0.02)


def test_what_cannot_be_kept_is_one_line(gan):
    with pytest.raises(ConfigError, match="goes to place 40"):
        gan.sample(3, constraints=[Fixed("40=K")])
    with pytest.raises(ConfigError, match="--refine mh: constrained records of --architecture"):
        gan.sample(3, constraints=[Avoid("AC")], refine="mh")
