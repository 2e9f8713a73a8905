"""The pages in a real browser: nothing is loaded, nothing is wider than a phone."""

import os
import shutil

import pytest
from pages import dna_report, image_report

from biogan.evaluation.report.report import ComparisonReport

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = os.environ.get("BIOGAN_CHROMIUM") or shutil.which("chromium")


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium (set BIOGAN_CHROMIUM to its path)")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize("kind", ["dna", "compare", "images"])
def test_page_is_quiet_fits_and_prints(kind, browser, tmp_path):
    html = {
        "dna": lambda: dna_report().to_html(),
        "images": lambda: image_report().to_html(),
        "compare": lambda: ComparisonReport({"a.fa": dna_report(), "b.fa": dna_report()}).to_html(),
    }[kind]()
    path = tmp_path / "report.html"
    path.write_text(html, encoding="utf-8")
    page = browser.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    for width in (400, 1400):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert said == []
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    assert page.pdf().startswith(b"%PDF")
    page.close()
