"""Build wheel and source archive, look at what they hold, and use both in a fresh environment.

    python scripts/check_package.py [--out dist] [--no-install] [--tests tests]

The wheel draws promoters; the archive is unpacked and its tests run there (``--tests``, by default
a part of them).

``make package`` runs it. It needs a network, or an index of packages, for the build tools.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Bytes that a wheel may have; indexes refuse more than a hundred million.
MOST = 8_000_000
#: Tests that run from the archive: reading, training, sampling, the command line, the package.
TESTS = ["tests/core", "tests/sequences/io", "tests/models/test_gan.py", "tests/cli/test_help.py",
         "tests/test_packaging.py"]  # fmt: skip


def run(*words: object, cwd: Path = ROOT) -> str:
    done = subprocess.run([*map(str, words)], cwd=cwd, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


def tracked(folder: str) -> set[str]:
    """Return the files of a folder that git knows."""
    return {name for name in run("git", "ls-files", "-z", folder).split("\0") if name}


def check_wheel(path: Path) -> None:
    """Compare a wheel with the checkout."""
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
    held = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert held == tracked("biogan"), sorted(held ^ tracked("biogan"))[:5]
    assert path.stat().st_size < MOST, f"{path.name} has {path.stat().st_size:,} bytes"


def check_archive(path: Path) -> None:
    """Compare a source archive with the checkout."""
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    missing = tracked(".") - names
    assert not missing, sorted(missing)[:5]


def tested(path: Path, folder: Path, programs: Path, tests: list[str]) -> str:
    """Unpack a source archive and run its tests; return the last line of what they print."""
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    needed = ["hypothesis", "pytest", "pytest-timeout", "pytest-xdist", "pyyaml"]
    run(programs / "python", "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", *needed)
    words = ["-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
    return run(programs / "python", *words, cwd=source).splitlines()[-1]


def environment(folder: Path, *packages: object) -> Path:
    """Make an environment with some packages; return its folder of programs."""
    run(sys.executable, "-m", "venv", folder)
    if packages:
        run(folder / "bin" / "python", "-m", "pip", "install", "-q", *packages)
    return folder / "bin"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--no-install", action="store_true")
    parser.add_argument("--tests", nargs="+", default=TESTS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        tools = environment(Path(name) / "build", "build", "twine", "hatchling")
        fresh = Path(name) / "dist"
        run(tools / "python", "-m", "build", "--no-isolation", "-o", fresh, ".")
        (wheel,), (archive,) = fresh.glob("*.whl"), fresh.glob("*.tar.gz")
        print(run(tools / "twine", "check", "--strict", wheel, archive), end="")
        check_wheel(wheel)
        check_archive(archive)
        if not chosen.no_install:
            pins = ROOT / "constraints.txt"
            use = environment(Path(name) / "use", "-c", pins, wheel)
            text = run(use / "biogan", "sample", "builtin:promoters", "-n", "10")
            assert text.count(">") == 10, text
            print(text.splitlines()[1])
            unpacked = Path(name) / "source"
            print("from the source archive:", tested(archive, unpacked, use, chosen.tests))
        chosen.out.mkdir(exist_ok=True)
        for path in (wheel, archive):
            target = chosen.out / path.name
            target.write_bytes(path.read_bytes())
            print(f"{target.name}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
