"""A card that was edited is refused in one line, by whatever reads it."""

import json
import shutil

import pytest
from helpers import unverified

from biogan import SequenceGAN, SequenceSet
from biogan.cli import run
from biogan.core.rng import rng
from biogan.models.card import read_card
from biogan.models.run_report import to_html
from biogan.training.callbacks import read_log

pytestmark = pytest.mark.filterwarnings("ignore::biogan.core.errors.UnverifiedModel")

SMALL = {"width": 8, "depth": 1, "latent": 8, "batch_size": 16, "steps": 4, "seed": 1}
CODES = rng(0, "reads").integers(0, 4, (120, 20))
READS = ["".join("ACGT"[c] for c in row) for row in CODES]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "run"
    SequenceGAN(**SMALL).fit(SequenceSet.from_strings(READS), out=out)
    return unverified(out)  # of a changed card only that would be said


@pytest.fixture
def folder(trained):
    path = trained / "config.json"
    before = path.read_text()
    yield trained
    path.write_text(before)


NUMBERS = dict.fromkeys(("intercept", "max_ratio", "auroc", "low", "high", "real", "generated"), 1)


@pytest.mark.parametrize("command", ["info", "report", "sample"])
@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("layout", {}, "layout has no 'alphabet'"),
        ("layout", 3, "'layout' of the card is '3'"),
        ("data", {}, "data has no 'records'"),
        ("training", {}, "training has no 'steps'"),
        ("training", [4], "'training' of the card is '[4]'"),
        ("judge", {"slope": "x", **NUMBERS}, "'slope' of judge is 'x'"),
        ("judge", {"slope": 1.0}, "judge has no 'intercept'"),
        ("judge", [1], "'judge' of the card is '[1]'"),
        ("config", {}, "config has no 'architecture'"),
        ("versions", None, "the card has no 'versions'"),
        ("biogan", None, "the card has no 'biogan'"),
    ],
)
def test_a_damaged_part_is_one_line(folder, capsys, command, part, value, message):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {part: value}))
    assert run([command, str(folder)]) == 1
    captured = capsys.readouterr()
    assert captured.err == f"biogan: {path}: damaged: {message}\n" and captured.out == ""


@pytest.mark.parametrize(
    ("part", "changes", "message"),
    [
        ("layout", {"kind": "round"}, "layout cannot be read ('round')"),
        ("layout", {"alphabet": {"letters": "ACGT"}}, "alphabet has no 'name'"),
        ("config", {"lr": "fast"}, "--lr 'fast': a number is needed"),
        ("config", {"loss": "spline"}, "--loss: unknown value 'spline'"),
        ("training", {"references": {"markov-3": "x"}}, "'markov-3' of references is 'x'"),
        ("data", {"input": [1]}, "'input' of data is '[1]'"),
    ],
)
def test_a_damaged_value_is_named(folder, capsys, part, changes, message):
    path = folder / "config.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {part: card[part] | changes}))
    assert run(["info", str(folder)]) == 1
    assert f"{path}: damaged: {message}" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["info"], ["info", "--json"], ["report"], ["sample", "-n1"]])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"[" * 10_000 + b"]" * 10_000, "no valid JSON: more than 100 levels"),
        (b"[" * 300 + b"]" * 300, "no valid JSON: more than 100 levels"),
        (b'{"a":' * 2_000 + b"1" + b"}" * 2_000, "no valid JSON: more than 100 levels"),
        (b"1" * 5_000, "no valid JSON: an integer of 5,000 digits (1111"),
        (b"-1" + b"0" * 400, "no valid JSON: an integer of 401 digits (-1000"),
        (b"1e400", "no valid JSON: 1e400 is too large a number"),
        (b"NaN", "no valid JSON: NaN is no number"),
        (b"-Infinity", "no valid JSON: -Infinity is no number"),
        (b'{"a": 1, "a": 2}', "no valid JSON: 'a' stands twice in one object"),
        (b'"\xff"', "no valid JSON: the text is not UTF-8"),
        (b'"\x01"', "no valid JSON: Invalid control character"),
        (b'"\\ud800"', "damaged: 'layout' of the card is"),
        (b"", "no valid JSON: Expecting value"),
    ],
)
def test_odd_json_is_one_line(folder, capsys, command, value, message):
    path = folder / "config.json"
    text = path.read_bytes()
    start = text.index(b'"layout": ') + len(b'"layout": ')
    stop = text.index(b'"data": ')
    path.write_bytes(text[:start] + value + b",\n" + text[stop:])
    assert run([*command, str(folder)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and str(path) in said and message in said and len(said) < 300


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"length": -5}, "'length' of layout is '-5'"),
        ({"length": 0}, "'length' of layout is '0'"),
        ({"length": True}, "'length' of layout is 'True'"),
        ({"length": 20.0}, "'length' of layout is '20.0'"),
        ({"length": 10**90}, "'length' of layout is '1000"),
        ({"word": 9}, "'word' of layout is '9'"),
        ({"word": 5}, "'word' of layout is 5, which does not fit it"),
        ({"opening": [4]}, "'word' of layout is 1, which does not fit it"),
        ({"opening": "12"}, "'opening' of layout is '12'"),
        ({"closing": [-1]}, "'closing' of layout is '[-1]'"),
        ({"lengths": [1] * 99}, "'lengths' of layout has more lengths than positions"),
        ({"kind": ["fixed"]}, "'kind' of layout is"),
    ],
)
def test_a_layout_that_no_model_has_is_named(folder, capsys, changes, message):
    path = folder / "config.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {"layout": card["layout"] | changes}))
    assert run(["info", str(folder)]) == 1
    assert f"{path}: damaged: {message}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("data", {"records": -1}),
        ("data", {"records": 10**60}),
        ("data", {"input": {"source": 7}}),
        ("data", {"input": {"options": [[]]}}),
        ("data", {"input": {"dropped": [1]}}),
        ("training", {"steps": -1}),
        ("training", {"seconds": "1"}),
        ("training", {"device": None}),
    ],
)
def test_a_number_that_cannot_be_is_named(folder, capsys, part, changes):
    path = folder / "config.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {part: card[part] | changes}))
    for command in ("info", "report"):
        assert run([command, str(folder)]) == 1
        said = capsys.readouterr().err
        key = [*changes.get("input", changes)][0]
        assert f"{path}: damaged: " in said and key in said and said.count("\n") == 1


def test_a_reference_that_is_not_known_is_left_out_of_the_page(folder):
    path = folder / "config.json"
    card = json.loads(path.read_text())
    card["training"]["references"] = {"training data": None, "markov-2": 1.5}
    path.write_text(json.dumps(card))
    assert run(["report", str(folder)]) == 0 and run(["info", str(folder)]) == 0
    assert "markov-2 1.5" in (folder / "report.html").read_text()


def test_a_whole_card_is_as_it_was_written(trained):
    path = trained / "config.json"
    assert read_card(path) == json.loads(path.read_text())


def test_a_card_is_a_frozen_struct_and_a_mapping(trained):
    card = read_card(trained / "config.json")
    assert card.training.steps == card["training"]["steps"] == 4
    assert card.data.records == card.get("data").get("records") == 120
    assert "training" in card and "colour" not in card and card.get("colour", 1) == 1
    assert list(card) == list(json.loads((trained / "config.json").read_text()))
    with pytest.raises(KeyError, match="colour"):
        card["colour"]
    with pytest.raises(AttributeError):
        card.training.steps = 5
    with pytest.raises(TypeError):
        card["training"] = {}


def test_keys_of_a_later_version_are_written_again(folder, tmp_path):
    path = folder / "config.json"
    card = json.loads(path.read_text()) | {"later": [1]}
    card["data"]["colour"] = {"red": None}
    path.write_text(json.dumps(card))
    assert read_card(path).to_dict() == card and read_card(path)["data"]["colour"] == {"red": None}
    SequenceGAN.load(folder).save(tmp_path / "copy")
    assert read_card(tmp_path / "copy" / "config.json") == card


@pytest.mark.parametrize("name", ["training", "judge"])
def test_a_part_that_is_null_is_none_that_is_absent(folder, name):
    """A run without the key goes on and makes that part; null says that there is none."""
    path = folder / "config.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {name: None}))
    found = read_card(path)
    assert name in found and found[name] is None and found.to_dict()[name] is None
    path.write_text(json.dumps({key: value for key, value in card.items() if key != name}))
    found = read_card(path)
    assert name not in found and found.get(name) is None and name not in found.to_dict()


def test_a_card_of_before_or_after_is_read(folder, capsys):
    path = folder / "config.json"
    card = json.loads(path.read_text())
    del card["config"]["rotate"], card["config"]["penalty_every"]
    card["config"]["later"] = 1
    path.write_text(json.dumps(card))
    found = read_card(path)["config"]
    assert found["rotate"] is False and found["later"] == 1
    assert run(["info", str(folder)]) == 0 and run(["report", str(folder)]) == 0


def test_a_card_and_a_log_with_the_keys_of_earlier_versions_are_read(trained, tmp_path):
    """What is a validation distance now was a fidelity, and its references stood beside it."""
    folder, before = tmp_path / "old", {"validation_distance": "fidelity", "references": "beside"}
    shutil.copytree(trained, folder)
    card = read_card(folder / "config.json")
    page = to_html("run", card, read_log(folder / "log.jsonl").rows, None)
    assert "validation_distance" in card["training"] and "references" in card["training"]
    for path in (folder / "config.json", folder / "log.jsonl"):
        text = path.read_text()
        for new, old in before.items():
            text = text.replace(f'"{new}"', f'"{old}"')
        path.write_text(text)
    assert '"fidelity"' in (folder / "config.json").read_text()
    assert read_card(folder / "config.json") == card
    assert to_html("run", card, read_log(folder / "log.jsonl").rows, None) == page
    assert run(["info", str(folder)]) == 0 and run(["report", str(folder)]) == 0
    reads = SequenceSet.from_strings(READS)
    SequenceGAN(**SMALL | {"steps": 8}).fit(reads, out=folder, resume=True)
    assert read_card(folder / "config.json")["training"]["steps"] == 8
    assert [row["step"] for row in read_log(folder / "log.jsonl").rows][-1] == 8
