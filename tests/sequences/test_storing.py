"""A stored file holds what the same file gives in memory, in chunks of any size."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from helpers import shared_data
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from biogan.core.errors import BioganError, DataError, FastaError, OutputError
from biogan.sequences import store
from biogan.sequences.config import ReadingConfig
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.fasta import read_fasta
from biogan.sequences.store import (
    CODES,
    KEYS,
    META,
    OFFSETS,
    SequenceStore,
    sequence_keys,
    store_fasta,
)

# Ids are not kept, so what is told about them is not the same.
ABOUT_IDS = ("no id", "repeated id")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Chunks of a few dozen letters, so that every file has several."""
    monkeypatch.setattr(store, "iter_chunks", partial(store.iter_chunks, size=40))


def everything(store: SequenceStore) -> SequenceSet:
    return store.take(np.arange(len(store)))


def story(sequences: SequenceSet | SequenceStore) -> dict:
    assert sequences.report is not None
    told = sequences.report.to_dict()
    told["findings"] = [f for f in told["findings"] if f["kind"] not in ABOUT_IDS]
    told["notes"] = sorted(
        note for note in told["notes"] if "ids and labels" not in note and "'key='" not in note
    )
    return told


def same(path: Path, folder: Path, **options: object) -> None:
    """Compare a stored file with the file in memory, or their errors."""
    try:
        memory = read_fasta(path, **options)
    except BioganError as error:
        with pytest.raises(type(error)) as caught:
            store_fasta(path, folder, **options)
        assert "\n" not in str(caught.value) and str(caught.value).startswith(str(path))
        assert not folder.exists() and not list(folder.parent.glob(".*.tmp"))
        return
    store = store_fasta(path, folder, **options)
    assert story(store) == story(memory)
    assert store.alphabet == memory.alphabet and len(store) == len(memory)
    assert (store.longest, store.is_fixed_length) == (memory.longest, memory.is_fixed_length)
    stored = everything(store)
    assert (stored.offsets == memory.offsets).all() and store.letters == len(memory.codes)
    if options.get("ambiguous") != "resolve":
        assert stored.strings() == memory.strings() and store.digest == memory.digest
    assert (store.keys.array == sequence_keys(stored)).all()


@pytest.mark.parametrize("options", [{}, {"ambiguous": "keep"}, {"ambiguous": "error"},
                                     {"ambiguous": "resolve"}, {"alphabet": "dna"}])  # fmt: skip
def test_nasty_files_are_the_same_stored(options, tmp_path):
    for path in sorted(shared_data("nasty").iterdir()):
        if path.suffix != ".tsv":
            same(path, tmp_path / path.name, **options)


TOKENS = st.sampled_from(
    [b">a\n", b"\n>b c=d\n", b"\n>\n", b"\n", b"\r", b"-", b".", b"*", b" ", b"ACGTACGT", b"acgu"]
    + [b"N", b"EFILEFIL", b"U", b"\xff", b"\0", b"7"]
)
OPTIONS = st.fixed_dictionaries(
    {
        "alphabet": st.sampled_from([None, None, "dna", "custom:AC-"]),
        "ambiguous": st.sampled_from(["drop", "resolve", "keep", "error"]),
        "case": st.sampled_from(["auto", "upper", "a2m", "error"]),
        "gaps": st.sampled_from(["auto", "auto", "letter", "remove", "error"]),
        "stop": st.sampled_from(["strip", "keep", "drop", "error"]),
        "foreign": st.sampled_from(["drop", "error"]),
        "window": st.sampled_from([None, None, 3]),
    }
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TOKENS, max_size=40).map(lambda parts: b">x\n" + b"".join(parts)), OPTIONS)
@example(b">a\nAC-GT\n>b\nACGGT\n" * 5 + b">c\nA\n", {})  # aligned, until the last record
@example(b">a\n" + b"ACGU" * 20 + b"\n>b\nEFILEFILPQ\n", {"foreign": "error"})
@example(b">x\nA\xff" + b"\n>z\nACGTACGT" * 8 + b">\nAC\n", {})  # one odd letter, later another
def test_any_file_is_the_same_stored(content, options):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.fa")
        path.write_bytes(content)
        same(path, Path(folder, "store"), **options)


RECORDS = b"".join(b">r%d\n%s\n" % (i, b"ACGTTGCA"[i % 8 :] + b"ACCA" * 3) for i in range(30))


@pytest.fixture
def fasta(tmp_path):
    path = tmp_path / "x.fa"
    path.write_bytes(RECORDS)
    return path


def watched(*args, **options):
    seen: list[tuple[int, int | None]] = []
    store = store_fasta(*args, watch=lambda *now: seen.append(now), **options)
    return store, bool(seen)


def test_a_store_is_read_once_and_again_only_for_another_file_or_other_options(fasta, tmp_path):
    folder = tmp_path / "run" / "sequences"
    first, read = watched(fasta, folder)
    assert read and first.digest == read_fasta(fasta).digest
    assert not watched(fasta, folder)[1]
    assert watched(fasta, folder, length=14)[0].longest == 14
    fasta.write_bytes(RECORDS.replace(b"ACCAACCA", b"ACCAACCT", 1))
    changed, read = watched(fasta, folder)
    assert read and changed.digest != first.digest
    os.utime(fasta, ns=(1, 1))
    again, read = watched(fasta, folder)
    assert read and again.digest == changed.digest
    assert sorted(p.name for p in folder.parent.iterdir()) == ["sequences"]


def test_a_failed_reading_keeps_the_store_that_is_there(fasta, tmp_path):
    folder = tmp_path / "sequences"
    digest = store_fasta(fasta, folder).digest
    broken = tmp_path / "broken.fa.gz"
    broken.write_bytes(gzip.compress(RECORDS)[:-9])
    with pytest.raises(FastaError):
        store_fasta(broken, folder)
    assert SequenceStore(folder).digest == digest
    assert not list(tmp_path.glob(".*.tmp"))


def test_what_a_kill_left_behind_is_removed_and_strangers_stay(fasta, tmp_path):
    half = tmp_path / ".sequences.123.abcd.tmp"
    half.mkdir()
    store_fasta(fasta, tmp_path / "sequences")
    assert not half.exists()
    stranger = tmp_path / "thesis"
    stranger.mkdir()
    (stranger / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="no store"):
        store_fasta(fasta, stranger)
    assert (stranger / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize("damage", [
    lambda f: (f / META).unlink(),
    lambda f: (f / META).write_text("{"),
    lambda f: (f / META).write_text('{"schema": 99}'),
    lambda f: os.truncate(f / CODES, 5),
])  # fmt: skip
def test_a_damaged_store_is_one_line(damage, fasta, tmp_path):
    folder = tmp_path / "sequences"
    store_fasta(fasta, folder)
    damage(folder)
    with pytest.raises(DataError) as caught:
        SequenceStore(folder)
    assert "\n" not in str(caught.value) and str(folder) in str(caught.value)


@pytest.mark.parametrize("name", [META, CODES, OFFSETS, KEYS])
def test_a_flipped_bit_of_a_store_is_found_and_the_file_is_read_again(name, fasta, tmp_path):
    whole, flips = store_fasta(fasta, tmp_path / "whole"), np.random.default_rng(1)
    folder = tmp_path / "sequences"
    store_fasta(fasta, folder)
    for _ in range(8):
        data = bytearray((folder / name).read_bytes())
        data[flips.integers(len(data))] ^= 1 << int(flips.integers(8))
        (folder / name).write_bytes(data)
        with pytest.raises(DataError) as caught:
            SequenceStore(folder).check()
        assert "\n" not in str(caught.value) and str(folder) in str(caught.value)
        store = store_fasta(fasta, folder)
        store.check()
        assert store.digest == whole.digest and "read again, as" in store.report.notes[-1]
        assert (folder / name).read_bytes() == (whole.path / name).read_bytes() or name == META


def test_a_store_of_before_has_no_digests(fasta, tmp_path):
    store = store_fasta(fasta, tmp_path / "sequences")
    path = store.path / META
    meta = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in meta.items() if k not in ("seal", "sums")}))
    SequenceStore(store.path).check()
    assert store_fasta(fasta, store.path).report.notes == store.report.notes


def test_large_is_told_by_the_size_of_what_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "LARGE", 100)
    for name, size, large in (("a.fa", 99, False), ("b.fa", 100, True), ("c.fa.gz", 25, True)):
        (tmp_path / name).write_bytes(b"A" * size)
        assert store.is_large(tmp_path / name) is large
    assert not store.is_large("-") and not store.is_large(tmp_path / "nothing.fa")


def test_the_options_are_checked_before_anything_is_written(fasta, tmp_path):
    with pytest.raises(BioganError, match="unknown option"):
        store_fasta(fasta, tmp_path / "s", ReadingConfig(), colour="red")
    assert not (tmp_path / "s").exists()
