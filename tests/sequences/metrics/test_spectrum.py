import tracemalloc

import numpy as np
import pytest
from comparing import compare, iid

from biogan.evaluation.distances import jsd
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet


def test_two_samples_of_one_source_differ_by_nothing():
    found = compare("kmer-jsd", iid(DNA, 1000, 100, 0), iid(DNA, 1000, 100, 1))
    assert found.note == "k=6"
    # Bias of the plug-in estimate: 4095 / (8 ln 2) * 2 / 95000 = 0.0155 bits, to first order.
    assert found.plain == pytest.approx(0.0155, rel=0.1)
    assert found.value == pytest.approx(0, abs=0.001)
    assert found.low == 0


def test_identical_sets():
    same = iid(DNA, 300, 50, 0)
    found = compare("kmer-jsd", same, same)
    assert (found.value, found.low, found.high, found.plain) == (0, 0, 0, 0)
    found = compare("kmer-pearson", same, same)
    assert found.value == pytest.approx(1)


def test_disjoint_letters_are_one_bit_apart():
    a = SequenceSet.from_strings(["A" * 60] * 100)
    c = SequenceSet.from_strings(["C" * 60] * 100)
    assert compare("kmer-jsd", a, c).value == pytest.approx(1.0)
    assert compare("letter-jsd", a, c).value == pytest.approx(1.0)


def test_a_real_difference_lies_inside_the_interval():
    # Independent letters: a 2-mer has the product of their probabilities.
    p, q = [0.3, 0.2, 0.2, 0.3], [0.25] * 4
    new, real = iid(DNA, 60, 12, 5, p), iid(DNA, 60, 12, 6)
    found = compare("kmer-jsd", new, real)
    assert found.note == "k=2"
    truth = float(jsd(np.outer(p, p).ravel(), np.outer(q, q).ravel()))
    assert found.low < truth < found.high
    assert found.plain > found.value


def test_pearson_is_the_plug_in_value_with_an_interval_around_it():
    found = compare("kmer-pearson", iid(PROTEIN, 200, 50, 0), iid(PROTEIN, 200, 50, 1))
    assert found.note == "k=3"
    assert found.value == found.plain
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(0, abs=0.05)


def test_records_shorter_than_k():
    real = iid(DNA, 1000, 100, 0)
    short = SequenceSet.from_strings(["ACG"] * 1000)
    found = compare("kmer-jsd", short, real)
    assert found.value is None
    assert found.note == "no record holds 6 letters"


def test_words_that_both_have():
    # k = 3: 64 >= 4 x 16 letters. Of the candidate's 10 words 8 are AAA, which the reference has.
    real = SequenceSet.from_strings(["AAACCCGG", "TTTTACGT"])
    new = SequenceSet.from_strings(["AAAAAAAAAA", "GAGA"])
    found = compare("kmer-precision", new, real)
    assert found.value == pytest.approx(8 / 10)
    # AAA AAC ACC CCC CCG CGG, TTT TTT TTA TAC ACG CGT: 11 different words, one found.
    assert found.note.startswith("k=3; random letters 0.17;")
    assert compare("kmer-recall", new, real).value == pytest.approx(1 / 12)
    same = iid(DNA, 40, 30, 0)
    assert compare("kmer-precision", same, same).value == 1
    # 1,200 letters: k = 7. Random letters find what the note says.
    random = compare("kmer-precision", iid(DNA, 4000, 30, 1), same)
    assert random.note == "k=7; random letters 0.057"
    assert random.value == pytest.approx(0.057, abs=0.003)
    assert random.low < random.value < random.high


def test_words_are_counted_one_group_at_a_time():
    some = iid(DNA, 40, 1640, 0)
    tracemalloc.start()
    try:
        found = compare("kmer-precision", some, some)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.note.startswith("k=10;")
    assert peak < 5 * 8 * 4**10  # twenty tables of 4**10 words would be 168 MB
