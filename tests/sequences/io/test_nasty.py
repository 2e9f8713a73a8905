"""Every nasty file of the shared data: read with the right count, or refused in one good line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from helpers import shared_data

from biogan.core.errors import BioganError, FastaError
from biogan.sequences.io.fasta import read_fasta

# file -> (records kept, alphabet, {finding: (records, letters, dropped)}, words in the notes)
CHOICES: dict[str, tuple[int, str, dict[str, tuple[int, int, int]], str]] = {
    "all_n.fasta": (3, "ACGT", {"ambiguous": (1, 80, 1)}, ""),
    "gaps_aligned.fasta": (20, "ACDEFGHIKLMNPQRSTVWY-", {"gap": (15, 20, 0)}, ""),
    "pfam_a2m_dots.fasta": (
        30,
        "ACDEFGHIKLMNPQRSTVWY-",
        {"a2m insert": (21, 117, 0), "gap": (21, 150, 0)},
        "",
    ),
    "stop_star.fasta": (
        10,
        "ACDEFGHIKLMNPQRSTVWY",
        {"internal stop": (1, 1, 1), "stop": (10, 10, 0)},
        "",
    ),
    "cr_only.fasta": (20, "ACGT", {}, ""),
    "spaces_digits_genbank.fasta": (
        1,
        "ACGT",
        {"white space": (1, 63, 0), "digits": (1, 12, 0), "lower case": (1, 300, 0)},
        "",
    ),
    "duplicate_ids.fasta": (7, "ACGT", {"repeated id": (2, 0, 0)}, ""),
    "empty_record.fasta": (2, "ACGT", {"empty": (2, 0, 2)}, ""),
    "empty_id.fasta": (2, "ACGT", {"no id": (1, 0, 0)}, ""),
    "latin1_header.fasta": (1, "ACGT", {}, "read as Latin-1"),
    "long_sequence.fasta": (2, "ACGT", {}, ""),
    "comment_lines.fasta": (20, "ACGT", {}, "2 comment lines before the first record: skipped"),
    "identical_sequences.fasta": (20, "ACGT", {}, ""),
    "mixed_dna_rna.fasta": (10, "ACGT", {"U to T": (5, 132, 0)}, ""),
    "mixed_dna_protein.fasta": (10, "ACDEFGHIKLMNPQRSTVWY", {}, ""),
    "protein_looks_like_dna.fasta": (3, "ACDEFGHIKLMNPQRSTVWY", {}, ""),
    "gzip_without_suffix.fasta": (20, "ACGT", {}, "gzip data under a name without .gz"),
    "text_named_gz.fasta.gz": (20, "ACGT", {}, "plain text under a name of gzip data"),
    "reads.fastq": (8, "ACGT", {}, ""),
    "reads.fastq.gz": (8, "ACGT", {}, ""),
    "bare_gt_headers.txt": (20, "ACGT", {"no id": (20, 0, 0)}, ""),
}
# Choices that are refused by default, with the hint given.
REFUSED = {
    "iupac_real.fasta": "--ambiguous resolve or keep",
    "iupac_all.fasta": "--ambiguous resolve or keep",
    "junk_before_first.fasta": "line 1",
    "trailing_garbage.fasta.gz": "line 1",
    "one_per_line.txt": "--format lines",
}
# The default of a choice, turned by an option: file, options -> records kept, letters.
OPTIONS = [
    ("iupac_real.fasta", {"ambiguous": "resolve"}, 12, "ACGT"),
    ("iupac_real.fasta", {"ambiguous": "keep"}, 12, "ACGTDHNRSY"),
    ("iupac_all.fasta", {"ambiguous": "keep"}, 3, "ACDEFGHIKLMNPQRSTVWYBJOUXZ"),
    ("iupac_all.fasta", {"alphabet": "dna", "ambiguous": "resolve"}, 2, "ACGT"),
    ("all_n.fasta", {"ambiguous": "keep"}, 4, "ACGTN"),
    ("gaps_aligned.fasta", {"gaps": "remove"}, 20, "ACDEFGHIKLMNPQRSTVWY"),
    ("stop_star.fasta", {"stop": "keep"}, 11, "ACDEFGHIKLMNPQRSTVWY*"),
    ("mixed_dna_rna.fasta", {"alphabet": "rna"}, 10, "ACGU"),
    ("mixed_dna_protein.fasta", {"alphabet": "dna"}, 5, "ACGT"),
    ("protein_looks_like_dna.fasta", {"alphabet": "dna"}, 2, "ACGT"),
    ("long_sequence.fasta", {"length": 57}, 1, "ACGT"),
    ("one_per_line.txt", {"format": "lines"}, 20, "ACGT"),
    ("fastq_named.fasta", {"format": "fastq"}, 8, "ACGT"),
]


def expected() -> list[dict[str, str]]:
    """Return the rows of the table of expectations about sequence files."""
    with shared_data("nasty/EXPECTED.tsv").open() as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    return [row for row in rows if not row["file"].startswith("idx_")]


def test_every_file_is_covered() -> None:
    rows = expected()
    assert len(rows) == 54
    choices = {row["file"] for row in rows if row["verdict"] == "choice"}
    assert choices == CHOICES.keys() | REFUSED.keys()


def test_ok_files_are_read_whole() -> None:
    rows = [row for row in expected() if row["verdict"] == "ok"]
    read = {row["file"]: read_fasta(shared_data("nasty/" + row["file"])) for row in rows}
    assert {name: len(s) for name, s in read.items()} == {
        row["file"]: int(row["records"]) for row in rows
    }
    assert len(rows) == 14
    for sequences in read.values():
        assert sequences.report is not None
        assert sequences.report.valid_records == sequences.report.records


def test_bad_files_are_refused_in_one_line_that_says_where() -> None:
    rows = [row for row in expected() if row["verdict"] == "error"]
    assert len(rows) == 14
    for row in rows:
        path = shared_data("nasty/" + row["file"])
        with pytest.raises(BioganError) as caught:
            read_fasta(path)
        message = str(caught.value)
        assert message.startswith(str(path)) and "\n" not in message and caught.value.exit_code == 1
        assert isinstance(caught.value, FastaError)
        assert caught.value.line is not None or "is empty" in message


@pytest.mark.parametrize("name", sorted(CHOICES))
def test_choices(name: str) -> None:
    kept, letters, findings, note = CHOICES[name]
    sequences = read_fasta(shared_data("nasty/" + name))
    report = sequences.report
    assert report is not None
    assert (len(sequences), sequences.alphabet.letters) == (kept, letters)
    assert {f.kind: (f.records, f.letters, f.dropped) for f in report.findings} == findings
    assert note in " ".join(report.notes) and bool(note) == bool(report.notes)
    records = {row["file"]: int(row["records"]) for row in expected()}[name]
    assert report.records == records == report.kept + sum(report.dropped.values())


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_choices_that_are_refused(name: str) -> None:
    with pytest.raises(FastaError) as caught:
        read_fasta(shared_data("nasty/" + name))
    assert REFUSED[name] in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "options", "kept", "letters"), OPTIONS)
def test_options_change_a_choice(name: str, options: dict, kept: int, letters: str) -> None:
    sequences = read_fasta(shared_data("nasty/" + name), **options)
    assert (len(sequences), sequences.alphabet.letters) == (kept, letters)


def records_of(path: Path) -> list[tuple[str, str]]:
    """Read headers and letters as plainly as can be."""
    lines = path.read_text("utf-8").splitlines()
    return [(a[1:], b) for a, b in zip(lines[::2], lines[1::2], strict=False)]


def test_situations_of_the_field() -> None:
    """The rows of the table of field data that are about sequences."""
    with shared_data("field/EXPECTED.tsv").open() as table:
        rows = [
            r["file"] for r in csv.DictReader(table, delimiter="\t") if r["used as"] == "read_fasta"
        ]
    assert len(rows) == 4
    marked = shared_data("field/control_z_at_end.fasta")
    sequences = read_fasta(marked)
    assert list(zip(sequences.ids, sequences.strings(), strict=True)) == records_of(marked)
    assert sequences.report is not None and not sequences.report.findings
    assert sequences.report.notes == ["^Z (U+001A), the end mark of DOS: skipped on line 61"]

    commented = read_fasta(shared_data("field/semicolon_inside_records.fasta"))
    assert commented.strings() == sequences.strings() and commented.report is not None
    assert commented.report.notes == [
        "2 comment lines before the first record: skipped",
        "a comment line (';') inside a record: skipped, 30 times, first on line 4",
    ]

    with pytest.raises(FastaError, match="GFF3 with a FASTA section, which begins on line 3"):
        read_fasta(shared_data("field/with_fasta_section.gff3"))

    with pytest.raises(FastaError) as caught:
        read_fasta(shared_data("field/zero_width_space.fasta"))
    assert "(U+200B ZERO WIDTH SPACE): dropped" in str(caught.value)
    assert str(caught.value).endswith("first: s0 (line 1), s1 (line 3), s2 (line 5)")


def test_aligned_a2m_equals_the_published_alignment() -> None:
    """The match columns of the Pfam export are the 53 columns of the published alignment."""
    sequences = read_fasta(shared_data("nasty/pfam_a2m_dots.fasta"))
    assert sequences.is_fixed_length and sequences.lengths[0] == 53
    assert sequences[0] == "-CLLPSAHGPCANWTTRWYFVGVVGRCNRFWYGGCHGNKNSFASEEECMRVC-"


def test_clean_files_equal_biopython() -> None:
    from Bio import SeqIO

    path = shared_data("nasty/wrapped_ragged_blank_lines.fasta")
    with path.open() as handle:
        wanted = [(r.id, str(r.seq).upper()) for r in SeqIO.parse(handle, "fasta")]
    sequences = read_fasta(path)
    assert list(zip(sequences.ids, sequences.strings(), strict=True)) == wanted
