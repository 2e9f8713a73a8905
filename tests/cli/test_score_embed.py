"""What a trained model says of records: scores, and vectors."""

import numpy as np
import pandas as pd
import pytest

from biogan import SequenceGAN, SequenceSet, write_fasta
from biogan.cli import run
from biogan.core.rng import rng
from biogan.sequences.alphabet import DNA


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored")
    codes = rng(0, "reads").integers(0, 4, (80, 16)).astype(np.uint8)
    records = SequenceSet.from_matrix(DNA, codes)
    write_fasta(records, folder / "reads.fasta")
    gan = SequenceGAN(width=4, depth=1, units=6, latent=4, batch_size=8, steps=4, seed=1)
    gan.fit(records, out=folder / "run")
    gan.save(folder / "again")
    return folder, gan, records


def test_scores_are_those_of_the_critic_and_of_its_calibration(model, capsys):
    folder, gan, records = model
    assert run(["score", str(folder / "run"), str(folder / "reads.fasta")]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = pd.DataFrame([line.split("\t") for line in lines[1:]], columns=lines[0].split("\t"))
    assert table.columns.tolist() == ["id", "log_ratio", "critic"]
    assert table["id"].tolist() == records.ids
    assert np.allclose(table["critic"].astype(float), gan.score(records), atol=1e-4)
    assert np.allclose(table["log_ratio"].astype(float), gan.log_ratio(records), atol=1e-4)
    found = gan.calibrated_critic
    encoded = gan.modality.stored(records).numpy()
    assert np.allclose(found.log_ratio(encoded), gan.log_ratio(records), atol=1e-5)


def test_the_logit_is_a_weighted_sum_of_the_vectors(model, tmp_path, capsys):
    folder, gan, records = model
    for name in ("vectors.npy", "vectors.tsv"):
        line = ["embed", str(folder / "run"), str(folder / "reads.fasta")]
        assert run([*line, "-o", str(tmp_path / name)]) == 0
    vectors = np.load(tmp_path / "vectors.npy")
    table = pd.read_csv(tmp_path / "vectors.tsv", sep="\t")
    assert table["id"].tolist() == records.ids
    assert np.allclose(table.iloc[:, 1:], vectors, atol=1e-4)
    fit = np.linalg.lstsq(np.c_[vectors, np.ones(80)].astype(float), gan.score(records), rcond=None)
    assert len(vectors) == 80 and np.allclose(np.c_[vectors, np.ones(80)] @ fit[0],
                                              gan.score(records), atol=1e-3)  # fmt: skip
    assert run([*line, "-o", str(tmp_path / "vectors.txt")]) == 2
    assert "has to end with .npy or .tsv" in capsys.readouterr().err


def test_records_that_do_not_fit_are_named_in_one_line(model, tmp_path, capsys):
    folder, _, _ = model
    (tmp_path / "other.fasta").write_text(">a\nACGT\n")
    assert run(["score", str(folder / "run"), str(tmp_path / "other.fasta")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert "biogan: " in said[-1] and "16" in said[-1]
