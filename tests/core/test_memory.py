"""Freed memory stays with the process."""

import platform
import subprocess
import sys

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
