"""Strands are told apart where they mean something, and only there."""

import numpy as np
import pytest
from comparing import iid
from helpers import shared_data

from biogan import read_fasta
from biogan.sequences.alphabet import DNA, PROTEIN, RNA, Alphabet
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics import symmetry as module
from biogan.sequences.metrics.symmetry import FEWEST, strandedness, strands_alike
from biogan.sequences.strands import both_strands


def planted(n, motif, place, share, seed=0):
    """Plant a motif at a place of a share of random records, where None is anywhere."""
    rng = np.random.default_rng(seed)
    texts = []
    for text in iid(DNA, n, 60, seed).strings():
        start = rng.integers(60 - len(motif)) if place is None else place
        found = text[:start] + motif + text[start + len(motif) :]
        texts.append(found if rng.random() < share else text)
    return SequenceSet.from_strings(texts)


def test_by_hand():
    found = strandedness(SequenceSet.from_strings(["AC", "AC", "AG", "CT"]))
    # Other strands: GT, GT, CT, AG. C behind: 1, 1, 0, 0 more; mean 1/2, sd 1 / sqrt 3, n = 4.
    # The letter A: 1, 1, 1, -1 more; mean 1/2, sd 1: less.
    assert found.z == pytest.approx(3**0.5)


def test_two_equal_strands_are_taken_for_different_ones_as_rarely_as_said():
    wrong = [strands_alike(iid(DNA, FEWEST, 40, seed)) is None for seed in range(200)]
    # 5 % of 200, with four standard deviations; Bonferroni makes it fewer.
    assert sum(wrong) <= 22


@pytest.mark.parametrize("place", [None, 30])
def test_a_motif_with_a_direction_is_seen(place):
    assert strands_alike(planted(2_000, "TATAAT", place, 0.3)) is None


def test_a_palindrome_in_the_middle_has_no_direction():
    found = strands_alike(planted(2_000, "GAATTC", 27, 0.5))
    assert found is not None and found.p > 0.05


def test_both_strands_of_anything_are_alike():
    found = strands_alike(both_strands(planted(1_000, "TATAAT", 30, 1.0)))
    assert found is not None
    assert (found.z, found.p) == (pytest.approx(0, abs=1e-9), 1)


def test_records_that_all_differ_alike_leave_no_doubt():
    assert strandedness(SequenceSet.from_strings(["AAAA"] * 10)) == (float("inf"), 0.0)


def test_only_enough_dna_without_gaps_is_tested():
    strings = iid(DNA, FEWEST, 30, 0).strings()
    assert strands_alike(SequenceSet.from_strings(strings)) is not None
    assert strands_alike(SequenceSet.from_strings(strings[1:])) is None
    rna = [text.replace("T", "U") for text in strings]
    assert strands_alike(SequenceSet.from_strings(rna, alphabet=RNA)) is None
    gapped = DNA.with_letters("-")
    assert strands_alike(SequenceSet.from_strings(strings, alphabet=gapped)) is None
    assert strands_alike(iid(PROTEIN, FEWEST, 30, 0)) is None
    assert strands_alike(iid(Alphabet("custom", DNA.letters), FEWEST, 30, 0)) is None
    assert strands_alike(SequenceSet.from_strings(["", *strings])) is not None


def test_many_records_are_thinned_out(monkeypatch):
    some = planted(3_000, "TATAAT", 30, 0.5)
    monkeypatch.setattr(module, "_MOST", 1_000)
    assert strandedness(some) == strandedness(some.take(np.linspace(0, 2_999, 1_000).astype(int)))


@pytest.mark.parametrize(
    ("path", "alike"),
    [
        ("dna/ecoli50_promoters.train.fasta.gz", False),
        ("dna/epd_human_tata_300.train.fasta", False),
        ("dna/fbgan_genes_dna.train.fasta", False),
        ("dna/human200_polygraph_groups.train.fasta.gz", True),
    ],
)
def test_real_sets(path, alike):
    sequences = read_fasta(shared_data(path))
    if alike:
        # Natural enhancers among designed and random DNA.
        native = [i for i, name in enumerate(sequences.ids) if "06001" <= name[-5:] <= "08000"]
        sequences = sequences.take(np.array(native))
        assert len(sequences) > 1_500
    assert (strands_alike(sequences) is not None) == alike
