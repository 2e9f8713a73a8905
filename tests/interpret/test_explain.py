"""A whole explanation of simulated promoters, and of what holds nothing."""

import json

import numpy as np
import pytest

from biogan import SequenceSet, explain
from biogan.cli import run
from biogan.core.errors import ConfigError, DataError, OutputError
from biogan.core.rng import rng
from biogan.evaluation.two_sample import CrossValidation
from biogan.interpret.contrast import contrast
from biogan.interpret.judge import Judge
from biogan.interpret.motifs import correlation
from biogan.sequences.alphabet import DNA
from biogan.sequences.dataset import cut_windows
from biogan.sequences.demo import MINUS_10, MINUS_35
from biogan.sequences.io.motifs import meme_text, read_motifs

FILES = ["attributions.npz", "explain.html", "explain.json", "motifs.meme", "seqlets.tsv"]


def reads(n=120, length=24, seed=0):
    codes = rng(seed, "reads").integers(0, 4, (n, length)).astype(np.uint8)
    return SequenceSet.from_matrix(DNA, codes)


def has_box(texts):
    return [float("TTGACA" in text) for text in texts]


def boxed(n=150):
    return SequenceSet.from_strings([t[:9] + "TTGACA" + t[15:] for t in reads(n)])


def simulated(n=400, length=46):
    """Promoters whose boxes have nine of ten letters right, 16-18 letters apart; and where."""
    chance = rng(5, "promoters")
    codes = chance.integers(0, 4, (n, length)).astype(np.uint8)
    inside = np.zeros(codes.shape, bool)
    for i in range(n):
        first = int(chance.integers(6, 12))
        for box, start in ((MINUS_35, first), (MINUS_10, first + 6 + int(chance.integers(16, 19)))):
            kept = chance.random(6) < 0.9
            codes[i, start : start + 6][kept] = DNA.encode(box)[kept]
            inside[i, start : start + 6] = True
    return SequenceSet.from_matrix(DNA, codes), inside


@pytest.fixture(scope="module")
def promoters(tmp_path_factory):
    """What tells promoters from their shuffles."""
    folder = tmp_path_factory.mktemp("explained") / "run"
    lines = []
    records, inside = simulated()
    found = explain(
        records, "dinucleotide", out=folder, most=150, tell=lines.append, export="modisco"
    )
    rows = [records.ids.index(name) for name in found.records.ids]
    return found, folder, lines, inside[rows]


def test_the_boxes_of_promoters_their_places_and_spacing_are_found_and_little_else(promoters):
    found, _, lines, _ = promoters
    assert found.summary["auroc"] > 0.9
    assert 2 <= len(found.motifs) <= 4
    numbers = []
    for box, places in ((MINUS_35, range(6, 12)), (MINUS_10, range(28, 36))):
        due = np.eye(4)[DNA.encode(box)]
        scores = [correlation(row.motif.frequencies, due, 5) for row in found.motifs]
        best = int(np.argmax([score for score, _ in scores]))
        assert scores[best][0] >= 0.9
        start = found.motifs[best].motif.sites.start + scores[best][1]
        assert np.isin(start, places).mean() > 0.8
        numbers.append(best)
    near = {(s.first, s.second): s for s in found.spacings}[tuple(numbers)]
    assert 15 <= near.usual[0] <= near.usual[1] <= 19
    assert any("AUROC" in line for line in lines)


def test_most_of_what_adds_stands_in_the_boxes(promoters):
    found, _, _, inside = promoters
    share = np.abs(found.attributions)
    assert share[inside].sum() / share.sum() > 0.6
    assert found.deletion.passed


def test_the_files_of_an_explanation_say_the_same(promoters):
    found, folder, _, _ = promoters
    assert sorted(p.name for p in folder.iterdir() if not p.name.startswith("modisco")) == FILES
    saved = np.load(folder / "attributions.npz")
    assert np.array_equal(saved["attributions"], found.attributions)
    assert saved["ids"].tolist() == found.records.ids
    motifs = read_motifs(folder / "motifs.meme")
    assert [m.name for m in motifs] == [row.name for row in found.motifs]
    assert np.allclose(motifs[0].frequencies, found.motifs[0].motif.frequencies, atol=1e-5)
    facts = json.loads((folder / "explain.json").read_text())
    assert facts["motifs"][0]["sites"] == len(found.motifs[0].motif.sites)
    rows = (folder / "seqlets.tsv").read_text().splitlines()
    texts = dict(zip(found.records.ids, found.records.strings(), strict=True))
    for line in rows[1:20]:
        name, start, stop, _, _, _, text = line.split("\t")
        assert texts[name][int(start) - 1 : int(stop)] == text
    one_hot, effects = (np.load(folder / f"modisco_{n}.npz")["arr_0"]
                        for n in ("sequences", "attributions"))  # fmt: skip
    assert one_hot.shape == effects.shape == (150, 4, 46)


def test_the_page_says_what_was_found_and_what_would_make_it_wrong(promoters):
    found, folder, _, _ = promoters
    text = (folder / "explain.html").read_text()
    assert found.motifs[0].motif.consensus("ACGT") in text
    assert "What would make it wrong" in text and "<script" not in text
    assert text.count("<svg") < 60


def test_sets_that_are_alike_have_nothing_to_explain(tmp_path):
    lines = []
    found = explain(reads(), reads(seed=1), out=tmp_path / "run", tell=lines.append)
    assert not found.motifs and "nothing to explain" in lines[-1]
    assert "nothing to explain" in (tmp_path / "run" / "explain.html").read_text()


def test_an_oracle_is_explained_without_a_judge(tmp_path):
    found = explain(boxed(), oracle=has_box, out=tmp_path / "run")
    assert [row.motif.consensus("ACGT") for row in found.motifs] == ["TTGACA"]
    assert found.motifs[0].share > 0.9
    assert found.deletion.top > 0.9


def test_a_stopped_run_is_resumed_to_the_same(tmp_path):
    asked = [0]

    def stops(texts):
        asked[0] += len(texts)
        if asked[0] > 12_000:
            raise RuntimeError("no more")
        return has_box(texts)

    stops.name = "box"
    whole = explain(boxed(), oracle=stops_never(), out=tmp_path / "whole")
    with pytest.raises(Exception, match="no more"):
        explain(boxed(), oracle=stops, out=tmp_path / "run")
    before = asked[0]
    asked[0] = -1_000_000
    found = explain(boxed(), oracle=stops, out=tmp_path / "run", resume=True)
    assert np.array_equal(found.attributions, whole.attributions)
    assert asked[0] + 1_000_000 < before + 12_000
    with pytest.raises(ConfigError, match="another records"):
        explain(boxed(140), oracle=stops, out=tmp_path / "run", resume=True)
    with pytest.raises(OutputError, match="--overwrite"):
        explain(boxed(), oracle=stops, out=tmp_path / "run")


def stops_never():
    def score(texts):
        return has_box(texts)

    score.name = "box"
    return score


def test_contrasts_name_what_is_missing(tmp_path):
    with pytest.raises(ConfigError, match="of which model"):
        contrast(reads(), "generated")
    with pytest.raises(ConfigError, match="no file and no name"):
        contrast(reads(), "dinucs")
    with pytest.raises(DataError, match="no label of this name; the records have none"):
        contrast(reads(), "class=N")
    with pytest.raises(DataError, match="10 records; at least 50"):
        contrast(reads(10), "shuffle")
    with pytest.raises(ConfigError, match="either --against"):
        explain(reads())
    with pytest.raises(ConfigError, match="of which model"):
        explain(reads(), "generated", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_labels_choose_both_sets():
    labels = {"class": ["A", "B", "C"] * 60}
    records = SequenceSet.from_strings(reads(180).strings(), labels=labels)
    both = contrast(records, "class=B", label="class=A")
    assert set(both.records.labels["class"]) == {"A"} and set(both.others.labels["class"]) == {"B"}
    rest = contrast(records, "class=B")
    assert set(rest.records.labels["class"]) == {"A", "C"}
    with pytest.raises(ConfigError, match="some of these records"):
        contrast(records, "class=B", label="class=B")


def test_records_of_a_model_are_drawn_and_none_is_no_set():
    class Model:
        def sample(self, n, seed):
            return reads(n, seed=seed + 7)

    both = contrast(reads(), "generated", Model(), seed=3)
    assert both.others.strings() == reads(seed=10).strings()
    with pytest.raises(DataError, match="no records"):
        explain(reads()[:0], oracle=has_box)


def test_windows_that_overlap_are_in_one_fold_or_left_out():
    genome = rng(0, "genome").choice([*"ACGT"], 8_000)
    windows, _ = cut_windows(SequenceSet.from_strings(["".join(genome)], ["g"]), 40, 10)
    both = contrast(windows, "dinucleotide")
    starts = np.array([int(name.split(":")[1].split("-")[0]) for name in both.records.ids])
    groups = both.groups[: len(starts)]
    near = np.abs(starts[:, None] - starts) < 40
    assert (groups[:, None] == groups)[near].all() and len(np.unique(groups)) >= 10
    assert both.left_out == 2 * (len(windows) - len(starts)) > 0
    lines = []
    explain(windows, "dinucleotide", tell=lines.append)
    assert "left out between blocks" in lines[0] and "nothing to explain" in lines[-1]


def test_circles_have_no_first_letter():
    chance = rng(0, "circles")
    codes = chance.integers(0, 4, (160, 24)).astype(np.uint8)
    codes[:80, 9:15] = DNA.encode("TTGACA")
    turns = chance.integers(0, 24, 160)
    codes = np.stack([np.roll(row, turn) for row, turn in zip(codes, turns, strict=True)])
    both = SequenceSet.from_matrix(DNA, codes)
    judge = Judge.fit(
        codes, DNA, CrossValidation(np.repeat([1, 0], 80), np.arange(160), np.arange(160) % 5),
        circular=True,
    )  # fmt: skip
    folds = np.arange(160) % 5
    turned = judge(np.roll(codes, 6, 1), folds)
    assert np.allclose(judge(codes, folds), turned, atol=1e-5)
    assert not np.allclose(judge(codes, folds), judge(np.roll(codes, 1, 1), folds), atol=1e-5)
    with pytest.raises(ConfigError, match="--circular"):
        explain(SequenceSet.from_strings(["ACGTA", "ACGT"] * 60), "shuffle", circular=True)
    assert explain(both[:80], both[80:], circular=True, most=20, least_auroc=0.0).summary["auroc"]


def test_a_shuffle_is_in_the_fold_of_its_record():
    both = contrast(reads(), "dinucleotide")
    assert np.array_equal(both.groups[:120], both.groups[120:])
    assert both.others.lengths.tolist() == both.records.lengths.tolist()


def test_a_found_motif_is_held_against_known_ones(tmp_path):
    chance, path = rng(0, "known"), tmp_path / "known.meme"
    known = {f"m{i}": (chance.dirichlet([0.3] * 4, 8), 20) for i in range(23)}
    known["box"] = (0.85 * np.eye(4)[DNA.encode("TTGACA")] + 0.0375, 20)
    path.write_text(meme_text(known, "ACGT", np.ones(4)))
    lines = []
    found = explain(boxed(), oracle=has_box, motifs=str(path), tell=lines.append)
    match = found.summary["motifs"][0]["matches"][0]
    assert match["name"] == "box" and match["e"] < 1e-3 and not match["reverse"]
    assert "like box (E " in found.motifs[0].line("ACGT")
    assert "24 known motifs: below 25" in lines[0]


def test_the_command_writes_the_files_and_names_mistakes(tmp_path, capsys):
    fasta = tmp_path / "reads.fasta"
    fasta.write_text("".join(f">r{i}\n{t}\n" for i, t in enumerate(boxed(120))))
    source = tmp_path / "score.py"
    source.write_text("def box(texts):\n    return [float('TTGACA' in t) for t in texts]\n")
    out = tmp_path / "out"
    assert (
        run(["explain", "--oracle", f"{source}:box", "--records", str(fasta), "-o", str(out)]) == 0
    )
    assert sorted(p.name for p in out.iterdir()) == FILES
    said = capsys.readouterr().err
    assert "motif_1 TTGACA: in" in said
    assert run(["explain", "--records", str(fasta), "-o", str(tmp_path / "b")]) == 2
    assert "give either --against" in capsys.readouterr().err
