"""The part of a store that is held out; orders that are computed and not stored."""

from __future__ import annotations

import numpy as np
import pytest

from biogan.core.rng import Permutation, rng
from biogan.sequences import splits
from biogan.sequences.splits import StoredPart, split_stored
from biogan.sequences.store import store_fasta


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
    monkeypatch.setattr(splits, "MOST_RECORDS", 50)
    parts = split_stored(stored(tmp_path, texts(3000)), 0.5)
    assert len(parts.held_out) == pytest.approx(50, abs=30)
    assert len(parts.sample) == 50
    assert any("asked for 50.0%, at most 50" in line for line in parts.report)
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
    assert parts.report[-1] == (
        f"check by sample: {across} of {len(parts.held_out)} held-out records have a near copy "
        f"(90% identity or more) among {len(parts.sample)} training records"
    )


def test_nothing_is_held_out_where_nothing_is_asked_for(tmp_path):
    parts = split_stored(stored(tmp_path, texts(60)), 0.0)
    assert len(parts.held_out) == 0 and len(parts.train) == 60
    assert parts.report[-1] == "nothing held out"
