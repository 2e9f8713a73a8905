"""Labels as rows of bytes: kinds, ranks, the joint distribution, and cards that were edited."""

import numpy as np
import pytest

from biogan.core.errors import CheckpointError, ConfigError, DataError
from biogan.core.label_codes import ranks_of
from biogan.core.label_requests import labels_asked, read_request, read_wanted
from biogan.core.label_rows import Conditions
from biogan.core.rng import rng

N = 400
DRAWN = rng(0, "labels")
NUMBER = DRAWN.lognormal(size=N)
COLUMNS = {
    "class": ["cold" if x > 1 else "hot" for x in NUMBER],
    "x": [f"{x:.4f}" for x in NUMBER],
    "tags": [("up;ext", "up", "")[i % 3] for i in range(N)],
}


def learned(*asked, columns=COLUMNS, notes=None):
    n = len(next(iter(columns.values())))
    return Conditions.of(columns, asked or ("class", "x", "tags"), np.ones(n), notes)


def test_kinds_counts_and_ranges_are_found():
    found = learned()
    assert [(part.name, part.kind) for part in found] == [
        ("class", "class"), ("tags", "multi"), ("x", "number"),
    ]  # fmt: skip
    assert found["class"].values == ("cold", "hot")
    assert (found["tags"].counts, found["tags"].missing) == ((134, 267), 133)
    assert found["x"].low == pytest.approx(NUMBER.min(), abs=1e-4)


def test_rows_read_back_as_the_labels():
    found = learned()
    texts = found.texts(found.codes(COLUMNS, N))
    assert texts["class"] == COLUMNS["class"]
    assert [set(text.split(";")) for text in texts["tags"]] == [
        set(text.split(";")) for text in COLUMNS["tags"]
    ]
    near = [abs(float(a) - float(b)) for a, b in zip(texts["x"], COLUMNS["x"], strict=True)]
    assert max(near) < 1e-3


def test_ranks_are_even_where_values_are_not():
    found = learned("x")
    ranks = found["x"].ranks(NUMBER)
    assert np.histogram(ranks, 8, (0, 1))[0].min() > N / 8 - 3
    assert np.allclose(found["x"].at(ranks), NUMBER, rtol=1e-3)


def test_the_order_of_labels_and_classes_changes_nothing():
    turned = {name: COLUMNS[name] for name in reversed(COLUMNS)}
    one, other = learned("class", "x"), learned("x", "class", columns=turned)
    assert one == other


def test_rare_classes_are_learned_together_and_this_is_said():
    names = ["a"] * 100 + ["b"] * 30 + [f"rare{i % 4}" for i in range(40)]
    notes = []
    found = learned("name", columns={"name": names}, notes=notes)
    assert found["name"].values == ("a", "b", "other")
    assert found["name"].counts == (100, 30, 40)
    assert "4 values of fewer than 20 records" in notes[0]
    assert found["name"].codes(["rare1", "never"]).tolist() == [[2], [2]]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("clas", "--condition clas: unknown label 'clas': did you mean 'class'?"),
        ("class=number", "--condition class=number: 'hot' is no number (400 such records)"),
        ("empty", "--condition empty: no record has a value"),
        ("id", "--condition id: 400 values, none in 20 records or more"),
        ("same=number", "--condition same=number: all values are 7, nothing to learn"),
        ("class=ordinal", "NAME or NAME=KIND"),
    ],
)
def test_what_cannot_be_learned_is_one_line(asked, message):
    more = {"empty": [""] * N, "id": [f"r{i}" for i in range(N)], "same": ["7"] * N}
    with pytest.raises(ConfigError) as error:
        learned(asked, columns=COLUMNS | more)
    assert message in str(error.value) and "\n" not in str(error.value)


def asked(found, *texts):
    """Draw 300 rows of a request, and what was said."""
    notes, draws = [], rng(1, "asked")
    request = read_request(found, labels_asked(",".join(texts)), notes)
    codes = request.draw(draws.random((300, 2)), draws.standard_normal((300, len(found.numbers))))
    return found.texts(codes), notes


def test_what_is_not_asked_for_is_drawn_given_what_is():
    texts, notes = asked(learned(), "class=cold")
    assert set(texts["class"]) == {"cold"} and not notes
    # Cold records have numbers above 1; ranks are moved a little.
    assert np.mean([float(x) > 1 for x in texts["x"]]) > 0.9
    texts, _ = asked(learned(), "x=0.2")
    assert set(texts["x"]) == {"0.2"} and set(texts["class"]) == {"hot"}


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("x=0.5:2", 0.5, 2), ("x=top10", np.quantile(NUMBER, 0.89), 1e9), ("x=1.5:", 1.5, 1e9)],
)
def test_ranges(text, low, high):
    texts, _ = asked(learned("x"), text)
    values = np.array(texts["x"], float)
    assert len(set(values)) > 50 and (values >= low - 1e-4).all() and (values <= high).all()


def test_a_number_beyond_the_range_is_the_nearest_one_and_this_is_said():
    texts, notes = asked(learned("x"), "x=1000")
    assert [float(x) for x in {*texts["x"]}] == pytest.approx([NUMBER.max()], rel=1e-3)
    assert len(notes) == 1 and "--label x=1000: training data have" in notes[0]


def test_labels_that_were_never_together_are_told():
    _, notes = asked(learned(), "class=hot", "x=bottom5%")
    assert not notes
    columns = {"a": ["p", "q"] * 50, "b": ["r", "s"] * 50}
    texts, notes = asked(learned("a", "b", columns=columns), "a=p", "b=s")
    assert set(texts["a"]) == {"p"} and set(texts["b"]) == {"s"}
    assert "no training record has a=p and b=s" in notes[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hot", "write NAME=VALUE, for example class=hot"),
        ("clas=hot", "unknown label 'clas': did you mean 'class'?"),
        ("class=hott", "unknown value 'hott': did you mean 'hot'? class is one of cold, hot"),
        ("x=high", "a number is needed, or a range such as"),
        ("x=3:1", "3 is more than 1"),
        ("x=top0%", "above 0"),
        ("tags=up,gone", "unknown value 'gone'"),
        ("class=hot,class=cold", "'class' is given twice"),
    ],
)
def test_what_cannot_be_asked_for_is_one_line(text, message):
    with pytest.raises(ConfigError, match=r"^--label") as error:
        read_request(learned(), labels_asked(text))
    assert message in str(error.value) and "\n" not in str(error.value)


def test_several_labels_at_once_are_exactly_those():
    texts, _ = asked(learned("tags"), "tags=ext,up")
    assert set(texts["tags"]) == {"ext;up"}


def test_a_table_asks_for_each_record(tmp_path):
    path = tmp_path / "wanted.tsv"
    path.write_text("name\tclass\tx\tsource\nw1\thot\t\tlab\nw2\tcold\t2.5\tlab\nw3\t\t9999\tlab\n")
    found, notes = learned("class", "x"), []
    wanted = read_wanted(str(path), found, notes)
    assert wanted.ids == ["w1", "w2", "w3"]
    assert "left out: source" in notes[0] and "x=9999" in notes[1]
    draws = rng(2, "asked")
    rows = wanted.draw(draws.random((5, 2)), draws.standard_normal((5, 1)), 0)
    texts = found.texts(rows)
    assert texts["class"][:2] == ["hot", "cold"] and float(texts["x"][1]) == 2.5


def test_a_table_with_an_id_twice_is_refused(tmp_path):
    path = tmp_path / "wanted.tsv"
    path.write_text("name\tclass\nw1\thot\nw1\thot\n")
    with pytest.raises(DataError, match="line 3: id 'w1' stands on line 2, too"):
        read_wanted(str(path), learned("class"))
    path.write_text("name\tcolour\nw1\thot\n")
    with pytest.raises(ConfigError, match=r"--labels .*: unknown label 'colour'"):
        read_wanted(str(path), learned("class"))


def test_large_sets_keep_evenly_spaced_rows():
    draws = rng(3, "many")
    values = draws.normal(size=9000)
    columns = {"x": values.tolist(), "class": ["lo" if x < 0 else "hi" for x in values]}
    found = learned("x", "class", columns=columns)
    rows, shares = found.joint
    assert len(rows) <= 2000
    assert shares[rows[:, 0] == 0].sum() == pytest.approx(np.mean(values >= 0), abs=0.005)
    assert np.histogram(ranks_of(rows[:, 1:]), 8, (0, 1), weights=shares)[0].min() > 0.12


def test_a_card_reads_back():
    found = learned()
    assert Conditions.from_dict(found.to_dict()) == found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("joint"), "conditions has no 'joint'"),
        (lambda c: c.update(parts=3), "'parts' of conditions is '3'"),
        (lambda c: c["parts"][0].update(kind="shape"), "'kind' of condition is 'shape'"),
        (lambda c: c["parts"][0].update(counts=[1]), "do not have one count each"),
        (lambda c: c["parts"][0].update(counts=[-1, 3]), "'counts' of condition is '[-1, 3]'"),
        (lambda c: c["parts"][2].update(quantiles=[3, 1]), "do not increase"),
        (lambda c: c["parts"].reverse(), "no order"),
        (lambda c: c["joint"].update(rows=["zz"]), "no hexadecimal numbers"),
        (lambda c: c["joint"].update(counts=[]), "are not rows of these conditions"),
        (lambda c: c["joint"]["rows"].__setitem__(0, "ff" * 6), "values that 'class' has not"),
    ],
)
def test_a_damaged_card_is_one_line(change, message):
    card = learned().to_dict()
    card = {"parts": [dict(part) for part in card["parts"]], "joint": dict(card["joint"])}
    change(card)
    with pytest.raises(CheckpointError) as error:
        Conditions.from_dict(card)
    assert message in str(error.value) and "\n" not in str(error.value)
