"""Watchers of a run: the log file and the lines that a person reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from biogan.io.tables import append_jsonl

LOG_EVERY = 20


class JsonLog:
    """Appends the terms of every :data:`LOG_EVERY`-th step, and every check, to ``log.jsonl``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_step(self, step: int, terms: Mapping[str, float]) -> None:
        """Write the terms of a step where it is due."""
        if step % LOG_EVERY == 0:
            append_jsonl({"step": step, **terms}, self.path)

    def on_event(self, event: str, **details: Any) -> None:
        """Write a check with its scores."""
        if event == "check":
            append_jsonl({"event": "check", **details}, self.path)


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
        self.status(f"step {step}  {share:4.0%}  {self._left(share, now)}  {live}")

    def on_event(self, event: str, **details: Any) -> None:
        """Print what a run starts from, and a line for each check."""
        if event == "start":
            for line in details["lines"]:
                self.say(line)
        if event != "check":
            return
        scores = details["scores"]
        text = "  ".join(f"{k} {v:.3f}" for k, v in scores.items())
        mark = "  (best so far)" if details["best"] and scores else ""
        self.status("")
        self.say(
            f"step {details['step']:>6}  {clock(details['seconds']):>6}  {text}{mark}".rstrip()
        )

    def _left(self, share: float, now: float) -> str:
        done = share - (self._first_share or 0.0)
        if done <= 0:
            return "ETA --:--"
        return f"ETA {clock((now - self._start) / done * (1 - share))}"


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
