import numpy as np
import pytest
from comparing import compare, iid
from helpers import shared_data

from biogan.core.errors import ConfigError
from biogan.sequences.alphabet import DNA, PROTEIN, RNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.genetic_code import codon_counts, codons_of, gc3, genetic_code
from biogan.sequences.metrics.comparison import Comparison, Sample
from biogan.sequences.metrics.context import Extras

ON = {"extras": Extras(coding=True)}


def dna(*texts: str) -> SequenceSet:
    return SequenceSet.from_strings(texts)


def genes(n: int, seed: int, codons: int = 20) -> SequenceSet:
    """ATG, sense codons at random, TAA."""
    rng = np.random.default_rng(seed)
    sense = np.flatnonzero(~genetic_code(1).stops[:64])
    inner = rng.choice(sense, (n, codons))
    letters = np.stack([inner // 16, inner // 4 % 4, inner % 4], 2).reshape(n, -1)
    ends = [np.tile(DNA.encode(t), (n, 1)) for t in ("ATG", "TAA")]
    return SequenceSet.from_matrix(DNA, np.hstack([ends[0], letters, ends[1]]).astype(np.uint8))


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("ATGAAATAA", True),
        ("ATGTAA", True),
        ("TTGAAATGA", True),  # a start codon of the standard code
        ("ATGAAATA", False),  # out of frame
        ("ATGAAA", False),  # no stop
        ("AAAAAATAA", False),  # no start
        ("ATGTAGTAA", False),  # a stop inside
        ("ATG", False),
        ("TAA", False),
        ("", False),
    ],
)
def test_what_is_a_whole_gene(text, valid):
    assert genetic_code(1).valid(dna(text, "GGG")).tolist() == [valid, False]


def test_other_letters_and_other_codes():
    kept = SequenceSet.from_strings(["ATGANATAA", "ATGAAATAA"], alphabet=DNA.with_letters("N"))
    assert genetic_code(1).valid(kept).tolist() == [False, True]
    rna = SequenceSet.from_strings(["AUGAAAUAA"], alphabet=RNA)
    assert genetic_code(1).valid(rna).tolist() == [True]
    # TGA is tryptophan in vertebrate mitochondria, AGA a stop.
    mitochondrial = dna("ATGTGATAA", "ATGAAAAGA")
    assert genetic_code(2).valid(mitochondrial).tolist() == [True, True]
    assert genetic_code(1).valid(mitochondrial).tolist() == [False, False]
    with pytest.raises(ConfigError, match="genetic code 7: NCBI has 1, 2, 3"):
        genetic_code(7)


def test_codons_by_hand():
    some = dna("AAATTT", "", "ACGT", "GG")
    codons, offsets = codons_of(some)
    assert (codons.tolist(), offsets.tolist()) == ([0, 63, 6], [0, 2, 2, 3, 3])
    counts = codon_counts(some)
    assert counts.shape == (4, 64)
    assert counts.sum(1).tolist() == [2, 0, 1, 0]
    # AAC TTA GGG: two of three third letters are C or G.
    assert gc3(dna("AACTTAGGGA", "A")) == pytest.approx([2 / 3, 0])
    assert genetic_code(1).internal_stops(dna("TAATAATAA", "TAA", "")).tolist() == [2, 0, 0]


def test_translation_agrees_with_biopython():
    from Bio.Seq import Seq

    for number in (1, 2, 11):
        code = genetic_code(number)
        found = genes(30, number)
        by_us = (codon_counts(found) @ code.residues).sum(0)
        proteins = "".join(str(Seq(t).translate(table=number)) for t in found.strings())
        assert by_us.tolist() == [proteins.count(a) for a in "ACDEFGHIKLMNPQRSTVWY"]


def test_frames_without_a_stop_by_chance():
    n, codons = 4000, 20
    records = iid(DNA, n, 3 * (codons + 1), 0)
    free = (genetic_code(1).internal_stops(records) == 0).mean()
    chance = (61 / 64) ** codons
    assert chance == pytest.approx(0.383, abs=0.001)
    assert free == pytest.approx(chance, abs=3 * np.sqrt(chance * (1 - chance) / n))
    found = compare("cds", records, genes(50, 0), **ON)
    assert found.note == "chance of 20 codons without a stop: 0.38"
    assert compare("stop-rate", records, records, **ON).value == pytest.approx(3 / 64, abs=0.003)


def test_metrics_of_genes():
    real, fresh, noise = genes(200, 1), genes(200, 2), iid(DNA, 200, 66, 3)
    assert compare("cds", fresh, real).value == 1
    assert compare("cds", noise, real).value == 0
    assert compare("stop-rate", fresh, real).value == 0
    for name in ("codon-jsd", "residue-jsd", "gc3-w1"):
        assert compare(name, fresh, real).low == 0
        assert compare(name, real, real).value == 0
    # All codons AAA beside all AAG: 1 bit apart, one amino acid, GC3 0 beside 1.
    a, g = dna(*["AAAAAA"] * 20), dna(*["AAGAAG"] * 20)
    assert compare("codon-jsd", a, g, **ON).value == pytest.approx(1)
    assert compare("residue-jsd", a, g, **ON).value == 0
    assert compare("gc3-w1", a, g, **ON).value == pytest.approx(1)


def test_rows_of_genes_only_where_the_reference_holds_genes():
    real, noise = genes(60, 1), iid(DNA, 60, 66, 3)

    def missing(reference: SequenceSet, coding: bool | None = None) -> str:
        sample = Sample(reference)
        return Comparison(sample, sample, sample, extras=Extras(coding=coding)).missing("coding")

    assert missing(real) == ""
    assert missing(noise) == "0 % of the reference are genes: --coding"
    assert missing(noise, coding=True) == ""
    assert missing(real, coding=False) == "not genes, as told"
    half = SequenceSet.concatenate([real[:30], noise[:31]])
    assert missing(half) == "49 % of the reference are genes: --coding"
    assert missing(half[:60]) == ""
    assert compare("cds", iid(PROTEIN, 30, 9, 0), iid(PROTEIN, 30, 9, 0)).note == "nucleotides only"


def test_real_coding_sequences_are_found():
    from biogan.sequences.io.fasta import read_fasta

    real = read_fasta(shared_data("dna/fbgan_genes_dna.train.fasta"))[:200]
    assert genetic_code(1).valid(real).all()
    assert compare("cds", real, real).value == 1
