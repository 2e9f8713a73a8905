import numpy as np
import pytest
from Bio.Seq import Seq
from Bio.SeqRecord import SeqRecord
from comparing import iid

from biogan.core.errors import AlphabetError, DataError
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import as_set, shuffled

REAL = iid(DNA, 60, 30, 0)


def test_shuffled_depends_on_letters_only():
    order = np.random.default_rng(0).permutation(60)
    assert shuffled(REAL[order], 5).strings() == shuffled(REAL, 5).strings()
    assert shuffled(REAL, 5).strings() != shuffled(REAL, 6).strings()
    assert sorted(shuffled(REAL, 5).strings()) == sorted(REAL.strings())


def test_shuffled_spreads_repeats():
    clones = SequenceSet.from_strings(["AAAA"] * 50 + ["CCCC"] * 50)
    assert shuffled(clones, 0).strings()[:50].count("AAAA") == pytest.approx(25, abs=12)


def test_strings_are_cleaned_like_a_file():
    assert as_set(["ACGU"], "reference").alphabet.name == "rna"
    assert as_set(["MKV-", "MK-V"], "reference").alphabet.letters == PROTEIN.letters + "-"
    found = as_set(["acgt", "ACNT", "", "GGUA"], "reference")
    assert (found.strings(), found.ids) == (["ACGT", "GGTA"], ["seq_1", "seq_4"])
    assert found.report.dropped == {"empty": 1, "ambiguous": 1}
    assert (found.report.records, found.report.valid_records) == (4, 1)
    with pytest.raises(
        AlphabetError, match="the reference set cannot be read: .* no record is left of 1"
    ):
        as_set(["AC!"], "reference")


def test_biopython_records_keep_ids_and_labels():
    record = SeqRecord(Seq("ACGT"), id="x", description="x class=EI")
    found = as_set([record, SeqRecord(Seq("CC"), id="y", description="")], "reference")
    assert (found.ids, found.strings()) == (["x", "y"], ["ACGT", "CC"])
    assert found.labels["class"].tolist() == ["EI", ""]


def test_sets_come_to_the_alphabet_of_the_reference():
    aligned = DNA.with_letters("-")
    labelled = SequenceSet.from_strings(["ACGT"], ["x"], labels={"class": ["a"]})
    found = as_set(labelled, "generated", aligned)
    assert (found.alphabet, found.ids, found.strings()) == (aligned, ["x"], ["ACGT"])
    assert found.labels["class"].tolist() == ["a"]
    with pytest.raises(AlphabetError, match=r"the generated set does not fit .* letter 'M'"):
        as_set(SequenceSet.from_strings(["ACM"], alphabet="protein"), "generated", DNA)
    with pytest.raises(
        AlphabetError,
        match="the generated set does not fit the reference: .*(that of the reference)",
    ):
        as_set(["MKV"], "generated", DNA)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "the train set has no records"),
        ("real.fasta", "the train set is one string: .* biogan.read_fasta"),
        (["ACGT", 7], "record 2 of the train set is of type int: give strings"),
    ],
)
def test_what_is_no_set_of_sequences_is_refused(given, said):
    with pytest.raises(DataError, match=said):
        as_set(given, "train", DNA)
