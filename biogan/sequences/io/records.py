"""Raw records of FASTA, FASTQ and bare-sequence files, before any policy is applied.

Records are read one at a time. :class:`Letters` keeps the letters of many records in one flat array
for bulk operations without a loop over records.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple, cast

import numpy as np

from biogan.core.display import code_point, excerpt
from biogan.core.errors import FastaError, first_line
from biogan.core.inputs import RATIO, Readable, split_compression
from biogan.core.text import Source, legible

FASTQ_NAMES = (".fastq", ".fq")


class Record(NamedTuple):
    """One record as the file has it.

    Attributes
    ----------
    id : str
        First word of the header, ``""`` if there is none.
    description : str
        The header behind the id.
    text : str
        The letters with the line ends taken out, blanks and digits still inside.
    line : int
        Line of the header, from 1.
    """

    id: str
    description: str
    text: str
    line: int


_CONVERT = "convert it to FASTA first"
_ITS = "its sequence as FASTA is needed"
# How a first line that is no FASTA looks, and what to say. The first that matches counts.
LOOKS = (
    (r"@(HD|SQ|RG|PG|CO)\t.*", "SAM; convert it first: samtools fasta"),
    (r"[^\t]+\t\d+\t[^\t]+\t\d+\t\d+\t(\*|(\d+[MIDNSHP=X])+)\t.*", "SAM; convert: samtools fasta"),
    (r"@\S.*", "FASTQ; read it with --format fastq, or give it a name in .fastq"),
    (r"\[InternetShortcut\].*", "a shortcut to a web page; save what it points to"),
    (r"\s*<[!?A-Za-z].*", "HTML or XML (a saved web page?), not sequences"),
    (r"\s*\d+\s+\d+(\s+[A-Za-z]+)?\s*", "PHYLIP; convert it to FASTA first"),
    (r"(CLUSTAL|MUSCLE|PROBCONS|T-COFFEE|Kalign)\b.*", f"a Clustal alignment; {_CONVERT}"),
    (r"(!!(NA|AA)_MULTIPLE_ALIGNMENT|PileUp|.*\bMSF:\s*\d).*", f"an MSF alignment; {_CONVERT}"),
    (r"#\s*STOCKHOLM.*", f"a Stockholm alignment; {_CONVERT}"),
    (r"#(?i:nexus).*", f"NEXUS; {_CONVERT}"),
    (r"#(?i:mega).*", f"a MEGA alignment; {_CONVERT}"),
    (r"##maf\b.*", f"a MAF alignment; {_CONVERT}"),
    (r"LOCUS\s.*", f"GenBank; {_CONVERT}"),
    (r"(ORIGIN\b.*|\s*\d+( [A-Za-z]+)+\s*)", "the letters of a GenBank page; begin with '>id'"),
    (r"(?i:error\b.*)", "a message of a server that failed"),
    (r"ID   \S.*", f"EMBL or Swiss-Prot; {_CONVERT}"),
    (r"(Seq-entry|Bioseq-set|Seq-submit)\s*::=.*", f"ASN.1 of NCBI; {_CONVERT}"),
    (r"##fileformat=VCF.*", "VCF: variants; bcftools consensus makes sequences of it"),
    (r"(HEADER|ATOM  |HETATM|REMARK|CRYST1|TITLE |MODEL |SEQRES)\s.*", f"a PDB structure; {_ITS}"),
    (r"data_\S+", f"an mmCIF structure; {_ITS}"),
    (r"T?BLAST[NPX]\s.*", "a report of BLAST; the sequences as FASTA are needed"),
    (r"(HMMER\d|MEME version\b).*", "a model of a family or a motif; sequences are needed"),
    (r"\(.*\)\S*;\s*", "a tree (Newick); sequences are needed"),
    (r"(fixedStep|variableStep)\s.*", "WIG: values along a genome; sequences are needed"),
    (r"[{\[].*", "JSON, not FASTA"),
    (
        r"[^\t]+(\t[^\t]*){2}\t\d+\t\d+\t[^\t]*\t[-+.?]\t.*",
        "GFF or GTF: annotations; the sequences of the genome as FASTA are needed",
    ),
    (
        r"((track|browser) .*|[^\t]+\t\d+\t\d+(\t.*)?)",
        "BED: places in a genome; bedtools getfasta takes their sequences from it",
    ),
    (
        r"[^\t]*\t.*",
        'a table with tabs; make FASTA of it, e.g. awk \'{print ">" NR " label=" $2 "\\n" $1}\'',
    ),
    (r"[^,\s]+(,[^,\s]*)+", "CSV; make FASTA of it, one '>id' line before each sequence"),
    (r"[^;\s]+(;[^;\s]*)+", "CSV with semicolons; make FASTA of it, '>id' before each sequence"),
    (
        r"\S+ +[A-Za-z*.\-]{10,}\s*",
        'names and sequences on one line; make FASTA of it: awk \'{print ">" $1 "\\n" $2}\'',
    ),
)
_PIR = re.compile("(P1|F1|D[LC]|R[LC]|N[13]|XX);")
_BARE = re.compile(r"[A-Za-z*.\-]+")
# Comments at the beginning that are none.
_FORMAT_LINE = re.compile(r"#\s*STOCKHOLM|#(?i:nexus|mega)|##maf|##fileformat=VCF|##gff-version")


def _refuse_first(line: str, source: Source, comment: str) -> FastaError:
    """Return the error for a first line, behind a comment, that does not begin a FASTA record."""
    number, line = source.number, line.rstrip("\n")[:1000]
    if line.startswith("##gff-version"):
        return _refuse_gff(source)
    start = line.lstrip("".join(c for c in line if c.isspace() or not c.isprintable()))
    if start.startswith(">"):
        before = ", ".join(code_point(c) for c in dict.fromkeys(line[: -len(start)]))
        return source.error(f"the '>' of a header stands behind {before}; take it out", number)
    if not line.isprintable() and "\t" not in line:
        return source.error("no text: a binary file, or one in another encoding", number)
    for pattern, what in LOOKS:
        if re.fullmatch(pattern, line):
            return source.error(f"this looks like {what}", number)
    if _BARE.fullmatch(line.strip()):
        if comment.startswith(";"):
            return source.error(
                "a bare sequence behind ';' lines: in old FASTA a header may begin with ';', "
                "write '>' in its place",
                number,
            )
        if any(later.startswith(">") for later in islice(source, 1000)):
            return source.error(
                f"letters before the first '>' ({line[:20]!r}): a header is missing, add one or "
                "delete the line",
                number,
            )
        return source.error(
            "a bare sequence without a '>' header; if the file has one sequence a line, read it "
            "with --format lines",
            number,
        )
    return source.error(f"a FASTA record begins with '>', found {excerpt(line)}", number)


def _refuse_gff(source: Source) -> FastaError:
    """Return the error for GFF3, which may have a section of FASTA."""
    number = source.number
    if any(line.startswith(("##FASTA", ">")) for line in source):
        return source.error(
            f"this is GFF3 with a FASTA section, which begins on line {source.number:,}; take it "
            "out first: sed '1,/^##FASTA/d'",
            number,
        )
    return source.error(
        "this is GFF3 without a FASTA section: annotations; the sequences of the genome are needed",
        number,
    )


def refuse_pir(header: str, source: Source, number: int) -> None:
    """Refuse NBRF/PIR, whose second line is a title and would be read as letters.

    Raises
    ------
    FastaError
        If a header is of that format.
    """
    if _PIR.match(header):
        raise source.error(
            "this looks like NBRF/PIR, where a title follows each header; convert it to FASTA "
            "first",
            number,
        )


def _empty(source: Source) -> FastaError:
    if source.number == 0:
        return source.error("the file is empty; at least one sequence is needed", None)
    return source.error("nothing but white space or comments; no sequence found", source.number)


def split_header(line: str) -> tuple[str, str]:
    """Split a header line without its first letter into id and description."""
    parts = line.split(None, 1)
    if len(parts) == 2:
        return parts[0], parts[1].rstrip()
    return parts[0] if parts else "", ""


def _header(line: str, source: Source) -> tuple[str, str]:
    return split_header(legible(line, "a header", source.notes))


def _fasta(source: Source) -> Iterator[Record]:
    # Not Biopython's SimpleFastaParser: it removes blanks uncounted, skips whatever stands before
    # the first record and knows no line numbers.
    comments, comment = 0, ""
    for line in source:
        if line[0] == ">":
            break
        if line[0] in ";#" and not _FORMAT_LINE.match(line):
            comments, comment = comments + 1, line
        elif not line.isspace():
            raise _refuse_first(line, source, comment)
    else:
        raise _empty(source)
    if comments:
        source.notes.append(f"{comments} comment lines before the first record: skipped")
    start, header = source.number, line[1:]
    refuse_pir(header, source, start)
    parts: list[str] = []
    for line in source:
        if line[0] == ">":
            yield Record(*_header(header, source), "".join(parts), start)
            start, header, parts = source.number, line[1:], []
        elif line[0] in ";#":
            source.skipped.add(f"a comment line ('{line[0]}') inside a record", source.number)
        else:
            parts.append(line[:-1] if line[-1] == "\n" else line)
    yield Record(*_header(header, source), "".join(parts), start)


def _fastq(source: Source) -> Iterator[Record]:
    from Bio.SeqIO.QualityIO import FastqGeneralIterator

    first = next((line for line in source if not line.isspace()), None)
    if first is None:
        raise _empty(source)
    if first[0] != "@":
        hint = "; --format fasta reads FASTA" if first[0] == ">" else ""
        found = excerpt(first.rstrip("\n"))
        raise source.error(f"a FASTQ record begins with '@', found {found}{hint}", source.number)
    source.push_back(first)
    start = source.number
    try:
        for header, text, _ in FastqGeneralIterator(cast(IO[str], source)):
            yield Record(*_header(header, source), text, start)
            start = source.number
    except FastaError:
        raise
    except Exception as error:  # ValueError is what the parser promises
        what = first_line(error).rstrip(".")
        raise source.error(f"damaged FASTQ record: {what}", start) from error


def _lines(source: Source) -> Iterator[Record]:
    found = False
    for line in source:
        text = line.strip()
        if not text:
            continue
        if line[0] == ">":
            raise source.error("a '>' header; --format fasta reads FASTA", source.number)
        if len(text.split()) > 1 or "," in text:
            raise source.error(
                f"one bare sequence a line is needed, found {excerpt(text)}", source.number
            )
        yield Record("", "", text, source.number)
        found = True
    if not found:
        raise _empty(source)


READERS = {"fasta": _fasta, "fastq": _fastq, "lines": _lines}


def find_format(path: str | Path) -> str:
    """Return the format that a file name stands for: ``"fastq"`` or ``"fasta"``.

    Examples
    --------
    >>> find_format("reads.fq.gz"), find_format("genes.fa")
    ('fastq', 'fasta')
    """
    return "fastq" if split_compression(path)[0].endswith(FASTQ_NAMES) else "fasta"


def iter_records(
    path: Readable, format: str = "auto", notes: list[str] | None = None, ratio: float = RATIO
) -> Iterator[Record]:
    """Read raw records one at a time.

    Parameters
    ----------
    path : str, Path or open file
        File name, ``-`` for standard input; compression is known by the first bytes. It is opened
        once, so that a pipe will do.
    format : {"auto", "fasta", "fastq", "lines"}
        ``auto`` is FASTQ for names in ``.fastq`` or ``.fq``, else FASTA. ``lines`` is one bare
        sequence a line.
    notes : list of str, optional
        Receives what is odd about the file and was dealt with, one sentence each.
    ratio : float
        How many times their size compressed data may unpack to, from 16 MB on; 0: without limit.

    Yields
    ------
    Record

    Raises
    ------
    FastaError
        If the file cannot be read whole; it names the line.
    """
    return records_of(Source(path, notes, ratio=ratio), format)


def records_of(source: Source, format: str = "auto") -> Generator[Record, None, None]:
    """Read the raw records of a source, see :func:`iter_records`; the source is closed then."""
    reader = READERS[find_format(source.path) if format == "auto" else format]
    with closing(source):
        yield from reader(source)


_BLOCK = 1 << 20
#: Byte of a letter that is not ASCII.
BEYOND = 0x80
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class Letters:
    """The letters of many records, one behind another, as bytes. Treat it as immutable.

    Parameters
    ----------
    data : bytes, length total
        All letters; :data:`BEYOND` stands for any that is not ASCII.
    offsets : numpy.ndarray, shape (n + 1,), int64
        Record ``i`` is ``data[offsets[i]:offsets[i + 1]]``.
    beyond : str
        The letters that are not ASCII, in their order. No alphabet has them, so that they are never
        taken out; they are kept to be named.
    """

    def __init__(self, data: bytes, offsets: np.ndarray, beyond: str = "") -> None:
        self.data, self.offsets, self.beyond = data, offsets, beyond

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> Letters:
        """Join the texts of all records."""
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=offsets[1:])
        text = "".join(texts)
        if text.isascii():
            return cls(text.encode(), offsets)
        plain = _NOT_ASCII.sub(chr(BEYOND), text).encode("latin-1")
        return cls(plain, offsets, "".join(_NOT_ASCII.findall(text)))

    @classmethod
    def join(cls, parts: Sequence[Letters]) -> Letters:
        """Put parts one behind another."""
        lengths = np.concatenate([np.zeros(0, np.int64), *(part.lengths for part in parts)])
        beyond = "".join(part.beyond for part in parts)
        return cls(b"".join(part.data for part in parts), _offsets(lengths), beyond)

    @property
    def lengths(self) -> np.ndarray:
        """Letters of each record, shape (n,)."""
        return np.diff(self.offsets)

    @cached_property
    def counts(self) -> np.ndarray:
        """How often each byte occurs, shape (256,)."""
        # Two bytes at a time, in blocks: bincount makes an int64 copy of what it counts.
        pairs = np.frombuffer(self.data, np.uint16, len(self.data) // 2)
        total = np.zeros(65536, np.int64)
        for start in range(0, len(pairs), _BLOCK):
            total += np.bincount(pairs[start : start + _BLOCK], minlength=65536)
        square = total.reshape(256, 256)
        counts = square.sum(0) + square.sum(1)
        if len(self.data) % 2:
            counts[self.data[-1]] += 1
        return counts

    def count(self, letters: bytes) -> int:
        """Return how many of these letters there are."""
        return int(self.counts[list(set(letters))].sum())

    def positions(self, letters: bytes) -> np.ndarray:
        """Return where these letters stand in the flat array, ascending, int64."""
        if not self.count(letters):
            return np.empty(0, np.int64)
        mark = bytes(int(c in letters) for c in range(256))
        return np.flatnonzero(np.frombuffer(self.data.translate(mark), np.bool_))

    def per_record(self, positions: np.ndarray) -> np.ndarray:
        """Return how many of the ascending positions fall into each record, shape (n,)."""
        return np.diff(np.searchsorted(positions, self.offsets))

    def record_of(self, positions: np.ndarray) -> np.ndarray:
        """Return the record that each position of the flat array belongs to."""
        return np.searchsorted(self.offsets, positions, "right") - 1

    def letter(self, position: int) -> str:
        """Return the letter at a position of the flat array."""
        byte = self.data[position]
        return self.beyond[self.data.count(BEYOND, 0, position)] if byte == BEYOND else chr(byte)

    def seen(self, letters: bytes) -> Counter[str]:
        """Return how often each of these letters occurs; :data:`BEYOND` asks for all beyond it."""
        found = Counter({chr(c): int(self.counts[c]) for c in letters if self.counts[c]})
        if found.pop(chr(BEYOND), 0):
            found.update(self.beyond)
        return found

    def without(self, letters: bytes) -> Letters:
        """Return the letters with some taken out."""
        if not self.count(letters):
            return self
        lengths = self.lengths - self.per_record(self.positions(letters))
        return Letters(self.data.translate(None, letters), _offsets(lengths), self.beyond)

    def replaced(self, old: bytes, new: bytes) -> Letters:
        """Return the letters with ``old[i]`` turned into ``new[i]``."""
        if not self.count(old):
            return self
        data = self.data.translate(bytes.maketrans(old, new))
        return Letters(data, self.offsets, self.beyond)

    def upper(self) -> Letters:
        """Return the letters in upper case (ASCII only)."""
        return Letters(self.data.upper(), self.offsets, self.beyond)

    def without_at(self, positions: np.ndarray) -> Letters:
        """Return the letters without those at ascending positions."""
        flat = np.delete(np.frombuffer(self.data, np.uint8), positions)
        offsets = _offsets(self.lengths - self.per_record(positions))
        return Letters(flat.tobytes(), offsets, self.beyond)

    def with_letters_at(self, positions: np.ndarray, new: np.ndarray) -> Letters:
        """Return the letters with other bytes at some positions."""
        flat = np.frombuffer(self.data, np.uint8).copy()
        flat[positions] = new
        return Letters(flat.tobytes(), self.offsets, self.beyond)

    def take(self, keep: np.ndarray) -> Letters:
        """Return the records of a boolean mask, shape (n,), all of ASCII."""
        if keep.all():
            return self
        flat = np.frombuffer(self.data, np.uint8)
        return Letters(flat[np.repeat(keep, self.lengths)].tobytes(), _offsets(self.lengths[keep]))


def frequent(counts: np.ndarray, letters: bytes) -> bytes:
    """Return those of these letters that occur, the most frequent first.

    Parameters
    ----------
    counts : numpy.ndarray, shape (256,)
        How often each byte occurs.
    letters : bytes
        The letters asked for.
    """
    found = [c for c in dict.fromkeys(letters) if counts[c]]
    return bytes(sorted(found, key=lambda c: -counts[c]))


def _offsets(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
