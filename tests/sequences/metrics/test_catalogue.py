import re

import pytest
from comparing import iid
from helpers import ROOT

from biogan.core.errors import ConfigError
from biogan.evaluation import metric as base
from biogan.evaluation.metric import Value
from biogan.sequences.alphabet import DNA
from biogan.sequences.evaluate import evaluate
from biogan.sequences.metrics import SEQUENCE_METRICS, get_metrics
from biogan.sequences.metrics.comparison import Comparison, Sample, metric


def documented(section: str) -> list[tuple[str, str]]:
    """Names in the tables of a section of the page about metrics, with their stars."""
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    text = page.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([a-z][a-z0-9-]+)`( \*)? \|(?:[^|]+\|){4}$", text, re.M)


def test_every_metric_is_documented():
    rows = documented("Metrics")
    assert rows == [(m.name, "" if m.default else " *") for m in get_metrics(["all"])]


def test_goals_and_ranges():
    for found in get_metrics(["all"]):
        assert found.goal in ("low", "high", "half", "same", "held-out")
        assert found.function.__doc__


@pytest.mark.parametrize(
    ("goal", "value", "loss"),
    [("low", 0.2, 0.2), ("high", 0.2, -0.2), ("half", 0.2, 0.3), ("same", 1.25, 0.25)],
)
def test_loss_is_the_distance_from_the_goal(goal, value, loss):
    found = base.Metric("x", "g", goal, None, None, (), "", "x", lambda c: Value(value))
    assert found.loss(value) == pytest.approx(loss)


def test_the_goal_may_be_held_out_data():
    found = base.Metric("x", "g", "held-out", None, None, (), "", "x", lambda c: Value(0.0))
    assert found.loss(0.9, 0.8) == pytest.approx(found.loss(0.7, 0.8))
    assert found.loss(0.8) == float("inf")


def test_a_new_metric_is_a_row_of_every_report():
    @metric("starts-with-a", "own", "starts with A", goal="high", high=1.0)
    def starts_with_a(comparison: Comparison) -> Value:
        return Value(float((comparison.candidate.matrix[:, 0] == 0).mean()))

    try:
        sets = [iid(DNA, 40, 10, seed) for seed in range(2)]
        assert "starts-with-a" in evaluate(*sets, floors=[])
    finally:
        del SEQUENCE_METRICS["starts-with-a"]


def test_a_dear_metric_reads_the_first_records_and_says_so():
    def mean_length(comparison: Comparison) -> Value:
        n = len(comparison.candidate)
        return Value(float(comparison.candidate.plain.lengths.mean()), n=n, note="nt")

    sample, real = (Sample(iid(DNA, n, 10, n)) for n in (30, 50))
    comparison = Comparison(sample, real, real)
    found = base.Metric("x", "g", "low", None, None, (), "", "x", mean_length, most=20)
    assert found(comparison) == Value(10.0, n=20, note="nt; 20 of 30 records")
    assert comparison.first(20) is comparison.first(20)
    assert comparison.first(20).reference.sequences.strings() == real.sequences.strings()[:20]
    assert base.Metric("x", "g", "low", None, None, (), "", "x", mean_length, most=30)(
        comparison
    ) == Value(10.0, n=30, note="nt")
    assert comparison.first(50) is comparison


def test_all_adds_the_metrics_that_cost_more():
    names = [m.name for m in get_metrics(["all"])]
    assert set(names) - {m.name for m in get_metrics()} >= {"auroc-cnn"}
    assert names.index("auroc-cnn") == names.index("auroc") + 1


def test_unknown_names_are_refused():
    with pytest.raises(ConfigError, match="did you mean 'auroc'"):
        get_metrics(["auroc_"])
