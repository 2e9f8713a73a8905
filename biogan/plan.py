"""What a fit will do, found out before anything is built: a dry run ends here.

Whatever can be refused without starting a process or drawing a weight is refused here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from biogan.autoconfig import described, resolve
from biogan.config import SequenceGANConfig
from biogan.datasets.layout import Layout
from biogan.datasets.sequences import SequenceSet
from biogan.datasets.store import SequenceStore
from biogan.errors import DataError
from biogan.memory import check_fits
from biogan.nets import Shape, build
from biogan.training.machine import check_machine

# Of each weight: itself, its gradient, two moments, the average and the kept one, and the last
# good state of most of these.
COPIES = 10
# Records are pointed out that are more than so many times as long as this share of them at most.
TIMES, SHARE = 4, 0.99


class Plan(NamedTuple):
    """What was found and chosen.

    Attributes
    ----------
    layout : Layout
        How sequences become codes.
    config : SequenceGANConfig
        Options with nothing left open.
    reasons : list of str
        Why they were chosen as they are.
    lines : list of str
        All of this, for a person.
    """

    layout: Layout
    config: SequenceGANConfig
    reasons: list[str]
    lines: list[str]


def plan(sequences: SequenceSet | SequenceStore, config: SequenceGANConfig) -> Plan:
    """Find the layout, choose what was left open, and see that it can be trained here.

    Parameters
    ----------
    sequences : SequenceSet or SequenceStore
        Training data.
    config : SequenceGANConfig
        Options as they were given.

    Raises
    ------
    DataError
        If there is nothing to learn from.
    ConfigError
        If an option does not suit the data, another option or this machine.
    """
    if not isinstance(sequences, SequenceSet | SequenceStore):
        raise DataError(
            f"fit needs a SequenceSet, not {type(sequences).__name__}: use biogan.read_fasta or "
            "SequenceSet.from_strings"
        )
    layout = Layout.of(sequences, config.word)
    noted = []
    if isinstance(sequences, SequenceSet):
        check_distinct(sequences)
        noted = outsized(sequences)
    config, reasons = resolve(config, layout, sequences)
    check_machine(config)
    check_size(config, layout)
    return Plan(layout, config, reasons, described(len(sequences), layout, reasons) + noted)


def check_distinct(sequences: SequenceSet) -> None:
    """Refuse a set whose records are all the same.

    Raises
    ------
    DataError
        If it is one.

    Examples
    --------
    >>> check_distinct(SequenceSet.from_strings(["ACGT", "ACGT"]))
    Traceback (most recent call last):
    biogan.errors.DataError: 1 distinct record, 2 times: there is nothing to learn but that one
    """
    n = len(sequences)
    if sequences.is_fixed_length:
        rows = sequences.codes.reshape(n, -1)
        if (rows == rows[0]).all():
            times = f", {n:,} times" * (n > 1)
            raise DataError(f"1 distinct record{times}: there is nothing to learn but that one")


def outsized(sequences: SequenceSet) -> list[str]:
    """Say where few records are much longer than the others, as networks span the longest.

    Examples
    --------
    >>> outsized(SequenceSet.from_strings(["ACGT"] * 100 + ["A" * 5000]))
    ['1 of 101 records is longer than 4 letters (up to 5,000) and sets the size of the networks:
    --length 4 leaves it out']
    """
    lengths = sequences.lengths
    far = lengths > TIMES * np.quantile(lengths, SHARE, method="lower")
    n, most = int(far.sum()), int(lengths[~far].max())
    if not n:
        return []
    are, them = ("is", "it") if n == 1 else ("are", "them")
    return [
        f"{n:,} of {len(sequences):,} records {are} longer than {most:,} letters (up to "
        f"{sequences.longest:,}) and set{'s' * (n == 1)} the size of the networks: --length {most} "
        f"leaves {them} out"
    ]


def check_size(config: SequenceGANConfig, layout: Layout) -> None:
    """Refuse networks that this machine cannot train, before their weights are drawn.

    Raises
    ------
    ConfigError
        If weights, gradients, moments of the optimiser and the copies that are kept need more than
        the memory of the machine.
    """
    with torch.device("meta"):
        networks = build(config, Shape(layout.channels, layout.positions))
    weights = sum(p.numel() for network in networks for p in network.parameters())
    check_fits(
        COPIES * 4 * weights,
        f"records of up to {layout.positions:,} {'letters' if layout.word == 1 else 'words'} need "
        f"networks of {weights:,} weights",
        "cut them with --window, drop long ones with --length, or take fewer --units and --width",
    )
