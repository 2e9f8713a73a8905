"""The keys of sequences: equal for equal ones and both strands, different otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biogan.sequences import store as module
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.store import sequence_keys
from biogan.sequences.strands import reverse_complement


def test_keys_are_those_of_either_strand():
    forward = SequenceSet.from_strings(["ACGTT", "GGA", "TTTT", "A"])
    keys = sequence_keys(forward)
    assert keys.dtype == np.uint32
    assert (keys == sequence_keys(reverse_complement(forward))).all()
    assert len(set(keys.tolist())) == 4


def test_proteins_and_gapped_records_have_one_strand():
    proteins = SequenceSet.from_strings(["ACDE", "EDCA", "ACDE"], alphabet="protein")
    a, b, c = sequence_keys(proteins).tolist()
    assert a == c != b
    aligned = SequenceSet.from_strings(["AC-G", "C-GT"], alphabet=DNA.with_letters("-"))
    assert len(set(sequence_keys(aligned).tolist())) == 2


@given(st.lists(st.text("ACGT", min_size=1, max_size=9), min_size=1, max_size=12))
def test_the_key_of_a_record_does_not_depend_on_its_neighbours(texts):
    together = sequence_keys(SequenceSet.from_strings(texts, alphabet="dna"))
    alone = [sequence_keys(SequenceSet.from_strings([text], alphabet="dna"))[0] for text in texts]
    assert together.tolist() == alone


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_blocks_of_any_size_give_the_same(block, monkeypatch):
    rng = np.random.default_rng(1)
    texts = ["".join(rng.choice(list("ACGT"), n)) for n in (1, 8, 3, 20, 2, 7)]
    sequences = SequenceSet.from_strings(texts, alphabet="dna")
    whole = sequence_keys(sequences)
    monkeypatch.setattr(module, "_BLOCK", block)
    module._powers.cache_clear()
    try:
        assert (sequence_keys(sequences) == whole).all()
    finally:
        module._powers.cache_clear()


def test_there_are_no_more_collisions_than_by_chance():
    rng = np.random.default_rng(2)
    codes = np.unique(rng.integers(0, 4, (200_000, 12), dtype=np.uint8), axis=0)
    # Runs of one letter and neighbours that differ in one place are as good as any.
    runs = ["A" * n for n in range(1, 3000)]
    assert len(set(sequence_keys(SequenceSet.from_strings(runs, alphabet="dna")).tolist())) == 2999
    n = len(codes)
    sequences = SequenceSet(PROTEIN, codes.ravel(), np.arange(n + 1) * 12)
    keys = sequence_keys(sequences)
    pairs = n - len(np.unique(keys))
    expected = n * (n - 1) / 2**33
    assert abs(pairs - expected) < 5 * np.sqrt(expected) + 1
    # Each bit is set in half of them.
    bits = ((keys[:, None] >> np.arange(32, dtype=np.uint32)) & 1).mean(0)
    assert np.abs(bits - 0.5).max() < 5 * 0.5 / np.sqrt(n)


def test_an_empty_set_has_none():
    assert len(sequence_keys(SequenceSet.from_strings(["A"]).take(np.arange(0)))) == 0
