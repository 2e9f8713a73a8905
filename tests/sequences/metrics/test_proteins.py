import numpy as np
import pytest
from Bio.SeqUtils import molecular_weight
from Bio.SeqUtils.ProtParam import ProteinAnalysis
from comparing import compare, iid

from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics import SEQUENCE_METRICS
from biogan.sequences.metrics import proteins as measures

# The protein of Biopython's documentation of ProtParam.
EXAMPLE = (
    "MAEGEITTFTALTEKFNLPPGNYKKPKLLYCSNGGHFLRILPDGTVDGTRDRSDQHIQLQLSAESVGEVYIKSTETGQYLAMDTSGLLYGSQ"
    "TPSEECLFLERLEENHYNTYTSKKHAEKNWFVGLKKNGSCKRGPRTHYGQKAILFLPLPV"
)
PROPERTIES = [name for name, m in SEQUENCE_METRICS.items() if m.needs == ("protein",)]


def proteins(*texts: str) -> SequenceSet:
    return SequenceSet.from_strings(texts, alphabet="protein")


def test_the_protein_of_the_biopython_documentation():
    changed = EXAMPLE.replace("TPSEEC", "TPNEEC")
    some = proteins(EXAMPLE, changed)
    assert measures.weight(some) == pytest.approx([17103.16, 17130.19], abs=0.01)
    assert measures.instability(some) == pytest.approx([41.98, 39.45], abs=0.01)
    assert measures.aromaticity(some)[0] == pytest.approx(0.0987, abs=1e-4)
    assert measures.isoelectric_point(some)[0] == pytest.approx(7.72, abs=0.01)
    assert measures.gravy(some)[0] == pytest.approx(-0.5974, abs=1e-4)


def test_every_property_agrees_with_biopython():
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list(PROTEIN.letters), n)) for n in rng.integers(1, 80, 60)]
    some, theirs = proteins(*texts), [ProteinAnalysis(t) for t in texts]
    assert measures.weight(some) == pytest.approx([p.molecular_weight() for p in theirs])
    assert measures.gravy(some) == pytest.approx([p.gravy() for p in theirs])
    assert measures.aromaticity(some) == pytest.approx([p.aromaticity() for p in theirs])
    assert measures.instability(some) == pytest.approx([p.instability_index() for p in theirs])
    assert measures.charge(some) == pytest.approx([p.charge_at_pH(7.0) for p in theirs])
    expected = np.array([p.isoelectric_point() for p in theirs])
    inside = (expected > 4.06) & (expected < 11.99)  # where Biopython's search ends
    assert inside.sum() > 40
    assert measures.isoelectric_point(some)[inside] == pytest.approx(expected[inside], abs=1e-3)


def test_other_letters_are_not_counted_and_said():
    strange = SequenceSet.from_strings(["XAGC*", ""], alphabet=PROTEIN.with_letters("X*"))
    assert measures.weight(strange) == pytest.approx([measures.weight(proteins("AGC"))[0], 0])
    assert measures.counted(strange).tolist() == [3, 0]
    assert measures.uncounted(strange) == 2
    assert np.isfinite(measures.isoelectric_point(strange)).all()


def test_letters_that_biopython_only_weighs_are_not_counted_either():
    with_both = SequenceSet.from_strings(
        ["AGUA", "UO", "OAGCU"], alphabet=PROTEIN.with_letters("UO")
    )
    expected = [molecular_weight(text, "protein") for text in ("AGA", "AGC")]
    assert measures.weight(with_both) == pytest.approx([expected[0], 0, expected[1]])
    without = proteins("AGA", "", "AGC")
    for compute in (measures.weight, measures.gravy, measures.aromaticity, measures.counted):
        assert compute(with_both) == pytest.approx(compute(without))
    assert measures.uncounted(with_both) == 5


@pytest.mark.parametrize("name", PROPERTIES)
def test_properties_are_distances_in_units_of_the_real_spread(name):
    real, other = (iid(PROTEIN, 200, 50, seed) for seed in (1, 2))
    same = compare(name, other, real)
    assert same.low <= 0.02 and same.value < 0.3
    assert compare(name, real, real).value == 0
    wwww = compare(name, proteins(*["W" * 40] * 50), real)
    assert wwww.value > 0.3
    assert compare(name, iid(DNA, 30, 9, 0), iid(DNA, 30, 9, 1)).note == "protein only"


def test_hydropathy_distance_by_hand():
    # GRAVY of the reference 4.5, 3.8, 2.8, 1.9 (I, L, F, M): quartiles 2.575 and 3.975, IQR 1.4;
    # all I in the candidate: mean distance to 4.5 is (0 + 0.7 + 1.7 + 2.6) / 4 = 1.25.
    found = compare("gravy-w1", proteins("I", "I"), proteins("I", "L", "F", "M"))
    assert found.value == pytest.approx(1.25 / 1.4)
    assert found.note == "fewer than 20 records: no interval"


def test_a_reference_without_spread_has_no_unit():
    found = compare("weight-w1", proteins("AC", "GG"), proteins(*["AC"] * 9))
    assert found.note == "half of the reference records have one value: no IQR"
