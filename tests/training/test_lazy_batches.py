"""Batches that are fetched when they are drawn."""

import numpy as np
import pytest
import torch

from biogan.training.batches import LazyBatches

WHOLE = slice(None)


def test_each_pass_has_every_record_once_and_passes_differ():
    batches = LazyBatches(10, torch.from_numpy, 4, seed=1)
    drawn = torch.cat([batches.part(k, WHOLE) for k in range(10)]).reshape(4, 10)
    assert [sorted(row) for row in drawn.tolist()] == [list(range(10))] * 4
    assert len({tuple(row) for row in drawn.tolist()}) == 4
    assert batches.part(7, WHOLE).tolist() == LazyBatches(10, torch.from_numpy, 4, 1).part(
        7, WHOLE
    ).tolist()  # fmt: skip


def test_batches_larger_than_the_data():
    drawn = LazyBatches(3, torch.from_numpy, 8, seed=0)
    counts = torch.bincount(torch.cat([drawn.part(k, WHOLE) for k in range(3)]), minlength=3)
    assert counts.tolist() == [8, 8, 8]


@pytest.mark.parametrize("world", [1, 2, 4])
def test_the_processes_share_a_batch_and_fetch_their_own_rows_only(world):
    fetched = []

    def fetch(records):
        fetched.append(len(records))
        return torch.from_numpy(records)

    def twins(records):
        return -1 - torch.from_numpy(records)

    whole = LazyBatches(100, torch.from_numpy, 8, 5, twins).part(3, WHOLE)
    assert 0 < (whole < 0).sum() < 8
    batches = LazyBatches(100, fetch, 8, 5, twins)
    parts = [batches.part(3, slice(rank, None, world)) for rank in range(world)]
    assert fetched == [8 // world] * world
    assert all(torch.equal(part, whole[rank::world]) for rank, part in enumerate(parts))


def test_the_memory_does_not_grow_with_the_number_of_records():
    batches = LazyBatches(10**15, torch.from_numpy, 64, seed=0)
    records = batches.drawn(10**12)
    assert len(np.unique(records)) == 64 and records.max() > 10**14
