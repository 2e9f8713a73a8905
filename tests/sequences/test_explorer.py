"""The explorer page: what it holds, and how it is used in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from pages import NASTY, random_dna

from biogan import DNA, SequenceSet
from biogan.cli import main, run
from biogan.core.errors import OutputError
from biogan.sequences.explorer import explorer_page

N = 10_000


def data_of(html):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', html)[1]
    )


@pytest.fixture(scope="module")
def page_of_many():
    """Ten thousand sequences with labels, of which one in a hundred has a planted word."""
    draw = np.random.default_rng(0)
    new, known = random_dna(N, 40, 1), random_dna(50, 40, 2)
    codes = new.codes.reshape(N, 40).copy()
    codes[::100, 10:18] = DNA.encode("TATAATGC")
    codes[5] = known.codes[:40]
    new = SequenceSet.from_matrix(DNA, codes, [f"gan0_{i + 1}" for i in range(N)])
    new.labels["class"] = np.array(["weak", "strong"] * (N // 2), object)
    return explorer_page("promoters", new, draw.normal(size=N), known)


def test_it_is_one_file_with_scores_labels_gc_and_neighbours(page_of_many):
    data = data_of(page_of_many)
    keys = [column["key"] for column in data["columns"]]
    assert keys == ["score", "length", "gc", "identity", "label-class"]
    assert len(data["ids"]) == len(data["sequences"]) == N
    values = dict(zip(keys, (column["values"] for column in data["columns"]), strict=True))
    text = data["sequences"][7]
    assert values["gc"][7] == pytest.approx((text.count("G") + text.count("C")) / 40, abs=1e-4)
    assert values["identity"][5] == 1.0
    near = data["nearest"]
    assert near["sequences"][near["of"][5]] == data["sequences"][5]
    assert (
        "default-src 'none'" in page_of_many and '<link rel="icon" href="data:,">' in page_of_many
    )
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", page_of_many)
    assert len(page_of_many) < 4_000_000


def test_names_that_hold_anything_are_text():
    new = SequenceSet.from_strings(["ACGT"] * len(NASTY), NASTY)
    new.labels["kind"] = np.array(NASTY, object)
    html = explorer_page("</script><script>alert(1)</script>", new, [0.0] * len(NASTY))
    assert "<script>alert" not in html
    assert data_of(html)["ids"] == list(new.ids)


def test_the_command_writes_it(tmp_path, capsys):
    texts = random_dna(90, 20, 3)
    fasta = tmp_path / "r.fasta"
    fasta.write_text("".join(f">r{i}\n{text}\n" for i, text in enumerate(texts.strings())))
    model = tmp_path / "run"
    small = ["--width", "4", "--units", "4", "--latent", "4", "--batch-size", "8"]
    main(["-q", "train", str(fasta), "-o", str(model), "--steps", "2", *small])
    main(["-q", "report", str(model), "--explore", "-n", "30", "--seed", "4"])
    data = data_of((model / "explore.html").read_text())
    assert data["ids"][0] == "gan4_1" and len(data["ids"]) == 30 and "nearest" in data
    with pytest.raises(OutputError, match="explore.html"):
        main(["-q", "report", str(model), "--explore"])
    fasta.unlink()
    assert run(["report", str(model), "--explore", "-n", "5", "--overwrite"]) == 0
    assert "give --reference" in capsys.readouterr().err
    assert "nearest" not in data_of((model / "explore.html").read_text())


@pytest.fixture
def opened(browser, page_of_many, tmp_path):
    path = tmp_path / "explore.html"
    path.write_text(page_of_many, encoding="utf-8")
    page = browser.new_page(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    faults, asked = [], []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    assert faults == []
    assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}
    page.close()


def test_a_person_filters_sorts_aligns_and_downloads(opened, page_of_many):
    data, page = data_of(page_of_many), opened
    score, _, gc, identity, label = (column["values"] for column in data["columns"])
    assert page.inner_text("#count") == "10,000 of 10,000 sequences"
    # The highest score comes first.
    best = data["ids"][int(np.argmax(score))]
    assert page.inner_text("#list li:first-child .name") == best
    page.fill("#motif", "TATAATGM")
    assert page.locator("#list mark").first.inner_text() == "TATAATGC"
    count = int(page.inner_text("#count").split()[0].replace(",", ""))
    assert count == sum("TATAATGC" in text or "TATAATGA" in text for text in data["sequences"])
    page.select_option("[data-choice]", "weak")
    page.fill("[aria-label='least GC']", "0.5")
    wanted = [
        i for i, text in enumerate(data["sequences"])
        if re.search("TATAATG[AC]", text) and label[i] == "weak" and gc[i] >= 0.5
    ]  # fmt: skip
    assert page.inner_text("#count").startswith(f"{len(wanted)} of")
    with page.expect_download() as found:
        page.click("#fasta")
    text = Path(found.value.path()).read_text()
    assert found.value.suggested_filename == "selection.fasta"
    assert {line[1:].split()[0] for line in text.splitlines() if line[0] == ">"} == {
        data["ids"][i] for i in wanted
    }  # fmt: skip
    assert "class=weak" in text and "GC=" in text
    page.click("#reset")
    page.wait_for_function("document.getElementById('count').textContent.startsWith('10,000 of')")
    page.fill("[aria-label='least identity']", "1")
    assert page.inner_text("#count") == "1 of 10,000 sequences"
    assert "beside the nearest real record" in page.inner_text("#detail")
    assert page.locator("#detail i").count() == 0  # a copy differs nowhere
    page.fill("[aria-label='least identity']", "2")
    assert "No sequence is left" in page.inner_text("#detail")


def test_it_is_used_by_keyboard_alone(opened, page_of_many):
    data, page = data_of(page_of_many), opened
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "motif"
    page.keyboard.type("TATAATGC")
    page.select_option("#sort", "")  # as drawn
    page.focus("#list")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    hits = [i for i, text in enumerate(data["sequences"]) if "TATAATGC" in text]
    assert page.inner_text("#detail h3") == data["ids"][hits[2]]
    page.keyboard.press("Space")
    page.keyboard.press("End")
    assert page.inner_text("#detail h3") == data["ids"][hits[-1]]
    page.keyboard.press("Enter")
    assert page.inner_text("#chosen-count") == "2"
    with page.expect_download() as found:
        page.focus("#chosen")
        page.keyboard.press("Enter")
    text = Path(found.value.path()).read_text()
    names = [line[1:].split()[0] for line in text.splitlines() if line[0] == ">"]
    assert names == [data["ids"][hits[2]], data["ids"][hits[-1]]]
    # Every control can be reached by Tab.
    seen = set()
    page.focus("#motif")
    for _ in range(30):
        seen.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        page.keyboard.press("Tab")
    assert {"motif", "name", "sort", "ascending", "reset", "fasta", "chosen", "list"} <= seen


@pytest.mark.parametrize("width", [400, 1400])
def test_it_fits_a_phone_and_a_screen(width, opened):
    opened.set_viewport_size({"width": width, "height": 900})
    assert opened.evaluate("document.documentElement.scrollWidth") == width
    opened.click("#list li:nth-child(3)")
    assert opened.locator("#list li[aria-current=true]").count() == 1
    began = opened.evaluate("performance.now()")
    opened.fill("#motif", "TATA")
    assert opened.evaluate("performance.now()") - began < 2000  # of ten thousand records


def test_sequences_of_unlike_length_are_aligned(browser, tmp_path):
    new = SequenceSet.from_strings(["ACGTACGTAA", "TTTTTTT"], ["long", "short"])
    known = SequenceSet.from_strings(["ACGTCGTAA", "GGGGGGG"])
    path = tmp_path / "e.html"
    path.write_text(explorer_page("x", new, [1.0, 0.0], known), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    top, bottom = page.inner_text("#detail pre").split()[:2]
    assert (top, bottom) == ("ACGTACGTAA", "ACGT-CGTAA")
    page.close()
