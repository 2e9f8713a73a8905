"""The page of a design run says what the check found, and counts what was asked for."""

import re

import numpy as np
import pytest

from biogan import GC, Avoid, SequenceSet, design
from biogan.core.rng import rng
from biogan.designing.objective import Objective


def reads(n=120, length=20, seed=0):
    codes = rng(seed, "reads").integers(0, 4, (n, length)).astype(np.uint8)
    return SequenceSet.from_matrix(SequenceSet.from_strings(["ACGT"]).alphabet, codes)


def count(letter):
    return lambda texts: [text.count(letter) for text in texts]


def page_of(folder, check=None, **options):
    options = {"real": reads(seed=1), **options}
    found = design(reads(), count("G"), 8, calls=300, check=check, out=folder, **options)
    text = (folder / "design.html").read_text()
    return found, re.sub(r"<svg.*?</svg>", "<svg>", text, flags=re.S)


@pytest.mark.parametrize(
    ("check", "mark", "said"),
    [
        (count("G"), "good", "the check confirms most of the gain"),
        (count("A"), "bad", "beyond all real records by the oracle, and not by the check"),
        (None, "none", "nothing says whether another predictor would agree"),
    ],
)
def test_the_verdict_has_the_mark_of_the_check(tmp_path, check, mark, said):
    _, text = page_of(tmp_path / "run", check)
    verdict = re.search(r'<ul class="verdict">.*?</ul>', text, re.S)[0]
    assert f'<li class="{mark}">' in verdict and said in verdict


def test_tables_of_real_records_and_of_constraints(tmp_path):
    found, text = page_of(
        tmp_path / "run", count("G"), constraints=[Avoid("GGG"), GC(0.2, 0.8)], max_identity=0.7
    )
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", text)]
    cells = {row[0]: row[1:] for row in rows if row}
    assert cells["sequences"] == ["8", "12", "120"]
    real = np.array(count("G")(reads(seed=1)), float)
    assert float(cells["oracle, mean"][2]) == pytest.approx(real.mean(), abs=0.05)
    assert float(cells["oracle, mean"][1]) == pytest.approx(np.sort(real)[-12:].mean(), abs=0.05)
    assert cells["--avoid GGG"] == cells["--gc 0.2:0.8"] == ["0"]
    # The best design, with its scores, stands over the real record that it is most like.
    assert f"design_1, score {found.labels['score'][0]}, check" in text
    assert text.count('<pre class="align">') == 8 and "letters changed" in text


def test_a_page_without_real_records_or_with_several_values(tmp_path):
    from biogan import SequenceGAN

    small = {"width": 4, "depth": 1, "units": 8, "latent": 4, "batch_size": 8, "steps": 2}
    gan = SequenceGAN(**small, judge_steps=0, seed=1).fit(reads())
    design(gan, count("G"), 4, calls=60, check=count("G"), out=tmp_path / "a")
    assert "there are no real records" in (tmp_path / "a" / "design.html").read_text()

    def both(texts):
        return {"<g>": count("G")(texts), "a": count("A")(texts)}

    design(
        reads(), both, 4, calls=100, check=both, out=tmp_path / "b",
        objective=Objective(("<g>",), ("a",)),
    )  # fmt: skip
    assert ">real records</text>" in (tmp_path / "b" / "design.html").read_text()
    # What is not there is not shown: no pairs of one design, no real records in the drawing.
    design(gan, both, 1, calls=60, objective=Objective(("<g>",), ("a",)), out=tmp_path / "c")
    text = (tmp_path / "c" / "design.html").read_text()
    assert "identity of pairs" not in text and ">real records</text>" not in text
    text = (tmp_path / "b" / "design.html").read_text()
    assert "Transfer, &lt;g&gt;" in text and "Transfer, a" in text and "<g>" not in re.sub(
        r"<svg.*?</svg>", "", text, flags=re.S
    )  # fmt: skip
