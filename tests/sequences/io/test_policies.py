"""Every policy of ReadingConfig on records small enough to count by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from biogan.core.errors import AlphabetError, FastaError
from biogan.sequences.config import ReadingConfig
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import clean_records
from biogan.sequences.io.input_report import InputReport
from biogan.sequences.io.records import Record


def clean(*texts: str, **options: Any) -> SequenceSet:
    """Clean records ``r1``, ``r2``, ... that stand on every second line."""
    records = [Record(f"r{i}", "", text, 2 * i - 1) for i, text in enumerate(texts, 1)]
    sequences = clean_records(records, ReadingConfig(**options), "x.fa")
    assert report(sequences).records == len(texts)
    assert report(sequences).records == report(sequences).kept + sum(
        report(sequences).dropped.values()
    )
    return sequences


def report(sequences: SequenceSet) -> InputReport:
    assert sequences.report is not None
    return sequences.report


def findings(sequences: SequenceSet) -> dict[str, tuple[int, int, int]]:
    return {f.kind: (f.records, f.letters, f.dropped) for f in report(sequences).findings}


def refused(*texts: str, **options: Any) -> str:
    with pytest.raises(FastaError) as caught:
        clean(*texts, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_clean_records_have_no_findings() -> None:
    s = clean("ACGT", "GG")
    assert (s.strings(), s.ids, s.alphabet.name) == (["ACGT", "GG"], ["r1", "r2"], "dna")
    assert report(s).lines() == [
        "x.fa: 2 records read, 2 kept (6 letters)",
        "alphabet dna: nucleotides, T and no U",
    ]
    assert report(s).to_dict() == {
        "source": "x.fa",
        "alphabet": "dna",
        "alphabet_reason": "nucleotides, T and no U",
        "records": 2,
        "kept": 2,
        "letters": 6,
        "valid_records": 2,
        "dropped": {},
        "findings": [],
        "notes": [],
        "options": ReadingConfig().to_dict(),
    }


@pytest.mark.parametrize(
    ("texts", "alphabet", "reason"),
    [
        (["ACGT"], "dna", "nucleotides, T and no U"),
        (["ACG"], "dna", "nucleotides"),
        (["ACGU"], "rna", "U and no T"),
        (["ACGU", "ACGT"], "dna", "nucleotides, both T and U (--alphabet rna turns T into U ins"),
        (["MKLE", "MKLF"], "protein", "protein letters (L E F)"),
        # One letter in 40 is a typo, not a protein.
        (["ACGT" * 10, "ACGT" * 10 + "E"], "dna", "nucleotides, T and no U"),
        # One record in eleven is a stray record, not a protein file; one in ten is.
        (["ACGT"] * 10 + ["MKLE"], "dna", "nucleotides, T and no U; 1 record of 11 look like prot"),
        (["ACGT"] * 9 + ["MKLE"], "protein", "protein letters (E L) in 1 of 10 records; the other"),
        (["KWRKWR", "RRWKWR"], "protein", "only 0 % of the letters are A, C, G, T, U or N"),
    ],
)
def test_alphabet_is_found_and_said(texts: list[str], alphabet: str, reason: str) -> None:
    s = clean(*texts)
    assert s.alphabet.name == alphabet and report(s).alphabet_reason.startswith(reason)


def test_alphabet_as_asked_for() -> None:
    assert clean("ACGT", alphabet="protein").alphabet.name == "protein"
    s = clean("HPPH", "HHZ", alphabet="custom:HP")
    assert (s.strings(), s.alphabet.letters) == (["HPPH"], "HP")
    assert clean("0 1.-", alphabet="custom:01.-").strings() == ["01.-"]
    with pytest.raises(AlphabetError, match="unknown alphabet 'dan'"):
        clean("ACGT", alphabet="dan")


def test_thymine_and_uracil() -> None:
    s = clean("ACGU", "TT")
    assert s.strings() == ["ACGT", "TT"] and findings(s) == {"U to T": (1, 1, 0)}
    s = clean("ACGU", "TT", alphabet="rna")
    assert s.strings() == ["ACGU", "UU"] and findings(s) == {"T to U": (1, 2, 0)}
    assert clean("MTUL", ambiguous="keep").strings() == ["MTUL"]


def test_white_space_and_digits_are_taken_out() -> None:
    s = clean("1 AC\tGT 10", "GG")
    assert s.strings() == ["ACGT", "GG"]
    assert findings(s) == {"white space": (1, 3, 0), "digits": (1, 3, 0)}


def test_case() -> None:
    s = clean("acGT", "GG")
    assert s.strings() == ["ACGT", "GG"] and findings(s) == {"lower case": (1, 2, 0)}
    assert "x.fa, line 3, record 'r2': lower case 'c' at letter 2;" in refused(
        "AC", "GcT", case="error"
    )


def test_a2m_inserts() -> None:
    aligned = ("..AC-G", "ggACTG")
    s = clean(*aligned)
    assert s.strings() == ["AC-G", "ACTG"]
    assert findings(s) == {"a2m insert": (1, 2, 0), "gap": (1, 1, 0)}
    # With match columns of different number it is soft-masking with '.' for gaps.
    s = clean("..AC-G", "ggACT")
    assert s.strings() == ["ACG", "GGACT"] and "lower case" in findings(s)
    assert clean(*aligned, case="upper").strings() == ["--AC-G", "GGACTG"]
    # a3m has no '.', it must be asked for; ragged columns are told.
    s = clean("AC-G", "ggACT", case="a2m")
    assert s.strings() == ["ACG", "ACT"]
    assert "may be no A2M" in report(s).findings[0].done


def test_gaps() -> None:
    s = clean("AC-T", "A.GT")
    assert s.strings() == ["AC-T", "A-GT"] and s.alphabet.letters == "ACGT-"
    assert findings(s) == {"gap": (2, 2, 0)}
    s = clean("AC-T", "AGT")
    assert s.strings() == ["ACT", "AGT"] and s.alphabet.letters == "ACGT"
    assert clean("AC-T", "ACGT", gaps="remove").strings() == ["ACT", "ACGT"]
    # As asked for, so that sets with and without gaps share one alphabet.
    assert clean("AC", "ACGT", gaps="letter").alphabet.letters == "ACGT-"
    assert "record 'r1': gap '-' at letter 3; --gaps letter or remove" in refused(
        "AC-T", gaps="error"
    )


def test_records_without_a_letter_are_dropped() -> None:
    s = clean("", "ACGT", "----", " 12 ")
    assert s.ids == ["r2"] and report(s).dropped == {"empty": 3}
    assert "3 dropped (3 empty)" in report(s).lines()[0]


def test_stops() -> None:
    s = clean("MKL*", "MK*L", "MEL**")
    assert s.strings() == ["MKL", "MEL"]
    assert findings(s) == {"internal stop": (1, 1, 1), "stop": (2, 3, 0)}
    s = clean("MKL*", "MK*L", "MEL", stop="keep")
    assert s.strings() == ["MKL*", "MK*L", "MEL"] and s.alphabet.letters[-1] == "*"
    s = clean("MKL*", "MEL", stop="drop")
    assert s.strings() == ["MEL"] and report(s).dropped == {"stop": 1}
    assert "stop '*' at letter 4" in refused("MKL*", stop="error")


def test_a_stop_behind_gaps_is_at_the_end() -> None:
    s = clean("MK-*", "MKL*")
    assert s.strings() == ["MK-", "MKL"]
    s = clean("MKL*--", "MKLEEL")
    assert s.strings() == ["MKL", "MKLEEL"] and findings(s)["stop"] == (1, 1, 0)


def test_foreign_letters() -> None:
    s = clean("ACGT", "AC?TZ", alphabet="dna")
    assert s.strings() == ["ACGT"] and findings(s) == {"foreign": (1, 2, 1)}
    assert "dna does not have (? Z): dropped" in report(s).lines()[-1]
    message = refused("ACGT", "AC?T", foreign="error")
    assert message.startswith("x.fa, line 3, record 'r2': ") and "'?' at letter 3" in message


@pytest.mark.parametrize(
    ("letter", "name"),
    [
        ("é", "U+00E9 LATIN SMALL LETTER E WITH ACUTE"),
        ("\u200b", "U+200B ZERO WIDTH SPACE"),
        ("\xa0", "U+00A0 NO-BREAK SPACE"),
        ("\u0410", "U+0410 CYRILLIC CAPITAL LETTER A"),
        ("\ufffd", "U+FFFD REPLACEMENT CHARACTER"),
        ("\x1b", "U+001B (^[)"),
        ("\udce9", "byte 0xe9 (no UTF-8)"),
        ("\U0001f9ec", "U+1F9EC DNA DOUBLE HELIX"),
    ],
)
def test_letters_that_cannot_be_shown_are_named(letter: str, name: str) -> None:
    line = report(clean("ACGT", f"{letter}AC")).lines()[-1]
    assert f"dna does not have ({name}): dropped" in line and line.endswith("; first: r2 (line 3)")
    assert line.isascii() and line.isprintable()
    message = refused("ACGT", f"ACT{letter}é", foreign="error")
    assert f"dna does not have: {name} at letter 4;" in message
    # '?' is a letter of its own, and each of the others is told.
    line = report(clean("ACGT", f"A?{letter}{letter}", f"{letter}ñ")).lines()[-1]
    assert f"({name}, ?, U+00F1 LATIN SMALL LETTER N WITH TILDE): dropped" in line


def test_the_first_dropped_records_are_named_with_their_lines() -> None:
    s = clean("AC!", "ACGT", "A!C", "N!", "!", "NN", "")
    found = report(s).finding("foreign")
    assert found is not None and found.first == ("r1 (line 1)", "r3 (line 5)", "r4 (line 7)")
    assert found.line().endswith("; first: r1 (line 1), r3 (line 5), r4 (line 7)")
    ambiguous, empty = report(s).finding("ambiguous"), report(s).finding("empty")
    # r4 counts as foreign.
    assert ambiguous is not None and (ambiguous.records, ambiguous.first) == (2, ("r6 (line 11)",))
    assert empty is not None and empty.first == ("r7 (line 13)",)
    again = InputReport.from_dict(json.loads(json.dumps(report(s).to_dict())))
    assert again == report(s)
    message = refused("AC!", "!A")
    assert message.endswith("first: r1 (line 1), r2 (line 3)")


def test_names_of_records_are_made_fit_to_be_shown() -> None:
    records = [Record("ok", "", "ACGT", 1), Record("", "", "AC!", 3)]
    records += [Record("\x1b[31m", "", "AC!", 5), Record("A" * 1000, "", "AC!", 7)]
    line = report(clean_records(records)).lines()[-2]
    assert "first: line 3, \\x1b[31m (line 5), AAAAAAA" in line and len(line) < 250


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("ACGT>r2ACGT", "files joined where one has no last line end"),
        ("ACGT((..))", "a line of brackets"),
        ("AC[A/G]T", "a letter of its own"),
        ("AC~~T", "gaps are read where they are '-'"),
        ("AC&gt;T", "HTML"),
        ('"ACGT"', "quotes"),
        ("ACGT//", "'//' ends an entry"),
    ],
)
def test_letters_that_tell_where_they_come_from(text: str, hint: str) -> None:
    foreign = report(clean("ACGTA", text, alphabet="dna")).finding("foreign")
    assert foreign is not None and hint in foreign.line()
    assert hint in refused("ACGTA", text, alphabet="dna", foreign="error")


def test_masked_repeats_of_dna() -> None:
    s = clean("ACGT", "ACXXXXXXXXGT", "xxACGTACGT")
    assert (s.alphabet.name, s.strings()) == ("dna", ["ACGT"])
    assert findings(s) == {"lower case": (1, 2, 0), "mask": (2, 10, 0), "ambiguous": (2, 10, 2)}
    assert "'X': read as N, any letter (masked repeats)" in report(s).lines()[-2]
    assert clean("ACXT", "ACGT", ambiguous="keep").strings() == ["ACNT", "ACGT"]
    assert clean("MKXL", "MKEL", ambiguous="keep").strings() == ["MKXL", "MKEL"]
    assert clean("ACX", alphabet="custom:ACX").strings() == ["ACX"]


def test_records_of_numbers_alone() -> None:
    line = report(clean("30 30 12", "ACGT", " ")).lines()[-1]
    assert "2 records with no letters: dropped (numbers alone: a file of qualities?)" in line


def test_wrong_alphabet_is_told() -> None:
    message = refused("MKLE", "MEEL", alphabet="dna")
    assert "no record is left of 2 for alphabet dna" in message
    assert "--alphabet protein may fit better" in message


def test_ambiguous_drop_and_error() -> None:
    s = clean("ACNN", "ACGR", "ACGT")
    assert s.strings() == ["ACGT"] and findings(s) == {"ambiguous": (2, 3, 2)}
    assert "ambiguous letter 'N' at letter 3" in refused("ACNN", ambiguous="error")
    assert "--ambiguous resolve or keep" in refused("ACNN")


def test_ambiguous_resolve_draws_each_possible_letter_alike() -> None:
    text = "R" * 4000 + "T"
    s = clean(text, alphabet="dna", ambiguous="resolve")
    drawn = np.bincount(s.codes, minlength=4)
    assert drawn.tolist()[1] == 0 and drawn[3] == 1 and drawn.sum() == 4001
    # Binomial(4000, 1/2): five standard deviations are 158.
    assert drawn[0] == pytest.approx(2000, abs=158)
    assert clean(text, alphabet="dna", ambiguous="resolve").strings() == s.strings()
    assert findings(s) == {"ambiguous": (1, 4000, 0)}


def test_ambiguous_keep_adds_the_letters_seen_with_their_complements() -> None:
    s = clean("ACGR", "ACNT", "K?K", ambiguous="keep")
    assert s.strings() == ["ACGR", "ACNT"]  # K stands only in a dropped record and is no letter
    assert (s.alphabet.letters, s.alphabet.complement) == ("ACGTNRY", "TGCANYR")


def test_each_dropped_record_has_one_reason() -> None:
    s = clean("ACGT", "AC*GN?", "ACN?", "ACGN", "")
    assert report(s).dropped == {"internal stop": 1, "empty": 1, "foreign": 1, "ambiguous": 1}


def test_length() -> None:
    s = clean("ACGT", "ACGTA", "AC", length=4)
    assert s.strings() == ["ACGT", "AC"] and report(s).dropped == {"too long": 1}


def test_window() -> None:
    s = clean("ACGTACG", "AC", "GGG", window=3, stride=2)
    assert s.strings() == ["ACG", "GTA", "ACG", "GGG"]
    assert s.ids == ["r1:1-3", "r1:3-5", "r1:5-7", "r3:1-3"]
    assert report(s).dropped == {"too short": 1} and report(s).kept == 2
    assert report(clean("ACGTACG", window=3)).notes == [
        "cut into 2 windows of 3 letters, 3 apart; 1 letter left over behind the last window of a "
        "record"
    ]


def test_ambiguous_letters_cost_their_windows_not_the_record() -> None:
    s = clean("ACGNACGTTTA", "NNN", "ACG", window=3)
    assert s.strings() == ["ACG", "GTT", "ACG"] and s.ids == ["r1:1-3", "r1:7-9", "r3:1-3"]
    assert findings(s) == {"ambiguous": (2, 4, 0)}
    assert report(s).lines()[-2:] == [
        "cut into 3 windows of 3 letters, 3 apart, 2 with ambiguous letters are left out; 2 "
        "letters left over behind the last window of a record",
        "2 records (4 letters) with ambiguous letters (N): windows with them are left out "
        "(--ambiguous resolve or keep keeps them)",
    ]
    assert len(clean("ACGNACGTTTA", window=3, ambiguous="keep")) == 3
    message = refused("ACN", "NNN", window=3)
    assert message == "x.fa: no window of 3 letters is left, 2 with ambiguous letters are left out"


def test_valid_records_are_counted_before_cleaning() -> None:
    s = clean("ACGT", "ac gt", "AC-GTA", "ACN", "", "ACGU", "12AC")
    assert len(s) == 5 and report(s).valid_records == 2


def test_ids() -> None:
    names = ["a", "a", "", "a#2", "a", "record_3"]
    s = clean_records([Record(name, "", "ACGT", i) for i, name in enumerate(names)])
    assert s.ids == ["a", "a#3", "record_3", "a#2", "a#4", "record_3#2"]
    assert findings(s) == {"no id": (1, 0, 0), "repeated id": (3, 0, 0)}
    assert [f.first for f in report(s).findings] == [
        ("line 2",), ("a (line 1)", "a (line 4)", "record_3 (line 5)"),
    ]  # fmt: skip


def test_no_record_at_all() -> None:
    with pytest.raises(FastaError, match="records: no record found"):
        clean_records([])


@pytest.mark.parametrize(
    ("texts", "doubt"),
    [
        (["ACGT"] * 3, "; 3 of 3 records look like DNA"),
        (["ACGU", "AC"], "; 2 of 2 records look like RNA"),
        (["MKLE", "ACGT", "ACGT"], "; 2 of 3 records could be nucleotides"),
        (["MKLE"] * 3, ""),
        (["KWRKWR", "RRWKWR"], ""),
    ],
)
def test_nucleotides_read_as_the_protein_of_another_file_are_told(
    texts: list[str], doubt: str
) -> None:
    records = [Record(f"r{i}", "", text, i) for i, text in enumerate(texts)]
    config = ReadingConfig(alphabet="protein")
    found = clean_records(records, config, "x.fa", whose="the reference")
    assert report(found).alphabet_reason == "that of the reference" + doubt
    assert report(clean(*texts, alphabet="protein")).alphabet_reason == "asked for by --alphabet"
