"""Words of several letters: codons as tokens, and which records are genes."""

import numpy as np
import pytest
from helpers import shared_data

from biogan.core.errors import DataError
from biogan.sequences.alphabet import PROTEIN, RNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.genetic_code import are_coding, whole_genes
from biogan.sequences.io.fasta import read_fasta
from biogan.sequences.tokenizer import Tokenizer

GENES = ["ATGAAATAA", "ATGAAACCCTAG", "ATGTGA"]


def test_codons_travel_there_and_back():
    genes = SequenceSet.from_strings(GENES)
    layout = Tokenizer.of(genes)
    assert (layout.word, layout.length, layout.positions, layout.channels) == (3, 12, 4, 65)
    rows = layout.encode(genes)
    # A, C, G, T = 0..3, the first letter counts 16: ATG = 0 * 16 + 3 * 4 + 2.
    assert rows[0].tolist() == [14, 0, 48, 64] and rows.dtype == np.uint8
    assert layout.decode(rows).strings() == GENES
    assert Tokenizer.from_dict(layout.to_dict()) == layout


def test_letters_behind_the_end_are_counted_and_cut():
    layout = Tokenizer.of(SequenceSet.from_strings(GENES))
    rows = np.array([[14, 48, 64, 14]], np.uint8)
    assert layout.malformed(rows) == 1
    assert layout.decode(rows).strings() == ["ATGTAA"]


def test_a_layout_of_before_words_is_read():
    layout = Tokenizer.of(SequenceSet.from_strings(["ACGT", "AC"]), word=1)
    old = layout.to_dict()
    del old["word"]
    assert Tokenizer.from_dict(old) == layout


def test_words_must_fit():
    layout = Tokenizer.of(SequenceSet.from_strings(GENES))
    with pytest.raises(DataError, match="length 4, no multiple of --word 3"):
        layout.encode(SequenceSet.from_strings(["ATGA"]))
    with pytest.raises(DataError, match="1024 words, at most 255"):
        Tokenizer.of(SequenceSet.from_strings(["ACGTA"]), word=5)


def test_the_share_of_whole_genes():
    records = ["ATGAAATAA", "ATGTAATAA", "ATGAAAAAA", "ATGAATAA"]  # whole, stop inside, none, frame
    assert whole_genes(SequenceSet.from_strings(records)) == 0.25
    rna = SequenceSet.from_strings(["AUGAAAUGA"], alphabet=RNA)
    assert whole_genes(rna) == 1 and are_coding(rna)


def test_only_genes_count_as_coding():
    assert are_coding(SequenceSet.from_strings(GENES))
    assert not are_coding(SequenceSet.from_strings([*GENES, "ATGAATAA"]))
    assert not are_coding(SequenceSet.from_strings(["ACGTAC", "ACG"]))
    assert not are_coding(SequenceSet.from_strings(["MKLVAA", "MKW"], alphabet=PROTEIN))


def test_real_genes():
    genes = read_fasta(shared_data("dna/fbgan_genes_dna.train.fasta"))
    assert whole_genes(genes) == 1 and Tokenizer.of(genes).word == 3
    promoters = read_fasta(shared_data("dna/uci_promoters.fasta"))
    assert Tokenizer.of(promoters).word == 1
