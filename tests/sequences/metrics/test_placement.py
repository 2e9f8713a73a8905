"""How much letters depend on their place."""

import numpy as np
import pytest
from comparing import iid
from helpers import shared_data
from scipy.stats import chi2

from biogan import read_fasta
from biogan.sequences.alphabet import DNA, UNKNOWN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics.symmetry import placement, places_alike


def test_by_hand():
    # The letter is known from the place: one bit of two letters, less (2 - 1) / (2 n ln 2).
    found = placement(SequenceSet.from_strings(["AC"] * 8))
    assert found.bits == pytest.approx(1 - 1 / (16 * np.log(2)))
    assert found.error == pytest.approx(1 / (16 * np.log(2)))
    # G = 2 n ln 2 times one bit, one degree of freedom, two places.
    assert found.single == pytest.approx(2 * chi2.sf(16 * np.log(2), 1))


def test_where_places_are_alike_there_is_nothing_on_average_and_the_error_is_right():
    found = [placement(iid(DNA, 300, 40, seed)) for seed in range(200)]
    bits = np.array([f.bits for f in found])
    assert abs(bits.mean()) < 4 * bits.std() / 200**0.5
    assert bits.std() == pytest.approx(found[0].error, rel=0.25)


def test_information_does_not_depend_on_the_number_of_records():
    rng = np.random.default_rng(0)
    shares = np.array([[0.4, 0.2, 0.2, 0.2], [0.2, 0.2, 0.2, 0.4]])
    expected = float((shares * np.log2(shares / shares.mean(0))).sum(1).mean())
    for n in (200, 20_000):
        codes = np.stack([rng.choice(4, n, p=p) for p in shares], 1).astype(np.uint8)
        found = placement(SequenceSet.from_matrix(DNA, codes))
        assert abs(found.bits - expected) < 4 * (0.1 / n) ** 0.5


def test_equal_places_and_pairs_are_taken_for_different_ones_rarely():
    found = [placement(iid(DNA, 400, 30, seed)) for seed in range(200)]
    for p in (np.array([f.single for f in found]), np.array([f.paired for f in found])):
        # 5 % of 200, with four standard deviations.
        assert (p < 0.05).sum() <= 22
        assert (p < 0.001).sum() <= 3


def varied(n=3_000, length=100, seed=0):
    """Records that differ in GC, with a motif anywhere in each."""
    rng = np.random.default_rng(seed)
    texts = []
    for gc in rng.beta(5, 5, n):
        text = "".join(
            rng.choice(list("ACGT"), length, p=[(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2])
        )
        start = rng.integers(length - 6)
        texts.append(text[:start] + "TGACTC" + text[start + 6 :])
    return texts


def test_composition_and_motifs_anywhere_are_no_matter_of_place():
    found = places_alike(SequenceSet.from_strings(varied()))
    assert found is not None and found.paired > 0.001


@pytest.mark.parametrize(("motif", "share"), [("GT", 0.3), ("TATAAA", 0.15)])
def test_a_motif_in_one_place_of_long_records_is_seen(motif, share):
    rng = np.random.default_rng(0)
    texts = [
        text[:500] + motif + text[500 + len(motif) :] if rng.random() < share else text
        for text in iid(DNA, 2_000, 1_000, 0).strings()
    ]
    found = placement(SequenceSet.from_strings(texts))
    assert found.bits < 0.001 and found.single < 1e-6
    assert places_alike(SequenceSet.from_strings(texts)) is None


def test_columns_that_belong_together_are_seen():
    half = np.random.default_rng(0).integers(0, 4, (3_000, 20))
    hairpins = np.concatenate([half, 3 - half[:, ::-1]], 1).astype(np.uint8)
    found = placement(SequenceSet.from_matrix(DNA, hairpins))
    assert found.bits < 0.001 and found.single > 0.001 and found.paired < 1e-9
    assert places_alike(SequenceSet.from_matrix(DNA, hairpins)) is None


def test_only_enough_records_of_one_length_are_measured():
    many = iid(DNA, 2_000, 40, 0)
    assert places_alike(many) is not None
    assert places_alike(many[:200]) is None
    assert places_alike(SequenceSet.from_strings([*many.strings(), "ACG"])) is None
    unknown = SequenceSet.from_matrix(DNA, many.matrix())
    unknown.codes[0] = UNKNOWN
    assert places_alike(unknown) is None
    assert places_alike(many[:0]) is None
    assert places_alike(iid(DNA, 9_000, 1, 0)) is not None


def test_real_sets():
    def read(name):
        return read_fasta(shared_data(name))

    assert places_alike(read("dna/ecoli50_promoters.train.fasta.gz")) is None
    assert places_alike(read("dna/yeast80_random.train.fasta")) is None
    groups = read("dna/human200_polygraph_groups.train.fasta.gz")
    native = [i for i, name in enumerate(groups.ids) if "06001" <= name.split("_")[1] <= "08000"]
    assert places_alike(groups.take(np.array(native))) is not None
