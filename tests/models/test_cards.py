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
