"""The shape of the package, read from its sources: layers, circles, docstrings, start-up."""

import ast
import json
import re
import subprocess
import sys

import pytest
from draw_architecture import (
    DRAWING,
    MODULES,
    OWN_IMPORTS,
    draw,
    entry,
    layer,
    structure,
)
from helpers import ROOT

# What still looks upwards; each entry goes with the step that opens it.
STILL_UPWARD = {("biogan.structures.read", "biogan.images.config")}


def test_imports_point_downwards():
    """Those inside functions and those for type checkers, too."""
    faults = []
    for found in OWN_IMPORTS:
        module, name = found.module, found.name
        same = entry(module) == entry(name)
        if (module, name) in STILL_UPWARD:
            continue
        if not same and layer(name) >= layer(module):
            faults.append(f"{found.where}: {module} imports {name}, which is not below it")
    assert not faults, "\n".join(faults)


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Return the modules that import each other in a circle (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(arrows.get(name, ())):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                found.append(sorted(group))

    for name in arrows:
        if name not in index:
            visit(name)
    return found


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c"]]


def test_no_modules_import_each_other_in_a_circle():
    """Those inside functions and those for type checkers, too."""
    arrows: dict[str, set[str]] = {}
    for found in OWN_IMPORTS:
        if found.name not in (found.module, "biogan"):
            arrows.setdefault(found.module, set()).add(found.name)
    found = [[name.rpartition(".")[2] for name in circle] for circle in circles(arrows)]
    assert found == []


def test_modules_have_a_docstring():
    for module, path in MODULES.items():
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), module


def test_the_drawing_of_the_packages_is_up_to_date():
    """The counts of files and lines may be older: they change with every commit."""
    stale = "docs/pictures/architecture.svg is stale: python scripts/draw_architecture.py"
    assert structure(DRAWING.read_text("utf-8")) == structure(draw()), stale


@pytest.mark.parametrize("statement", ["import biogan", "from biogan.cli import main; HELP"])
def test_start_up_is_free_of_heavy_packages(statement):
    statement = statement.replace("HELP", "main(['--help'])")
    code = f"import sys, json; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "biogan" in loaded
    assert not loaded & {"torch", "numpy", "pandas", "scipy", "sklearn", "Bio", "rich"}


def test_no_file_names_a_place_of_one_machine_or_has_marks_of_a_merge():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = [n for n in listed.stdout.split("\0") if n]
    if not names:
        pytest.skip("not a git checkout")
    # Put together here, so that this file does not find itself.
    folders = "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me", "t" + "mp", "o" + "pt"])
    places = re.compile(rf"(?<![\w.~*-])/(?:{folders})/\w|^(?:<{{7}}|>{{7}}) ")
    found = []
    for name in names:
        path = ROOT / name
        if path.suffix == ".gz" or not path.is_file():
            continue
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            if places.search(line):
                found.append(f"{name}, line {number}: {line.strip()[:80]}")
    assert not found, "\n".join(found)


def test_numbers_have_one_style():
    """1,234 records and 90 %: separators in counts of data, a space before the sign."""
    faults = []
    for path in sorted((ROOT / "biogan").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FormattedValue):
                continue
            form = ast.unparse(node.format_spec)[2:-1] if node.format_spec else ""
            if form.endswith("%"):
                faults.append(f"{path}, line {node.lineno}: percentage() of core/errors.py")
            if ast.unparse(node.value).startswith("len(") and form == "" and node.conversion == -1:
                faults.append(f"{path}, line {node.lineno}: {{{ast.unparse(node.value)}:,}}")
    texts = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
    for path in texts:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"[0-9]%", line) or re.search(r"[0-9]\u2013[0-9]", line):
                faults.append(f"{path}, line {number}: 90 %, 5-60")
    assert not faults, "\n".join(faults)
