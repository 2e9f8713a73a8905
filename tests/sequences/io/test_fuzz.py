"""Random bytes never bring down the reader; what is written reads back as it was."""

from __future__ import annotations

import gzip
import string
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from biogan.core.errors import BioganError
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import read_fasta
from biogan.sequences.io.write import write_fasta

# Bytes that matter to a reader turn up often.
TOKENS = st.sampled_from(
    [b">", b"@", b"+", b"\n", b"\r", b"\0", b";", b"-", b".", b"*", b" ", b"\t", b"ACGT", b"acgu"]
    + [b"N", b"EFIL", b"=", b" k=v", b"\xff", b"\xef\xbb\xbf", b"\xc3\xa9", b"\x1f\x8b", b"7"]
)
CONTENT = st.one_of(st.binary(max_size=300), st.lists(TOKENS, max_size=60).map(b"".join))
OPTIONS = st.fixed_dictionaries(
    {
        "format": st.sampled_from(["auto", "fasta", "fastq", "lines"]),
        "alphabet": st.sampled_from([None, "dna", "rna", "protein", "custom:AC-"]),
        "ambiguous": st.sampled_from(["drop", "resolve", "keep", "error"]),
        "case": st.sampled_from(["auto", "upper", "a2m", "error"]),
        "gaps": st.sampled_from(["auto", "letter", "remove", "error"]),
        "stop": st.sampled_from(["strip", "keep", "drop", "error"]),
        "foreign": st.sampled_from(["drop", "error"]),
        "window": st.sampled_from([None, 3]),
    }
)


@settings(max_examples=400)
@given(CONTENT, OPTIONS, st.booleans())
@example(b">", {}, False)
@example(b"\xef\xbb\xbf", {}, False)
@example(b"\x1f\x8b\x08", {}, False)
@example(b">a\n-*-\n", {"gaps": "letter"}, True)
def test_any_bytes_are_read_or_refused(content: bytes, options: dict, packed: bool) -> None:
    with tempfile.NamedTemporaryFile(suffix=".fa") as file:
        file.write(gzip.compress(content, 1) if packed else content)
        file.flush()
        try:
            sequences = read_fasta(file.name, **options)
        except BioganError as error:
            assert "\n" not in str(error) and str(error).startswith(file.name)
            return
    report = sequences.report
    assert report is not None
    assert report.kept >= 1 and report.records == report.kept + sum(report.dropped.values())
    assert report.valid_records <= report.records
    assert len(set(sequences.ids)) == len(sequences)
    assert (sequences.codes < sequences.alphabet.size).all()
    assert (sequences.lengths > 0).all()


WORD = st.text(string.ascii_letters + string.digits + "_.|:é", min_size=1, max_size=12)
VALUE = st.lists(WORD, max_size=3).map(" ".join)
DNA_TEXT = st.text(DNA.letters, min_size=1, max_size=40)
PROTEIN_TEXT = st.text(PROTEIN.letters, min_size=1, max_size=40)


@given(
    st.one_of(
        st.tuples(st.just(DNA), st.lists(DNA_TEXT, min_size=1, max_size=8)),
        st.tuples(st.just(PROTEIN), st.lists(PROTEIN_TEXT, min_size=1, max_size=8)),
    ),
    st.data(),
    st.sampled_from(["x.fa", "x.fa.gz"]),
    st.integers(0, 9),
)
def test_what_is_written_reads_back(case, data: st.DataObject, name: str, wrap: int) -> None:
    alphabet, texts = case
    n = len(texts)
    ids = data.draw(st.lists(WORD, min_size=n, max_size=n, unique=True))
    values = data.draw(st.lists(VALUE, min_size=n, max_size=n))
    written = SequenceSet.from_strings(texts, ids, alphabet, {"k": values} if any(values) else {})
    with tempfile.TemporaryDirectory() as folder:
        write_fasta(written, Path(folder) / name, wrap=wrap)
        read = read_fasta(Path(folder) / name, alphabet=alphabet.name)
    assert (read.ids, read.strings(), read.digest) == (ids, texts, written.digest)
    assert {k: v.tolist() for k, v in read.labels.items()} == {
        k: v.tolist() for k, v in written.labels.items()
    }
    assert read.report is not None and read.report.findings == [] and read.report.notes == []


def test_a_long_record_is_read_whole(tmp_path: Path) -> None:
    text = "ACGT" * 500_000
    long = SequenceSet.from_strings([text, "AC"], ["long", "short"])
    write_fasta(long, tmp_path / "x.fa", wrap=61)
    assert read_fasta(tmp_path / "x.fa").digest == long.digest


@pytest.mark.parametrize("length", [0, 1, 2, 2**20, 2**20 + 1, 2**21 + 1])
def test_letters_are_counted_across_blocks(length: int) -> None:
    from biogan.sequences.io.records import Letters

    counts = Letters.from_texts(["ACG" * length]).counts
    assert counts[[65, 67, 71]].tolist() == [length] * 3 and counts.sum() == 3 * length
