"""Joined tokens: what is joined, in which order, and that nothing is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biogan import MoleculeSet
from biogan.molecules import byte_pairs
from biogan.molecules.byte_pairs import join_pairs, learn_pairs
from biogan.molecules.toolkit import single_tokens

LETTERS = "abc"


def coded(texts):
    codes = [LETTERS.index(letter) for text in texts for letter in text]
    return np.array(codes, np.uint8), np.cumsum([0, *map(len, texts)])


def spelled(codes, offsets, tokens):
    rows = [codes[a:b] for a, b in zip(offsets[:-1], offsets[1:], strict=True)]
    return ["".join(tokens[code] for code in row) for row in rows]


@given(st.lists(st.text(LETTERS, max_size=12), min_size=1, max_size=30))
def test_joined_texts_spell_the_same(texts):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(byte_pairs, "_FEWEST", 2)
        pairs = learn_pairs(*coded(texts), LETTERS, 20)
    tokens = [*LETTERS, *pairs]
    assert len(set(tokens)) == len(tokens)
    assert spelled(*join_pairs(*coded(texts), tokens, 3), tokens) == texts


def test_the_most_frequent_pair_is_joined_first():
    texts = ["abab", "abc"] * 60
    pairs = learn_pairs(*coded(texts), LETTERS, 3)
    # 180 ab; then 60 each of abab and abc, of which the first by the alphabet.
    assert pairs == ["ab", "abab", "abc"]
    codes, offsets = join_pairs(*coded(["ababab", "cab"]), [*LETTERS, *pairs], 3)
    assert codes.tolist() == [4, 3, 2, 3] and offsets.tolist() == [0, 2, 4]


def test_runs_of_a_letter_are_joined_from_the_left():
    codes, offsets = join_pairs(*coded(["aaaaa", "aa", "baaa"]), ["a", "b", "c", "aa"], 3)
    assert codes.tolist() == [3, 3, 0, 3, 1, 3, 0] and offsets.tolist() == [0, 3, 4, 7]


def test_rare_pairs_and_borders_are_left_alone():
    assert learn_pairs(*coded(["ab"] * 49), LETTERS, 5) == []
    assert learn_pairs(*coded(["a", "b"] * 400), LETTERS, 5) == []
    assert learn_pairs(*coded(["a"] * 100_000 + ["ab"] * 60), LETTERS, 5) == []


def test_molecules_are_learned_in_any_order_and_read_by_a_vocabulary():
    texts = ["CCOC(=O)c1ccccc1", "CCNc1ccccc1", "CC(Cl)CCl", "OCC"] * 60
    some = MoleculeSet.from_smiles(texts)
    tokens, back = some.tokens("smiles"), MoleculeSet.from_smiles(texts[::-1]).tokens("smiles")
    assert tokens.alphabet == back.alphabet
    alone = single_tokens(tokens.alphabet.tokens, "smiles")
    assert 0 < alone < len(tokens.alphabet.tokens)
    assert tokens.alphabet.spell(tokens.strings()) == list(some.smiles)
    again = some.in_vocabulary(tokens.alphabet)
    assert again.strings() == tokens.strings()
    single = some.tokens("smiles", joined=False)
    assert single.alphabet.tokens == tokens.alphabet.tokens[:alone]
    assert single.lengths.mean() > 2 * tokens.lengths.mean()
