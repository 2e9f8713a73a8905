"""The lines that a person reads, and those of the log file."""

import json

import pytest

from biogan.training.callbacks import JsonLog, Progress

BESIDE = {"training data": 1.0, "markov-5": 3.04, "positional-markov-3": 1.224}


@pytest.fixture
def said():
    lines = []
    progress = Progress(lines.append, lambda text: None)

    def tell(event, **details):
        lines.clear()
        progress.on_event(event, **details)
        return list(lines)

    return tell


def test_a_check_stands_beside_training_data_and_the_best_floor(said):
    check = {"step": 1200, "seconds": 65.2, "references": BESIDE}
    assert said(
        "check", scores={"validation_distance": 1.3149, "pairs": 2.0}, best=True, **check
    ) == [
        "step   1,200    1:05  validation distance 1.31 (training data 1, positional-markov-3 1.22)"
        "  kept"
    ]
    assert said("check", scores={"validation_distance": 1.5}, best=False, **check)[0].endswith(
        "1.22)"
    )


def test_a_check_without_held_out_records(said):
    assert said("check", step=40, seconds=5, scores={}, references={}, best=True) == [
        "step      40    0:05"
    ]


def test_an_alarm_says_what_was_seen_and_done(said):
    alarm = {"step": 1200, "kind": "divergence",
             "reason": "validation distance 11, after 2 at best",
             "back_to": 1000, "lr": 5e-4}  # fmt: skip
    assert said("alarm", rollbacks=1, last=False, **alarm) == [
        "step   1,200  alarm: validation distance 11, after 2 at best; back to step 1,000, half "
        "the learning rate (rollback 1 of 3)"
    ]
    assert said("alarm", rollbacks=3, last=True, **alarm)[0].endswith(
        "at best; the run ends here, after 3 rollbacks"
    )


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (1.21, "it is better than the best trivial sampler, positional-markov-3 1.22"),
        (1.221, "it is no better than the best trivial sampler, positional-markov-3 1.22; a "
                "longer run may help"),
    ],
)  # fmt: skip
def test_the_end_compares_with_the_best_floor(said, score, words):
    lines = said(
        "end", step=2000, seconds=120, ended=None, kept=1900, score=score, references=BESIDE
    )
    assert lines == [
        "2,000 steps in 2:00",
        f"kept the generator of step 1,900: by validation distance, {score:.2f}, {words}",
    ]


def test_the_end_says_why_it_came_early(said):
    lines = said("end", step=80, seconds=9, kept=80,
                 ended="no smaller validation distance in 3 checks (--patience 3)",
                 score=None, references={})  # fmt: skip
    assert lines == [
        "80 steps in 0:09; ended early: no smaller validation distance in 3 checks (--patience 3)",
        "kept the averaged generator of step 80; nothing was held out to judge it",
    ]


def test_the_judge_is_told_once_and_its_steps_are_shown():
    lines, shown = [], []
    progress = Progress(lines.append, shown.append)
    for step in (0, 1, 2):
        progress.on_event("judge", step=step, steps=200, wanted=200)
    assert lines == ["training a judge of that generator for `biogan sample --refine`, 200 steps"]
    assert shown == ["", "judge: step 1 of 200", "judge: step 2 of 200"]


def test_a_judge_of_a_short_run_says_why_it_is_short(said):
    (line,) = said("judge", step=0, steps=10, wanted=200)
    assert line.endswith("10 steps, as many as the run had, not 200")


def test_the_log_holds_checks_and_alarms(tmp_path):
    log = JsonLog(lambda: tmp_path / "log.jsonl")
    log.on_event("start", lines=[])
    log.on_event("check", step=40, scores={"validation_distance": 1.5}, references=BESIDE)
    log.on_event("alarm", step=60, reason="lost")
    log.on_event("end", step=80)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [(row["event"], row["step"]) for row in rows] == [("check", 40), ("alarm", 60)]
    assert rows[0]["references"] == BESIDE
