"""Words of several letters: codons as tokens, and which records are genes."""

import json

import numpy as np
import pytest
from helpers import shared_data

from biogan.core.errors import ConfigError, DataError
from biogan.sequences.alphabet import PROTEIN, RNA, Vocabulary
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


def test_letters_behind_the_end_are_cut():
    layout = Tokenizer.of(SequenceSet.from_strings(GENES))
    rows = np.array([[14, 48, 64, 14]], np.uint8)
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


def test_lengths_of_the_records_are_kept_and_smoothed_within_their_range():
    rng = np.random.default_rng(0)
    long = rng.integers(10, 31, 300)
    layout = Tokenizer.of(SequenceSet.from_strings([("ACGT" * 10)[:n] for n in long]))
    assert layout.lengths == tuple(np.bincount(long).tolist())
    shares = np.array(layout.length_shares)
    assert shares.sum() == pytest.approx(1) and not shares[: long.min()].any()
    assert np.abs(shares - np.bincount(long) / 300).max() < 0.01
    # Lengths that occur once each say little about single lengths: gaps are filled.
    few = Tokenizer.of(SequenceSet.from_strings(["A" * n for n in range(10, 60, 5)]), word=1)
    assert min(few.length_shares[10:56]) > 0 and not any(few.length_shares[:10])
    assert Tokenizer.of(SequenceSet.from_strings(["ACGT"])).lengths == ()


@pytest.mark.parametrize(
    ("records", "asked", "message"),
    [
        (["ACGT", "AC"], "long", "give a range such as 60:90"),
        (["ACGT", "AC"], ":", "give a range such as 60:90"),
        (["ACGT", "AC"], "9:3", "9 is more than 3"),
        (["ACGT", "AC"], "5:", "no training record has such a length; they have 2 to 4 letters"),
        (["ACGT", "TCGT"], "4", "the records of this model have one length"),
        (GENES, "10:11", "no training record has such a length"),
    ],
)
def test_a_range_of_lengths_that_cannot_be_is_one_line(records, asked, message):
    with pytest.raises(ConfigError, match=message):
        Tokenizer.of(SequenceSet.from_strings(records)).length_range(asked)


def test_a_range_of_lengths_is_one_of_words():
    layout = Tokenizer.of(SequenceSet.from_strings(GENES))
    assert layout.length_range(None) == (0, None)
    assert layout.length_range("7:12") == (3, 4) and layout.length_range(":12") == (0, 4)


def test_letters_may_stand_for_tokens_of_several_characters():
    some = Vocabulary.of("selfies", ["[C]", "[=O]", "[Ring1]"])
    letters = some.read([["[C]", "[=O]"], ["[Ring1]"]])
    records = SequenceSet.from_strings(letters, alphabet=some)
    tokenizer = Tokenizer.of(records)
    assert tokenizer.channels == 4
    again = Tokenizer.from_dict(json.loads(json.dumps(tokenizer.to_dict())))
    assert again == tokenizer
    rows = again.encode(records)
    assert some.spell(again.decode(rows).strings()) == ["[C][=O]", "[Ring1]"]
    other = Vocabulary.of("selfies", ["[C]", "[=O]", "[N]"])
    with pytest.raises(DataError, match=r"have the tokens \[C\] \[=O\] \[N\]"):
        tokenizer.encode(SequenceSet.from_strings(letters[:1], alphabet=other))
