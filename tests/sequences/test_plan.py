"""What is found and refused before anything is built, by a dry run as by a run."""

import random

import numpy as np
import pytest
import torch

from biogan import SequenceGAN, SequenceSet
from biogan.cli import main, run
from biogan.core.errors import ConfigError, DataError
from biogan.core.rng import rng
from biogan.sequences.autoconfig import outsized
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.modality import SequenceModality


def reads(n=60, length=40):
    codes = rng(0, "reads").integers(0, 4, (n, length))
    return ["".join("ACGT"[c] for c in row) for row in codes]


def write(path, texts):
    path.write_text("".join(f">r{i}\n{text}\n" for i, text in enumerate(texts)))
    return str(path)


def test_a_record_that_sets_the_size_is_pointed_out(tmp_path, capsys):
    fasta = write(tmp_path / "x.fa", [*reads(200), "ACGT" * 500])
    main(["train", fasta, "--dry-run"])
    assert (
        "1 of 201 records is longer than 40 letters (up to 2,000) and sets the size of the "
        "networks: --length 40 leaves it out\n"
    ) in capsys.readouterr().err
    main(["train", fasta, "--dry-run", "--length", "40"])
    assert "sets the size" not in capsys.readouterr().err


def test_lengths_that_vary_are_nothing_to_point_out():
    for lengths in ([40] * 200, range(10, 400), [40] * 195 + [160] * 6, [40] * 190 + [500] * 10):
        some = SequenceSet.from_strings(["A" * n for n in lengths])
        assert outsized(some) == []
    two = SequenceSet.from_strings(["A" * n for n in [40] * 300 + [50, 500, 600]])
    assert outsized(two) == [
        "2 of 303 records are longer than 50 letters (up to 600) and set the size of the "
        "networks: --length 50 leaves them out"
    ]


def test_a_genome_is_to_be_cut_into_windows(tmp_path, capsys):
    genome = "".join(random.Random(1).choices("ACGT", k=300_000))
    assert run(["train", write(tmp_path / "x.fa", [genome]), "--dry-run"]) == 1
    assert (
        "nothing to learn but that one; as windows (--window 200) it gives 1,500 records\n"
        in capsys.readouterr().err
    )
    assert run(["train", write(tmp_path / "x.fa", [genome[:2000]] * 3), "--dry-run"]) == 1
    assert "(--window 200 --stride 20) it gives 91 records\n" in capsys.readouterr().err
    assert run(["train", write(tmp_path / "x.fa", [genome, genome[::-1], "AC"]), "--dry-run"]) == 2
    assert (
        "the machine has" in (said := capsys.readouterr().err)
        and ": as windows (--window 200) they give 3,000 records; drop long ones" in said
    )
    contigs = [genome[i : i + 1500] for i in range(0, 30_000, 1500)]
    assert run(["train", write(tmp_path / "x.fa", contigs), "--dry-run"]) == 0
    assert (
        "20 records of up to 1,500 letters are few and long: as windows that overlap (--window 200 "
        "--stride 30) they give 880 records\n"
    ) in capsys.readouterr().err
    assert run(["train", write(tmp_path / "x.fa", [genome]), "--window", "200", "--dry-run"]) == 0
    assert "few and long" not in capsys.readouterr().err


@pytest.mark.parametrize("dry", [["--dry-run"], []])
@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--word", "3"], 1, "every record has length 40, no multiple of --word 3"),
        (["--cuda-graph", "--device", "cpu"], 2, "--cuda-graph: needs one process and a CUDA"),
        (["--devices", "2", "--batch-size", "63"], 2, "--batch-size 63: must be a multiple of"),
        (["--threads", "99999"], 2, "--threads 99999: this machine has"),
        (["--units", "60000", "--width", "4096", "--architecture", "hybrid", "--depth", "64"], 2,
         "of memory to train"),
    ],
)  # fmt: skip
def test_a_dry_run_refuses_what_the_run_refuses(tmp_path, capsys, dry, options, code, message):
    fasta = write(tmp_path / "x.fa", reads())
    assert run(["train", fasta, "-o", str(tmp_path / "run"), *options, *dry]) == code
    captured = capsys.readouterr()
    assert message in captured.err.splitlines()[-1] and captured.out == ""
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device")
@pytest.mark.parametrize("image", [False, True])
def test_a_dry_run_misses_a_device(tmp_path, capsys, image):
    if image:
        pixels = np.random.default_rng(0).integers(0, 256, (9, 16, 16), dtype=np.uint8)
        np.savez(tmp_path / "x.npz", pixels)
        command = ["image", "train", "--data", str(tmp_path / "x.npz")]
    else:
        command = ["train", write(tmp_path / "x.fa", reads())]
    assert run([*command, "--dry-run", "--device", "cuda"]) == 2
    assert "--device cuda: not on this machine" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("texts", "found"), [(["ACGT"], "1 distinct record:"), (["ACGT"] * 9, "record, 9 times:")]
)
def test_one_record_is_nothing_to_learn_from(texts, found):
    with pytest.raises(DataError, match=f"{found} there is nothing to learn but that one"):
        SequenceGAN(steps=1).fit(SequenceSet.from_strings(texts))


def test_words_are_counted_over_all_records():
    texts = [*reads(60), *reads(40, 39)]
    with pytest.raises(DataError, match=r"no multiple of --word 3 \(60 such records\)"):
        SequenceModality.plan(SequenceSet.from_strings(texts), SequenceGANConfig(word=3))


def test_options_are_refused_before_networks_are_sized():
    with pytest.raises(ConfigError, match="--rotate: needs records of one length"):
        SequenceModality.plan(
            SequenceSet.from_strings(["ACGT", "AC"]), SequenceGANConfig(rotate=True)
        )
