"""Lengths and ends: what is missing, piled up, or swapped is seen at a thousand records."""

import numpy as np
import pytest
from comparing import compare, iid

from biogan.evaluation.report.results import REAL as PASSED
from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.evaluate import evaluate
from biogan.sequences.metrics.lengths import outer_letters

STOPS = np.array(["TAA", "TAG", "TGA"])
SENSE = np.array([a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT"
                  if a + b + c not in STOPS])  # fmt: skip


def genes(n, seed, sizes=None, stops=(1, 1, 1)):
    """Open reading frames of 13 to 52 codons."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(11, 51, n) if sizes is None else sizes
    ends = rng.choice(STOPS, n, p=np.array(stops) / sum(stops))
    texts = ["ATG" + "".join(rng.choice(SENSE, k)) + end
             for k, end in zip(sizes, ends, strict=True)]  # fmt: skip
    return SequenceSet.from_strings(texts)


def sizes(n, seed):
    return np.random.default_rng(seed).integers(11, 51, n)


REAL, TRAIN = genes(1000, 1), genes(1000, 2)
NAMES = ["length-ks", "length-jsd", "length-outside", "start-jsd", "end-jsd", "auroc"]


def marks(new):
    report = evaluate(REAL, new, train=TRAIN, metrics=NAMES, floors=["uniform"])
    return {name: report[name].status for name in NAMES}


def test_real_genes_pass():
    found = marks(genes(1000, 3))
    assert set(found.values()) == {PASSED}, found


def test_lengths_that_are_shifted_by_one_bin_are_caught():
    # A bin holds one twentieth of the records: two codons.
    found = marks(genes(1000, 3, sizes(1000, 4) + 2))
    assert found["length-jsd"] != PASSED and found["length-outside"] != PASSED


def test_a_missing_tenth_of_the_shortest_records_is_caught():
    some = sizes(2000, 4)
    found = marks(genes(1000, 3, some[some >= 15][:1000]))
    assert found["length-ks"] != PASSED and found["length-jsd"] != PASSED


def test_swapped_stop_codons_are_caught_and_named():
    new = genes(1000, 3, stops=(5, 3, 1))
    report = evaluate(REAL, new, train=TRAIN, metrics=NAMES, floors=["uniform"])
    assert report["end-jsd"].status != PASSED
    assert {text.split()[0] for text in report["end-jsd"].generated.details} == {"TAA", "TGA"}
    assert report["start-jsd"].status == PASSED


def test_a_piled_up_length_is_caught_and_named():
    some = sizes(1000, 4)
    some[:180] = 14
    report = evaluate(REAL, genes(1000, 3, some), train=TRAIN, metrics=NAMES, floors=["uniform"])
    assert report["length-ks"].status != PASSED and report["length-jsd"].status != PASSED
    assert report["length-jsd"].generated.details[0].startswith("45 to 50 +0.1")
    assert report["auroc"].generated.low > 0.5 > report["auroc"].ceiling.low


def test_the_classifier_knows_lengths_and_both_ends():
    # Short records end with AA, long ones begin with it; in the generated set it is the other way.
    def records(swapped, seed):
        rng = np.random.default_rng(seed)
        texts = []
        for i in range(300):
            inner = "".join(rng.choice(list("CGT"), 10 + 20 * (i % 2)))
            texts.append("AA" + inner if (i + swapped) % 2 else inner + "AA")
        return SequenceSet.from_strings(texts)

    for name in ("auroc", "auroc-cnn"):
        assert compare(name, records(0, 1), records(0, 2)).value == pytest.approx(0.5, abs=0.07)
    assert compare("auroc-cnn", records(1, 1), records(0, 2)).value > 0.9
    ends = SequenceSet.from_strings([text[::-1] for text in records(0, 1).strings()])
    assert compare("auroc", ends, records(0, 2)).value > 0.6


def test_lengths_outside_are_counted_with_shortest_and_longest():
    new = SequenceSet.from_strings(["A" * 5] * 30 + ["A" * 10] * 60 + ["A" * 20] * 10)
    real = SequenceSet.from_strings(["A" * 8, "A" * 12] * 50)
    found = compare("length-outside", new, real)
    assert found.value == pytest.approx(0.4) and found.low < 0.4 < found.high
    assert found.note == "5 to 20 letters, real 8 to 12"


def test_bins_hold_as_many_real_records_and_are_named():
    def records(shortest, seed):
        some = np.repeat(np.arange(shortest, 41), 30)
        order = np.random.default_rng(seed).permutation(some)
        return SequenceSet.from_strings(["A" * n for n in order])

    real, new = records(1, 0), records(3, 1)
    found = compare("length-jsd", new, real)
    assert found.note == "20 bins" and found.low > 0
    assert found.details[0].startswith("below 3 -0.05")


def test_words_that_do_not_fit_into_a_record_are_a_word_of_their_own():
    real = iid(DNA, 1000, 3, 0)
    new = SequenceSet.from_strings([*real.strings()[:500], *["AC"] * 500])
    assert compare("end-jsd", new, real).details[0].startswith("fewer than 3 letters +0.5")


def test_letters_from_both_ends():
    some = SequenceSet.from_strings(["ACGT", "", "G"])
    assert outer_letters(some, 3, False).tolist() == [[0, 1, 2], [4, 4, 4], [2, 4, 4]]
    assert outer_letters(some, 3, True).tolist() == [[3, 2, 1], [4, 4, 4], [2, 4, 4]]


def test_length_distance_by_hand():
    new = SequenceSet.from_strings(["A" * 13] * 40)
    real = SequenceSet.from_strings(["A" * 10, "A" * 12] * 20)
    found = compare("length-w1", new, real)
    assert found.value == found.plain == pytest.approx(2.0)


def test_one_length_says_nothing():
    found = compare("length-w1", iid(DNA, 30, 8, 0), iid(DNA, 30, 8, 1), lengths_vary=False)
    assert found.value is None
    assert found.note == "not informative: all sequences have one length"


def test_gaps_are_not_letters():
    aligned = DNA.with_letters("-")
    new = SequenceSet.from_strings(["AC--", "ACG-"] * 20, alphabet=aligned)
    real = SequenceSet.from_strings(["ACGT", "ACG-"] * 20, alphabet=aligned)
    assert compare("length-w1", new, real).value == pytest.approx(1.0)


def test_largest_difference_of_the_cumulative_lengths():
    # Shares at or below 3, 4, 5 letters: 1/4, 1/2, 1 against 1/2, 1, 1.
    new = SequenceSet.from_strings(["ACG", "ACGT", "ACGTA", "ACGTA"] * 10)
    real = SequenceSet.from_strings(["ACG", "ACG", "ACGT", "ACGT"] * 10)
    found = compare("length-ks", new, real)
    assert found.value == 0.5
    assert found.low < 0.5 < found.high
