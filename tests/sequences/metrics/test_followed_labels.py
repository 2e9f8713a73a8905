"""Metrics of labels on sets whose answer is known: simulated promoters, and letters at random."""

import numpy as np
import pytest
from comparing import iid
from helpers import shared_data
from make_demo_data import conditional

from biogan import read_fasta
from biogan.core.errors import ConfigError
from biogan.evaluation.conditions import UNANSWERABLE, Strata
from biogan.evaluation.report.report import ComparisonReport
from biogan.evaluation.report.results import BETWEEN, FLOOR, REAL, UNREAD
from biogan.metrics import measure
from biogan.sequences.alphabet import DNA
from biogan.sequences.baselines import plain_chain
from biogan.sequences.baselines.labelled import by_label
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.evaluate import compare, evaluate
from biogan.sequences.metrics import get_metrics
from biogan.sequences.metrics.comparison import Sample
from biogan.sequences.metrics.labelled import LabelReader

READ = ["label-accuracy", "label-r", "label-mae", "label-spread"]


def relabelled(some: SequenceSet, **labels) -> SequenceSet:
    out = some.take(np.arange(len(some)))
    out.labels |= {name: np.asarray(values, object) for name, values in labels.items()}
    return out


def shuffled_labels(some: SequenceSet) -> SequenceSet:
    order = np.random.default_rng(0).permutation(len(some))
    return relabelled(some, **{name: values[order] for name, values in some.labels.items()})


def swapped(some: SequenceSet) -> SequenceSet:
    turned = {"sigma70": "sigma32", "sigma32": "sigma70"}
    return relabelled(some, **{"class": [turned[x] for x in some.labels["class"]]})


def one_record_each(some: SequenceSet) -> SequenceSet:
    """The first record of each class, of each eighth of the score and set of elements, copied."""
    eighth = Strata.of("score", "number", some.labels["score"]).members(some.labels["score"])
    keys = [*zip(some.labels["class"], eighth.argmax(1), some.labels["elements"], strict=True)]
    first = {}
    for i, key in enumerate(keys):
        first.setdefault(key, i)
    return some.take(np.array([first[key] for key in keys]))


@pytest.fixture(scope="module")
def reports():
    """Promoters of the right labels, and four ways to get labels wrong; n = 1,000."""
    train, held = conditional(1500, "train"), conditional(1000, "held")
    new = conditional(1000, "new")
    sets = {
        "right": new, "shuffled": shuffled_labels(new), "swapped": swapped(new),
        "copied": one_record_each(new),
    }  # fmt: skip
    return compare(train, sets, held_out=held, metrics=READ)


@pytest.mark.parametrize("metric", ["label-accuracy:class", "label-accuracy:elements",
                                    "label-r:score", "label-mae:score", "label-spread:class",
                                    "label-spread:elements", "label-spread:score"])  # fmt: skip
def test_real_records_reach_the_ceiling(reports, metric):
    row = reports["right"][metric]
    assert row.status == REAL
    assert row.generated.low <= row.ceiling.high and row.ceiling.low <= row.generated.high


def test_shuffled_labels_are_chance_and_caught(reports):
    report = reports["shuffled"]
    for metric, chance in (("label-accuracy:class", 0.5), ("label-accuracy:elements", 0.5),
                           ("label-r:score", 0.0)):  # fmt: skip
        row = report[metric]
        assert row.generated.low < chance < row.generated.high, metric
        assert row.status == FLOOR, metric
        floor = row.columns["shuffled-labels"]
        assert floor.low < chance < floor.high, metric
        assert row.columns["chain"].low - 0.02 < chance < row.columns["chain"].high + 0.02, metric
    # Scores from -9.7 to 8.6 bits: an error of 2 where labels are right.
    assert report["label-mae:score"].generated.low > 3 > report["label-mae:score"].ceiling.high
    assert report["label-mae:score"].status == FLOOR


def test_swapped_classes_are_below_chance(reports):
    row = reports["swapped"]["label-accuracy:class"]
    right = reports["right"]["label-accuracy:class"].generated
    assert row.generated.value == pytest.approx(1 - right.value)
    assert row.generated.high < 0.05
    assert row.status == FLOOR
    assert any("follow their label less closely" in text for text in reports["swapped"].verdict())
    # What was not swapped stays as it was.
    assert reports["swapped"]["label-r:score"].status == REAL


def test_one_record_for_each_label_is_told_by_the_spread(reports):
    for label in ("class", "elements", "score"):
        row = reports["copied"][f"label-spread:{label}"]
        assert row.status in (BETWEEN, FLOOR), label
        assert row.generated.high < 0.98, label


def test_a_label_has_its_own_rows_and_floors(reports):
    report = reports["right"]
    floors = ["label-chain", "label-positional-chain", "chain", "shuffled-labels"]
    assert all([*row.floors] == floors for row in report.rows)
    assert "copies" not in report.rows[0].columns
    accuracy = report["label-accuracy:class"].generated
    assert accuracy.note.startswith("label class; k-mers and positions of 1,500 records")
    assert accuracy.note.endswith("chance 0.50")
    assert [text.partition(" ")[0] for text in accuracy.details] != []
    table = report.to_text()
    assert max(map(len, table.splitlines())) <= 110
    assert "label-mk label-pos no-label shuf-lab" in " ".join(table.split())
    page = report.to_html()
    assert "Do records follow the labels" in page
    for title in ("class predicted against asked, real", "class predicted against asked, generated",
                  "score predicted against asked, generated"):  # fmt: skip
        assert f"<title>{title}</title>" in page


def test_a_comparison_of_sets_has_the_rows_of_labels_beside_their_floors(reports):
    both = ComparisonReport(reports)
    text = both.to_text()
    line = next(x for x in text.splitlines() if x.startswith("label accuracy, class"))
    marks = line.split()[3:]
    # Right, shuffled, swapped and copied labels; the classes of copied records are right.
    assert [marks[i] for i in (1, 3, 5)] == ["=", "x", "x"]
    page = both.to_html()
    assert page.count("label-mk") >= 2  # over the rows and in the key
    for name in ("right", "shuffled", "swapped", "copied"):
        assert f"<title>class predicted against asked, {name}</title>" in page


def test_order_and_names_of_records_change_nothing():
    sets = [conditional(n, name) for n, name in ((400, "t"), (200, "h"), (200, "n"))]
    random = np.random.default_rng(1)
    other = []
    for some in sets:
        mixed_up = some.take(random.permutation(len(some)))
        mixed_up.ids = [f"x{i}" for i in range(len(some))]
        mixed_up.labels = dict(reversed(mixed_up.labels.items()))
        other.append(mixed_up)
    metrics = ["label-accuracy", "label-r", "label-spread", "label-jsd"]
    one, two = (
        evaluate(train, new, held_out=held, metrics=metrics) for train, held, new in (sets, other)
    )
    assert len(one.rows) == 9
    for row in one.rows:
        assert row.columns == two[row.metric.name].columns, row.metric.name


def mixed(n: int, seed: int, share: float = 0.5) -> SequenceSet:
    """Two classes of which only a share of the records differ in composition."""
    texts, labels = [], []
    for i, p in enumerate(([0.32, 0.18, 0.18, 0.32], [0.18, 0.32, 0.32, 0.18])):
        typical = int(share * n)
        texts += iid(DNA, typical, 60, seed + i, p).strings()
        texts += iid(DNA, n - typical, 60, seed + 10 + i).strings()
        labels += ["ab"[i]] * n
    return SequenceSet.from_strings(texts, labels={"class": labels})


def test_a_chain_for_each_class_is_more_typical_than_real_records_and_is_marked():
    train, held = mixed(1000, 0), mixed(500, 100)
    kinds = held.labels["class"]
    strata = Strata.of("class", "class", train.labels["class"])
    report = evaluate(
        train, by_label(train, strata, kinds, lambda some: "markov-5", 7), held_out=held,
        metrics=["label-accuracy"],
    )  # fmt: skip
    row = report["label-accuracy"]
    # Every record of a chain has the mean composition of its class: right more often.
    typical = mixed(500, 200, share=1.0)
    sharp = evaluate(train, typical, held_out=held, metrics=["label-accuracy"])["label-accuracy"]
    assert sharp.generated.low > sharp.ceiling.high and sharp.status in (BETWEEN, FLOOR)
    assert row.generated.value == pytest.approx(row.columns["label-chain"].value, abs=0.05)


def test_the_verdict_says_what_is_more_typical_than_real():
    report = evaluate(
        mixed(1000, 0), mixed(500, 200, share=1.0), held_out=mixed(500, 100),
        metrics=["label-accuracy"],
    )  # fmt: skip
    (sentence,) = report.verdict()
    assert "records follow their label more closely than real ones" in sentence


def test_what_real_records_cannot_answer_is_not_assessed():
    random = np.random.default_rng(0)

    def unlabelled(n: int, seed: int) -> SequenceSet:
        return relabelled(
            iid(DNA, n, 40, seed), **{
                "class": random.permutation(np.repeat(["a", "b"], n // 2)),
                "expr": [f"{x:.3f}" for x in random.normal(size=n)],
            },
        )  # fmt: skip

    train, held, new = (unlabelled(n, i) for i, n in enumerate((800, 400, 400)))
    report = evaluate(train, new, held_out=held, metrics=READ[:3], floors=[])
    for row in report.rows:
        assert row.status == UNREAD
        assert UNANSWERABLE in row.generated.note, row.metric.name
    assert {row.metric.name for row in report.rows} == {
        "label-accuracy:class", "label-r:expr", "label-mae:expr"
    }  # fmt: skip
    assert "No judgement" in report.verdict()[0]


def test_near_copies_between_training_and_held_out_teach_nothing():
    """Labels at random: only who has seen the held-out records, or nearly, can be right."""
    real, labels = iid(DNA, 300, 60, 1), np.repeat(["a", "b"], 150)
    mutants = [("C" if text[0] == "A" else "A") + text[1:] for text in real.strings()]
    others = iid(DNA, 600, 60, 2).strings()
    train = SequenceSet.from_strings(
        [*mutants, *others], labels={"class": np.concatenate([labels, labels, labels])}
    )
    held = relabelled(real, **{"class": labels})
    sample = Sample(held)
    reader = LabelReader("class", "class", train, sample, sample, [sample])
    assert (reader.learned.left_out, reader.learned.one_family) == (300, False)
    assert UNANSWERABLE in reader.accuracy_unanswerable


def mutants_of_one(n: int, seed: int) -> SequenceSet:
    """One sequence with three letters changed in each record; a number that three places say."""
    random = np.random.default_rng(seed)
    codes = np.tile(np.random.default_rng(0).integers(0, 4, 40), (n, 1))
    for _ in range(3):
        codes[np.arange(n), random.integers(0, 40, n)] = random.integers(0, 4, n)
    value = (codes[:, :12] == 2).sum(1) - (codes[:, 12:30] == 1).sum(1)
    out = SequenceSet.from_matrix(DNA, codes.astype(np.uint8))
    out.labels = {"value": np.array([f"{x:.4f}" for x in value + random.normal(size=n) / 9])}
    return out


def test_of_mutants_of_one_sequence_only_copies_are_left_out():
    train, held, new = (mutants_of_one(n, i) for i, n in enumerate((900, 300, 300)))
    row = evaluate(train, new, held_out=held, metrics=["label-r"], floors=[])["label-r"]
    assert row.ceiling.value > 0.7
    assert row.ceiling.high - row.ceiling.low < 0.2
    assert row.status == REAL or row.generated.value == pytest.approx(row.ceiling.value, abs=0.1)
    sets = [Sample(some) for some in (held, new)]
    reader = LabelReader("value", "number", train, sets[0], sets[0], sets[1:])
    assert reader.learned.one_family and len(reader.learned.sample) > 800


def classes_of(n: int, k: int, seed: int, counts: dict[int, int] | None = None) -> SequenceSet:
    """Records of ``k`` classes, each with a composition of its own."""
    parts, labels = [], []
    for c in range(k):
        p = np.random.default_rng(c).dirichlet([2.0] * 4)
        some = iid(DNA, (counts or {}).get(c, n), 60, 1000 * seed + c, p)
        parts += some.strings()
        labels += [f"c{c}"] * len(some)
    return SequenceSet.from_strings(parts, labels={"class": labels})


def test_the_rank_of_the_own_label_among_ten():
    train, held, new = (classes_of(100, 10, seed) for seed in range(3))
    chance = sum(1 / i for i in range(1, 11)) / 10
    sets = {"right": new, "wrong": shuffled_labels(new)}
    found = compare(train, sets, held_out=held, metrics=["label-mrr"], floors=[])
    right, wrong = (found[name]["label-mrr"] for name in sets)
    assert right.generated.value > 0.9
    assert wrong.generated.low < chance < wrong.generated.high
    assert f"chance {chance:.2f}" in right.generated.note
    # Seven labels and numbers have no such row.
    few = evaluate(
        *(classes_of(100, 7, seed) for seed in (0, 1)), held_out=classes_of(100, 7, 2),
        metrics=["label-mrr"], floors=[],
    )  # fmt: skip
    assert few.rows == []
    assert "label-mrr: nothing to be read of class" in " ".join(few.notes)
    assert "No metric could be read." in few.to_text()


def test_labels_are_compared_within_at_one_n():
    train, held = classes_of(300, 4, 0), classes_of(300, 4, 1)
    new = classes_of(300, 4, 2, {0: 120, 1: 30, 2: 5})
    sample, target = Sample(new), Sample(held)
    condition = LabelReader("class", "class", train, target, target, [sample])
    names = [condition.strata.names[i] for i in condition.labels]
    # 97 records part what differs; one label of 30 would take the power from all.
    assert (names, condition.n) == (["c0", "c3"], 120)
    assert condition.left_out == ("c1", "c2")
    assert [condition.strata.names[i] for i in condition.read] == ["c0", "c1", "c3"]
    assert {len(condition.part(s, i)) for s in (sample, target) for i in condition.labels} == {120}
    report = evaluate(train, new, held_out=held, metrics=["label-jsd"], floors=[])
    assert any("too few records in a set to compare within c1, c2" in note for note in report.notes)


def test_who_asks_for_one_class_is_read_beside_held_out_records_of_it():
    train, held, new = (conditional(n, name) for n, name in ((1500, "t"), (600, "h"), (1200, "n")))
    only = new.take(np.flatnonzero(new.labels["class"] == "sigma32"))
    row = evaluate(train, only, held_out=held, metrics=["label-accuracy"], floors=[],
                   conditions="class")["label-accuracy"]  # fmt: skip
    assert row.generated.value == pytest.approx(row.ceiling.value, abs=0.02)
    assert row.ceiling.n == (held.labels["class"] == "sigma32").sum()


def test_who_asks_for_high_numbers_only_is_read_beside_such_records():
    """The correlation within the upper half is lower than that over the whole range, for all."""
    train, held, new = (conditional(n, name) for n, name in ((1000, "t"), (700, "h"), (1400, "n")))
    scores = new.labels["score"].astype(float)
    high = new.take(np.flatnonzero(scores > np.median(scores)))
    # Both are cut to what they share, so each is read by itself.
    rows = [
        evaluate(train, some, held_out=held, metrics=["label-r"], floors=[],
                 conditions="score")["label-r"]
        for some in (new, high)
    ]  # fmt: skip
    whole, upper = (row.ceiling.value for row in rows)
    assert upper < whole - 0.05
    assert all(row.generated.value == pytest.approx(row.ceiling.value, abs=0.06) for row in rows)


def test_labels_that_cannot_be_read_are_one_line():
    train, held, new = (conditional(100, name) for name in "thn")
    bare = SequenceSet.from_strings(new.strings())
    for some, asked, message in (
        (new, "expr", "condition 'expr': the real records have no such label; labels there are: "),
        (bare, "class", "condition 'class': the generated records have no such label; they have"),
        (new, "class=number", "condition 'class': a number, but the real records hold 'sigma"),
        (new, "class=kind", "condition 'class=kind': NAME or NAME=KIND"),
    ):
        with pytest.raises(ConfigError, match=message):
            evaluate(train, some, held_out=held, conditions=asked, metrics=READ, floors=[])
    # Without labels in common, and without asking, there is nothing to say.
    quiet = evaluate(train, bare, held_out=held, metrics=None, floors=[])
    assert not any(row.metric.group == "conditions" for row in quiet.rows)
    assert not any("label" in note for note in quiet.notes)


ODD = {
    "one class": lambda n, r: ["a"] * n,
    "no label in most": lambda n, r: [{0: "a", 1: "b"}.get(x, "") for x in r.integers(0, 20, n)],
    "a rare class": lambda n, r: ["rare" if x < 0.02 else "often" for x in r.random(n)],
    "nearly all one number": lambda n, r: [f"{x * (x > 2):.4f}" for x in r.normal(size=n)],
    "numbers from 1e-300 to 1e300": lambda n, r: [
        f"{x:.3e}" for x in 10 ** r.uniform(-300, 300, n)
    ],
    "all of several classes": lambda n, r: ["a;b;c"] * n,
    "names": lambda n, r: [f"r{x}" for x in r.integers(0, 10**9, n)],
    "words among numbers": lambda n, r: [*map(str, range(n - 1)), "high"],
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("n", [3, 90])
def test_odd_labels_give_a_value_or_a_reason(odd, n):
    sets = []
    for seed in range(3):
        random = np.random.default_rng(seed)
        some = iid(DNA, n, 12, seed)
        sets.append(relabelled(some, odd=ODD[odd](n, random), other=["x", "y", "z"] * (n // 3)))
    metrics = [m.name for m in get_metrics(["all"]) if m.group == "conditions"]
    report = evaluate(sets[0], sets[1], held_out=sets[2], metrics=metrics, floors=[])
    for row in report.rows:
        value = row.generated
        assert value.note if value.value is None else np.isfinite(value.value), row.metric.name
    report.to_text(), report.to_json(), report.to_html()


def test_a_metric_of_labels_by_itself():
    train, held, new = (conditional(n, name) for n, name in ((1200, "t"), (400, "h"), (400, "n")))
    right = measure("label-accuracy", held, new, train, conditions="class")
    wrong = measure("label-accuracy", held, swapped(new), train, conditions="class")
    assert right.value > 0.95 and wrong.value < 0.05


def test_peptides_of_one_chain_for_each_label():
    """Antimicrobial peptides and others, at random; with 2-mers others read 0.858, 0.826, 0.506."""
    real = read_fasta(shared_data("protein/fbgan_amp_peptides.train.fasta"))
    order = np.random.default_rng(0).permutation(len(real))
    train, held = real.take(order[1000:]), real.take(order[:1000])
    strata = Strata.of("label", "class", train.labels["label"])
    new = by_label(train, strata, held.labels["label"], plain_chain, 3)
    row = evaluate(train, new, held_out=held, metrics=["label-accuracy"])["label-accuracy"]
    assert row.columns["chain"].low < 0.5 < row.columns["chain"].high
    assert row.ceiling.value == pytest.approx(0.871, abs=0.02)
    assert row.generated.value == pytest.approx(0.828, abs=0.03)
    assert "relatives of held-out records left out" in row.generated.note


def test_combinations_that_no_training_record_has_are_read_by_themselves():
    both = "UP;ext"
    train, held, new = (conditional(n, name) for n, name in ((900, "t"), (400, "h"), (400, "n")))
    known = train.take(np.flatnonzero(train.labels["elements"] != both))
    count = int((new.labels["elements"] == both).sum())
    asked = {"followed": new, "ignored": shuffled_labels(new)}
    row = "label-accuracy"
    how = {"held_out": held, "metrics": [row], "floors": [], "conditions": ["elements=multi"]}
    found = compare(known, asked, **how)
    said = {name: found[name][row].generated.note for name in asked}
    right, wrong = (text.split("no training record has: ")[1] for text in said.values())
    assert f"; {count:,} of combinations that" in said["followed"]
    assert float(right.split()[0]) > float(wrong.split()[0]) + 0.1
    seen = compare(train, asked, **how)
    assert "combinations" not in seen["followed"][row].generated.note
