"""Opening files and raw records: line ends, packing, encodings, formats, and where a fault is."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import socket
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from backports import zstd

from biogan.core.display import message
from biogan.core.errors import DataError, FastaError
from biogan.core.text import Source, legible
from biogan.sequences.io.chunks import Raw, iter_chunks
from biogan.sequences.io.fasta import read_fasta
from biogan.sequences.io.records import Record, find_format, iter_records


def zstandard(data: bytes) -> bytes:
    """Compress as the program zstd does, with a checksum."""
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


PACKS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstandard}


def records_of(path: Path, content: str | bytes, **options: str) -> list[Record]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(iter_records(path, **options))


def error_of(path: Path, content: str | bytes, **options: str) -> FastaError:
    with pytest.raises(FastaError) as caught:
        records_of(path, content, **options)
    assert "\n" not in str(caught.value)
    return caught.value


def test_fields_and_lines_of_a_record(tmp_path: Path) -> None:
    text = "; note\n\n>a first one \nAC GT\n1 AC\n\n>b\tx\n>\nGG"
    assert records_of(tmp_path / "x.fa", text) == [
        Record("a", "first one", "AC GT1 AC", 3),
        Record("b", "x", "", 7),
        Record("", "", "GG", 8),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    lines = [">a", "AC", "GT", ">b", "GG"]
    found = records_of(tmp_path / "x.fa", end.join(lines))
    assert found == [Record("a", "", "ACGT", 1), Record("b", "", "GG", 4)]


@pytest.mark.parametrize("suffix", PACKS)
def test_streams_are_joined_and_known_by_content(tmp_path: Path, suffix: str) -> None:
    pack = PACKS[suffix]
    data = pack(b">a\nAC\n") + pack(b">b\nGT\n")
    for name in (f"x.fa{suffix}", "x.fa", "x.fa.gz", "x.fa.zst"):
        assert [r.text for r in records_of(tmp_path / name, data)] == ["AC", "GT"]
    notes: list[str] = []
    assert len(list(iter_records(tmp_path / "x.fa", notes=notes))) == 2
    assert len(notes) == 1 and notes[0].endswith(f"data under a name without {suffix}: unpacked")


@pytest.mark.parametrize("suffix", PACKS)
def test_plain_text_under_a_name_of_compressed_data(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"x.fa{suffix}").write_bytes(b">a\nAC\n")
    notes: list[str] = []
    assert [r.text for r in iter_records(tmp_path / f"x.fa{suffix}", notes=notes)] == ["AC"]
    assert len(notes) == 1 and notes[0].startswith("plain text under a name of")


@pytest.mark.parametrize("suffix", PACKS)
def test_damaged_data_name_the_line_behind_the_last_good_one(tmp_path: Path, suffix: str) -> None:
    pack = PACKS[suffix]
    text = b"".join(b">r%d\nACGTACGTAC\n" % i for i in range(1000))
    whole = pack(text)
    path = tmp_path / f"x.fa{suffix}"
    for size in (len(whole) - 9, len(whole) - 1, len(whole) // 2):
        assert "ends early" in str(error_of(path, whole[:size]))
    changed = bytearray(whole)
    for place in range(len(whole) - 12, len(whole)):
        changed[place] ^= 0xFF
    assert "damaged" in str(error_of(path, bytes(changed)))
    assert "behind its end" in str(error_of(path, whole + b"garbage"))
    behind = error_of(path, whole + b"a longer piece of garbage")
    assert "damaged" in str(behind) and "behind its end" in str(behind)
    assert isinstance(behind.line, int) and 1 <= behind.line <= 2001


@pytest.mark.parametrize("suffix", PACKS)
def test_a_damaged_later_stream_is_no_end(tmp_path: Path, suffix: str) -> None:
    """Where the readers of the standard library stop without a word."""
    whole = PACKS[suffix](b">a\nAC\n" * 200)
    later = bytearray(whole)
    later[len(later) // 2] ^= 0xFF
    error_of(tmp_path / "x.fa", whole + bytes(later))
    error_of(tmp_path / "x.fa", whole + whole[: len(whole) // 2])
    later = bytearray(whole)
    later[1] ^= 0xFF
    error_of(tmp_path / "x.fa", whole + bytes(later))


def test_zeros_between_streams_of_xz_are_passed_over(tmp_path: Path) -> None:
    data = lzma.compress(b">a\nAC\n") + bytes(8) + lzma.compress(b">b\nGT\n") + bytes(4)
    assert [r.text for r in records_of(tmp_path / "x.fa.xz", data)] == ["AC", "GT"]


def test_a_wide_window_of_zstandard(tmp_path: Path) -> None:
    options = {zstd.CompressionParameter.window_log: 28}
    compressor = zstd.ZstdCompressor(options=options)
    data = compressor.compress(b">a\nAC\n") + compressor.flush()
    assert [r.text for r in records_of(tmp_path / "x.fa.zst", data)] == ["AC"]


def zip_of(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, ">a\nACGT\n")
    return out.getvalue()


def tar_of(name: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return out.getvalue()


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (zip_of("x.fa"), "a zip archive; unpack it first: unzip"),
        (zip_of("[Content_Types].xml"), "Word, Excel or PowerPoint; save it as plain text"),
        (zip_of("mimetype"), "LibreOffice"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Word or Excel"),
        (b"{\\rtf1\\ansi{\\fonttbl", "RTF"),
        (b"%PDF-1.4", "PDF"),
        (b"L\0\0\0\x01\x14\x02\0" + bytes(20), "a Windows shortcut"),
        (b"\0\x05\x16\x07" + bytes(20), "macOS"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (tar_of("x.fa"), "a tar archive"),
        (gzip.compress(tar_of("x.fa"), mtime=0), "a tar archive"),
        (gzip.compress(gzip.compress(b">a\nAC\n", mtime=0), mtime=0), "packed twice"),
        (gzip.compress(b"BAM\1" + bytes(20), mtime=0), "BAM"),
        (b"CRAM\x03\0", "CRAM"),
        (b"ABIF\0\x65", "a trace"),
        (b"\x89PNG\r\n", "a picture"),
        (b"7z\xbc\xaf'\x1c", "7z"),
        (b"\x89HDF\r\n", "HDF5"),
        (">a\nAC".encode("utf-32"), "UTF-32"),
        (">a\nAC".encode("utf-16"), "iconv -f UTF-16 "),
        (">a\r\nAC\r\n".encode("utf-16-le"), "iconv -f UTF-16LE"),
        (">a\nAC".encode("utf-16-be"), "iconv -f UTF-16BE"),
        (b">a\nA\0C\0\n", "NUL bytes"),
    ],
)
@pytest.mark.parametrize("name", ["x.fa", "x.fq"])
def test_first_bytes_that_no_text_has(tmp_path: Path, head: bytes, word: str, name: str) -> None:
    error = error_of(tmp_path / name, head if name == "x.fa" else head.replace(b">", b"@"))
    assert word in str(error) and error.line in (1, 2)


def test_bare_sequences_are_no_magic(tmp_path: Path) -> None:
    for text in ("CRAM\nBAMK\n", "GIFMK\n", "MMKL\n", "PARK\n"):
        assert len(records_of(tmp_path / "x.txt", text, format="lines")) == text.count("\n")


def test_header_that_is_no_utf8_is_latin1(tmp_path: Path) -> None:
    (tmp_path / "x.fa").write_bytes(b">M\xfcller Z\xfcrich\nAC\n>\xc3\xa9\nGT\n")
    notes: list[str] = []
    found = list(iter_records(tmp_path / "x.fa", notes=notes))
    assert [(r.id, r.description) for r in found] == [("Müller", "Zürich"), ("é", "")]
    assert notes == ["a header is no UTF-8: read as Latin-1"]
    notes: list[str] = []
    assert [legible(x, "it", notes) for x in ("a\udce9", "ä", "\udce9")] == ["aé", "ä", "é"]
    assert notes == ["it is no UTF-8: read as Latin-1"]


def test_byte_order_mark(tmp_path: Path) -> None:
    assert records_of(tmp_path / "x.fa", b"\xef\xbb\xbf>a\nAC\n") == [Record("a", "", "AC", 1)]
    assert "no sequence" in str(error_of(tmp_path / "x.fa", b"\xef\xbb\xbf"))


@pytest.mark.parametrize("size", [10, 1 << 23])
@pytest.mark.parametrize(
    ("text", "notes"),
    [
        (
            ">a\nAC\n;note\nGT\n>b\n; other\n;third\nGG\n",
            ["a comment line (';') inside a record: skipped, 3 times, first on line 3"],
        ),
        (
            ">a\nAC\n# note\nGT\n>b\nGG\n",
            ["a comment line ('#') inside a record: skipped on line 3"],
        ),
        (">a\nACGT\n>b\nGG\n\x1a", ["^Z (U+001A), the end mark of DOS: skipped on line 5"]),
        (">a\nACGT\n>b\nGG\x1a", ["^Z (U+001A), the end mark of DOS: skipped on line 4"]),
        # Joined by DOS, and by programs that begin each file with a mark.
        (
            ">a\nACGT\n\x1a>b\nGG\n\x1a\x1a\n",
            ["^Z (U+001A), the end mark of DOS: skipped, 3 times, first on line 3"],
        ),
        (">a\nACGT\n\ufeff>b\nGG\n", ["a UTF-8 byte-order mark: skipped on line 3"]),
    ],
)
def test_comments_and_marks_are_passed_over_and_counted(
    tmp_path: Path, text: str, notes: list[str], size: int
) -> None:
    path = tmp_path / "x.fa"
    path.write_text(text)
    said: list[str] = []
    raw = Raw.join(list(iter_chunks(path, notes=said, size=size)))
    assert (raw.ids, raw.letters.data, said) == (["a", "b"], b"ACGTGG", notes)
    said = []
    assert [r.text for r in iter_records(path, notes=said)] == ["ACGT", "GG"] and said == notes


def test_nothing_in_the_file(tmp_path: Path) -> None:
    assert "is empty" in str(error_of(tmp_path / "x.fa", ""))
    error = error_of(tmp_path / "x.fa", "; only\n\n")
    assert "comments" in str(error) and error.line == 2
    assert "is empty" in str(error_of(tmp_path / "x.fq", ""))
    assert "is empty" in str(error_of(tmp_path / "x.txt", "", format="lines"))


@pytest.mark.parametrize(
    ("first", "word"),
    [
        ("@r1\nAC\n+\nII\n", "--format fastq"),
        ("@HD\tVN:1.6\n", "SAM"),
        ("<html>\n", "HTML"),
        (" 3 57\n", "PHYLIP"),
        ("CLUSTAL W (1.8)\n", "Clustal"),
        ("# STOCKHOLM 1.0\n", "Stockholm"),
        ("#NEXUS\n", "NEXUS"),
        ("LOCUS       X 10 bp\n", "GenBank"),
        (" 5 42 I\n", "PHYLIP"),
        ("#nexus\n", "NEXUS"),
        ("ORIGIN      \n", "GenBank page"),
        ("        1 gatcctccat atacaacggt\n", "GenBank page"),
        ("Error: CEFetchPApplication\n", "a server that failed"),
        ("PileUp\n", "an MSF alignment"),
        ("!!AA_MULTIPLE_ALIGNMENT 1.0\n", "an MSF alignment"),
        (" x.msf  MSF: 42  Type: P\n", "an MSF alignment"),
        ("#mega\n", "MEGA"),
        ("##maf version=1\n", "MAF"),
        ("##gff-version 3\nchr1\t.\tgene\t1\t9\t.\t+\t.\tID=g\n", "GFF3 without a FASTA section"),
        ('chr1\tensembl\tgene\t1\t9\t.\t+\t.\tgene_id "g"\n', "GFF or GTF"),
        ("chr1\t10\t20\tname\n", "BED"),
        ("track name=x\n", "BED"),
        ("##fileformat=VCFv4.2\n", "VCF"),
        ("r1\t0\tchr1\t5\t60\t4M\t*\t0\t0\tACGT\tIIII\n", "SAM"),
        ("(a:1,b:2);\n", "tree"),
        ("BLASTN 2.12.0+\n", "BLAST"),
        ("MEME version 4\n", "a motif"),
        ("data_1ABC\n", "mmCIF"),
        ("[InternetShortcut]\n", "a shortcut"),
        ("fixedStep chrom=chr1\n", "WIG"),
        ("seq;expr\n", "CSV with semicolons"),
        ("s1 ACGTACGTACGT\n", "names and sequences on one line"),
        (" >a\nAC\n", "stands behind ' '"),
        ("\u200b>a\nAC\n", "stands behind U+200B ZERO WIDTH SPACE"),
        ("ID   X; SV 1\n", "EMBL"),
        ("HEADER    LYASE\n", "PDB"),
        ('{"a": 1}\n', "JSON"),
        ("ACGT\t1\n", "tabs"),
        ("seq,expr\nacgt,1\n", "CSV"),
        ("ACGT\nGGGG\n", "--format lines"),
        ("ACGT\n>a\nAC\n", "before the first '>'"),
        ("Dear colleague,\n", "begins with '>'"),
        (b"\x01\x02\x03", "binary"),
        (b"\xe9t\xe9\n", "another encoding"),
    ],
)
def test_first_line_says_what_the_file_is(tmp_path: Path, first: str | bytes, word: str) -> None:
    error = error_of(tmp_path / "x.fa", first)
    assert word in str(error) and error.line == 1


def test_gff3_with_a_section_of_fasta_is_told_with_its_line(tmp_path: Path) -> None:
    text = "##gff-version 3\nchr1\t.\tgene\t1\t9\t.\t+\t.\tID=g\n##FASTA\n>chr1\nACGT\n"
    error = error_of(tmp_path / "x.gff3", text)
    assert "GFF3 with a FASTA section, which begins on line 3" in str(error) and error.line == 1
    assert "sed" in str(error)


def test_titles_of_pir_are_no_letters(tmp_path: Path) -> None:
    path = tmp_path / "x.pir"
    path.write_text("\n>P1;CRAB_ANAPL\nALPHA CRYSTALLIN B CHAIN\n  MDITIHNPLIRR*\n")
    for read in (iter_records, iter_chunks):
        with pytest.raises(FastaError, match="line 2: this looks like NBRF/PIR"):
            list(read(path))


def test_headers_of_old_fasta(tmp_path: Path) -> None:
    error = error_of(tmp_path / "x.fa", ";LCBO - PROLACTIN\n; more\nMDSKGSSQKG\n")
    assert "a header may begin with ';'" in str(error) and error.line == 3


def test_junk_behind_comments_names_its_own_line(tmp_path: Path) -> None:
    assert error_of(tmp_path / "x.fa", "; a\n\nACGT\n>a\nAC\n").line == 3


def test_fastq(tmp_path: Path) -> None:
    text = "\n@a one\nACG\n+\n@@>\n@b\nGT\n+b\n>I\n"
    assert records_of(tmp_path / "x.fq", text) == [
        Record("a", "one", "ACG", 2),
        Record("b", "", "GT", 6),
    ]
    assert len(records_of(tmp_path / "x.txt", text, format="fastq")) == 2
    assert find_format("X.FASTQ.GZ") == "fastq"


def test_fastq_faults_name_the_line_of_the_record(tmp_path: Path) -> None:
    error = error_of(tmp_path / "x.fq", "@a\nACG\n+\nIII\n@b\nGT\n+\nI\n")
    assert error.line == 5 and "Lengths of sequence and quality" in str(error)
    assert "--format fasta" in str(error_of(tmp_path / "x.fq", ">a\nACG\n"))


def test_one_sequence_a_line(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    assert records_of(path, "ACG\n\n GT \n", format="lines") == [
        Record("", "", "ACG", 1),
        Record("", "", "GT", 3),
    ]
    for wrong in ("ACG\t0\n", "ACG,0\n", "ACG GT\n", ">a\nAC\n"):
        assert error_of(path, "A\n" + wrong, format="lines").line == 2
    assert "no sequence" in str(error_of(path, "\n\n", format="lines"))


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "x.fa").write_text(">a\nAC\n")
    with socket.socket(socket.AF_UNIX) as there:
        there.bind(str(tmp_path / "socket"))
        names = [
            "none.fa",
            "",
            "loop",
            "socket",
            "x" * 300,
            "x.fa/y",
            "caf\udce9.fa",
            "a\nb",
            "nul\0",
        ]
        for name in names:
            with pytest.raises(FastaError, match="cannot be read: ") as caught:
                list(iter_records(tmp_path / name))
            assert message(str(caught.value)).isprintable()
    with pytest.raises(FastaError, match="it is an address: fetch the file first"):
        list(iter_records("https://example.org/x.fa"))


def test_a_name_that_is_no_utf8_is_read(tmp_path: Path) -> None:
    assert records_of(tmp_path / "caf\udce9.fa", ">a\nAC\n") == [Record("a", "", "AC", 1)]


def test_too_little_memory_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(parts: list[Raw]) -> Raw:
        raise MemoryError

    (tmp_path / "x.fa").write_text(">a\nAC\n")
    monkeypatch.setattr(Raw, "join", lacking)
    with pytest.raises(DataError, match="x.fa: not enough memory to read it; .* --store"):
        read_fasta(tmp_path / "x.fa")


@pytest.mark.parametrize("pack", [bytes, *PACKS.values()])
def test_standard_input(monkeypatch: pytest.MonkeyPatch, pack) -> None:
    raw = io.BytesIO(pack(b">a\nAC\n"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
    assert list(iter_records("-")) == [Record("a", "", "AC", 1)]
    assert not raw.closed  # standard input is not ours to close


def test_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.TextIOWrapper(io.BytesIO())
    closed.close()
    for stdin in (None, closed):
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(FastaError, match="^standard input: is closed; name a file"):
            list(iter_records("-"))


def test_a_file_is_opened_only_when_read_and_closed_after_a_fault(tmp_path: Path) -> None:
    iter_records(tmp_path / "none.fa")  # no error, no open file
    (tmp_path / "x.fa").write_text(">a\nAC\n\0\n")
    source = Source(tmp_path / "x.fa")
    with pytest.raises(FastaError) as caught:
        list(source)
    assert (caught.value.line, source.number) == (3, 3)
