"""Labels from headers and tables, and what happens where they do not fit."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from helpers import shared_data

from biogan import write_fasta
from biogan.core.errors import DataError, FastaError
from biogan.core.labels import header_labels
from biogan.sequences.io.fasta import read_fasta

FASTA = ">a n=1 class=x\nACGT\n>b class=y\nAC\n>a\nNN\n>c\nGG\n"


def read(tmp_path: Path, table: str | bytes, fasta: str = FASTA):
    (tmp_path / "x.fa").write_text(fasta)
    path = tmp_path / "labels.tsv"
    path.write_bytes(table if isinstance(table, bytes) else table.encode())
    return read_fasta(tmp_path / "x.fa", labels=str(path))


def columns(sequences) -> dict[str, list[str]]:
    return {name: values.tolist() for name, values in sequences.labels.items()}


def test_labels_of_headers(tmp_path: Path) -> None:
    (tmp_path / "x.fa").write_text(FASTA)
    s = read_fasta(tmp_path / "x.fa")
    assert s.ids == ["a", "b", "c"]  # the second 'a' has ambiguous letters only
    assert columns(s) == {"n": ["1", "", ""], "class": ["x", "y", ""]}


def test_values_reach_to_the_next_key() -> None:
    assert header_labels(["Protein x OS=Homo sapiens OX=9606 OX=1", "see http://x?a=b"]) == (
        {"OS": ["Homo sapiens", ""], "OX": ["9606", ""]},
        [],
    )
    assert header_labels(["id=7 sequence=x"])[0] == {"label_id": ["7"], "label_sequence": ["x"]}
    assert header_labels(["a= a=2", "a="])[0] == {"a": ["2", ""]}
    assert header_labels(["none", ""]) == ({}, [])


def test_headers_with_a_key_each_give_no_labels(tmp_path: Path) -> None:
    assert len(header_labels([f"k{i}=x" for i in range(100)])[0]) == 100
    (tmp_path / "x.fa").write_text("".join(f">r{i} k{i}=x\nACGT\n" for i in range(101)))
    s = read_fasta(tmp_path / "x.fa")
    assert len(s) == 101 and s.labels == {}
    assert s.report.notes == [
        "more than 100 different 'key=' in the headers (first: 'k0'): none is read as a label "
        "(--labels FILE.tsv gives labels)"
    ]


def test_long_fields_and_latin_1_in_a_table(tmp_path: Path) -> None:
    long = "x" * 140_000
    rows = f'id\tgröße\n\na\t{long}\nb\tmüll "\nc\t\n'
    s = read(tmp_path, rows.encode("latin-1"))
    assert columns(s)["größe"] == [long, 'müll "', ""]
    table = tmp_path / "labels.tsv"
    assert s.report.notes == [f"{table}: the table is no UTF-8: read as Latin-1"]
    write_fasta(s, tmp_path / "out.fa")
    assert columns(read_fasta(tmp_path / "out.fa")) == columns(s)


def test_table_of_labels(tmp_path: Path) -> None:
    s = read(tmp_path, "id\tclass\texpr\na\tx\t1.5\na#2\tz\t0\nb\tz\t\n")
    assert columns(s) == {"n": ["1", "", ""], "class": ["x", "z", ""], "expr": ["1.5", "", ""]}
    table = tmp_path / "labels.tsv"
    assert s.report.notes == [
        f"1 record without a row in {table} and without a label: c",
        f"label class: 1 records have another value in {table} than in the header; the table "
        "counts",
    ]


def test_unknown_ids_are_told_and_repeated_ids_share_a_row(tmp_path: Path) -> None:
    s = read(tmp_path, "id\tclass\na\tk\nb\ty\nc\tz\nq\tw\n", ">a\nAC\n>a\nGT\n>b\nGG\n>c\nTT\n")
    assert s.ids == ["a", "a#2", "b", "c"] and columns(s) == {"class": ["k", "k", "y", "z"]}
    assert len(s.report.notes) == 1
    assert s.report.notes[0].endswith("labels.tsv not among the sequences: q")


def test_gzip_table(tmp_path: Path) -> None:
    s = read(tmp_path, gzip.compress(b"id\tg\na\t1\nb\t2\nc\t3\n", mtime=0))
    assert columns(s)["g"] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("table", "where", "what"),
    [
        ("id\tg\na\t1\nb\t2\t3\n", "line 3", "3 columns, the header has 2"),
        ("id\tg\na\t1\na\t2\n", "line 3", "'a' has other labels on line 2"),
        ("g\nh\na\t1\n", "line 1", "a label column, with a tab between them"),
        ("g\th\na\t1\t2\n", "line 2", "3 columns, the header has 2; does the header lack a name"),
        ("id,g\na,1\n", "line 1", "CSV"),
        ("id;g\na;1\n", "line 1", "CSV"),
        (">a g=1\nACGT\n", "line 1", "looks like FASTA"),
        ("a\tx\nb\ty\nc\tz\n", "line 1", "begins with the id of a record ('a'); add a header"),
        ('"id"\t"g"\n"a"\t"1"\n', "labels.tsv", "take the quotes out"),
        ("id\t" + "\t".join(map(str, range(1001))) + "\n", "line 1", "1,001 label columns"),
        ("\n \n", "labels.tsv", "is empty"),
        ("id\tg\n", "labels.tsv", "has a header and no row"),
        ("# by R\nid\tg\na\t1\n", "labels.tsv, line 1", "this looks like a comment: take it out"),
        ("id\tg\n>a\t1\n", "labels.tsv", "take the '>' out of the table"),
        ("id\tg\na \t1\n", "labels.tsv", "take the blanks around the ids out"),
        ("id\tg\na n=1\t1\n", "labels.tsv", "the id of a record is the first word of its header"),
        ("id\tg\nA\t1\n", "labels.tsv", "capitals and small letters differ"),
        ("id\tg\nother\t1\n", "labels.tsv", "is it the table of this file"),
        ("id\na\n", "line 1", "a label column"),
        (
            "id\tg\tg\na\t1\t2\n",
            "line 1",
            "distinct names, found more than one",
        ),
        ("id\tg\nq\t1\n", "labels.tsv", "no record has a row"),
    ],
)
def test_tables_that_do_not_fit(tmp_path: Path, table: str, where: str, what: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, table)
    assert where in str(caught.value) and what in str(caught.value)


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ("id\tg\na\t1\n".encode("utf-16"), "UTF-16"),
        ("id\tg\na\t1\n".encode("utf-16-le"), "UTF-16"),
        (b"id\tg\na\t\0\n", "NUL bytes"),
        (gzip.compress(b"id\tg\na\t1\n" * 99, mtime=0)[:-9], "ends early"),
        (b"PK\x03\x04" + bytes(30), "zip"),
    ],
)
def test_tables_that_are_no_text_are_refused_in_one_line(
    tmp_path: Path, table: bytes, what: str
) -> None:
    with pytest.raises(FastaError, match=what) as caught:
        read(tmp_path, table)
    assert "labels.tsv" in str(caught.value) and str(caught.value).isprintable()


def test_repeated_rows_and_words_for_no_value_are_told(tmp_path: Path) -> None:
    s = read(tmp_path, "id\tg\na\tNA\nb\tnan\na\tNA\nc\tNA\n")
    assert columns(s)["g"] == ["NA", "nan", "NA"]
    table = tmp_path / "labels.tsv"
    assert s.report.notes == [
        f"{table}: rows that repeat one further up: 1 (first: a (line 4))",
        f"{table}: rows with the label 'NA', one like any other (without a label a cell is empty): "
        "2 (first: a (line 2), c (line 5))",
        f"{table}: rows with the label 'nan', one like any other (without a label a cell is "
        "empty): 1 (first: b (line 3))",
    ]


def test_real_table_says_what_the_headers_say() -> None:
    fasta, table = shared_data("dna/uci_promoters.fasta"), shared_data("dna/uci_promoters.tsv")
    plain, joined = read_fasta(fasta), read_fasta(fasta, labels=str(table))
    assert joined.labels["class"].tolist() == plain.labels["class"].tolist()
    assert sorted(plain.labels["class"]) == ["+"] * 53 + ["-"] * 53
    assert not [note for note in joined.report.notes if "another value" in note]
