"""One command line for all kinds of data: which options a command has, and whose they are."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from biogan import ImageSet, SequenceSet, write_fasta, write_images
from biogan.cli import main, run
from biogan.cli.options import OPTIONS, options_of
from biogan.models.registry import KINDS, get_kind, kind_of_data
from biogan.training.modality import few_records

SMALL = ["--latent", "4", "--batch-size", "4", "--steps", "2", "--seed", "1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    texts = ["".join(random.choice(list("ACGT"), 12)) for _ in range(80)]
    write_fasta(SequenceSet.from_strings(texts), folder / "reads.fa.gz")
    pixels = random.integers(0, 256, (120, 16, 16), np.uint8)
    write_images(ImageSet.from_pixels(pixels), folder / "images.npz")
    steps = random.normal(size=(3, 16, 3))
    np.savez(folder / "chains.npz", xyz=steps.cumsum(1).reshape(-1, 3), offsets=np.arange(4) * 16)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_that_spares_help_from_torch_is_that_of_the_modalities(kind):
    assert set(OPTIONS) == set(KINDS)
    for part in ("reading", "config", "sampling", "scoring", "writing"):
        assert options_of(kind, part) is getattr(get_kind(kind), part)


def test_the_kind_is_found_in_the_data(data):
    names = {"reads.fa.gz": "sequences", "images.npz": "images", "chains.npz": "structures"}
    for name, kind in names.items():
        assert kind_of_data(str(data / name)).name == kind
    assert kind_of_data("-").name == "sequences"
    assert kind_of_data("mnist").name == "images"
    assert kind_of_data(str(data)).name == "images"


def test_one_way_for_sequences_and_images(data, tmp_path, capsys):
    for name, new in (("reads.fa.gz", "new.fa"), ("images.npz", "new.npz")):
        folder, out = str(tmp_path / name), str(tmp_path / new)
        main(["train", str(data / name), "-o", folder, *SMALL])
        assert main(["sample", folder, "-n", "30", "--seed", "7", "-o", out]) == 30
        metric = "copies"
        report = main(["evaluate", out, "--reference", str(data / name), "--metric", metric])
        assert report[metric].generated.value is not None
        whole = main(["evaluate", folder, "-n", "20", "--metric", metric])
        assert whole.n <= 20
        main(["info", folder])
        assert "validation" in capsys.readouterr().out
        between = str(tmp_path / f"between-{new}")
        assert (
            len(main(["interpolate", folder, "--pairs", "2", "--steps", "3", "-o", between])) == 6
        )


def test_help_shows_the_options_of_the_kind_that_is_asked_for(capsys):
    main(["train", "--help"])
    assert "--alphabet" in capsys.readouterr().out
    main(["train", "--kind", "images", "--help"])
    told = capsys.readouterr().out
    assert "--crop" in told and "--alphabet" not in told


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["train", "reads.fa.gz", "--crop", "tiles"], "--crop: is an option of images, and these"),
        (["train", "images.npz", "--window", "9"], "--window: is an option of sequences, and"),
        (["train", "images.npz", "--store"], "--store: images are always read into memory"),
        (["train", "images.npz", "--kind", "pictures"], "'pictures' is not one of"),
    ],
)
def test_an_option_of_another_kind_is_refused(data, tmp_path, capsys, argv, message):
    where = [str(data / argv[1]), "-o", str(tmp_path / "run")]
    assert run([argv[0], *where, *argv[2:]]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_evaluate_says_that_the_training_data_have_changed(data, tmp_path, capsys):
    path, folder = tmp_path / "reads.fa", str(tmp_path / "run")
    path.write_bytes(gzip.decompress((data / "reads.fa.gz").read_bytes()))
    main(["train", str(path), "-o", folder, *SMALL])
    command = ["evaluate", folder, "-n", "20", "--metric", "copies"]
    main(command)
    changed = f"{path}: no longer holds the records that the model was trained on"
    said = capsys.readouterr().err
    assert changed not in said
    # A tenth of 80 records is too few for a held-out set.
    assert "8 sequences of it were kept apart, 20 are needed: it is split, and copying" in said
    path.write_text(path.read_text().replace("A", "C"))
    main([*command, "--alphabet", "dna"])
    assert changed in capsys.readouterr().err
    main([*command, "--alphabet", "dna", "--reference", str(path)])
    assert changed not in capsys.readouterr().err


MODELS = Path(__file__).parents[1] / "data" / "models"


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["train", "nosuch.fa"], 1, "nosuch.fa: cannot be read: No such file or directory"),
        (["train", "mnits"], 1, "mnits: cannot be read: No such file or directory; did you"),
        (["train", "reads.fa.gz", "--labels", "nosuch"], 1, "nosuch: cannot be read: No such"),
        (["train", "nosuch", "--bogus", "1"], 2, "--bogus"),
        (["evaluate", "nosuch"], 1, "nosuch: cannot be read: No such file or directory"),
        (["evaluate", "reads.fa.gz"], 2, "Missing option '--reference'"),
        (["evaluate", "reads.fa.gz", "--reference", "nosuch"], 1, "nosuch: cannot be read"),
        (["evaluate", "images.npz", "--reference", "mnist", "--held-out", "no"], 1, "no: cannot"),
        (["evaluate", "reads.fa.gz", "--reference", "reads.fa.gz", "--motifs", "no"], 1, "no: can"),
        (["compare", "reads.fa.gz", "nosuch.fa"], 1, "nosuch.fa: cannot be read: No such file"),
        (["baseline", "markov", "nosuch"], 1, "nosuch: cannot be read: No such file"),
        (["sample", "nosuch"], 1, "nosuch: no such model folder"),
        (["interpolate", "nosuch"], 1, "nosuch: no such model folder"),
        (["report", "nosuch"], 1, "nosuch: no such model folder"),
        (["info", "nosuch"], 1, "nosuch: no such model folder"),
        (["train", "--help", "--kind", "nope"], 2, "'nope' is not one of 'structures', 'im"),
        (["evaluate", "--kind=nope", "--help-all"], 2, "'nope' is not one of 'structures', 'imag"),
        (["demo", "--help", "--kind", "nope"], 2, "'nope' is not one of 'sequences', 'images'"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_before_a_kind_is_loaded(
    data, argv, code, message, monkeypatch, capsys
):
    monkeypatch.chdir(data)
    if message != "Missing option '--reference'":
        monkeypatch.setattr("biogan.models.registry.get_kind", lambda name: pytest.fail("loaded"))
    assert run(argv) == code
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_a_model_of_images_has_no_critic_for_refinement(tmp_path, capsys):
    out = str(tmp_path / "new.npz")
    assert run(["sample", str(MODELS / "deep"), "-n", "2", "-o", out, "--refine", "mh"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == "biogan: --refine: models of images have no critic for it, leave it out"


def test_few_records_are_said_by_number(data, tmp_path, capsys):
    for name, noun, n in (("reads.fa.gz", "sequences", 80), ("images.npz", "images", 120)):
        main(["train", str(data / name), "-o", str(tmp_path / noun), "--dry-run", *SMALL])
        said = [line for line in capsys.readouterr().err.splitlines() if "few to learn" in line]
        assert len(said) == 1
        assert said[0].startswith(f"{n} {noun}: few to learn from. Of fewer than about 400")
        assert f"97 generated and 97 real {noun}" in said[0]
    assert few_records(400, "image") == []
