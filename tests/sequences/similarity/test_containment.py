"""Sequences that stand whole in others, against ``in`` of Python."""

import numpy as np

from biogan.sequences.dataset import SequenceSet
from biogan.sequences.similarity.pairs import contained


def test_against_brute_force():
    random = np.random.default_rng(0)

    def draw(n: int) -> list[str]:
        return ["".join(random.choice(list("ACGT"), random.integers(1, 9))) for _ in range(n)]

    a, b = draw(150), draw(60)
    inside, holds = contained(SequenceSet.from_strings(a), SequenceSet.from_strings(b))
    assert inside.tolist() == [any(x in y for y in b) for x in a]
    assert holds.tolist() == [any(x in y for x in a) for y in b]
    assert 20 < inside.sum() < 130 and 20 < holds.sum() <= 60


def test_no_window_crosses_from_one_record_to_the_next():
    inside, _ = contained(
        SequenceSet.from_strings(["ACGT"]), SequenceSet.from_strings(["TTAC", "GTTT"])
    )
    assert not inside.any()
