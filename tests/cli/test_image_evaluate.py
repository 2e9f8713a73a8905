import json

import numpy as np
import pytest

from biogan.cli import main, run
from biogan.core.errors import UnassessedError
from biogan.images.dataset import ImageSet
from biogan.images.write import write_images


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BIOGAN_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def files(tmp_path):
    """Write three sets of 60 images: real, new and held."""
    paths = {}
    for seed, name in enumerate(("real", "new", "held")):
        pixels = np.random.default_rng(seed).integers(0, 256, (60, 1, 16, 16)).astype(np.uint8)
        paths[name] = str(tmp_path / f"{name}.npz")
        list(write_images(ImageSet.from_pixels(pixels), paths[name]))
    return paths


QUICK = ["--metric", "intensity-w1", "--metric", "copies"]


def evaluate(files, *options, new="new"):
    return main(["image", "evaluate", files[new], "--reference", files["real"], *QUICK, *options])


def test_table_and_files(files, tmp_path, capsys):
    report = evaluate(files, "--held-out", files["held"], "-o", str(tmp_path / "out"))
    said = capsys.readouterr()
    assert report.kind == "images"
    assert report.n == 60
    assert said.out.startswith("biogan ")
    assert "generated  60 images, 16 x 16, grey" in said.out
    assert "Verdict" in said.out
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "report.html", "metrics.json", "metrics.tsv", "verdict.txt", "nearest.tsv",
        "biogan_mqc.json",
    }  # fmt: skip
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["kind"] == "images"


def test_json_on_standard_output(files, capsys):
    evaluate(files, "--held-out", files["held"], "--json")
    data = json.loads(capsys.readouterr().out)
    assert [m["name"] for m in data["metrics"]] == ["intensity-w1", "copies"]
    assert data["sets"]["generated"]["source"].endswith("new.npz")


def test_a_copier_fails_where_it_is_asked_to(files, capsys):
    options = ["--held-out", files["held"], "--fail-on", "memorisation"]
    assert run(["image", "evaluate", files["real"], "--reference", files["real"], *QUICK,
                *options]) == 1  # fmt: skip
    assert "biogan: --fail-on: exact copies (more than held-out)" in capsys.readouterr().err
    with pytest.raises(UnassessedError, match=r"novelty \(about 97 images are needed\)"):
        evaluate(files, *options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--fail-on", "k-mers"], "--fail-on: no group 'k-mers'; groups: novelty, discrimin"),
        (["--metric", "fid"], "unknown metric 'fid': did you mean 'kid'"),
        (["--held-out", "nowhere.npz"], "nowhere.npz: cannot be read: No such file"),
    ],
)
def test_mistakes_are_one_line(files, options, message, capsys):
    code = run(["image", "evaluate", files["new"], "--reference", files["real"], *options])
    error = capsys.readouterr().err.strip()
    assert code in (1, 2)
    assert message in error.splitlines()[-1]


def test_a_reference_is_needed_and_a_full_folder_is_kept(files, tmp_path, capsys):
    assert run(["image", "evaluate", files["new"]]) == 2
    assert "Missing option '--reference'" in capsys.readouterr().err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").write_text("mine")
    assert run(["image", "evaluate", files["new"], "--reference", files["real"], "-o",
                str(tmp_path / "full")]) == 1  # fmt: skip
    assert "is not empty; use --overwrite" in capsys.readouterr().err


def test_a_model_is_judged_by_what_it_kept_apart(files, tmp_path, capsys):
    folder, data = str(tmp_path / "run"), str(tmp_path / "many.npz")
    pixels = np.random.default_rng(4).integers(0, 256, (250, 16, 16), np.uint8)
    write_images(ImageSet.from_pixels(pixels), data)
    main(["image", "train", "--data", data, "-o", folder, "--steps", "2", "--width", "4",
          "--latent", "4", "--batch-size", "8", "--validation", "0.4", "--seed", "3"])  # fmt: skip
    report = main(["image", "evaluate", folder, *QUICK, "--json"])
    assert "150 images were learned from, 100 kept apart" in capsys.readouterr().err
    assert {k: v["records"] for k, v in report.sets.items()} == {
        "generated": 150, "reference": 150, "held-out": 100,
    }  # fmt: skip
    assert report.sets["generated"]["source"] == folder
