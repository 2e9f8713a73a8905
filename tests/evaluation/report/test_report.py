import dataclasses
import json

import numpy as np
import pytest

from biogan.evaluation.metric import Value
from biogan.evaluation.report.html import row_facts
from biogan.evaluation.report.report import Report
from biogan.evaluation.report.results import BETWEEN, EXCESS, FLOOR, REAL, UNREAD, Row
from biogan.evaluation.report.text import WIDTH
from biogan.sequences.metrics import get_metrics
from biogan.sequences.report import SEQUENCE_REPORT

FLOORS = ("markov-5", "positional-markov-4", "pwm", "dinucleotide-shuffle", "uniform")


def row(name: str, generated: Value, ceiling: Value, floors=(0.2, 0.1, 0.3, 0.4, 0.5)) -> Row:
    columns = {"generated": generated, "held-out": ceiling}
    columns |= {k: Value(v, v - 0.01, v + 0.01) for k, v in zip(FLOORS, floors, strict=True)}
    return Row(get_metrics([name])[0], {**columns, "copies": Value(0.0, 0.0, 0.01)})


def report(*rows: Row) -> Report:
    sets = {
        "generated": {"records": 10_000, "shortest": 50, "longest": 50},
        "train": {"records": 9000, "shortest": 40, "longest": 60},
    }
    return Report(list(rows), 1000, 0, SEQUENCE_REPORT, 0.9, sets, ("a note",), "0.1.0")


ONE_LENGTH = "not informative: all sequences have one length"
CEILING = Value(0.01, 0.0, 0.02, n=1000)


@pytest.mark.parametrize(
    ("value", "low", "high", "status"),
    [
        (0.015, 0.01, 0.025, REAL),  # intervals overlap
        (0.005, 0.004, 0.006, REAL),  # better than real data is no distinction
        (0.05, 0.04, 0.06, BETWEEN),
        (0.1, 0.09, 0.11, FLOOR),  # the best floor, 0.1
        (0.15, 0.14, 0.16, FLOOR),
        (None, None, None, UNREAD),
    ],
)
def test_status_is_relative_to_ceiling_and_floors(value, low, high, status):
    assert row("kmer-jsd", Value(value, low, high), CEILING).status == status


def test_status_of_a_share_that_is_best_at_one_half():
    ceiling = Value(0.49, 0.47, 0.51)
    floors = (0.85, 0.6, 0.8, 0.9, 1.0)
    assert row("auroc", Value(0.52, 0.5, 0.54), ceiling, floors).status == REAL
    assert row("auroc", Value(0.45, 0.43, 0.46), ceiling, floors).status == BETWEEN
    # As far from one half as held-out data, on the other side of it.
    assert row("auroc", Value(0.45, 0.43, 0.485), ceiling, floors).status == REAL
    assert row("auroc", Value(0.55, 0.515, 0.57), ceiling, floors).status == REAL
    assert row("auroc", Value(0.55, 0.535, 0.57), ceiling, floors).status == BETWEEN
    assert row("auroc", Value(0.7, 0.68, 0.72), ceiling, floors).status == FLOOR
    assert row("auroc", Value(0.7, 0.68, 0.72), ceiling, floors).best_floor == "positional-markov-4"


def test_held_out_data_that_may_be_anything_prove_nothing():
    """Few families: noise would be as far from chance as they may be."""
    ceiling = Value(0.634, 0.208, 1.0)
    told = row("auroc", Value(1.0, 1.0, 1.0), ceiling)
    assert told.status == UNREAD
    said = " ".join(report(told).to_text().split())
    assert "- classifier AUROC: held-out data may be anything (0.21 to 1.00)" in said
    assert row("auroc", Value(1.0, 1.0, 1.0), Value(0.6, 0.3, 0.9)).status == FLOOR


def test_held_out_data_far_below_one_half_are_no_licence():
    # A few clusters of real records can push their own classifier to the wrong side.
    ceiling = Value(0.33, 0.25, 0.41)
    floors = (0.93, 1.0, 1.0, 1.0, 1.0)
    assert row("auroc", Value(0.67, 0.62, 0.72), ceiling, floors).status == BETWEEN
    assert row("auroc", Value(0.55, 0.49, 0.6), ceiling, floors).status == REAL


def test_copies_have_no_floor():
    zero = (0.0,) * 5
    ceiling = Value(0.001, 0.0, 0.004)
    assert row("near-copies", Value(0.07, 0.056, 0.087), ceiling, zero).status == EXCESS
    assert row("near-copies", Value(0.0, 0.0, 0.004), ceiling, zero).status == REAL
    assert row("near-copies", Value(0.07, 0.056, 0.087), Value(None), zero).status == UNREAD


def test_nothing_is_claimed_without_an_interval_or_of_few_records():
    assert row("kmer-jsd", Value(0.005), CEILING).status == UNREAD
    assert row("kmer-jsd", Value(0.005, 0.0, 0.01, n=19), CEILING).status == UNREAD
    few = row("kmer-jsd", Value(0.005, 0.0, 0.01, n=96), CEILING)
    assert (few.status, few.needed) == (UNREAD, 97)
    assert row("kmer-jsd", Value(0.005, 0.0, 0.01, n=97), CEILING).status == REAL
    # What differs is told of few records, too.
    assert row("kmer-jsd", Value(0.05, 0.04, 0.06, n=20), CEILING).status == BETWEEN
    assert row("kmer-jsd", Value(0.005, 0.0, 0.01), Value(None)).status == UNREAD


# Five floors, of which the worst is 0.4 from held-out data: half of it, 0.2, has to be told.
AREAS = (0.7, 0.6, 0.8, 0.85, 0.9)


@pytest.mark.parametrize(
    ("half", "n", "status", "needed"),
    [
        (0.16, 40, UNREAD, 110),  # 0.815 [0.653, 0.977] was once green: 40 (0.32 / 0.2)**2
        (0.07, 40, UNREAD, 97),  # narrow, and yet of fewer records than any mark needs
        (0.11, 100, UNREAD, 130),  # 100 (0.22 / 0.2)**2 = 121
        (0.1, 120, REAL, None),
        (0.11, 385, REAL, None),  # a small effect is told by number
        (0.2, 1000, UNREAD, 2600),  # few clusters: half of all there is would pass
    ],
)
def test_indistinguishable_needs_the_power_to_tell_a_trivial_sampler(half, n, status, needed):
    found = Value(0.52, 0.52 - half, 0.52 + half, n=n)
    told = row("auroc", found, Value(0.5, 0.5 - half, 0.5 + half, n=n), AREAS)
    assert (told.status, told.needed) == (status, needed)


def test_an_interval_that_holds_the_worst_floor_proves_nothing_at_any_n():
    ceiling = Value(0.5, 0.45, 0.55, n=2000)
    assert row("auroc", Value(0.65, 0.5, 0.8, n=2000), ceiling, AREAS).status == REAL
    reached = row("auroc", Value(0.72, 0.53, 0.91, n=2000), ceiling, AREAS)
    assert reached.status == UNREAD
    assert reached.needed > 2000


def test_an_interval_that_only_its_better_end_lets_pass_proves_nothing():
    """One record 500 times had an effective share of 0.004 [0, 1], and a green mark."""
    ceiling = Value(1.0, 0.99, 1.0, n=500)
    one = row("effective", Value(0.004, 0.0, 1.0, n=500), ceiling, (1.0,) * 5)
    assert (one.status, one.needed) == (UNREAD, 2100)
    ratio = row("identity-ratio", Value(4.0, 0.9, 4.2, n=500), Value(1.0, 0.9, 1.1, n=500), AREAS)
    assert ratio.status == UNREAD


def test_the_number_that_is_needed_counts_records_where_pairs_are_measured():
    pairs = Value(1.0, 0.9, 1.1, n=250, takes=2)
    few = row("identity-ratio", pairs, pairs, (1.0,) * 5)
    assert (few.status, few.needed) == (UNREAD, 770)
    assert "takes" not in report(few).to_dict()["metrics"][0]["columns"]["generated"]


def test_floors_that_equal_real_data_leave_the_number_of_records_to_decide():
    # A shuffle keeps GC, and letters are even: no floor is worse than real data.
    same, ceiling = (0.01,) * 5, Value(0.01, 0.0, 0.03, n=100)
    assert row("run-w1", Value(0.01, 0, 0.03, n=384), ceiling, same).status == UNREAD
    assert row("run-w1", Value(0.01, 0, 0.03, n=385), Value(0.01, 0, 0.03), same).status == REAL
    # Of shares five in a hundred are told without a floor.
    assert row("gc-w1", Value(0.01, 0, 0.03, n=100), ceiling, same).status == REAL
    assert row("gc-w1", Value(0.01, 0, 0.05, n=100), ceiling, same).status == UNREAD


def test_novelty_has_to_tell_one_copy_in_ten():
    zero = (0.0,) * 5

    def told(high, n):
        value = Value(0.0, 0.0, high, n=n)
        columns = {**row("copies", value, value, zero).columns, "copies": Value(1.0, 0.9, 1.0, n=n)}
        return Row(get_metrics(["copies"])[0], columns)

    assert told(0.088, 40).status == UNREAD
    assert told(0.036, 104).status == REAL
    assert (told(0.06, 200).status, told(0.06, 200).needed) == (UNREAD, 290)


def test_shifted_copies_are_named_beside_near_copies_where_nothing_is_held_out():
    """Copies of the other strand are near copies of nothing."""
    none = Value(0.0, 0.0, 0.015, n=250)
    rows = [row("near-copies", none, Value(None)), row("shifted-copies", none, Value(None))]
    assert "shifted" not in report(*rows).verdict()[0]
    rows[1] = row("shifted-copies", Value(1.0, 0.985, 1.0, n=250), Value(None))
    assert "100 % [98.5, 100] are shifted copies of one" in report(*rows).verdict()[0]


def test_too_few_records_are_said_in_verdict_notes_page_and_tables():
    few = dataclasses.replace(
        report(
            row("auroc", Value(0.6, 0.42, 0.78, n=40), Value(0.5, 0.33, 0.67, n=40), AREAS),
            row("kmer-jsd", Value(0.005, 0.0, 0.01, n=40), CEILING),
        ),
        n=40,
    )  # fmt: skip
    assert few.verdict() == [
        "Power: too few records at n = 40 to judge discriminability, k-mers; about 97 to 130 "
        "records of each set are needed."
    ]
    for name, title in (("gc-sd-ratio", "GC sd ratio"), ("frechet", "Frechet distance")):
        one = row(name, Value(1, 0.4, 1.6, n=40), Value(1, 0.4, 1.6, n=40), AREAS)
        verdict = dataclasses.replace(few, rows=(one,)).verdict()
        assert all(f"to judge {title};" in said for said in verdict)
    text = " ".join(few.to_text().split())
    assert "- classifier AUROC (130), k-mer JSD (97): too few records" in text
    assert [m["status"] for m in few.to_dict()["metrics"]] == [UNREAD, UNREAD]
    assert [m["needed"] for m in few.to_dict()["metrics"]] == [130, 97]
    assert few.to_frame()["needed"].tolist() == [130, 97]
    page = few._repr_html_()
    assert "not assessed: cannot be read, or too few records" in page
    facts = row_facts(few.rows[0])
    assert facts["details"] == "about n = 130 is needed for a judgement"
    assert facts["bar"] is not None  # the number has its place beside the floors


def test_a_handful_of_records_is_not_judged():
    few = dataclasses.replace(full(), n=1)
    assert few.verdict() == ["No judgement: 1 record of each set, 20 are needed."]
    none = report(row("valid", Value(None), CEILING))
    assert none.verdict() == ["No judgement: none of the metrics asked for could be judged."]


def full() -> Report:
    zero = (0.0,) * 5
    return report(
        row("copies", Value(0.012, 0.007, 0.02), Value(0.0, 0.0, 0.004), zero),
        row("near-copies", Value(0.07, 0.056, 0.087, note="id>=0.9"), Value(0.001, 0, 0.004), zero),
        row("near-excess", Value(0.069, 0.054, 0.086), Value(0.0, -0.003, 0.003), zero),
        row("auroc", Value(0.85, 0.84, 0.86, details=("CGCG +", "TTTT -")), Value(0.5, 0.48, 0.52),
            (0.85, 0.84, 0.9, 0.9, 1.0)),
        row("kmer-jsd", Value(0.0031, 0.0028, 0.0035, note="k=4"), Value(0.0005, 0.0, 0.0008),
            (0.0032, 0.0008, 0.02, 0.05, 0.06)),
        row("site-pair-jsd", Value(0.005, 0.004, 0.006), Value(0.004, 0.003, 0.005)),
        row("pair-pearson", Value(0.4, 0.3, 0.5), Value(0.8, 0.7, 0.9), (0.1, 0.2, 0.0, 0.0, -0.1)),
        row("length-w1", Value(None, note=ONE_LENGTH), CEILING),
        row("unique", Value(0.93, 0.91, 0.94), Value(1.0, 0.99, 1.0), (1.0, 1.0, 1.0, 1.0, 1.0)),
    )  # fmt: skip


def test_verdict_sentences():
    assert full().verdict() == [
        "Memorisation: 7 % [5.6, 8.7] of the generated records are at least 90 % identical to a "
        "training record, held-out real data 0.1 %; 1.2 % [0.7, 2] letter for letter, held-out "
        "real data 0 %: the generator copies.",
        "Discriminability: classifier AUROC 0.850 [0.840, 0.860]; held-out real data 0.500, best "
        "floor positional-markov-4 0.840: no better than positional-markov-4; most telling: "
        "CGCG +, TTTT -.",
        "k-mers: k-mer JSD (k=4) 0.0031 [0.0028, 0.0035]; held-out real data 0.00050, best floor "
        "positional-markov-4 0.00080: no better than positional-markov-4.",
        "Positions: position 2-mer JSD 0.0050 [0.0040, 0.0060]; held-out real data 0.0040, best "
        "floor positional-markov-4 0.100: indistinguishable from real data at n = 1,000.",
        "Long range: pair correlation r 0.400 [0.300, 0.500]; held-out real data 0.800, best "
        "floor positional-markov-4 0.200: between real data and positional-markov-4.",
        "Diversity: unique 0.930 [0.910, 0.940]; held-out real data 1.000, best floor markov-5 "
        "1.000: no better than markov-5.",
    ]


def test_a_verbatim_copier_is_seen_among_close_relatives():
    zero = (0.0,) * 5
    near = row("near-copies", Value(1.0, 0.99, 1.0), Value(0.98, 0.96, 0.99), zero)
    excess = row("near-excess", Value(0.02, -0.01, 0.05), Value(0.0, -0.02, 0.02), zero)
    copier = row("copies", Value(0.9, 0.88, 0.92), Value(0.01, 0.005, 0.02), zero)
    assert report(near, excess, copier).verdict() == [
        "Memorisation: 100 % [99, 100] of the generated records are at least 90 % identical to a "
        "training record, held-out real data 98 %; 90 % [88, 92] letter for letter, held-out real "
        "data 1 %: the generator copies.",
    ]
    honest = row("copies", Value(0.01, 0.005, 0.02), Value(0.01, 0.005, 0.02), zero)
    assert report(near, excess, honest).verdict() == [
        "Memorisation: 100 % [99, 100] of the generated records are at least 90 % identical to a "
        "training record, held-out real data 98 %: more than real data, which may be chance at n = "
        "1,000.",
    ]


def test_copies_that_may_be_chance_are_named():
    zero = (0.0,) * 5
    near = row("near-copies", Value(0.1, 0.04, 0.23), Value(0.1, 0.04, 0.23), zero)
    excess = row("near-excess", Value(0.0, -0.1, 0.1), Value(0.0, -0.1, 0.1), zero)
    copies = row("copies", Value(0.1, 0.04, 0.23), Value(0.0, 0.0, 0.09), zero)
    (said,) = report(near, excess, copies).verdict()
    assert said.endswith(
        "held-out real data 10 %; 10 % [4, 23] letter for letter, held-out real data 0 %: more "
        "than real data, which may be chance at n = 1,000."
    )
    few = row("copies", Value(0.05, 0.0, 0.2), Value(0.05, 0.0, 0.2), zero)
    assert report(near, excess, few).verdict()[0].endswith("10 %: no more than real data.")


@pytest.mark.parametrize(
    ("low", "status", "end"),
    [
        (0.001, EXCESS, "the generator copies."),
        (0.0, REAL, "more than real data, which may be chance at n = 1,000."),
    ],
)
def test_mark_and_verdict_agree_on_near_copies(low, status, end):
    zero = (0.0,) * 5
    # The intervals overlap: those of held-out data count once, within the difference.
    excess = row("near-excess", Value(0.03, low, 0.06), Value(0.0, -0.02, 0.02), zero)
    near = row("near-copies", Value(0.08, 0.06, 0.1), Value(0.05, 0.03, 0.07), zero)
    assert excess.status == status
    assert report(near, excess).verdict()[0].endswith(end)


def test_held_out_data_that_were_all_trained_on_leave_memorisation_open():
    nothing = Value(None, note="no held-out records to compare with")
    near = row("near-copies", Value(0.08, 0.06, 0.1), nothing)
    assert report(near).verdict() == [
        "Memorisation: not assessable without real records outside the training data; 8 % [6, 10] "
        "of the generated records are at least 90 % identical to a training record."
    ]


def test_other_metrics_are_spoken_about_where_they_are_all_there_is():
    zero = (0.0,) * 5
    found = report(
        row("gc-w1", Value(0.05, 0.04, 0.06), CEILING),
        row("copies", Value(0.3, 0.2, 0.4), Value(0.0, 0.0, 0.01), zero),
        row("valid", Value(None, note="from memory"), CEILING),
    )
    assert found.verdict() == [
        "Composition: GC W1 0.050 [0.040, 0.060]; held-out real data 0.010, best floor "
        "positional-markov-4 0.100: between real data and positional-markov-4.",
        "Novelty: exact copies 0.300 [0.200, 0.400]; held-out real data 0: more than held-out "
        "real data.",
    ]


@pytest.mark.parametrize(("lengths", "last"), [(0.015, "Diversity"), (0.3, "Lengths")])
def test_what_fails_is_not_crowded_out(lengths, last):
    some = [r for r in full().rows if r.metric.name not in ("length-w1", "unique")]
    unique = row("unique", Value(0.9, 0.8, 1.0), Value(0.9, 0.8, 1.0), (1.0,) * 5)
    spoken = report(
        *some, row("length-jsd", Value(lengths, lengths - 0.01, lengths + 0.01), CEILING), unique
    ).verdict()
    assert len(spoken) == 6
    assert spoken[-1].startswith(last)


def test_the_verdict_names_the_lengths_that_differ():
    bins = ("54 to 59 +0.13 [+0.10, +0.16]", "39 to 53 -0.11 [-0.13, -0.09]", "60 to 62 -0.02")
    found = Value(0.05, 0.04, 0.06, n=1000, details=bins)
    said = report(row("length-jsd", found, CEILING)).verdict()[0]
    assert said.startswith("Lengths: length JSD 0.050 [0.040, 0.060]; ")
    assert said.endswith(f"; most telling: {bins[0]}, {bins[1]}.")


def test_a_floor_that_reaches_real_data_is_said():
    found = report(row("kmer-jsd", Value(0.011, 0.0, 0.03, note="k=4"), CEILING, (0.012,) * 5))
    assert found.verdict()[0].endswith(
        "indistinguishable from real data at n = 1,000, but so is markov-5, so this proves little."
    )


def test_text_fits_a_log():
    lines = full().to_text().splitlines()
    assert max(map(len, lines)) <= WIDTH
    table = lines[lines.index("") + 3 :]
    head = next(line for line in lines if "95 % interval" in line)
    assert head.split() == (
        "metric generated 95 % interval held-out markov-5 posmk-4 pwm dishuf unif copies".split()
    )
    assert any(line.startswith("x k-mer JSD k=4 ") for line in table)
    assert any(line.startswith("= position 2-mer JSD ") for line in table)
    assert "- length W1: not informative: all sequences have one length" in table
    assert not any(line.startswith("? length W1") for line in table)
    assert lines[-2:] == [
        "* Diversity: unique 0.930 [0.910, 0.940]; held-out real data 1.000, best floor markov-5 "
        "1.000: no better than",
        "  markov-5.",
    ]


def test_json_is_plain_and_versioned():
    data = json.loads(full().to_json())
    assert data["schema"] == "biogan.report/1"
    assert data["biogan"] == "0.1.0"
    first = {m["name"]: m for m in data["metrics"]}["near-copies"]
    assert first["columns"]["generated"]["high"] == 0.087
    assert first["status"] == EXCESS
    assert {m["name"]: m for m in data["metrics"]}["length-w1"]["columns"]["generated"][
        "value"
    ] is None
    assert len(data["verdict"]) == 6


def test_nan_cannot_be_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        report(row("kmer-jsd", Value(float("nan")), CEILING)).to_json()


def test_table_has_one_row_a_metric():
    frame = full().to_frame()
    assert list(frame.metric) == [r.metric.name for r in full().rows]
    assert frame.loc[frame.metric == "auroc", "uniform"].item() == 1.0
    assert np.isnan(frame.loc[frame.metric == "length-w1", "generated"].item())
    lines = full().to_tsv().splitlines()
    assert lines[0].split("\t")[:6] == ["metric", "group", "goal", "unit", "n", "status"]
    assert len(lines) == 10


def test_rows_are_found_by_name():
    assert full()["auroc"].generated.value == 0.85
    assert "gc-w1" not in full()
    with pytest.raises(KeyError):
        full()["gc-w1"]


def test_what_all_real_records_tell_stands_in_text_page_and_tables():
    """Training data are among them: a difference means something, likeness nothing."""
    auroc = row("auroc", Value(0.52, 0.49, 0.55, n=300), Value(0.5, 0.47, 0.53, n=300))
    jsd = row("kmer-jsd", Value(0.015, 0.005, 0.025, n=300), CEILING)
    told = dataclasses.replace(auroc, all_real=Value(0.6, 0.58, 0.62, n=3000))
    alike = dataclasses.replace(jsd, all_real=Value(0.02, 0.018, 0.022, n=3000, note="k=6"))
    below = dataclasses.replace(auroc, all_real=Value(0.4, 0.38, 0.42, n=3000))
    assert [r.told_by_all for r in (told, alike, below, auroc)] == [True, False, False, False]
    done = report(told, alike, row("unique", Value(1.0, 0.99, 1.0), Value(1.0, 0.99, 1.0)))
    text = done.to_text()
    assert "classifier AUROC     0.600 [0.580, 0.620]    0.500 told" in text
    assert "k-mer JSD k=6        0.020 [0.018, 0.022]    0.010\n" in text
    assert done.verdict()[-1] == (
        "All real records: classifier AUROC 0.600 [0.580, 0.620]: differences that the target of "
        "n = 1,000 is too small for."
    )
    assert "against all real records 0.600 [0.580, 0.620], told" in row_facts(told)["details"]
    metrics = done.to_dict()["metrics"]
    assert metrics[0]["all_real"]["value"] == 0.6 and "all_real" not in metrics[2]
    table = done.to_frame()
    assert table["all_real_low"].tolist()[:2] == [0.58, 0.018] and table["all_real"].isna()[2]
    plain = report(auroc, jsd)
    assert "all real" not in plain.to_text() and "all_real" not in plain.to_frame()
