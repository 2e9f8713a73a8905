"""The shape of the package, read from its sources: layers, docstrings, small files."""

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

# The longest matching prefix counts. A file imports its own layer or a lower one.
LAYERS = {
    "biogan": 0,
    "biogan.errors": 0,
    "biogan.options": 0,
    "biogan.config": 0,
    "biogan.memory": 0,
    "biogan.protocols": 0,
    "biogan.alphabet": 1,
    "biogan.seeds": 1,
    "biogan.io": 1,
    "biogan.datasets": 1,
    "biogan.similarity": 1,
    "biogan.baselines": 1,
    "biogan.metrics": 1,
    "biogan.report": 1,
    "biogan.images": 1,
    "biogan.structures": 1,
    "biogan.evaluation": 1,
    "biogan.circles": 2,
    "biogan.nets": 2,
    "biogan.losses": 2,
    "biogan.penalties": 2,
    "biogan.precision": 2,
    "biogan.counting": 2,
    "biogan.matching": 2,
    "biogan.objective": 2,
    "biogan.augment": 2,
    "biogan.training": 3,
    "biogan.imaging": 4,
    "biogan.autoconfig": 4,
    "biogan.calibration": 1,
    "biogan.card": 4,
    "biogan.building": 4,
    "biogan.fitting": 4,
    "biogan.judge": 4,
    "biogan.monitor": 4,
    "biogan.refine": 4,
    "biogan.runs": 4,
    "biogan.sampling": 4,
    "biogan.exclusion": 4,
    "biogan.gan": 4,
    "biogan.modelfile": 4,
    "biogan.plan": 4,
    "biogan.cli": 6,
    "biogan.__main__": 6,
}

# Imports inside functions that look upwards, each with its reason.
ALLOWED_UPWARD: dict[tuple[str, str], str] = {}

# Networks and losses see tensors; of biogan they may use, beside one another, only these.
TENSORS = 2
OPEN_TO_TENSORS = {
    "biogan",
    "biogan.errors",
    "biogan.options",
    "biogan.config",
    "biogan.protocols",
    "biogan.seeds",
}


def module_name(path: Path) -> str:
    """``biogan/io/fasta.py`` -> ``biogan.io.fasta``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer(module: str) -> int:
    """Layer of the longest listed prefix; the bare package lends its own to nobody."""
    name = module
    while name not in LAYERS:
        name = name.rpartition(".")[0]
    if name == "biogan" != module:
        raise KeyError(f"{module}: add it to LAYERS in tests/test_architecture.py")
    return LAYERS[name]


def test_the_table_of_layers_names_every_module():
    """Where a reader looks for a module is where the rule has it."""
    rows = {}
    for line in (ROOT / "docs" / "architecture.md").read_text("utf-8").splitlines():
        found = re.match(r"\| (\d) \|[^|]*\|(.*)\|$", line)
        if found:
            rows[int(found[1])] = found[2]
    for module, number in LAYERS.items():
        name = module.removeprefix("biogan.")
        assert name == "biogan" or re.search(rf"`{name}/?`", rows[number]), (module, number)


def imports(path: Path) -> Iterator[tuple[str, bool, int]]:
    """Yield (imported module, is it inside a function, line), those for type checkers left out."""

    def walk(node: ast.AST, lazy: bool) -> Iterator[tuple[str, bool, int]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
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
                yield from walk(child, lazy or inside)

    return walk(ast.parse(path.read_text("utf-8")), False)


def target(module: str, name: str) -> str:
    """``from biogan.io import fasta`` imports the module ``biogan.io.fasta``."""
    whole = f"{module}.{name}"
    return whole if whole in {module_name(f) for f in FILES} else module


def source(path: Path) -> str:
    return str(path.relative_to(ROOT))


IMPORTS = [
    (module_name(path), name, lazy, f"{source(path)}, line {line}")
    for path in FILES
    for name, lazy, line in imports(path)
]
OWN_IMPORTS = [entry for entry in IMPORTS if entry[1].split(".")[0] == "biogan"]


def test_imports_point_downwards():
    faults = []
    for module, name, lazy, where in OWN_IMPORTS:
        if layer(name) > layer(module) and not (lazy and (module, name) in ALLOWED_UPWARD):
            faults.append(f"{where}: layer {layer(module)} imports {name}, layer {layer(name)}")
    assert not faults, "\n".join(faults)


def test_networks_and_losses_know_neither_files_nor_letters():
    faults = [
        f"{where}: imports {name}"
        for module, name, _, where in OWN_IMPORTS
        if layer(module) == TENSORS and layer(name) != TENSORS and name not in OPEN_TO_TENSORS
    ]
    assert not faults, "\n".join(faults)


def test_lower_layers_load_no_torch_and_layer_0_only_the_standard_library():
    faults = []
    for module, name, lazy, where in IMPORTS:
        top = name.split(".")[0]
        if lazy or top == "biogan":
            continue
        if layer(module) == 0 and top not in sys.stdlib_module_names:
            faults.append(f"{where}: layer 0 imports {name}")
        if layer(module) == 1 and top in {"torch", "lightning_fabric", "safetensors"}:
            faults.append(f"{where}: layer 1 imports {name} outside a function")
    assert not faults, "\n".join(faults)


def test_every_listed_exception_is_still_used():
    assert set(ALLOWED_UPWARD) <= {(module, name) for module, name, lazy, _ in IMPORTS if lazy}


def test_modules_are_small_and_have_a_docstring():
    texts = {source(f): f.read_text("utf-8") for f in FILES}
    assert not [name for name, text in texts.items() if not ast.get_docstring(ast.parse(text))]
    assert not [name for name, text in texts.items() if len(text.splitlines()) > 320]


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
