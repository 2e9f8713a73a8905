"""One command line for all kinds of data: which options a command has, and whose they are."""

import gzip

import numpy as np
import pytest

from biogan import ImageSet, SequenceSet, write_fasta, write_images
from biogan.cli import main, run
from biogan.cli.options import OPTIONS, options_of
from biogan.models.registry import KINDS, get_kind, kind_of_data

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
    assert changed not in capsys.readouterr().err
    path.write_text(path.read_text().replace("A", "C"))
    main([*command, "--alphabet", "dna"])
    assert changed in capsys.readouterr().err
    main([*command, "--alphabet", "dna", "--reference", str(path)])
    assert changed not in capsys.readouterr().err
