"""Callbacks of a run: the log file and the progress lines."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from biogan.core.errors import OutputError, percentage, plural
from biogan.core.files import append_jsonl, atomic_path
from biogan.training.stability import MOST_ROLLBACKS, SAME
from biogan.training.trainer import TRAINING_DATA, best_floor

LOG_EVERY = 20
# What no number of a run comes near, and what drawing could not show.
_HIGHEST = 1e100
_LONGEST = 200


class JsonLog:
    """Appends the terms of every :data:`LOG_EVERY`-th step, and every check, to ``log.jsonl``.

    The log is for reading: where it cannot be written, the run goes on.

    Parameters
    ----------
    path : callable
        Returns where the file is: it moves with the folder of a run that replaces a model.
    say : callable, optional
        Receives, once, why a row could not be written.
    """

    def __init__(
        self, path: Callable[[], Path], say: Callable[[str], None] = lambda text: None
    ) -> None:
        self._append = forgiving(lambda row: append_jsonl(row, path()), say)

    def on_step(self, step: int, terms: Mapping[str, float]) -> None:
        """Write the terms of a step where it is due."""
        if step % LOG_EVERY == 0:
            self._append(_with_null({"step": step, **terms}))

    def on_event(self, event: str, **details: Any) -> None:
        """Write a check with its scores, an alarm with what was done."""
        if event in ("check", "alarm"):
            self._append(_with_null({"event": event, **details}))


def _with_null(value: Any) -> Any:
    """Put null in the place of NaN and infinity, which JSON does not have."""
    if isinstance(value, Mapping):
        return {key: _with_null(part) for key, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def forgiving(write: Callable[..., None], say: Callable[[str], None]) -> Callable[..., None]:
    """Return a function that writes what a run can do without.

    Parameters
    ----------
    write : callable
        Writes a file; an :class:`~biogan.core.errors.OutputError` of it is passed over.
    say : callable
        Receives the first of these errors as a line.
    """
    told = False

    def attempt(*args: Any) -> None:
        nonlocal told
        try:
            write(*args)
        except OutputError as error:
            if not told:
                say(f"{error}; the run goes on without it")
            told = True

    return attempt


class Log(NamedTuple):
    """What a ``log.jsonl`` holds.

    Attributes
    ----------
    rows : list of dict
        Terms of steps, checks with ``scores`` and ``references``, alarms with ``reason``; each has
        ``step``.
    lines : list of bytes
        The line of each row.
    note : str
        What could not be read, an empty text for nothing.
    """

    rows: list[dict[str, Any]]
    lines: list[bytes]
    note: str


def read_log(path: Path) -> Log:
    """Read ``log.jsonl``, whatever it holds: lines that are no rows of a log are left out.

    Parameters
    ----------
    path : Path
        The file; no file is no rows.
    """
    rows, lines, odd = [], [], 0
    try:
        data = path.read_bytes() if path.is_file() else b""
    except OSError as error:
        return Log([], [], f"{path}: cannot be read: {error.strerror or error}")
    for line in data.splitlines():
        row = _row(line)
        if row is None:
            odd += 1
        else:
            rows.append(row)
            lines.append(line)
    word = "is no row" if odd == 1 else "are no rows"
    return Log(rows, lines, f"{path}: {plural(odd, 'line')} {word} of a log, left out" * (odd > 0))


def trim_log(path: Path, step: int) -> str:
    """Drop the rows later than ``step``, which a resumed run writes again, and what is no row.

    Returns
    -------
    str
        What there is to say, an empty text for nothing.
    """
    log = read_log(path)
    kept = [line + b"\n" for line, row in zip(log.lines, log.rows, strict=True)
            if row["step"] <= step]  # fmt: skip
    if path.is_file() and (len(kept) < len(log.lines) or log.note):
        try:
            with atomic_path(path) as temporary:
                temporary.write_bytes(b"".join(kept))
        except OutputError as error:
            return log.note or str(error)
    return log.note


def _row(line: bytes) -> dict[str, Any] | None:
    """Read a line of a log; None where it is no row of one."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict) or not _is_step(row.get("step")):
        return None
    if "event" not in row:
        return row if all(map(_is_entry, row, row.values())) else None
    for key in ("scores", "references", "beside"):
        part = row.get(key, {})
        if not isinstance(part, dict) or not all(map(_is_entry, part, part.values())):
            return None
    return row if isinstance(row.get("reason", ""), str) else None


def _is_step(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _is_entry(name: str, value: object) -> bool:
    """Whether a curve can have this name and this value."""
    number = isinstance(value, int | float) and abs(value) < _HIGHEST
    return (number or value is None) and name.isprintable() and len(name) <= _LONGEST


class Progress:
    """Tells a person how far the run is, how long it still takes and what it reached.

    Parameters
    ----------
    say : callable
        Prints a line.
    status : callable
        Replaces the live status line.
    """

    def __init__(self, say: Callable[[str], None], status: Callable[[str], None]) -> None:
        self.say, self.status = say, status
        self._start = self._last = time.monotonic()
        self._first_share: float | None = None

    def on_step(self, step: int, terms: Mapping[str, float]) -> None:
        """Refresh the status line twice a second."""
        now, share = time.monotonic(), terms["spent"]
        if self._first_share is None:
            self._start, self._first_share = now, share
        if now - self._last < 0.5:
            return
        self._last = now
        live = "  ".join(f"{k} {v:+.3f}" for k, v in terms.items() if k != "spent")
        self.status(f"step {step:,}  {percentage(share):>5}  {self._left(share, now)}  {live}")

    def on_event(self, event: str, **details: Any) -> None:
        """Print what a run starts from, a line for each check and alarm, and how it ended.

        The steps of the judge, after the end, are shown as they pass.
        """
        self.status(_STATUS[event](**details) if event in _STATUS else "")
        for line in _LINES[event](**details):
            self.say(line)

    def _left(self, share: float, now: float) -> str:
        done = share - (self._first_share or 0.0)
        if done <= 0:
            return "ETA --:--"
        return f"ETA {clock((now - self._start) / done * (1 - share))}"


Lines = Sequence[str]


def _given_lines(lines: Lines) -> Lines:
    return lines


def _check_lines(
    step: int,
    seconds: float,
    scores: Mapping[str, float],
    references: Mapping[str, float],
    best: bool,
) -> Lines:
    line = f"step {step:>7,}  {clock(seconds):>6}"
    if "validation_distance" in scores:
        others = ", ".join(f"{name} {value:.3g}" for name, value in compared(references).items())
        line += (
            f"  validation distance {scores['validation_distance']:.2f} ({others}){'  kept' * best}"
        )
    return [line]


def _alarm_lines(
    step: int, reason: str, back_to: int, rollbacks: int, last: bool, **_: Any
) -> Lines:
    if last:
        done = f"the run ends here, after {rollbacks} rollbacks"
    else:
        of = f"rollback {rollbacks} of {MOST_ROLLBACKS}"
        done = f"back to step {back_to:,}, half the learning rate ({of})"
    return [f"step {step:>7,}  alarm: {reason}; {done}"]


def _end_lines(
    step: int,
    seconds: float,
    ended: str | None,
    kept: int,
    score: float | None,
    references: Mapping[str, float],
) -> Lines:
    lines = [f"{step:,} steps in {clock(seconds)}" + (f"; ended early: {ended}" if ended else "")]
    floor = best_floor(references)
    if score is None or floor is None:
        return [
            *lines,
            f"kept the averaged generator of step {kept:,}; nothing was held out to judge it",
        ]
    name, value = floor
    better = round(score, 2) < round(value, 2)
    word = "better than" if better else "no better than"
    lines.append(
        f"kept the generator of step {kept:,}, the latest within {percentage(SAME)} of the best: "
        f"by validation distance, {score:.2f}, it is {word} the best trivial sampler, "
        f"{name} {value:.2f}" + ("" if better else "; a longer run may help")
    )
    return lines


def _pace_lines(rate: float, steps: int, usual: int | None) -> Lines:
    speed = f"{rate:.1f} steps a second" if rate < 10 else f"{rate:,.0f} steps a second"
    line = f"{speed}, about {_about(steps):,} in this run"
    if usual is None:
        return [line]
    few = ": a longer run gives more" if steps < usual / 2 else ""
    return [f"{line}; data of this kind usually need about {usual:,}{few}"]


def _about(count: int) -> int:
    """Round a count to two digits.

    Examples
    --------
    >>> _about(94), _about(2874)
    (94, 2900)
    """
    return int(float(f"{count:.2g}"))


def _judge_lines(step: int, steps: int, wanted: int) -> Lines:
    if step:
        return []
    line = f"training a critic of that generator for `biogan sample --refine`, {steps:,} steps"
    return [line + f", as many as the run had, not {wanted:,}" * (steps < wanted)]


def _judge_status(step: int, steps: int, wanted: int) -> str:
    return f"critic for refinement: step {step:,} of {steps:,}" if step else ""


def _features_lines(step: int, steps: int) -> Lines:
    return [] if step else [f"learning the features that images are judged by, {steps:,} steps"]


def _features_status(step: int, steps: int) -> str:
    return f"features: step {step:,} of {steps:,}"


_STATUS: dict[str, Callable[..., str]] = {"judge": _judge_status, "features": _features_status}
_LINES: dict[str, Callable[..., Lines]] = {
    "data": _given_lines, "start": _given_lines, "note": _given_lines,
    "pace": _pace_lines, "check": _check_lines, "alarm": _alarm_lines,
    "end": _end_lines, "judge": _judge_lines, "features": _features_lines,
}  # fmt: skip


def compared(references: Mapping[str, float]) -> dict[str, float]:
    """Return the validation distance of training data and of the best trivial sampler.

    Examples
    --------
    >>> compared({"training data": 1.0, "markov-5": 3.0, "positional-markov-3": 1.2})
    {'training data': 1.0, 'positional-markov-3': 1.2}
    """
    floor = best_floor(references)
    return {
        name: value
        for name, value in references.items()
        if name == TRAINING_DATA or (floor and name == floor[0])
    }


def clock(seconds: float) -> str:
    """Write a duration as ``m:ss`` or ``h:mm:ss``.

    Examples
    --------
    >>> clock(75), clock(3675)
    ('1:15', '1:01:15')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
