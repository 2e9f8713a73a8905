import time

import numpy as np
import pytest
from comparing import iid

from biogan.core.errors import DataError
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics.validation_distance import ValidationDistance


def varying(n: int, seed: int, shortest: int = 20) -> SequenceSet:
    rng = np.random.default_rng(seed)
    texts = iid(DNA, n, 60, seed).strings()
    return SequenceSet.from_strings(
        [t[:k] for t, k in zip(texts, rng.integers(shortest, 61, n), strict=True)]
    )


def test_fresh_real_data_score_one():
    distance = ValidationDistance(iid(DNA, 3000, 40, 0), iid(DNA, 1000, 40, 1))
    score = distance.measure(iid(DNA, 1000, 40, 2))
    assert sorted(score.parts) == [
        "composition", "correlations", "kmers-3", "kmers-5", "pairs", "uniqueness",
    ]  # fmt: skip
    assert score.total == pytest.approx(1, abs=0.15)
    assert score.parts["pairs"] == pytest.approx(1, abs=0.15)


def test_total_is_the_geometric_mean():
    distance = ValidationDistance(iid(DNA, 300, 10, 0), iid(DNA, 100, 10, 1))
    score = distance.measure(iid(DNA, 100, 10, 2, [0.4, 0.1, 0.1, 0.4]))
    parts = np.array(list(score.parts.values()))
    assert parts.min() < 1
    assert score.total == pytest.approx(np.maximum(parts, 1).prod() ** (1 / len(parts)))
    assert score.total > 1.5


def test_luck_in_one_part_makes_up_for_nothing():
    distance = ValidationDistance(iid(DNA, 300, 10, 0), iid(DNA, 100, 10, 1))
    scores = [distance.measure(iid(DNA, 100, 10, seed)) for seed in range(2, 12)]
    assert any(min(score.parts.values()) < 0.9 for score in scores)
    assert all(score.total >= 1 for score in scores)


def test_verbatim_repeats_of_one_record_lose():
    train, held_out = iid(DNA, 1000, 40, 0), iid(DNA, 500, 40, 1)
    clones = held_out[np.arange(500) % 250]
    score = ValidationDistance(train, held_out).measure(clones)
    assert score.parts["uniqueness"] == pytest.approx(2.0)


def test_lengths_count_where_they_vary():
    distance = ValidationDistance(varying(3000, 0), varying(1500, 1))
    assert "pairs" not in distance.measure(varying(1000, 2)).parts
    assert distance.measure(varying(1000, 2)).parts["lengths"] == pytest.approx(1, abs=0.6)
    assert distance.measure(varying(1000, 3, shortest=40)).parts["lengths"] > 10


def test_records_shorter_than_every_window():
    distance = ValidationDistance(varying(500, 0), varying(500, 1))
    score = distance.measure(SequenceSet.from_strings(["A"] * 100))
    assert np.isfinite(score.total)
    assert score.total > 10


def test_order_of_the_records_does_not_matter():
    distance = ValidationDistance(iid(DNA, 500, 20, 0), iid(DNA, 200, 20, 1))
    new = iid(DNA, 300, 20, 2)
    assert distance.measure(new).total == pytest.approx(distance.measure(new[::-1]).total)


def test_long_alignments_stay_quick():
    alphabet = PROTEIN.with_letters("-")
    distance = ValidationDistance(iid(alphabet, 2500, 200, 0), iid(alphabet, 500, 200, 1))
    new = iid(alphabet, 2000, 200, 2)
    distance.measure(new)
    start = time.process_time()
    distance.measure(new)
    assert time.process_time() - start < 2  # about 0.1 s on one core


@pytest.mark.parametrize(("train", "held_out"), [(0, 5), (5, 0)])
def test_empty_sets_are_refused(train, held_out):
    some = iid(DNA, 5, 8, 0)
    with pytest.raises(DataError, match="set is empty"):
        ValidationDistance(some[:train], some[:held_out])


def test_other_letters_are_refused():
    dna, protein = iid(DNA, 5, 8, 0), iid(PROTEIN, 5, 8, 0)
    with pytest.raises(DataError, match="train has the letters ACGT"):
        ValidationDistance(dna, protein)
    with pytest.raises(DataError, match="cannot score 5 sequences"):
        ValidationDistance(dna, dna).measure(protein)


def test_genes_that_are_not_whole_cost():
    """Train: all whole genes; of four generated ones two: 1 / 0.5."""
    genes = SequenceSet.from_strings(["ATGAAATAA", "ATGCCCTAG", "ATGGGGTGA", "ATGTTTTAA"])
    broken = SequenceSet.from_strings(["ATGAAATAA", "ATGCCCTAG", "ATGGGGGGG", "TTTTTTTAA"])
    assert ValidationDistance(genes, genes).measure(broken).parts["genes"] == pytest.approx(2.0)
    assert ValidationDistance(genes, genes).measure(genes).parts["genes"] == pytest.approx(1.0)


def linked(n, seed, share, length=12, alphabet=DNA):
    """Return random letters whose two halves are the same in a share of the records."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, alphabet.size, (n, length), np.uint8)
    same = random.random(n) < share
    codes[same, length // 2 :] = codes[same, : length // 2]
    return SequenceSet.from_matrix(alphabet, codes)


@pytest.mark.parametrize("held_out", [100, 300, 1000])
def test_correlations_of_the_right_strength_are_best(held_out):
    """Noise of few held-out records must not speak for stronger ones."""
    distance = ValidationDistance(linked(3000, 0, 0.3), linked(held_out, 1, 0.3))

    def part(share):
        scores = [distance.measure(linked(2000, seed, share)) for seed in (2, 3, 4)]
        return float(np.mean([score.parts["correlations"] for score in scores]))

    none, weak, right, strong, stronger = (part(share) for share in (0, 0.15, 0.3, 0.45, 0.6))
    assert right < min(weak, strong)
    assert none > max(weak, 3 * right) and stronger > max(strong, 3 * right)
    assert right == pytest.approx(1, abs=0.5)


def test_columns_that_are_independent_have_no_correlations_to_miss():
    distance = ValidationDistance(iid(DNA, 3000, 12, 0), iid(DNA, 300, 12, 1))
    parts = [distance.measure(iid(DNA, 2000, 12, seed)).parts["correlations"] for seed in range(5)]
    assert parts == pytest.approx([1] * 5, abs=0.5)


def test_records_that_differ_too_little_are_seen():
    def of_two_kinds(n, seed, rich):
        random = np.random.default_rng(seed)
        share = np.where(random.random(n) < 0.5, rich, 1 - rich)[:, None]
        strong = random.random((n, 40)) < share
        codes = np.where(strong, random.integers(1, 3, (n, 40)), 3 * random.integers(0, 2, (n, 40)))
        return SequenceSet.from_matrix(DNA, codes.astype(np.uint8))

    distance = ValidationDistance(of_two_kinds(3000, 0, 0.7), of_two_kinds(1000, 1, 0.7))
    right, even = (distance.measure(of_two_kinds(2000, 2, rich)).parts for rich in (0.7, 0.5))
    assert right["composition"] == pytest.approx(1, abs=0.7) and even["composition"] > 20
    assert even["pairs"] < 3
