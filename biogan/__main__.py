"""``python -m biogan``: the command line, where the program ``biogan`` is not on the path."""

from __future__ import annotations

import sys

from biogan.cli import run

if __name__ == "__main__":
    sys.exit(run())
