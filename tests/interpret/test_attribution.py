"""Effects of letters: exact where they can be counted, complete where they have to add up."""

import numpy as np
import pytest
import torch

from biogan.core.errors import CheckpointError, DataError
from biogan.core.oracles import Asked
from biogan.core.rng import rng
from biogan.evaluation.two_sample import CrossValidation, grouped_folds
from biogan.interpret.attribution import (
    JudgeScorer,
    OracleScorer,
    gradient_effects,
    integrated_gradients,
    mutagenesis,
    own_letters,
    part_file,
)
from biogan.interpret.judge import Judge, JudgeNetwork
from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet

WEIGHTS = rng(0, "weights").standard_normal((12, 4))


def codes(n=40, length=12, seed=0):
    return rng(seed, "codes").integers(0, 4, (n, length)).astype(np.uint8)


def linear(some, rows):
    """Score letters by a weight of each position."""
    return WEIGHTS[np.arange(12), some].sum(1)


@pytest.fixture(scope="module")
def judge():
    """A judge of records with ACG in the middle, and its folds."""
    some = codes(240)
    some[:120, 4:7] = [0, 1, 2]
    labels = np.repeat([1, 0], 120)
    validation = CrossValidation(labels, np.arange(240), grouped_folds(np.arange(240), labels, 0))
    return Judge.fit(some, DNA, validation, members=2), validation.folds, some


def test_effects_of_a_linear_score_are_its_weights():
    found = mutagenesis(linear, codes(), DNA)
    expected = WEIGHTS - WEIGHTS.mean(1, keepdims=True)
    assert np.allclose(found, expected[None], atol=1e-6)
    own = own_letters(found, codes())
    assert np.allclose(own.sum(1), linear(codes(), None) - WEIGHTS.mean(1).sum(), atol=1e-5)


def test_a_gap_is_neither_made_nor_filled():
    alphabet = DNA.with_letters("-")
    some = codes()
    some[:, 3] = 4
    seen = []

    def score(mutants, rows):
        seen.append(mutants)
        return (mutants == 0).sum(1).astype(float)

    found = mutagenesis(score, some, alphabet)
    every = np.concatenate(seen)
    assert (every[:, 3] == 4).all() and (np.delete(every, 3, 1) < 4).all()
    assert not found[:, 3].any() and not found[..., 4].any()


def test_records_of_any_length_are_changed_and_never_extended():
    sets = SequenceSet.from_strings(["ACGT", "AC"])
    found = mutagenesis(lambda some, rows: (some == 0).sum(1).astype(float), sets.matrix(), DNA)
    assert found[1, :2].any() and not found[1, 2:].any()


def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    some, asked = codes(), []

    def score(mutants, rows):
        asked.append(np.unique(rows))
        return linear(mutants, rows)

    out = part_file(tmp_path / "part", (40, 12, 4))
    whole = mutagenesis(score, some, DNA)
    out[:25] = whole[:25]
    out.flush()
    asked.clear()
    again = part_file(tmp_path / "part", (40, 12, 4))
    assert np.array_equal(mutagenesis(score, some, DNA, again), whole)
    assert set(np.concatenate(asked)) == set(range(25, 40))
    with pytest.raises(CheckpointError, match="bytes"):
        part_file(tmp_path / "part", (41, 12, 4))


def test_the_judge_finds_what_was_planted_and_every_record_is_judged_by_others(judge):
    fitted, folds, some = judge
    assert fitted.auroc > 0.95
    found = mutagenesis(JudgeScorer(fitted, folds), some[:120], DNA)
    share = np.abs(own_letters(found, some[:120]))
    assert share[:, 4:7].sum() / share.sum() > 0.7
    # A judge that learned nothing spreads what it says over all 12 positions: about 3 of 12.
    for network in fitted.networks:
        assert not any(p.requires_grad for p in network.parameters())


def test_an_untrained_judge_explains_nothing(judge):
    """The share inside what was planted is then what chance gives: this check can fail."""
    _, folds, some = judge
    networks = [
        JudgeNetwork(4, 12, True, False, 2, torch.Generator().manual_seed(k)) for k in range(5)
    ]
    with torch.no_grad():
        untrained = Judge(networks, DNA, 12)
        found = mutagenesis(JudgeScorer(untrained, folds), some[:120], DNA)
    share = np.abs(own_letters(found, some[:120]))
    assert 0.1 < share[:, 4:7].sum() / share.sum() < 0.4


def test_integrated_gradients_add_up_to_the_score(judge):
    fitted, folds, some = judge
    found = integrated_gradients(fitted, some, folds)
    assert found.error <= 0.01
    even = torch.full((1, 4, 12), 0.25)
    starts = np.array([float(fitted.log_ratio(even, fold)) for fold in range(5)])
    due = fitted(some, folds) - starts[folds]
    got = own_letters(found.effects, some).sum(1)
    assert np.abs(got - due).max() <= 0.01 * np.sqrt(np.square(due).mean()) + 1e-4


def test_gradients_are_those_of_finite_differences(judge):
    fitted, folds, some = judge
    found = gradient_effects(fitted, some[:3], folds[:3])
    letters = fitted.encode(some[:1]).double()
    network = fitted.networks[int(folds[0])].double()
    step = 1e-5
    for place, letter in ((5, 1), (2, 3)):
        values = []
        for sign in (1, -1):
            moved = letters.clone()
            moved[0, :, place] -= sign * step / 4
            moved[0, letter, place] += sign * step
            values.append(float(network(moved).mean(0)) * fitted.slope)
        assert (values[0] - values[1]) / (2 * step) == pytest.approx(
            float(found[0, place, letter]), rel=0.02, abs=1e-4
        )
    network.float()


def test_an_oracle_is_asked_without_gaps_and_for_each_text_once():
    asked = []

    def count(texts):
        asked.extend(texts)
        return [text.count("A") for text in texts]

    scorer = OracleScorer(Asked(count, "count"), DNA.with_letters("-"))
    some = DNA.with_letters("-").encode("A-CA-CA-C").reshape(3, 3)
    assert scorer(some, np.arange(3)).tolist() == [1, 1, 1]
    assert asked == ["AC"]


def test_an_oracle_has_to_give_one_number_for_every_change():
    both = Asked(lambda texts: {"a": [1.0] * len(texts), "b": [2.0] * len(texts)}, "two")
    with pytest.raises(DataError, match="choose one with --value"):
        OracleScorer(both, DNA)(codes(), np.arange(40))
    assert OracleScorer(both, DNA, "b")(codes(), np.arange(40)).tolist() == [2.0] * 40
    never = Asked(lambda texts: [-np.inf] * len(texts), "never")
    with pytest.raises(DataError, match="not feasible"):
        OracleScorer(never, DNA)(codes(), np.arange(40))
