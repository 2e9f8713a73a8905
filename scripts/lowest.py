"""Print the lowest versions that pyproject.toml allows, as exact pins.

``make test-lowest`` installs them and runs the suite: a bound that was never tried lies.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def lowest(project: dict) -> list[str]:
    """Return one pin for each requirement of a project.

    Raises
    ------
    ValueError
        If a requirement is no name with one lower bound, or has two.

    Examples
    --------
    >>> lowest({"dependencies": ["numpy>=2.0"], "optional-dependencies": {"x": ["numpy>=2.0"]}})
    ['numpy==2.0']
    """
    extras = project.get("optional-dependencies", {}).values()
    pins: dict[str, str] = {}
    for requirement in [*project["dependencies"], *(one for extra in extras for one in extra)]:
        parts = re.fullmatch(r"([A-Za-z0-9_.-]+)>=([\w.]+)", requirement)
        if parts is None or pins.setdefault(parts[1], parts[2]) != parts[2]:
            raise ValueError(f"{requirement!r}: a name with one lower bound is needed")
    return [f"{name}=={version}" for name, version in pins.items()]


if __name__ == "__main__":
    print(*lowest(tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]), sep="\n")
