import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biogan.core.errors import ConfigError
from biogan.evaluation.distances import entropy, jsd, pearson
from biogan.evaluation.intervals import GROUPS
from biogan.sequences import kmers
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.kmers import (
    choose_k,
    grouped_kmer_counts,
    kmer_counts,
    kmer_names,
    kmer_table,
    windows,
)


def dna(*texts: str) -> SequenceSet:
    return SequenceSet.from_strings(list(texts))


def test_windows_overlap():
    # str.count would find four AA in AAAAAAAA; there are seven windows.
    assert kmer_counts(dna("AAAAAAAA"), 2).tolist() == [7] + [0] * 15


def test_windows_do_not_cross_records():
    counts = dict(zip(kmer_names("ACGT", 2), kmer_counts(dna("AC", "GT"), 2), strict=True))
    assert {k: int(v) for k, v in counts.items() if v} == {"AC": 1, "GT": 1}


def test_records_shorter_than_k_hold_no_window():
    assert kmer_counts(dna("A", "", "AC", "ACGTT"), 4).sum() == 2
    assert kmer_counts(dna("A", "C"), 3).sum() == 0
    assert windows(dna("A", "", "AC", "ACGTT"), 4) == 2


@given(st.lists(st.text("ACGT", max_size=12), min_size=1, max_size=8), st.integers(1, 4))
def test_counts_equal_a_loop_over_every_window(texts, k):
    names = kmer_names("ACGT", k)
    found = [t[i : i + k] for t in texts for i in range(len(t) - k + 1)]
    expected = [found.count(name) for name in names]
    assert kmer_counts(dna(*texts), k).tolist() == expected


@pytest.mark.parametrize("dense", [0, 1 << 20])
def test_blocks_join_without_a_seam(monkeypatch, dense):
    texts = ["".join(np.random.default_rng(i).choice(list("ACGT"), 23)) for i in range(30)]
    whole = kmer_counts(dna(*texts), 3)
    groups = np.arange(30) % 4
    by_group = grouped_kmer_counts(dna(*texts), 3, groups, 4)
    for name, value in (("_BLOCK", 7), ("_FILL", 0), ("_DENSE", dense)):
        monkeypatch.setattr(kmers, name, value)
    assert kmer_counts(dna(*texts), 3).tolist() == whole.tolist()
    assert grouped_kmer_counts(dna(*texts), 3, groups, 4).tolist() == by_group.tolist()


@pytest.mark.parametrize("k", [1, 2, 3, 5, 6, 7, 8, 9, 10])
def test_every_k_reads_its_windows_to_base_four(k):
    text = "".join(np.random.default_rng(k).choice(list("ACGT"), 40))
    digits = text.translate(str.maketrans("ACGT", "0123"))
    expected = sorted(int(digits[i : i + k], 4) for i in range(41 - k))
    counts = kmer_counts(dna(text), k)
    assert np.repeat(np.arange(len(counts)), counts).tolist() == expected


def test_groups_sum_to_the_whole():
    some = dna("ACGTAC", "GGG", "TTTAC", "AC")
    groups = grouped_kmer_counts(some, 2, np.array([0, 1, 0, 1]), 2)
    assert groups[0].tolist() == (kmer_counts(some[[0, 2]], 2)).tolist()
    assert groups.sum(0).tolist() == kmer_counts(some, 2).tolist()
    assert kmer_table(some, 2)[3].tolist() == kmer_counts(dna("AC"), 2).tolist()


@pytest.mark.parametrize("k", [0, 14])
def test_impossible_k_is_refused(k):
    with pytest.raises(ConfigError, match=f"k={k}: "):
        kmer_counts(dna("ACGT"), k)


def test_jsd_known_values():
    assert float(jsd(np.array([0.5, 0.5, 0]), np.array([0.5, 0, 0.5]))) == pytest.approx(0.5)
    assert float(jsd(np.array([0.9, 0.1]), np.array([0.5, 0.5]))) == pytest.approx(
        0.146793, abs=1e-6
    )
    assert float(jsd(np.array([3, 0]), np.array([0, 7]))) == 1.0
    assert float(jsd(np.array([2, 5, 1]), np.array([4, 10, 2]))) == 0.0


def test_jsd_of_an_empty_spectrum():
    empty, full = np.zeros(4, int), np.array([1, 0, 2, 0])
    assert float(jsd(empty, full)) == 1.0
    assert float(jsd(empty, empty)) == 0.0


def test_jsd_of_two_uniform_samples_is_its_bias():
    rng = np.random.default_rng(0)
    a, b = (SequenceSet.from_matrix(DNA, rng.integers(0, 4, (1000, 100)).astype(np.uint8))
            for _ in range(2))  # fmt: skip
    # (A^k - 1) / (8 ln 2) (1/N1 + 1/N2) = 255 / 5.545 * 2 / 97000
    assert float(jsd(kmer_counts(a, 4), kmer_counts(b, 4))) == pytest.approx(9.5e-4, rel=0.12)


def test_choose_k_fills_every_cell_ten_times():
    # 1000 records of 44 letters: 39 windows of 6 each = 39,000 < 40,960; of 5: 40,000 >= 10,240.
    matrix = np.zeros((1000, 44), np.uint8)
    assert choose_k(SequenceSet.from_matrix(DNA, matrix)) == 5
    assert choose_k(SequenceSet.from_matrix(DNA, np.zeros((1000, 46), np.uint8))) == 6
    assert choose_k(SequenceSet.from_matrix(PROTEIN, matrix)) == 2
    assert choose_k(dna("A"), SequenceSet.from_matrix(DNA, matrix)) == 1


def test_choose_k_stops_at_what_tables_of_all_groups_may_hold(monkeypatch):
    some = SequenceSet.from_matrix(DNA, np.zeros((1000, 46), np.uint8))
    monkeypatch.setattr(kmers, "_MAX_CELLS", GROUPS * 4**3)
    k = choose_k(some)
    assert k == 3
    grouped_kmer_counts(some, k, np.arange(1000) % GROUPS, GROUPS)
    monkeypatch.setattr(kmers, "_MAX_CELLS", GROUPS * 4)
    assert choose_k(some) == 1


def test_pearson_known_value_and_constant():
    assert pearson(np.array([1, 2, 3]), np.array([1, 3, 2])) == pytest.approx(0.5)
    assert pearson(np.array([1, 1, 1]), np.array([1, 3, 2])) == 0.0


def test_entropy_of_no_choice_a_fair_and_a_biased_coin():
    # -(3/4 log2 3/4 + 1/4 log2 1/4) = 2 - 3/4 log2 3
    found = entropy(np.array([[4, 0], [2, 2], [3, 1], [0, 0]]))
    assert found == pytest.approx([0, 1, 2 - 0.75 * np.log2(3), 0])
