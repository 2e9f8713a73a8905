"""The loop that scores every kind of data, on one made up for tests: rows of an array."""

import re

import numpy as np
import pytest
from rows import RowEvaluation, made, mean

from biogan.core.errors import ConfigError, DataError
from biogan.evaluation.evaluate import evaluate_sets
from biogan.evaluation.metric import Value

COLUMNS = ["generated", "held-out", "zero", "copies"]
REAL, NEW, HELD = (np.arange(n, n + size)[:, None] for n, size in ((1, 60), (500, 50), (900, 40)))


def scored(real, new, train=None, held_out=None, n=None, metrics=None, progress=None, spec=None):
    spec = spec or RowEvaluation()
    found = evaluate_sets(spec, real, {"generated": new}, train, held_out, metrics, 1, n, progress)
    return found["generated"]


def test_columns_sizes_and_notes():
    report = scored(REAL, NEW, None, HELD)
    assert (report.n, report.kind, list(report.sets)) == (
        40, "rows", ["generated", "reference", "held-out"],
    )  # fmt: skip
    assert list(report["mean"].columns) == COLUMNS
    assert {k: len(rows) for k, rows in report.samples.items()} == {
        "target": 40, "source": 60, "fresh": 40, "generated": 40, "held-out": 40, "zero": 25,
        "copies": 25,
    }  # fmt: skip
    assert report.notes == (
        "40 records of every set are read, as many as the smallest has (generated 50; real ones to "
        "compare with 40; ceiling 60)",
        "floors and copies at n = 25",
        "no training data given: copies are sought in the reference, and every set is scored "
        "against the held-out rows",
        "as it is",
        "not for this data: colour (no colours here)",
    )
    assert report["mean"].columns["zero"].value == 0
    assert report["known"].columns["copies"].value == 1
    assert report["known"].generated.value == report["known"].ceiling.value == 0


def test_copies_as_control_are_not_what_is_scored_against():
    for given in ({}, {"train": NEW}, {"held_out": HELD}, {"train": NEW, "held_out": HELD}):
        samples = scored(REAL, NEW, **given).samples
        assert np.isin(samples["copies"], samples["source"]).all()
        assert not np.isin(samples["copies"], samples["target"]).any()


def test_copies_as_control_are_each_drawn_once_before_any_comes_up_again():
    drawn = RowEvaluation().control(REAL[:10], 25, 1).ravel()
    assert sorted(np.unique(drawn, return_counts=True)[1].tolist()) == [2] * 5 + [3] * 5


def test_novelty_of_the_ceiling_is_read_on_rows_that_stand_nowhere_else():
    mixed = np.concatenate([HELD, REAL[:10]])
    report = scored(REAL, NEW, NEW[:1], mixed)
    assert report["known"].ceiling.value == 0
    report = scored(REAL, NEW, REAL[:10] + 0, mixed)
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
    seen, spec = [], RowEvaluation()
    scored(REAL, NEW, n=5, metrics=["mean"], spec=spec, progress=lambda *step: seen.append(step))
    assert seen == [(name, i, 4) for i, name in enumerate(COLUMNS)]
    assert spec.asked == [["mean"]]


def test_several_sets_share_one_scale_and_samplers_are_asked():
    class Ones:
        def sample(self, n, seed=0):
            return np.full((n, 1), 1 + seed)

    found = evaluate_sets(RowEvaluation(), REAL, {"a": NEW[:30], "b": Ones()}, seed=1, n=100)
    assert list(found) == ["a", "b"] and found["a"].n == found["b"].n == 30
    assert found["b"].sets["generated"] == {"records": 100}
    assert found["b"]["mean"].generated.value == 2
    assert found["a"]["mean"].ceiling == found["b"]["mean"].ceiling
    with pytest.raises(ConfigError, match="nothing to compare"):
        evaluate_sets(RowEvaluation(), REAL, {})


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
    spec = RowEvaluation()
    with pytest.raises(error, match=re.escape(told)):
        scored(*sets, spec=spec, **options)
    assert spec.asked == []


def width(pair):
    return Value(float(len(pair.reference)), n=len(pair.candidate))


class OwnMetrics(RowEvaluation):
    """Rows with metrics that read other numbers of records."""

    def metrics(self, names):
        return [
            made("alike", "middle", width),
            made("alone", "middle", mean, alike=False, alone=True),
            made("repeats", "middle", mean, alone=True),
            made("both", "middle", width, alike=False),
            made("few", "middle", width, alike=False, most=30),
        ]

    def together(self, sets):
        return np.concatenate(sets)


def test_metrics_that_n_does_not_sway_read_whole_sets():
    new = np.arange(1000, 1300)[:, None]
    report = scored(REAL, new, None, HELD[:10], spec=OwnMetrics())
    read = {row.metric.name: row.generated.n for row in report.rows}
    # 300 generated, target 10, ceiling 60; four times the smaller one where two are compared.
    assert read == {"alike": 10, "alone": 300, "repeats": 60, "both": 40, "few": 30}
    assert report["both"].generated.value == 10 and report["both"].generated.worth == 10
    assert report["alone"].generated.worth is None
    # Floors are read at the same n where it matters, at the smallest one where it does not.
    floors = {row.metric.name: row.columns["zero"].n for row in report.rows}
    assert floors == {"alike": 10, "alone": 10, "repeats": 25, "both": 25, "few": 25}
    assert (
        "read at another n, as it does not sway them: alone: 300 generated; repeats: 60 generated; "
        "both: 40 generated and 10 real; few: 30 generated and 10 real"
    ) in report.notes
    assert {len(s) for name, s in report.samples.items() if name != "source"} == {10}
    capped = scored(REAL, new, None, HELD[:10], n=50, spec=OwnMetrics())
    assert capped["alone"].generated.n == 50 and capped.n == 10


def test_all_real_records_are_a_second_scale_where_the_target_is_small():
    new = np.arange(1000, 1300)[:, None]
    report = scored(REAL, new, REAL[:5], HELD[:10], spec=OwnMetrics())
    assert all(row.all_real is None for row in report.rows if row.metric.alone)
    # 60 of the reference, 10 held out; 5 of the training data stand in the reference already.
    assert report["both"].all_real is None
    report = scored(HELD, new, REAL, HELD[:10] + 90, spec=OwnMetrics())
    assert report["both"].all_real == Value(110.0, n=300, worth=110)
    assert report["alike"].all_real == Value(110.0, n=110)
    (note,) = (text for text in report.notes if text.startswith("all real:"))
    assert "against 110 real rows, of which 60 are training data" in note
    # Enough in the target, no training data, or sets that are not put together.
    assert scored(REAL, NEW, HELD, spec=OwnMetrics())["both"].all_real is None
    assert scored(REAL, new, spec=OwnMetrics())["both"].all_real is None
    assert scored(HELD, new, REAL)["mean"].all_real is None
