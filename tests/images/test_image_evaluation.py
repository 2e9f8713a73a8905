import json
from dataclasses import replace

import numpy as np
import pytest

from biogan.core.errors import BioganError, ConfigError, DataError
from biogan.evaluation.report.results import BETWEEN, EXCESS, FLOOR, REAL, UNREAD
from biogan.images.dataset import ImageSet
from biogan.images.evaluate import evaluate_images

QUICK = ["copies", "near-copies", "near-excess", "auroc-pixels", "intensity-w1", "sharpness-w1"]


def squares(n: int, seed: int, channels: int = 1, depth: str = "uint8") -> ImageSet:
    """Bright squares of many sizes and places on dark noise; two classes: small and large."""
    rng = np.random.default_rng(seed)
    side = rng.integers(3, 10, n)
    pixels = rng.integers(0, 40, (n, channels, 16, 16))
    for i, (s, x, y) in enumerate(
        zip(side, rng.integers(0, 7, n), rng.integers(0, 7, n), strict=True)
    ):
        pixels[i, :, y : y + s, x : x + s] += rng.integers(100, 200)
    images = pixels.astype(depth) * (64 if depth == "uint16" else 1)
    return ImageSet.from_pixels(
        images.astype(depth), (side > 6).astype(int), ("small", "large"), source=f"squares{seed}"
    )


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BIOGAN_CACHE", str(tmp_path))


TRAIN, HELD, FRESH = squares(300, 0), squares(200, 1), squares(200, 2)


def quick(*sets, **options):
    options = {"metrics": QUICK} | options
    return evaluate_images(*sets, **options)


def test_fresh_real_images_are_indistinguishable_and_floors_are_caught():
    report = quick(TRAIN, FRESH, held_out=HELD)
    assert {r.metric.name: r.status for r in report.rows} == dict.fromkeys(QUICK, REAL)
    assert (report.n, report.kind, report.identity) == (200, "images", None)
    assert list(report["auroc-pixels"].floors) == ["noise", "pixel-gaussian", "gaussian"]
    for floor in report["auroc-pixels"].floors:
        assert report["auroc-pixels"].status_of(floor) in (FLOOR, BETWEEN)
    assert report["auroc-pixels"].best_floor == "gaussian"
    assert report["auroc-pixels"].columns["noise"].value == pytest.approx(1, abs=0.01)


def test_copies_are_caught_by_novelty_and_by_nothing_else():
    report = quick(TRAIN, TRAIN[:150], held_out=HELD)
    assert report["copies"].generated.value == 1
    assert report["copies"].status == EXCESS == report["near-excess"].status
    assert report["intensity-w1"].status == REAL
    assert report.verdict()[0].startswith(
        "Memorisation: 100 % [97.5, 100] of the generated images are nearer than 99 in 100 "
        "held-out ones to a reference image, held-out real data 1 %; 100 % [97.5, 100] pixel "
        "for pixel, held-out real data 0 %: the generator copies."
    )
    control = report["copies"].columns["copies"]
    assert control.value == 1


def test_with_the_reference_alone_it_is_split_and_copying_is_not_assessed():
    report = quick(TRAIN, FRESH)
    assert report.n == 150
    assert report.notes[1].startswith(
        "ceiling: the reference was split at random, 150 images that every set is scored against"
    )
    assert report["near-copies"].status == UNREAD
    assert report["near-copies"].generated.note == "no held-out images to compare with"
    assert report["copies"].ceiling.value is None
    assert report["intensity-w1"].status == REAL
    assert report.verdict()[0] == (
        "Memorisation: not assessable; no held-out images to compare with."
    )


def test_roles_with_training_data():
    report = quick(HELD, FRESH, TRAIN)
    assert report.n == 200
    assert report["near-copies"].status == REAL
    report = quick(HELD, FRESH, TRAIN, squares(150, 3))
    assert report.n == 150
    assert {k: len(s) for k, s in report.samples.items()} == {
        "target": 150, "source": 300, "fresh": 150, "generated": 150, "held-out": 150,
        "noise": 150, "pixel-gaussian": 150, "gaussian": 150, "copies": 150,
    }  # fmt: skip
    assert (
        report.notes[1]
        == "ceiling: held-out images scored against the reference like every other set"
    )


def test_held_out_images_among_the_training_images_do_not_excuse_a_copier():
    leaked = ImageSet.from_pixels(np.concatenate([HELD.pixels[:100], TRAIN.pixels[:100]]))
    report = quick(TRAIN, TRAIN[100:], held_out=leaked)
    assert report["copies"].ceiling.value == 0
    assert report["copies"].ceiling.n == 100
    assert any(n.startswith("100 of 200 held-out images also stand") for n in report.notes)
    assert report["near-copies"].status == EXCESS


def test_copies_as_control_are_no_copies_of_what_is_scored_against():
    report = quick(TRAIN, FRESH, held_out=squares(120, 5))
    target, copies = (set(report.samples[k].keys) for k in ("target", "copies"))
    assert not target & copies


def test_order_and_names_of_images_do_not_matter():
    rng = np.random.default_rng(3)
    mixed = [s[rng.permutation(len(s))] for s in (TRAIN, FRESH, HELD)]
    options = {"metrics": ["auroc-pixels", "near-copies", "sharpness-w1", "unique"]}
    one = evaluate_images(TRAIN, FRESH, held_out=HELD, **options)
    two = evaluate_images(mixed[0], mixed[1], held_out=mixed[2], **options)
    for row, other in zip(one.rows, two.rows, strict=True):
        assert row.generated == other.generated, row.metric.name
        assert row.ceiling == other.ceiling


def test_features_of_the_caller_and_a_plain_report():
    report = evaluate_images(
        TRAIN, FRESH, held_out=HELD, n=60,
        features=lambda images: images.unit().reshape(len(images), -1)[:, ::32],
    )  # fmt: skip
    assert report.n == 60
    assert (report["frechet"].status, report["frechet"].needed) == (UNREAD, 97)
    assert "features: as given" in report.notes
    assert "not for this data: class-jsd, class-gap (the reference has no classes)" in report.notes
    assert json.loads(report.to_json())["kind"] == "images"
    assert report.to_tsv().startswith("metric\tgroup")


@pytest.mark.parametrize(
    ("channels", "depth", "frames"), [(3, "uint8", False), (4, "uint16", True)]
)
def test_colour_frames_and_16_bits(channels, depth, frames):
    sets = [
        ImageSet.from_pixels(squares(40, s, channels, depth).pixels, frames=frames)
        for s in range(3)
    ]
    report = evaluate_images(sets[0], sets[1], held_out=sets[2])
    assert report["auroc"].generated.value is not None
    assert "features: LeNet-64 with random weights" in report.notes
    what = "4 frames" if frames else "colour"
    assert f"generated  40 images, 16 x 16, {what}" in report.to_text()
    assert report.to_html().count("<h2>") > 5


def test_progress_names_and_counts_every_set():
    seen: list[tuple[str, int, int]] = []
    evaluate_images(TRAIN, FRESH, held_out=HELD, metrics=["unique"],
                    features=lambda images: images.unit()[:, 0, 0],
                    progress=lambda *step: seen.append(step))  # fmt: skip
    names = ["generated", "held-out", "noise", "pixel-gaussian", "gaussian", "copies"]
    assert seen == [(name, i, 6) for i, name in enumerate(names)]


def test_mistakes_are_named():
    small = ImageSet.from_pixels(FRESH.pixels[:, :, :12])
    with pytest.raises(
        DataError,
        match="the generated set has images of 12 x 16 pixels and 1 channel, the reference of 16",
    ):
        quick(TRAIN, small)
    deep = ImageSet.from_pixels(FRESH.pixels.astype(np.uint16))
    with pytest.raises(DataError, match="the held-out set has images of uint16, the reference of"):
        quick(TRAIN, FRESH, held_out=deep)
    with pytest.raises(DataError, match="the generated set has no images: nothing to evaluate"):
        quick(TRAIN, FRESH[:0])
    with pytest.raises(DataError, match="the reference has only 3 images: give more, or"):
        quick(TRAIN[:3], FRESH)
    with pytest.raises(ConfigError, match="n=0: at least 1"):
        quick(TRAIN, FRESH, n=0)


@pytest.mark.parametrize("n", [1, 2, 5, 19, 21])
def test_few_images_give_plain_json_or_one_line(n):
    try:
        report = evaluate_images(TRAIN[: 4 * n], FRESH[:n], held_out=HELD[:n])
    except BioganError as error:
        assert "\n" not in str(error)
        return
    json.loads(report.to_json())
    assert report.to_text()
    assert report.to_html()


@pytest.mark.slow
def test_digits_from_0_to_4_only():
    """Half of the classes: half of the real images are covered, and all that is drawn is real."""
    from biogan.images.read import read_images

    digits = read_images("digits")
    order = np.random.default_rng(0).permutation(len(digits))
    real, fresh = digits[order[:900]], digits[order[900:]]
    assert fresh.labels is not None
    report = evaluate_images(real, fresh[fresh.labels < 5])
    assert report["coverage"].generated.value == pytest.approx(0.5, abs=0.1)
    assert report["recall"].generated.value < 0.7
    assert report["precision"].generated.value > 0.9
    failed = {name for name in ("coverage", "recall", "frechet", "class-jsd", "auroc")
              if report[name].status != REAL}  # fmt: skip
    assert failed == {"coverage", "recall", "frechet", "class-jsd", "auroc"}
    whole = evaluate_images(real, fresh)
    for name in (*failed, "precision", "class-gap"):
        assert whole[name].status == REAL, name


def test_classes_that_images_were_asked_for():
    """Small and large squares: right, swapped, and shuffled classes."""

    def asked(labels: np.ndarray) -> ImageSet:
        return ImageSet.from_pixels(FRESH.pixels, labels, ("small", "large"), source="asked")

    own = FRESH.labels
    found = {
        name: evaluate_images(TRAIN, asked(labels), held_out=HELD, metrics=["label-accuracy"])
        for name, labels in {
            "right": own, "swapped": 1 - own,
            "shuffled": np.random.default_rng(0).permutation(own),
        }.items()
    }  # fmt: skip
    row = {name: report["label-accuracy"] for name, report in found.items()}
    right = row["right"]
    assert right.generated.value > 0.9 and right.ceiling.value > 0.9
    assert list(right.floors) == ["label-gaussian", "no-label", "shuffled-labels"]
    assert "copies" not in right.columns
    assert row["swapped"].generated.value == pytest.approx(1 - right.generated.value)
    for chance in (row["shuffled"].generated, right.columns["shuffled-labels"]):
        assert chance.low < 0.5 < chance.high
    assert row["swapped"].status == row["shuffled"].status == FLOOR
    page = found["right"].to_html()
    assert "<title>class predicted against asked, generated</title>" in page
    # Without classes, or of a reference that was split, there is nothing to say.
    plain = ImageSet.from_pixels(FRESH.pixels)
    report = quick(TRAIN, plain, held_out=HELD, metrics=["label-accuracy", "intensity-w1"])
    assert [r.metric.name for r in report.rows] == ["intensity-w1"]
    alone = quick(TRAIN, asked(own), metrics=["label-accuracy"])
    assert alone.rows == []
    said = "label-accuracy: the network has learned from all images: --held-out"
    assert said in alone.notes and "No metric could be read." in alone.to_text()


def test_numbers_that_images_were_asked_for():
    """The brightness of an image: as asked, at random, and one that nothing tells."""

    def told(images: ImageSet, values: np.ndarray) -> ImageSet:
        column = np.array([f"{value:.3f}" for value in values], object)
        return replace(ImageSet.from_pixels(images.pixels), columns={"light": column})

    light = {s.source: s.unit().mean((1, 2, 3)) for s in (TRAIN, HELD, FRESH)}
    real = [told(s, light[s.source]) for s in (TRAIN, HELD)]
    random = np.random.default_rng(0)
    row = {
        name: evaluate_images(real[0], told(FRESH, values), held_out=real[1], metrics=["label-r"])
        ["label-r"]
        for name, values in {
            "right": light["squares2"], "random": random.permutation(light["squares2"])
        }.items()
    }  # fmt: skip
    right = row["right"]
    assert right.generated.value > 0.9 and right.ceiling.value > 0.9 and right.status == REAL
    assert right.generated.note.startswith("label light; ridge regression on the features of 300")
    assert list(right.floors) == ["label-gaussian", "no-label", "shuffled-labels"]
    assert right.columns["label-gaussian"].value > 0.5
    for chance in (row["random"].generated, right.columns["shuffled-labels"]):
        assert abs(chance.value) < 0.3
    nothing = [told(s, random.permutation(light[s.source])) for s in (TRAIN, HELD, FRESH)]
    report = evaluate_images(nothing[0], nothing[2], held_out=nothing[1], metrics=["label-r"])
    assert "not even real records follow it" in report["label-r"].generated.note
    alone = evaluate_images(real[0], told(FRESH, light["squares2"]), metrics=["label-r"])
    assert alone.rows == [] and "--held-out" in "".join(alone.notes)
    without = evaluate_images(real[0], FRESH, held_out=real[1], metrics=["label-r"])
    assert "no label with a number that real and generated images share" in "".join(without.notes)


def test_classes_that_cannot_be_told_are_not_assessed():
    random = np.random.default_rng(0)
    sets = [
        ImageSet.from_pixels(s.pixels, random.permutation(np.arange(len(s)) % 2), ("a", "b"))
        for s in (TRAIN, HELD, FRESH)
    ]
    report = evaluate_images(sets[0], sets[2], held_out=sets[1], metrics=["label-accuracy"])
    assert report["label-accuracy"].generated.value is None
    assert "not even real records follow it" in report["label-accuracy"].generated.note
