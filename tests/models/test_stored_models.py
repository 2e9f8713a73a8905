"""Models that release 0.1.0 wrote load, sample the same records and can be resumed."""

import json
import shutil

import numpy as np
import pytest
from helpers import ROOT

from biogan import ImageGAN, SequenceGAN, SequenceSet
from biogan.cli import main

pytestmark = pytest.mark.filterwarnings("ignore::biogan.core.errors.UnverifiedModel")

STORED = ROOT / "tests" / "data" / "models"
SEQUENCES = sorted(path.stem for path in STORED.glob("*.fasta") if (STORED / path.stem).is_dir())
IMAGES = sorted(path.stem for path in STORED.glob("*.npz"))


def expected(name):
    """Return the lines of sequences that the old release sampled."""
    lines = (STORED / f"{name}.fasta").read_text().splitlines()
    return lines[0::2], lines[1::2]


def equal_letters(found, wanted):
    """Return the share of positions with the same letter; a difference of lengths counts."""
    pairs = list(zip(found, wanted, strict=True))
    same = sum(x == y for a, b in pairs for x, y in zip(a, b, strict=False))
    return same / sum(max(len(a), len(b)) for a, b in pairs)


def test_every_folder_has_what_it_sampled():
    folders = {path.name for path in STORED.iterdir() if path.is_dir()}
    assert folders == {*SEQUENCES, *IMAGES} and len(folders) == 10


# Sums of floating-point numbers differ between processors, and with them a letter whose two best
# logits are nearly equal. On the processor that wrote the files nothing differs.
@pytest.mark.parametrize("name", SEQUENCES)
def test_sequences_are_sampled_as_before(name):
    found = SequenceGAN.load(STORED / name).sample(20, seed=7)
    ids, wanted = expected(name)
    assert list(found.ids) == [line[1:] for line in ids]
    assert equal_letters(found.strings(), wanted) >= 0.98


@pytest.mark.parametrize("name", IMAGES)
def test_images_and_fragments_are_sampled_as_before(name):
    found = ImageGAN.load(STORED / name).sample(4, seed=7)
    with np.load(STORED / f"{name}.npz") as wanted:
        if "pixels" in wanted:
            assert found.pixels.dtype == wanted["pixels"].dtype
            np.testing.assert_allclose(found.pixels.astype(int), wanted["pixels"], rtol=0, atol=1)
        else:
            np.testing.assert_allclose(found.xyz, wanted["xyz"], rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", [*SEQUENCES, *IMAGES])
def test_info_describes_them(name, capsys):
    main(["info", str(STORED / name)])
    out = capsys.readouterr().out
    assert "0.1.0" in out and "biogan" in out


@pytest.mark.parametrize("name", [*SEQUENCES, *IMAGES])
def test_the_command_samples_from_them(name, tmp_path):
    command = ["sample"] if name in SEQUENCES else ["image", "sample"]
    out = tmp_path / ("new.fasta" if name in SEQUENCES else "new.npz")
    main([*command, str(STORED / name), "-n", "3", "--seed", "7", "-o", str(out)])
    if name in SEQUENCES:
        assert out.read_text().count(">") == 3
    else:
        with np.load(out) as written:
            assert any(len(array) for array in written.values())


def test_a_stored_run_goes_on(tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(STORED / "resumed", folder)
    draw = np.random.default_rng(1)
    reads = SequenceSet.from_strings(["".join(draw.choice(list("ACGT"), 12)) for _ in range(40)])
    options = json.loads((folder / "config.json").read_text())["config"]
    assert options["steps"] == 6
    config = SequenceGAN.load(folder).config.replace(steps=9)
    gan = SequenceGAN(config).fit(reads, out=folder, resume=True)
    assert gan.card["training"]["steps"] == 9
    found, (_, wanted) = gan.sample(20, seed=7).strings(), expected("resumed-to-9")
    assert equal_letters(found, wanted) >= 0.98
    assert found != expected("resumed")[1]
    # The state held all: a run of nine steps without a stop has the same critic.
    whole = SequenceGAN(config).fit(reads)
    np.testing.assert_allclose(gan.score(reads), whole.score(reads), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", [*SEQUENCES, *IMAGES])
def test_cards_name_no_file_of_the_machine_that_wrote_them(name):
    def texts(value):
        if isinstance(value, dict):
            return [text for inner in value.values() for text in texts(inner)]
        if isinstance(value, list):
            return [text for inner in value for text in texts(inner)]
        return [value] if isinstance(value, str) else []

    card = json.loads((STORED / name / "config.json").read_text())
    assert not [text for text in texts(card) if text.startswith(("/", "~"))]
