"""Settings of the whole suite: one thread for torch, no per-example deadline for hypothesis."""

import os
import re

from hypothesis import settings

# Set before any test imports torch, inherited by its worker processes: small tensors are quickest
# on one thread, and the suite itself runs one process a core.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure(config):
    """Hide a GPU from tests that do not ask for one: they compare bit for bit."""
    if not re.search(r"(?<!not )\bgpu\b", config.option.markexpr):
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


settings.register_profile("biogan", deadline=None)
settings.load_profile("biogan")
