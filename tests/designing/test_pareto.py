"""Fronts by their definition, volumes by counting cells, and what a run writes of them."""

import gzip
import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from helpers import shared_data

from biogan import SequenceSet, design
from biogan.cli.design import command
from biogan.core.errors import BioganError, ConfigError
from biogan.core.rng import rng
from biogan.designing.objective import Kept, Objective
from biogan.designing.pareto import Front, fronts, hypervolume, nadir, ordered, spread
from biogan.sequences.io.write import write_fasta


def reads(n=200, length=20, seed=0):
    codes = rng(seed, "reads").integers(0, 4, (n, length)).astype(np.uint8)
    return SequenceSet.from_matrix(SequenceSet.from_strings(["ACGT"]).alphabet, codes)


def three(texts):
    return {letter: [text.count(letter) for text in texts] for letter in "ACG"}


def by_definition(values):
    found, left, number = np.full(len(values), -1), np.ones(len(values), bool), 0
    while left.any():
        some = values[:, None]
        beats = (some >= values).all(2) & (some > values).any(2) & left[:, None]
        first = left & ~beats.any(0)
        found[first], left, number = number, left & ~first, number + 1
    return found


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_fronts_are_those_of_the_definition(k, seed):
    values = rng(seed, "values").integers(0, 7, (80, k)).astype(float)
    assert fronts(values).tolist() == by_definition(values).tolist()
    order = ordered(values)
    assert (np.floor(order) == -fronts(values)).all()


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_hypervolume_counts_unit_cells(k, seed):
    values = rng(seed, "values").integers(-2, 7, (12, k)).astype(float)
    reference = np.arange(k, dtype=float)
    cells = np.stack(np.meshgrid(*[np.arange(-2, 8)] * k, indexing="ij"), -1).reshape(-1, k) + 0.5
    inside = (cells > reference).all(1) & (cells[:, None] < values).all(2).any(1)
    assert hypervolume(values, reference) == inside.sum()


def test_the_worst_of_a_front_and_its_spread():
    values = np.array([[0.0, 5.0], [3.0, 3.0], [4.0, 1.0], [1.0, 1.0], [3.0, 3.0]])
    assert nadir(values).tolist() == [0.0, 1.0]
    assert spread(values[fronts(values) == 0], 9).tolist() == [2, 0, 1, 3]
    assert hypervolume(values, nadir(values)) == 3 * 2
    front = Front(("a", "b"), (1, -1), values, values[3:4])
    assert front.size == 4 and len(front.best) == 3
    # One real record: what both values exceed.
    assert front.summary() == {
        "n": 4, "hypervolume": 4.0, "hypervolume_of_real": 0.0, "above": {"a": 1.0, "b": -1.0},
    }  # fmt: skip


def test_designs_are_spread_along_the_front(tmp_path):
    want = Objective(("G", "A"))
    found = design(reads(), three, 50, calls=400, objective=want, front=6, out=tmp_path)
    assert len(found) == 6 and {*found.labels["front"]} == {"1"}
    assert found.summary["front"]["designs"] == 6 <= found.summary["front"]["n"]
    assert found.summary["front"]["hypervolume"] > found.summary["front"]["hypervolume_of_real"]
    values = np.array([[t.count("G"), t.count("A")] for t in found], float)
    assert {*map(tuple, values)} <= {*map(tuple, found.front.best)}
    page = (tmp_path / "design.html").read_text()
    assert "front of G, A" in page and "hypervolume" in page
    # All fronts in order without it.
    every = design(reads(), three, 50, calls=400, objective=want).labels["front"]
    assert len(every) == 50 and [*map(int, every)] == sorted(map(int, every))


def test_ranges_hold_on_the_front():
    want = Objective(("G", "A"), (), (Kept.parsed("C=5:7"),))
    found = design(reads(), three, 50, calls=400, objective=want, front=5)
    assert all(5 <= text.count("C") <= 7 for text in found)
    with pytest.raises(BioganError, match="none of 60 sequences keeps the ranges of --keep"):
        want = Objective(("G", "A"), (), (Kept.parsed("C=21:"),))
        design(reads(), three, 5, calls=60, objective=want, front=5)


def test_a_front_is_resumed_and_chosen_anew(tmp_path):
    want = Objective(("G", "C"), ("A",))
    whole = design(reads(), three, calls=200, objective=want, front=4, out=tmp_path)
    (tmp_path / "designs.fasta").unlink()
    options = {"calls": 200, "objective": want, "out": tmp_path, "resume": True}
    assert [*design(reads(), three, front=4, **options)] == [*whole]
    assert len(design(reads(), three, front=9, **options)) == 9


def test_a_front_of_one_value_is_refused_before_any_call():
    def never(texts):
        raise AssertionError

    with pytest.raises(ConfigError, match="--front: one value has no front"):
        design(reads(), never, front=5)


def test_the_command_says_what_the_front_is(tmp_path):
    write_fasta(reads(), tmp_path / "reads.fasta")
    script = tmp_path / "score.py"
    script.write_text(
        "def both(texts):\n    return {k: [t.count(k) for t in texts] for k in 'GA'}\n"
    )
    done = CliRunner().invoke(
        command,
        [f"{tmp_path}/reads.fasta", "--oracle", f"{script}:both", "--maximise", "G", "--maximise",
         "A", "--front", "4", "--calls", "200", "-o", f"{tmp_path}/out"],
        catch_exceptions=False,
    )  # fmt: skip
    said = re.sub(r"\s+", " ", done.stderr)
    assert "designs: G best" in said and "; A best 1" in said
    assert re.search(r"4 of 4 designs are on the front; [\d,]+ sequences on the front, hyp", said)
    facts = json.loads((tmp_path / "out" / "design.json").read_text())
    assert facts["designs"]["n"] == 4 and facts["front"]["above"].keys() == {"G", "A"}
    assert "top10" not in facts


def test_the_exact_front_of_two_measured_tables_is_nearly_found():
    tables = []
    for name in ("FOXC1", "SIX6"):
        path = shared_data(f"design/tfbind8/{name}_REF_R1.tsv.gz")
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()[1:]
        cells = [line.split("\t") for line in lines]
        tables.append({word: float(value) for a, b, value in cells for word in (a, b)})
    words = sorted(tables[0])
    every = np.array([[table[word] for table in tables] for word in words])
    reference = nadir(every)
    asked = {}

    def both(texts):
        found = {f"{i}": [table[text] for text in texts] for i, table in enumerate(tables)}
        asked.update(zip(texts, zip(*found.values(), strict=True), strict=True))
        return found

    start = SequenceSet.from_strings(words[::70])
    design(start, both, 20, calls=600, objective=Objective(("0", "1")), prior="uniform",
           real=start[:1], seed=1)  # fmt: skip
    share = hypervolume(np.array([*asked.values()]), reference) / hypervolume(every, reference)
    assert share >= 0.9
