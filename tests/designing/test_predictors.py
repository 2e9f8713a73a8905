"""Predictors of labels: what they learn, what they refuse to promise, and their files."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from biogan import SequenceSet, design
from biogan.cli.design import command as design_command
from biogan.cli.oracle import command as oracle_command
from biogan.core.errors import BioganError, CheckpointError, ConfigError, DataError
from biogan.core.rng import rng
from biogan.designing.oracle import load_oracle, load_pair
from biogan.designing.predictor import WEIGHTS, Predictor, assess, halves
from biogan.sequences.io.write import write_fasta
from biogan.sequences.metrics import predictors
from biogan.sequences.metrics.predictors import FAMILIES, Described, learned


def labelled(n=300, length=20, seed=0):
    """Make records: a number, the count of G with noise; a class, whether they end on A."""
    draws = rng(seed, "labelled")
    codes = draws.integers(0, 4, (n, length)).astype(np.uint8)
    reads = SequenceSet.from_matrix(SequenceSet.from_strings(["ACGT"]).alphabet, codes)
    values = (codes == 2).sum(1) + draws.normal(0, 0.3, n)
    reads.labels["expr"] = np.array([f"{v:.3f}" for v in values], object)
    reads.labels["end"] = np.where(codes[:, -1] == 0, "a", "other").astype(object)
    some = [";".join(x for x, c in zip("uv", row, strict=True) if c == 1) for row in codes[:, :2]]
    reads.labels["parts"] = np.array(some, object)
    return reads


@pytest.mark.parametrize("family", FAMILIES)
def test_numbers_are_predicted_and_stay_within_the_labels(family, tmp_path):
    reads = labelled()
    predict = Predictor.fitted(reads, "expr", family)
    values = np.array(reads.labels["expr"], float)
    fresh = labelled(seed=1)
    found = predict(fresh.strings())["expr"]
    assert np.corrcoef(found, np.array(fresh.labels["expr"], float))[0, 1] > 0.8
    # Whatever else is asked for at once.
    assert [predict([text])["expr"][0] for text in fresh.strings()[:5]] == found[:5].tolist()
    extreme = predict(["G" * 20, "A" * 20])["expr"]
    assert values.min() <= extreme[1] < extreme[0] <= values.max()
    predict.save(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"oracle.json", WEIGHTS}
    assert (load_oracle(f"{tmp_path}")(fresh.strings()).ravel() == found).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_trees_and_ridge_predict_what_the_library_does(family):
    """Weights that are written by ourselves mean the same as the model that they are taken from."""
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.linear_model import RidgeCV

    features = rng(0, "features").normal(size=(80, 6)).astype(np.float32)
    target = features[:, 0] + features[:, 1] ** 2
    model = learned(features, target[:, None], family, "number", 3)
    if family == "ridge":
        own = RidgeCV(predictors._PENALTIES, fit_intercept=False)
    else:
        own = GradientBoostingRegressor(
            n_estimators=predictors._TREES, learning_rate=predictors._RATE,
            max_depth=predictors._DEPTH, subsample=predictors._SUBSAMPLE, max_features="sqrt",
            init="zero", random_state=3,
        )  # fmt: skip
    theirs = own.fit(features, target - target.mean()).predict(features) + target.mean()
    assert model(features).ravel() == pytest.approx(theirs.ravel(), abs=1e-5)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", ["class", "multi"])
def test_probabilities_are_those_of_the_library(kind, classes):
    from biogan.evaluation.two_sample import ridge

    features = rng(0, "features").normal(size=(120, 6)).astype(np.float32)
    belongs = features[:, :classes] > 0.3
    if kind == "class":
        belongs = np.eye(classes, dtype=bool)[features[:, :classes].argmax(1)]
        belongs[:5] = False
        rows = belongs.any(1)
        theirs = ridge(features[rows], belongs[rows].argmax(1)).predict_proba(features)
    else:
        theirs = np.stack(
            [ridge(features, own).predict_proba(features)[:, 1] for own in belongs.T], 1
        )
    found = learned(features, belongs, "ridge", kind, 0)(features)
    assert found == pytest.approx(theirs, abs=1e-6)


def test_a_class_that_all_have_is_certain():
    features = rng(0, "features").normal(size=(50, 3)).astype(np.float32)
    belongs = np.stack([np.ones(50), features[:, 0] > 0, np.zeros(50)], 1)
    found = learned(features, belongs, "ridge", "multi", 0)(features)
    assert found[:, 0].min() > 0.999 and found[:, 2].max() < 0.001


def test_evaluations_and_oracles_read_the_same_of_a_record():
    reads = labelled(80)
    described = Described.by(reads)
    assert described.what == "k-mers and positions" and described.length == 20
    table = described.of(reads)
    assert table.shape == (80, described.size) and np.abs(table.mean(0)).max() < 1e-4
    assert Described.by(reads, by_position=False).what == "k-mers"


def test_classes_are_shares():
    reads = labelled()
    predict = Predictor.fitted(reads, "end")
    found = predict(["C" * 19 + "A", "C" * 19 + "G"])
    assert predict.names == ("a", "other") and found["a"][0] > 0.6 > 0.3 > found["a"][1]
    assert found["a"] + found["other"] == pytest.approx(1, abs=1e-4)
    many = Predictor.fitted(reads, "parts")
    assert many.kind == "multi" and many.names == ("u", "v")


def test_how_good_a_predictor_is():
    reads = labelled(400)
    found = assess(reads, "expr")
    assert found["measure"] == "r" and 0.85 < found["low"] < found["value"] < found["high"]
    # 64 to 96 of 400: a fifth, in whole clusters.
    assert 64 <= found["held_out"] <= 96
    assert assess(reads, "end")["value"] > 0.9 and assess(reads, "parts")["value"] > 0.8
    reads.labels["expr"] = rng(0, "shuffle").permutation(reads.labels["expr"])
    assert assess(reads, "expr")["low"] < 0.1


def test_halves_share_no_copies():
    reads = labelled(200)
    twice = SequenceSet.concatenate([reads, reads])
    first, second = halves(twice, "expr", 0)
    assert not {*first.strings()} & {*second.strings()}
    assert abs(len(first) - len(second)) < 20


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("none", "condition 'none': the records have no such label; labels there are: expr"),
        ("one", "label 'one': all 60 records have the same"),
        ("rare", "label 'rare': 3 records have one, 40 are needed"),
    ],
)
def test_labels_that_cannot_be_learned(label, message):
    reads = labelled(60)
    reads.labels["one"] = np.full(60, "x", object)
    reads.labels["rare"] = np.array(["x", "y", "x"] + [""] * 57, object)
    with pytest.raises(BioganError, match=message):
        Predictor.fitted(reads, label)


def test_sequences_of_another_length_are_refused():
    predict = Predictor.fitted(labelled(60), "expr")
    with pytest.raises(DataError, match="a sequence of 3 letters; this predictor reads positions"):
        predict(["ACG"])


def test_damaged_folders(tmp_path):
    Predictor.fitted(labelled(60), "expr").save(tmp_path)
    weights = (tmp_path / WEIGHTS).read_bytes()
    (tmp_path / WEIGHTS).write_bytes(weights[:100])
    with pytest.raises(CheckpointError, match="damaged"):
        load_oracle(f"{tmp_path}")
    (tmp_path / WEIGHTS).write_bytes(weights)
    facts = json.loads((tmp_path / "oracle.json").read_text())
    (tmp_path / "oracle.json").write_text(json.dumps(facts | {"family": "forest"}))
    with pytest.raises(CheckpointError, match="'family' of .* is 'forest'"):
        load_oracle(f"{tmp_path}")
    (tmp_path / "oracle.json").write_text(json.dumps(facts | {"model": "Ridge"}))
    with pytest.raises(CheckpointError, match="weights of another predictor"):
        load_oracle(f"{tmp_path}")


def test_a_label_is_optimised_and_checked_by_records_that_were_held_out():
    reads = labelled(400)
    found = design(reads, "labels:expr", 10, calls=300)
    assert found.summary["check"]["oracle"] == "ridge on the other half of labels:expr"
    assert found.summary["check"]["transfer"]["expr"]["transfer"] > 0.5
    counts = [text.count("G") for text in found]
    assert np.mean(counts) > 9
    assert load_pair("labels:expr", lambda texts: [0.0] * len(texts), reads).check.name == (
        "the check"
    )
    with pytest.raises(ConfigError, match="give the labelled records with --real"):
        load_pair("labels:expr")
    with pytest.raises(ConfigError, match="the records have no such label"):
        load_pair("labels:exp", records=reads)


def test_commands_from_labels_to_designs(tmp_path):
    write_fasta(labelled(240), tmp_path / "labelled.fasta")
    data, oracle, check = (str(tmp_path / name) for name in ("labelled.fasta", "o", "c"))
    run = CliRunner().invoke
    done = run(
        oracle_command, [data, "--target", "expr", "-o", oracle, "--check", check],
        catch_exceptions=False,
    )  # fmt: skip
    first, second = done.stderr.splitlines()
    assert "boosting on k-mers and positions of 1" in first and "ridge" in second
    assert "Spearman r 0." in first and "held-out records" in first
    with pytest.raises(BioganError, match="o: is not empty; --overwrite replaces it"):
        run(oracle_command, [data, "--target", "expr", "-o", oracle], catch_exceptions=False)
    done = run(
        design_command,
        [data, "--oracle", oracle, "--check", check, "--calls", "200", "-n", "5", "-o",
         str(tmp_path / "designs")],
        catch_exceptions=False,
    )  # fmt: skip
    assert "transfer" in done.stderr and done.exit_code == 0
    assert (
        json.loads((tmp_path / "designs" / "design.json").read_text())["check"]["oracle"] == check
    )


def test_gains_are_in_standard_deviations_of_the_labels():
    """Predictions vary less than labels: in units of their own they would promise too much."""
    from biogan.designing.comparison import Transfer

    reads = labelled(400)
    draws = rng(0, "noise")
    values = np.array(reads.labels["expr"], float)
    noisy = values + draws.normal(0, 2 * values.std(), len(values))
    reads.labels["expr"] = np.array([f"{v:.3f}" for v in noisy], object)
    found = design(reads, "labels:expr", 10, calls=200)
    told = found.summary["check"]
    moved = told["transfer"]["expr"]
    half = halves(reads, "expr", 0)[1]
    spread = np.array(half.labels["expr"], float).std()
    assert spread > 1.5 * told["real"]["sd"]
    gain = (told["designs"]["mean"] - told["real"]["mean"]) / spread
    assert moved["check_gain"] == pytest.approx(gain, rel=0.02)
    # Two functions know no labels: the spread of their scores of real records counts.
    real = np.arange(10.0)
    assert Transfer.of(real + 5, real, real + 5, real).transfer == pytest.approx(1)
    halved = Transfer.of(real + 5, real, real + 5, real, units=(2.0, 4.0))
    assert halved.oracle_gain == 2.5 and halved.transfer == 0.5
