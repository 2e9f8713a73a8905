import numpy as np
import pytest
from comparing import compare, iid
from scipy.stats import norm

from biogan.evaluation.two_sample import FOLDS, grouped_folds
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet


def test_identical_sets_cannot_be_told_apart():
    same = iid(DNA, 300, 40, 0)
    assert compare("auroc", same, same).value == pytest.approx(0.5, abs=1e-9)


def test_gc_shift_has_the_area_of_two_gaussians():
    # GC count of 100 letters: means 40 and 50, variances 24 and 25: Phi(10 / sqrt(49)).
    real = iid(DNA, 2000, 100, 1)
    new = iid(DNA, 2000, 100, 0, [0.3, 0.2, 0.2, 0.3])
    found = compare("auroc", new, real)
    assert found.value == pytest.approx(norm.cdf(10 / 7), abs=0.02)
    assert found.low < found.value < found.high
    assert {d[0] + d[-1] for d in found.details} <= {"A+", "T+", "C-", "G-"}


def test_two_samples_of_one_source():
    found = compare("auroc", iid(DNA, 800, 40, 2), iid(DNA, 800, 40, 3))
    assert found.value == pytest.approx(0.5, abs=0.043)  # 3 sd of sqrt(1601 / (12 * 800**2))
    assert found.low < 0.5 < found.high


def test_repeats_are_not_learned_by_heart():
    few = iid(DNA, 200, 40, 1)
    new, real = few[np.repeat(np.arange(100), 5)], few[np.repeat(np.arange(100, 200), 5)]
    # 100 distinct sequences a class: sd sqrt(201 / (12 * 100**2)) = .041 for scores from elsewhere,
    # twice the variance out of fold; by heart it is 1.
    found = compare("auroc", new, real)
    assert found.value == pytest.approx(0.5, abs=0.12)
    assert (found.high - found.low) / 2 / 1.96 == pytest.approx(0.041 * 2**0.5, rel=0.1)


def test_positions_are_seen_where_they_exist():
    real = iid(DNA, 500, 20, 0)
    matrix = iid(DNA, 500, 20, 1).matrix()
    matrix[:, 4] = 2
    found = compare("auroc", SequenceSet.from_matrix(DNA, matrix), real)
    assert found.note == "k-mers and positions"
    assert found.details[0] == "G@5 +"
    # A fixed letter that real data have in a quarter of the records: 1 - 1/4 / 2, at best.
    assert found.value == pytest.approx(0.875, abs=0.03)


def test_protein_of_varying_length():
    texts = iid(PROTEIN, 400, 30, 0).strings()
    cut = SequenceSet.from_strings(
        [t[: 20 + i % 11] for i, t in enumerate(texts)], alphabet=PROTEIN
    )
    found = compare("auroc", cut[:200], cut[200:])
    assert found.note == "k-mers, lengths and both ends"
    assert found.value == pytest.approx(0.5, abs=0.09)


@pytest.mark.parametrize(("length", "note"), [(375, "k-mers and positions"), (376, "k-mers")])
def test_positions_of_long_records_are_not_read_and_not_named(length, note):
    found = compare("auroc", iid(DNA, 30, length, 0), iid(DNA, 30, length, 1))
    assert found.note == note  # 4 * 375 = 1500 cells
    assert any("@" in detail for detail in found.details) == (note != "k-mers")


NO_FOLDS = "half of the records or more are one cluster of near copies: no folds"


def near_copies(n: int, seed: int) -> SequenceSet:
    """One sequence of 100 letters with one letter drawn anew in each record."""
    rng = np.random.default_rng(seed)
    matrix = np.repeat(iid(DNA, 1, 100, 0).matrix(), n, axis=0)
    matrix[np.arange(n), rng.integers(0, 100, n)] = rng.integers(0, 4, n)
    return SequenceSet.from_matrix(DNA, matrix)


def test_one_cluster_of_near_copies_cannot_be_judged():
    # All records in one fold: nothing is left to learn from, which is no proof of likeness.
    found = compare("auroc", near_copies(60, 1), near_copies(60, 2))
    assert (found.value, found.low, found.high, found.note) == (None, None, None, NO_FOLDS)


def test_one_cluster_of_all_generated_records_cannot_be_judged():
    assert compare("auroc", near_copies(60, 1), iid(DNA, 60, 100, 3)).note == NO_FOLDS


def test_a_cluster_of_just_half_of_the_records_leaves_folds():
    def half(seed):
        texts = near_copies(30, seed).strings() + iid(DNA, 30, 100, seed + 7).strings()
        return SequenceSet.from_strings(texts)

    found = compare("auroc", half(1), half(2))
    # Chance, sd of 60 + 60 records of which 60 count as one: at most .053 * sqrt(2).
    assert found.value == pytest.approx(0.5, abs=0.2)
    more = SequenceSet.from_strings(near_copies(31, 1).strings() + half(1).strings()[31:])
    assert compare("auroc", more, half(2)).note == NO_FOLDS


def test_too_few_records():
    few = iid(DNA, 9, 20, 0)
    assert compare("auroc", few, few).note == "needs 10 records a class"


def test_folds_keep_groups_together_and_classes_even():
    rng = np.random.default_rng(0)
    groups = np.concatenate([rng.integers(0, 40, 300), np.arange(100, 400)])
    labels = np.repeat([0, 1], 300)[rng.permutation(600)]
    folds = grouped_folds(groups, labels, 0)
    assert all(len(np.unique(folds[groups == g])) == 1 for g in np.unique(groups))
    counts = np.stack([np.bincount(folds[labels == c], minlength=FOLDS) for c in (0, 1)])
    assert counts.sum() == 600
    assert np.ptp(counts, axis=1).tolist() == [1, 1] or np.ptp(counts) <= 2
    assert folds.tolist() == grouped_folds(groups, labels, 0).tolist()
