import re

import numpy as np
import pytest
from msgspec.structs import replace
from pages import outside

from biogan.models.card import ModelCard
from biogan.models.run_report import thinned, to_html
from biogan.sequences.alphabet import DNA
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.tokenizer import Tokenizer

CARD = ModelCard.read("the card", {
    "kind": "sequence-gan",
    "biogan": "0.1.0",
    "config": SequenceGANConfig(seed=7).to_dict(),
    "chosen": ["loss relativistic for fixed sequences"],
    "layout": Tokenizer(DNA, 4, "fixed").to_dict(),
    "data": {"records": 100, "train": 90, "validation": 10, "digest": "abc", "split": ["a <i>"],
             "input": {"source": "x.fa", "dropped": {"letters outside the alphabet": 3}}},
    "versions": {"python": "3.11"},
    "training": {"steps": 40, "seconds": 5.0, "kept_step": 20, "validation_distance": 1.25,
                 "rollbacks": 0, "ended": None, "processes": 1, "device": "cpu",
                 "references": {"training data": 1.0, "markov-3": 1.6}},
})  # fmt: skip
LOG = [
    {"step": 20, "critic": 0.5, "gp": 0.1, "generator": 0.7, "spent": 0.5},
    {
        "event": "check",
        "step": 20,
        "scores": {"validation_distance": 1.25, "pairs": 1.5},
        "best": True,
    },
    {"event": "alarm", "step": 30, "reason": "collapse <u>"},
    {"step": 40, "critic": 0.4, "gp": 0.2, "generator": 0.8, "spent": 1.0},
]
SAMPLES = SequenceSet.from_strings(["AACT", "GGGG"], ids=["<x>", "y"])


def drawings(html):
    return re.findall(r'role="img"[^>]*><title>([^<]*)', html)


def test_page_shows_curves_samples_data_and_options():
    html = to_html("run", CARD, LOG, SAMPLES)
    assert outside(html) == []
    assert drawings(html) == [
        "validation distance over steps: validation distance",
        "ratio to training data over steps: pairs",
        "value over steps: critic, generator", "value over steps: gp",
    ]  # fmt: skip
    assert "markov-3 1.6" in html and "training data 1" in html
    assert "3 records dropped: letters outside the alphabet" in html
    assert "loss relativistic for fixed sequences" in html
    assert re.search(r"<code>--seed</code></td><td class=\"text value\">7</td>", html)
    assert "step 30: collapse &lt;u&gt;" in html
    assert "a &lt;i&gt;" in html and "&lt;x&gt;" in html
    assert '<b style="background:#0072B24d">C</b>' in html
    assert ">GGGG</b>" in html


def test_a_run_that_just_began_has_a_page():
    html = to_html("run", replace(CARD, training=None), [], SAMPLES[:0])
    assert "not finished: no check was reached yet" in html
    assert drawings(html) == []


def test_thinning_keeps_the_mean_of_a_last_short_bin():
    steps, values = thinned(np.arange(301), {"a": np.arange(301.0)})
    assert len(steps) == 151
    assert (float(steps[-1]), float(values["a"][-1])) == (300.0, 300.0)
    assert values["a"][0] == pytest.approx(0.5)
