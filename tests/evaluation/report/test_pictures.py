import base64
import io
import re

import numpy as np
import pytest
from markupsafe import escape
from pages import NASTY, image_report
from PIL import Image

from biogan.evaluation.report.plots.canvas import embedded, grid
from biogan.evaluation.report.report import ComparisonReport, to_multiqc
from biogan.images.dataset import ImageSet
from biogan.images.report import IMAGE_REPORT, nearest_images, tiles, window
from biogan.sequences.report import SEQUENCE_REPORT
from biogan.structures.report import STRUCTURE_REPORT


def pictures(html: str) -> dict[str, np.ndarray]:
    """Pixels of the pictures of a page, by their alternative text."""
    pattern = r'<img class="pixels" src="data:image/png;base64,([^"]+)"[^>]*alt="([^"]*)">'
    found = re.findall(pattern, html)
    return {alt: np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data, alt in found}


def test_tiles_of_grey_colour_and_frames():
    grey = ImageSet.from_pixels(np.array([[[0, 51], [102, 255]]], np.uint8))
    assert tiles(grey, 0, 255)[0, :, :, 0].tolist() == [[0, 51], [102, 255]]
    channels = np.arange(12, dtype=np.uint8).reshape(1, 3, 2, 2)
    colour = ImageSet.from_pixels(channels)
    assert tiles(colour, 0, 255)[0, 0, 0].tolist() == [0, 4, 8]
    film = ImageSet.from_pixels(channels, frames=True)
    assert tiles(film, 0, 255).shape == (1, 2, 6, 3)
    assert tiles(film, 0, 255)[0, 0, :, 1].tolist() == [0, 1, 4, 5, 8, 9]


def test_the_range_of_16_bits_is_that_in_use():
    deep = ImageSet.from_pixels(np.linspace(1000, 3000, 64).astype(np.uint16).reshape(1, 8, 8))
    low, high = window(deep)
    assert (low, high) == (pytest.approx(1000, abs=5), pytest.approx(3000, abs=5))
    drawn = tiles(deep, low, high)
    assert (drawn.min(), drawn.max()) == (0, 255)
    assert window(ImageSet.from_pixels(np.zeros((1, 2, 2), np.uint8))) == (0, 255)


def test_a_grid_keeps_every_pixel():
    some = np.arange(3 * 4 * 3, dtype=np.uint8).reshape(3, 2, 2, 3)
    picture = grid(some, 2)
    assert picture.shape == (2 * 3 + 1, 2 * 3 + 1, 3)
    assert np.array_equal(picture[1:3, 4:6], some[1])
    assert np.array_equal(picture[4:6, 1:3], some[2])
    assert np.all(picture[4:6, 4:6] == 235)
    ((alt, read),) = pictures(embedded(picture, 'a "b" <c>')).items()
    assert alt == escape('a "b" <c>')
    assert np.array_equal(read, picture)


def test_samples_stand_beside_real_images_and_the_best_floor():
    report = image_report()
    html = report.to_html()
    assert html.index('id="gallery"') < html.index('id="scores"')
    found = pictures(html)
    for name in ("generated", "real", "floor (gaussian)"):
        assert f"{name} images" in found
    first = report.samples["generated"].images.pixels[0, 0]
    assert np.array_equal(found["generated images"][1:17, 1:17], first)


def test_closest_pairs_are_copies_beside_their_originals():
    html = image_report().to_html()
    copied = pictures(html)[str(escape(f"{NASTY[0]} beside im_1"))]
    assert copied.shape == (18, 35)
    assert np.array_equal(copied[1:17, 1:17], copied[1:17, 18:34])
    assert html.count("<b>0.00</b>") == 5
    assert "20 generated images that are most like reference images" in html


def test_nearest_table():
    frame = nearest_images(image_report())
    assert list(frame) == ["generated", "nearest", "distance", "relative"]
    assert len(frame) == 60
    assert (frame["relative"][:5] == 0).all() and frame["relative"][5] > 0.5
    assert "'" + NASTY[1] in set(frame["generated"])  # no formula for a spreadsheet


def test_drawings_and_tables_of_classes():
    html = image_report().to_html()
    titles = re.findall(r'role="img"[^>]*><title>([^<]*)', html)
    for wanted in (
        "share of each class",
        "distribution of intensity",
        "distribution of sharpness",
        "principal components",
        "distance to the nearest",
        "distance of two images",
    ):
        assert any(wanted in t for t in titles), wanted
    assert "Classes, one by one" in html
    assert "8 bit" in html and "16 x 16, grey" in html
    assert "share of classes" in html


def test_a_comparison_of_images():
    html = ComparisonReport({"a.npz": image_report(), "b.npz": image_report()}).to_html()
    assert "2 generated sets against the same real images" in html
    assert "a.npz images" not in html  # the grids stand in the single reports
    assert "principal components" in html


def test_words_of_images():
    report = image_report()
    assert "pixgauss (pixel-gaussian)" in report.to_text()
    assert "real images verbatim" in report.to_text()
    assert to_multiqc(report, "x")["description"].startswith("Generated images judged")
    assert report.to_dict()["kind"] == "images"
    assert "generated images" in report._repr_html_()


def test_every_kind_has_words_for_what_it_speaks_about():
    found = {"sequences": SEQUENCE_REPORT, "images": IMAGE_REPORT, "structures": STRUCTURE_REPORT}
    for name, spec in found.items():
        assert spec.name == name
        assert spec.subjects and spec.floors and spec.sections
