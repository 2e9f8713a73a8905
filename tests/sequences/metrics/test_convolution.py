import subprocess
import sys

import numpy as np
import pytest
from comparing import compare, iid
from helpers import ROOT

from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics import discriminability


def test_a_motif_that_shifts_is_found():
    real, matrix = iid(DNA, 200, 40, 0), iid(DNA, 200, 40, 1).matrix()
    motif = np.array([0, 3, 1, 0, 2, 3, 2, 0])
    where = np.random.default_rng(2).integers(0, 33, 200)
    matrix[np.arange(200)[:, None], where[:, None] + np.arange(8)] = motif
    found = compare("auroc-cnn", SequenceSet.from_matrix(DNA, matrix), real)
    # Eight given letters stand by chance in 33 / 4**8 = .0005 of the random records.
    assert found.value == pytest.approx(0.99, abs=0.02)
    assert found.low < found.value
    assert (found.n, found.note) == (200, "200 records a class")


def test_one_seed_one_value_and_chance_for_one_source():
    sets = iid(DNA, 150, 20, 3), iid(DNA, 150, 20, 4)
    found = compare("auroc-cnn", *sets, seed=5)
    assert found == compare("auroc-cnn", *sets, seed=5)
    assert found.value != compare("auroc-cnn", *sets, seed=6).value
    assert found.value == pytest.approx(0.5, abs=0.1)  # 3 sd of sqrt(301 / (12 * 150**2))


def test_varying_lengths_and_the_cap_on_letters(monkeypatch):
    monkeypatch.setattr(discriminability, "MAX_LETTERS", 1000)
    texts = iid(DNA, 60, 25, 0).strings()
    cut = SequenceSet.from_strings([t[: 15 + i % 11] for i, t in enumerate(texts)])
    found = compare("auroc-cnn", cut[:50], cut[10:])
    assert found.n == 40  # 1000 letters of records of up to 25
    short = SequenceSet.from_strings(["ACGT"] * 5)
    assert compare("auroc-cnn", short, short).note == "needs 10 records a class"


def test_padding_is_no_letter():
    codes = np.array([[0, 1, 4, 4]] * 10 + [[0, 1, 2, 3]] * 10, np.uint8)
    labels, folds = np.repeat([1, 0], 10), np.tile(np.arange(5), 4)
    scores = discriminability.cnn_out_of_fold(codes, 4, labels, folds, 0)
    beyond = discriminability.cnn_out_of_fold(np.where(codes == 4, 200, codes), 4, labels, folds, 0)
    assert scores[:10].min() > scores[10:].max()
    assert scores.tolist() == beyond.tolist()


def test_the_global_generator_is_not_touched_and_torch_not_imported_early():
    code = (
        "import sys, biogan.sequences.metrics; assert 'torch' not in sys.modules; "
        "import torch; "
        "from biogan.sequences.metrics.discriminability import cnn_out_of_fold; import numpy as np;"
        "before = torch.get_rng_state();"
        "labels, folds = np.repeat([0, 1], 10), np.arange(20) % 5;"
        "cnn_out_of_fold(np.zeros((20, 5), np.uint8), 4, labels, folds, 0);"
        "assert torch.equal(before, torch.get_rng_state())"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
