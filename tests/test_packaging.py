"""What the package declares about itself agrees with what it does."""

import ast
import importlib
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml
from helpers import ROOT
from lowest import lowest

import biogan

DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = DECLARED["project"]
EXTRAS = PROJECT["optional-dependencies"]
SDIST = DECLARED["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
PINS = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
CHANGES = (ROOT / "CHANGELOG.md").read_text("utf-8")
IMPORT_NAMES = {
    "backports.zstd": "backports",
    "biopython": "bio",
    "pillow": "pil",
    "scikit-learn": "sklearn",
}


def names(requirements):
    return {re.split(r"[<>=\[]", r)[0].lower().replace("_", "-") for r in requirements}


def test_declared_dependencies_are_those_imported():
    imported = set()
    for path in (ROOT / "biogan").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])
    imported -= {"biogan", *sys.stdlib_module_names}
    # The site is built by a script.
    optional = [r for name, extra in EXTRAS.items() if name not in ("docs", "test") for r in extra]
    wanted = names([*PROJECT["dependencies"], *optional])
    declared = {IMPORT_NAMES.get(n, n).replace("-", "_") for n in wanted}
    found = {name.lower() for name in imported}
    assert found == declared


def test_every_dependency_is_pinned_to_one_public_version():
    pins = [line for line in PINS if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    pinned = names(pins)
    wanted = names([*PROJECT["dependencies"], *(r for extra in EXTRAS.values() for r in extra)])
    assert wanted <= pinned


def test_each_bound_is_one_version_and_not_above_the_tested_one():
    pins = {
        name.lower().replace("_", "-"): pin
        for name, pin in (p.split("==") for p in lowest(PROJECT))
    }
    tested = {
        name.lower().replace("_", "-"): pin for name, pin in (p.split("==") for p in PINS[1:])
    }

    def numbers(text):
        return [int(number) for number in re.findall(r"\d+", text)]

    assert pins.keys() == names([*PROJECT["dependencies"], *sum(EXTRAS.values(), [])])
    assert all(numbers(pin) <= numbers(tested[name]) for name, pin in pins.items())
    for wrong in ("numpy", "numpy<3", "numpy>=1,<3"):
        with pytest.raises(ValueError, match="a name with one lower bound is needed"):
            lowest({"dependencies": [wrong]})


def test_a_source_archive_holds_what_the_checkout_holds():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    # What hatchling adds by itself.
    wanted = {"pyproject.toml", "README.md", "LICENSE", ".gitignore", *SDIST}
    assert {name.split("/")[0] for name in listed.stdout.splitlines()} == wanted


def test_citation_names_the_version():
    assert f"\nversion: {biogan.__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_changelog_begins_with_a_dated_section_of_the_version():
    sections = re.findall(r"^## (.*)$", CHANGES, re.M)
    first = sections[sections[0] == "[Unreleased]"]
    assert re.fullmatch(rf"\[{re.escape(biogan.__version__)}\] - \d{{4}}-\d\d-\d\d", first)
    dated = f"date-released: {first[-10:]}"
    assert dated in (ROOT / "CITATION.cff").read_text("utf-8").splitlines()


def test_modules_that_the_changelog_names_as_new_are_there():
    rows = re.findall(r"^\| (`biogan.*) \| (`biogan.*) \|$", CHANGES, re.M)
    assert len(rows) > 20
    for old, new in rows:
        assert old.startswith("`biogan.")
        for name in re.findall(r"`(biogan\.[\w.]+)`", new):
            importlib.import_module(name)


def test_ci_runs_the_readme_s_test_command():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert re.search(r"^exec make test$", script.read_text("utf-8"), re.M)
    assert "\n$ make test\n" in (ROOT / "README.md").read_text("utf-8")


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "biogan" / "py.typed").read_bytes() == b""


def test_the_hosted_workflow_runs_the_same_command_on_every_python_and_system():
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    assert "secrets." not in text and "://" not in text
    jobs = yaml.safe_load(text)["jobs"]
    assert jobs.keys() == {"test", "lowest"}
    slow = [step["run"] for step in jobs["lowest"]["steps"] if "run" in step]
    assert slow == ["make test-lowest"] and "schedule" in jobs["lowest"]["if"]
    job = jobs["test"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    versions = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if ":: Python :: 3." in c]
    matrix = job["strategy"]["matrix"]
    assert matrix == {"system": ["ubuntu-latest", "macos-latest"], "python": versions}
    assert job["runs-on"] == "${{ matrix.system }}"
    (setup,) = (step["with"] for step in job["steps"] if "setup-python" in step.get("uses", ""))
    assert setup["python-version"] == "${{ matrix.python }}" and setup["cache"] == "pip"
    assert all((ROOT / name).is_file() for name in setup["cache-dependency-path"].split())
    # The interpreter that was set up makes .venv, not the first that the Makefile finds.
    (step,) = (step for step in job["steps"] if "run" in step)
    assert step["env"]["PYTHON"] == "python"
    assert "\nPYTHON ?= " in (ROOT / "Makefile").read_text("utf-8")


def test_the_conda_recipe_has_version_and_dependencies_of_the_package():
    text = (ROOT / "packaging" / "bioconda" / "meta.yaml").read_text("utf-8")
    assert f'{{% set version = "{biogan.__version__}" %}}' in text
    recipe = yaml.safe_load(re.sub(r"{{.*?}}", "x", re.sub(r"{%.*?%}", "", text)))
    renamed = {"pytorch": "torch", "msgspec-python": "msgspec"}
    run = [line.split(" ", 1) for line in recipe["requirements"]["run"]]
    found = {renamed.get(name, name): bound for name, bound in run}
    assert found.pop("python").replace("<3.14", "") + "<3.14" == PROJECT["requires-python"]
    assert {f"{name}{bound}" for name, bound in found.items()} == {*PROJECT["dependencies"]}
    assert {"sha256", "url"} == {*recipe["source"]}
    assert "biogan sample builtin:promoters -n 3" in recipe["test"]["commands"]


@pytest.mark.parametrize("name", ["Dockerfile", "biogan.def"])
def test_containers_install_the_tested_versions_and_copy_what_there_is(name):
    text = (ROOT / "packaging" / name).read_text("utf-8")
    assert "--constraint /src/constraints.txt" in text and "[protein,hub]" in text
    python = re.search(r"python:(3\.\d+)-slim", text)[1]
    assert any(c.endswith(f":: {python}") for c in PROJECT["classifiers"])
    copied = re.findall(r"^(?:COPY (.+) /src\S*|    (\S+) /src/\S+)$", text, re.M)
    names = " ".join(a or b for a, b in copied).split()
    assert {"pyproject.toml", "constraints.txt", "README.md", "LICENSE", "biogan"} == {*names}
    assert all((ROOT / some).exists() for some in names)


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "--ignore", "DL3008", "packaging/Dockerfile"],
        ["docker", "build", "--check", "-f", "packaging/Dockerfile", "."],
    ],
)
def test_containers_are_linted_where_the_tools_work(command):
    probe = {"docker": ["docker", "buildx", "inspect"], "hadolint": ["hadolint", "--version"]}
    works = (
        shutil.which(command[0])
        and not subprocess.run(probe[command[0]], capture_output=True, check=False).returncode
    )
    if not works:
        pytest.skip(f"{command[0]} is not installed, or has no builder")
    subprocess.run(command, cwd=ROOT, check=True)


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(1200)
def test_wheel_and_archive_are_whole_and_the_wheel_writes_promoters(tmp_path):
    subprocess.run(
        [sys.executable, "scripts/check_package.py", "--out", str(tmp_path)], cwd=ROOT, check=True
    )
    assert {path.suffix for path in tmp_path.iterdir()} == {".whl", ".gz"}
