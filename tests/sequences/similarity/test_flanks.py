"""Sequences behind a common primer: every near pair is found, without comparing all with all."""

import edlib
import numpy as np
import pytest

from biogan.sequences.dataset import SequenceSet
from biogan.sequences.similarity import edits
from biogan.sequences.similarity.edits import allowed
from biogan.sequences.similarity.hamming import AllPairs
from biogan.sequences.similarity.pairs import near_pairs

PRIMER, ARM = "GTTCAGAGTTCTACAGTCCG", "TGGAATTCTCGGGTGCCAAG"


def text(random, low, high):
    return "".join(random.choice(list("ACGT"), random.integers(low, high + 1)))


def candidate_pairs(s, identity=0.9):
    found = edits.candidates(s, None, allowed(identity, s.lengths), AllPairs())
    return {pair for i, j in found for pair in zip(i.tolist(), j.tolist(), strict=True)}


def mutant(random, source, n):
    out = list(source)
    for place in random.integers(len(out) - 1, size=n).tolist():
        out[place : place + 1] = random.choice(["", "A", "CG"])
    return "".join(out)


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9, 0.95, 1.0])
@pytest.mark.parametrize("ends", [(PRIMER, ""), ("", ARM), (PRIMER, ARM)])
def test_near_pairs_with_primers_are_those_of_brute_force(monkeypatch, threshold, ends):
    monkeypatch.setattr(edits, "MANY", 4)
    random = np.random.default_rng(1)
    roots = [ends[0] + text(random, 40, 60) + ends[1] for _ in range(20)]
    # Edits hit the primers too.
    texts = roots + [mutant(random, r, random.integers(12)) for r in roots for _ in range(2)]
    distance = [[edlib.align(x, y)["editDistance"] for y in texts] for x in texts]
    n = len(texts)
    wanted = {
        (i, j)
        for i in range(n)
        for j in range(i + 1, n)
        if 1 - distance[i][j] / max(len(texts[i]), len(texts[j])) >= threshold - 1e-9
    }
    s = SequenceSet.from_strings(texts)
    i, j, _ = near_pairs(s, identity=threshold)
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == wanted
    i, j, _ = near_pairs(s[:20], s[20:], identity=threshold)
    across = {(i, j - 20) for i, j in wanted if i < 20 <= j}
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == across
    left, right, _ = edits.shared_flanks(s, allowed(threshold, s.lengths), edits.SEED)
    if threshold == 0.9:
        assert left.max() == len(ends[0]) and right.max() == len(ends[1])


def test_a_primer_does_not_make_candidates_of_all_pairs():
    random = np.random.default_rng(2)
    tails = [text(random, 80, 100) for _ in range(400)]
    pairs = 400 * 399 / 2
    for ends in ((PRIMER, ""), (PRIMER, ARM)):
        s = SequenceSet.from_strings([ends[0] + tail + ends[1] for tail in tails])
        assert len(candidate_pairs(s)) < 0.05 * pairs


def test_what_few_share_or_chance_gives_is_not_left_out():
    random = np.random.default_rng(3)
    family = [PRIMER + text(random, 60, 80) for _ in range(edits.MANY)]
    plain = [text(random, 80, 100) for _ in range(300)]
    s = SequenceSet.from_strings(family + plain)
    left, right, width = edits.shared_flanks(s, allowed(0.9, s.lengths), edits.SEED)
    assert not left.any() and not right.any()
    assert width.tolist() == (s.lengths // (allowed(0.9, s.lengths) + 1)).tolist()


def test_what_a_family_shares_behind_its_primer_stays():
    random = np.random.default_rng(4)
    root = text(random, 20, 20)
    s = SequenceSet.from_strings(
        [PRIMER + "A" + root + text(random, 60, 60) for _ in range(120)]
        + [PRIMER + "C" + text(random, 80, 81) for _ in range(300)]
    )
    left, _, _ = edits.shared_flanks(s, allowed(0.9, s.lengths), edits.SEED)
    assert left[:120].tolist() == [len(PRIMER)] * 120
    # Three in four go on with the same letter, hardly any with the next.
    assert left[120:].tolist() == [len(PRIMER) + 1] * 300
