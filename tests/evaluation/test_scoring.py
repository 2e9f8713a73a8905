"""The loop that scores images and fragments, on a kind of data made up here: rows of an array."""

import re
from dataclasses import replace

import numpy as np
import pytest

from biogan.core.errors import ConfigError, DataError
from biogan.evaluation.evaluate import Scoring, score
from biogan.evaluation.metric import Metric, Value, random_order, row_keys
from biogan.evaluation.protocol import Dealing
from biogan.sequences.report import SEQUENCE_REPORT


def shuffled(rows, seed):
    return rows[random_order(row_keys(rows), seed)]


def halve(rows, seed):
    return rows[::2], rows[1::2]


class Pair:
    """A candidate beside real rows."""

    def __init__(self, candidate, reference, source, fresh, seed):
        self.candidate, self.reference = candidate, reference
        self.source, self.fresh = source, fresh

    def missing(self, need):
        return f"no {need} here"


def made(name, group, function, needs=()):
    return Metric(name, group, "low", 0.0, None, needs, "", name, function)


def mean(pair):
    return Value(float(pair.candidate.mean()), n=len(pair.candidate))


def known(pair):
    return Value(float(np.isin(pair.candidate, pair.source).mean()), n=len(pair.candidate))


ALL = [
    made("mean", "middle", mean),
    made("known", "novelty", known),
    made("colour", "middle", mean, ("colours",)),
]


def choose(names):
    if names and names[0] == "none":
        raise ConfigError("unknown metric")
    return [m for m in ALL if not names or m.name in names]


def check(name, rows, real):
    if rows.shape[1] != real.shape[1]:
        raise DataError(f"{name}: other columns")


ROWS = Scoring(
    report=replace(SEQUENCE_REPORT, name="rows", noun="row"),
    dealing=Dealing("row", row_keys, shuffled, halve, "rows were halved"),
    metrics=choose,
    comparison=Pair,
    floors={"zero": lambda rows, n, seed: np.zeros((n, rows.shape[1]), rows.dtype)},
    drawn=25,
    check=check,
    describe=lambda rows: {"records": len(rows)},
    fixed=frozenset({"colours"}),
)
REAL, NEW, HELD = (np.arange(n, n + size)[:, None] for n, size in ((1, 60), (500, 50), (900, 40)))


def scored(*sets, n=None, metrics=None, progress=None, prepare=None):
    sets = (*sets, None, None)[:4]
    prepare = prepare or (lambda chosen: (lambda rows: rows, ["as it is"]))
    return score(ROWS, *sets, 1, n, metrics, progress, prepare)


def test_columns_sizes_and_notes():
    report = scored(REAL, NEW, None, HELD)
    assert (report.n, report.kind, list(report.sets)) == (
        40, "rows", ["generated", "reference", "held-out"],
    )  # fmt: skip
    assert (
        list(report["mean"].columns) == ROWS.columns == ["generated", "held-out", "zero", "copies"]
    )
    assert {k: len(rows) for k, rows in report.samples.items()} == {
        "target": 40, "source": 60, "fresh": 40, "generated": 40, "held-out": 40, "zero": 25,
        "copies": 25,
    }  # fmt: skip
    assert report.notes == (
        "every set is read at n = 40, the smallest of generated 50, target 60 and ceiling 40",
        "floors at n = 25",
        "copies are sought in the reference, which every set is scored against",
        "as it is",
        "not for this data: colour (no colours here)",
    )
    assert report["mean"].columns["zero"].value == 0
    assert report["known"].columns["copies"].value == 1
    assert report["known"].generated.value == report["known"].ceiling.value == 0


def test_copies_as_control_are_not_what_is_scored_against_where_there_are_others():
    report = scored(REAL, NEW, None, HELD)
    shared = np.isin(report.samples["copies"], report.samples["target"])
    # 20 of 60 rows are left, then those of the target.
    assert shared.sum() == 5 and not shared[:20].any()


def test_novelty_of_the_ceiling_is_read_on_rows_that_stand_nowhere_else():
    mixed = np.concatenate([HELD, REAL[:10]])
    report = scored(REAL, NEW, None, mixed)
    assert report["known"].ceiling.value == 0 and report["known"].ceiling.n == 40
    assert report["mean"].ceiling.n == 50
    alone = scored(REAL, NEW)
    assert alone["known"].ceiling == Value(None, note="no held-out rows to compare with")
    assert alone["mean"].ceiling.value is not None


def test_what_is_asked_for_has_a_row_though_it_cannot_be_read():
    report = scored(REAL, NEW, metrics=["colour"])
    assert report["colour"].generated.note == "no colours here"
    assert not any(note.startswith("not for this data") for note in report.notes)


def test_progress_and_what_is_prepared():
    seen, asked = [], []

    def prepare(chosen):
        asked.append([m.name for m in chosen])
        return (lambda rows: rows), []

    scored(REAL, NEW, n=5, metrics=["mean"], prepare=prepare,
           progress=lambda *step: seen.append(step))  # fmt: skip
    assert seen == [(name, i, 4) for i, name in enumerate(ROWS.columns)]
    assert asked == [["mean"]]


@pytest.mark.parametrize(
    ("sets", "options", "error", "told"),
    [
        ((REAL, NEW), {"n": 0}, ConfigError, "n=0: at least 1"),
        ((REAL, NEW[:0]), {}, DataError, "the generated set has no rows: nothing to evaluate"),
        ((REAL, NEW, REAL[:, :0]), {}, DataError, "train: other columns"),
        ((REAL, NEW), {"metrics": ["none"]}, ConfigError, "unknown metric"),
    ],
)
def test_mistakes_are_told_before_anything_is_prepared(sets, options, error, told):
    def prepare(chosen):
        raise AssertionError

    with pytest.raises(error, match=re.escape(told)):
        scored(*sets, prepare=prepare, **options)
