"""Training on stored sequences: the same commands, another place for the letters."""

import json

import numpy as np
import pytest
from helpers import Kill, Killed

from biogan import SequenceGAN
from biogan.cli import main, run
from biogan.core.errors import ConfigError, DataError
from biogan.core.rng import rng
from biogan.sequences import store
from biogan.sequences.io.fasta import read_fasta
from biogan.sequences.store import SequenceStore, store_fasta
from biogan.sequences.stored_split import split_stored

SMALL = {"width": 8, "depth": 1, "latent": 8, "batch_size": 16, "steps": 20, "seed": 1}
FLAGS = ["--width", "8", "--depth", "1", "--latent", "8", "--batch-size", "16", "--steps", "4"]


@pytest.fixture(scope="module")
def fasta(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "reads.fasta"
    random = rng(0, "reads")
    lengths = random.integers(15, 25, 200)
    rows = ["".join(random.choice(list("ACGT"), n)) for n in lengths]
    path.write_text("".join(f">r{i}\n{row}\n" for i, row in enumerate(rows)))
    return path


@pytest.mark.parametrize("options", [{}, {"reverse_complement": True}, {"validation": 0.0}])
def test_stored_sequences_are_learned_and_the_card_says_so(options, fasta, tmp_path):
    store = store_fasta(fasta, tmp_path / "store")
    gan = SequenceGAN(**SMALL | options).fit(store)
    data = gan.card["data"]
    assert data["stored"] and data["digest"] == read_fasta(fasta).digest
    assert data["train"] + data["validation"] == data["records"] == 200
    assert (data["validation"] > 0) == (options.get("validation") != 0.0)
    assert gan.tokenizer.length == store.longest == 24
    assert len(gan.sample(10)) == 10


def test_few_stored_records_say_that_none_are_kept_for_validation(tmp_path):
    path = tmp_path / "few.fasta"
    path.write_text("".join(f">r{i}\n{'ACGT' * 3}{text}\n" for i, text in enumerate("ACGT" * 5)))
    store = store_fasta(path, tmp_path / "store")
    gan = SequenceGAN(**SMALL).fit(store)
    assert gan.card["data"]["split"][-1] == (
        "no validation split: 20 records, 50 needed; the last averaged generator is kept"
    )
    with pytest.raises(ConfigError, match=r"--patience 1: no validation split \(20 records, 50 ne"):
        SequenceGAN(**SMALL, patience=1).fit(store)
    for share in (-0.1, 1.0):
        with pytest.raises(ConfigError, match="must be at least 0 and below 1"):
            split_stored(store, share)
    assert len(split_stored(store, 0.99).train) >= 1


@pytest.mark.parametrize("lengths", [(6, 6, 7, 9, 8), (6, 6, 8, 8, 6)])
def test_stored_records_are_checked_for_words(lengths, tmp_path):
    path = tmp_path / "genes.fasta"
    path.write_text("".join(f">r{i}\n{'ATGACGTAA'[:n]}\n" for i, n in enumerate(lengths)))
    store = store_fasta(path, tmp_path / "store")
    assert np.concatenate([*store.lengths()]).tolist() == list(lengths)
    message = "2 of 5 stored records have a length that is no multiple of --word 3, the first is re"
    with pytest.raises(DataError, match=message + "cord 3"):
        SequenceGAN(**SMALL, word=3).fit(store)
    with pytest.raises(IndexError, match="records 0 to 4 are stored"):
        store.take([5])


def test_a_stored_run_that_was_cut_goes_on_bit_for_bit(fasta, tmp_path):
    options = SMALL | {"check_every": 10}
    whole, cut = tmp_path / "whole", tmp_path / "cut"

    def fit(out, **more):
        SequenceGAN(**options).fit(store_fasta(fasta, out / "sequences"), out=out, **more)

    fit(whole)
    with pytest.raises(Killed):
        fit(cut, callbacks=[Kill(13)])
    fit(cut, resume=True)
    for name in ("generator.safetensors", "critic.safetensors", "samples.fasta"):
        assert (whole / name).read_bytes() == (cut / name).read_bytes()
    with pytest.raises(ConfigError, match="stored and are now in memory"):
        SequenceGAN(**options | {"steps": 30}).fit(read_fasta(fasta), out=cut, resume=True)


def test_the_command_stores_on_request_and_resumes_without_reading(fasta, tmp_path, capsys):
    out = tmp_path / "run"
    main(["train", str(fasta), "-o", str(out), "--store", *FLAGS])
    told = capsys.readouterr().err
    for text in ("200 records read, 200 kept", "ids and labels are not kept", "check by sample"):
        assert text in told
    before = (out / "sequences" / "store.json").stat().st_mtime_ns
    gan = main(["train", str(fasta), "-o", str(out), "--resume", "--steps", "6"])
    assert gan.card["training"]["steps"] == 6
    assert (out / "sequences" / "store.json").stat().st_mtime_ns == before
    # Another file is another run, and replaces nothing; a copy of the same one is the same run.
    other = tmp_path / "other.fasta"
    other.write_text(fasta.read_text().replace("ACG", "ACC", 1))
    assert run(["train", str(other), "-o", str(out), "--resume", "--steps", "9"]) == 2
    told = capsys.readouterr().err
    assert "the data are others" in told and f"into {out / 'sequences'}" in told
    assert (out / "sequences" / "store.json").stat().st_mtime_ns == before
    other.write_text(fasta.read_text())
    gan = main(["train", str(other), "-o", str(out), "--resume", "--steps", "9"])
    assert gan.card["training"]["steps"] == 9
    # A model in memory takes its place.
    main(["train", str(fasta), "-o", str(out), "--overwrite", *FLAGS])
    assert not (out / "sequences").exists()


def test_large_files_are_stored_unasked_and_a_dry_run_leaves_nothing(
    fasta, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(store, "LARGE", 1000)
    out = tmp_path / "run"
    main(["train", str(fasta), "-o", str(out), "--dry-run", *FLAGS])
    assert json.loads(capsys.readouterr().out)["loss"] == "wgan-gp" and not out.exists()
    main(["train", str(fasta), "-o", str(out), *FLAGS])
    assert len(SequenceStore(out / "sequences")) == 200
    main(["train", str(fasta), "-o", str(tmp_path / "memory"), "--no-store", *FLAGS])
    assert not (tmp_path / "memory" / "sequences").exists()


def test_reading_that_failed_can_be_begun_again(fasta, tmp_path, capsys):
    out = tmp_path / "run"
    broken = tmp_path / "broken.fa"
    broken.write_text(fasta.read_text() + ">x\nAC\0GT\n")
    assert run(["train", str(broken), "-o", str(out), "--store", *FLAGS]) == 1
    assert "NUL bytes" in capsys.readouterr().err
    # The data were stored, and the run did not begin.
    store_fasta(fasta, out / "sequences")
    main(["train", str(fasta), "-o", str(out), "--store", *FLAGS])


def test_the_store_may_be_a_link_to_another_disk(fasta, tmp_path):
    out, far = tmp_path / "run", tmp_path / "scratch"
    out.mkdir()
    (out / "sequences").symlink_to(far)
    main(["train", str(fasta), "-o", str(out), "--store", *FLAGS])
    assert (out / "sequences").is_symlink() and len(SequenceStore(far)) == 200
    main(["train", str(fasta), "-o", str(out), "--store", "--overwrite", "--window", "5", *FLAGS])
    assert (out / "sequences").is_symlink() and SequenceStore(far).longest == 5
    main(["train", str(fasta), "-o", str(out), "--overwrite", *FLAGS])
    assert not far.exists() and (out / "sequences").is_symlink()


def test_standard_input_is_not_stored(capsys):
    assert run(["train", "-", "--store"]) == 2
    assert "--store: '-' is a pipe and cannot be stored" in capsys.readouterr().err
