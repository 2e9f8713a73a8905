"""The embedded promoters are what the script makes, and the planted boxes are counted right."""

import gzip
import importlib.util
from importlib.resources import files

import numpy as np
import pytest
from helpers import ROOT

from biogan.core.errors import DataError
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.demo import MINUS_10, MINUS_35, load_demo, planted_motif_rate


@pytest.fixture(scope="module")
def script():
    path = ROOT / "scripts" / "make_demo_data.py"
    spec = importlib.util.spec_from_file_location("make_demo_data", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["train", "held_out"])
def test_script_makes_the_embedded_files(script, name):
    stored = files("biogan.sequences").joinpath("promoters", f"promoters.{name}.fa.gz").read_bytes()
    assert stored[4:8] == bytes(4)  # no time in the gzip header
    assert gzip.decompress(stored) == script.fasta(name)


def test_load_demo():
    train, held_out = load_demo()
    assert (len(train), len(held_out)) == (6000, 1000)
    assert train.alphabet.letters == "ACGT"
    assert set(train.lengths) == set(held_out.lengths) == {60}
    assert not set(train) & set(held_out)
    assert len(set(train)) == 6000


def test_base_composition_is_that_of_the_simulation(script):
    matrix = load_demo()[0].matrix()
    gc = (matrix == 1) | (matrix == 2)
    # 6,000 x 12 and 6,000 x 11 letters: standard error 0.0019.
    assert gc[:, :12].mean() == pytest.approx(script.GC_UPSTREAM, abs=0.008)
    assert gc[:, 49:].mean() == pytest.approx(script.GC_TRANSCRIBED, abs=0.008)


def at_most_one_mismatch(frequencies):
    """Probability of at most one mismatch in a box, from its consensus frequencies."""
    f = np.array(frequencies)
    return f.prod() * (1 + ((1 - f) / f).sum())


def test_planted_boxes_are_as_frequent_as_the_published_frequencies_say(script):
    rate = planted_motif_rate(load_demo()[0])
    box_35 = at_most_one_mismatch(script.FREQUENCIES_35)
    box_10 = at_most_one_mismatch(script.FREQUENCIES_10)
    assert box_35 == pytest.approx(0.3167, abs=1e-4)
    assert box_10 == pytest.approx(0.4028, abs=1e-4)
    # Four standard errors of 6,000 records; chance hits beside the planted place add less.
    assert rate["-35 box"] == pytest.approx(box_35, abs=0.024)
    assert rate["-10 box"] == pytest.approx(box_10, abs=0.025)
    assert rate["promoter"] == pytest.approx(box_35 * box_10, abs=0.017)


def promoter(spacer=17, gap=6, box_35=MINUS_35, box_10=MINUS_10):
    front = 49 - gap - 6 - spacer - 6
    text = "G" * front + box_35 + "G" * spacer + box_10
    return text + "G" * (60 - len(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (promoter(), (1, 1, 1)),
        (promoter(spacer=16, gap=5), (1, 1, 1)),
        (promoter(spacer=18, gap=7), (1, 1, 1)),
        (promoter(box_35="TTGACT", box_10="TATACT"), (1, 1, 1)),  # one mismatch in each
        (promoter(box_35="TTGAGT"), (0, 1, 0)),  # two
        (promoter(box_10="TACCAT"), (1, 0, 0)),
        (promoter(spacer=19, gap=5), (1, 1, 0)),  # both in their windows, too far apart
        (promoter(spacer=15, gap=7), (1, 1, 0)),
        (promoter(gap=8), (1, 0, 0)),  # the -10 box lies too far upstream
        ("G" * 60, (0, 0, 0)),
        (promoter()[:40], (1, 0, 0)),  # ends inside the -10 box
        (promoter() + "A" * 20, (1, 1, 1)),
    ],
)
def test_planted_motif_rate_by_hand(text, expected):
    rate = planted_motif_rate(SequenceSet.from_strings([text]))
    assert tuple(rate.values()) == expected
    assert list(rate) == ["-35 box", "-10 box", "promoter"]


def test_planted_motif_rate_is_a_share():
    four = SequenceSet.from_strings([promoter(), "A" * 60, promoter(gap=5), "C" * 60])
    assert planted_motif_rate(four) == {"-35 box": 0.5, "-10 box": 0.5, "promoter": 0.5}


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        (SequenceSet.from_strings([]), "there are no sequences"),
        (SequenceSet.from_strings(["ACGU" * 15], alphabet="rna"), "in DNA sequences, these are rn"),
    ],
)
def test_planted_motif_rate_needs_dna(sequences, message):
    with pytest.raises(DataError, match=message):
        planted_motif_rate(sequences)
