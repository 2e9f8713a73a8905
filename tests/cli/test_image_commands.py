"""Commands on images as a person types them, also by their earlier name ``biogan image``."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from biogan.cli import main, run
from biogan.images import modality as images
from biogan.images.config import ImageReadingConfig
from biogan.images.modality import ImageModality
from biogan.images.read import read_images
from biogan.training import presets

SMALL = ["--width", "4", "--latent", "4", "--batch-size", "8", "--steps", "4", "--check-every", "2"]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIOGAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Two classes of 16 x 16 PNGs."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for name, value in (("dark", 40), ("light", 200)):
        (folder / name).mkdir()
        for i in range(40):
            pixels = rng.integers(value - 30, value + 30, (16, 16)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return str(folder)


@pytest.fixture(scope="module")
def model(pictures, tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "run"
    main(["image", "train", "--data", pictures, "-o", str(out), "--conditional", *SMALL])
    return str(out)


def fails(capsys, code, *argv):
    """Run, expect this exit code and one line on standard error; return it."""
    assert run(["image", *map(str, argv)]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    last = captured.err.strip().splitlines()[-1]
    assert last.startswith("biogan: ") and "Traceback" not in captured.err
    return last


def test_train_says_what_it_does_and_writes_a_model(pictures, tmp_path, capsys):
    main(["image", "train", "--data", pictures, "-o", str(tmp_path / "run"), *SMALL])
    captured = capsys.readouterr()
    assert captured.out == ""
    for text in (
        "80 images: 16 x 16, grey, 8 bit, 2 classes", "for the preset wgan-gp",
        "80 images to train on, none for validation", "4 steps in", "training.webp",
        "next: biogan sample",
    ):  # fmt: skip
        assert text in captured.err
    card = json.loads((tmp_path / "run" / "config.json").read_text())
    assert card["kind"] == "image-gan" and card["data"]["input"]["data"] == pictures
    page = (tmp_path / "run" / "report.html").read_text()
    assert 'src="data:image/png;base64,' in page and "80 images to train on" in page


def test_dry_run_prints_the_resolved_options_only(pictures, tmp_path, capsys):
    out = tmp_path / "run"
    main(["image", "train", "--data", pictures, "-o", str(out), "--preset", "classic", "--dry-run"])
    resolved = json.loads(capsys.readouterr().out)
    assert (resolved["loss"], resolved["lr"], resolved["max_time"]) == ("standard", 1e-4, "10m")
    assert not out.exists()


def test_a_run_goes_on_with_what_it_began_with(pictures, tmp_path, capsys):
    out = str(tmp_path)
    main(["image", "train", "--data", pictures, "-o", out, "--lr", "0.002", *SMALL])
    main(["image", "train", "--data", pictures, "-o", out, "--resume", "--steps", "6"])
    card = json.loads((tmp_path / "config.json").read_text())
    assert (card["training"]["steps"], card["config"]["lr"]) == (6, 0.002)
    capsys.readouterr()
    (tmp_path / "training.webp").unlink()
    assert run(["image", "train", "--data", pictures, "-o", out, "--resume"]) == 0
    assert "this run has finished (6 steps" in capsys.readouterr().err
    assert (tmp_path / "training.webp").exists()
    other = fails(capsys, 2, "train", "--data", pictures, "-o", out, "--resume", "--width", "8")
    assert "--width was 4, now 8" in other


def test_samples_are_what_their_name_says(model, tmp_path, capsys):
    names = {"npz": tmp_path / "new.npz", "grid": tmp_path / "new.png", "folder": tmp_path / "new"}
    for out in names.values():
        main(["image", "sample", model, "-n", "6", "--seed", "2", "-o", str(out)])
    one = read_images(names["npz"])
    assert len(one) == 6 and one.classes == ("dark", "light")
    assert np.array_equal(read_images(names["folder"]).pixels, one.pixels)
    with Image.open(names["grid"]) as grid:
        assert grid.size[0] > 32
    main(["image", "sample", model, "-n", "5", "--label", "light", "-o", str(tmp_path / "l.npz")])
    assert set(read_images(tmp_path / "l.npz").labels) == {1}
    assert "5 images" in capsys.readouterr().err


def test_a_model_is_never_overwritten_by_its_samples(model, tmp_path, capsys):
    assert "would overwrite" in fails(
        capsys, 1, "sample", model, "-o", f"{model}/samples.png"
    )  # fmt: skip
    assert "is the model folder" in fails(capsys, 1, "sample", model, "-o", model)
    (tmp_path / "mine.txt").write_text("work")
    assert "--overwrite" in fails(capsys, 1, "sample", model, "-o", tmp_path)


def test_interpolation_is_a_row_a_pair(model, tmp_path, capsys):
    out = tmp_path / "between.png"
    main(["image", "interpolate", model, "--pairs", "2", "--steps", "5", "-o", str(out)])
    assert f"{out}: 2 rows of 5 images" in capsys.readouterr().err
    with Image.open(out) as picture:
        assert picture.size[0] > 2 * picture.size[1]
    main(["image", "interpolate", model, "--pairs", "2", "--steps", "5",
          "-o", str(tmp_path / "b.npz")])  # fmt: skip
    assert len(read_images(tmp_path / "b.npz")) == 10


def test_structures_have_no_pixels_to_size_and_a_row_a_pair_too(tmp_path, capsys):
    walks = np.random.default_rng(0).normal(size=(40, 16, 3))
    walks *= 3.8 / np.linalg.norm(walks, axis=2, keepdims=True)
    data, run = str(tmp_path / "walks.npz"), str(tmp_path / "run")
    np.savez(data, xyz=walks.cumsum(1).reshape(-1, 3), offsets=np.arange(41) * 16)
    wrong = fails(capsys, 2, "train", "--data", data, "-o", run, "--size", "32")
    assert "--size: is an option of images, and these are structures" in wrong
    main(["image", "train", "--data", data, "--residues", "16", "-o", run, "--steps", "1",
          "--width", "2", "--latent", "2", "--batch-size", "4"])  # fmt: skip
    assert "training.webp" not in capsys.readouterr().err  # of one check
    out = str(tmp_path / "between.png")
    main(["image", "interpolate", run, "--pairs", "9", "--steps", "8", "-o", out])
    assert f"{out}: 9 rows of 8 fragments" in capsys.readouterr().err
    with Image.open(out) as picture:
        assert picture.size == (8 * 99 - 3, 9 * 99 - 3)


def test_info_and_report_read_the_model_aloud(model, tmp_path, capsys):
    main(["info", model])
    told = capsys.readouterr().out
    assert "16 x 16, grey, 8 bit, 2 classes" in told and "labels     class (2 classes" in told
    assert "preset wgan-gp" in told
    main(["report", model, "-o", str(tmp_path / "page.html")])
    assert (tmp_path / "page.html").is_file()


def test_images_are_not_written_to_standard_output(model, capsys):
    assert run(["sample", model]) == 2
    assert "-o: images cannot be written to standard output" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["train"], "Missing argument 'DATA'"),
        (["train", "--data", "mnits"], "did you mean 'mnist'"),
        (["train", "--data", "digits", "--resume", "--overwrite"], "exclude each other"),
        (["train", "--data", "digits", "--augment", "turn"], "--augment turn: 'turn'"),
        (["train", "--data", "digits", "--size", "30"], "--size 30"),
        (
            ["train", "--data", "digits", "--residues", "16"],
            "--residues: is an option of structures, and these are images; leave it out",
        ),
        (
            ["train", "--data", "digits", "--validation", "0", "--patience", "3"],
            "--patience 3: counts checks on validation records, and --validation 0 keeps none",
        ),
        (["sample", "nowhere", "-o", "x.npz"], "nowhere: no such model folder"),
        (["paint"], "No such command 'paint'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(capsys, tmp_path, monkeypatch, argv, message):
    monkeypatch.chdir(tmp_path)
    code = 1 if argv[-1] in ("mnits", "x.npz") else 2
    assert message in fails(capsys, code, *argv)
    assert not list(tmp_path.iterdir())


def test_a_model_is_judged_from_any_folder(pictures, tmp_path, monkeypatch, capsys):
    here, there = tmp_path / "here", tmp_path / "there"
    there.mkdir()
    shutil.copytree(pictures, here / "mine")
    rows = [
        f"{path.relative_to(here / 'mine').with_suffix('')}\tseen\n" for path in here.rglob("*.png")
    ]
    (here / "labels.tsv").write_text("id\tclass\n" + "".join(rows))
    monkeypatch.chdir(here)
    main(["image", "train", "--data", "mine", "--labels", "labels.tsv", "-o", "run", *SMALL])
    card = json.loads(Path("run", "config.json").read_text())
    assert card["data"]["input"]["data"] == str(here / "mine")
    assert card["data"]["input"]["labels"] == str(here / "labels.tsv")
    assert card["data"]["source"] == "mine"
    monkeypatch.chdir(there)
    report = main(["image", "evaluate", "../here/run", "-n", "40", "--metric", "intensity-w1"])
    assert report.n == 40
    data, known = (
        ImageModality.lasting("digits", ImageReadingConfig()),
        ImageReadingConfig().to_dict(),
    )
    assert data == {**known, "data": "digits"}


def test_options_are_resolved_once(pictures, tmp_path, monkeypatch, capsys):
    calls = []
    for module in (images, presets):

        def counted(*args, real=presets.resolve):
            calls.append(args)
            return real(*args)

        monkeypatch.setattr(module, "resolve", counted)
    main(["image", "train", "--data", pictures, "-o", str(tmp_path / "run"), *SMALL])
    assert len(calls) == 1
    assert capsys.readouterr().err.count("80 images: 16 x 16") == 1


def test_a_wrong_augmentation_is_refused_before_features_are_learned(pictures, tmp_path, capsys):
    where = ["--data", pictures, "-o", tmp_path / "run", *SMALL]
    assert run(["image", "-q", "train", *map(str, where), "--augment", "turn"]) == 2
    assert run(["train", pictures, *map(str, where[2:]), "--augment", "turn"]) == 2
    told = capsys.readouterr().err
    assert told.count("--augment turn: 'turn'") == 2 and "learning the features" not in told


def test_sample_that_has_no_kind_option_does_not_recommend_it(model, tmp_path, capsys):
    told = fails(capsys, 2, "sample", model, "--temperature", "2", "-o", tmp_path / "x.npz")
    assert told.endswith("and these are images; leave it out")


def test_names_that_are_no_utf8(pictures, tmp_path, capsys):
    data = tmp_path / "caf\udce9"
    shutil.copytree(Path(pictures) / "dark", data / "dunkel\udcff")
    shutil.copytree(Path(pictures) / "light", data / "light")
    run_folder = str(tmp_path / "run\udce9")
    small = [*SMALL, "--conditional"]
    assert run(["train", str(data), "-o", run_folder, *small]) == 0
    assert run(["sample", run_folder, "-n", "3", "-o", str(tmp_path / "new\udce9")]) == 0
    assert run(["info", run_folder]) == 0
    new = tmp_path / "new\udce9.npz"
    sample = ["sample", run_folder, "-n", "3", "--label", "dunkel\udcff", "-o", str(new)]
    assert run(sample) == 0
    assert set(read_images(new).labels.tolist()) == {0}
    capsys.readouterr()
    assert run(["info", str(data)]) == 1
    assert "caf\\udce9: " in capsys.readouterr().err
