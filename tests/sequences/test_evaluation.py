import json

import numpy as np
import pytest
from helpers import shared_data

from biogan.core.errors import AlphabetError, BioganError, ConfigError, DataError
from biogan.evaluation.report.results import EXCESS, FLOOR, REAL, UNREAD
from biogan.sequences.alphabet import DNA, PROTEIN
from biogan.sequences.baselines import get_baseline
from biogan.sequences.dataset import SequenceSet, cut_windows
from biogan.sequences.evaluate import SequenceEvaluation, default_floors, evaluate

QUICK = ["kmer-jsd", "site-pair-jsd", "auroc", "near-copies", "near-excess", "copies", "unique"]


def motif_set(n: int, seed: int, length: int = 30) -> SequenceSet:
    """AT-rich letters with TATAAT at a fixed place, one letter in ten changed."""
    rng = np.random.default_rng(seed)
    matrix = rng.choice(4, (n, length), p=[0.35, 0.15, 0.15, 0.35]).astype(np.uint8)
    box = DNA.encode("TATAAT")
    matrix[:, 10:16] = np.where(rng.random((n, 6)) < 0.9, box, matrix[:, 10:16])
    return SequenceSet.from_matrix(DNA, matrix)


TRAIN, HELD, FRESH = motif_set(1200, 0), motif_set(400, 1), motif_set(400, 2)


@pytest.fixture(scope="module")
def real_report():
    return evaluate(HELD, FRESH, train=TRAIN, metrics=QUICK)


def test_fresh_real_data_are_indistinguishable(real_report):
    assert {row.metric.name: row.status for row in real_report.rows} == dict.fromkeys(QUICK, REAL)
    assert real_report.n == 400


def test_every_floor_is_caught(real_report):
    auroc = real_report["auroc"]
    for name in ("uniform", "markov-4", "dinucleotide-shuffle"):
        assert auroc.status_of(name) != REAL
    assert auroc.columns["uniform"].value == pytest.approx(1, abs=0.02)
    # The motif stands at one place: a PWM has all there is to know, a chain does not.
    assert auroc.best_floor in ("pwm", "positional-markov-1", "positional-markov-2")
    assert auroc.status_of("pwm") == REAL
    assert real_report["site-pair-jsd"].status_of("markov-4") == FLOOR


def test_the_floors_are_named_after_the_amount_of_data(real_report):
    # 1200 records of 30: 30,000 windows of 5 >= 10,240, 25 a record of 6 < 40,960 -> order 4;
    # 1200 / 10 = 120 >= 4^3 -> positional order 2.
    assert list(real_report["auroc"].floors) == [
        "markov-4", "positional-markov-2", "pwm", "dinucleotide-shuffle", "uniform",
    ]  # fmt: skip


def test_copies_are_caught_by_novelty_and_by_nothing_else(real_report):
    for name in ("kmer-jsd", "site-pair-jsd", "auroc"):
        assert real_report[name].status_of("copies") == REAL
    assert real_report["copies"].columns["copies"].value == 1.0
    assert real_report["copies"].status_of("copies") == EXCESS


def test_contamination_by_near_copies_is_measured_exactly():
    matrix = FRESH.matrix()
    matrix[:20] = TRAIN.matrix()[:20]
    matrix[:20, 0] = (matrix[:20, 0] + 1) % 4
    report = evaluate(
        HELD, SequenceSet.from_matrix(DNA, matrix), train=TRAIN, metrics=QUICK, floors=[]
    )
    natural = report["near-copies"].ceiling.value
    assert report["copies"].generated.value == 0
    assert report["near-excess"].generated.value == pytest.approx(0.05 - natural)
    assert report["near-excess"].status == EXCESS
    assert "the generator copies" in report.verdict()[0]


def test_verbatim_copies_of_train():
    report = evaluate(HELD, TRAIN[:400], train=TRAIN, metrics=QUICK, floors=[])
    assert report["copies"].generated.value == 1.0
    assert report["kmer-jsd"].status == REAL
    assert report.verdict()[0].startswith(
        "Memorisation: 100 % [99, 100] of the generated records are at least 90 % identical"
    )


def test_held_out_records_among_the_training_data_do_not_excuse_a_copier():
    leaked = SequenceSet.from_strings(HELD.strings()[:200] + TRAIN.strings()[400:600])
    report = evaluate(leaked, TRAIN[:400], train=TRAIN, metrics=QUICK, floors=[])
    assert report["copies"].ceiling.value == 0
    assert report["copies"].ceiling.n == 200
    assert report["near-copies"].status == EXCESS
    assert report.verdict()[0].endswith("held-out real data 0 %: the generator copies.")


def test_order_and_names_of_records_do_not_matter():
    rng = np.random.default_rng(3)
    sets = [HELD, FRESH, TRAIN]
    mixed = [s[rng.permutation(len(s))] for s in sets]
    renamed = SequenceSet.from_strings(mixed[1].strings(), [f"x{i}" for i in range(400)])
    metrics = ["kmer-jsd", "auroc", "near-copies", "identity-ratio"]
    options = {"metrics": metrics, "floors": ["dinucleotide-shuffle"], "n": 300}
    one = evaluate(HELD, FRESH, train=TRAIN, **options)
    two = evaluate(mixed[0], renamed, train=mixed[2], **options)
    for row, other in zip(one.rows, two.rows, strict=True):
        assert row.columns == other.columns


def test_both_strands_score_alike():
    def reverse(sequences):
        complement = np.array([3, 2, 1, 0], np.uint8)
        return SequenceSet.from_matrix(DNA, complement[sequences.matrix()[:, ::-1]])

    names = ["kmer-jsd", "kmer-pearson", "site-jsd", "gc-w1"]
    one = evaluate(HELD, FRESH, train=TRAIN, metrics=names, floors=[])
    two = evaluate(reverse(HELD), reverse(FRESH), train=reverse(TRAIN), metrics=names, floors=[])
    for name in names:
        assert one[name].generated.plain == pytest.approx(two[name].generated.plain)


def test_all_sets_are_read_at_the_smallest_n():
    report = evaluate(HELD[:100], FRESH, train=TRAIN, metrics=["gc-w1", "unique", "auroc"], n=300)
    assert report.n == 100
    read = {row.metric.name: {v.n for v in row.columns.values()} for row in report.rows}
    # The share of distinct records falls with n, but does not read the target.
    assert read == {"gc-w1": {100}, "unique": {300}, "auroc": {300}}
    assert report["gc-w1"].all_real.n == report["auroc"].all_real.n == 300
    assert report["unique"].all_real is None
    assert report.notes[0].startswith(
        "100 records of every set are read, as many as the smallest has (-n 300; "
    )


def test_a_sampler_is_asked_for_n_sequences():
    sampler = get_baseline("uniform").fit(TRAIN)
    report = evaluate(HELD, sampler, train=TRAIN, metrics=["kmer-jsd"], floors=["pwm"], n=200)
    assert report.sets["generated"]["records"] == 200
    assert report["kmer-jsd"].status == FLOOR
    assert report["kmer-jsd"].best_floor == "pwm"


def test_plain_strings():
    report = evaluate(HELD.strings(), FRESH.strings(), metrics=["letter-jsd"], floors=[])
    # Without floors the number of records is all that tells what 200 can show.
    assert (report["letter-jsd"].status, report["letter-jsd"].needed) == (UNREAD, 390)
    assert report.n == 200


def test_the_report_keeps_what_was_scored():
    report = evaluate(HELD, FRESH, train=TRAIN, metrics=["unique"], floors=["pwm"], n=50)
    assert {name: len(sample) for name, sample in report.samples.items()} == {
        "target": 50, "source": 1200, "fresh": 50, "generated": 50, "held-out": 50,
        "pwm": 50, "copies": 50,
    }  # fmt: skip
    assert set(report.samples["generated"].sequences.strings()) <= set(FRESH.strings())
    assert "samples" not in report.to_dict()


def test_metrics_for_other_data_are_left_out_unless_asked_for():
    codes = np.random.default_rng(0).integers(0, 20, (2, 40, 10)).astype(np.uint8)
    real, new = (SequenceSet.from_matrix(PROTEIN, matrix) for matrix in codes)
    report = evaluate(real, new, floors=[])
    assert "gc-w1" not in report
    (note,) = [n for n in report.notes if n.startswith("not for this data")]
    assert note.startswith("not for this data: strand-copies, gc-w1, gc-sd-ratio, ")
    asked = evaluate(real, new, metrics=["gc-w1"], floors=[])
    assert asked["gc-w1"].generated.note == "nucleotides only"


def test_what_reading_dropped_stands_in_the_report():
    report = evaluate(HELD, [*FRESH.strings(), "ACGN", ""], metrics=["valid"], floors=[])
    assert report.sets["generated"]["read"] == 402
    assert report.sets["generated"]["dropped"] == {"empty": 1, "ambiguous": 1}
    assert report["valid"].generated.value == pytest.approx(400 / 402)


def test_memorisation_needs_to_know_the_training_data():
    report = evaluate(HELD, FRESH, metrics=["near-copies", "near-excess"], floors=[])
    assert report["near-copies"].status == "not assessed"
    assert report.verdict()[0].startswith("Memorisation: not assessable without training")


@pytest.mark.parametrize(
    ("real", "new"),
    [
        (["ACGT"] * 4, ["A"]),
        (["ACGT", "AAAA", "CCCC", "GGGG", "TTTT"], ["ACG"]),
        (["ACGTACGT", "AC", "GGGTTT", "CATCAT"], ["ACGT", "", "AC"]),
        (["MKVLAW", "MKV", "WWWYYY", "PQRSTV"], ["MMMM"] * 25),
        (["AC-GT-", "ACGGTT", "A--GT-", "TCCGT-", "GGGTTT"], ["ACGT--"] * 3),
    ],
)
def test_odd_sets_give_plain_json_or_one_line(real, new):
    try:
        report = evaluate(real, new)
    except BioganError as error:
        assert "\n" not in str(error)
        return
    data = json.loads(report.to_json())
    assert data["n"] == report.n >= 1
    assert report.to_text()


def test_lengths_of_a_set_that_should_have_one_length():
    cut = SequenceSet.from_strings([t[: 20 + i % 11] for i, t in enumerate(FRESH.strings())])
    report = evaluate(HELD, cut, train=TRAIN, metrics=["length-w1", "site-jsd"])
    assert report["length-w1"].generated.value == pytest.approx(5, abs=0.2)
    assert report["length-w1"].ceiling.value == 0
    assert report["length-w1"].status == FLOOR
    assert report["site-jsd"].status == "not assessed"
    assert "site" not in report.verdict()[0]


def test_mistakes_are_named():
    with pytest.raises(DataError, match="the generated set has no records"):
        evaluate(HELD, [])
    with pytest.raises(AlphabetError, match="the generated set does not fit the reference"):
        evaluate(HELD, ["MKV"])
    with pytest.raises(ConfigError, match="unknown metric 'kmer-jds': did you mean 'kmer-jsd'"):
        evaluate(HELD, FRESH, metrics=["kmer-jds"])
    with pytest.raises(ConfigError, match="identity=90"):
        evaluate(HELD, FRESH, identity=90)


def test_floors_for_protein_of_varying_length():
    texts = ["MKVLAW" * 5, "MKVLAWY" * 4] * 30
    sequences = SequenceSet.from_strings(texts, alphabet="protein")
    train = SequenceSet.from_strings([*texts[:29], "MKV"], alphabet="protein")
    roles = SequenceEvaluation().assign_roles(sequences, train, None, 30, 0)
    chains = ["markov-1", "positional-markov-3", "positional-markov-end-3"]
    assert default_floors(roles) == [*chains, "shuffle", "uniform"]


def test_progress_names_and_counts_every_set():
    seen: list[tuple[str, int, int]] = []
    options = {"metrics": ["unique"], "floors": ["pwm"]}
    evaluate(HELD, FRESH, train=TRAIN, **options, progress=lambda *step: seen.append(step))
    names = ["generated", "held-out", "pwm", "copies"]
    assert seen == [(name, i, 4) for i, name in enumerate(names)]


@pytest.mark.slow
def test_real_promoters_and_their_floors():
    from biogan.sequences.io.fasta import read_fasta

    real = read_fasta(shared_data("dna/ecoli50_promoters.train.fasta.gz"))
    order = np.random.default_rng(0).permutation(len(real))
    held, fresh, train = real[order[:1500]], real[order[1500:3000]], real[order[3000:]]
    report = evaluate(held, fresh, train=train)
    distribution = [r for r in report.rows if r.generated.value is not None]
    assert {r.metric.name for r in distribution if r.status != REAL} == set()
    for floor in ("markov-5", "pwm", "dinucleotide-shuffle", "uniform"):
        assert report["auroc"].status_of(floor) != REAL
        assert report["site-pair-jsd"].status_of(floor) != REAL
    contaminated = SequenceSet.from_strings(fresh.strings()[150:] + train.strings()[:150])
    caught = evaluate(held, contaminated, train=train, metrics=QUICK, floors=[])
    assert caught["copies"].generated.value == pytest.approx(0.1, abs=0.002)
    assert caught["near-excess"].status == EXCESS
    assert any("the generator copies" in sentence for sentence in caught.verdict())


def test_overlapping_windows_count_as_what_they_are_worth():
    def windows(seed):
        letters = np.random.default_rng(seed).choice(list("ACGT"), 6000, p=[0.35, 0.15, 0.15, 0.35])
        genome = SequenceSet.from_strings(["".join(letters)], [f"genome{seed}"])
        return cut_windows(genome, 100, 10)[0]

    report = evaluate(
        windows(1), windows(2), train=windows(3), metrics=["gc-w1", "unique"], floors=["uniform"]
    )
    assert (report.n, report["gc-w1"].generated.worth) == (591, 59)
    assert [row.status for row in report.rows] == [UNREAD, UNREAD]
    assert "at n = 591, worth 59 independent ones, to judge" in report.verdict()[-1]
