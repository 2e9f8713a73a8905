"""Time to fidelity: what is kept of a training, and when an aim is reached."""

import importlib.util

import numpy as np
import pytest
from helpers import ROOT

from biogan import SequenceSet


@pytest.fixture(scope="module")
def timing():
    place = ROOT / "scripts" / "benchmark_time.py"
    spec = importlib.util.spec_from_file_location("benchmark_time", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reads():
    """Twelve letters, of which the last are the first ones again: something to learn."""
    letters = np.random.default_rng(0).choice([*"ACGT"], (200, 6))
    return SequenceSet.from_strings(["".join(row) * 2 for row in letters])


def test_the_first_copy_at_an_aim_counts(timing):
    found = [timing.Reading(t, area, 0.5, r) for t, area, r in
             [(1.0, 0.9, 0.5), (2.0, 0.6, 0.9), (3.0, 0.7, 0.8), (4.0, 0.5, None)]]  # fmt: skip
    aims = timing.aims(dna=True)
    reached = {name: timing.first(found, good) for name, good in aims.items()}
    assert [*reached.values()] == [2.0, 4.0, 4.0, 2.0]
    assert len(timing.aims(dna=False)) == 3
    assert timing.median([1.0, None, 3.0]) == "3" and timing.median([None, None, 1.0]) == (
        "not reached"
    )


def test_a_peer_gets_as_much_time_and_its_copies_stay_as_they_were(timing, reads):
    kept = timing.peer_copies(reads, seed=1, limit=0.0)
    assert len(kept) == 1 and kept[0].seconds > 0
    copies = timing.peer_copies(reads, seed=1, limit=5.0)
    assert len(copies) > 1 and [*map(len, (kept[0].sample(9, 1), copies[0].sample(9, 1)))] == [9, 9]
    assert kept[0].sample(9, 1).strings() == copies[0].sample(9, 1).strings()
    assert copies[0].sample(200, 1).strings() != copies[-1].sample(200, 1).strings()


def test_copies_of_a_training_are_models_of_their_own(timing, reads, tmp_path):
    small = {"width": 4, "depth": 1, "units": 8, "latent": 4, "batch_size": 8}
    kept, taken = timing.copies(reads, 1, tmp_path, steps=12, check_every=4, **small)
    assert 1 <= len(kept) <= 3 and 0 < kept[0].seconds <= kept[-1].seconds <= taken
    assert len(kept[0].sample(5, 1)) == 5
