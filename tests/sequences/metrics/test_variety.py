import numpy as np
import pytest
from comparing import iid

from biogan.core.errors import DataError
from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics.diversity import Variety, distinct_share


def test_figures_by_hand():
    # Nearest neighbours: at 1, 1, 5 and 5 mismatches in train, at 2 everywhere in the samples.
    train = SequenceSet.from_strings(["AAAAA", "AAAAC", "CCCCG", "GGGGT"])
    samples = SequenceSet.from_strings(["AAAAA", "AAACC", "GGGAA", "GGGTT"])
    found = Variety(train, 4).relative(samples)
    assert found == {"distinct": 1.0, "neighbours": pytest.approx(2 / ((1 + 1 + 5 + 5) / 4))}


def test_fresh_data_are_as_varied():
    variety = Variety(iid(DNA, 1000, 40, 0), 1000)
    for value in variety.relative(iid(DNA, 1000, 40, 1)).values():
        assert value == pytest.approx(1, abs=0.03)


def test_few_kinds_with_small_changes_are_seen_by_their_neighbours():
    rng = np.random.default_rng(0)
    codes = iid(DNA, 5, 40, 1).matrix()[rng.integers(0, 5, 500)]
    codes[np.arange(500)[:, None], rng.integers(0, 40, (500, 3))] = rng.integers(0, 4, (500, 3))
    found = Variety(iid(DNA, 1000, 40, 0), 500).relative(SequenceSet.from_matrix(DNA, codes))
    assert found["distinct"] == pytest.approx(0.96, abs=0.04)
    assert found["neighbours"] == pytest.approx(0.05, abs=0.05)


def test_lengths_by_hand():
    train = SequenceSet.from_strings(["ACGTACGT", "ACGA"])  # standard deviation 2
    samples = SequenceSet.from_strings(["CCCCC", "GGGGGGG"])  # standard deviation 1
    assert Variety(train, 2).relative(samples)["lengths"] == pytest.approx(0.5)


def test_what_hardly_varies_in_the_data_is_left_out():
    train = SequenceSet.from_strings(["ACGT"] * 9 + ["ACGA"])
    assert Variety(train, 10).relative(train) == {"distinct": 1.0}


def test_samples_longer_or_shorter_than_any_record():
    train = SequenceSet.from_strings(["ACGT", "TT", "GGCAT"])
    for text in ("A", "ACGTACGTAC"):
        found = Variety(train, 3).relative(SequenceSet.from_strings([text] * 3))
        assert found == {"distinct": pytest.approx(1 / 3), "neighbours": 0.0, "lengths": 0.0}


def test_one_record():
    one = SequenceSet.from_strings(["ACGT"])
    assert Variety(one, 1).relative(one) == {"distinct": 1.0}
    with pytest.raises(DataError, match="2 samples to compare with 1 training records"):
        Variety(one, 2)


def test_distinct_share():
    assert distinct_share(SequenceSet.from_strings(["A", "C", "A", "A"])) == pytest.approx(0.5)
