"""The lines that a person reads, and those of the log file."""

import json
import resource

import pytest

from biogan.core.errors import OutputError
from biogan.core.files import append_jsonl
from biogan.training.callbacks import JsonLog, Progress, read_log, trim_log

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
        "kept the generator of step 1,900, the latest within 10 % of the best: by validation "
        f"distance, {score:.2f}, {words}",
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
    assert lines == ["training a critic of that generator for `biogan sample --refine`, 200 steps"]
    assert shown == ["", *(f"critic for refinement: step {i} of 200" for i in (1, 2))]


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


# Lines that no run writes, but that a damaged or edited file may hold.
ODD = [
    b'{"step": 40, "cri', b"\xff", b'{"step": 4\xff0}', b"", b"[]", b"3", b"nan", b'{"step": "40"}',
    b'{"step": true}', b'{"step": -1}', b'{"step": 4e1}', b'{"step": null}', b'{"critic": 1}',
    b'{"step": ' + b"9" * 5000 + b"}", b'{"step": ' + b"9" * 400 + b"}", b"[" * 10_000,
    b'{"step": 1, "critic": "low"}', b'{"step": 1, "critic": [1]}', b'{"step": 1, "critic": 1e400}',
    b'{"step": 1, "critic": NaN}', b'{"step": 1, "\\u001b[31m": 1}', b'{"step": 1, "\\ud800": 1}',
    b'{"event": "check", "step": 20, "scores": [1]}',
    b'{"event": "check", "step": 20, "scores": null}',
    b'{"event": "check", "step": 20, "scores": {"validation_distance": "x"}}',
    b'{"event": "check", "step": 20, "scores": {}, "references": {"a": {}}}',
    b'{"event": "alarm", "step": 30, "reason": 7}',
]  # fmt: skip


def test_odd_lines_of_a_log_are_counted_and_left_out(tmp_path):
    path = tmp_path / "log.jsonl"
    good = [
        b'{"step": 20, "critic": 0.5, "r1": null}',
        b'{"event": "check", "step": 20, "scores": {}}',
    ]
    path.write_bytes(b"\n".join([good[0], *ODD, good[1], b'{"step": 40, "critic": 1}']) + b"\n")
    said = f"{path}: {len(ODD)} lines are no rows of a log, left out"
    log = read_log(path)
    assert [row["step"] for row in log.rows] == [20, 20, 40] and log.note == said
    assert trim_log(path, 20) == said
    assert path.read_bytes() == b"".join(line + b"\n" for line in good)
    assert trim_log(path, 20) == read_log(path).note == ""


def test_a_log_that_is_no_file_has_no_rows(tmp_path):
    assert read_log(tmp_path / "none") == ([], [], "") and trim_log(tmp_path / "none", 3) == ""
    assert read_log(tmp_path) == ([], [], "") and trim_log(tmp_path, 3) == ""


def test_a_run_goes_on_without_its_log(tmp_path):
    said = []
    log = JsonLog(lambda: tmp_path, said.append)
    for step in (20, 40):
        log.on_step(step, {"critic": 0.5})
    (line,) = said
    assert line.startswith(f"{tmp_path}: cannot be written: Is a directory; the run goes on")


def test_numbers_that_json_lacks_are_null(tmp_path):
    path = tmp_path / "log.jsonl"
    log = JsonLog(lambda: path)
    log.on_step(20, {"critic": float("nan"), "r1": 1.0})
    log.on_event("check", step=20, scores={"pairs": float("inf")}, references={})
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"step": 20, "critic": None, "r1": 1.0},
        {"event": "check", "step": 20, "scores": {"pairs": None}, "references": {}},
    ]
    assert len(read_log(path).rows) == 2


def test_a_row_is_written_whole_or_not_at_all(tmp_path):
    """A file may grow no further than the disk, here the limit of this process, has room."""
    path = tmp_path / "log.jsonl"
    append_jsonl({"step": 20}, path)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 9, limits[1]))
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            append_jsonl({"step": 40, "critic": 0.5}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
