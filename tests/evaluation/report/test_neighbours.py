import dataclasses

import pytest
from pages import NASTY, dna_report, protein_report

from biogan.evaluation.report.results import spreadsheet_text
from biogan.sequences.metrics.comparison import Sample
from biogan.sequences.panels import closest_pairs, nearest_records, neighbours


def test_copies_come_first_letter_under_letter():
    pairs = closest_pairs(dna_report(), 8)
    assert [p.identity for p in pairs[:6]] == [1.0] * 6
    assert pairs[6].identity < 0.9
    assert {p.generated for p in pairs[:6]} == set(NASTY)
    for pair in pairs:
        same = sum(a == b for a, b in zip(pair.top, pair.bottom, strict=True))
        assert pair.identity == pytest.approx(same / 24)


def test_records_of_many_lengths_are_aligned():
    for pair in closest_pairs(protein_report(), 5):
        assert len(pair.top) == len(pair.bottom)
        same = sum(a == b for a, b in zip(pair.top, pair.bottom, strict=True))
        longer = max(len(row.replace("-", "")) for row in (pair.top, pair.bottom))
        distance = len(pair.top) - same
        assert pair.identity == pytest.approx(1 - distance / longer)


def test_records_with_a_near_copy_are_asked_first(monkeypatch):
    report = protein_report()
    source = report.samples["source"].sequences
    new = report.samples["generated"].sequences
    mixed = Sample(type(new).concatenate([new[:20], source[:2]]))
    some = dataclasses.replace(report, samples={**report.samples, "generated": mixed})
    monkeypatch.setattr("biogan.sequences.panels._MOST_ALIGNMENTS", 0)
    monkeypatch.setattr("biogan.sequences.panels._FEWEST", 3)
    i, _, identity = neighbours(some, "generated")
    assert i.tolist() == [20, 21, 0]
    assert identity[:2].tolist() == [1.0, 1.0]


def test_names_are_safe_in_a_spreadsheet():
    frame = nearest_records(dna_report())
    assert len(frame) == dna_report().n
    assert frame.identity.is_monotonic_decreasing
    assert set(frame.generated[:6]) == {
        "<script>alert(1)</script>", "'=cmd|' /C calc'!A0", "tab here", "quote\"'&amp;",
        "'+1-2@x", "line break\\x1b[31m\\x9b\\u202e\\ufeff",
    }  # fmt: skip
    assert spreadsheet_text("@x") == "'@x"
    assert spreadsheet_text(" -1") == "'-1"


def test_without_samples_there_are_no_pairs():
    bare = dataclasses.replace(dna_report(), samples={})
    assert "Closest pairs" in dna_report().to_html()
    assert "Closest pairs" not in bare.to_html()
