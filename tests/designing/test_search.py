"""A search: known optima, constraints, resume, and what a broken oracle leaves behind."""

import numpy as np
import pytest

from biogan import GC, Avoid, Fixed, SequenceSet, design
from biogan.core.errors import CheckpointError, ConfigError, OutputError
from biogan.core.oracles import OracleError
from biogan.core.rng import rng
from biogan.designing.comparison import Transfer
from biogan.designing.evolve import KINDS, Evolution
from biogan.designing.objective import Kept, Objective
from biogan.designing.problems import Ehrlich
from biogan.designing.proposals import ChainPrior, GeneratorPrior
from biogan.designing.search import CALLS, DESIGNS, PAGE
from biogan.sequences.constraints.joint import language
from biogan.sequences.constraints.language import compiled
from biogan.sequences.tokenizer import FIXED, Tokenizer


def reads(n=200, length=20, seed=0):
    codes = rng(seed, "reads").integers(0, 4, (n, length)).astype(np.uint8)
    return SequenceSet.from_matrix(SequenceSet.from_strings(["ACGT"]).alphabet, codes)


def count_g(texts):
    return [text.count("G") for text in texts]


class Chain:
    """Draws of an Ehrlich function's own chain."""

    def __init__(self, problem):
        self.problem = problem

    def sample(self, n, seed=0):
        return SequenceSet.from_matrix(self.problem.alphabet, self.problem.draw(n, seed))


def test_ehrlich_by_hand():
    # States A, C, D: A may not follow C. One motif A.D in five letters.
    steps = np.array([[0.4, 0.3, 0.3], [0.0, 0.5, 0.5], [0.3, 0.3, 0.4]])
    problem = Ehrlich(steps, (np.array([0, 2]),), (np.array([0, 2]),), 5, 2)
    found = problem(["ACDDD", "AAAAA", "CCCCC", "CADDD", "DDADD"])
    assert found.tolist() == [1.0, 0.5, 0.0, -np.inf, 1.0]
    assert problem([problem.solution()]).tolist() == [1.0]


def test_chains_of_ehrlich_functions_are_feasible():
    problem = Ehrlich.drawn(20, 60, 4, 4, seed=3)
    assert np.isfinite(problem.score(problem.draw(500, 0))).all()
    tokenizer = Tokenizer(problem.alphabet, problem.length, FIXED)
    feasible = compiled([problem.feasible()], tokenizer)
    rows = rng(0, "rows").integers(0, 20, (3000, 60)).astype(np.uint8)
    rows = np.concatenate([rows, problem.draw(100, 1)])
    assert (feasible.holds(rows) == np.isfinite(problem.score(rows))).all()


def test_a_search_beats_the_draws_of_the_chain_by_far():
    problem = Ehrlich.drawn(12, 24, 2, 4, seed=1)
    tokenizer = Tokenizer(problem.alphabet, problem.length, FIXED)
    feasible = compiled([problem.feasible()], tokenizer)
    search = Evolution(tokenizer, ChainPrior(Chain(problem), tokenizer, feasible), feasible, seed=1)
    while len(search.rows) < 3000:
        search.tell(problem.score(search.ask(50).candidates.rows))
    assert np.isfinite(search.scores).all()
    assert len(np.unique(search.rows, axis=0)) == 3000
    assert search.scores.max() > problem.score(problem.draw(3000, 0)).max()


def test_designs_keep_the_constraints_and_differ():
    found = design(
        reads(), count_g, 20, calls=400, constraints=[Avoid("GGG"), GC(0.3, 0.6)], max_identity=0.8
    )
    rows = found.matrix(20)
    for text in found:
        assert "GGG" not in text and "CCC" not in text
        assert 6 <= text.count("G") + text.count("C") <= 12
    pairs = [(rows[i] == rows[j]).mean() for i in range(len(rows)) for j in range(i)]
    assert max(pairs) <= 0.8
    assert [*found.labels["score"]] == [str(n) for n in count_g([*found])]
    # Letters that are asked for without constraints reach more.
    assert int(found.labels["score"][0]) == 12
    assert design(reads(), count_g, 1, calls=600).labels["score"][0] == "20"


def test_a_resumed_search_is_the_same(tmp_path):
    asked = []

    def stops(texts):
        asked.append(len(texts))
        if sum(asked) > 120:
            raise RuntimeError("the licence server is down")
        return count_g(texts)

    whole = design(reads(), count_g, 5, calls=300, seed=3, out=tmp_path / "whole")
    with pytest.raises(OracleError, match="the oracle: RuntimeError for .*: the licence server"):
        design(reads(), stops, 5, calls=300, seed=3, out=tmp_path / "run")
    table = tmp_path / "run" / CALLS
    kept = table.read_text().splitlines()
    assert 100 < len(kept) < 130
    # Half of a last line, as a killed process leaves it.
    table.write_text("\n".join(kept[:-2]) + "\n" + kept[-2][:20])
    again = design(reads(), count_g, 5, calls=300, seed=3, out=tmp_path / "run", resume=True)
    assert [*again] == [*whole]
    assert table.read_text() == (tmp_path / "whole" / CALLS).read_text()
    for name in (DESIGNS, "design.json", PAGE):
        one, other = ((tmp_path / run / name).read_text() for run in ("run", "whole"))
        assert one.replace(">run<", ">whole<").replace(">run -", ">whole -") == other


@pytest.mark.parametrize("kept", [0, 5, 300, -1])
def test_a_run_that_was_killed_in_its_first_round_is_the_same(tmp_path, kept):
    """Half of the header is left, or a part of the first questions, or of those asked twice."""
    options = {"calls": 20, "seed": 3}
    design(reads(), count_g, 5, out=tmp_path, **options)
    table = tmp_path / CALLS
    whole = table.read_bytes()
    table.write_bytes(whole[: whole.index(b"again") + 60 if kept < 0 else kept])
    design(reads(), count_g, 5, out=tmp_path, resume=True, **options)
    assert table.read_bytes() == whole


def test_another_search_is_not_resumed(tmp_path):
    design(reads(), count_g, 5, calls=50, seed=3, out=tmp_path)
    with pytest.raises(ConfigError, match="was begun with seed 3, not 4"):
        design(reads(), count_g, 5, calls=50, seed=4, out=tmp_path, resume=True)
    with pytest.raises(OutputError, match="is not empty; --overwrite replaces it"):
        design(reads(), count_g, 5, calls=50, seed=3, out=tmp_path)
    table = tmp_path / CALLS
    table.write_text(table.read_text().replace("\tfresh\t", "\tfresh\tx", 1))
    with pytest.raises(CheckpointError, match=r"calls.tsv, line 2: .* is no call"):
        design(reads(), count_g, 5, calls=60, seed=3, out=tmp_path, resume=True)


def test_more_calls_go_on(tmp_path):
    design(reads(), count_g, 5, calls=100, batch=20, seed=3, out=tmp_path / "a")
    longer = design(
        reads(), count_g, 5, calls=200, batch=20, seed=3, out=tmp_path / "a", resume=True
    )
    assert [*longer] == [*design(reads(), count_g, 5, calls=200, batch=20, seed=3)]


def test_more_calls_go_on_with_the_batch_that_was_begun_with(tmp_path):
    """A hundredth of 100 and of 1,500 calls differ: a round would have other sequences."""
    design(reads(), count_g, 5, calls=100, seed=3, out=tmp_path)
    found = design(reads(), count_g, 5, calls=1100, seed=3, out=tmp_path, resume=True)
    assert [*found] == [*design(reads(), count_g, 5, calls=1100, batch=10, seed=3)]


def test_a_rare_constraint_does_not_stop_a_search_on_its_way():
    """Of a chain's draws one in 1,024 keeps it; children of parents do more often."""
    found = design(reads(), count_g, 5, calls=300, seed=1, constraints=[Fixed("1-5=ACGTA")])
    assert found.summary["calls"] == 300 and all(text.startswith("ACGTA") for text in found)


def test_what_is_lowered_counts_as_a_success_where_it_is_lower():
    """The kinds of proposals are mixed as if the negated value were raised."""
    up = design(reads(), lambda texts: [-t.count("G") for t in texts], 3, calls=300)
    down = design(reads(), count_g, 3, calls=300, objective=Objective((), ("score",)))
    assert [*down] == [*up] and down.summary["proposals"] == up.summary["proposals"]


def test_a_check_may_find_designs_infeasible_or_have_no_opinion(tmp_path):
    def rarely(texts):
        return [t.count("A") if t.startswith("A") else -np.inf for t in texts]

    found = design(reads(), count_g, 5, check=rarely, calls=60, out=tmp_path / "a")
    lost, n = found.summary, sum(not text.startswith("A") for text in found)
    assert lost["check"]["infeasible"] == n > 2 and not lost["check"]["confirmed"]
    assert f"{n} of 5 designs not feasible by the check" in lost["verdict"]
    none = design(reads(), count_g, 5, check=lambda t: [1.0] * len(t), calls=60).summary
    assert none["check"]["transfer"]["score"]["transfer"] is None
    assert "the check does not tell real records apart" in none["verdict"]


def test_a_single_feasible_sequence_is_enough(tmp_path):
    only = design(reads(), count_g, 1, calls=10)[0]

    def feasible(texts):
        return [1.0 if text == only else -np.inf for text in texts]

    found = design(reads(), feasible, 1, calls=20, out=tmp_path)
    assert [*found] == [only] and found.summary["top10"] == 1


def test_a_range_that_no_design_keeps_is_told(tmp_path, capsys):
    from biogan.cli import main

    path = tmp_path / "real.fasta"
    path.write_text("".join(f">r{i}\n{text}\n" for i, text in enumerate(reads())))
    words = ["design", str(path), "--oracle", "gc", "-n", "3", "--calls", "40"]
    main([*words, "--keep", "gc=1.5:", "-o", str(tmp_path / "a")])
    assert "--keep: 3 of 3 designs lie outside the range" in capsys.readouterr().err
    kept = design(reads(), count_g, 3, calls=40, objective=Objective(keep=(Kept("score", 2, 9),)))
    assert kept.summary["out_of_range"] == 0
    with pytest.raises(OutputError, match="is a file; name another folder"):
        main([*words, "-o", str(path)])
    with pytest.raises(ConfigError, match="write NAME=LOW:HIGH"):
        Kept.parsed("gc=nan:")


def test_a_command_says_what_it_left_out_and_what_it_could_not_find(tmp_path, capsys):
    from biogan.cli import main

    def run(name, *words):
        main(["design", str(path), *words, "--calls", "20", "-o", str(tmp_path / name)])
        return capsys.readouterr().err

    path, oracle = tmp_path / "real.fasta", tmp_path / "score.py"
    path.write_text("".join(f">r{i}\n{text}\n" for i, text in enumerate(reads(30))))
    oracle.write_text(
        "def one(texts): return [1.0] * len(texts)\n"
        "def two(texts): return {'g': [t.count('G') for t in texts], 'n': [0] * len(texts)}\n"
    )
    start = tmp_path / "start.fasta"
    start.write_text(">a\nACGTACGTACGTACGTACGT\n>b\nMKLVMKLVMKLVMKLVMKLV\n")
    said = run("a", "--oracle", "gc", "--start", str(start), "-n", "3")
    assert "start.fasta: 2 records read, 1 kept" in said and "first: b (line 3)" in said
    said = run("b", "--oracle", "gc", "-n", "50")
    assert "-n 50: no more of the 20 sequences differ enough (--max-identity 0.9)" in said
    said = run("c", "--oracle", f"{oracle}:one", "-n", "3")
    assert "all designs have one score; it does not tell them apart" in said
    words = ["--oracle", f"{oracle}:two", "--maximise", "g", "--minimise", "n", "--front", "1"]
    said = run("d", *words, "--real", str(start))
    assert "1 of 1 design is on the front" in said and "1 real record, asked for besides" in said
    assert "; n best 0, mean 0" in said and "-0" not in said


def test_a_single_real_record_tells_no_gain():
    one = np.array([1.0])
    assert "no gain can be told" in str(Transfer.of(np.full(3, 5.0), one, np.full(3, 5.0), one))


def test_an_oracle_that_changes_its_mind_is_told():
    draws = np.random.default_rng(0)
    found = design(reads(), lambda texts: draws.random(len(texts)), 5, calls=60)
    assert found.summary["repeatable"] is False
    assert design(reads(), count_g, 5, calls=60).summary["repeatable"] is True


def test_a_check_that_does_not_follow_is_flagged():
    told = design(
        reads(), count_g, 10, calls=400, check=lambda texts: [t.count("A") for t in texts]
    )
    assert told.summary["check"]["transfer"]["score"]["transfer"] < 0
    assert "most of the gain is not confirmed" in told.summary["verdict"]
    followed = design(reads(), count_g, 10, calls=400, check=count_g)
    assert followed.summary["check"]["transfer"]["score"]["transfer"] == pytest.approx(1)
    assert "not confirmed" not in followed.summary["verdict"]


def test_a_value_that_is_lowered_is_checked_in_its_direction():
    found = design(
        reads(), count_g, 10, calls=400, objective=Objective(minimise=("score",)),
        check=lambda texts: {"other": count_g(texts)},
    )  # fmt: skip
    part = found.summary["check"]
    assert part["transfer"]["score"]["transfer"] == pytest.approx(1)
    assert found.summary["designs"]["best"] == 0 == float(found.labels["check"][0])
    assert part["designs"]["best"] == 0 and part["real"]["mean"] > 3


def test_several_values_are_checked_one_by_one(tmp_path):
    def both(texts):
        return {"g": count_g(texts), "a": [t.count("A") for t in texts]}

    want = Objective(("g",), ("a",))
    found = design(
        reads(), both, 10, calls=400, objective=want, out=tmp_path,
        check=lambda texts: {"a": [-t.count("A") for t in texts], "g": count_g(texts)},
    )  # fmt: skip
    part = found.summary["check"]
    assert part["transfer"]["g"]["transfer"] == pytest.approx(1)
    assert part["transfer"]["a"]["transfer"] == pytest.approx(-1) and not part["confirmed"]
    assert "g: by the oracle" in found.summary["verdict"]
    # Real records are questions, too, but none of the search.
    lines = (tmp_path / CALLS).read_text().splitlines()
    assert sum("\treal\t" in line for line in lines) == 200
    with pytest.raises(ConfigError, match="--check gives score, and no 'g', which was optimised"):
        design(reads(), both, 10, calls=60, objective=want, check=count_g)


def test_transfer_of_scores_beyond_real_ones():
    real = np.arange(10.0)
    found = Transfer.of(np.full(4, 40.0), real, np.full(4, 8.0), real)
    assert found.outside and not found.confirmed
    # A bounded oracle gives many its highest value, and the best real record a little less.
    near = Transfer.of(np.full(4, 9.1), real, np.full(4, 8.0), real)
    assert near.confirmed and not near.outside
    # Transfer alone would pass: the reason is said.
    wide = np.array([0.0, 1.0, 8.5])
    beyond = str(Transfer.of(np.full(4, 12.0), wide, np.full(4, 8.4), wide))
    assert "transfer 0.59; the designs are beyond all real records by the oracle" in beyond


def test_several_objectives_and_ranges():
    values = np.array([[1.0, 5.0], [2.0, 4.0], [0.0, 9.0], [3.0, -np.inf]])
    front = Objective(("a",), ("b",)).scores(values, ("a", "b"))
    assert front.tolist() == [-1.0, 0.0, -2.0, -np.inf]
    assert Objective(("a",), ("b",)).front(values, ("a", "b")).tolist() == [2, 1, 3, 0]
    kept = Objective(("a",), keep=(Kept.parsed("b=5:"),)).scores(values, ("a", "b"))
    assert kept.argsort().tolist() == [3, 1, 2, 0]
    with pytest.raises(ConfigError, match="the oracle gives a, b: say which"):
        Objective().check(("a", "b"))
    with pytest.raises(ConfigError, match="and no 'c'"):
        Objective(("c",)).check(("a", "b"))


def test_a_trained_model_is_searched_near_its_latents(tmp_path, capsys):
    from biogan import SequenceGAN
    from biogan.cli import main

    small = {"width": 4, "depth": 1, "units": 8, "latent": 4, "batch_size": 8, "steps": 3}
    gan = SequenceGAN(**small, judge_steps=0, seed=1).fit(reads(), out=tmp_path / "run")
    found = design(gan, count_g, 5, calls=200, constraints=[Avoid("TTT")], real=reads(seed=1))
    assert int(found.labels["score"][0]) >= 12 and all("TTT" not in text for text in found)
    kinds = found.summary["proposals"]
    assert set(kinds) == {*KINDS}
    again = design(gan, count_g, 5, calls=200, constraints=[Avoid("TTT")])
    assert [*again] == [*found]
    # A model holds no real records: a check alone tells no gain.
    main(["design", str(tmp_path / "run"), "--oracle", "gc", "--check", "gc", "-n", "2", "--calls",
          "10", "-o", str(tmp_path / "designs")])  # fmt: skip
    assert "no real records to compare with" in capsys.readouterr().err


def test_constraints_are_compiled_once_for_a_whole_search(monkeypatch):
    from biogan import SequenceGAN
    from biogan.sequences.constraints import generator

    made = []

    class Counted(generator.Trellis):
        def __init__(self, *words):
            made.append(1)
            super().__init__(*words)

    monkeypatch.setattr(generator, "Trellis", Counted)
    small = {"width": 4, "depth": 1, "units": 8, "latent": 4, "batch_size": 8, "steps": 2}
    gan = SequenceGAN(**small, judge_steps=0, seed=1).fit(reads())
    design(gan, count_g, 3, calls=60, constraints=[Avoid("TTT")])
    assert len(made) == 1


def test_a_neighbour_shows_the_same_window_of_its_circle():
    from biogan import SequenceGAN

    small = {"width": 4, "depth": 1, "units": 8, "latent": 4, "batch_size": 8, "steps": 3}
    gan = SequenceGAN(**small, judge_steps=0, seed=1, shift=6).fit(reads())
    found = design(gan, count_g, 5, calls=200, constraints=[Avoid("TTT")])
    assert all("TTT" not in text for text in found)
    prior = GeneratorPrior(gan.networks.generator, language([], gan.tokenizer))
    parents = prior.fresh(30, 1)
    near = prior.redrawn(parents, np.ones((30, 20), bool), 2)
    turns = [some.states[:, -1].tolist() for some in (parents, near)]
    assert turns[0] == turns[1] and len({*turns[0]}) > 10
    assert (parents.states[:, :-1] != near.states[:, :-1]).any(1).all()


def test_a_shift_moves_what_is_between_by_one():
    from biogan.designing.proposals import shifted

    rows = np.tile(np.arange(10, dtype=np.uint8), (500, 1))
    for row in shifted(rows, 30, rng(0, "shift")):
        left = [*row]
        assert any(
            [*np.delete(np.arange(10), out)] == [*np.delete(left, into)]
            for out in range(10)
            for into in range(10)
        )


def test_designs_stay_within_edits_of_what_they_start_from(tmp_path):
    starts = reads(3, seed=7)
    found = design(
        reads(), count_g, 20, calls=400, start=starts, max_edits=4, constraints=[Avoid("GGGG")]
    )
    edits = (found.matrix()[:, None] != starts.matrix()).sum(2).min(1)
    assert edits.max() == 4 and len(found) == 20
    assert not any("GGGG" in text or "CCCC" in text for text in found)
    # The best that four edits can do.
    assert int(found.labels["score"][0]) == max(count_g(starts.strings())) + 4
    with pytest.raises(ConfigError, match="--max-edits: edits of what"):
        design(reads(), count_g, 5, calls=50, max_edits=4)
    with pytest.raises(ConfigError, match="--start: a sequence of 10 letters; designs are of 20"):
        design(reads(), count_g, 5, calls=50, start=reads(3, 10))
    fixed = [Fixed("1-20=" + "A" * 20)]
    with pytest.raises(ConfigError, match="copies with at most 2 edits keep the constraints"):
        design(reads(), count_g, 5, calls=50, start=starts, max_edits=2, constraints=fixed)


def test_neighbours_of_a_latent_gan_are_codes_that_moved():
    from biogan import SequenceGAN
    from biogan.designing.proposals import Candidates, CodePrior

    words = ["ACAC", "GTGTGT"]
    real = SequenceSet.from_strings([words[i % 2] * (1 + i % 3) for i in range(240)])
    small = {"architecture": "latent", "units": 32, "latent": 16, "steps": 100, "lr": 2e-3}
    gan = SequenceGAN(**small, judge_steps=0, validation=0.0, reverse_complement=False, seed=1)
    gan.fit(real)
    found = design(gan, count_g, 3, calls=80, constraints=[Avoid("GGG")])
    assert all("GGG" not in text for text in found)
    prior = CodePrior(gan, gan.tokenizer, language([], gan.tokenizer))
    parents = Candidates(gan.tokenizer.encode(real[:120]))
    free = np.ones(parents.rows.shape, bool)
    texts = gan.tokenizer.decode(prior.redrawn(parents, free, 2).rows).strings()
    kept = [text[:1] == old[:1] for text, old in zip(texts, real.strings()[:120], strict=True)]
    assert np.mean(kept) > 0.8
