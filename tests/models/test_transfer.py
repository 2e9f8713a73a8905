"""Fine-tuning: what a run takes from another model, what it refuses, and what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from biogan import DNA, PROTEIN, SequenceGAN, SequenceSet
from biogan.cli import main, run
from biogan.core.errors import CheckpointError, ConfigError
from biogan.models.checkpoint import read_model
from biogan.models.fit import ValidationMonitor
from biogan.models.transfer import Ancestor, laid
from biogan.sequences.io.write import write_fasta
from biogan.training.trainer import TRAINING_DATA, CheckResult

SMALL = dict(width=4, depth=2, units=8, latent=4, batch_size=8, steps=6, seed=1)


def records(n, length, alphabet=DNA, seed=0):
    draw = np.random.default_rng(seed)
    texts = ["".join(draw.choice([*alphabet.letters[:10]], length)) for _ in range(n)]
    return SequenceSet.from_strings(texts, [f"r{seed}_{i}" for i in range(n)], alphabet=alphabet)


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfer")
    write_fasta(records(120, 20), folder / "old.fasta")
    main(["-q", "train", str(folder / "old.fasta"), "-o", str(folder / "old"), "--steps", "6",
          "--width", "4", "--depth", "2", "--units", "8", "--latent", "4", "--batch-size", "8",
          "--seed", "1"])  # fmt: skip
    return folder / "old"


def begun(old, data, tmp_path, **options):
    """The networks that a run begins with: its learning rate is nothing."""
    gan = SequenceGAN(steps=1, lr=1e-30, seed=2, judge_steps=0, **options)
    return gan.fit(data, out=tmp_path / "new", start=old)


def test_a_run_begins_with_generator_and_calibrated_critic(old, tmp_path):
    gan = begun(old, records(60, 20, seed=3), tmp_path)
    ancestor = Ancestor.read(old, "sequences")
    assert ancestor.judged
    for name, network in zip(("generator", "critic"), gan.networks, strict=True):
        for key, value in network.state_dict().items():
            torch.testing.assert_close(value, ancestor.weights[name][key], rtol=1e-4, atol=1e-6)
    _, _, _, plain = read_model(old, "cpu", ())
    key = "local.judge.weight"
    assert not torch.equal(ancestor.weights["critic"][key], plain.critic.state_dict()[key])


def test_what_was_left_open_is_that_of_the_model(old):
    gan = SequenceGAN(steps=3, seed=9).fit(records(60, 20, seed=3), start=old)
    config = gan.card.config
    assert (config["width"], config["units"], config["latent"], config["seed"]) == (4, 8, 4, 9)
    assert config["lr"] == 1e-3
    gan = SequenceGAN(steps=3, lr=5e-4).fit(records(60, 20, seed=3), start=old)
    assert gan.card.config["lr"] == 5e-4


def test_the_card_keeps_the_lineage(old, tmp_path, capsys):
    gan = SequenceGAN(steps=3).fit(records(60, 20, seed=3), out=tmp_path / "a", start=old)
    second = SequenceGAN(steps=3).fit(records(60, 20, seed=4), start=tmp_path / "a")
    lineage = gan.card.lineage
    old_card = json.loads((old / "config.json").read_text())
    assert lineage["data"] == old_card["data"]["digest"] and lineage["records"] == 120
    assert lineage["critic"] == "judge.safetensors" and "from" not in lineage
    assert second.card.lineage["from"]["data"] == lineage["data"]
    main(["-q", "info", str(tmp_path / "a")])
    assert "from       old, step 6, of 120 records" in capsys.readouterr().out
    # A run that is resumed keeps it, and needs the model no more.
    SequenceGAN.load(tmp_path / "a")
    data = tmp_path / "a.fasta"
    write_fasta(records(60, 20, seed=3), data)
    main(["-q", "train", str(data), "-o", str(tmp_path / "b"), "--from", str(old), "--steps", "4"])
    main(["-q", "train", str(data), "-o", str(tmp_path / "b"), "--resume", "--steps", "8"])
    card = json.loads((tmp_path / "b" / "config.json").read_text())
    assert card["training"]["steps"] == 8 and card["lineage"]["records"] == 120


def test_a_frozen_critic_keeps_its_early_layers(old):
    data = records(60, 20, seed=3)
    before = Ancestor.read(old, "sequences").weights["critic"]
    gan = SequenceGAN(steps=5).fit(data, start=old, freeze="early")
    after = gan.networks.critic.state_dict()
    same = {key for key in after if torch.equal(after[key], before[key])}
    early = ("local.embed", "local.blocks.0", "distant.layers.0.")
    # Biases of the last layers have no gradient under a relativistic loss.
    assert same - {"distant.layers.3.bias", "local.judge.bias"} == {
        key for key in after if key.startswith(early)
    }
    assert gan.card.lineage["freeze"] == "early"
    with pytest.raises(ConfigError, match="--freeze early: needs --from"):
        SequenceGAN(**SMALL).fit(data, freeze="early")


def test_the_average_stays_near_the_model_and_moves_with_the_steps(old):
    data = records(60, 20, seed=3)
    before = Ancestor.read(old, "sequences").weights["generator"]["local.unfold.weight"]

    def moved(steps, **options):
        gan = SequenceGAN(steps=steps, lr=1e-3, seed=1, validation=0.0, **options)
        gan.fit(data, start=old)
        return float((gan.networks.generator.local.unfold.weight - before).abs().mean())

    # Without a warm-up each step moves it by the share that the decay leaves.
    few, more = moved(10, ema=0.99), moved(40, ema=0.99)
    assert 0 < few < more
    assert few < 0.3 * moved(10, ema=0.0)


class Watch:
    """Keeps the lines that a training tells."""

    def __init__(self):
        self.lines = []

    def on_event(self, event, **details):
        self.lines.extend(details.get("lines", []))

    def on_step(self, step, terms):
        pass


@pytest.mark.parametrize(("distance", "near"), [(1.5, True), (2.0, True), (2.5, False)])
def test_a_model_of_other_data_is_left_as_from_scratch(distance, near, old, monkeypatch):
    """It is near where it is no worse than the worst trivial sampler of the new records."""
    watch = Watch()
    monkeypatch.setattr(ValidationMonitor, "references", {TRAINING_DATA: 1.0, "pwm": 2.0, "x": 1.1})
    monkeypatch.setattr(
        ValidationMonitor, "measure",
        lambda self, generator: CheckResult({"validation_distance": distance}, {}),
    )  # fmt: skip
    gan = SequenceGAN(steps=2, seed=1, ema=0.999)
    gan.fit(records(60, 20, seed=3), start=old, callbacks=[watch])
    (told,) = (line for line in watch.lines if line.startswith("before training"))
    assert f"validation distance is {distance:.3g} (pwm 2)" in told
    assert ("stays close to the model" in told) is near and gan.card.lineage["near"] is near
    # The average has left the model, or hardly.
    before = Ancestor.read(old, "sequences").weights["generator"]["local.unfold.weight"]
    moved = float((gan.networks.generator.local.unfold.weight - before).abs().mean())
    assert (moved < 2e-5) is near


def test_another_length_is_laid_along_the_positions(old, tmp_path):
    watch = Watch()
    gan = SequenceGAN(steps=1, lr=1e-30, judge_steps=0)
    gan.fit(records(60, 30, seed=3), start=old, callbacks=[watch])
    assert any("20 positions and these records 30" in line for line in watch.lines)
    before = Ancestor.read(old, "sequences").weights["generator"]
    after = gan.networks.generator.state_dict()
    letters, longer = (some["distant.layers.3.bias"].view(4, -1) for some in (before, after))
    torch.testing.assert_close(longer[:, 0], letters[:, 0], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(longer[:, -1], letters[:, -1], rtol=1e-4, atol=1e-6)
    # A line stays a line, and the sum of a layer that reads positions as large as it was.
    ramp = torch.arange(5.0).repeat(2, 1).flatten()
    assert laid(ramp, torch.zeros(18), 5, 9).view(2, 9)[1].tolist() == [i / 2 for i in range(9)]
    assert laid(torch.ones(1, 10), torch.zeros(1, 30), 5, 15).sum() == pytest.approx(10)


def test_labels_begin_anew(tmp_path, old):
    data = records(80, 20, seed=3)
    data.labels["kind"] = np.array(["a", "b"] * 40, object)
    gan = SequenceGAN(steps=2, condition=("kind",)).fit(data, start=old)
    assert gan.sample(4, labels=None, label=("kind=a",)).labels["kind"].tolist() == ["a"] * 4
    back = gan
    back.save(tmp_path / "labelled")
    plain = SequenceGAN(steps=2).fit(records(80, 20, seed=5), start=tmp_path / "labelled")
    assert len(plain.sample(3)) == 3


@pytest.mark.parametrize(
    ("data", "options", "told"),
    [
        (records(60, 20, PROTEIN), {}, "the model writes the letters ACGT"),
        (SequenceSet.from_strings(["ACGTACGTACGT"[: 6 + i % 7] for i in range(12)]), {},
         "kinds of lengths"),
        (records(60, 20), {"units": 64, "width": 32}, "have no counterpart"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(data, options, told, old):
    with pytest.raises(ConfigError, match=told):
        SequenceGAN(steps=2, **options).fit(data, start=old)


def test_validation_records_that_the_model_has_learned_are_told(old, tmp_path, capsys):
    again = SequenceSet.concatenate([records(120, 20), records(40, 20, seed=7)])
    write_fasta(again, tmp_path / "again.fasta")

    def said(data, start):
        main(["train", str(data), "--from", str(start), "--steps", "2", "-o",
              str(tmp_path / "new"), "--overwrite"])  # fmt: skip
        return capsys.readouterr().err

    told = said(tmp_path / "again.fasta", old)
    assert "are near copies of what" in told and "scores look too good" in told
    assert "these are the very sequences" in said(old.parent / "old.fasta", old)
    write_fasta(records(60, 20, seed=8), tmp_path / "other.fasta")
    assert f"0 of 6 validation records are near copies of what {old} has" in said(
        tmp_path / "other.fasta", old
    )
    # Records that are gone, or changed since.
    (old.parent / "old.fasta").rename(tmp_path / "moved.fasta")
    try:
        assert "whether validation records were among them is not known" in said(
            tmp_path / "other.fasta", old
        )
    finally:
        (tmp_path / "moved.fasta").rename(old.parent / "old.fasta")


def test_compare_scratch_prints_both(old, tmp_path, capsys):
    write_fasta(records(80, 20, seed=8), tmp_path / "new.fasta")
    main(["train", str(tmp_path / "new.fasta"), "--from", str(old), "--steps", "3", "--freeze",
          "early", "--compare-scratch", "-o", str(tmp_path / "new")])  # fmt: skip
    told = capsys.readouterr().err
    assert "from old: validation distance" in told and "from scratch: validation distance" in told
    assert run(["train", str(tmp_path / "new.fasta"), "--compare-scratch"]) == 2
    assert run(["train", str(tmp_path / "new.fasta"), "--resume", "--from", str(old)]) == 2
    assert "leave out --from" in capsys.readouterr().err
    assert run(["train", str(tmp_path / "new.fasta"), "--from", str(tmp_path), "--dry-run"]) == 1
    assert run(["train", str(tmp_path / "new.fasta"), "--from", "builtin:none"]) == 2
    capsys.readouterr()
    main(["train", str(tmp_path / "new.fasta"), "--from", str(old), "--dry-run"])
    assert json.loads(capsys.readouterr().out)["units"] == 8


def test_a_model_that_has_learned_nothing_starts_nothing(old, tmp_path):
    card = json.loads((old / "config.json").read_text())
    del card["training"]
    for name in ("generator", "critic", "judge"):
        (tmp_path / f"{name}.safetensors").write_bytes((old / f"{name}.safetensors").read_bytes())
    (tmp_path / "config.json").write_text(json.dumps(card))
    with (
        pytest.warns(UserWarning, match="unverified"),
        pytest.raises(CheckpointError, match="has learned nothing yet"),
    ):
        SequenceGAN(steps=1).fit(records(60, 20), start=tmp_path)
