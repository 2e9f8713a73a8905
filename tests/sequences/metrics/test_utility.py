import numpy as np
import pytest
from comparing import compare, iid
from helpers import shared_data

from biogan import read_fasta
from biogan.sequences.alphabet import DNA
from biogan.sequences.baselines import get_baseline
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.evaluate import evaluate
from biogan.sequences.metrics.labels import balanced_gain

AT, GC = [0.27, 0.23, 0.23, 0.27], [0.23, 0.27, 0.27, 0.23]


def labelled(n, seed, turned=False, name="class"):
    sets = [iid(DNA, n, 60, seed + i, p) for i, p in enumerate((AT, GC))]
    values = ["b", "a"] if turned else ["a", "b"]
    texts = [t for s in sets for t in s.strings()]
    return SequenceSet.from_strings(texts, labels={name: np.repeat(values, n)})


def test_gain_by_hand():
    # Class 0: differences 1, 0, 0, 0, mean 1/4, variance (9 + 3) / 16 / 3 = 1/4; class 1: 0, -1,
    # mean -1/2, variance 1/2. Error of the mean of both: sqrt(1/4/4 + 1/2/2) / 2 = sqrt(5) / 8.
    classes = np.array([0, 0, 0, 0, 1, 1])
    gain, half = balanced_gain(
        np.array([1, 1, 0, 0, 1, 0], bool), np.array([0, 1, 0, 0, 1, 1], bool), classes
    )
    assert gain == pytest.approx((1 / 4 - 1 / 2) / 2)
    assert half == pytest.approx(1.959964 * np.sqrt(5) / 8, abs=1e-6)


def test_more_records_help_copies_do_not_and_wrong_labels_harm():
    train, real = labelled(20, 0), labelled(400, 10)
    good, copies, wrong = (
        compare("utility", new, real, source=train)
        for new in (labelled(400, 20), train, labelled(400, 20, turned=True))
    )
    assert good.low > 0 and good.note == "label class" and good.n == 800
    assert copies.value == pytest.approx(0, abs=0.005)
    assert wrong.high < -0.1
    alone, both, only = (float(text.rpartition(" ")[2]) for text in good.details)
    assert good.value == pytest.approx(both - alone, abs=0.0011)
    # GC of 60 letters, .46 and .54: Phi(.04 / sqrt(.25 / 60)) = .732 is the most there is.
    assert alone < only <= 0.732 + 0.04


@pytest.mark.parametrize(
    ("new", "real", "reason"),
    [
        (iid(DNA, 40, 60, 1), labelled(40, 2), "no label of the reference in the candidate"),
        (labelled(40, 1), iid(DNA, 40, 60, 2), "no labels in the reference"),
        (labelled(19, 1), labelled(40, 2), "no label has two values with 20 records"),
    ],
)
def test_without_labels_there_is_a_reason(new, real, reason):
    found = compare("utility", new, real, source=labelled(40, 3))
    assert found.value is None and found.note.startswith(reason)


def test_records_of_the_reference_are_not_learned_from():
    real = labelled(40, 2)
    found = compare("utility", labelled(40, 1), real, source=real)
    assert found.value is None and "without near copies of the reference" in found.note


def test_near_copies_of_the_reference_gain_nothing():
    """Labels at random: only who has seen the test records, or nearly, can be right."""
    real, train = iid(DNA, 300, 60, 1), iid(DNA, 300, 60, 2)
    labels = np.random.default_rng(0).permutation(np.repeat(["a", "b"], 150))
    test = SequenceSet.from_strings(real.strings(), labels={"class": labels})
    # One letter of each record is another one.
    mutants = [("C" if text[0] == "A" else "A") + text[1:] for text in real.strings()]
    texts = [*train.strings()[100:200], *mutants, *real.strings()]
    both = SequenceSet.from_strings(
        texts, labels={"class": np.concatenate([labels[100:200], labels, labels])}
    )
    source = SequenceSet.from_strings(train.strings(), labels={"class": labels})
    found = compare("utility", both, test, source=source)
    assert found.note == "label class; near copies left out: 0 training, 600 candidate"
    assert found.low < 0 < found.high


def test_one_chain_for_each_label_of_real_peptides():
    """Antimicrobial peptides against others: trivial chains carry some of the difference."""
    real = read_fasta(shared_data("protein/fbgan_amp_peptides.train.fasta"))
    kinds = real.labels["label"]
    parts = {k: real.take(np.flatnonzero(kinds == k)) for k in sorted(set(kinds))}
    texts, labels = [], []
    for kind, part in parts.items():
        drawn = get_baseline("markov-1").fit(part).sample(400, 0).strings()
        texts, labels = texts + drawn, labels + [kind] * len(drawn)
    new = SequenceSet.from_strings(texts, alphabet="protein", labels={"label": labels})
    row = evaluate(real, new, metrics=["utility"], floors=[])["utility"]
    found = row.generated
    alone, _, only = (float(text.rpartition(" ")[2]) for text in found.details)
    assert found.note.startswith("label label")
    # Measured: .859 for real peptides, .833 for chains alone; together no gain is to be seen.
    assert alone == pytest.approx(0.859, abs=0.02)
    assert only == pytest.approx(0.833, abs=0.03)
    assert found.low < 0 < found.high < 0.05
