"""What the evaluation says about real promoters where the answer is known."""

import importlib.util

import pytest
from helpers import ROOT, shared_data

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def called():
    """Names of the metrics that call a set different, for each case."""
    spec = importlib.util.spec_from_file_location("calibrate", ROOT / "scripts" / "calibrate.py")
    calibrate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(calibrate)
    path = shared_data("dna/ecoli50_promoters.train.fasta.gz")
    return {
        case: {
            name
            for name, status in calibrate.verdicts(report, column).items()
            if status != calibrate.REAL
        }
        for case, column, report in calibrate.cases(path, 1000, 1)
    }


def test_real_records_are_called_different_by_no_metric(called):
    assert called["real"] == set()


def test_every_floor_is_caught(called):
    floors = {case: names for case, names in called.items() if case.startswith("floor: ")}
    assert len(floors) == 5
    assert all(names for names in floors.values()), floors


def test_copies_are_caught_by_novelty_only(called):
    near = {"near-copies", "near-excess", "shifted-copies"}
    assert called["copies"] == {"copies", *near}
    assert called["5 % near copies"] == near


def test_collapse_and_a_shift_of_gc_are_caught(called):
    assert {"unique", "kmer-jsd"} <= called["20 % collapse"]
    assert "gc-w1" in called["GC + 3 points"]
