"""Settings of the whole suite: one thread for torch, no per-example deadline for hypothesis."""

import os

from hypothesis import settings

# Set before any test imports torch, inherited by its worker processes: small tensors are quickest
# on one thread, and the suite itself runs one process a core.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_finish(session):
    """Hide a GPU where no chosen test asks for one: the others compare bit for bit."""
    if not any(item.get_closest_marker("gpu") for item in session.items):
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


settings.register_profile("biogan", deadline=None)
settings.load_profile("biogan")
