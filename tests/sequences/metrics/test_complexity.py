import pytest
from comparing import compare, iid

from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics import composition
from biogan.sequences.metrics.composition import letter_entropy, triplet_entropy


def test_entropy_of_triplets_by_hand():
    # ATATATA: ATA 3, TAT 2 of 5 triplets; two letters hold none.
    found = triplet_entropy(SequenceSet.from_strings(["AAAAAA", "ATATAT", "ACGTT", "AC"]))
    assert found == pytest.approx([0, 1, 1.5849625, 0])
    assert letter_entropy(SequenceSet.from_strings(["AAAA", "AACC", "ACGT"])).tolist() == [0, 1, 2]


def test_tables_are_made_in_parts(monkeypatch):
    some = iid(DNA, 50, 30, 0)
    whole = triplet_entropy(some)
    monkeypatch.setattr(composition, "_CELLS", 7 * 64)
    assert triplet_entropy(some).tolist() == whole.tolist()


def test_repeats_that_the_longest_run_cannot_see():
    # 30 triplets of ATAT..., half of each: 1 bit.
    real = iid(DNA, 400, 32, 0)
    repeats = SequenceSet.from_strings(["AT" * 16] * 400)
    found = compare("complexity-w1", repeats, real)
    assert found.value == pytest.approx(triplet_entropy(real).mean() - 1)
    assert found.note == "k=3"
    assert compare("complexity-w1", real, real).value == 0


def test_proteins_are_read_by_letter():
    real = iid(PROTEIN, 400, 40, 0)
    few = SequenceSet.from_strings(["AC" * 20] * 400, alphabet=PROTEIN)
    found = compare("complexity-w1", few, real)
    assert found.value == pytest.approx(letter_entropy(real).mean() - 1)
    assert found.note == "k=1"
