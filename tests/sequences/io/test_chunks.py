"""Chunks of blocks are the records that the reader of lines finds, whatever the bytes."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from biogan.core.errors import BioganError, FastaError
from biogan.sequences.config import ReadingConfig
from biogan.sequences.io import chunks
from biogan.sequences.io.chunks import Raw, iter_chunks
from biogan.sequences.io.detect import Whole
from biogan.sequences.io.fasta import clean
from biogan.sequences.io.records import iter_records

TOKENS = st.sampled_from(
    [b">", b">a ", b"\n>", b"\n", b"\r", b"\r\n", b"\0", b";", b"-", b" ", b"\t", b"ACGT", b"acgu"]
    + [b"N", b"\x0b", b"\x1c", b"=", b" k=v", b"\xff", b"\xef\xbb\xbf", b"\xc3\xa9"]
)


def rows(parts: list[Raw]) -> list[tuple[str, str, bytes, int]]:
    return [
        (name, text, raw.letters.data[a:b], int(line))
        for raw in parts
        for name, text, a, b, line in zip(
            raw.ids, raw.descriptions, raw.letters.offsets[:-1].tolist(),
            raw.letters.offsets[1:].tolist(), raw.lines, strict=True,
        )
    ]  # fmt: skip


@settings(max_examples=300)
@given(st.lists(TOKENS, max_size=40).map(b"".join), st.booleans(), st.integers(1, 40),
       st.integers(1, 20))  # fmt: skip
@example(b">a\nAC\n>b\nG", True, 3, 2)
@example(b">a\r\nAC\r\n\r\n>b\r\nG\r\n", False, 1, 3)
@example(b">\n>x y z\nA\n\n>\xe9\nC\n>d\nG\0", False, 1, 1)
def test_blocks_and_lines_find_the_same(content, packed, size, piece):
    def outcome(read):
        notes: list[str] = []
        try:
            return rows(read(notes)), sorted(notes)
        except BioganError as error:
            return str(error)

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "_PIECE", piece)
        path = Path(folder, "x.fa")
        path.write_bytes(gzip.compress(content, 1) if packed else content)
        blocks = outcome(lambda notes: list(iter_chunks(path, "auto", notes, size=size)))
        lines = outcome(lambda notes: [Raw.of(iter_records(path, "auto", notes))])
    assert blocks == lines


def test_damaged_gzip_names_the_line_behind_the_last_good_one(tmp_path):
    path = tmp_path / "x.fa.gz"
    whole = gzip.compress(b"".join(b">r%d\nACGTACGTTGCA\n" % i for i in range(50_000)), 1)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FastaError) as lines:
        list(iter_records(path))
    with pytest.raises(FastaError) as blocks:
        list(iter_chunks(path))
    assert "ends early" in str(blocks.value)
    assert blocks.value.line == pytest.approx(lines.value.line, rel=0.02)


def test_a_record_longer_than_a_block_stays_whole_and_progress_is_told(tmp_path):
    path = tmp_path / "x.fa"
    path.write_bytes(b">a\n" + b"ACGTA\n" * 40 + b">b\nGG\n>c\nTT\n")
    told: list[tuple[int, int | None]] = []
    parts = list(iter_chunks(path, watch=lambda *now: told.append(now), size=10))
    assert [row[:2] for row in rows(parts)] == [("a", ""), ("b", ""), ("c", "")]
    assert parts[0].letters.lengths[0] == 200 and parts[0].lines[0] == 1
    assert told[-1] == (path.stat().st_size, path.stat().st_size)


def test_one_whole_file_decides_for_all_of_its_chunks():
    """The first chunk looks like RNA, all of it is protein: a second pass has the right answer."""
    parts = [[("a", "ACGU")], [("b", "MEFILPQ"), ("c", "MEPPL")]]
    chunk = [Raw.of(chunks.Record(name, "", text, 1) for name, text in part) for part in parts]
    config = ReadingConfig()
    first = Whole()
    assert [clean(raw, config, "x", first).alphabet.name for raw in chunk] == ["rna", "rna"]
    assert not first.confirmed
    second = Whole(first.final())
    assert [clean(raw, config, "x", second).alphabet.name for raw in chunk] == ["protein"] * 2
    assert second.confirmed
    assert second.evidence["alphabet"].reason() == (
        "protein letters (P E L F I Q) in 2 of 3 records; the other 1 could be nucleotides "
        "(--alphabet decides)"
    )
