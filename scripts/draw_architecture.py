"""Draw ``docs/pictures/architecture.svg`` from the imports of biogan.

Usage: ``python scripts/draw_architecture.py``. ``tests/test_architecture.py`` reads the layers and
the imports from here, and says when the drawing is stale.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "biogan"
DRAWING = ROOT / "docs" / "pictures" / "architecture.svg"

# From the lowest to the highest. A file imports from its own entry or from lower layers; entries
# of one layer do not know each other. The bare package lends its version to all.
LAYERS = (
    ("core",),
    ("nn", "evaluation"),
    ("training",),
    ("sequences", "images", "structures"),
    ("molecules",),
    ("models", "metrics"),
    ("interpret", "designing"),
    ("cli",),
    ("__main__",),
)


# --- reading the sources ------------------------------------------------------------------


@dataclass(frozen=True)
class Import:
    """One imported module."""

    module: str
    name: str
    where: str


def module_name(path: Path) -> str:
    """``biogan/core/files.py`` -> ``biogan.core.files``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def entry(module: str) -> str:
    """``biogan.core.files`` -> ``core``; the bare package is an empty string."""
    return module.partition(".")[2].partition(".")[0]


def layer(module: str) -> int:
    """Return the number of the layer of a module; what is in none is an error."""
    if module == "biogan":
        return -1
    found = [i for i, names in enumerate(LAYERS) if entry(module) in names]
    assert found, f"{module}: add {entry(module)!r} to LAYERS in scripts/{Path(__file__).name}"
    return found[0]


def imports(module: str) -> Iterator[Import]:
    """Yield what a module of biogan imports, also inside functions and for type checkers."""
    path = MODULES[module]
    where = str(path.relative_to(ROOT))

    def walk(node: ast.AST) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                names = [alias.name for alias in child.names]
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{where}, line {child.lineno}: relative import"
                wholes = [f"{child.module}.{alias.name}" for alias in child.names]
                # ``from biogan.core import files`` imports the module ``biogan.core.files``.
                names = [whole if whole in MODULES else str(child.module) for whole in wholes]
            else:
                yield from walk(child)
                continue
            for name in names:
                yield Import(module, name, f"{where}, line {child.lineno}")

    return walk(ast.parse(path.read_text("utf-8")))


# The root's table of public names looks upwards by design: it is read when a name is asked for.
OWN_IMPORTS = [
    found
    for module in MODULES
    if module != "biogan"
    for found in imports(module)
    if found.name.split(".")[0] == "biogan"
]


def purpose(name: str) -> str:
    """Return the first sentence of the docstring of a package."""
    docstring = ast.get_docstring(ast.parse(MODULES[f"biogan.{name}"].read_text("utf-8")))
    first = re.split(r"\.(?:\s|$)", docstring or "", maxsplit=1)[0]
    return " ".join(first.replace("``", "").split())


def size(name: str) -> str:
    """Return the number of files and lines of a package."""
    files = [path for module, path in MODULES.items() if entry(module) == name]
    lines = sum(path.read_text("utf-8").count("\n") for path in files)
    return f"{len(files)} file{'s' * (len(files) != 1)}, {lines:,} lines"


def arrows() -> list[tuple[str, str]]:
    """Return which package imports which, without what follows from the others.

    Where ``a`` imports ``b`` and ``c``, and ``b`` imports ``c``, only ``a -> b -> c`` is drawn.
    """
    direct: dict[str, set[str]] = {}
    for found in OWN_IMPORTS:
        upper, lower = entry(found.module), entry(found.name)
        if lower and upper != lower and layer(found.name) < layer(found.module):
            direct.setdefault(upper, set()).add(lower)

    def below(name: str) -> set[str]:
        return direct.get(name, set()).union(*(below(other) for other in direct.get(name, ())))

    return sorted(
        (upper, lower)
        for upper, lowers in direct.items()
        for lower in lowers
        if not any(lower in below(other) for other in lowers)
    )


# --- drawing ------------------------------------------------------------------------------

WIDTH, HEIGHT, SIDE, BETWEEN, MARGIN = 270, 96, 34, 54, 20  # of a box, and the space around it
STYLE = """
    text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #24292f }
    .name { font-size: 16px; font-weight: 600 }
    .size, .note { fill: #57606a }
    .paper { fill: #ffffff }
    .box { fill: #eef4fb; stroke: #3b6ea5; stroke-width: 1.2 }
    .arrow { fill: none; stroke: #57606a; stroke-width: 1.4 }
    .head { fill: #57606a }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .size, .note { fill: #9da7b3 }
      .paper { fill: #0d1117 }
      .box { fill: #16263a; stroke: #6ea8e5 }
      .arrow { stroke: #9da7b3 }
      .head { fill: #9da7b3 }
    }
"""
NOTE = (
    "An arrow leads from a package to one that it imports. "
    "What follows from two other arrows is not drawn."
)


def draw() -> str:
    """Return the drawing: the command line at the top, ``core`` at the bottom."""
    there = {entry(module) for module in MODULES}
    rows = [[name for name in names if name in there] for names in reversed(LAYERS)]
    rows = [row for row in rows if row and row != ["__main__"]]
    width = 2 * MARGIN + max(len(row) for row in rows) * (WIDTH + SIDE) + SIDE
    height = 2 * MARGIN + len(rows) * (HEIGHT + BETWEEN) - BETWEEN + 34
    left = {}
    for row in rows:
        start = (width - len(row) * (WIDTH + SIDE) + SIDE) / 2
        left |= {name: start + i * (WIDTH + SIDE) for i, name in enumerate(row)}
    row_of = {name: i for i, row in enumerate(rows) for name in row}
    top = [MARGIN + i * (HEIGHT + BETWEEN) for i in range(len(rows))]

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="The packages of biogan and their imports">',
        f"  <style>{STYLE}  </style>",
        f'  <rect class="paper" width="{width}" height="{height}"/>',
    ]
    drawn = [(upper, lower) for upper, lower in arrows() if upper in row_of]
    for upper, lower in drawn:
        out = port(left, [b for a, b in drawn if a == upper], lower, left[upper])
        into = port(left, [a for a, b in drawn if b == lower], upper, left[lower])
        points = [(out, float(top[row_of[upper]] + HEIGHT))]
        for between in range(row_of[upper] + 1, row_of[lower]):
            share = (between - row_of[upper]) / (row_of[lower] - row_of[upper])
            x = gap([left[name] for name in rows[between]], out + share * (into - out))
            points += [(x, top[between]), (x, top[between] + HEIGHT)]
        end = top[row_of[lower]]
        points.append((into, end - 9))
        path = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
        lines += [
            f'  <polyline class="arrow" points="{path}"><title>{upper} imports {lower}</title>'
            "</polyline>",
            f'  <path class="head" d="M{into:.0f},{end} l-5,-10 h10 z"/>',
        ]
    for name, row in row_of.items():
        x, y = left[name], top[row]
        middle = f'x="{x + WIDTH / 2:.0f}" text-anchor="middle"'
        lines += [
            f'  <rect class="box" x="{x:.0f}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
            f'  <text class="name" {middle} y="{y + 23}">{name}</text>',
            f'  <text class="size" {middle} y="{y + 41}">{size(name)}</text>',
        ]
        words = textwrap.wrap(purpose(name), 36, max_lines=3, placeholder=" ...")
        lines += [
            f'  <text {middle} y="{y + 58 + 15 * i}">{escape(text)}</text>'
            for i, text in enumerate(words)
        ]
    note = f'x="{width / 2:.0f}" text-anchor="middle" y="{height - MARGIN}"'
    return "\n".join([*lines, f'  <text class="note" {note}>{NOTE}</text>', "</svg>"]) + "\n"


def port(left: dict[str, float], others: list[str], other: str, start: float) -> float:
    """Return where the arrow to or from ``other`` touches a box, so that no two share a place."""
    order = sorted(others, key=lambda name: left[name])
    return start + WIDTH * (order.index(other) + 1) / (len(order) + 1)


def gap(starts: list[float], wanted: float) -> float:
    """Return the place between the boxes of a row that is nearest to the wanted one."""
    places = [start - SIDE / 2 for start in starts] + [starts[-1] + WIDTH + SIDE / 2]
    return min(places, key=lambda x: abs(x - wanted))


def structure(drawing: str) -> str:
    """Return a drawing without its counts of files and lines, which change with every commit."""
    return re.sub(r'(<text class="size"[^>]*>)[^<]*', r"\1", drawing)


if __name__ == "__main__":
    DRAWING.write_text(draw(), "utf-8")
    print(DRAWING.relative_to(ROOT))
