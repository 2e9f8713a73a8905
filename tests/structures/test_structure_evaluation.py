"""The whole evaluation of fragments: roles, ceiling, floors, control, and the report."""

import json

import numpy as np
import pytest
from helpers import shared_data
from shapes import fragments, helix, strand, walk

from biogan.core.errors import ConfigError, DataError
from biogan.structures.dataset import FragmentSet
from biogan.structures.evaluate import FLOORS, StructureEvaluation, evaluate_structures
from biogan.structures.read import read_structures, split_families


def some(n, first=0, per_family=1, length=16):
    """Half helices and half strands with a little noise."""
    rng = np.random.default_rng(first + 1)
    ideal = np.stack([helix(length), strand(length)])[rng.integers(0, 2, n)]
    xyz = ideal + rng.normal(0, 0.15, ideal.shape)
    ids = tuple(f"s{first}_{i}" for i in range(n))
    return FragmentSet(np.float32(xyz), ids, np.arange(n) // per_family, f"set {first}")


@pytest.fixture(scope="module")
def report():
    return evaluate_structures(
        some(160, 1), some(150, 2), train=some(170, 3), held_out=some(140, 4)
    )


def test_columns_rows_and_sets(report):
    assert report.n == 140 and report.kind == "structures"
    assert list(report.rows[0].columns) == ["generated", "held-out", *FLOORS, "copies"]
    assert list(report.sets) == ["generated", "reference", "train", "held-out"]
    assert report.sets["train"] == {
        "source": "set 3", "records": 170, "residues": 16, "families": 170,
        "sha256": some(170, 3).digest,
    }  # fmt: skip
    assert "140 records of every set are read, as many as the smallest has (gen" in report.notes[0]


def test_real_like_fragments_reach_the_ceiling_and_floors_do_not(report):
    for name in ("twist-jsd", "third-w1", "gyration-w1", "helix-gap"):
        if name != "helix-gap":  # its interval is 0.16 wide, and a random walk is 0.28 off
            assert report[name].status == "indistinguishable", name
        assert report[name].status_of("random-walk") not in ("indistinguishable", "not assessed")
    assert report["helix-gap"].status == "not assessed"
    assert report["helix-gap"].needed == 390
    bonds = report["bond-share"]
    assert bonds.status == "indistinguishable" and bonds.columns["random-walk"].value == 1
    walkers = report["auroc"].columns["random-walk"]
    assert walkers.value == pytest.approx(1, abs=0.02)
    generated = report["auroc"].generated
    assert generated.low < 0.5 < generated.high
    assert report["triangles"].columns["noise-map"].value > 0


def test_copies_are_found_in_the_control_only(report):
    assert report["copies"].columns["copies"].value == 1
    assert report["copies"].generated.value == 0
    train = some(70, 3)
    copied = evaluate_structures(
        some(60, 1), train[:50], train, some(40, 4), metrics=["copies", "near-copies"]
    )
    assert copied["copies"].status == "more than held-out"
    assert "the generator copies" in copied.verdict()[0]


def test_text_json_page_and_table(report):
    text = report.to_text()
    assert "generated  150 fragments, 16 residues, 150 families" in text
    assert "localmk (local-markov)" in text
    assert max(map(len, text.splitlines())) <= 110
    assert json.loads(report.to_json())["kind"] == "structures"
    page = report.to_html()
    for heading in ("Helices, strands and turns", "Compactness and contacts", "Random pairs"):
        assert heading in page
    assert page.count('class="pixels"') >= 2 + 12
    assert "84 of 140 distance maps" in page
    frame = report.spec.nearest(report)
    assert list(frame.columns) == ["generated", "nearest", "rmsd"]
    assert len(frame) == 140 and frame["rmsd"].is_monotonic_increasing


def test_same_for_any_order_and_names():
    real, new = some(60, 1), some(50, 2)
    renamed = FragmentSet(real.xyz[::-1], tuple(map(str, range(60))), real.families[::-1])
    one, other = (
        evaluate_structures(x, y, metrics=["third-w1", "pair-rmsd"]).to_frame()
        for x, y in ((real, new), (renamed, new[::-1]))
    )
    # Families are split by their numbers: only what does not depend on the sides is compared.
    assert one["metric"].tolist() == other["metric"].tolist()
    again = evaluate_structures(real, new[::-1], metrics=["third-w1", "pair-rmsd"]).to_frame()
    assert one.equals(again)


def test_progress_tells_each_column():
    said = []
    evaluate_structures(some(60, 1), some(50, 2), metrics=["first-w1"],
                        progress=lambda *step: said.append(step))  # fmt: skip
    assert said == [
        (name, i, 6) for i, name in enumerate(["generated", "held-out", *FLOORS, "copies"])
    ]


@pytest.mark.parametrize(
    ("new", "error", "part"),
    [
        (some(0), DataError, "the generated set has no fragments"),
        (some(20, length=32), DataError, "fragments of 32 residues, the reference of 16"),
        (fragments(np.full((20, 16, 3), np.nan)), DataError, "no finite numbers"),
    ],
)
def test_errors(new, error, part):
    with pytest.raises(error, match=part):
        evaluate_structures(some(20, 1), new)


def test_wrong_words_and_numbers():
    with pytest.raises(ConfigError, match="n=0: at least 1"):
        evaluate_structures(some(20, 1), some(20, 2), n=0)
    with pytest.raises(ConfigError, match="unknown metric 'twist': did you mean 'twist-jsd'"):
        evaluate_structures(some(20, 1), some(20, 2), metrics=["twist"])


def test_the_reference_is_split_by_families():
    spec, real = StructureEvaluation(), some(60, 1, per_family=5)
    roles = spec.assign_roles(real, None, None, 20, 1)
    assert not set(roles.target.families) & set(roles.ceiling.families)
    assert (len(roles.target), len(roles.ceiling)) == (20, 40)
    assert roles.notes[0].startswith("ceiling: the reference was split by families, 20 fragments")
    with pytest.raises(DataError, match="60 fragments of one family, at least two"):
        spec.assign_roles(some(60, 1, per_family=60), None, None, 20, 1)


def test_held_out_real_fragments_are_like_real_ones():
    real = read_structures(shared_data("structures/ca_coords.npz"))
    train, held = split_families(real, 0.15, 1)
    names = ["auroc", "third-w1", "twist-jsd", "gyration-w1", "bond-share"]
    walks = fragments(np.stack([walk(64, i) for i in range(60)]))
    found = evaluate_structures(real[train], walks, held_out=real[held], n=60, metrics=names)
    # Gyration is not asserted: every set is scored against the few held-out families, whose
    # interval is as wide as the difference.
    for name in names[:3]:
        row = found[name]
        assert row.status in ("no better than a floor", "between"), name
        assert row.ceiling.value < row.columns["random-walk"].value, name
    assert found["auroc"].ceiling.low < 0.5 < found["auroc"].ceiling.high
    assert found["bond-share"].columns["noise-map"].value < 0.6
