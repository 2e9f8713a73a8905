import numpy as np

from biogan.evaluation.report.plots import curves
from biogan.evaluation.report.plots.canvas import ROLE_COLOURS, drawing_of
from biogan.evaluation.report.plots.curves import shares


def test_each_set_has_one_label_and_the_colour_of_its_role():
    series = {name: np.arange(3.0) for name in ("generated", "held-out", "_mine")}
    with drawing_of("x", "numbers", series, columns=2) as (d, sets):
        assert [(s.key, s.look["color"]) for s in sets][:2] == [
            ("generated", ROLE_COLOURS["generated"]), ("held-out", ROLE_COLOURS["held-out"]),
        ]  # fmt: skip
        for _, values, look in sets:
            d.axes.plot(values, **look)
    assert "<title>numbers: generated, held-out, _mine</title>" in d.svg
    legend = d.axes.get_legend()
    # A name that begins with _ is shown too.
    assert [t.get_text().lstrip("\u200b") for t in legend.get_texts()] == list(series)


def test_a_drawing_is_the_same_for_the_same_data():
    series = {"real": np.array([0.2, 0.8]), "generated": np.array([0.5, 0.5])}
    once, again = (curves.shares("s", series, ["A", "B"], "letter") for _ in range(2))
    assert once == again
    assert "share of each letter: real, generated" in once


def test_names_of_classes_may_be_no_text():
    values = np.array([0.5, 0.5])
    drawn = shares("x", {"real": values, "new": values}, ["caf\udce9", "tab\t"], "class")
    assert r"caf\udce9" in drawn and r"tab\t" in drawn
