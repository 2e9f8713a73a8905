"""Who plays which part: one table for every kind of data."""

import numpy as np
import pytest
from comparing import iid
from rows import RowEvaluation

from biogan.core.errors import DataError
from biogan.evaluation.protocol import check_sets, fresh_records, overlaps
from biogan.images.dataset import ImageSet
from biogan.images.evaluate import ImageEvaluation
from biogan.sequences.alphabet import DNA
from biogan.sequences.evaluate import SequenceEvaluation
from biogan.structures.dataset import FragmentSet
from biogan.structures.evaluate import StructureEvaluation


def images(n, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (n, 8, 8)).astype(np.uint8)
    return ImageSet.from_pixels(pixels)


def fragments(n, seed):
    xyz = np.random.default_rng(seed).normal(size=(n, 16, 3)).cumsum(1).astype(np.float32)
    return FragmentSet(xyz, tuple(map(str, range(n))), np.arange(n))


KINDS = {
    "rows": (RowEvaluation(), lambda n, seed: 1000 * seed + np.arange(n)[:, None]),
    "sequences": (SequenceEvaluation(), lambda n, seed: iid(DNA, n, 30, seed)),
    "images": (ImageEvaluation(), images),
    "structures": (StructureEvaluation(), fragments),
}


@pytest.fixture(params=KINDS)
def kind(request):
    spec, make = KINDS[request.param]
    return spec, make(60, 1), make(90, 2), make(40, 3)


def test_real_alone_is_split(kind):
    spec, real, _, _ = kind
    found = spec.assign_roles(real, None, None, 20, 0)
    assert (len(found.target), len(found.ceiling)) == (20, 40)
    sides = [*spec.keys(found.target), *spec.keys(found.ceiling)]
    assert sorted(sides) == sorted(spec.keys(real))
    assert found.fit is found.ceiling
    assert found.source is real and found.fresh is None
    assert f"20 {spec.noun}s that every set is scored against and 40 for ceiling" in found.notes[0]
    # A target takes half of the records at most.
    assert len(spec.assign_roles(real, None, None, 1000, 0).target) == 30
    with pytest.raises(DataError, match=f"the reference has only 3 {spec.noun}s: give more, or"):
        spec.assign_roles(real[:3], None, None, 20, 0)


@pytest.mark.parametrize(
    ("given", "target", "ceiling", "fit", "source", "fresh"),
    [
        ("held_out", "held_out", "real", "real", "real", "held_out"),
        ("train", "real", "train", "train", "train", "real"),
        ("train held_out", "real", "held_out", "train", "train", "held_out"),
    ],
)
def test_table(kind, given, target, ceiling, fit, source, fresh):
    spec, *sets = kind
    parts = dict(zip(("real", "train", "held_out"), sets, strict=True))
    train, held_out = (parts[k] if k in given.split() else None for k in ("train", "held_out"))
    found = spec.assign_roles(parts["real"], train, held_out, 20, 0)
    assert found.target is parts[target]
    assert found.ceiling is parts[ceiling]
    assert found.fit is parts[fit]
    assert found.source is parts[source]
    assert found.fresh is parts[fresh]
    assert len(found.notes) == 1


def test_training_data_as_reference_are_no_second_set(kind):
    spec, real, _, held_out = kind
    found = spec.assign_roles(real, real[::-1], held_out, 20, 0)
    assert found.target is held_out and found.ceiling is real and found.source is real
    assert found.notes == (
        "the reference is the training data: copies are sought in the reference, and every set is "
        f"scored against the held-out {spec.noun}s",
    )
    repeated = real[np.repeat(np.arange(60), 2)]
    assert spec.assign_roles(real, repeated, None, 20, 0).fresh is None


ROWS, MAKE = KINDS["rows"]
REAL, TRAIN, HELD = MAKE(60, 1), MAKE(90, 2), MAKE(40, 3)


def roles(real, train=None, held_out=None):
    return ROWS.assign_roles(real, train, held_out, 20, 0)


def test_held_out_records_that_were_trained_on_do_not_hide_copies():
    mixed = np.concatenate([REAL[:15], TRAIN[:45]])
    found = roles(mixed, TRAIN)
    assert found.fresh is None and found.target is mixed
    assert found.notes[-1] == (
        "45 of 60 held-out rows also stand in the training data: they do not count where copies "
        "are sought, and the ceiling looks too good; the 15 others are too few to tell copying"
    )
    found = roles(REAL, TRAIN, np.concatenate([HELD[:20], TRAIN[:1]]))
    assert found.fresh.tolist() == HELD[:20].tolist()
    assert found.notes[-1].startswith("1 of 21 held-out rows also stand in the training data")
    found = roles(REAL, held_out=np.concatenate([np.repeat(HELD, 5, 0), REAL[:1]]))
    assert len(found.fresh) == 200 and len(found.target) == 201
    assert found.notes[-1] == (
        "1 of 201 held-out rows also stand in the reference: they do not count where copies are "
        "sought"
    )


def test_a_reference_that_shares_records_with_others_is_said():
    mixed = np.concatenate([REAL[:40], TRAIN[:15], HELD[:5]])
    assert roles(mixed, TRAIN, HELD).notes[-2:] == (
        "15 of 60 reference rows also stand in the training data: floors and copies look too good",
        "5 of 60 reference rows also stand in the held-out data: held-out data look too good",
    )
    assert overlaps(range(200), [1], [2], "row") == ()


def test_fresh_records():
    some, other = np.arange(30)[:, None], np.arange(5)[:, None]
    left, (note,) = fresh_records(some, other, ROWS.keys, "row", "reference")
    assert left.ravel().tolist() == list(range(5, 30))
    assert note.startswith("5 of 30 held-out rows also stand in the reference")
    assert fresh_records(some, other + 100, ROWS.keys, "row", "reference") == (some, ())


def test_sets_that_are_one_another_are_refused_or_warned_of(kind):
    """Swapped files: a verdict about them would look good, and mean nothing."""
    spec, real, train, held = kind
    keys = {name: spec.keys(some) for name, some in zip("rth", (real, train, held), strict=True)}
    new = range(50)  # keys that no real record has

    def check(generated, *sets):
        given = (*sets, *(None,) * (3 - len(sets)))
        return check_sets({"generated": generated}, *given, noun=spec.noun)["generated"]

    everything = [(keys["r"],), (keys["r"], keys["t"]), (keys["r"], None, keys["h"]),
                  (keys["r"], keys["t"], keys["h"])]  # fmt: skip
    for sets in everything:
        assert check(list(new), *sets) == ()
    for sets, target, name in zip(everything, "rrhr", "RRHR", strict=True):
        against = "held-out data" if name == "H" else "reference"
        with pytest.raises(DataError, match=f"the generated set equals the {against}: .*swapped"):
            check(keys[target][::-1], *sets)
        most = keys[target][: len(keys[target]) * 3 // 4]
        with pytest.raises(DataError, match=f"records? in common|{spec.noun}s in common"):
            check(most, *sets)
        # Fewer than half, and one record again and again, are for the metrics to judge.
        assert check([*most[:10], *range(20)], *sets) == ()
        assert check([*most[:1]] * 50, *sets) == ()
    for sets, name in ((("r", None, "r"), "reference"), (("r", "t", "t"), "training data")):
        given = [None if key is None else keys[key] for key in sets]
        with pytest.raises(DataError, match=f"held-out {spec.noun}s equal the {name}: give real"):
            check(list(new), *given)
    (said,) = check(list(new), keys["r"], keys["r"])
    assert said.startswith("the reference equals the training data, so copying cannot be told")
    assert check(list(new), keys["r"], keys["r"], keys["h"]) == ()
    (said,) = check(keys["t"], keys["r"], keys["t"])
    assert said == (
        "the generated set equals the training data: the generator copies, or files are swapped"
    )
    (said,) = check(list(new), [*keys["r"][:10], *keys["t"][:11]], keys["t"])
    assert said.startswith(f"11 of 21 reference {spec.noun}s stand in the training data, so a")
    (said,) = check(list(new), keys["r"], None, [*keys["r"][:21], *keys["h"][:20]])
    assert said.startswith(f"21 of 41 held-out {spec.noun}s stand in the reference: are they")


def test_short_records_that_come_again_by_chance_are_no_swapped_file():
    short = [i % 40 for i in range(200)]
    assert check_sets({"a": short[:100]}, short, None, None, "record") == {"a": ()}
    assert check_sets({"a": range(40)}, short, range(200, 400), None, "record") == {"a": ()}
