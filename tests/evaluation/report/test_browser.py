"""The pages in a real browser: nothing is loaded, nothing is wider than a phone."""

import pytest
from pages import dna_report, image_report

from biogan.evaluation.report.report import ComparisonReport


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


def test_wide_logos_say_on_a_phone_that_there_is_more_and_scroll(browser, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(dna_report().to_html(), encoding="utf-8")
    page = browser.new_page(viewport={"width": 400, "height": 900})
    page.goto(path.as_uri())
    hint = "getComputedStyle(e, '::before').content"
    wide = "document.querySelectorAll('figure.wide:not(:has(.beside))')"
    told = page.evaluate(f"[...{wide}].map(e => [e.scrollWidth > e.clientWidth, {hint}])")
    assert told and all(over and "scroll sideways" in text for over, text in told)
    # The last column can be reached.
    last = page.evaluate(f"(e => (e.scrollLeft = 9999, e.scrollLeft + e.clientWidth))({wide}[0])")
    assert last == page.evaluate(f"{wide}[0].scrollWidth")
    tables = (
        "[...document.querySelectorAll('.scroll')].map(e => getComputedStyle(e).backgroundImage)"
    )
    assert all(text.count("gradient") == 4 for text in page.evaluate(tables))
    page.set_viewport_size({"width": 1400, "height": 900})
    assert page.evaluate(f"[...{wide}].map(e => {hint})") == ["none"] * len(told)
    page.close()
