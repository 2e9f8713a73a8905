import numpy as np
import pytest
from comparing import iid

from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.evaluate import evaluate

AT, GC = [0.4, 0.1, 0.1, 0.4], [0.1, 0.4, 0.4, 0.1]


def labelled(seed: int, turned: bool = False, rare: int = 5) -> SequenceSet:
    """100 records of each of two classes that differ in GC, and a few of a third."""
    parts = [iid(DNA, n, 40, seed + i, p) for i, (n, p) in
             enumerate([(100, AT), (100, GC), (rare, AT)])]  # fmt: skip
    classes = ["b", "a"] if turned else ["a", "b"]
    labels = [*np.repeat(classes, 100), *["c"] * rare]
    texts = [t for part in parts for t in part.strings()]
    names = [f"n{i}" for i in range(len(texts))]
    return SequenceSet.from_strings(texts, labels={"class": labels, "name": names})


def numbered(seed: int) -> SequenceSet:
    """Classes "a" and "b" as numbers: 0 and 1."""
    some = labelled(seed, rare=0)
    some.labels = {"class": np.repeat(np.arange(2), 100).astype(object)}
    return some


def rows(generated: SequenceSet) -> list[dict]:
    options = {"metrics": ["gc-w1"], "floors": []}
    report = evaluate(labelled(0), generated, train=labelled(10), **options)
    assert report["gc-w1"].generated.value < 0.05  # right as a whole
    return report.tables["labels"]


def test_classes_that_are_right_as_a_whole_and_wrong_one_by_one():
    good, turned = (
        {(r["value"], r["metric"]): r for r in rows(labelled(20, turned))}
        for turned in (False, True)
    )
    for value in "ab":
        # GC 0.2 and 0.8, and the other way round.
        assert turned[value, "gc-w1"]["generated"] == pytest.approx(0.6, abs=0.03)
        assert good[value, "gc-w1"]["generated"] == pytest.approx(0, abs=0.04)
        assert good[value, "gc-w1"]["held_out"] == pytest.approx(0, abs=0.04)
        assert good[value, "unique"]["generated"] == 1
        assert good[value, "gc-w1"]["n"] == 100
    assert {metric for _, metric in good} == {"kmer-jsd", "letter-jsd", "gc-w1", "unique", None}


def test_a_rare_class_has_a_row_that_says_so_and_a_name_is_no_class():
    found = rows(labelled(20))
    (rare,) = [r for r in found if r["value"] == "c"]
    assert (rare["metric"], rare["n"], rare["generated"]) == (None, 5, None)
    assert rare["note"] == "fewer than 20 records: 5 generated, 5 real"
    assert {r["label"] for r in found} == {"class"}


def test_classes_may_be_numbers():
    report = evaluate(numbered(0), numbered(20), train=numbered(10), metrics=["gc-w1"], floors=[])
    found = {r["value"]: r for r in report.tables["labels"] if r["metric"] == "gc-w1"}
    assert set(found) == {"0", "1"}
    for row in found.values():
        assert row["n"] == 100
        assert row["generated"] == pytest.approx(0, abs=0.04)
        assert row["held_out"] == pytest.approx(0, abs=0.04)


def test_without_shared_labels_there_is_no_table():
    plain = iid(DNA, 60, 40, 3)
    report = evaluate(labelled(0), plain, metrics=["unique"], floors=[])
    assert report.tables == {}


def test_records_of_one_label_beside_real_ones_of_all_are_told():
    texts = iid(DNA, 260, 20, 0, AT).strings()
    kinds = ["hot", "cold"] * 100
    real = SequenceSet.from_strings(texts[:200], labels={"kind": kinds})
    one = SequenceSet.from_strings(texts[200:], labels={"kind": ["hot"] * 60})
    said = evaluate(real, one, metrics=["gc-w1"], floors=[]).to_dict()["warnings"]
    assert any("all generated records have kind=hot, as 50 %" in line for line in said)
    both = SequenceSet.from_strings(texts[200:], labels={"kind": kinds[:60]})
    said = evaluate(real, both, metrics=["gc-w1"], floors=[]).to_dict()["warnings"]
    assert not any("all generated records" in line for line in said)


def test_records_of_one_label_are_compared_with_real_ones_of_it():
    """As a reference of that label alone gives, if --condition names the label."""
    real, new = labelled(0), labelled(30)
    of_a = [some.take(np.flatnonzero(some.labels["class"] == "a")) for some in (real, new)]

    def read(reference, **asked):
        return evaluate(reference, of_a[1], metrics=["gc-w1"], floors=[], **asked)

    chosen, alone, whole = read(real, conditions="class"), read(of_a[0]), read(real)
    assert chosen.rows[0].generated == alone.rows[0].generated
    assert whole.rows[0].generated.value > chosen.rows[0].generated.value + 0.1
    assert any("the real records of this label alone, 100 of 205" in n for n in chosen.notes)
    # Of a class with fewer than 20 real records nothing is chosen.
    rare = SequenceSet.from_strings(new.strings()[:60], labels={"class": ["c"] * 60})
    assert not any(
        "label alone, " in n
        for n in evaluate(real, rare, metrics=["gc-w1"], floors=[], conditions="class").notes
    )
