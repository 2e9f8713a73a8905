"""When an alarm is given, and when not."""

import json
import math

import pytest

from biogan.training.stability import Alarm, Alarms

VARIED = {"distinct": 1.0, "neighbours": 0.9}


def checks(alarms, *judged, spent=0.5):
    """Alarms of one check after another; a number is a validation distance, variety is healthy."""
    return [
        alarms.check(*(one if isinstance(one, tuple) else (one, VARIED)), spent) for one in judged
    ]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_term_that_is_no_number(value):
    alarms = Alarms()
    assert alarms.step({"critic": -0.5, "generator": 1.0}) is None
    before = alarms.state()
    assert alarms.step({"critic": -0.5, "generator": value}) == Alarm(
        "non-finite", f"the term 'generator' is {value}"
    )
    assert alarms.state() == before


def test_the_loss_of_the_critic_is_smoothed():
    spike, growing = Alarms(), Alarms()
    # A tenth of a spike counts, and fades; the terms of penalties have weights of any size.
    assert spike.step({"critic": 9e4, "gp": 1e9}) is None
    assert spike.critic == pytest.approx(9e3)
    assert [spike.step({"critic": 1.0}) for _ in range(50)] == [None] * 50
    assert spike.critic < 100
    alarms = [growing.step({"critic": -(2.0**k)}) for k in range(20)]
    # The smoothed loss at step k is (2**(k + 1) - 0.9**(k + 1)) / 11: 11,916 at 16.
    first = next(k for k, alarm in enumerate(alarms) if alarm)
    assert (first, alarms[first]) == (
        16, Alarm("divergence", "the critic's loss has grown to 11,916")
    )  # fmt: skip


def test_early_checks_are_bad_and_no_alarm():
    # What default settings do on real genes: few short sequences, then more and more.
    poor = [(13.4, {"distinct": v, "neighbours": 0.02}) for v in (0.5, 0.3, 0.2, 0.1, 0.1)]
    assert checks(Alarms(), *poor, spent=0.1) == [None] * 5


def test_a_run_that_never_grows_is_judged_from_a_third_on():
    poor = [(13.4, {"neighbours": v}) for v in (0.05, 0.04, 0.03)]
    alarms = checks(Alarms(), *poor, spent=0.34)
    assert alarms == [None, None, Alarm(
        "collapse", "the distance between neighbouring samples is 3 % of that of the training data"
    )]  # fmt: skip


def test_no_alarm_where_variety_comes_back():
    rising = [(5.0, {"lengths": v}) for v in (0.05, 0.1, 0.15, 0.19)]
    dips = [8.0, 3.0, (3.0, {"distinct": 0.1}), (3.0, {"distinct": 0.1}), 2.0,
            (3.0, {"distinct": 0.1}), 2.0]  # fmt: skip
    for judged in (rising, dips):
        assert checks(Alarms(), *judged) == [None] * len(judged)


def test_collapse_after_good_checks_is_seen_early_in_a_run():
    alarms = Alarms()
    gone = (4.0, {**VARIED, "distinct": 0.01})
    alarms = checks(alarms, 8.0, 3.0, gone, gone, gone, spent=0.1)
    assert alarms[:4] == [None] * 4
    assert alarms[4].kind == "collapse" and "share of distinct sequences is 1 %" in alarms[4].reason


def test_doubt_begins_before_the_alarm():
    alarms = Alarms()
    checks(alarms, 8.0, 3.0)
    assert not alarms.low_variety
    checks(alarms, (4.0, {"distinct": 0.1}))
    assert alarms.low_variety
    checks(alarms, 3.0)
    assert not alarms.low_variety


def test_validation_distance_far_beyond_the_best_and_the_first():
    assert checks(Alarms(), 8.0, 1.5, 7.4, 7.6) == [None] * 4  # not beyond the first
    alarms = checks(Alarms(), 8.0, 1.5, 8.1)
    assert alarms[:2] == [None, None]
    assert alarms[2] == Alarm("divergence", "validation distance 8.1, after 1.5 at best")
    assert checks(Alarms(), 2.0, 1.5, 7.4) == [None] * 3  # not five times the best
    assert checks(Alarms(), 2.0, 1.5, 7.6)[2].kind == "divergence"
    assert checks(Alarms(), 2.0, 1.5, 7.6, spent=0.1) == [None] * 3  # has not grown yet


def test_without_held_out_records_variety_is_watched_from_a_third_on():
    poor = (None, {"distinct": 0.1})
    assert checks(Alarms(), poor, poor, poor, spent=0.1) == [None] * 3
    assert checks(Alarms(), poor, poor, poor, spent=0.5)[2].kind == "collapse"


def test_its_state_is_plain_and_whole():
    one, other = Alarms(), Alarms()
    checks(one, 8.0, (3.0, {"distinct": 0.1}))
    one.step({"critic": 5.0})
    state = one.state()
    other.load_state(state)
    assert other == one
    assert json.loads(json.dumps(state)) == state
    checks(one, (3.0, {"distinct": 0.1}))
    assert other.low == {"distinct": [0.1]}  # not shared
