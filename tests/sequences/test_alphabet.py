"""Letters to codes and back; alphabets that make no sense."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biogan.core.errors import AlphabetError, ConfigError
from biogan.sequences.alphabet import ALPHABETS, DNA, PROTEIN, RNA, UNKNOWN, Alphabet, get_alphabet


def test_order_is_fixed() -> None:
    """A saved model depends on it."""
    assert (DNA.letters, RNA.letters) == ("ACGT", "ACGU")
    assert PROTEIN.letters == "ACDEFGHIKLMNPQRSTVWY"
    assert (DNA.end, PROTEIN.end, DNA.has_gap) == (4, 20, False)


def test_codes_by_hand() -> None:
    assert DNA.encode("ACGTacgtN-").tolist() == [0, 1, 2, 3, 0, 1, 2, 3, UNKNOWN, UNKNOWN]
    assert DNA.encode(b"TA").tolist() == [3, 0]
    assert DNA.encode("Aé\u4e2d\udcff").tolist() == [0, UNKNOWN, UNKNOWN, UNKNOWN]
    assert DNA.decode(np.array([3, 0, 4, 255], np.int64)) == "TA??"
    assert DNA.encode("").shape == (0,) and DNA.decode(np.empty(0, np.uint8)) == ""


def test_codes_can_be_changed() -> None:
    codes = DNA.encode("AAAA")
    codes[1] = 3
    assert DNA.decode(codes) == "ATAA" and DNA.encode("AAAA").tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=str)
@given(data=st.data())
def test_decode_inverts_encode(alphabet: Alphabet, data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.text(alphabet.letters)))
    codes, offsets = alphabet.encode_many(texts)
    assert codes.dtype == np.uint8 and (codes < alphabet.size).all()
    assert alphabet.decode_many(codes, offsets) == texts
    assert alphabet.encode_many([t.lower() for t in texts])[0].tolist() == codes.tolist()


def test_complements_pair_up() -> None:
    assert [DNA.complement_of(c) for c in "ACGTRYSWKMBDHVN"] == list("TGCAYRSWMKVHDBN")
    assert [RNA.complement_of(c) for c in "ACGURY"] == list("UGCAYR")


def test_with_letters() -> None:
    gapped = DNA.with_letters("-A")
    assert (gapped.letters, gapped.complement, gapped.has_gap) == ("ACGT-", "TGCA-", True)
    assert gapped.encode("ACGT").tolist() == DNA.encode("ACGT").tolist()
    assert DNA.with_letters("ACGT") is DNA
    kept = DNA.with_letters("RYN")
    assert (kept.complement, "R" in kept.ambiguity) == ("TGCAYRN", False)
    # The complement of R is Y: without it a reverse complement cannot be written.
    assert DNA.with_letters("R").complement is None
    assert PROTEIN.with_letters("X").complement is None


def test_a_saved_alphabet_comes_back() -> None:
    for alphabet in (DNA, PROTEIN, DNA.with_letters("-N"), get_alphabet("custom:HPX")):
        again = Alphabet.from_dict(alphabet.to_dict())
        assert again == alphabet and hash(again) == hash(alphabet)


def test_lookup() -> None:
    assert get_alphabet("DNA") is DNA and get_alphabet(DNA) is DNA
    assert get_alphabet("custom:hp").letters == "HP"
    with pytest.raises(AlphabetError, match="unknown alphabet 'dan': choose one of dna, rna, pro"):
        get_alphabet("dan")
    # An option out of place, too: wrong usage on the command line.
    for name in ("dan", "custom:AA", "custom:"):
        with pytest.raises(ConfigError):
            get_alphabet(name)


@pytest.mark.parametrize(
    ("letters", "what"),
    [
        ("", "has no letters"),
        ("ACCA", "repeats a letter"),
        ("AC>", "'>' cannot be a letter"),
        ("A C", "' ' cannot be a letter"),
        ("Aé", "'é' cannot be a letter"),
        ("ac", "'a' cannot be a letter"),
        ("".join(map(chr, [*range(33, 62), *range(63, 97), 123, 124])), "has 65 letters"),
    ],
)
def test_alphabets_that_make_no_sense(letters: str, what: str) -> None:
    with pytest.raises(AlphabetError, match=what):
        Alphabet("own", letters)
