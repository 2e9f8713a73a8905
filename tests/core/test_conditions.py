"""Kinds of labels, and what is refused where a label is asked for."""

import numpy as np
import pytest

from biogan.core.conditions import chosen_conditions, kind_of, members, numbers
from biogan.core.errors import ConfigError

COLUMNS = {
    "class": ["a", "b", ""],
    "go": ["x;y", "y", "x"],
    "expr": [str(i / 10) for i in range(3)],
    "name": [f"r{i}" for i in range(3)],
    "empty": ["", "", ""],
}


def test_kinds_are_found_or_insisted_on():
    asked = ["class", "go", "expr=number", "name=class"]
    assert chosen_conditions(asked, COLUMNS, "the data") == {
        "class": "class", "go": "multi", "expr": "number", "name": "class"
    }  # fmt: skip
    # Three numbers are classes unless said otherwise; a record without a label does not count.
    assert kind_of(COLUMNS["expr"]) == "class"
    assert kind_of([*map(str, range(13)), ""]) == "number"
    assert kind_of([*map(str, range(13)), "high"]) == "class"
    assert kind_of([*map(str, range(13)), "nan"]) == "class"
    assert kind_of(np.arange(20, dtype=object)) == "number"


def test_parts_and_numbers():
    assert members(" b ; a;;b") == ("b", "a")
    assert np.isnan(numbers(["1_000", "nan", "-inf", "x"])).all()
    assert numbers([1, "-2.5e-1"]).tolist() == [1, -0.25]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["expression"], "condition 'expression': the data have no such label; labels there are: "),
        (["class=words"], "condition 'class=words': NAME or NAME=KIND, where KIND is class, multi"),
        (["=class"], "condition '=class': NAME or"),
        (["class", "class=multi"], "condition 'class': is asked for twice"),
        (["empty"], "condition 'empty': no record of the data has a value"),
        (["class=number"], "condition 'class': a number, but the data hold 'a'"),
    ],
)
def test_what_cannot_be_learned_is_refused(asked, message):
    with pytest.raises(ConfigError, match=message.replace("(", r"\(")):
        chosen_conditions(asked, COLUMNS, "the data")


def test_names_are_no_classes():
    columns = {"id": [f"r{i}" for i in range(201)]}
    with pytest.raises(ConfigError, match="201 classes in the data, at most 200 can be learned"):
        chosen_conditions(["id"], columns, "the data")
    with pytest.raises(ConfigError, match="they have no labels"):
        chosen_conditions(["id"], {}, "the data")
