import numpy as np
import pytest
from comparing import compare, iid

from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet

NAMES = [
    "site-jsd", "site-pair-jsd", "site-entropy", "pair-pearson", "pair-slope", "triplet-pearson",
]  # fmt: skip


def test_identical_sets():
    same = iid(DNA, 400, 12, 0)
    assert compare("site-jsd", same, same).value == 0
    assert compare("site-pair-jsd", same, same).value == 0
    assert compare("site-entropy", same, same).value == 0
    assert compare("triplet-pearson", same, same).value == pytest.approx(1)
    assert compare("pair-pearson", same, same).value == pytest.approx(1)
    assert compare("pair-slope", same, same).value == pytest.approx(1)


def test_one_fixed_position_of_four():
    # Position 1 always A against uniform: JSD = (1 log2(1/.625) + .25 log2(.25/.625)
    # + .75 log2(.25/.125)) / 2 bits there, nothing elsewhere, mean over four positions.
    real = iid(DNA, 4000, 4, 0)
    matrix = iid(DNA, 4000, 4, 1).matrix()
    matrix[:, 0] = 0
    one = (np.log2(1 / 0.625) + 0.25 * np.log2(0.25 / 0.625) + 0.75) / 2
    found = compare("site-jsd", SequenceSet.from_matrix(DNA, matrix), real)
    assert found.value == pytest.approx(one / 4, abs=0.003)
    assert found.low < one / 4 < found.high


def test_entropy_of_one_fixed_position_of_four():
    real, matrix = iid(DNA, 4000, 4, 0), iid(DNA, 4000, 4, 1).matrix()
    matrix[:, 0] = 0
    found = compare("site-entropy", SequenceSet.from_matrix(DNA, matrix), real)
    assert found.value == pytest.approx(2 / 4, abs=0.001)
    assert found.low < 0.5 < found.high


def test_a_dependence_of_three_positions_that_no_two_show():
    def parity(seed, planted=True):
        matrix = iid(DNA, 4000, 6, seed).matrix()
        if planted:
            matrix[:, 5] = (matrix[:, 0] + matrix[:, 3]) % 4
        return SequenceSet.from_matrix(DNA, matrix)

    # Signal: 1 triplet of 20; C is 3/64 in 16 of its cells and -1/64 in the 48 others, of mean
    # square 192/64**3. Noise of every cell: variance p (1-p) cubed over n = (3/16)**3 / 4000.
    signal, noise = 192 / 64**3 / 20, (3 / 16) ** 3 / 4000
    found = compare("triplet-pearson", parity(1), parity(0))
    assert found.value == pytest.approx(signal / (signal + noise), abs=0.03)
    assert found.note == "" and found.low < found.value < found.high
    assert compare("triplet-pearson", parity(2, False), parity(0)).value == pytest.approx(
        0, abs=0.1
    )
    assert compare("pair-pearson", parity(1), parity(0)).value == pytest.approx(0, abs=0.1)


def test_couplings_of_half_the_strength():
    def coupled(strength, seed):
        rng = np.random.default_rng(seed)
        matrix = rng.integers(0, 4, (4000, 6)).astype(np.uint8)
        matrix[:, 3:] = np.where(rng.random((4000, 3)) < strength, matrix[:, :3], matrix[:, 3:])
        return SequenceSet.from_matrix(DNA, matrix)

    real = coupled(0.8, 0)
    assert compare("pair-slope", coupled(0.8, 1), real).value == pytest.approx(1, abs=0.03)
    found = compare("pair-slope", coupled(0.4, 2), real)
    assert found.value == pytest.approx(0.5, abs=0.03)
    assert found.low < 0.5 < found.high
    assert compare("pair-pearson", coupled(0.4, 2), real).value == pytest.approx(0.98, abs=0.02)
    assert compare("pair-pearson", coupled(0, 3), real).value == pytest.approx(0, abs=0.06)


def test_a_long_alignment_is_read_at_some_columns():
    found = compare("pair-slope", iid(PROTEIN, 40, 80, 0), iid(PROTEIN, 40, 80, 1))
    assert found.note == "60 of 80 columns"


@pytest.mark.parametrize("name", NAMES)
def test_empty_records_have_no_positions(name):
    empty = SequenceSet.from_strings([""] * 40)
    found = compare(name, empty, empty)
    assert found.value is None and found.note


@pytest.mark.parametrize("name", NAMES)
def test_varying_lengths_have_no_positions(name):
    fixed = iid(DNA, 30, 8, 0)
    varying = SequenceSet.from_strings(["ACGT", "ACG"] * 15)
    assert compare(name, fixed, varying).note.startswith("lengths vary")
    assert compare(name, varying, fixed).note.startswith("not all candidates have the 8")


def test_one_letter_has_no_neighbour():
    one = iid(DNA, 30, 1, 0)
    assert compare("site-pair-jsd", one, one).value is None
    assert compare("pair-slope", one, one).value is None
    assert compare("triplet-pearson", one, one).value is None
    assert compare("site-jsd", one, one).value == 0


def test_a_metric_without_borders_needs_no_clip_of_none(monkeypatch):
    # NumPy before 2.1 refuses np.clip(x, None, None).
    clip = np.clip

    def strict(values, low, high):
        assert low is not None and high is not None
        return clip(values, low, high)

    monkeypatch.setattr(np, "clip", strict)
    real = iid(DNA, 400, 6, 0)
    assert compare("pair-slope", real, real).value == pytest.approx(1)


def paired(n, seed, pairs):
    """Random letters of 30 columns; a pair of columns holds one letter in both."""
    matrix = np.random.default_rng(seed).integers(0, 4, (n, 30)).astype(np.uint8)
    for i, j in pairs:
        matrix[:, j] = matrix[:, i]
    return SequenceSet.from_matrix(DNA, matrix)


def test_one_lost_pair_of_many_is_seen_and_named():
    pairs = [(i, 29 - i) for i in range(10)]
    real, new = paired(600, 1, pairs), paired(600, 2, pairs)
    source = paired(900, 3, pairs)
    whole = compare("weakest-pair", new, real, source)
    assert whole.value > 0.9 and whole.high - whole.low < 0.2
    lost = compare("weakest-pair", paired(600, 2, pairs[1:]), real, source)
    assert -0.2 < lost.value < 0.2 and lost.high < whole.low
    assert lost.details[0].startswith("1 and 30: ") and "1 and 30" not in lost.details[1]
    # Nine pairs of ten: all pairs together hardly show it.
    assert compare("pair-pearson", paired(600, 2, pairs[1:]), real, source).value > 0.7


def test_without_clear_pairs_there_is_no_weakest_one():
    real, new = paired(300, 1, []), paired(300, 2, [])
    none = "no two positions that are apart depend clearly on each other"
    assert compare("weakest-pair", new, real).note == none
    # Two letters in one record in a hundred depend strictly, but seldom.
    matrix = real.matrix()
    matrix[:, [3, 20]] = 0
    matrix[:3, [3, 20]] = 1
    rare = SequenceSet.from_matrix(DNA, matrix)
    assert compare("weakest-pair", new, rare).note == none
    # Training records of other lengths have no such columns.
    short = SequenceSet.from_strings(["ACGT", "AC"])
    assert compare("weakest-pair", new, real, short).note == none
