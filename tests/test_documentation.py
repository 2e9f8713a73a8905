"""The documentation: the site builds without a warning, and what pages tell to type is known."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml
from helpers import ROOT

from biogan.cli import COMMANDS, group
from biogan.cli.options import KindCommand

DOCS = ROOT / "docs"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))
#: Pages that say how something is done and what it means.
HOW_TO = [
    path for path in sorted(DOCS.glob("*.md"))
    if not re.match(r"benchmarks|experiments|measurements-", path.name)
]  # fmt: skip
PAGES = [ROOT / "README.md", ROOT / "pipelines" / "README.md", *sorted(DOCS.rglob("*.md"))]


def blocks(text):
    """Yield language and content of each block, in order."""
    yield from re.findall(r"^```(console|python)\n(.*?)^```", text, re.M | re.S)


def commands(path):
    return [
        line
        for language, block in blocks(path.read_text("utf-8"))
        if language == "console"
        for line in re.findall(r"^\$ (biogan .*)$", block, re.M)
    ]


def test_tutorials_are_in_the_site_and_use_no_file_of_others():
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    (listed,) = (part["Tutorials"] for part in nav if "Tutorials" in part)
    named = [Path(*entry.values()).name for entry in listed]
    assert sorted(named) == [path.name for path in TUTORIALS]
    assert len(TUTORIALS) >= 6


@pytest.mark.parametrize("path", HOW_TO, ids=lambda path: path.stem)
def test_measured_figures_stand_on_pages_of_their_own(path):
    """What a run read with a seed belongs to docs/benchmarks.md or docs/measurements-*.md."""
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S)
    figures = (
        r"\(seeds? \d[^)]*\)|\bseeds? \d(?:,| and| to)|AUROC \(?0\.\d\d"
        r"|\d s of processor time"
    )
    assert re.findall(figures, text) == []


def typed():
    for path in PAGES:
        for line in commands(path):
            yield pytest.param(line, id=f"{path.stem}: {line[:60]}")


@pytest.mark.parametrize("line", [*typed()])
def test_every_command_of_the_pages_is_one_that_the_program_takes(line):
    """Options and their values, whatever the files: commands go stale before anything else."""
    words = shlex.split(re.split(r" [|>&] ?|\s>> ", line)[0].replace(" < ", " "))[1:]
    name = next(word for word in words if not word.startswith("-"))
    command = group.get_command(click.Context(group), name)
    assert name in COMMANDS and command is not None
    rest = words[words.index(name) + 1 :]
    if isinstance(command, KindCommand):
        params = every_option(command)
    else:
        params = command.params
    known = {flag: param for param in params for flag in (*param.opts, *param.secondary_opts)}
    for word in rest:
        if re.match(r"--?[a-zA-Z]", word):
            assert word.partition("=")[0] in known or word in ("-h", "--help", "--help-all"), word


def every_option(command):
    from biogan.cli.options import _options, options_of
    from biogan.models.registry import KINDS

    params = list(command.params)
    for kind in KINDS:
        for part in command.parts:
            params += [option for _, option in _options(options_of(kind, part))]
    return params


def test_references_are_those_of_the_code():
    from build_docs import commands as reference
    from build_docs import python

    text = reference()
    assert all(f"## biogan {name}" in text for name in COMMANDS)
    assert "--kmer-matching" in text and "--augment" in text
    kinds = re.findall(r"(?m)^### (\w+)$", text)
    assert kinds == ["sequences", "molecules", "images", "structures"] * 2  # train, evaluate
    text = python()
    assert "## SequenceGAN\n" in text and "### SequenceGAN.sample" in text
    calls = "\n".join(re.findall(r"```python\n(.*?)\n```", text, re.DOTALL)).splitlines()
    assert max(map(len, calls)) <= 88 and "Alphabet(name: str, letters: str, ambiguity:" in calls[0]
    assert "n : int" in text


@pytest.mark.timeout(600)
def test_the_site_builds_without_a_warning_and_asks_no_other_server(tmp_path, monkeypatch):
    pytest.importorskip("mkdocs", reason="mkdocs is not installed")
    pytest.importorskip("material", reason="mkdocs-material is not installed")
    from build_docs import build

    monkeypatch.setenv("NO_MKDOCS_2_WARNING", "1")
    build(tmp_path / "site")
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 25
    assert (tmp_path / "site" / "site.css").is_file()
    home = (tmp_path / "site" / "index.html").read_text("utf-8")
    loaded = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"', home)
    assert [url for url in loaded if "canonical" not in url] == []
