"""The shape of the package, read from its sources: layers, circles, docstrings, start-up."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import ROOT

PACKAGE = ROOT / "biogan"
FILES = sorted(PACKAGE.rglob("*.py"))

# From the lowest to the highest. A file imports from its own entry or from lower layers; entries
# of one layer do not know each other. The bare package lends its version to all.
LAYERS = (
    ("core",),
    ("nn", "evaluation"),
    ("training",),
    ("sequences", "images", "structures", "molecules"),
    ("models", "metrics"),
    ("interpret", "design"),
    ("cli",),
    ("__main__",),
)


# What still looks upwards; each entry goes with the step that opens it.
STILL_UPWARD = {("biogan.structures.read", "biogan.images.config")}


def module_name(path: Path) -> str:
    """``biogan/core/files.py`` -> ``biogan.core.files``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}


def entry(module: str) -> str:
    """``biogan.core.files`` -> ``core``; the bare package is an empty string."""
    return module.partition(".")[2].partition(".")[0]


def layer(module: str) -> int:
    """Number of the layer of a module; what is in none is an error."""
    if module == "biogan":
        return -1
    found = [i for i, names in enumerate(LAYERS) if entry(module) in names]
    assert found, f"{module}: add {entry(module)!r} to LAYERS in {Path(__file__).name}"
    return found[0]


def imports(path: Path, for_types: bool = True) -> Iterator[tuple[str, bool, int]]:
    """Yield (imported module, is it inside a function, line)."""

    def walk(node: ast.AST, lazy: bool) -> Iterator[tuple[str, bool, int]]:
        for child in ast.iter_child_nodes(node):
            types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            if types and not for_types:
                continue
            if isinstance(child, ast.Import):
                yield from ((alias.name, lazy, child.lineno) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}, line {child.lineno}: relative import"
                yield from (
                    (target(child.module or "", alias.name), lazy, child.lineno)
                    for alias in child.names
                )
            else:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from walk(child, lazy or inside or types)

    return walk(ast.parse(path.read_text("utf-8")), False)


def target(module: str, name: str) -> str:
    """``from biogan.core import files`` imports the module ``biogan.core.files``."""
    whole = f"{module}.{name}"
    return whole if whole in MODULES else module


def source(path: Path) -> str:
    return str(path.relative_to(ROOT))


# The root's table of public names looks upwards by design: it is read when a name is asked for.
IMPORTS = [
    (module, name, lazy, f"{source(path)}, line {line}")
    for module, path in MODULES.items()
    if module != "biogan"
    for name, lazy, line in imports(path)
]
OWN_IMPORTS = [found for found in IMPORTS if found[1].split(".")[0] == "biogan"]


def test_imports_point_downwards():
    """Those inside functions and those for type checkers, too."""
    faults = []
    for module, name, _, where in OWN_IMPORTS:
        same = entry(module) == entry(name)
        if (module, name) in STILL_UPWARD:
            continue
        if not same and layer(name) >= layer(module):
            faults.append(f"{where}: {module} imports {name}, which is not below it")
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
    for module, name, _, _ in OWN_IMPORTS:
        if name != module and name != "biogan":
            arrows.setdefault(module, set()).add(name)
    found = [[name.rpartition(".")[2] for name in circle] for circle in circles(arrows)]
    assert found == []


def test_modules_have_a_docstring():
    for path in FILES:
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), source(path)


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


def test_no_file_names_a_place_of_one_machine():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = [n for n in listed.stdout.split("\0") if n]
    if not names:
        pytest.skip("not a git checkout")
    # Put together here, so that this file does not find itself.
    folders = "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me", "t" + "mp", "o" + "pt"])
    places = re.compile(rf"(?<![\w.~*-])/(?:{folders})/\w")
    found = []
    for name in names:
        path = ROOT / name
        if path.suffix == ".gz" or not path.is_file():
            continue
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            if places.search(line):
                found.append(f"{name}, line {number}: {line.strip()[:80]}")
    assert not found, "\n".join(found)
