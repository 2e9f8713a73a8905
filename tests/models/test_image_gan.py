import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers import unverified
from PIL import Image

from biogan import ImageGAN, ImageSet
from biogan.core.errors import CheckpointError, ConfigError, DataError, Interrupted
from biogan.core.pictures import FILM, PICTURE, PREVIEWS
from biogan.images.modality import ImageModality
from biogan.structures.dataset import FragmentSet
from biogan.training.config import ImageGANConfig

SMALL = {"width": 4, "latent": 4, "batch_size": 8, "seed": 3, "check_every": 2}


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("BIOGAN_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


CPU = torch.device("cpu")


def blobs(n=60, size=16, dtype=np.uint8, labels=False, channels=1):
    """A bright square, on the left in class 0 and on the right in class 1."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 60, (n, channels, size, size))
    side = np.arange(n) % 2
    for image, right in zip(pixels, side, strict=True):
        image[:, 4:12, 8 * right : 8 * right + 8] += 150
    classes = ("left", "right") if labels else ()
    return ImageSet.from_pixels(pixels.astype(dtype), side if labels else None, classes)


def weights(gan):
    return [p for net in gan.networks for p in net.state_dict().values()]


def test_a_seed_gives_the_same_images_and_fewer_are_the_first_of_more():
    gan = ImageGAN(steps=2, **SMALL).fit(blobs())
    many = gan.sample(130, seed=5)
    assert len(many) == 130 and many.ids[129] == "gan5_130"
    assert np.array_equal(gan.sample(3, seed=5).pixels, many.pixels[:3])
    assert not np.array_equal(gan.sample(3, seed=6).pixels, many.pixels[:3])


@pytest.mark.parametrize(
    "options", [{}, {"preset": "classic", "width": 4}, {"preset": "wgan-gp"}, {"augment": "cells"}]
)
def test_five_steps_and_five_more_are_ten(tmp_path, options):
    # Dropout and augmentation draw too: from the step, not from what came before.
    settings = {**SMALL, **options}
    whole = ImageGAN(steps=10, decay_start=1.0, **settings).fit(blobs())
    ImageGAN(steps=4, decay_start=1.0, **settings).fit(blobs(), out=tmp_path)
    torch.rand(7)  # whatever the caller does with the global stream
    again = ImageGAN(steps=10, decay_start=1.0, **settings).fit(blobs(), out=tmp_path, resume=True)
    for mine, theirs in zip(weights(whole), weights(again), strict=True):
        assert torch.equal(mine, theirs)


def test_samples_are_compared_with_validation_images_where_there_are_enough(tmp_path):
    gan = ImageGAN(steps=4, validation=0.5, **SMALL).fit(blobs(220), out=tmp_path)
    assert (gan.card["data"]["train"], gan.card["data"]["validation"]) == (110, 110)
    done = gan.card["training"]
    assert done["references"]["training data"] == 1 and done["validation_distance"] > 1
    assert set(done["references"]) == {"training data", "gaussian", "pixel-gaussian"}
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    checks = [row for row in rows if row.get("event") == "check"]
    assert [row["step"] for row in checks] == [2, 4]
    assert done["validation_distance"] == min(
        row["scores"]["validation_distance"] for row in checks
    )


def test_a_small_set_is_used_whole_and_its_last_generator_kept():
    card = ImageGAN(steps=4, validation=0.5, **SMALL).fit(blobs(199)).card
    assert (card["data"]["train"], card["data"]["validation"]) == (199, 0)
    assert "none for validation (100 or more are kept, or none)" in card["data"]["split"][0]
    assert (card["training"]["kept_step"], card["training"]["validation_distance"]) == (4, None)


def test_training_leaves_the_global_random_numbers_alone():
    before = torch.random.get_rng_state()
    ImageGAN(steps=2, preset="classic", **SMALL).fit(blobs())
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_model_is_a_folder_and_comes_back(tmp_path):
    gan = ImageGAN(steps=4, **SMALL).fit(blobs(), out=tmp_path / "run")
    names = {p.name for p in (tmp_path / "run").iterdir()}
    assert {"config.json", "generator.safetensors", "critic.safetensors", "state.pt", "log.jsonl",
            PICTURE, PREVIEWS, FILM} <= names  # fmt: skip
    with Image.open(tmp_path / "run" / FILM) as film:
        assert film.n_frames == 2
    gan.save(tmp_path / "copy")
    for folder in ("run", "copy"):
        loaded = ImageGAN.load(tmp_path / folder)
        assert np.array_equal(loaded.sample(5, 1).pixels, gan.sample(5, 1).pixels)
        assert loaded.score(blobs()).tolist() == gan.score(blobs()).tolist()


def test_a_model_that_learned_from_augmented_images_comes_back(tmp_path):
    gan = ImageGAN(steps=2, augment="cells", **SMALL).fit(blobs(), out=tmp_path / "run")
    back = ImageGAN.load(tmp_path / "run")
    assert np.array_equal(back.sample(3, seed=2).pixels, gan.sample(3, seed=2).pixels)
    # What is judged is not augmented: twice the same.
    assert np.array_equal(back.score(blobs(4)), gan.score(blobs(4)))


def test_classes_are_learned_and_can_be_asked_for():
    gan = ImageGAN(steps=150, conditional=True, lr=2e-3, **SMALL | {"check_every": 50})
    gan.fit(blobs(200, labels=True))
    right = gan.sample(40, seed=1, label="right")
    assert set(right.labels) == {1} and right.classes == ("left", "right")
    left = gan.sample(40, seed=1, label="left")

    def lean(images):
        return images.pixels[..., 8:].mean() - images.pixels[..., :8].mean()

    assert lean(right) > 60 and lean(left) < -60
    mixed = gan.sample(400, seed=2)
    assert np.bincount(mixed.labels) / 400 == pytest.approx([0.5, 0.5], abs=0.1)


def test_what_cannot_be_asked_for_is_said():
    gan = ImageGAN(steps=1, **SMALL).fit(blobs())
    with pytest.raises(ConfigError, match="--label left: write NAME=VALUE"):
        gan.sample(1, label="left")
    with pytest.raises(ConfigError, match="-n 0: a whole number is needed, at least 1 image"):
        gan.sample(0)
    with pytest.raises(ConfigError, match="not fitted"):
        ImageGAN().sample(1)
    labelled = ImageGAN(steps=1, conditional=True, **SMALL).fit(blobs(labels=True))
    with pytest.raises(ConfigError, match="unknown value 'rigt': did you mean 'right'"):
        labelled.sample(1, label="rigt")
    with pytest.raises(DataError, match="needs the label class of images"):
        labelled.score(blobs())
    with pytest.raises(DataError, match=r"images of \(1, 28, 28\), this model knows \(1, 16, 16\)"):
        gan.score(blobs(size=28))


def test_what_cannot_be_learned_is_said():
    for records, message in (
        (blobs(0), "no images to learn from"),
        (blobs(1), "1 image is too few to learn from"),
        (ImageSet.from_pixels(np.full((9, 16, 16), 7, np.uint8)), "every pixel has the value 7"),
        ("mnist", "fit needs an ImageSet or a FragmentSet, not str"),
    ):
        with pytest.raises(DataError, match=message):
            ImageGAN(steps=1, **SMALL).fit(records)
    with pytest.raises(ConfigError, match="--conditional: images has no labels"):
        ImageGAN(steps=1, conditional=True, **SMALL).fit(blobs())
    with pytest.raises(ConfigError, match="--architecture chain: writes coordinates"):
        ImageGAN(steps=1, architecture="chain", **SMALL).fit(blobs())


def sized(n=120, dtype=np.uint8):
    """A bright square whose side is a number, on the side of its class; tags are several."""
    rng = np.random.default_rng(1)
    images, side = blobs(n, dtype=dtype, labels=True), np.arange(n) % 2
    size = rng.integers(2, 8, n) + rng.random(n).round(2)
    images.pixels[:] = 20
    for image, right, length in zip(images.pixels, side, size, strict=True):
        image[:, 4 : 4 + int(length), 8 * right : 8 * right + int(length)] = 220
    columns = {
        "size": np.array([f"{x:.2f}" for x in size], object),
        "tags": np.array([("a;b", "a", "b")[i % 3] for i in range(n)], object),
    }
    return replace(images, columns=columns)


def test_numbers_and_several_labels_of_images_are_learned_and_asked_for(tmp_path):
    images = sized(400)
    gan = ImageGAN(steps=150, condition=["size", "tags", "class"], lr=2e-3, **SMALL)
    gan.fit(images, out=tmp_path / "run")
    assert [part.kind for part in gan.conditions] == ["class", "number", "multi"]
    assert gan.conditions.whole
    bright = [
        gan.sample(60, seed=1, label=["class=left", f"size={size}"]).pixels.mean()
        for size in (2.5, 7.5)
    ]
    assert bright[1] > bright[0] + 5
    some = gan.sample(4, seed=1, label={"class": "right", "size": "3:5", "tags": "a,b"})
    assert set(some.texts["class"]) == {"right"} and set(some.labels) == {1}
    assert all(3 <= float(x) <= 5 for x in some.texts["size"])
    assert set(some.texts["tags"]) == {"a;b"}
    back = ImageGAN.load(tmp_path / "run")
    assert np.array_equal(back.sample(4, seed=1, label="right").pixels,
                          gan.sample(4, seed=1, label="class=right").pixels)  # fmt: skip
    assert np.array_equal(back.sample(4, seed=2).pixels, gan.sample(4, seed=2).pixels)
    table = tmp_path / "wanted.tsv"
    table.write_text("id\tclass\tsize\nx\tleft\t4\ny\tright\t\n")
    asked = gan.sample(2, labels=str(table))
    assert asked.texts["class"].tolist() == ["left", "right"]
    assert asked.texts["wanted"].tolist() == ["x", "y"]
    walk = gan.interpolate(2, 3, label="size=2:6").texts["size"]
    assert np.round(walk.astype(float)).tolist() == [2, 4, 6, 2, 4, 6]


def test_an_image_without_a_label_is_learned_as_one():
    images = sized(dtype=np.uint16)
    images.columns["size"][:20] = ""
    gan = ImageGAN(steps=2, condition="size", **SMALL).fit(images)
    assert not gan.conditions.whole and gan.conditions["size"].missing == 20
    assert gan.sample(200, seed=3).texts["size"].tolist().count("") < 60
    assert set(gan.sample(5, label="size=").texts["size"]) == {""}
    assert gan.score(images[:3]).shape == (3,)


def test_a_label_that_every_image_has_is_never_unknown():
    gan = ImageGAN(steps=2, condition="size", **SMALL).fit(sized())
    with pytest.raises(ConfigError, match="--label size=: every training record has this label"):
        gan.sample(1, label="size=")
    with pytest.raises(ConfigError, match="unknown label 'sise': did you mean 'size'"):
        gan.sample(1, label="sise=3")
    with pytest.raises(DataError, match="needs the label size of images"):
        gan.score(blobs(3))


def test_labels_that_are_found_and_not_learned_are_named():
    _, _, _, lines = ImageModality.plan(sized(), ImageGANConfig(condition="size", steps=1))
    assert "labels to learn: size (numbers from 2" in "\n".join(lines)
    assert "labels found and not used: class (2 classes), tags (2 labels" in "\n".join(lines)


def test_sixteen_bits_keep_the_range_of_the_data():
    images = ImageSet.from_pixels((blobs().pixels.astype(np.uint16) * 16) + 100)
    modality = ImageModality.of(images, ImageGANConfig(conditional=False))
    low, high = int(images.pixels.min()), int(images.pixels.max())
    assert (modality.low, modality.high) == (low, high)
    seen = modality.encoder(CPU)(modality.stored(images))
    assert (seen.min().item(), seen.max().item()) == pytest.approx((-1, 1), abs=1e-6)
    assert np.array_equal(modality.decode(seen.numpy(), "x", 0).pixels, images.pixels)
    assert ImageGAN(steps=1, **SMALL).fit(images).sample(2).pixels.dtype == np.uint16


def test_colour_and_frames_are_channels():
    colour = ImageGAN(steps=1, **SMALL).fit(blobs(channels=3)).sample(2)
    assert colour.shape == (3, 16, 16) and not colour.frames
    cells = ImageSet.from_pixels(blobs(channels=4).pixels, frames=True)
    assert ImageGAN(steps=1, **SMALL).fit(cells).sample(2).frames


def test_equal_images_stay_on_one_side_of_the_split():
    once = blobs(40)
    twice = once[np.repeat(np.arange(40), 2)]
    train, held_out = ImageModality.of(twice, ImageGANConfig(conditional=False)).apart(
        twice, 0.25, seed=1
    )
    assert len(train) == 60 and len(held_out) == 20
    train_rows = {row.tobytes() for row in train.pixels}
    assert not train_rows & {row.tobytes() for row in held_out.pixels}


def test_between_two_images_the_ends_are_as_far_from_zero():
    gan = ImageGAN(steps=1, **SMALL).fit(blobs())
    found = gan.interpolate(pairs=2, steps=5, seed=4)
    assert len(found) == 10
    again = gan.interpolate(pairs=2, steps=3, seed=4)
    assert np.array_equal(found.pixels[[0, 4, 5, 9]], again.pixels[[0, 2, 3, 5]])
    with pytest.raises(ConfigError, match="at least 1 pair and 2 steps"):
        gan.interpolate(steps=1)


def test_a_run_that_is_another_is_not_resumed(tmp_path):
    ImageGAN(steps=2, **SMALL).fit(blobs(), out=tmp_path)
    with pytest.raises(ConfigError, match="--lr was 0.001, now 0.5; the data are others"):
        ImageGAN(steps=9, lr=0.5, **SMALL).fit(blobs(50), out=tmp_path, resume=True)


def test_a_damaged_folder_is_named(tmp_path):
    ImageGAN(steps=2, **SMALL).fit(blobs(), out=tmp_path)
    card = json.loads((unverified(tmp_path) / "config.json").read_text())
    card["layout"]["kind"] = "sounds"
    (tmp_path / "config.json").write_text(json.dumps(card))
    said = "config.json: damaged: layout of kind 'sounds', known are images and structures"
    with pytest.raises(CheckpointError, match=said):
        ImageGAN.load(tmp_path)


def test_overwriting_takes_the_old_previews_away(tmp_path):
    ImageGAN(steps=4, **SMALL).fit(blobs(), out=tmp_path)
    ImageGAN(steps=2, **SMALL).fit(blobs(), out=tmp_path, overwrite=True)
    assert [p.name for p in (tmp_path / PREVIEWS).iterdir()] == ["00000002.png"]
    assert not (tmp_path / FILM).exists()


class Stop:
    """Presses Ctrl-C in the third step."""

    def on_step(self, step, terms):
        if step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    def on_event(self, event, **details):
        pass


def test_a_model_that_was_interrupted_can_be_used(tmp_path):
    gan = ImageGAN(steps=50, **SMALL)
    with pytest.raises(Interrupted, match="state saved at step 3, --resume goes on"):
        gan.fit(blobs(), out=tmp_path, callbacks=[Stop()])
    assert len(gan.sample(2)) == 2


def helices(n=60, residues=16):
    turns = np.deg2rad(100) * np.arange(residues)
    helix = np.stack([2.3 * np.cos(turns), 2.3 * np.sin(turns), 1.5 * np.arange(residues)], 1)
    noise = np.random.default_rng(0).normal(0, 0.1, (n, residues, 3))
    ids = tuple(f"c{i}" for i in range(n))
    return FragmentSet((helix + noise).astype(np.float32), ids, np.arange(n) // 3)


@pytest.mark.parametrize("architecture", ["chain", "dcgan"])
def test_fragments_are_learned_by_the_same_class(tmp_path, architecture):
    options = {**SMALL, "architecture": architecture}
    gan = ImageGAN(steps=3, **options).fit(helices(), out=tmp_path)
    found = gan.sample(3, seed=1)
    assert isinstance(found, FragmentSet) and found.xyz.shape == (3, 16, 3)
    loaded = ImageGAN.load(tmp_path).sample(3, seed=1)
    assert loaded.xyz == pytest.approx(found.xyz, abs=1e-4)
    assert gan.score(helices()).shape == (60,)
    with pytest.raises(DataError, match="fragments of 32 residues, this model knows 16"):
        gan.score(helices(residues=32))
    with pytest.raises(DataError, match="not ImageSet"):
        gan.score(blobs())


def test_fragments_have_no_classes_and_no_augmentation():
    for options in ({"conditional": True}, {"augment": "flip"}):
        with pytest.raises(ConfigError, match=f"--{next(iter(options))}"):
            ImageGAN(steps=1, **SMALL, **options).fit(helices())
