"""How well letters go with labels: predictors by hand, and ratios whose answer is known."""

import numpy as np
import pytest
import torch

from biogan import DNA, MaxRun, SequenceGAN, SequenceSet
from biogan.core.errors import ConfigError
from biogan.core.label_rows import Conditions
from biogan.core.rng import rng
from biogan.nn.conditioning import LabelEncoder, join
from biogan.nn.sequence_heads import Shape
from biogan.sequences.kmers import kmer_shares
from biogan.sequences.label_evidence import LabelEvidence

LENGTH = 30
EYE = torch.eye(4)


def rows(shares, n_of=None, labels=None):
    """Rows of 30 letters, A by its share or in so many places, and a number behind them."""
    draw = rng(3, "rows", "exact" if n_of is not None else "drawn")
    n = len(shares)
    codes = draw.integers(1, 4, (n, LENGTH))
    if n_of is None:
        hits = draw.random((n, LENGTH)) < shares[:, None]
    else:
        hits = draw.random((n, LENGTH)).argsort(1) < n_of[:, None]
    codes[hits] = 0
    return codes.astype(np.uint8)


@pytest.fixture(scope="module")
def number():
    """Real records whose number is their count of A; generated ones follow it on average."""
    asked = rng(1, "asked").integers(3, 28, 1500)
    columns = {"x": asked.astype(str), "kind": np.array(["a", "b"] * 750)}
    conditions = Conditions.of(columns, ("x=number", "kind"), np.ones(1500))
    labels = conditions.codes(columns, 1500)
    real = np.hstack([rows(asked / LENGTH, asked), labels])
    new = np.hstack([rows(asked / LENGTH), labels])
    evidence = LabelEvidence(Shape(4, LENGTH), conditions, EYE[None], placed=True)
    return evidence.fit(torch.from_numpy(real), torch.from_numpy(new), 0), conditions, asked, new


def read(evidence, stored):
    """Log ratios of stored rows."""
    codes, labels = torch.from_numpy(stored).split([LENGTH, stored.shape[1] - LENGTH], 1)
    return evidence(join(EYE[codes.long()].transpose(1, 2), evidence.encoder(labels))).numpy()


def counted(codes):
    """Compute the number of the fixture; records that begin with the last letter have none."""
    return {"x": np.where(codes[:, 0] == 3, np.nan, (codes == 0).sum(1).astype(float))}


@pytest.mark.parametrize("own", [False, True])
def test_numbers_that_are_computed_are_compared_as_they_are(number, own):
    """Labels that are other numbers of the same name are predicted as any."""
    _, conditions, asked, new = number
    columns = {"x": (asked[::-1] if own else asked).astype(str), "kind": np.array(["a", "b"] * 750)}
    real = np.hstack([rows(asked / LENGTH, asked), conditions.codes(columns, 1500)])
    evidence = LabelEvidence(Shape(4, LENGTH), conditions, EYE[None], False, counted)
    evidence.fit(torch.from_numpy(real), torch.from_numpy(new), 0)
    assert bool(evidence.exact_1) is not own
    ratio, none = read(evidence, new), new[:, 0] == 3
    if own:
        assert (ratio > -1e3).all()
        return
    assert (ratio[none] == -1e4).all() and 0 < none.sum() < 1500
    off = np.abs((new[:, :LENGTH] == 0).sum(1) - asked)
    best = off[~none][np.argsort(-ratio[~none])[:100]]
    assert best.max() <= 1
    again = LabelEvidence(Shape(4, LENGTH), conditions, EYE[None], False, counted)
    again.load_state_dict(evidence.state_dict())
    assert (read(again, new) == ratio).all()


def test_the_ratio_prefers_records_that_hit_their_number(number):
    evidence, _, asked, new = number
    off = np.abs((new[:, :LENGTH] == 0).sum(1) - asked)
    ratio = read(evidence, new)
    assert ratio[off == 0].min() > ratio[off >= 3].max()
    # One more or less is worse than none, two are worse than one.
    assert ratio[off == 0].mean() > ratio[off == 1].mean() + 1 > ratio[off == 2].mean() + 2


def test_a_generator_that_follows_labels_as_real_records_do_is_left_alone():
    asked = rng(1, "asked").integers(3, 28, 1500)
    columns = {"x": asked.astype(str)}
    conditions = Conditions.of(columns, ("x=number",), np.ones(1500))
    labels = conditions.codes(columns, 1500)
    real, new = (np.hstack([rows(asked[::step] / LENGTH), labels[::step]]) for step in (1, -1))
    evidence = LabelEvidence(Shape(4, LENGTH), conditions, EYE[None], placed=False)
    evidence.fit(torch.from_numpy(real), torch.from_numpy(new), 0)
    assert np.std(read(evidence, new)) < 0.2


def test_without_labels_nothing_is_known(number):
    evidence, conditions, _, new = number
    unknown = new.copy()
    unknown[:, LENGTH:] = conditions.unknown
    assert (read(evidence, unknown) == 0).all()


def test_weights_travel_in_the_state(number):
    evidence, conditions, _, new = number
    other = LabelEvidence(Shape(4, LENGTH), conditions, EYE[None], placed=True)
    assert (read(other, new[:9]) == 0).all()
    other.load_state_dict(evidence.state_dict())
    assert (read(other, new[:9]) == read(evidence, new[:9])).all()


def test_what_is_read_by_hand():
    """Shares of the words of each record, up to its end symbol."""
    texts = ["ACGTACGTAA", "GG", "A"]
    some = SequenceSet.from_strings(texts)
    conditions = Conditions.of({"c": ["a", "b"] * 20}, ("c",), np.ones(40))
    spelling = torch.cat([EYE, torch.zeros(4, 1)], 1)[None]
    evidence = LabelEvidence(Shape(5, 12), conditions, spelling, placed=False)
    codes = torch.full((3, 12), 4)
    for row, text in zip(codes, texts, strict=True):
        row[: len(text)] = torch.from_numpy(DNA.encode(text).astype(np.int64))
    codes[1, 5] = 2  # behind the end
    found = evidence._read(torch.eye(5)[codes].transpose(1, 2)).numpy()
    for k, first in ((1, 0), (2, 4), (3, 20)):
        # Not every record holds a word of so many letters.
        long = [i for i, text in enumerate(texts) if len(text) >= k]
        expected = kmer_shares(some.take(np.array(long)), k)
        assert found[long, first : first + 4**k] == pytest.approx(expected)
    assert found[:, -2].tolist() == [10, 2, 1] and (found[:, -1] == 1).all()


def test_each_record_is_predicted_by_all_others():
    """The closed form is what a fit without the record gives."""
    asked = rng(1, "few").integers(3, 28, 60)
    columns = {"x": asked.astype(str)}
    conditions = Conditions.of(columns, ("x=number",), np.ones(60))
    stored = torch.from_numpy(np.hstack([rows(asked / LENGTH), conditions.codes(columns, 60)]))
    evidence = LabelEvidence(Shape(4, LENGTH), conditions, EYE[None], placed=False)
    evidence.fit(stored, stored, 0)
    seen = evidence._rows(stored)
    letters = seen[:, : 4 * LENGTH].unflatten(1, (4, LENGTH))
    features = evidence._standardised(evidence._read(letters))
    labels = LabelEncoder(conditions)(stored[:, LENGTH:])
    grams = [part @ part.T for part in features.double().split(evidence.blocks, 1)]
    left_out = evidence._learn(features, labels, grams, 0)
    targets, kernel = evidence._targets(labels, 0).double(), grams[0] + grams[2]
    rest = torch.arange(60) != 7
    for penalty in (0.001, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30):
        inner = kernel[rest][:, rest] + penalty * torch.eye(59)
        by_hand = kernel[7, rest] @ torch.linalg.solve(inner.double(), targets[rest])
        if abs(float(by_hand[0]) - float(left_out[7, 0])) < 1e-4:
            return
    pytest.fail("no penalty gives the prediction of record 7 by the others")


@pytest.fixture(scope="module")
def gan():
    """A model of records whose number is their count of A, hardly trained."""
    asked = rng(1, "asked").integers(3, 28, 600)
    labels = {"x": asked.astype(str)}
    records = SequenceSet.from_matrix(DNA, rows(asked / LENGTH, asked))
    records.labels = {"x": np.array(labels["x"], object)}
    return SequenceGAN(
        architecture="dense", units=32, latent=8, batch_size=32, steps=120, seed=1, judge_steps=4,
        check_every=120, condition="x=number",
    ).fit(records)  # fmt: skip


def error(some):
    counts = np.array([text.count("A") for text in some.strings()])
    return np.abs(counts - some.labels["x"].astype(float)).mean()


def test_a_model_with_labels_chooses_by_them_unless_told_otherwise(gan):
    plain, chosen = gan.sample(300, seed=2, refine="none"), gan.sample(300, seed=2)
    assert chosen.strings() == gan.sample(300, seed=2, refine="labels").strings()
    assert (chosen.labels["x"] == plain.labels["x"]).all()
    assert chosen.ids[0] == "gan2_labels_1" and plain.ids[0] == "gan2_1"
    assert error(chosen) < 0.6 * error(plain)
    longer = gan.sample(300, seed=2, effort=40)
    assert error(longer) < error(chosen)


def test_what_keeps_a_model_from_choosing_is_told(gan):
    said = []
    some = [*gan.stream(4, temperature=0.5, tell=said.append)]
    assert some[0].records.ids[0] == "gan0_1"
    assert said == ["records follow their labels less closely than they can (--temperature 0.5)"]


def test_constrained_records_are_chosen_by_their_labels_within_their_chains(gan):
    rules = [MaxRun(4)]
    plain, chosen = (
        gan.sample(96, seed=2, constraints=rules, **o) for o in ({"refine": "none"}, {})
    )
    assert chosen.ids[0] == "gan2_labels_1" and error(chosen) < 0.6 * error(plain)
    assert not any(MaxRun(4).violations(text) for text in chosen.strings())
    said = []
    some = [*gan.stream(4, constraints=rules, latents="free", tell=said.append)]
    assert some[0].records.ids[0] == "gan0_1"
    assert "records follow their labels less closely than they can (--latents free)" in said


def test_a_model_without_labels_has_none_to_choose_by():
    plain = SequenceGAN(
        architecture="dense", units=8, latent=4, batch_size=8, steps=4, seed=1
    ).fit(SequenceSet.from_matrix(DNA, rows(np.full(120, 0.25))))  # fmt: skip
    assert plain.sample(2).ids[0] == "gan0_1"
    with pytest.raises(ConfigError, match="--refine labels: this model has learned no labels"):
        plain.sample(2, refine="labels")
