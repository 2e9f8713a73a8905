"""Settings of the whole suite: threads, signals, and no per-example deadline for hypothesis."""

import os
import shutil
import signal

import pytest
from hypothesis import settings

# Set before any test imports torch, inherited by its worker processes: small tensors are quickest
# on one thread, and the suite itself runs one process a core.
os.environ.setdefault("OMP_NUM_THREADS", "1")


# A shell that starts the suite in the background has it ignore these, and biogan would, too.
for number, default in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGTERM, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, default)


def pytest_collection_finish(session):
    """Hide a GPU where no chosen test asks for one: the others compare bit for bit."""
    if not any(item.get_closest_marker("gpu") for item in session.items):
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


settings.register_profile("biogan", deadline=None)
settings.load_profile("biogan")


@pytest.fixture(scope="session")
def browser():
    """Chromium, driven by Playwright; a test that needs it is skipped with a reason elsewhere."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = os.environ.get("BIOGAN_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium (set BIOGAN_CHROMIUM to its path)")
    with playwright.sync_playwright() as p:
        started = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()
