"""Oracles by name, and whatever can go wrong in one: a line each, with the sequence."""

import sys

import numpy as np
import pytest

from biogan.core.errors import ConfigError
from biogan.core.oracles import Asked, OracleError
from biogan.designing.oracle import load_oracle

TEXTS = ["ACGT", "GGGG", "TTTT"]


def raises(texts):
    if "GGGG" in texts:
        raise KeyError("no model for GGGG")
    return [0.0] * len(texts)


@pytest.mark.parametrize(
    ("oracle", "message"),
    [
        (raises, "x: KeyError for GGGG: 'no model for GGGG'"),
        (lambda texts: [float("nan") if t == "TTTT" else 1.0 for t in texts],
         "x: score is nan for TTTT; numbers are needed, -inf for what is not feasible"),
        (lambda texts: [1.0], "x: values of shape (1,) for 3 sequences: one number each is needed"),
        (lambda texts: ["high"] * len(texts), "x: no numbers for ACGT: could not convert string"),
        (lambda texts: None, "x: None for ACGT, which is no table of numbers"),
        (lambda texts: [10**400] * len(texts), "x: no numbers for ACGT: int too large"),
        (lambda texts: [1e200] * len(texts), "x: score is 1e+200 for ACGT; numbers are needed"),
        (lambda texts: sys.exit(0), "x: SystemExit for ACGT"),
        (lambda texts: {"a\tb": [1.0] * len(texts)}, "has a tab or line break"),
        (lambda texts: {"a": [1.0] * len(texts), " ": [1.0] * len(texts)}, "x: no numbers for"),
    ],
)  # fmt: skip
def test_faults_name_the_sequence(oracle, message):
    with pytest.raises(OracleError) as caught:
        Asked(oracle, "x")(TEXTS)
    assert message in str(caught.value)


def test_an_oracle_that_hangs_is_left():
    import threading

    with pytest.raises(OracleError, match="x: no answer within 0.1 s for 3 sequences"):
        Asked(lambda texts: threading.Event().wait(5), "x", 0.1)(TEXTS)


def test_names_of_several_values():
    asked = Asked(lambda texts: {"a": [1, 2, 3], "b": [0, 0, 1]}, "x")
    assert asked(TEXTS).tolist() == [[1, 0], [2, 0], [3, 1]] and asked.columns == ("a", "b")
    assert Asked(lambda texts: np.zeros((3, 2)), "x")(TEXTS).shape == (3, 2)


def test_functions_of_files_and_modules(tmp_path):
    script = tmp_path / "score.py"
    script.write_text("def count(texts):\n    return [t.count('G') for t in texts]\n")
    assert load_oracle(f"{script}:count")(TEXTS).ravel().tolist() == [1, 4, 0]
    with pytest.raises(ConfigError, match="has no function 'counts'"):
        load_oracle(f"{script}:counts")
    script.write_text("import nothing_of_this_name\n")
    with pytest.raises(ConfigError, match="cannot be imported: ModuleNotFoundError"):
        load_oracle(f"{script}:count")
    for text in ("nothing", "cmd:", "cmd:cat 'x", "motif:", f"{tmp_path}/none.py:f", "gcc"):
        with pytest.raises(ConfigError):
            load_oracle(text)


PROGRAM = """
import sys
names = [line[1:].strip() for line in sys.stdin if line[0] == '>']
%s
"""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("sys.exit('no licence')", "ended with exit code 1 for ACGT: no licence"),
        ("print('s0\\thigh')", "line 1 of its output: s0\thigh is not id<TAB>number"),
        ("print('id\\ta\\ta')", "line 1 of its output: id\ta\ta names two values alike"),
        ("print('s0\\t1')", "no line for 2 of 3 sequences, the first is GGGG"),
        ("print('nothing at all')", "has 0 values, 1 are due"),
    ],
)
def test_programs_that_fail(tmp_path, body, message):
    script = tmp_path / "tool.py"
    script.write_text(PROGRAM % body)
    with pytest.raises(OracleError) as caught:
        load_oracle(f"cmd:{sys.executable} {script}")(TEXTS)
    assert message.replace("\t", "\\t") in str(caught.value).replace("\t", "\\t")


def test_programs_that_answer(tmp_path):
    script = tmp_path / "tool.py"
    script.write_text(
        PROGRAM
        % "print('id\\tx\\ty')\nfor i, n in enumerate(names[::-1]): print(n, i, 0, sep='\\t')"
    )
    asked = load_oracle(f"cmd:{sys.executable} {script}")
    assert asked(TEXTS).tolist() == [[2, 0], [1, 0], [0, 0]] and asked.columns == ("x", "y")
    with pytest.raises(OracleError, match="cannot be run: No such file"):
        load_oracle("cmd:no-such-program-here")(TEXTS)


def test_motifs_score_their_best_site(tmp_path):
    path = tmp_path / "box.meme"
    path.write_text(
        "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF box\nletter-probability matrix: alength= 4 w= 4 "
        "nsites= 20\n" + "0 0 0 1\n0 0 0 1\n0 0 1 0\n1 0 0 0\n"
    )
    score = load_oracle(f"motif:{path}")
    best, other, none, short = score(["CCTTGACC", "GGTCAAGG", "CCCCCCCC", "TTG"]).ravel()
    assert best == other > 7 > none > short == -np.inf


def test_what_a_program_has_started_ends_with_it(tmp_path):
    import os
    import time

    script = tmp_path / "tool.sh"
    script.write_text(f"sleep 60 & echo $! > {tmp_path}/pid\nwait\n")
    with pytest.raises(OracleError, match="no answer within 1 s for 3 sequences"):
        load_oracle(f"cmd:sh {script}", timeout=1)(TEXTS)
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        try:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat") as file:
                if file.read().split()[2] == "Z":
                    return
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.05)
    raise AssertionError("the child of the program still runs")


def blocks(page):
    import re

    from helpers import ROOT

    text = (ROOT / "docs" / page).read_text("utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.S)


@pytest.mark.parametrize(
    ("package", "function", "texts"),
    [
        ("Bio", "stable", ["MKKLLPTAAAGLLLLAAQPAMA", "GIGKFLHSAKKFGKAFVGEIMNS"]),
        ("RNA", "hairpin", ["GGGGCGAAAGCCCC", "AAAAAAAAAAAAAA"]),
    ],
)
def test_examples_of_the_page_score_sequences(package, function, texts, tmp_path):
    pytest.importorskip(package, reason=f"{package} is not installed")
    found = [block for block in blocks("design.md") if f"def {function}(" in block]
    assert len(found) == 1
    script = tmp_path / "score.py"
    script.write_text(found[0])
    asked = load_oracle(f"{script}:{function}")
    values = asked(texts)
    assert values.shape == (2, len(asked.columns)) and (values[0] != values[1]).any()
