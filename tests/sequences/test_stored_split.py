"""The part of a store that is held out; orders that are computed and not stored."""

from __future__ import annotations

import numpy as np
import pytest

from biogan.core.rng import Permutation, rng
from biogan.sequences import stored_split
from biogan.sequences.store import store_fasta
from biogan.sequences.stored_split import StoredPart, split_stored


@pytest.mark.parametrize("n", [1, 2, 3, 5, 64, 65, 1000, 4097])
def test_a_permutation_has_every_number_once(n):
    order = Permutation(n, 7, "epoch", 3)(np.arange(n))
    assert sorted(order.tolist()) == list(range(n))


def test_permutations_of_other_seeds_and_streams_differ_and_look_random():
    n, positions = 10_000, np.arange(10_000)
    orders = [Permutation(n, *key)(positions) for key in ((0, "a"), (0, "b"), (1, "a"), (0, "a"))]
    assert (orders[0] == orders[3]).all()
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert (orders[a] == orders[b]).sum() < 10  # one is expected
    # The rank correlation of a random order with the positions has a deviation of 1 / sqrt(n).
    for order in orders[:3]:
        assert abs(np.corrcoef(order, positions)[0, 1]) < 0.04
        assert abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 0.04


def test_numbers_beyond_32_bits():
    n = 10**12
    positions = np.array([0, 1, 2, n - 1])
    found = Permutation(n, 0)(positions)
    assert len(set(found.tolist())) == 4 and (found >= 0).all() and (found < n).all()
    assert (Permutation(n, 0)(positions[::-1])[::-1] == found).all()


def stored(tmp_path, texts):
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "x.fa"
    path.write_text("".join(f">{i}\n{t}\n" for i, t in enumerate(texts)))
    return store_fasta(path, tmp_path / "store")


def texts(n, length=30, seed=0):
    return ["".join(row) for row in rng(seed, "texts").choice(list("ACGT"), (n, length))]


def test_a_part_is_the_store_without_some(tmp_path):
    store = stored(tmp_path, ["A", "AC", "ACG", "ACGT", "T"])
    part = StoredPart(store, np.array([0, 3]))
    assert len(part) == 3
    assert part.take(np.array([2, 0, 1, 0])).strings() == ["T", "AC", "ACG", "AC"]
    assert StoredPart(store, np.array([], np.int64)).take(np.array([4])).strings() == ["T"]


def test_about_the_share_is_held_out_and_equal_sequences_and_strands_stay_together(tmp_path):
    rows = texts(2000)
    twice = [row for row in rows for _ in range(2)]
    other = [row[::-1].translate(str.maketrans("ACGT", "TGCA")) for row in rows[:500]]
    store = stored(tmp_path, twice + other)
    parts = split_stored(store, 0.1, seed=3)
    held = set(parts.held_out.strings())
    train = parts.train.take(np.arange(len(parts.train))).strings()
    assert len(parts.train) + len(parts.held_out) == 4500
    # 450 are wanted; pairs fall together, so that the deviation is about 30.
    assert len(parts.held_out) == pytest.approx(450, abs=120)
    assert not held & set(train)
    assert not held & {row[::-1].translate(str.maketrans("ACGT", "TGCA")) for row in train}
    again = split_stored(store, 0.1, seed=3)
    assert again.held_out.strings() == parts.held_out.strings() and again.report == parts.report
    assert split_stored(store, 0.1, seed=4).held_out.strings() != parts.held_out.strings()
    assert set(parts.sample.strings()) <= set(train)


def test_the_held_out_part_is_bounded_and_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(stored_split, "MOST_RECORDS", 50)
    parts = split_stored(stored(tmp_path, texts(3000)), 0.5)
    assert len(parts.held_out) == pytest.approx(50, abs=30)
    assert len(parts.sample) == 50
    assert any("asked for 50.0 %, at most 50" in line for line in parts.report)
    assert "3,000 records on disk, exact duplicates are not collapsed" in parts.report


def test_a_sequence_that_makes_up_most_of_a_file_stays_in_training(tmp_path):
    store = stored(tmp_path, ["ACGTACGTAC"] * 900 + texts(100, 10))
    for seed in range(5):
        held = split_stored(store, 0.2, seed=seed).held_out.strings()
        assert "ACGTACGTAC" not in held and 5 <= len(held) <= 40


def test_near_copies_across_are_found_by_the_check(tmp_path):
    """Every record has a copy with one letter changed, which falls on the other side by chance."""
    rows = texts(300, 40)
    near = ["ACGT"["TACG".index(row[0])] + row[1:] for row in rows]
    parts = split_stored(stored(tmp_path, rows + near), 0.1, seed=1)
    train = set(parts.train.take(np.arange(len(parts.train))).strings())
    partner = dict(zip(rows + near, near + rows, strict=True))
    across = sum(partner[text] in train for text in parts.held_out.strings())
    assert across > 30
    assert parts.report[-1].startswith(
        f"check by sample: {across} of {len(parts.held_out)} held-out records have a near copy "
        f"(90 % identity or more) among {len(parts.sample)} training records, and "
    )
    assert parts.report[-1].endswith(
        f" share a stretch of 20 letters with one of {len(parts.sample)}"
    )


def test_nothing_is_held_out_where_nothing_is_asked_for(tmp_path):
    parts = split_stored(stored(tmp_path, texts(60)), 0.0)
    assert len(parts.held_out) == 0 and len(parts.train) == 60
    assert parts.report[-1] == "nothing held out"


def pieces(store, positions):
    """Letters of the source that records stand for."""
    length = store.longest
    pairs = zip(store.sources.array[positions], store.starts.array[positions], strict=True)
    return {(int(s), p) for s, start in pairs for p in range(start, start + length)}


@pytest.mark.parametrize(("window", "stride"), [(40, 10), (40, 39), (25, 1)])
def test_stored_windows_are_held_out_in_blocks_a_window_apart(tmp_path, window, stride):
    path = tmp_path / "genome.fa"
    rows = texts(3, 20 * window, seed=1)
    path.write_text("".join(f">chr\n{row * 1}\n" for row in rows))
    store = store_fasta(path, tmp_path / "store", window=window, stride=stride)
    parts = split_stored(store, 0.2, seed=2)
    train = parts.train
    kept = np.arange(len(train)) + np.searchsorted(train._before, np.arange(len(train)), "right")
    held = np.flatnonzero(np.isin(store.take(np.arange(len(store))).strings(),
                                  parts.held_out.strings()))  # fmt: skip
    assert 0 < len(parts.held_out) <= 0.25 * len(store)
    assert not pieces(store, held) & pieces(store, kept)
    s, p = store.sources.array, store.starts.array
    same = s[held][:, None] == s[kept]
    assert np.abs(p[held][:, None] - p[kept])[same].min(initial=10**6) >= 2 * window
    assert not set(parts.held_out.strings()) & set(train.take(np.arange(len(train))).strings())
    left = len(store) - len(train) - len(parts.held_out)
    assert f"{left:,} records nearer than {window} letters to a block" in parts.report[1]
    assert "0 share a stretch of 20 letters" in parts.report[-1]
    again = split_stored(store_fasta(path, tmp_path / "2", window=window, stride=stride), 0.2, 2)
    assert again.held_out.strings() == parts.held_out.strings()


def test_stored_records_that_name_overlapping_regions_are_split_by_region(tmp_path):
    genome = texts(1, 3000, seed=2)[0]
    order = rng(0, "order").permutation(296)
    path = tmp_path / "named.fa"
    lines = [f">chr1:{10 * i + 1}-{10 * i + 50}\n{genome[10 * i : 10 * i + 50]}\n" for i in order]
    path.write_text("".join(lines))
    store = store_fasta(path, tmp_path / "store")
    assert store.starts.array.tolist() == [10 * i for i in order]
    parts = split_stored(store, 0.1)
    train = parts.train.take(np.arange(len(parts.train))).strings()
    assert 0 < len(parts.held_out) < 60
    starts = [[genome.index(t) for t in side] for side in (parts.held_out.strings(), train)]
    assert np.abs(np.subtract.outer(*starts)).min() >= 100


def test_stored_windows_without_overlap_are_split_by_hash(tmp_path):
    path = tmp_path / "genome.fa"
    path.write_text(f">chr\n{texts(1, 4000, seed=1)[0]}\n")
    store = store_fasta(path, tmp_path / "store", window=40)
    assert "held out by a hash of the sequence" in split_stored(store, 0.2).report[1]
    plain = stored(tmp_path / "x", store.take(np.arange(100)).strings())
    held = [split_stored(s, 0.2).held_out.strings() for s in (store, plain)]
    assert held[0] == held[1]
