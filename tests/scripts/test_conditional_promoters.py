"""Simulated promoters with labels: the truth read off a sequence is what was asked for."""

import numpy as np
import pytest
from make_demo_data import (
    ELEMENTS,
    FREQUENCIES_10,
    SIGMAS,
    START_10,
    conditional,
    score_10,
    truth,
)

from biogan.core.conditions import kind_of
from biogan.sequences.dataset import SequenceSet


def test_labels_have_three_kinds_and_are_independent():
    some = conditional(4000, "some")
    assert {name: kind_of(values) for name, values in some.labels.items()} == {
        "class": "class", "score": "number", "elements": "multi"
    }  # fmt: skip
    kind = (some.labels["class"] == "sigma70").astype(float)
    has_up = np.array(["UP" in value for value in some.labels["elements"]], float)
    score = some.labels["score"].astype(float)
    # Three standard errors of a correlation of 4,000 independent pairs.
    for a, b in ((kind, score), (kind, has_up), (score, has_up)):
        assert abs(np.corrcoef(a, b)[0, 1]) < 3 / np.sqrt(4000)
    assert has_up.mean() == pytest.approx(ELEMENTS["UP"], abs=0.024)


def test_score_by_hand():
    """The consensus: sum of log2(share / 0.25)."""
    for kind, sigma in SIGMAS.items():
        text = "A" * START_10 + sigma.minus_10 + "A" * (60 - START_10 - 6)
        best = np.log2(np.array(FREQUENCIES_10) / 0.25).sum()
        matrix = SequenceSet.from_strings([text]).matrix()
        assert score_10(matrix, sigma)[0] == pytest.approx(best), kind


def test_the_truth_follows_right_labels_and_not_wrong_ones():
    some = conditional(3000, "some")
    right = truth(some)
    # At most one of six letters other than the consensus.
    expected = 0.92**6 + 6 * 0.08 * 0.92**5
    assert right["right box"] == pytest.approx(expected, abs=0.02)
    assert right["wrong box"] < 0.02
    assert right["score r"] > 0.999
    assert right["score error"] <= 0.0005  # the label has three decimals
    assert right["UP"] > 0.9 and right["no UP"] < 0.03
    assert right["ext"] == pytest.approx(0.92**2, abs=0.03) and right["no ext"] < 0.09
    turned = {"sigma70": "sigma32", "sigma32": "sigma70"}
    order = np.random.default_rng(0).permutation(len(some))
    some.labels = {
        "class": np.array([turned[x] for x in some.labels["class"]], object),
        "score": some.labels["score"][order],
        "elements": some.labels["elements"][order],
    }
    wrong = truth(some)
    assert (wrong["right box"], wrong["wrong box"]) == (right["wrong box"], right["right box"])
    assert abs(wrong["score r"]) < 0.06
    assert wrong["UP"] == pytest.approx(wrong["no UP"], abs=0.06)


def test_sets_of_two_names_differ_and_one_name_is_one_set():
    assert conditional(50, "a").strings() == conditional(50, "a").strings()
    assert not set(conditional(50, "a")) & set(conditional(50, "b"))
