"""Records that stand the wrong way round are counted, not only told."""

import numpy as np
import pytest
from comparing import compare, iid

from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.strands import backwards, reverse_complement


def directed(alphabet, n, seed):
    """Random letters of varying length with a word near the beginning of most records."""
    rng = np.random.default_rng(seed)
    word = "TATAAC" if alphabet is DNA else "MKWVTF"
    texts = []
    for text in iid(alphabet, n, 40, seed).strings():
        at = int(rng.integers(4, 10))
        kept = text[: int(rng.integers(30, 41))]
        texts.append(kept[:at] + word + kept[at:] if rng.random() < 0.9 else kept)
    return SequenceSet.from_strings(texts, alphabet=alphabet)


def partly(records, turn, share):
    many = round(share * len(records))
    return SequenceSet.concatenate([turn(records[:many]), records[many:]])


@pytest.mark.parametrize(
    ("name", "turn", "alphabet"),
    [("backwards", backwards, PROTEIN), ("other-strand", reverse_complement, DNA)],
)
def test_a_fifth_that_stands_the_other_way_is_a_fifth(name, turn, alphabet):
    real, new = directed(alphabet, 600, 1), directed(alphabet, 500, 2)
    right = compare(name, new, real)
    assert right.low < 0 < right.high and right.high - right.low < 0.15
    turned = compare(name, partly(new, turn, 0.2), real)
    assert turned.low > 0.1 and turned.low < 0.2 < turned.high
    assert compare(name, turn(new), real).value == pytest.approx(1, abs=0.1)
    # Copies of the reference are no more the right way round than it is.
    assert compare(name, real, real).value == pytest.approx(0, abs=0.15)


def test_what_has_no_direction_is_not_read():
    real, new = iid(DNA, 200, 30, 1), iid(DNA, 200, 30, 2)
    for name in ("backwards", "other-strand"):
        value = compare(name, new, real)
        assert value.value is None and value.note == "real records look alike in both directions"
    assert compare("other-strand", iid(PROTEIN, 50, 9, 1), iid(PROTEIN, 50, 9, 2)).note == (
        "nucleotides only"
    )
    few = iid(DNA, 9, 30, 1)
    assert compare("backwards", few, few).note == "needs 10 records"


def test_an_alignment_has_no_other_strand():
    some = SequenceSet.from_strings(["AC-GT", "ACG-T"] * 20, alphabet=DNA.with_letters("-"))
    assert compare("other-strand", some, some).note == "aligned: the other strand has other columns"
