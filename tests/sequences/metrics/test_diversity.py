import numpy as np
import pytest
from comparing import compare, iid

from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics import comparison
from biogan.sequences.metrics.comparison import Comparison, Sample, pair_identities
from biogan.sequences.metrics.diversity import identity_ratio, vendi_score
from biogan.sequences.metrics.novelty import duplicate_table, expected_kinds, rarefaction_table
from biogan.sequences.similarity.pairs import identities as identities_of


def test_one_sequence_written_600_times():
    real = iid(DNA, 600, 40, 0)
    clones = real[np.zeros(600, int)]
    assert compare("unique", clones, real).value == pytest.approx(1 / 600)
    found = compare("identity-ratio", clones, real)
    assert found.value == pytest.approx(1 / pair_identities(real, by_position=True).mean())
    assert found.low > 3


def test_ten_clusters_of_ten():
    real = iid(DNA, 100, 40, 0)
    found = compare("unique", real[np.repeat(np.arange(10), 10)], real)
    assert (found.value, found.n) == (0.1, 100)
    effective = compare("effective", real[np.repeat(np.arange(10), 10)], real)
    assert effective.value == pytest.approx(10 / 100)  # Neff of 10
    assert compare("effective", real, real).value == 1.0
    # Wilson for none of 100.
    assert compare("effective", real, real).low == pytest.approx(0.963, abs=0.0005)


def test_small_changes_do_not_make_records_different():
    # Three likes at 8 of 10 letters or more, one that is like none.
    some = SequenceSet.from_strings(["ACGTACGTAC", "ACGTACGTTT", "ACGTACGTAT", "TTTTTTTTTT"])
    assert compare("effective", some, some).value == pytest.approx((3 * 1 / 3 + 1) / 4)


def test_identity_of_random_dna_is_a_quarter():
    drawn = pair_identities(iid(DNA, 4000, 50, 0), by_position=True)
    assert drawn.mean() == pytest.approx(0.25, abs=0.005)
    found = compare("identity-ratio", iid(DNA, 4000, 50, 1), iid(DNA, 4000, 50, 2))
    assert found.low < 1 < found.high
    # sd of one identity sqrt(.25 * .75 / 50) = .0612 over 2000 pairs, twice, in units of .25
    assert (found.high - found.low) / 2 / 1.96 == pytest.approx(
        0.0612 / np.sqrt(2000) / 0.25 * np.sqrt(2), rel=0.05
    )


def test_edit_distance_where_lengths_vary():
    some = SequenceSet.from_strings(["ACGT", "CGT", "AAAA", "AAAATT"])
    assert pair_identities(some, by_position=False).tolist() == pytest.approx([3 / 4, 4 / 6])
    long = SequenceSet.from_strings(["ACGTT" * 50, "ACGTT" * 50, "A", "C"])
    assert pair_identities(long, by_position=False)[0] == 1.0


def test_both_sets_are_measured_by_one_distance():
    fixed = iid(DNA, 400, 40, 0)
    one_shorter = SequenceSet.from_strings([*fixed.strings()[:399], fixed.strings()[399][:39]])
    # The same records but for one letter; edit identity over Hamming identity would be about 2.
    assert compare("identity-ratio", one_shorter, fixed).value == pytest.approx(1, abs=0.001)
    assert compare("identity-ratio", fixed, one_shorter).value == pytest.approx(1, abs=0.001)
    shorter = SequenceSet.from_strings([text[:39] for text in fixed.strings()])
    by_edits = [pair_identities(s, by_position=False).mean() for s in (shorter, fixed)]
    expected = by_edits[0] / by_edits[1]
    assert compare("identity-ratio", shorter, fixed).value == pytest.approx(expected, rel=1e-12)


def test_pairs_of_the_reference_are_measured_once(monkeypatch):
    counted = []
    align = comparison.pair_identities
    monkeypatch.setattr(
        "biogan.sequences.metrics.comparison.pair_identities",
        lambda some, by_position: counted.append(some) or align(some, by_position),
    )
    real, new = (Sample(iid(DNA, 40, 12, seed)) for seed in (0, 1))
    cut = [text[: 8 + i % 4] for i, text in enumerate(new.sequences.strings())]
    varying = Sample(SequenceSet.from_strings(cut))
    for candidate in (new, new, varying, varying):
        identity_ratio(Comparison(candidate, real, real))
    # Once by position, once by edits.
    assert [some is real.sequences for some in counted].count(True) == 2
    assert len(counted) == 4


def test_long_records_are_aligned_in_fewer_pairs(monkeypatch):
    some = iid(DNA, 200, 100, 0)
    monkeypatch.setattr(comparison, "_MAX_LETTERS", 6_000)
    assert len(pair_identities(some, by_position=False)) == 30  # of 200 letters each
    assert len(pair_identities(some, by_position=True)) == 100
    monkeypatch.setattr(comparison, "_MAX_LETTERS", 500)
    assert len(pair_identities(some, by_position=False)) == 20  # the fewest that are judged


def test_too_few_records_for_pairs():
    one = iid(DNA, 1, 8, 0)
    assert compare("identity-ratio", one, one).value is None


def test_vendi_score_of_clusters_without_a_common_letter():
    # Ten kinds of 20 letters, no two alike at any position, each ten times: 10 of 100.
    random = np.random.default_rng(0)
    kinds = np.stack([random.permutation(20)[:10] for _ in range(20)], 1).astype(np.uint8)
    real = SequenceSet.from_matrix(PROTEIN, kinds)
    assert vendi_score(identities_of(real)) == pytest.approx(10)
    ten = real[np.repeat(np.arange(10), 10)]
    found = compare("vendi", ten, ten)
    assert (found.value, found.n) == (pytest.approx(0.1), 100)
    assert found.low <= found.value <= found.high
    clones = real[np.zeros(100, int)]
    assert compare("vendi", clones, clones).value == pytest.approx(1 / 100)


def test_identities_are_those_of_pairs():
    some = SequenceSet.from_strings(["ACGT", "CGT", "AAAA"])
    by_hand = [[1, 3 / 4, 1 / 4], [3 / 4, 1, 0], [1 / 4, 0, 1]]
    assert identities_of(some) == pytest.approx(np.array(by_hand))
    fixed = iid(DNA, 7, 30, 0)
    matrix = fixed.matrix()
    expected = (matrix[:, None] == matrix).mean(2)
    assert identities_of(fixed) == pytest.approx(expected, abs=1e-6)


def test_expected_kinds():
    counts = np.full(100, 10)
    assert expected_kinds(counts, 1000) == pytest.approx(100)
    assert expected_kinds(counts, 1) == pytest.approx(1)
    # Drawn with replacement it would be 100 (1 - .99^100) = 63.4; without, a little more.
    assert expected_kinds(counts, 100) == pytest.approx(65.3, abs=0.2)


def test_rarefaction_of_clusters_and_the_most_frequent_sequences():
    real = iid(DNA, 10, 40, 0)
    matrix = real.matrix()[np.repeat(np.arange(10), 10)]
    matrix[::10, 0] = (matrix[::10, 0] + 1) % 4  # one of ten has another first letter
    new = Sample(SequenceSet.from_matrix(DNA, matrix))
    rows = rarefaction_table({"generated": new})
    assert [row["n"] for row in rows] == list(range(10, 101, 10))
    assert (rows[-1]["distinct"], rows[-1]["clusters"]) == pytest.approx((20, 10))
    table = duplicate_table(new, Sample(real))
    assert [(row["count"], row["percent"], row["flag"]) for row in table] == [(9, 9.0, "fail")] * 10
    assert all(row["in_training"] for row in table)
    assert duplicate_table(Sample(real), new) == rarefaction_table({"real": Sample(real)}) == []
