from types import SimpleNamespace

import numpy as np
import pytest
from comparing import compare, iid

from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.input_report import Finding
from biogan.sequences.metrics.composition import gc_content, longest_repeats, longest_runs

GC40 = [0.3, 0.2, 0.2, 0.3]


@pytest.fixture(scope="module")
def shifted():
    return iid(DNA, 2000, 100, 0, GC40), iid(DNA, 2000, 100, 1)


def test_gc_shift_of_a_tenth(shifted):
    found = compare("gc-w1", *shifted)
    assert found.value == pytest.approx(0.1, abs=0.003)
    assert found.low < 0.1 < found.high


def test_letter_jsd_of_a_gc_shift(shifted):
    # p = (.3, .2, .2, .3) against uniform: .3 log2(.3/.275) + .2 log2(.2/.225)
    # + (.25 log2(.25/.275) + .25 log2(.25/.225)) = .007299 bits
    found = compare("letter-jsd", *shifted)
    assert found.value == pytest.approx(0.007299, abs=0.0006)
    assert found.low < 0.007299 < found.high
    assert found.n == 2000


def test_gc_spread_of_clones_is_too_small():
    # GC of 100 fair letters has sd .05; pairs of opposite records have none.
    real = iid(DNA, 2000, 100, 2)
    flat = SequenceSet.from_strings(["AC" * 50, "GT" * 50] * 1000)
    assert compare("gc-sd-ratio", flat, real).value == pytest.approx(0, abs=1e-12)
    same = compare("gc-sd-ratio", iid(DNA, 2000, 100, 4), real)
    assert same.low < 1 < same.high
    # sd of a ratio of two sds: sqrt(2 / (2 * 2000)) = .022
    assert (same.high - same.low) / 2 / 2.09 == pytest.approx(0.022, rel=0.4)


def test_gc_counts_only_known_letters():
    alphabet = DNA.with_letters("N")
    sequences = SequenceSet.from_strings(["GGNN", "ACGT", "", "NN"], alphabet=alphabet)
    assert gc_content(sequences).tolist() == [1.0, 0.5, 0.0, 0.0]


def test_protein_has_no_gc():
    found = compare("gc-w1", iid(PROTEIN, 30, 8, 0), iid(PROTEIN, 30, 8, 1))
    assert (found.value, found.note) == (None, "nucleotides only")


def test_validity_counts_records_before_cleaning():
    sequences = iid(DNA, 60, 8, 0)
    assert compare("valid", sequences, sequences).value is None
    findings = [
        Finding("ambiguous", "ambiguous letters (N)", "dropped", 20, 25, dropped=20),
        Finding("repeated id", "a repeated id", "renamed", 3),
        Finding("empty", "no letters", "dropped", 1, dropped=1),
    ]
    sequences.report = SimpleNamespace(valid_records=60, records=80, findings=findings)
    found = compare("valid", sequences, sequences)
    assert (found.value, found.n) == (0.75, 80)
    assert found.details == ("ambiguous: 20 records", "empty: 1 record")
    assert found.low == pytest.approx(0.6452, abs=1e-4)


def test_few_records_have_no_interval():
    found = compare("letter-jsd", iid(DNA, 5, 8, 0), iid(DNA, 30, 8, 1))
    assert found.low is None and found.high is None
    assert found.note == "fewer than 20 records: no interval"
    assert np.isfinite(found.value)


def test_longest_runs_end_with_their_record():
    some = SequenceSet.from_strings(["AAC", "CCCC", "", "CA"])
    assert longest_runs(some).tolist() == [2, 4, 0, 1]
    real, new = (SequenceSet.from_strings([text] * 40) for text in ("ACGT", "AAAC"))
    assert compare("run-w1", new, real).value == pytest.approx(2.0)  # runs of 3, not of 1


def test_letters_whose_share_differs_are_named(shifted):
    details = compare("letter-jsd", *shifted).details
    assert sorted(text[:4] for text in details) == ["A +0", "C -0", "G -0", "T +0"]
    for text in details:
        share, low, high = (float(x.strip("[],")) for x in text.split()[1:])
        assert abs(share) == pytest.approx(0.05, abs=0.004)
        assert low < share < high and low * high > 0
    same = iid(DNA, 100, 20, 3)
    assert compare("letter-jsd", same, same).details == ()


def test_longest_repeats_by_hand():
    texts = ["", "A", "AAAAA", "ACACACG", "GATTACAGATTACA", "CAGCAGCAG", "AC", "CC"]
    # Letters behind the first unit; a unit of seven letters is too long to be looked for.
    found = longest_repeats(SequenceSet.from_strings(texts))
    assert found.tolist() == [0, 0, 4, 4, 1, 6, 0, 1]
    # A record does not go on in the next one.
    assert longest_repeats(SequenceSet.from_strings(["ACGA", "AAAC"])).tolist() == [1, 2]


def test_repeats_in_a_twentieth_of_the_records_are_seen():
    real, new = iid(DNA, 1000, 60, 1), iid(DNA, 1000, 60, 2)
    right = compare("simple-repeats", new, real)
    assert right.value < 0.02
    texts = new.strings()
    texts[:50] = [text[:20] + "CACACACACACA" + text[32:] for text in texts[:50]]
    wrong = compare("simple-repeats", SequenceSet.from_strings(texts), real)
    assert wrong.low > right.high and wrong.value == pytest.approx(0.05, abs=0.015)
    assert wrong.note.startswith("more than ") and wrong.note.endswith(" repeated letters")
    assert wrong.n == 1000
