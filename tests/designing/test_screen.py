"""Screens: what matches a list is never asked about, written or left uncounted."""

import json
import sys

import pytest
from click.testing import CliRunner

from biogan import DNA, PROTEIN, SequenceSet, design
from biogan.cli.design import command
from biogan.core.errors import BioganError, ConfigError
from biogan.core.rng import rng
from biogan.designing.screen import Asking, Listed, ScreenError
from biogan.sequences.genetic_code import CODONS, genetic_code
from biogan.sequences.io.write import write_fasta


def texts(n, length, seed, letters="ACGT"):
    return ["".join(row) for row in rng(seed, "texts").choice([*letters], (n, length))]


def listed(folder, some, name="list.fasta"):
    (folder / name).write_text("".join(f">r{i}\n{text}\n" for i, text in enumerate(some)))
    return str(folder / name)


def other_strand(text):
    return text[::-1].translate(str.maketrans("ACGT", "TGCA"))


def by_hand(text, entries, window, identity):
    """Compare every window with every window."""
    for entry in entries:
        width = min(window, len(entry), len(text))
        due = width - int((1 - identity) * width + 1e-9)
        for i in range(len(text) - width + 1):
            for j in range(len(entry) - width + 1):
                pairs = zip(text[i : i + width], entry[j : j + width], strict=True)
                if sum(a == b for a, b in pairs) >= due:
                    return True
    return False


@pytest.mark.parametrize("identity", [1.0, 0.9, 0.8])
@pytest.mark.parametrize("window", [24, 30, 50])
def test_matches_are_those_of_comparing_every_window(tmp_path, window, identity):
    entries = texts(3, 60, 1) + texts(1, 22, 2)
    draws = rng(window, "changes", str(identity))
    asked = texts(4, 40, 3)
    for part in (25, 22, 30, 40, 24):
        for changes in (0, 2, 3, 4, 6):
            entry = entries[draws.integers(4)]
            start = int(draws.integers(max(1, len(entry) - part)))
            letters = [*entry[start : start + part]]
            for i in draws.choice(len(letters), min(changes, len(letters)), replace=False):
                letters[i] = "ACGT"[("ACGT".index(letters[i]) + 1) % 4]
            whole = "TG" * 4 + "".join(letters) + "CA" * 4
            asked.append(whole if draws.random() < 0.5 else other_strand(whole))
    screen = Listed(listed(tmp_path, entries), DNA, window, identity)
    both = entries + [other_strand(entry) for entry in entries]
    wanted = [by_hand(text, both, window, identity) for text in asked]
    assert screen.refused(asked) == wanted and sum(wanted) < len(asked)
    assert window == 50 or any(wanted)


def test_proteins_are_found_in_all_frames(tmp_path):
    protein = texts(1, 30, 1, "ACDEFGHIKLMNPQRSTVWY")[0]
    screen = Listed(listed(tmp_path, [protein]), DNA)
    letters = genetic_code(1).letters
    gene = "".join(CODONS[letters.index(residue)] for residue in protein)
    assert screen.refused(["C" + gene + "AA", "CC" + other_strand(gene), "ACGT" * 30]) == [
        True, True, False
    ]  # fmt: skip
    assert Listed(listed(tmp_path, [protein]), PROTEIN).refused([protein, protein[::-1]]) == [
        True, False
    ]  # fmt: skip
    assert "six reading frames" in screen.described
    with pytest.raises(ConfigError, match="holds nucleotides, and the designs are proteins"):
        Listed(listed(tmp_path, texts(1, 60, 1)), PROTEIN)


def test_what_is_too_short_to_match_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="r0 has 12 letters; a match of fewer than 20 says"):
        Listed(listed(tmp_path, ["ACGTTGCAACGT"]), DNA)
    screen = Listed(listed(tmp_path, texts(1, 60, 1)), DNA)
    with pytest.raises(ConfigError, match="a sequence of 8 letters cannot be compared"):
        screen.refused(["ACGTACGT"])


def reads(n=60, length=30, seed=0):
    return SequenceSet.from_strings(texts(n, length, seed))


def count_g(asked):
    return [text.count("G") for text in asked]


def test_a_search_asks_about_nothing_that_matches(tmp_path):
    # Half of all G: the search runs into it again and again.
    path = listed(tmp_path, ["G" * 30])
    options = {"calls": 300, "seed": 1, "out": tmp_path / "run"}
    found = design(reads(), count_g, 10, screen=path, screen_identity=0.7, **options)
    screen = found.summary["screen"]
    assert screen["refused"] > 20 and "list.fasta (1 sequence; identity of 0.7" in screen["list"]
    judge = Listed(path, DNA, None, 0.7)
    lines = (tmp_path / "run" / "calls.tsv").read_text().splitlines()[1:]
    asked = [line.split("\t")[4] for line in lines if "\treal\t" not in line]
    assert len(asked) > 300 and not any(judge.refused([*found, *asked]))
    assert max(count_g(found)) < 22 < max(count_g(design(reads(), count_g, 1, calls=300, seed=1)))
    page = (tmp_path / "run" / "design.html").read_text()
    assert f"{screen['refused']:,} sequences refused" in page
    facts = json.loads((tmp_path / "run" / "design.json").read_text())
    assert facts["screen"] == screen
    # The same again from the table, and no other list.
    again = design(reads(), count_g, 10, screen=path, screen_identity=0.7, resume=True, **options)
    assert [*again] == [*found] and again.summary["screen"] == screen
    for other in (None, listed(tmp_path, ["C" * 30], "other.fasta")):
        with pytest.raises(ConfigError, match="was begun with screened"):
            design(reads(), count_g, screen=other, screen_identity=0.7, resume=True, **options)


def test_a_run_without_a_screen_says_so(tmp_path):
    found = design(reads(), count_g, 3, calls=30, out=tmp_path)
    assert found.summary["screen"] is None
    assert "none was used" in (tmp_path / "design.html").read_text()


def test_everything_may_be_refused(tmp_path):
    path = listed(tmp_path, ["ACGT" * 8, "A" * 30])
    with pytest.raises(BioganError, match="--screen: all [0-9,]+ sequences that were proposed"):
        design(SequenceSet.from_strings(["A" * 30, "A" * 29 + "C"] * 30), count_g, calls=30,
               screen=path, screen_identity=0.7, prior="pwm")  # fmt: skip


PROGRAM = """
import sys
records = sys.stdin.read().split('>')[1:]
{}
"""


def program(folder, body):
    script = folder / "screen.py"
    script.write_text(PROGRAM.format(body))
    return f"cmd:{sys.executable} {script}"


def test_a_program_screens(tmp_path):
    line = program(
        tmp_path, "for r in records:\n    n, s = r.split()\n    if 'GGG' in s: print(n, 'GGG')"
    )
    write_fasta(reads(), tmp_path / "reads.fasta")
    words = [f"{tmp_path}/reads.fasta", "--oracle", "gc", "--calls", "60", "-n", "5", "--screen"]
    done = CliRunner().invoke(
        command, [*words, line, "-o", f"{tmp_path}/out"], catch_exceptions=False
    )
    assert "--screen cmd:" in done.stderr and "refused before any question" in done.stderr
    lines = (tmp_path / "out" / "calls.tsv").read_text().splitlines()
    assert not any("GGG" in x.split("\t")[4] for x in lines[1:] if "\treal\t" not in x)
    # Sequences to be measured, too.
    done = CliRunner().invoke(
        command,
        [words[0], "--batch", "12", "--screen", line, "-o", f"{tmp_path}/campaign"],
        catch_exceptions=False,
    )
    assert "refused" in done.stderr and "round 1: 12 sequences" in done.stderr
    assert "GGG" not in (tmp_path / "campaign" / "round_1.fasta").read_text()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("sys.exit('no database')", "ended with exit code 1 for 2 sequences: no database"),
        ("print('everything fine')", "'?everything'? is no id of a sequence"),
        ("import time; time.sleep(9)", "no answer within 0.5 s"),
    ],
)
def test_a_program_that_fails_stops_the_run(tmp_path, body, message):
    line = program(tmp_path, body).removeprefix("cmd:")
    with pytest.raises(ScreenError, match=message):
        Asking(line, 0.5 if "sleep" in body else None).refused(["ACGT", "GGGG"])


def test_a_window_without_a_list_is_refused():
    with pytest.raises(ConfigError, match="--screen-window: of what"):
        design(reads(), count_g, calls=30, screen_window=30)
