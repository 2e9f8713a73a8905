import numpy as np
import pytest
from comparing import compare, iid

from biogan.evaluation.intervals import wilson
from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.evaluate import evaluate
from biogan.sequences.metrics import get_metrics
from biogan.sequences.metrics.comparison import Comparison, Sample
from biogan.sequences.strands import reverse_complement


@pytest.fixture(scope="module")
def train():
    return iid(DNA, 1000, 80, 0)


def test_one_mutation_copies_are_near_but_not_exact(train):
    matrix = iid(DNA, 1000, 80, 1).matrix()
    matrix[:50] = train.matrix()[:50]
    matrix[:50, 7] = (matrix[:50, 7] + 1) % 4
    new = SequenceSet.from_matrix(DNA, matrix)
    assert compare("copies", new, train).value == 0
    fresh = Sample(iid(DNA, 1000, 80, 2))
    found = compare("near-excess", new, train, fresh=fresh)
    assert found.value == 0.05
    # Wilson: 50/1000 [.03814, .06533], 0/1000 [0, .00383]; both distances squared and summed.
    low, high = np.hypot(0.05 - 0.03814, 0.00383), 0.06533 - 0.05
    assert (found.low, found.high) == pytest.approx((0.05 - low, 0.05 + high), abs=2e-5)


def test_copies_of_train(train):
    again = train[np.random.default_rng(0).integers(0, 1000, 400)]
    found = compare("copies", again, train)
    assert (found.value, found.high, found.n) == (1.0, 1.0, 400)
    assert found.details == tuple(again.ids[:5])
    assert compare("near-copies", again, train).value == 1.0


def test_copies_are_sought_in_the_source_not_in_the_reference(train):
    other = iid(DNA, 200, 80, 2)
    assert compare("copies", train[:100], other, train).value == 1.0
    assert compare("copies", other, train, train).value == 0.0


def test_excess_takes_off_what_real_data_show(train):
    fresh = Sample(SequenceSet.concatenate([train[:400], iid(DNA, 100, 80, 3)]))
    found = compare("near-excess", train[:500], train, fresh=fresh)
    assert found.value == pytest.approx(0.2)
    assert compare("near-excess", train[:9], train).note == "no held-out records to compare with"


def test_long_records_do_not_overflow():
    long = iid(DNA, 2, 249, 0)
    assert compare("near-copies", long, long, identity=1.0).value == 1.0


def test_copies_of_the_other_strand():
    train = SequenceSet.from_strings(["AACG", "ACGT", "GGGG"])
    new = SequenceSet.from_strings(["CGTT", "AACG", "ACGT", "CCCA"])
    found = compare("strand-copies", new, train)
    # CGTT is AACG turned round; ACGT is its own reverse complement.
    assert (found.value, found.n, found.details) == (0.5, 4, ("seq_1", "seq_3"))


def test_fresh_records_are_as_near_to_held_out_as_to_training_data():
    # Case 17: ten times as many training records, and ties in nearly every third vote.
    train, held_out, new = (Sample(iid(DNA, n, 30, n)) for n in (4000, 400, 401))
    metric = get_metrics(["dcr-share"])[0]
    found = metric(Comparison(new, held_out, train, held_out))
    assert found.value == pytest.approx(0.5, abs=0.06)
    assert found.low < 0.5 < found.high
    assert (found.high - found.low) / 2 == pytest.approx(0.048, abs=0.02)
    assert found.note == "400 records each"
    own = metric(Comparison(held_out, held_out, train, held_out))
    assert own.low < 0.5 < own.high
    assert own.note == "399 records each"


def test_copies_are_nearer_to_training_and_not_authentic():
    train, fresh = iid(DNA, 200, 40, 0), Sample(iid(DNA, 200, 40, 1))
    assert compare("dcr-share", train, train, fresh=fresh).value == 1.0
    assert compare("authenticity", train, train).value == 0.0
    assert compare("nearest-identity", train, train).value == 1.0
    assert compare("dcr-share", train, train).note == "no held-out records to compare with"
    assert compare("dcr-share", fresh.sequences, train, fresh=fresh).value == 0.0


def test_authenticity_compares_with_the_training_record_s_own_neighbour():
    train = SequenceSet.from_strings(["AAAAAAAA", "AAAAAATT", "GGGGGGGG"])
    # 1 from AAAAAAAA, whose own neighbour is at 2; 3 from GGGGGGGG, whose own is at 8;
    # 4 from AAAAAAAA and AAAAAATT alike, the first of which is taken.
    new = SequenceSet.from_strings(["CAAAAAAA", "CCCGGGGG", "CCCCAAAA"])
    found = compare("authenticity", new, train)
    assert (found.value, found.n) == (pytest.approx(1 / 3), 3)
    assert compare("authenticity", new, train[:1]).value is None


def test_authenticity_of_records_with_one_nearest_record_is_one_piece_of_evidence():
    train = SequenceSet.from_strings(["AAAAAAAA", "AAAAAATT", "GGGGGGGG"])
    new = ["CAAAAAAA"] * 20 + ["CCCCAAAA"] * 20 + ["CCCGGGGG"] * 20
    found = compare("authenticity", SequenceSet.from_strings(new), train)
    # 20 of 40 around AAAAAAAA and 0 of 20 around GGGGGGGG, 20/3 more and less than 1/3 of each.
    half = 1.95996 * np.sqrt(2 * (20 / 3) ** 2) / 60
    assert found.value == pytest.approx(1 / 3)
    assert (found.low, found.high) == pytest.approx((1 / 3 - half, 1 / 3 + half), abs=1e-5)
    # Groups that are all alike leave no variance, and Wilson's interval stays.
    for rows, hits, n in ((new[:40], 20, 40), (new[:20], 0, 20), (new[20:40], 20, 20)):
        found = compare("authenticity", SequenceSet.from_strings(rows), train)
        assert (found.value, found.low, found.high) == (hits / n, *wilson(hits, n))


def test_median_identity_lies_between_its_ranks():
    train = SequenceSet.from_strings(["A" * 10])
    new = SequenceSet.from_strings(["A" * (10 - i % 5) + "C" * (i % 5) for i in range(100)])
    found = compare("nearest-identity", new, train)
    # 20 records each at 1, .9, .8, .7, .6; of 100 the ranks 40 and 61 are taken.
    assert (found.value, found.low, found.high) == pytest.approx((0.8, 0.7, 0.9), abs=1e-12)


def test_records_in_records():
    train = SequenceSet.from_strings(["TTACGTTT", "GGG", "CCCCCC"])
    new = SequenceSet.from_strings(["ACGT", "AGGGA", "CCCCCCC", "TTTA", "GTGT"])
    found = compare("contained", new, train)
    assert (found.value, found.details) == (0.6, ("seq_1", "seq_2", "seq_3"))
    assert compare("contained", new, train, lengths_vary=False).value is None


def test_shifted_windows_of_training_records_are_copies():
    random = np.random.default_rng(7)
    texts = ["".join(random.choice(list("ACGT"), 300)) for _ in range(80)]
    train = SequenceSet.from_strings([t[:200] for t in texts[:40]])
    fresh = SequenceSet.from_strings([t[:200] for t in texts[40:]])
    shifted = [t[75:275] for t in texts[:10]]
    turned = reverse_complement(SequenceSet.from_strings([t[100:300] for t in texts[10:20]]))
    little = [t[150:300] + t[:50][::-1] for t in texts[20:30]]
    new = SequenceSet.from_strings([*shifted, *turned.strings(), *little])
    found = compare("shifted-copies", new, train)
    assert found.value == pytest.approx(2 / 3)
    assert found.low == pytest.approx(wilson(20, 30)[0])
    assert found.note == "20 letters"
    assert compare("shifted-copies", fresh, train).value == 0
    assert compare("near-copies", new, train).value == 0


def test_shifted_copies_are_said_in_the_verdict():
    random = np.random.default_rng(8)
    texts = ["".join(random.choice(list("ACGT"), 120)) for _ in range(300)]
    train = SequenceSet.from_strings([t[:80] for t in texts[:150]])
    fresh = SequenceSet.from_strings([t[:80] for t in texts[150:]])
    new = SequenceSet.from_strings([t[30:110] for t in texts[:150]])
    report = evaluate(fresh, new, train=train, metrics=["copies", "near-copies", "near-excess",
                                                        "shifted-copies"])  # fmt: skip
    assert "100 % [97.5, 100] are shifted copies, held-out real data 0 %" in report.to_text()
    assert "the generator copies" in report.to_text()


def test_an_alignment_has_no_shifted_copies_and_short_records_none():
    aligned = SequenceSet.from_strings(["AC-GT" * 5] * 3, alphabet=DNA.with_letters("-"))
    assert compare("shifted-copies", aligned, aligned).note == "aligned: a column does not shift"
    short = SequenceSet.from_strings(["ACGTACGT"] * 3)
    assert compare("shifted-copies", short, short).note == "no record holds 20 letters"


def test_relatives_are_near_copies_together():
    """Five relatives of a training record are one piece of evidence, not five."""
    train = iid(DNA, 200, 40, 1)
    alone = SequenceSet.concatenate([train[:20], iid(DNA, 80, 40, 2)])
    families = SequenceSet.concatenate([train[:4]] * 5 + [iid(DNA, 80, 40, 2)])
    fresh = Sample(iid(DNA, 100, 40, 3))
    for name in ("near-copies", "near-excess"):
        one, five = (compare(name, new, train, fresh=fresh) for new in (alone, families))
        assert one.value == five.value == pytest.approx(0.2)
        assert five.high - five.low > 1.2 * (one.high - one.low)
