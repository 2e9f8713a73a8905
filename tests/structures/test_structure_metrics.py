"""Metrics of fragments on sets whose values can be worked out by hand."""

import numpy as np
import pytest
from shapes import fragments, helix, strand, walk

from biogan.evaluation.intervals import GROUPS, newcombe, wilson
from biogan.structures.dataset import FragmentSet
from biogan.structures.evaluate import StructureEvaluation
from biogan.structures.metrics import STRUCTURE_METRICS, FragmentComparison, FragmentSample, pairs


def measured(name, new, real, source=None, fresh=None):
    new, real = (x if isinstance(x, FragmentSet) else fragments(x) for x in (new, real))
    samples = [FragmentSample(x) for x in (new, real, real if source is None else source)]
    comparison = FragmentComparison(*samples, None if fresh is None else FragmentSample(fresh))
    return STRUCTURE_METRICS[name](comparison)


def walks(n, length=16, first=0):
    return np.stack([walk(length, first + i) for i in range(n)])


HELICES = np.stack([helix(16)] * 40)
STRANDS = np.stack([strand(16)] * 40)


def test_bonds_that_are_right():
    half = np.concatenate([walks(20), 1.2 * walks(20)])[np.random.default_rng(0).permutation(40)]
    found = measured("bond-share", half, walks(40))
    assert found.value == pytest.approx(0.5)
    assert found.low < 0.5 < found.high
    # 3.8 * 1.2 = 4.56: off by 0.76 in half of the fragments.
    shift = measured("first-w1", half, walks(40))
    assert shift.plain == pytest.approx(0.38, abs=0.005)
    assert measured("bond-share", 1.07 * walks(40), walks(40)).value == 1  # 4.066
    assert measured("bond-share", 1.09 * walks(40), walks(40)).value == 0  # 4.142


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("second-w1", 6.67 - 5.43),
        ("third-w1", 10.14 - 5.05),
        # From the cosine rule: sin(angle / 2) = d(i,i+2) / 2 / d(i,i+1).
        ("angle-w1", 2 * (np.degrees(np.arcsin(6.67 / 7.6)) - np.degrees(np.arcsin(5.43 / 7.66)))),
    ],
)
def test_helices_against_strands(name, expected):
    found = measured(name, HELICES, STRANDS)
    assert found.value == pytest.approx(expected, abs=0.01 * expected)
    assert (found.low, found.high) == pytest.approx((found.value, found.value))
    assert measured(name, HELICES, HELICES).value == 0


def test_shares_of_helices_and_strands():
    mixed = fragments(np.concatenate([HELICES[:10], STRANDS[:30]]))
    for name, value, note in (
        ("helix-gap", 0.75, "25.0 %, real 100.0 %"),
        ("strand-gap", 0.75, "75.0 %, real 0.0 %"),
    ):
        found = measured(name, mixed, HELICES)
        assert found.value == pytest.approx(value)
        assert found.note == note
        assert found.low < value < found.high


def test_twists():
    assert measured("twist-jsd", HELICES, STRANDS).plain == pytest.approx(1)
    assert measured("twist-jsd", HELICES, HELICES).plain == 0
    # Mirror images differ in twists only.
    assert measured("twist-jsd", HELICES * [1, 1, -1], HELICES).plain == pytest.approx(1)
    assert measured("angle-w1", HELICES * [1, 1, -1], HELICES).value == 0


def test_folds():
    from biogan.structures.geometry import contact_order, radius_of_gyration

    expected = (radius_of_gyration(strand(16)[None]) - radius_of_gyration(helix(16)[None]))[0]
    assert measured("gyration-w1", STRANDS, HELICES).value == pytest.approx(expected, abs=0.1)
    # A straight strand has no contact beyond three residues; a helix has up to five.
    assert contact_order(strand(16)[None])[0] == 0
    found = measured("contact-order-w1", STRANDS, HELICES).value
    assert found == pytest.approx(contact_order(helix(16)[None])[0], abs=0.001)


def test_triangles_are_asked_of_painted_maps_only():
    new = walks(40)
    found = measured("triangles", new, new)
    assert (found.value, found.low, found.high) == (0, 0, 0)
    assert found.note == "measured in space, where there are none"
    bad = np.ones((40, 16, 16))
    bad[:20, 0, 1] = bad[:20, 1, 0] = 5  # violated in 14 of 560 triples
    painted = FragmentSet(np.float32(new), tuple(map(str, range(40))), np.arange(40), maps=bad)
    assert measured("triangles", painted, new).value == pytest.approx(14 / 560 / 2)


def test_copies():
    train, held = fragments(walks(50)), fragments(walks(40, first=100))
    rng = np.random.default_rng(0)
    near = train.xyz[:10] + rng.normal(0, 0.3, (10, 16, 3))
    new = fragments(np.concatenate([train.xyz[:10], near, walks(20, first=200)]))
    got = {
        name: measured(name, new, held, train, held)
        for name in ("copies", "near-copies", "near-excess", "nearest-rmsd")
    }
    assert got["copies"].value == pytest.approx(0.25)
    assert got["copies"].details == ("f0", "f1", "f2", "f3", "f4")
    assert got["near-copies"].value == pytest.approx(0.5)
    assert got["near-excess"].value == pytest.approx(0.5)
    assert got["near-excess"].low > 0
    assert got["nearest-rmsd"].low <= got["nearest-rmsd"].value <= got["nearest-rmsd"].high
    none = measured("near-excess", new, held, train)
    assert (none.value, none.note) == (None, "no held-out fragments to compare with")


def test_mirror_images_are_no_copies():
    train = fragments(walks(20))
    assert measured("near-copies", train.xyz * np.float32([1, 1, -1]), train, train).value == 0


def test_classifier_tells_what_differs():
    real = walks(60)
    wide = measured("auroc", 1.3 * walks(60, first=100), real)
    assert wide.value == pytest.approx(1, abs=0.01)
    assert any(name.startswith("d(i,i+1) ") and name.endswith("+") for name in wide.details)
    same = measured("auroc", walks(60, first=100), real)
    assert same.low < 0.5 < same.high
    assert measured("auroc", walks(9), real).note == "needs 10 fragments a class"
    constant = measured("auroc", HELICES, HELICES)
    assert constant.value is None


def test_classifier_keeps_families_together():
    # Windows of the same chains on both sides are no evidence: without families 0 rather than 0.5.
    chain = np.float32(walk(200, 1))
    windows = np.stack([chain[i : i + 16] for i in range(0, 184, 2)])
    one, other = (fragments(windows[i::2], [3] * 46) for i in (0, 1))
    comparison = FragmentComparison(*(FragmentSample(x) for x in (one, other, other)))
    assert set(comparison.related.tolist()) == {3}
    assert measured("auroc", one, other).note.endswith("one family: no folds")
    apart = fragments(walks(5, first=50), [0, 0, 1, 1, 1])
    comparison = FragmentComparison(*(FragmentSample(x) for x in (apart, other, other)))
    assert len(set(comparison.related[:5].tolist())) == 2
    assert not set(comparison.related[:5].tolist()) & {3}


def test_diversity():
    rng = np.random.default_rng(1)
    few = np.stack([walks(2)[i % 2] for i in range(40)]) + rng.normal(0, 0.01, (40, 16, 3))
    assert measured("pair-rmsd", walks(40), walks(40)).value == 1
    assert measured("pair-rmsd", np.stack([walk(16, 1)] * 40), walks(40)).value == pytest.approx(
        0, abs=1e-4
    )
    assert len(pairs(FragmentSample(fragments(few[:7])))) == 3
    assert measured("pair-rmsd", walks(2), walks(2)).value is None


def test_a_fragment_that_comes_again_is_seen_wherever_it_stands():
    some = walks(40)
    turned = some[:4] @ np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]]) + 7
    again = np.concatenate([some, turned + np.random.default_rng(1).normal(0, 0.005, turned.shape)])
    assert measured("unique", some, walks(40)).value == 1
    assert measured("unique", again, walks(40)).value == pytest.approx(40 / 44)
    # A mirror image is another fragment.
    mirrored = np.concatenate([some, some[:4] * [1, 1, -1]])
    assert measured("unique", mirrored, walks(40)).value == 1


def test_groups_keep_families_whole():
    sample = FragmentSample(fragments(walks(50), np.repeat(np.arange(25), 2)))
    assert sample.groups.tolist() == [i % GROUPS for i in range(25) for _ in range(2)]


def test_an_interval_is_that_of_families():
    # One helix in four, as whole families of ten or fragment by fragment: same share, less known.
    shapes = np.concatenate([np.repeat(HELICES[:1], 100, 0), np.repeat(STRANDS[:1], 300, 0)])
    widths = []
    for families in (np.arange(400), np.repeat(np.arange(40), 10)):
        found = measured("helix-gap", fragments(shapes, families), HELICES)
        assert found.value == pytest.approx(0.75)
        widths.append(found.high - found.low)
    assert widths[1] > 1.5 * widths[0]


def families_of(shapes, size=50):
    """Near-identical fragments, so many a family, mixed."""
    rng = np.random.default_rng(5)
    names = rng.permutation(np.repeat(np.arange(len(shapes)), size))
    return fragments(shapes[names] + rng.normal(0, 0.02, (len(names), 16, 3)), names)


def test_copies_of_few_families_are_counted_by_families():
    # One of four families stands in the training data: 50 of 200 fragments, and not one more.
    held, train = families_of(walks(4)), fragments(np.concatenate([walks(1), walks(30, first=9)]))
    own = FragmentSet(held.xyz, held.ids, np.arange(200))
    for name in ("near-copies", "copies"):
        source = held[held.families == 0] if name == "copies" else train
        families, each = (measured(name, some, held, source) for some in (held, own))
        assert families.value == each.value == pytest.approx(0.25)
        assert (each.low, each.high) == pytest.approx(wilson(50, 200))
        assert (families.low, families.high) == pytest.approx(wilson(1, 4), abs=0.002)
    # At all hits the border is exact, whatever families are worth.
    for size in (3, 7, 11, 49):
        some = families_of(walks(6), size)
        assert measured("copies", some, some, some).high == 1
    none = measured("near-copies", held, held, fragments(walks(30, first=9)))
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(wilson(0, 4)[1], abs=0.002)  # 0.49, by fragments 0.02
    # Generated fragments are each its own, held-out ones are those of their families.
    new = fragments(walks(200, first=50))
    excess = measured("near-excess", new, held, train, held)
    assert (excess.low, excess.high) == pytest.approx(newcombe(0, 200, 1, 4), abs=0.002)


def test_nearest_distances_of_few_families_lie_far_apart():
    held, train = families_of(walks(8)), fragments(walks(30, first=9))
    own = FragmentSet(held.xyz, held.ids, np.arange(400))
    families, each = (measured("nearest-rmsd", some, held, train) for some in (held, own))
    assert families.value == each.value
    assert families.high - families.low > 3 * (each.high - each.low)
    assert measured("nearest-rmsd", families_of(walks(1)), held, train).n == 50


def test_random_pairs_of_few_families_say_little():
    held, new = families_of(walks(8)), fragments(walks(100, first=50))
    own = FragmentSet(held.xyz, held.ids, np.arange(400))
    for order in (1, -1):
        families, each = (measured("pair-rmsd", *(some, new)[::order]) for some in (held, own))
        assert families.value == each.value
        assert families.high - families.low > 2 * (each.high - each.low)
    alone = measured("pair-rmsd", new, families_of(walks(1)))
    assert (alone.low, alone.note) == (None, "a set of one family: no interval")


def test_order_does_not_depend_on_the_file():
    some = fragments(walks(30))
    backwards = some[::-1]
    keys, shuffled = StructureEvaluation().keys, StructureEvaluation().shuffled
    assert keys(shuffled(some, 1)) == keys(shuffled(backwards, 1))
    assert keys(shuffled(some, 1)) != keys(shuffled(some, 2))
    assert sorted(shuffled(some, 1).ids) == sorted(some.ids)


def test_names_and_order():
    names = [m.name for m in STRUCTURE_METRICS.choose()]
    assert names[:2] == ["copies", "near-copies"] and names[-1] == "pair-rmsd"
    assert len(names) == len(STRUCTURE_METRICS) == 18
