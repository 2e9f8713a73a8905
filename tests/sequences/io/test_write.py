"""Writing: formats, streams, standard output, atomic files, and ids that would not read back."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from biogan.core.errors import ConfigError, FastaError, OutputError
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import read_fasta
from biogan.sequences.io.write import output_format, write_chunks, write_fasta

PLAIN = SequenceSet.from_strings(["ACGTA", "GG"], ["a", "b"])
LABELLED = SequenceSet.from_strings(["AC", "GG"], ["a", "b"], labels={"k": ["x y", ""]})


def test_fasta(tmp_path: Path) -> None:
    write_fasta(PLAIN, tmp_path / "x.fa")
    assert (tmp_path / "x.fa").read_bytes() == b">a\nACGTA\n>b\nGG\n"
    write_fasta(PLAIN, tmp_path / "x.fa", wrap=3)  # takes the place of the older file
    assert (tmp_path / "x.fa").read_bytes() == b">a\nACG\nTA\n>b\nGG\n"
    assert [p.name for p in tmp_path.iterdir()] == ["x.fa"]


def test_gaps_are_no_place_to_wrap(tmp_path: Path) -> None:
    aligned = SequenceSet.from_strings(["M-KL--E"], ["a"], alphabet="custom:EKLM-")
    write_fasta(aligned, tmp_path / "x.fa", wrap=4)
    assert (tmp_path / "x.fa").read_text() == ">a\nM-KL\n--E\n"


def test_labels_stand_in_header_and_table(tmp_path: Path) -> None:
    write_fasta(LABELLED, tmp_path / "x.fa")
    assert (tmp_path / "x.fa").read_text() == ">a k=x y\nAC\n>b\nGG\n"
    assert read_fasta(tmp_path / "x.fa").labels["k"].tolist() == ["x y", ""]
    write_chunks([LABELLED], tmp_path / "x.tsv", "tsv")
    assert (tmp_path / "x.tsv").read_text() == "id\tsequence\tk\na\tAC\tx y\nb\tGG\t\n"


def test_gzip_has_no_time_stamp(tmp_path: Path) -> None:
    write_fasta(PLAIN, tmp_path / "x.fa.gz")
    data = (tmp_path / "x.fa.gz").read_bytes()
    assert gzip.decompress(data) == b">a\nACGTA\n>b\nGG\n"
    assert data[4:8] == b"\0\0\0\0" and data[3] == 0  # neither time nor file name


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst", ".ZST"])
def test_compressed_by_suffix_and_read_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.fa{suffix}"
    write_fasta(PLAIN, path)
    first = path.read_bytes()
    assert not first.startswith(b">")
    write_fasta(PLAIN, path)
    assert path.read_bytes() == first
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    back = read_fasta(path)
    assert back.strings() == PLAIN.strings() and not back.report.notes
    changed = bytearray(first)
    changed[-3] ^= 0xFF  # in the checksum
    path.write_bytes(bytes(changed))
    with pytest.raises(FastaError, match="data"):
        read_fasta(path)
    assert output_format(f"x.TSV{suffix}") == "tsv"


@pytest.mark.parametrize("name", ["x.npz", "x.PNG", "x.pdb", "x.fastq.gz", "x.csv"])
def test_a_name_of_something_else_is_refused(name: str) -> None:
    """FASTA went into x.png."""
    with pytest.raises(OutputError, match="sequences are written as FASTA or TSV"):
        output_format(name)


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".zst"])
def test_a_fault_leaves_no_compressed_half(tmp_path: Path, suffix: str) -> None:
    def broken() -> Iterator[SequenceSet]:
        yield PLAIN
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_chunks(broken(), tmp_path / f"x.fa{suffix}")
    assert not list(tmp_path.iterdir())


def test_chunks_are_written_one_by_one(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    seen: list[bytes] = []

    def chunks() -> Iterator[SequenceSet]:
        for name in "abc":
            yield SequenceSet.from_strings(["ACGT"], [name])
            seen.append(capfdbinary.readouterr().out)

    assert write_chunks(chunks(), "-") == 3
    assert seen == [b">a\nACGT\n", b">b\nACGT\n", b">c\nACGT\n"]


def test_no_chunks_is_an_empty_file(tmp_path: Path) -> None:
    assert write_chunks([], tmp_path / "x.fa") == 0
    assert (tmp_path / "x.fa").read_bytes() == b""


def test_a_fault_leaves_the_old_file(tmp_path: Path) -> None:
    def broken() -> Iterator[SequenceSet]:
        yield PLAIN
        raise RuntimeError("sampler failed")

    (tmp_path / "x.fa").write_text("old")
    with pytest.raises(RuntimeError):
        write_chunks(broken(), tmp_path / "x.fa")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("x.fa", "old")]


def test_a_reader_that_went_away_is_a_broken_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import os
    import sys

    read, write = os.pipe()
    os.close(read)
    pipe = io.TextIOWrapper(io.BufferedWriter(io.FileIO(write, "w")))
    monkeypatch.setattr(sys, "stdout", pipe)
    with pytest.raises(BrokenPipeError):
        write_fasta(PLAIN, "-")
    os.dup2(os.open(os.devnull, os.O_WRONLY), write)  # so that closing the buffer is quiet
    pipe.close()


@pytest.mark.parametrize("name", ["", "a b", " a", "a\n", "a\tb"])
def test_ids_that_would_not_read_back(tmp_path: Path, name: str) -> None:
    bad = SequenceSet.from_strings(["AC", "GT"], ["ok", name])
    with pytest.raises(OutputError, match="record 2: the id"):
        write_fasta(bad, tmp_path / "x.fa")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", ["a\tb", "a\nb", "x y=z", " a"])
def test_labels_that_would_not_read_back(tmp_path: Path, value: str) -> None:
    bad = SequenceSet.from_strings(["AC"], ["a"], labels={"k": [value]})
    with pytest.raises(OutputError, match="record 'a': the label k="):
        write_fasta(bad, tmp_path / "x.fa")


def test_label_columns_that_would_not_read_back(tmp_path: Path) -> None:
    bad = SequenceSet.from_strings(["AC"], ["a"], labels={"my class": ["x"]})
    with pytest.raises(OutputError, match="label column 'my class'"):
        write_fasta(bad, tmp_path / "x.fa")
    write_chunks([bad], tmp_path / "x.tsv", "tsv")
    assert (tmp_path / "x.tsv").read_text() == "id\tsequence\tmy class\na\tAC\tx\n"


def test_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown value 'fast': did you mean 'fasta'"):
        write_chunks([PLAIN], tmp_path / "x", "fast")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_standard_output_on_a_full_disk_is_named() -> None:
    """It was called input or output."""
    script = (
        "from biogan.core.files import open_output\nwith open_output('-') as out: out.write(b'A')"
    )
    with open("/dev/full", "w") as full:
        run = subprocess.run(
            [sys.executable, "-c", script], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert "OutputError: standard output: cannot be written: No space left" in run.stderr
