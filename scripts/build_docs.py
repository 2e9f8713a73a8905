"""Build the documentation site: pages of ``docs/``, and references generated from the code.

    python scripts/build_docs.py [--out site]

The pages are laid out in a folder first, where links that lead out of ``docs/`` are changed, and
the reference of the commands is what ``--help-all`` prints, that of Python the docstrings. Then
MkDocs builds them, without a network, and a warning is an error.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import io
import os
import re
import shutil
import sys
import tempfile
import textwrap
from pathlib import Path

import biogan
from biogan.cli import COMMANDS
from biogan.cli import main as command_line
from biogan.models.registry import KINDS

ROOT = Path(__file__).resolve().parents[1]
#: Commands whose options depend on the kind of the data.
OF_KINDS = ("train", "evaluate")
#: Pages from outside ``docs/``.
OUTSIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "data/README.md": "promoters.md",
    "pipelines/README.md": "pipelines.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def lay_out(place: Path) -> None:
    """Write the sources of the site into a folder."""
    shutil.copytree(ROOT / "docs", place)
    for source, target in OUTSIDE.items():
        shutil.copy(ROOT / source, place / target)
    known = {ROOT / source: place / target for source, target in OUTSIDE.items()}
    known |= {path: place / path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*")}
    for source, target in known.items():
        if target.suffix == ".md":
            text = target.read_text("utf-8")
            target.write_text(relinked(text, source, target, known), "utf-8")
    reference = place / "reference"
    reference.mkdir()
    (reference / "commands.md").write_text(commands(), "utf-8")
    (reference / "python.md").write_text(python(), "utf-8")


def relinked(text: str, source: Path, target: Path, known: dict[Path, Path]) -> str:
    """Change links of a page so that they lead to pages of the site; others become plain text."""

    def change(found: re.Match[str]) -> str:
        mark, words, link = found.groups()
        path, _, anchor = link.partition("#")
        if not path or re.match(r"\w+:", link):
            return found[0]
        place = known.get((source.parent / path).resolve())
        if place is None:
            return words
        to = os.path.relpath(place, target.parent)
        return f"{mark}[{words}]({to}{'#' + anchor if anchor else ''})"

    return _LINK.sub(change, text)


def commands() -> str:
    """Return the reference of the commands: what ``--help-all`` prints."""
    lines = [
        "# Commands",
        "",
        "Generated from the program: what `biogan COMMAND --help-all` prints.",
    ]
    for name, what in COMMANDS.items():
        lines += ["", f"## biogan {name}", "", what]
        for kind in reversed(KINDS) if name in OF_KINDS else [""]:
            lines += [f"\n### {kind}"] if kind else []
            more = ["--kind", kind] if kind else []
            lines += ["", "```text", shown([name, *more, help_flag(name)]).rstrip(), "```"]
    return "\n".join(lines) + "\n"


def help_flag(name: str) -> str:
    """Return ``--help-all`` where a command has it."""
    return "--help-all" if "--help-all" in shown([name, "--help"]) else "--help"


def shown(words: list[str]) -> str:
    """Return what a command prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        command_line(words)
    return out.getvalue()


def python() -> str:
    """Return the reference of Python: every public name with its signature and docstring."""
    lines = ["# Python", "", "Generated from the docstrings: everything that `import biogan` has."]
    for name in sorted(biogan.__all__, key=str.lower):
        thing = getattr(biogan, name)
        if not callable(thing):
            lines += ["", f"## {name}", "", f"`{thing!r}`"[:200]]
            continue
        lines += ["", f"## {name}", "", "```python", signature(name, thing), "```", ""]
        lines += ["```text", (inspect.getdoc(thing) or "").replace("```", "'''"), "```"]
        if inspect.isclass(thing):
            for method in sorted(vars(thing)):
                made = getattr(thing, method, None)
                if method.startswith("_") or not callable(made) or not inspect.getdoc(made):
                    continue
                lines += ["", f"### {name}.{method}", "", "```python",
                          signature(f"{name}.{method}", made), "```", "", "```text",
                          inspect.getdoc(made) or "", "```"]  # fmt: skip
    return "\n".join(lines) + "\n"


def signature(name: str, thing: object) -> str:
    """Return a call as it is written, in lines of at most 88 letters.

    Examples
    --------
    >>> signature("relinked", relinked)
    'relinked(text: str, source: Path, target: Path, known: dict[Path, Path]) -> str'
    """
    try:
        call = f"{name}{inspect.signature(thing)}"  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return name
    call = re.sub(r"(: |-> )'([^']*)'", r"\1\2", call)  # annotations that are kept as text
    return "\n".join(textwrap.wrap(call, 88, subsequent_indent="    ", break_long_words=False))


def build(out: Path) -> None:
    """Build the site.

    Raises
    ------
    SystemExit
        If MkDocs warns.
    """
    from mkdocs.commands.build import build as make
    from mkdocs.config import load_config

    with tempfile.TemporaryDirectory() as name:
        lay_out(Path(name) / "docs")
        config = load_config(
            str(ROOT / "mkdocs.yml"), docs_dir=str(Path(name) / "docs"), site_dir=str(out),
            strict=True,
        )  # fmt: skip
        make(config)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "site")
    build(parser.parse_args().out)
    sys.stdout.write("built\n")
