"""The progress bars of reading and scoring."""

import errno
import fcntl
import logging
import os
import struct
import sys
import termios
import warnings

import pytest

from biogan.cli import console, run


@pytest.fixture
def shown(monkeypatch):
    lines = []
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(console, "status", lines.append)
    return lines


def test_a_bar_tells_share_rate_and_time_left(shown):
    now = iter([0.0, 1.0, 1.1, 2.0])
    bar = console.Bar("reading", clock=lambda: next(now))
    bar(30_000_000, 120_000_000)
    bar(33_000_000, 120_000_000)  # too soon after the last
    bar(120_000_000, 120_000_000)
    assert shown == [
        "reading [######..................]  25 %  30 MB/s  ETA 0:03",
        "reading [########################] 100 %  60 MB/s  ETA 0:00",
    ]


def test_without_a_total_the_rate_is_told(shown):
    now = iter([0.0, 2.0])
    console.Bar("reading", clock=lambda: next(now))(10_000_000, None)
    assert shown == ["reading 10 MB  5 MB/s"]


def test_in_a_log_it_is_a_line_a_minute(monkeypatch, capsys):
    # As at the start of a command, whatever ran before in this process.
    monkeypatch.setattr(console.settings, "quiet", False)
    for by, _ in console.STARTED:
        monkeypatch.delenv(by, raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    now = iter([0.0, 1.0, 61.0, 62.0, 125.0])
    bar = console.Bar("reading", clock=lambda: next(now))
    for done in (1, 60, 62, 124):
        bar(done * 1_000_000, 124_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "reading: 48 % of 124 MB, 1 MB/s, ETA 1:06",
        "reading: 100 % of 124 MB, 1 MB/s, ETA 0:00",
    ]


def test_steps_in_a_log_are_a_line_a_minute(monkeypatch, capsys):
    monkeypatch.setattr(console.settings, "quiet", False)
    for by, _ in console.STARTED:
        monkeypatch.delenv(by, raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    now = iter([0.0, 1.0, 61.0, 62.0])
    steps = console.Steps("scoring", clock=lambda: next(now))
    for done, name in enumerate(("generated", "held-out", "pwm")):
        steps(name, done, 3)
    assert capsys.readouterr().err.splitlines() == ["scoring: 2 of 3, held-out, ETA 2:02"]


@pytest.mark.parametrize(("by", "rank"), console.STARTED)
def test_a_rank_that_nothing_started_is_no_follower(by, rank, monkeypatch):
    for name in {name for pair in console.STARTED for name in pair}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(rank, "1")
    assert not console.follower()
    monkeypatch.setenv(by, "2")
    assert console.follower()
    monkeypatch.setenv(rank, "0")
    assert not console.follower()


def test_steps_are_counted_and_the_rest_is_foretold(shown):
    now = iter([0.0, 0.0, 30.0])
    steps = console.Steps("scoring", clock=lambda: next(now))
    steps("generated", 0, 4)
    steps("held-out", 1, 4)
    assert shown == [
        "scoring [........................] 1 of 4: generated",
        "scoring [######..................] 2 of 4: held-out  ETA 1:30",
    ]


@pytest.mark.parametrize(("terminal", "quiet"), [(False, False), (True, True)])
def test_nothing_beside_a_terminal_or_with_quiet(terminal, quiet, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr(console.settings, "quiet", quiet)
    console.Bar("reading")(5, 5)
    console.Steps("scoring")("generated", 0, 4)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("terminal", "columns", "expected"),
    [
        ("xterm", 20, b"\rreading [######....\x1b[K"),
        ("xterm", 0, b"\rreading [######..................]  25 %\x1b[K"),
        ("dumb", 20, b""),
    ],
)
def test_a_status_line_fits_into_the_terminal(terminal, columns, expected, monkeypatch):
    """One that wraps is not cleared, and a dumb terminal prints what should move the cursor."""
    controller, end = os.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    monkeypatch.setenv("TERM", terminal)
    monkeypatch.setattr(console.settings, "quiet", False)
    for by, _ in console.STARTED:
        monkeypatch.delenv(by, raising=False)
    with open(end, "w", closefd=False) as screen, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", screen)
        console.status("reading [######..................]  25 %")
    os.set_blocking(controller, False)
    try:
        assert os.read(controller, 1000) == expected
    except BlockingIOError:
        assert not expected
    finally:
        os.close(end)
        os.close(controller)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EPIPE])
def test_messages_that_nobody_can_get_end_no_run(number, monkeypatch):
    """The terminal was closed, or the log is on a full disk."""

    def write(text):
        raise OSError(number, "cannot be written")

    monkeypatch.setattr(console.settings, "quiet", False)
    with monkeypatch.context() as patch:
        patch.setattr(sys.stderr, "write", write, raising=False)
        console.say("half way")
        assert console.settings.quiet
        assert run(["info", "nowhere"]) == 1


@pytest.mark.parametrize("debug", [False, True])
def test_remarks_of_libraries_are_shown_with_debug_alone(debug, monkeypatch, capsys):
    def draw(*args):
        console.settings.debug = debug
        warnings.warn("Glyph 128512 missing from font", UserWarning, stacklevel=1)
        logging.getLogger("matplotlib.font_manager").warning("building the font cache")
        logging.getLogger("PIL.TiffImagePlugin").error("odd tag")

    monkeypatch.setattr(console.settings, "debug", False)
    monkeypatch.setattr("biogan.cli.main", draw)
    # pytest would hear the records itself.
    for name in ("matplotlib", "PIL"):
        monkeypatch.setattr(logging.getLogger(name), "propagate", False)
    shown = []
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        monkeypatch.setattr(warnings, "showwarning", lambda *warning: shown.append(warning))
        assert run([]) == 0
    said = capsys.readouterr().err
    assert len(shown) == debug
    for remark in ("building the font cache", "odd tag"):
        assert (remark in said) == debug


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("std::bad_alloc"),
        RuntimeError("can't start new thread"),
        ImportError(
            "IMPORTANT: READ THIS\n\nlibtorch.so: failed to map segment from shared object"
        ),
        OSError("libfoo.so: cannot allocate memory in static TLS block"),
    ],
)
def test_too_little_memory_for_a_library_is_one_line(monkeypatch, capsys, error):
    def fail(argv):
        raise error

    monkeypatch.setattr("biogan.cli.main", fail)
    assert run([]) == 1
    line = capsys.readouterr().err
    assert line.startswith("biogan: out of memory: ") and line.count("\n") == 1
    assert "READ THIS" not in line
