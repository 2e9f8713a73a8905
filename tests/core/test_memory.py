"""Freed memory stays with the process."""

import platform
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from biogan import SequenceGAN, SequenceSet
from biogan.core.errors import ConfigError
from biogan.training.engine import check_fits

ROUNDS = """
import resource
import numpy as np
from biogan.training.engine import keep_freed_memory
if {keep}:
    assert keep_freed_memory()

def work():
    return [np.ones(1 << 20, np.uint8) for _ in range(16)]

for _ in range(3):
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep):
    run = [sys.executable, "-c", ROUNDS.format(keep=keep)]
    return int(subprocess.run(run, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU C library has mallopt")
def test_freed_megabytes_are_used_again_without_page_faults():
    """Ten rounds of sixteen megabytes, each of 256 pages."""
    assert faults(keep=True) < 500 < 10_000 < faults(keep=False)


LARGE = """
import resource
from contextlib import nullcontext
import numpy as np
from biogan.training.engine import keep_freed_memory, large_pieces_kept
assert keep_freed_memory()

def work():
    return [np.ones(40 << 20, np.uint8) for _ in range(2)]

def faults(rounds):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(rounds):
        work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults(2)
outside = faults(5)
with large_pieces_kept():
    faults(2)
    print(faults(5), outside)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU C library has mallopt")
def test_large_tensors_of_a_training_are_used_again():
    """Five rounds of eighty megabytes, in pages of up to two megabytes."""
    run = [sys.executable, "-c", LARGE]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    inside, outside = map(int, said.split())
    assert inside < 50 < 100 < outside


SHORT = """
import resource
from biogan.core.memory import room_for_blas
taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + (30 << 20),) * 2)
try:
    room_for_blas()
except MemoryError as error:
    print(error)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says it there")
def test_linear_algebra_asks_before_it_waits_for_memory_for_ever():
    """OpenBLAS tried for ever, and neither Ctrl-C nor SIGTERM ended it."""
    run = [sys.executable, "-c", SHORT]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert said == "48 MB for linear algebra cannot be had\n"


@pytest.mark.parametrize("module", ["evaluation.two_sample", "models.refinement"])
def test_fits_of_scikit_learn_ask(module, monkeypatch):
    def refuse():
        raise MemoryError("none")

    home = import_module(f"biogan.{module}")
    monkeypatch.setattr(home, "room_for_blas", refuse)
    scores, classes = np.arange(40.0), np.repeat([0, 1], 20)
    with pytest.raises(MemoryError, match="none"):
        if module == "models.refinement":
            home.Calibration.fit(scores[:20], scores[20:])
        home.ridge(scores[:, None], classes)


def test_what_fits_is_not_refused_and_what_does_not_is():
    check_fits(1 << 20, "a megabyte", "nothing to do")
    with pytest.raises(ConfigError, match="of memory to train, and the machine has .*: buy some"):
        check_fits(1 << 60, "too much needs", "buy some")


def test_contigs_are_refused_before_anything_is_built():
    contigs = SequenceSet.from_strings(["ACGT" * 2_000_000, "GATTACA" * 1_000_000])
    with pytest.raises(
        ConfigError, match="records of up to 8,000,000 letters need .* .--window 200. they give"
    ):
        SequenceGAN(steps=1).fit(contigs)
