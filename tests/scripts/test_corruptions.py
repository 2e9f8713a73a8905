"""Harms that a reader would call wrong, and the metrics that mark them on real data."""

import corruptions as harms
import numpy as np
import pytest
from helpers import shared_data

from biogan import read_fasta


def draw(seed=0):
    return np.random.default_rng(seed)


def test_harms_of_single_records_by_hand():
    assert harms.rotated("ACGT", draw()) == "CGTA"
    assert harms.reversed_letters("AACG", draw()) == "GCAA"
    assert harms.other_strand("AACG", draw()) == "CGTT"
    assert harms.moved_gaps("-AC--GT-A-", draw()) == "-ACG--T-A-"
    assert harms.moved_gaps("-ACG-", draw()) == "-ACG-"
    assert harms.other_start("MKLV", draw()) == "LVMK"
    assert harms.cut_in_half("ACGTA", draw()) == "ACG"
    assert harms.lost_frame("ATGCAATAA", draw()) == "ATGAACTAA"
    assert harms.other_stops(["ATGTGA"] * 4 + ["ATGTAA"], draw()).count("ATGTAA") == 3
    assert sorted(harms.shuffled_codons("ATGAAACCCTAA", draw())) == sorted("ATGAAACCCTAA")
    assert harms.conservative("GGG", draw()) == "GGG"
    assert set(harms.conservative("IIIIIIIIIIII", draw())) == {"I", "L"}
    repeat = harms.simple_repeat("ACGTACGGTTACGATTGACCAGTT", draw())
    assert len(repeat) == 24 and len(set(repeat)) > 2
    synonym = harms.preferred_synonym("ATG" + "TTG" * 200 + "TAA", draw())
    # Leucine's first codon in the alphabet is CTA; about a tenth is changed.
    assert 8 <= synonym.count("CTA") <= 35 and len(synonym) == 606


def test_harms_of_sets_by_hand():
    texts = [c * n for c, n in zip("ACGTACGTAC", range(6, 16), strict=True)]
    assert len(set(harms.duplicated(texts, draw()))) == 9
    assert len(harms.shortest_missing(texts, draw())) == 9
    joined = harms.chimeras(texts, draw())
    assert [t[: len(t) // 2] for t in joined] != [t[: len(t) // 2] for t in texts]
    assert sum(map(len, joined)) == sum(map(len, texts))
    half = harms.partly(0.5, harms.each(harms.rotated))(["ACACAC"] * 10, draw())
    assert half.count("CACACA") == 5
    assert harms.gaps_of_another(["A-CG", "-TTT"], draw()) == ["-ACG", "T-TT"]
    genes = ["ATG" + "GCA" * n + "TAA" for n in (4, 6)]
    assert {len(t) for t in harms.codon_halves(genes, draw())} <= {18, 21, 24}
    short = harms.shorter_by_a_bin(3)(["ATG" + "GCA" * n + "TAA" for n in range(10, 50)], draw())
    assert {len(t) % 3 for t in short} == {0}


@pytest.mark.slow
def test_known_answers_on_real_genes():
    """Lengths shifted by one bin, the shortest tenth missing, other stop codons: at n = 1,000."""
    records = read_fasta(shared_data("dna/fbgan_genes_dna.train.fasta"))
    found = {
        name: set(harms.marks(report))
        for name, report in harms.judged(records, "coding", 1000, 1).items()
    }
    assert not found[harms.HARMLESS]
    assert "length-jsd" in found["lengths shorter by one bin"]
    assert {"length-ks", "length-jsd"} <= found["shortest tenth missing"]
    assert "end-jsd" in found["half of TGA written as TAA"]
    assert "unique" in found["10 % duplicated"]
    assert "simple-repeats" in found["repeat of 16 letters in 5 %"]
    assert "backwards" in found["a fifth written backwards"]


@pytest.mark.slow
def test_a_base_pair_that_is_lost_is_seen_in_a_real_family():
    records = read_fasta(shared_data("rna/rf00379_cdiamp_riboswitch.aligned.train.fasta"))
    reports = harms.judged(records, "aligned", 1000, 1, ["weakest-pair", "backwards", "unique"])
    found = {name: set(harms.marks(report)) for name, report in reports.items()}
    assert not found[harms.HARMLESS]
    assert found["pairing of two columns broken"] == {"weakest-pair"}
    assert "backwards" in found["a fifth written backwards"]
