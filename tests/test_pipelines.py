"""Snakemake runs; Nextflow and Galaxy are read, and run where they are installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml
from helpers import ROOT

import biogan
from biogan.cli import COMMANDS
from biogan.cli.options import KindCommand

PIPELINES = ROOT / "pipelines"
GALAXY = sorted((PIPELINES / "galaxy").glob("biogan_*.xml"))
MODULES = sorted((PIPELINES / "nextflow" / "biogan").iterdir())
DATA = PIPELINES / "galaxy" / "test-data"


@pytest.fixture
def path_with_biogan(tmp_path, monkeypatch):
    """Programs of this environment, and a ``biogan`` that is the one under test."""
    shim = tmp_path / "bin" / "biogan"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m biogan "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", f"{shim.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def options_of(command):
    """Every option of a command, whatever the kind of data."""
    from importlib import import_module

    found = import_module(f"biogan.cli.{command}").command
    if isinstance(found, KindCommand):
        with found.make_context(command, [], resilient_parsing=True):
            pass
    return {flag for param in found.params for flag in (*param.opts, *param.secondary_opts)}


def programs(names, tmp_path_factory):
    """Return the folder of some programs: of the machine, or of an environment made for the test.

    ``BIOGAN_WORKFLOW_TOOLS`` names the folder of an environment that has them.
    """
    named = os.environ.get("BIOGAN_WORKFLOW_TOOLS")
    if named and all((Path(named) / name).exists() for name in names):
        return Path(named)
    known = [shutil.which(name) for name in names]
    if all(known):
        return Path(known[0]).parent
    folder = tmp_path_factory.mktemp("tools") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    done = subprocess.run([folder / "bin" / "pip", "install", "-q", *names], capture_output=True,
                          text=True, check=False)  # fmt: skip
    if done.returncode:
        pytest.skip(f"{names} cannot be installed: {done.stderr.splitlines()[-1:]}")
    return folder / "bin"


# --- Snakemake ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def workflow_tools(tmp_path_factory):
    return programs(["snakemake", "multiqc"], tmp_path_factory)


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(1800)
def test_the_snakemake_workflow_runs(workflow_tools, path_with_biogan, monkeypatch):
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}{workflow_tools}")
    shutil.copy(DATA / "promoters.fasta", path_with_biogan / "a.fasta")
    small = "--steps 5 --width 4 --depth 1 --units 4 --latent 4 --batch-size 8"
    done = subprocess.run(
        [workflow_tools / "snakemake", "--snakefile", PIPELINES / "snakemake" / "Snakefile",
         "--cores", "1", "--config", "samples=one=a.fasta", f"extra={small}", "count=60"],
        cwd=path_with_biogan, capture_output=True, text=True, check=False,
    )  # fmt: skip
    logs = [p.read_text() for p in (path_with_biogan / "results").rglob("*.log")]
    assert done.returncode == 0, "\n".join([done.stderr, *logs])
    results = path_with_biogan / "results"
    assert (results / "one" / "one.fasta").read_text().count(">") == 60
    assert (results / "one" / "evaluation" / "report.html").is_file()
    page = (results / "multiqc" / "multiqc_report.html").read_text("utf-8", "replace")
    assert "biogan" in page
    table = results / "multiqc" / "multiqc_data" / "multiqc_general_stats.txt"
    head, row = table.read_text().splitlines()[:2]
    # The columns that a person looks at first, and the sample by its name.
    for column in ("auroc", "near_copies", "kmer_jsd", "unique"):
        assert column in head
    assert row.startswith("one.fasta") or row.startswith("one")


def test_the_wrapper_names_version_and_commands():
    folder = PIPELINES / "snakemake" / "wrapper"
    needed = yaml.safe_load((folder / "environment.yaml").read_text())["dependencies"]
    assert needed == [f"biogan ={biogan.__version__}"]
    meta = yaml.safe_load((folder / "meta.yaml").read_text())
    assert {"name", "description", "url", "authors", "input", "output", "params"} <= meta.keys()
    text = (folder / "wrapper.py").read_text()
    compile(text, "wrapper.py", "exec")
    assert {*re.findall(r'command == "(\w+)"', text)} <= {*COMMANDS}
    assert {"--threads", "-o"} <= options_of("train")


# --- Nextflow -------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_modules_have_the_layout_of_nf_core(module):
    names = {p.relative_to(module).as_posix() for p in module.rglob("*") if p.is_file()}
    assert names == {
        "main.nf", "meta.yml", "environment.yml", "tests/main.nf.test", "tests/nextflow.config",
    }  # fmt: skip
    text = (module / "main.nf").read_text()
    assert re.search(rf"^process BIOGAN_{module.name.upper()} {{$", text, re.M)
    for part in ("tag ", "label ", "conda ", "container ", "input:", "output:", "when:", "script:",
                 "stub:", "emit: versions"):  # fmt: skip
        assert part in text, part
    assert text.count("{") == text.count("}") and text.count('"""') == 4
    # What an output names must be no local variable.
    assert "def prefix" not in text
    command = re.search(r"^    biogan (\w+) ", text, re.M)[1]
    assert command == module.name and command in COMMANDS
    assert {*re.findall(r"^        (-\S+) ", text, re.M)} <= options_of(command)
    meta = yaml.safe_load((module / "meta.yml").read_text())
    assert meta["name"] == f"biogan_{module.name}"
    emitted = {*re.findall(r"emit: (\w+)", text)}
    assert {*meta["output"]} == emitted
    needed = yaml.safe_load((module / "environment.yml").read_text())["dependencies"]
    assert needed == [f"bioconda::biogan={biogan.__version__}"]
    tests = (module / "tests" / "main.nf.test").read_text()
    assert tests.count("    test(") == 2 and 'options "-stub"' in tests
    for name in re.findall(r"test-data/([\w.]+)", tests):
        assert (DATA / name).is_file()


@pytest.mark.slow
@pytest.mark.parametrize("stub", [True, False], ids=["stub", "real"])
def test_nextflow_runs_the_modules(stub, path_with_biogan):
    if not shutil.which("nextflow"):
        pytest.skip("nextflow is not installed")
    modules = PIPELINES / "nextflow" / "biogan"
    (path_with_biogan / "main.nf").write_text(f"""
include {{ BIOGAN_TRAIN }} from '{modules}/train/main.nf'
include {{ BIOGAN_SAMPLE }} from '{modules}/sample/main.nf'
include {{ BIOGAN_EVALUATE }} from '{modules}/evaluate/main.nf'
workflow {{
    data = Channel.of([[id: 'one'], file('{DATA}/promoters.fasta')])
    BIOGAN_TRAIN(data)
    BIOGAN_SAMPLE(BIOGAN_TRAIN.out.run)
    BIOGAN_EVALUATE(BIOGAN_SAMPLE.out.fasta, file('{DATA}/promoters.fasta'))
}}
""")
    configs = [x for m in MODULES for x in ("-c", str(m / "tests" / "nextflow.config"))]
    subprocess.run(
        ["nextflow", *configs, "run", "main.nf", *(["-stub"] if stub else [])],
        cwd=path_with_biogan, check=True,
    )  # fmt: skip


# --- Galaxy ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", GALAXY, ids=lambda path: path.stem)
def test_galaxy_tools_have_what_galaxy_needs(path):
    root = ET.parse(path).getroot()
    assert root.tag == "tool" and root.get("id") == path.stem
    order = [child.tag for child in root]
    # The order that Galaxy's best practice asks for.
    assert order == ["description", "macros", "expand", "command", "inputs", "outputs", "tests",
                     "help", "expand"]  # fmt: skip
    command = root.find("command")
    assert command.get("detect_errors") == "exit_code"
    name = re.search(r"biogan (\w+) ", command.text)[1]
    assert name in COMMANDS
    flags = {*re.findall(r"(?:^|\s)(--?[a-z][\w-]*)(?=[ \n])", command.text)}
    assert flags - {"-czf", "-xzf", "-C"} <= options_of(name)
    macros = ET.parse(path.parent / "macros.xml").getroot()
    tokens = {token.get("name"): token.text for token in macros.iter("token")}
    assert tokens["@TOOL_VERSION@"] == biogan.__version__
    known = {xml.get("name") for xml in macros.iter("xml")}
    assert {e.get("macro") for e in root.iter("expand")} <= known
    # Every value reaches the shell in quotes.
    inputs = {p.get("name") or p.get("argument").lstrip("-").replace("-", "_")
              for p in root.find("inputs").iter("param")}  # fmt: skip
    outputs = {d.get("name") for d in root.find("outputs").iter("data")}
    for variable in re.findall(r"'\$\{?([\w.]+)", command.text):
        assert variable.split(".")[-1].rstrip("}") in inputs | outputs | {"seed"}
    for test in root.find("tests"):
        for some in test.iter("param"):
            value = some.get("value")
            if "." in value:
                assert (DATA / value).is_file()
        assert {o.get("name") for o in test.iter("output")} <= outputs


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(1200)
def test_galaxy_tools_pass_planemo(tmp_path_factory):
    folder = programs(["planemo"], tmp_path_factory)
    done = subprocess.run([folder / "planemo", "lint", "--fail_level", "warn", *GALAXY],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["sample", "model", "-n", "7", "--seed", "1", "-o", "new.fasta"], 7),
    ],
)
def test_the_test_data_of_galaxy_work(words, expected, tmp_path, monkeypatch):
    import tarfile

    from biogan.cli import main

    monkeypatch.chdir(tmp_path)
    with tarfile.open(DATA / "model.tgz") as archive:
        archive.extractall(tmp_path, filter="data")
    main(["-q", *words])
    assert (tmp_path / "new.fasta").read_text().count(">") == expected
