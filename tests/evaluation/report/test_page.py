import dataclasses
import re
from functools import cache
from html.parser import HTMLParser

import pytest
from helpers import ROOT
from markupsafe import escape
from pages import NASTY, dna_report, image_report, outside, protein_report

from biogan.core.display import visible
from biogan.evaluation.report.html import to_html
from biogan.evaluation.report.results import FAILED


class Strict(HTMLParser):
    """Checks that elements nest, and collects ids, links and text."""

    VOID = {"meta", "link", "br", "img", "input", "hr"}

    def __init__(self, html):
        super().__init__()
        self.open, self.ids, self.links, self.tags, self.text = [], [], [], [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"][1:]] if found.get("href", "").startswith("#") else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text.append(data)


REPORTS = {"dna": dna_report, "protein": protein_report, "images": image_report}
COMMAND = "biogan evaluate 'a b.fa' --reference r.fa"


@cache
def drawn(name):
    return REPORTS[name]().to_html(command=COMMAND)


@pytest.fixture(params=REPORTS)
def report(request):
    return REPORTS[request.param]()


@pytest.fixture
def html(request):
    return drawn(request.node.callspec.params["report"])


def test_one_file_that_loads_nothing_and_runs_nothing(report, html):
    assert outside(html) == []
    assert "<script" not in html.lower()
    assert not re.search(r"\son\w+=", html)
    assert len(html.encode()) < 3_000_000


def test_elements_nest_ids_are_unique_and_links_lead_somewhere(report, html):
    page = Strict(html)
    assert len(page.ids) == len(set(page.ids))
    assert set(page.links) <= set(page.ids)
    assert page.tags.count("h1") == 1
    assert set(re.findall(r"url\(#([^)]+)\)", html)) <= set(page.ids)


def test_every_number_of_the_verdict_and_each_section_is_there(report, html):
    text = " ".join("".join(Strict(html).text).split())
    assert "a b.fa" in text
    for sentence in report.verdict():
        subject, _, _ = sentence.partition(":")
        assert subject in text
    for row in report.rows:
        assert row.metric.title in text
    for note in report.notes:
        assert " ".join(note.split()) in text
    for facts in report.sets.values():
        assert facts["sha256"] in html


def test_the_same_report_gives_the_same_bytes():
    assert protein_report().to_html(command=COMMAND) == drawn("protein")


def test_drawings_of_fixed_length_dna():
    html = drawn("dna")
    titles = re.findall(r'<svg viewBox="[^"]*" role="img"[^>]*><title>([^<]*)', html)
    assert [t for t in titles if t.startswith("sequence logo of")] == [
        "sequence logo of real", "sequence logo of generated",
    ]  # fmt: skip
    wanted = ("identity to the nearest", "principal components", "3-mer", "entropy", "GC content",
              "pair correlations", "share of each letter", "identity of two records")  # fmt: skip
    assert [w for w in wanted if not any(w in t for t in titles)] == []
    assert not any("length in letters" in t for t in titles)
    # A point says its k-mer when the pointer rests on it.
    assert re.search(r"<title>[ACGT]+: real [\d.]+ %, generated [\d.]+ %</title>", html)


def test_drawings_of_proteins_of_many_lengths():
    html = drawn("protein")
    assert "length in letters" in html
    assert "net charge at pH 7" in html
    assert "sequence logo" not in html
    assert 'id="group-positions"' not in html


def test_names_are_escaped_wherever_they_come_from():
    nasty = NASTY[0]
    bare = dataclasses.replace(dna_report(), samples={})
    html = to_html(bare, title=nasty, command=f"biogan evaluate {nasty}")
    assert nasty not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_marks_have_words_beside_their_colour(report, html):
    assert html.count('class="mark ') == len(re.findall(r'class="mark \w+" role="img" aria', html))
    failed = sum(row.status in FAILED for row in report.rows)
    assert html.count('<td class="name"><span class="mark bad"') == failed


def test_a_report_without_samples_has_no_drawings_but_all_numbers():
    bare = dataclasses.replace(dna_report(), samples={})
    html = bare.to_html()
    assert "<figure" not in html
    assert html.count('class="name"') == sum(r.generated.value is not None for r in bare.rows)


def test_notebooks_show_verdict_and_table():
    html = dna_report()._repr_html_()
    assert outside(html) == []
    assert "<html" not in html and "<figure" not in html
    assert "Memorisation" in html and "k-mer JSD" in html
    assert len(html) < 30_000


def test_templates_are_part_of_the_package():
    names = {p.name for p in (ROOT / "biogan" / "evaluation" / "report" / "templates").iterdir()}
    assert {"base.html", "report.html", "macros.html", "style.css"} <= names


def test_closest_pairs_are_shown_with_their_names_escaped():
    html = drawn("dna")
    assert html.count('<div class="pair">') == 20
    for name in NASTY:
        assert str(escape(visible(name))) in html
    assert re.search(r"<i>[ACGT]</i>", html)


def test_further_tables_are_shown_and_cut_after_fifty_rows():
    rows = [{"motif": NASTY[0], "share_new": 0.25, "p": None} for _ in range(53)]
    html = dataclasses.replace(dna_report(), samples={}, tables={"motifs": rows}).to_html()
    assert "<h2>Motifs, one by one</h2>" in html
    assert html.count("<td>&lt;script&gt;alert(1)&lt;/script&gt;</td><td>0.250</td><td></td>") == 50
    assert "3 more in <code>motifs.tsv</code>" in html
