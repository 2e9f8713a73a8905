"""Atomic files, JSON, JSON lines, TSV."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from biogan.core.errors import CheckpointError, DataError, OutputError
from biogan.core.files import (
    append_jsonl,
    atomic_path,
    file_names,
    read_json,
    reading,
    write_json,
    write_text,
    write_tsv,
)


def test_atomic_path_replaces_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "x.txt"
    target.write_text("old")
    with atomic_path(target) as path:
        path.write_text("new")
        assert path.parent == tmp_path and target.read_text() == "old"
    assert target.read_text() == "new" and len(list(tmp_path.iterdir())) == 1


def test_atomic_path_leaves_nothing_after_a_fault(tmp_path: Path) -> None:
    with pytest.raises(KeyError), atomic_path(tmp_path / "x.txt") as path:
        path.write_text("half")
        raise KeyError("x")
    assert not list(tmp_path.iterdir())


def test_atomic_path_follows_links_and_writes_devices_directly(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with atomic_path(tmp_path / "link") as path:
        path.write_text("new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_text() == "new"
    with atomic_path(os.devnull) as path:
        assert str(path) == os.devnull
        path.write_text("gone")
    assert Path(os.devnull).is_char_device()


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    for path, why in [(tmp_path / "no" / "x.json", "No such file"), (tmp_path, "is a folder")]:
        with pytest.raises(OutputError) as caught:
            write_json({}, path)
        assert str(caught.value).startswith(f"{path}: ") and why in str(caught.value)
    with pytest.raises(OutputError, match="cannot be written: No such file"):
        append_jsonl({}, tmp_path / "no" / "x.jsonl")


def test_json(tmp_path: Path) -> None:
    data = {"n": np.int64(3), "x": np.float32(0.5), "v": np.arange(2), "name": "é"}
    write_json(data, tmp_path / "x.json")
    assert read_json(tmp_path / "x.json") == {"n": 3, "x": 0.5, "v": [0, 1], "name": "é"}
    with pytest.raises(TypeError, match="Path cannot be written|PosixPath cannot be written"):
        write_json({"p": tmp_path}, tmp_path / "y.json")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float64("nan")])
def test_json_has_no_nan(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json({"x": value}, tmp_path / "x.json")
    with pytest.raises(ValueError, match="not JSON compliant"):
        append_jsonl({"x": value}, tmp_path / "x.jsonl")
    assert not list(tmp_path.iterdir())


def test_json_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with pytest.raises(CheckpointError, match="cannot be read: No such file"):
        read_json(path, CheckpointError)
    path.write_text('{"a": 1,\n "b": }')
    with pytest.raises(DataError, match="line 2: no valid JSON"):
        read_json(path)
    path.write_bytes(b'"\xff"')
    with pytest.raises(DataError, match="not UTF-8"):
        read_json(path)


def test_jsonl_appends(tmp_path: Path) -> None:
    for step in (1, 2):
        append_jsonl({"step": step, "loss": np.float64(0.25)}, tmp_path / "log.jsonl")
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"step": 1, "loss": 0.25},
        {"step": 2, "loss": 0.25},
    ]


def test_tsv(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "x": [0.5, 2.0]})
    write_tsv(frame, tmp_path / "x.tsv")
    assert (tmp_path / "x.tsv").read_text() == "id\tx\na\t0.5\nb\t2.0\n"
    write_tsv(frame, "-")
    assert capfd.readouterr().out == "id\tx\na\t0.5\nb\t2.0\n"


ODD = "caf\udce9 \ud800"  # a byte of a file name that is no UTF-8, and no character at all


def test_names_that_are_no_utf8_are_written_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "x\udce9.json"
    write_json({"name": ODD}, path)
    assert read_json(path) == {"name": ODD}
    append_jsonl({"name": ODD}, tmp_path / "log")
    assert json.loads((tmp_path / "log").read_bytes()) == {"name": ODD}
    write_text(ODD, path)
    assert path.read_bytes() == b"caf\\udce9 \\ud800"
    write_tsv(pd.DataFrame({"a": [ODD]}), path)
    assert path.read_bytes() == b"a\ncaf\\udce9 \\ud800\n"
    assert list(file_names([ODD], "x")) == ["caf_ _"]


def test_long_names_leave_room_for_what_is_put_around_them(tmp_path: Path) -> None:
    for letter in "a\u00e9\u6771\U0001f9ec":
        for name in (letter * (255 // len(letter.encode())), *file_names([letter * 300] * 2, "x")):
            write_text("x", tmp_path / name)


def test_whatever_a_library_raises_is_one_line_with_the_file() -> None:
    def fails(error: BaseException) -> str:
        with pytest.raises(DataError) as caught, reading("a.npz", "no array"):
            raise error
        return str(caught.value)

    assert fails(KeyError("x")) == "a.npz: no array: 'x'"
    assert fails(RecursionError("too deep\nand more")) == "a.npz: no array: too deep"
    assert fails(OSError(5, "Input/output error")) == "a.npz: cannot be read: Input/output error"
    assert fails(OSError("odd \x1b[1m")) == "a.npz: no array: odd \\x1b[1m"
    assert len(fails(ValueError("x" * 10_000))) < 300
    assert fails(MemoryError()).startswith("a.npz: not enough memory to read it")
    assert fails(DataError("b: known")) == "b: known"
    with pytest.raises(KeyboardInterrupt), reading("a.npz", "no array"):
        raise KeyboardInterrupt
