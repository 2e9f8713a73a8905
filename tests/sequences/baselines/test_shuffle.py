"""Shuffles keep what they promise, and every permitted order is as likely as any other."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biogan.core.errors import ConfigError
from biogan.sequences.baselines.simple import Shuffle, dinucleotide_shuffled
from biogan.sequences.dataset import SequenceSet

texts = st.one_of(st.text("ACGT", max_size=40), st.text("AC", max_size=40))


def pairs(text):
    return Counter(zip(text[:-1], text[1:], strict=True))


def shuffled(strings, seed, alphabet="dna"):
    s = SequenceSet.from_strings(strings, alphabet=alphabet)
    codes = dinucleotide_shuffled(s, np.random.default_rng(seed))
    return SequenceSet(s.alphabet, codes, s.offsets).strings()


@given(strings=st.lists(texts, min_size=1, max_size=8), seed=st.integers(0, 1000))
def test_words_of_two_letters_and_ends_stay(strings, seed):
    for before, after in zip(strings, shuffled(strings, seed), strict=True):
        assert pairs(after) == pairs(before)
        assert after[:1] == before[:1] and after[-1:] == before[-1:]


@given(strings=st.lists(st.text("ACDEFGHIKLMNPQRSTVWY", max_size=60), min_size=1, max_size=5))
def test_proteins_too(strings):
    for before, after in zip(strings, shuffled(strings, 0, "protein"), strict=True):
        assert pairs(after) == pairs(before)
        assert after[:1] == before[:1] and after[-1:] == before[-1:]


def euler_walks(text):
    """All sequences with the same pair counts and the same ends, by trying every step."""
    found = set()

    def walk(so_far, left):
        if not left:
            found.add(so_far)
        for step in list(left):
            if step[0] == so_far[-1]:
                walk(so_far + step[1], left - Counter([step]))

    walk(text[0], pairs(text))
    return sorted(found)


@pytest.mark.parametrize("text", ["ACACGAGTAC", "AACAGAATGA", "AAACAAGAAT", "GATTACAGATC"])
def test_every_permitted_order_is_equally_likely(text):
    possible = euler_walks(text)
    n = 1000 * len(possible)
    found = Counter(shuffled([text] * n, 1))
    assert sorted(found) == possible and len(possible) > 5
    # Each count is binomial: 1000 with a standard deviation below 32; five of them.
    assert [found[s] for s in possible] == pytest.approx([1000] * len(possible), abs=160)


def test_long_runs_do_not_stall():
    text = "A" * 500 + "C" * 500 + "G" * 300 + "A"
    assert pairs(shuffled([text] * 50, 2)[0]) == pairs(text)


def test_mono_keeps_letters_and_gives_every_order():
    train = SequenceSet.from_strings(["AACG"])
    found = Counter(Shuffle().fit(train).sample(12_000, seed=1).strings())
    assert len(found) == 12
    assert list(found.values()) == pytest.approx([1000] * 12, abs=160)
    assert {"".join(sorted(s)) for s in found} == {"AACG"}


def test_every_record_is_shuffled_once_before_any_twice():
    train = SequenceSet.from_strings(["AAA", "CCCC", "GG"])
    for kind in ("mono", "dinucleotide"):
        drawn = Shuffle(kind).fit(train).sample(6, seed=3).strings()
        assert sorted(drawn[:3]) == sorted(drawn[3:]) == ["AAA", "CCCC", "GG"]


def test_unknown_kind():
    with pytest.raises(ConfigError, match="unknown kind of shuffle 'dinucleotid': did you mean"):
        Shuffle("dinucleotid")
