"""What tests of several modules share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def shared_data(relative: str) -> Path:
    """Return a file of the real data beside the repository, or skip the test where it is absent.

    The folder is ``../shared/data``, or what the environment variable ``BIOGAN_DATA`` names.
    """
    folder = Path(os.environ.get("BIOGAN_DATA") or ROOT.parent / "shared" / "data")
    path = folder / relative
    if not path.exists():
        pytest.skip(f"real data absent: {relative} (set BIOGAN_DATA to its folder)")
    return path


def unverified(folder: Path) -> Path:
    """Make a model folder one of before, whose files have no digests; return it."""
    (folder / "SHA256SUMS").unlink(missing_ok=True)
    return folder


class Killed(Exception):  # noqa: N818 - stands for kill -9
    """Ends a run as nothing in the package would."""


class Kill:
    """A watcher that ends the run at a step, with nothing saved for it."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step(self, step, terms):
        if step == self.step:
            raise Killed

    def on_event(self, event, **details):
        pass
