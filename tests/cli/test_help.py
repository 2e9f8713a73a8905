"""--help lists what most people need, --help-all the rest."""

import re
import subprocess
import sys

import pytest

from biogan.cli import main

COMMANDS = (["train"], ["image", "train"])


def shown(capsys, *arguments):
    assert main([*arguments]) == 0
    text = capsys.readouterr().out
    return text, set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", text, re.M))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_short_and_says_how_to_see_the_rest(capsys, command):
    text, few = shown(capsys, *command, "--help")
    whole, every = shown(capsys, *command, "--help-all")
    assert {"--out", "--resume", "--max-time", "--steps", "--seed", "--device"} <= few < every
    assert len(few - {"--help", "--help-all", "--quiet", "--debug"}) <= 18
    assert text.rstrip().endswith(f"--help-all shows {len(every - few)} more options.")
    assert "more option" not in whole


@pytest.mark.parametrize("command", COMMANDS)
def test_what_was_not_tried_stands_under_one_heading(capsys, command):
    whole, _ = shown(capsys, *command, "--help-all")
    tried, _, experimental = whole.partition("\nExperimental:\n")
    assert re.findall(r"^  (--[\w-]+)", experimental, re.M) == [
        "--precision",
        "--cuda-graph",
        "--device-noise",
    ]
    assert re.search(r"not\s+tried", experimental) and not re.search(r"not\s+tried", tried)


def test_an_advanced_option_works_without_being_listed(capsys):
    text, few = shown(capsys, "sample", "--help")
    assert not {"--device-noise", "--chain-steps", "--genetic-code"} & few
    assert text.rstrip().endswith("biogan sample --help-all shows 4 more options.")


def test_arguments_are_no_options(capsys):
    text, _ = shown(capsys, "train", "--help")
    assert "\n  FASTA" not in text


@pytest.mark.parametrize("command", [*COMMANDS, ["sample"], ["evaluate"], ["image", "evaluate"]])
def test_help_loads_no_heavy_package(command):
    code = (
        "import sys; from biogan.cli import main; main([*sys.argv[1:], '--help-all']); "
        "sys.exit(' '.join({'torch', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True)
    assert (ran.stderr.strip(), "--help-all" in ran.stdout) == ("", True)
