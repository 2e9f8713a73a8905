import numpy as np
import pytest

from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.baselines import suited_chains
from biogan.sequences.dataset import SequenceSet


def uniform(alphabet, n, length):
    codes = np.random.default_rng(0).integers(0, alphabet.size, (n, length)).astype(np.uint8)
    return SequenceSet.from_matrix(alphabet, codes)


# Order k needs 10 * 4**(k + 1) windows of DNA; by position as many records.
@pytest.mark.parametrize(
    ("alphabet", "n", "length", "names"),
    [
        (DNA, 10, 8, ["markov-1", "positional-markov-1"]),
        (DNA, 639, 6, ["markov-2", "positional-markov-1"]),
        (DNA, 641, 6, ["markov-2", "positional-markov-2"]),
        (DNA, 41_000, 8, ["markov-5", "positional-markov-4"]),
        (PROTEIN, 4_500, 20, ["markov-2", "positional-markov-1"]),
    ],
)
def test_the_highest_order_that_the_set_can_fill(alphabet, n, length, names):
    train = uniform(alphabet, n, length)
    assert suited_chains(train, fixed=True) == names


def test_where_lengths_vary_chains_count_from_both_ends_in_the_likeliest_order():
    rng = np.random.default_rng(0)
    # Every letter follows from the one before; more context is noise.
    texts = []
    for size in rng.integers(5, 30, 400):
        text = [rng.integers(4)]
        while len(text) < size:
            text.append((text[-1] + (1 if rng.random() < 0.8 else rng.integers(4))) % 4)
        texts.append("".join("ACGT"[i] for i in text))
    found = suited_chains(SequenceSet.from_strings(texts), fixed=False)
    assert found[1:] == ["positional-markov-1", "positional-markov-4", "positional-markov-end-1"]
    assert suited_chains(SequenceSet.from_strings(["ACG", "A"]), fixed=False)[1:] == [
        "positional-markov-1", "positional-markov-4", "positional-markov-end-1",
    ]  # fmt: skip
