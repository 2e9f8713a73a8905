import json
import subprocess
import sys

import numpy as np
import pytest
from comparing import iid
from helpers import ROOT

import biogan.metrics
from biogan import metrics
from biogan.core.errors import ConfigError
from biogan.evaluation.metric import Value
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.evaluate import evaluate
from biogan.sequences.io.motifs import Motif
from biogan.sequences.metrics import SEQUENCE_METRICS, get_metrics

REAL, NEW, TRAIN = (iid(DNA, 40, 60, seed) for seed in range(3))
OPTIONS = {"motifs": [Motif("GATTACA", np.eye(4)[[2, 0, 3, 3, 0, 1, 0]])], "coding": True}
NAMES = [m.name for m in get_metrics()]


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_takes_strings_records_and_sets(name):
    function = getattr(biogan.metrics, name.replace("-", "_"))
    sets = REAL, NEW, TRAIN
    if "protein" in SEQUENCE_METRICS[name].needs:
        sets = tuple(iid(PROTEIN, 40, 30, seed) for seed in range(3))
    from_sets, from_strings, from_records = (
        function(*some, **OPTIONS)
        for some in (
            sets,
            [s.strings() for s in sets],
            [s.to_records() for s in sets],
        )
    )
    assert isinstance(from_sets, Value)
    if name != "valid":  # only what was cleaned knows what it was before
        assert from_sets == from_strings == from_records
    for found in (from_sets, from_strings):
        assert found.value is not None or found.note
        json.dumps(vars(found), allow_nan=False)


def test_the_value_is_that_of_a_report():
    report = evaluate(REAL, NEW, train=TRAIN, metrics=["gc-w1", "near-excess"], floors=[])
    assert report["gc-w1"].generated == biogan.metrics.gc_w1(REAL, NEW)
    assert report["near-excess"].generated == metrics.measure("near-excess", REAL, NEW, TRAIN)


def test_real_records_of_the_training_data_do_not_excuse_copies():
    real = SequenceSet.concatenate([TRAIN[:10], REAL])
    found = metrics.measure("near-excess", real, TRAIN, TRAIN)
    assert found.value == 1.0
    report = evaluate(real, TRAIN, train=TRAIN, metrics=["near-excess"], floors=[])
    assert report["near-excess"].generated == found
    # Of fewer than 20 others nothing can be said.
    for given in (TRAIN, SequenceSet.concatenate([TRAIN[:10], REAL[:19]])):
        found = metrics.measure("near-excess", given, TRAIN, TRAIN)
        assert (found.value, found.note) == (None, "no held-out records to compare with")


def test_functions_are_named_and_listed():
    assert biogan.metrics.gc_w1.__name__ == "gc_w1"
    assert "Wasserstein" in biogan.metrics.gc_w1.__doc__
    assert {"gc_w1", "hmm_hits"} <= set(dir(biogan.metrics))
    with pytest.raises(AttributeError, match="no attribute 'gc_w2'"):
        biogan.metrics.gc_w2  # noqa: B018
    # A function of the module of that name would hide the metric.
    assert not set(vars(biogan.metrics)) & {name.replace("-", "_") for name in NAMES}


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match="unknown metric"):
        metrics.measure("gcw1", REAL, NEW)
    with pytest.raises(ConfigError, match="identity=0"):
        metrics.measure("gc-w1", REAL, NEW, identity=0)


def test_metrics_load_no_torch():
    code = (
        "import sys; from biogan.metrics import gc_w1, kmer_jsd, unique;"
        "some = ['ACGT' * 3, 'GGTA' * 3, 'TTTA' * 3] * 8;"
        "[f(some, some) for f in (gc_w1, kmer_jsd, unique)]; print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
