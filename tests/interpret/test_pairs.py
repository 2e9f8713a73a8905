"""Columns that act together: an exclusive-or shows in pairs and in no single change."""

import numpy as np
import pytest

from biogan import SequenceSet, explain
from biogan.core.errors import ConfigError, DataError
from biogan.core.rng import rng
from biogan.interpret.pairs import chosen_columns, interactions, read_structure
from biogan.sequences.alphabet import DNA


def codes(n=80, length=10):
    return rng(0, "codes").integers(0, 4, (n, length)).astype(np.uint8)


def either(some, rows):
    """1 where just one of columns 3 and 8 has a letter above C."""
    return ((some[:, 2] > 1) ^ (some[:, 7] > 1)).astype(float)


def test_an_exclusive_or_shows_in_the_pair_alone():
    some = codes()
    found = interactions(either, some, DNA, np.arange(10))
    best = found.best(found.interaction, 1)[0]
    assert (found.first[best], found.second[best]) == (2, 7)
    assert found.interaction[best] > 1 and np.delete(found.interaction, best).max() < 1e-6
    assert np.abs(found.single).max() < 0.1


def test_what_adds_up_has_no_interaction():
    some = codes()

    def score(mutants, rows):
        return (mutants == 0).sum(1).astype(float)

    found = interactions(score, some, DNA, np.arange(10))
    assert np.allclose(found.interaction, 0, atol=1e-6)


def test_a_judge_learns_an_exclusive_or_of_two_columns():
    n = 400
    some, chance = codes(2 * n, 12), rng(1, "either")
    one, wanted = chance.integers(0, 2, 2 * n), np.repeat([1, 0], n)
    some[:, 2], some[:, 7] = np.where(one, 0, 3), np.where(one ^ wanted, 2, 1)
    both, lines = SequenceSet.from_matrix(DNA, some), []
    whole = explain(both[:n], both[n:], pairs="all", most=100, least_auroc=0.0, tell=lines.append)
    found = whole.pairs
    assert whole.summary["pairs_auroc"] > 0.999
    best = found.best(found.interaction, 2)
    assert (found.first[best[0]], found.second[best[0]]) == (2, 7)
    assert found.interaction[best[0]] > 5 * found.interaction[best[1]]
    assert any("pairs of columns alone" in s and "AUROC of 1.000" in s for s in lines)


def test_too_many_columns_and_others_of_other_lengths_are_refused():
    some = SequenceSet.from_matrix(DNA, codes(120, 400))
    with pytest.raises(ConfigError, match="choose up to 375"):
        explain(some[:60], some[60:], pairs="all", least_auroc=0.0)
    short = SequenceSet.from_matrix(DNA, codes(120, 10))
    varying = SequenceSet.from_strings(["ACGT" * 3, "ACGTA"] * 60)
    with pytest.raises(ConfigError, match="as long as the records"):
        explain(short, varying, pairs="all")


def test_columns_and_structures_are_read(tmp_path):
    assert chosen_columns("1,3-4", 5).tolist() == [0, 2, 3]
    for text in ("x", "3-9", "4", "0-2"):
        with pytest.raises(ConfigError, match="--pairs"):
            chosen_columns(text, 5)
    path = tmp_path / "structure.txt"
    path.write_text(">name\nACGUACG\n((.<.>).)\n")
    found = read_structure(path, 9)
    assert {tuple(x) for x in np.argwhere(found)} == {
        (0, 8),
        (8, 0),
        (1, 6),
        (6, 1),
        (3, 5),
        (5, 3),
    }
    for text, said in (("(..", "not closed"), ("..)", "closes nothing"), ("ACG", "no line")):
        path.write_text(text + "\n")
        with pytest.raises(DataError, match=said):
            read_structure(path, 3)
    path.write_text("(..)\n")
    with pytest.raises(DataError, match="4 columns, the records have 3"):
        read_structure(path, 3)


def test_pairs_of_an_explanation_are_written_and_drawn(tmp_path):
    records = SequenceSet.from_matrix(DNA, codes())
    structure = tmp_path / "structure.txt"
    structure.write_text("..(....)..\n")

    def score(texts):
        return [float((t[2] in "GT") ^ (t[7] in "GT")) for t in texts]

    lines = []
    found = explain(records, oracle=score, pairs="1-10", structure=str(structure),
                    out=tmp_path / "run", tell=lines.append)  # fmt: skip
    rows = (tmp_path / "run" / "pairs.tsv").read_text().splitlines()
    assert rows[1].split("\t")[:2] == ["3", "8"] and rows[1].endswith("\t1")
    assert "columns 3 and 8 act together most" in " ".join(lines)
    assert "3 and 8" in (tmp_path / "run" / "explain.html").read_text()
    assert found.summary["pairs"]["precision"] > 0
    with pytest.raises(ConfigError, match="goes with --pairs"):
        explain(records, oracle=score, structure=str(structure))
