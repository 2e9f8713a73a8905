"""SequenceSet: subsets, rectangles, duplicates, and parts that do not fit together."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import biogan
from biogan import read_fasta, write_fasta
from biogan.core.errors import AlphabetError, DataError, FastaError
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics import get_metrics

TEXTS = st.lists(st.text("ACGT", max_size=12), max_size=12)


def three() -> SequenceSet:
    return SequenceSet.from_strings(["ACGT", "GG", "ACGT"], list("abc"), labels={"k": list("xyz")})


def test_access() -> None:
    s = three()
    assert (len(s), s[0], s[-1], s[1], list(s)) == (3, "ACGT", "ACGT", "GG", s.strings())
    assert s.lengths.tolist() == [4, 2, 4] and not s.is_fixed_length
    assert repr(s) == "SequenceSet(3 dna sequences, length 2-4)"
    assert repr(s[:0]) == "SequenceSet(0 dna sequences)"
    with pytest.raises(IndexError):
        s[3]


def test_subsets_carry_everything() -> None:
    s = three()
    s.weights = np.array([1.0, 2.0, 3.0])
    for index in ([2, 1], np.array([2, 1]), slice(2, 0, -1)):
        part = s[index]
        assert (part.strings(), part.ids) == (["ACGT", "GG"], ["c", "b"])
        assert part.labels["k"].tolist() == ["z", "y"] and part.weights.tolist() == [3.0, 2.0]
    assert s[np.array([True, False, True])].ids == ["a", "c"]
    assert s.take(np.array([1, 1])).strings() == ["GG", "GG"]


@given(TEXTS, st.data())
def test_take_equals_a_list(texts: list[str], data: st.DataObject) -> None:
    s = SequenceSet.from_strings(texts)
    index = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=9)) if texts else []
    assert s.take(np.array(index, int)).strings() == [texts[i] for i in index]


def test_matrix_by_hand() -> None:
    assert three().matrix().tolist() == [[0, 1, 2, 3], [2, 2, 4, 4], [0, 1, 2, 3]]
    assert three().matrix(3).tolist() == [[0, 1, 2], [2, 2, 4], [0, 1, 2]]
    assert three().matrix(5)[1].tolist() == [2, 2, 4, 4, 4]
    fixed = SequenceSet.from_strings(["AC", "GT"])
    fixed.matrix()[0, 0] = 3  # a copy
    assert fixed[0] == "AC" and fixed.is_fixed_length


def test_take_counts_from_the_end_whatever_the_lengths() -> None:
    for some in (three(), SequenceSet.from_strings(["AA", "CC", "GG"])):
        assert some.take([-1]).strings() == [some[2]] == some.take([2]).strings()
        for outside in (3, -4):
            with pytest.raises(IndexError):
                some.take([outside])


def test_only_sets_over_one_alphabet_are_joined() -> None:
    dna = SequenceSet.from_strings(["ACGT"])
    rna = SequenceSet.from_strings(["ACGU"], alphabet="rna")
    with pytest.raises(AlphabetError, match="sets over ACGT and ACGU cannot be joined"):
        SequenceSet.concatenate([dna, rna, dna])
    with pytest.raises(DataError, match="no sets to join"):
        SequenceSet.concatenate([])


@given(TEXTS)
def test_matrix_and_back(texts: list[str]) -> None:
    s = SequenceSet.from_strings(texts)
    assert SequenceSet.from_matrix(DNA, s.matrix()).strings() == texts


def test_a_row_ends_at_its_first_end_symbol() -> None:
    rows = np.array([[0, 4, 1], [4, 0, 1], [0, 1, 2]], np.uint8)
    assert SequenceSet.from_matrix(DNA, rows).strings() == ["A", "", "ACG"]


def test_unique_sums_weights() -> None:
    s = three()
    s.weights = np.array([1.0, 5.0, 2.5])
    once = s.unique()
    assert (once.strings(), once.ids) == (["ACGT", "GG"], ["a", "b"])
    assert once.weights.tolist() == [3.5, 5.0] and once.labels["k"].tolist() == ["x", "y"]


def test_ungapped() -> None:
    s = SequenceSet.from_strings(["A-C", "-GT"], ["a", "b"], DNA.with_letters("-"))
    plain = s.ungapped()
    assert plain.strings() == ["AC", "GT"] and plain.alphabet == DNA and plain.ids == ["a", "b"]
    assert three().ungapped().strings() == three().strings()


def test_digest_tells_data_apart() -> None:
    digests = {
        SequenceSet.from_strings(texts, alphabet=alphabet).digest
        for texts, alphabet in [
            (["AC", "GT"], "dna"),
            (["ACG", "T"], "dna"),
            (["AC", "GT"], "protein"),
            (["GT", "AC"], "dna"),
        ]
    }
    assert len(digests) == 4
    assert three().digest == SequenceSet.from_strings(["ACGT", "GG", "ACGT"]).digest


def test_headers_frames_and_records() -> None:
    s = SequenceSet.from_strings(["AC", "GT"], ["a", "b"], labels={"k": ["x", ""], "n": [0, 1]})
    assert [s.header(i) for i in range(2)] == ["a k=x n=0", "b n=1"]
    assert s.to_frame().to_dict("list") == {
        "id": ["a", "b"],
        "sequence": ["AC", "GT"],
        "k": ["x", ""],
        "n": [0, 1],
    }
    record = s.to_records()[0]
    assert (record.id, str(record.seq), record.description) == ("a", "AC", "a k=x n=0")


def test_fasta_and_back(tmp_path: Path) -> None:
    write_fasta(three(), tmp_path / "x.fa")
    again = read_fasta(tmp_path / "x.fa")
    assert (again.digest, again.ids) == (three().digest, list("abc"))
    assert again.labels["k"].tolist() == list("xyz")


def test_parts_that_do_not_fit() -> None:
    with pytest.raises(DataError, match="2 sequences but 1 ids"):
        SequenceSet.from_strings(["AC", "GT"], ["a"])
    with pytest.raises(DataError, match="2 sequences but 3 k"):
        SequenceSet.from_strings(["AC", "GT"], labels={"k": list("xyz")})
    with pytest.raises(AlphabetError, match="sequence 2: letter 'N' is not in the dna alphabet"):
        SequenceSet.from_strings(["AC", "GNT"])
    assert SequenceSet.from_strings(["MK"], alphabet=PROTEIN).ids == ["seq_1"]


def test_ids_of_a_table_are_words_and_what_is_missing_is_no_label():
    """A label of None was written as x=None, and an id that is a number ended in a traceback."""
    some = SequenceSet.from_strings(
        np.array(["ACGT", "GG", "TT"]), ids=[7, np.int64(8), "c"],
        labels={"x": [None, float("nan"), 2], 3: ["a", "b", "c"]},
    )  # fmt: skip
    assert some.ids == ["7", "8", "c"]
    assert {k: v.tolist() for k, v in some.labels.items()} == {
        "x": ["", "", 2], "3": ["a", "b", "c"]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("strings", "what"),
    [
        ("ACGT", "one string, where a list"),
        (["ACGT", b"AC"], "sequence 2 is of type bytes"),
        ([None], "sequence 1 is of type NoneType"),
    ],
)
def test_what_is_no_list_of_strings_is_one_line(strings, what):
    with pytest.raises(DataError, match=what):
        SequenceSet.from_strings(strings)


@pytest.mark.parametrize("data", [None, 3, b"x.fa", ["x.fa"]])
@pytest.mark.parametrize("reader", ["read_fasta", "read_images", "read_structures"])
def test_what_is_no_file_is_one_line(data, reader):
    with pytest.raises(DataError, match=f"an open file is needed, not {type(data).__name__}"):
        getattr(biogan, reader)(data)


def test_one_metric_may_be_named_by_itself():
    """It was taken for a list of letters: unknown metric 'g'."""
    assert [m.name for m in get_metrics("gc-w1")] == ["gc-w1"]


def test_what_cannot_be_read_or_written_is_one_line(tmp_path):
    closed = io.BytesIO(b">a\nACGT\n")
    closed.close()
    with pytest.raises(FastaError, match="an open file: cannot be read: I/O operation on closed"):
        biogan.read_fasta(closed)
    with pytest.raises(DataError, match="a SequenceSet can be written, not list"):
        biogan.write_fasta(["ACGT"], tmp_path / "x.fa")
