import pytest

from biogan.evaluation.metric import Value
from biogan.evaluation.report.html import BAR_FLOOR as FLOOR
from biogan.evaluation.report.html import CEILING, WIDTH, Bar, bar
from biogan.evaluation.report.results import Row
from biogan.sequences.metrics import get_metrics


def row(name, generated, ceiling, floors):
    columns = {"generated": generated, "held-out": ceiling}
    columns |= {f"markov-{i}": Value(f, f, f) for i, f in enumerate(floors)}
    return Row(get_metrics([name])[0], {**columns, "copies": Value(0.0, 0.0, 0.0)})


def test_ceiling_and_best_floor_have_their_places():
    found = bar(row("kmer-jsd", Value(0.2, 0.15, 0.25), Value(0.1, 0.1, 0.15), [0.9, 0.3]))
    middle = (CEILING + FLOOR) / 2
    assert found == Bar(
        middle, (CEILING + 15.5, CEILING + 46.5), (CEILING, CEILING + 15.5), FLOOR, False
    )


def test_what_lies_beyond_the_line_is_moved_to_its_end():
    found = bar(row("kmer-jsd", Value(0.9, 0.85, 0.95), Value(0.1, 0.1, 0.1), [0.2]))
    assert found.beyond
    assert found.dot == WIDTH - 4


def test_a_goal_in_the_middle_is_read_as_distance_from_it():
    found = bar(row("auroc", Value(0.5, 0.4, 0.7), Value(0.5, 0.5, 0.5), [1.0]))
    assert found.dot == CEILING
    assert found.span == pytest.approx((CEILING, CEILING + 0.2 / 0.5 * (FLOOR - CEILING)), abs=0.1)


def test_a_floor_that_reaches_the_ceiling_is_not_drawn():
    found = bar(row("near-copies", Value(0.07, 0.05, 0.09), Value(0.0, 0.0, 0.01), [0.0]))
    assert found.floor is None
    # The far end of the widest interval stands where the floor would.
    assert found.span[1] == FLOOR
    assert found.dot == pytest.approx(CEILING + 0.07 / 0.09 * (FLOOR - CEILING), abs=0.1)


def test_what_is_not_judged_has_no_bar():
    assert bar(row("kmer-jsd", Value(0.2), Value(0.1, 0.1, 0.1), [0.3])) is None
