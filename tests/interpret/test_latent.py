"""Walks between latent vectors and along labels, and directions beside random ones."""

import json

import numpy as np
import pandas as pd
import pytest

from biogan import SequenceGAN, SequenceSet
from biogan.cli import run
from biogan.core.errors import ConfigError
from biogan.core.oracles import Asked
from biogan.core.rng import rng
from biogan.interpret.latent import directions, shortest, walks
from biogan.models.sampling import label_steps
from biogan.sequences.alphabet import DNA


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small model of reads with a number; hardly trained."""
    codes = rng(0, "reads").integers(0, 4, (120, 16)).astype(np.uint8)
    labels = {"expr": [f"{(row == 2).mean() + i / 1000:.3f}" for i, row in enumerate(codes)]}
    records = SequenceSet.from_strings(SequenceSet.from_matrix(DNA, codes).strings(), labels=labels)
    folder = tmp_path_factory.mktemp("walk") / "run"
    gan = SequenceGAN(
        width=4, depth=1, units=8, latent=4, batch_size=8, steps=4, seed=1, condition="expr"
    )
    return gan.fit(records, out=folder), folder


def test_the_shortest_path_changes_each_position_once(model):
    gan, _ = model
    found = walks(gan, 3, 5, seed=2)
    ends = found.records.matrix().reshape(3, 5, -1)[:, [0, -1]]
    assert np.array_equal(found.mixed.matrix().reshape(3, 5, -1)[:, [0, -1]], ends)
    assert np.array_equal(found.mixed_edits.sum(1), (ends[:, 0] != ends[:, 1]).sum(1))
    assert found.realism.shape == (3, 5) and found.calibrated
    assert found.detour >= 1
    assert np.array_equal(shortest(found.records, 3, 5).matrix()[::5], ends[:, 0])


def test_walks_are_those_of_interpolate_and_the_noise_stays(model):
    gan, _ = model
    found = walks(gan, 2, 4, seed=3)
    assert found.records.strings() == gan.interpolate(2, 4, 3).strings()
    still = gan.interpolate(2, 2, 3, label="expr=0.2:0.2").strings()
    assert still[0] == still[1] and still[2] == still[3]


def test_a_label_changes_along_a_walk_and_nothing_else_does(model):
    gan, _ = model
    found = walks(gan, 2, 3, seed=3, label="expr=0.1:0.4")
    assert found.asked == ["expr=0.1", "expr=0.25", "expr=0.4"]
    assert found.records.labels["expr"].tolist()[:3] == sorted(found.records.labels["expr"][:3])
    assert label_steps("a=1:0", 2) == ["a=1", "a=0"]
    for text in ("expr", "expr=1", "expr=a:b"):
        with pytest.raises(ConfigError, match="NAME=LOW:HIGH"):
            gan.interpolate(2, 3, label=text)
    with pytest.raises(ConfigError, match="other"):
        gan.interpolate(2, 3, label="other=1:2")


def test_directions_stand_beside_random_ones(model):
    gan, _ = model
    found = directions(gan, seed=1)
    assert [d.name for d in found][:-1] == [
        *(f"first layer {i}" for i in range(1, 5)), *(f"random {i}" for i in range(1, 5))
    ]  # fmt: skip
    # The label that was learned, from one end of the training data nearly to the other.
    numbers = sorted(float(x) for x in gan.conditions["expr"].quantiles)
    name, low, _, high = found[-1].name.split()
    assert name == "expr" and numbers[0] <= float(low) < float(high) <= numbers[-1]
    assert all(d.edits > 0 for d in found)
    assert all(abs(d.shares.sum()) < 1e-9 for d in found)


def test_the_direction_of_a_value_raises_it_more_than_others_do(model):
    gan, _ = model
    asked = Asked(lambda texts: [t.count("A") for t in texts], "As")
    found = {d.name: d for d in directions(gan, seed=1, oracle=asked)}
    rising = found.pop("value of As").value
    assert rising > 0
    assert all(d.value < rising for name, d in found.items() if name.startswith("random"))
    assert found["first layer 1"].value == pytest.approx(16 * found["first layer 1"].shares[0])
    two = Asked(lambda texts: np.zeros((len(texts), 2)), "two")
    with pytest.raises(ConfigError, match="single value"):
        directions(gan, oracle=two)


def test_classes_are_moved_from_the_most_frequent_one():
    texts = ["ACGTACGTAC", "TTGTACGAAC", "GGGTACGAAC"] * 20
    labels = {"class": ["a", "b", "b"] * 20}
    gan = SequenceGAN(width=4, depth=1, units=8, latent=4, batch_size=8, steps=2, condition="class")
    gan.fit(SequenceSet.from_strings(texts, labels=labels))
    assert directions(gan)[-1].name == "class b to a"


def test_a_folder_of_a_walk_holds_sequences_a_table_and_a_page(model, tmp_path, capsys):
    _, folder = model
    out = tmp_path / "walk"
    line = ["interpolate", str(folder), "--pairs", "2", "--steps", "3", "-o", str(out)]
    assert run([*line, "--oracle", "gc"]) == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "directions.tsv", "walk.fasta", "walk.html", "walk.json", "walk.tsv",
    ]  # fmt: skip
    table = pd.read_csv(out / "walk.tsv", sep="\t")
    assert table.columns.tolist() == [
        "pair", "step", "id", "log_ratio", "edits", "shortest_log_ratio", "shortest_edits", "value",
    ]  # fmt: skip
    facts = json.loads((out / "walk.json").read_text())
    assert facts["edits"]["walk"] == pytest.approx(table["edits"].sum() / 2)
    moves = pd.read_csv(out / "directions.tsv", sep="\t")
    assert moves.columns.tolist()[:4] == ["direction", "edits", "realism", "value"]
    page = (out / "walk.html").read_text()
    assert "random 1" in page and "value of gc" in page and "<script" not in page
    assert run(line) == 1
    assert "--overwrite replaces it" in capsys.readouterr().err
    assert run(["interpolate", str(folder), "--oracle", "gc"]) == 2
