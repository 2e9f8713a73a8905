"""The plan of a training run: open options are chosen from the data, and every option is checked.

:func:`plan` finds all errors that can be found before a process starts or a network is built. A dry
run ends after it. Each choice is reported with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from biogan.core.errors import ConfigError, DataError
from biogan.core.options import flag
from biogan.nn.layers import GROUP
from biogan.nn.sequence_heads import Shape
from biogan.nn.sequence_nets import build
from biogan.sequences.alphabet import PROTEIN, Vocabulary
from biogan.sequences.config import SequenceGANConfig
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.metrics.symmetry import places_alike, seam, strands_alike
from biogan.sequences.store import SequenceStore
from biogan.sequences.strands import check_two_strands
from biogan.sequences.tokenizer import ALIGNED, FIXED, VARIABLE, Tokenizer
from biogan.training.engine import check_fits
from biogan.training.losses import own_defaults
from biogan.training.trainer import DEFAULT_TIME, check_patience


class Suited(NamedTuple):
    """What was measured to be best for a kind of data (docs/experiments.md)."""

    loss: str
    architecture: str
    width: int
    depth: int
    units: int


# Aligned: what belongs together is far apart, so large dense layers. The relativistic loss loses
# correlations there, and the spread of lengths where they vary. The steps of wgan-gp are expensive:
# thin convolutions leave time for two to three times as many.
SUITED = {
    FIXED: Suited("relativistic", "hybrid", 32, 2, 256),
    ALIGNED: Suited("wgan-gp", "hybrid", 16, 1, 512),
    VARIABLE: Suited("wgan-gp", "hybrid", 16, 1, 256),
}
#: The same where codes are generated, which no letter-wise option is for.
LATENT = Suited("wgan-gp", "latent", 0, 0, 256)
KMER_MATCHING = 1.0
# What each family of networks is sized by.
SIZES_OF = {
    "resnet": ("width", "depth"),
    "dcgan": ("width", "depth"),
    "dense": ("units",),
    "hybrid": ("width", "depth", "units"),
    "latent": ("units",),
}
# What only convolutions have.
CONVOLUTIONAL = ["width", "depth", "dilation", "attention", "kernel", "position_noise"]
# Values of those that ask for nothing.
_DEFAULT = SequenceGANConfig()
NOTHING: dict[str, tuple[object, ...]] = {
    "dilation": (1,),
    "attention": (False,),
    "kernel": (_DEFAULT.kernel,),
    "position_noise": (0, _DEFAULT.position_noise),
}
# A shift is one such part of the length of the records.
SHIFT = 4
# Up to this length two blocks and the dense layers see enough without dilation.
SHORT = 64


def described(records: int, layout: Tokenizer, reasons: Sequence[str]) -> list[str]:
    """Say what is learned from, and what was chosen for it.

    Parameters
    ----------
    records : int
        Number of sequences.
    layout : Tokenizer
        Their letters and lengths.
    reasons : sequence of str
        What :func:`resolve` chose.

    Examples
    --------
    >>> from biogan.sequences.alphabet import DNA
    >>> described(90, Tokenizer(DNA, 150, "fixed"), ["width 32", "dilation 4"])
    ['90 sequences, all of length 150, letters ACGT', 'chosen: width 32; dilation 4']
    """
    noun = "sequence" if records == 1 else "sequences"
    letters = f"{layout.alphabet.noun} {layout.alphabet.described}"
    lines = [f"{records:,} {noun}, {layout.describe()}, {letters}"]
    return [*lines, "chosen: " + "; ".join(reasons)] if reasons else lines


def resolve(
    config: SequenceGANConfig,
    layout: Tokenizer,
    sequences: SequenceSet | SequenceStore | None = None,
) -> tuple[SequenceGANConfig, list[str]]:
    """Fill in what the configuration leaves open.

    Parameters
    ----------
    config : SequenceGANConfig
        Options; ``None`` means open.
    layout : Tokenizer
        Letters and length of the data.
    sequences : SequenceSet or SequenceStore, optional
        The data, for what only they can tell; a store is not read through for it.

    Returns
    -------
    config : SequenceGANConfig
        Nothing is open.
    reasons : list of str
        One sentence a choice.

    Raises
    ------
    ConfigError
        If an option does not suit these letters, or another option.

    Examples
    --------
    >>> from biogan.sequences.alphabet import DNA
    >>> resolve(SequenceGANConfig(), Tokenizer(DNA, 150, "fixed"))[0].dilation
    4
    """
    check_patience(config.patience, config.validation)
    if config.reverse_complement:
        check_two_strands(layout.alphabet)
    for name in ("reverse_complement", "rotate", "shift"):
        if getattr(config, name) and layout.word > 1:
            raise ConfigError(
                f"{flag(name)}: words of {layout.word} letters have one strand and one frame; "
                "give --word 1 too"
            )
    if config.rotate and layout.kind != FIXED:
        raise ConfigError(
            f"--rotate: needs records of one length without gaps, found {layout.describe()}"
        )
    check_shift(config, layout)
    processes = config.devices * config.nodes
    if config.minibatch_std and config.chosen("batch_size") % (GROUP * processes):
        raise ConfigError(
            f"--minibatch-std: compares records by {GROUP}, --batch-size {config.batch_size} is no "
            f"multiple of {GROUP} for each of {processes} processes"
        )
    suited = suited_to(config, layout)

    def fill(names: tuple[str, ...]) -> dict[str, Any]:
        return {name: getattr(suited, name) for name in names if getattr(config, name) is None}

    chosen = fill(("loss", "architecture"))
    whose = f"{layout.kind} sequences"
    if suited is LATENT and "architecture" in chosen:
        whose = "letters that depend on those before them, in records of varying length"
    reasons = [f"{name} {value} for {whose}" for name, value in chosen.items()]
    config = config.replace(**chosen)
    family = config.chosen("architecture")
    check_sizes(config, family)
    changes = fill(SIZES_OF[family])
    if changes:
        reasons.append(", ".join(f"{name} {value}" for name, value in changes.items()))
    if family == "latent":
        check_latent(config)
        config = config.replace(kmer_matching=0.0, rotate=False, shift=0)
    elif config.kmer_matching is None:
        changes["kmer_matching"] = KMER_MATCHING
        reasons.append(f"kmer_matching {KMER_MATCHING:g} beside the critic")
    if not config.steps and not config.max_time:
        changes["max_time"] = DEFAULT_TIME
        reasons.append(f"max_time {DEFAULT_TIME}, as neither --steps nor --max-time was given")
    if config.word is None:
        changes["word"] = layout.word
        if layout.word > 1:
            reasons.append(f"word {layout.word}, as the records are open reading frames")
    more, told_of_records = _by_records(config, layout, sequences)
    changes |= more
    reasons += told_of_records
    if config.dilation is None:
        # One block has nothing to double.
        blocks = changes.get("depth") or config.depth or 1
        residual = family in ("resnet", "hybrid") and blocks > 1
        changes["dilation"] = 4 if residual and layout.positions > SHORT else 1
        if residual:
            reasons.append(f"dilation {changes['dilation']} for {layout.positions:,} positions")
    of_loss = own_defaults(config)
    changes |= of_loss
    told = ", ".join(f"{key} {value:g}" for key, value in of_loss.items() if value)
    if told:
        reasons.append(f"{told} for the loss {config.loss}")
    return config.replace(**changes), reasons


def suited_to(config: SequenceGANConfig, layout: Tokenizer) -> Suited:
    """Return what was measured to be best for records, as far as the options leave it open.

    Where lengths vary, letters of proteins and tokens of a vocabulary depend on those before them:
    a latent GAN writes them, unless an option asks for what it lacks.

    Examples
    --------
    >>> from biogan.sequences.alphabet import DNA, PROTEIN
    >>> peptides = Tokenizer(PROTEIN, 30, "variable")
    >>> suited_to(SequenceGANConfig(), peptides).architecture
    'latent'
    >>> suited_to(SequenceGANConfig(width=8), peptides).architecture
    'hybrid'
    >>> suited_to(SequenceGANConfig(), Tokenizer(DNA, 30, "variable")).architecture
    'hybrid'
    """
    if config.architecture == "latent":
        return LATENT
    words = isinstance(layout.alphabet, Vocabulary) or layout.alphabet.name == PROTEIN.name
    if config.architecture is None and words and layout.kind == VARIABLE:
        try:
            check_sizes(config, LATENT.architecture)
            check_latent(config)
        except ConfigError:
            return SUITED[layout.kind]
        return LATENT
    return SUITED[layout.kind]


def _by_records(
    config: SequenceGANConfig, layout: Tokenizer, sequences: SequenceSet | SequenceStore | None
) -> tuple[dict[str, Any], list[str]]:
    """Choose what only the records can tell; those of a store are not read through for it."""
    changes: dict[str, Any] = {}
    reasons: list[str] = []
    letters = sequences if isinstance(sequences, SequenceSet) else None
    if config.repeats == "once" and isinstance(sequences, SequenceStore):
        raise ConfigError(
            "--repeats once: records on disk are not compared with each other; take repeats out of "
            "the file first, or give --no-store"
        )
    if config.repeats is None:
        # How often a family has a record tells what was sequenced often.
        again = len(letters) - len(letters.unique()) if letters and layout.kind == ALIGNED else 0
        changes["repeats"] = "once" if again else "all"
        if again:
            reasons.append(f"repeats once, as {again:,} records of the alignment repeat others")
    if layout.word > 1:
        letters = None  # words have a frame
    if config.reverse_complement is None:
        alike = strands_alike(letters) if letters else None
        changes["reverse_complement"] = alike is not None
        if alike:
            found = f"the strands cannot be told apart (p {alike.p:.2g})"
            reasons.append(f"reverse_complement, as {found}")
    if config.rotate is None:
        changes["rotate"] = False
    elif config.rotate and letters:
        k, across, inside = seam(letters)
        reasons.append(
            f"rotate as asked for: the {k}-mers across the seam of these records are "
            f"{across:.4f} bits (JSD) from those inside, as many inside are {inside:.4f}"
        )
    if config.shift is None:
        suited = layout.kind == FIXED and not config.rotate and config.architecture != "dcgan"
        anywhere = places_alike(letters) if letters and suited else None
        changes["shift"] = layout.positions // SHIFT if anywhere else 0
        if anywhere:
            reasons.append(
                f"shift {changes['shift']} (records are windows at any place), as letters have "
                f"{max(anywhere.bits, 0):.4f} bits of information on their position"
            )
    return changes, reasons


def check_shift(config: SequenceGANConfig, layout: Tokenizer) -> None:
    """Refuse a shift of records that have no windows.

    Raises
    ------
    ConfigError
        If records are not all of one length, or as short as the shift, or the networks know no
        windows.

    Examples
    --------
    >>> from biogan.sequences.alphabet import DNA
    >>> check_shift(SequenceGANConfig(shift=50), Tokenizer(DNA, 50, "fixed"))
    Traceback (most recent call last):
    biogan.core.errors.ConfigError: --shift 50: records have 50 letters, at most 49 can be left out
    """
    if not config.shift:
        return
    given = f"--shift {config.shift}"
    if layout.kind != FIXED:
        raise ConfigError(
            f"{given}: needs records of one length without gaps, found {layout.describe()}"
        )
    if config.rotate:
        raise ConfigError(f"{given}: --rotate makes circles of the records, give one of the two")
    if config.architecture == "dcgan":
        raise ConfigError(f"{given}: --architecture dcgan writes no windows")
    if config.shift >= layout.positions:
        raise ConfigError(
            f"{given}: records have {layout.positions:,} letters, at most "
            f"{layout.positions - 1:,} can be left out"
        )


def check_sizes(config: SequenceGANConfig, family: str) -> None:
    """Refuse what a family of networks would not look at.

    Raises
    ------
    ConfigError
        If it is given a size that it lacks.

    Examples
    --------
    >>> check_sizes(SequenceGANConfig(width=8), "dense")
    Traceback (most recent call last):
    biogan.core.errors.ConfigError: --width 8: --architecture dense is sized by --units alone
    """
    sizes = SIZES_OF[family]
    lacking = [] if "units" in sizes else ["units"]
    for name in lacking if "width" in sizes else [*CONVOLUTIONAL, *lacking]:
        value = getattr(config, name)
        if value not in (None, *NOTHING.get(name, ())):
            given = flag(name) if value is True else f"{flag(name)} {value}"
            names = " and ".join(f"--{size}" for size in sizes)
            raise ConfigError(f"{given}: --architecture {family} is sized by {names} alone")


def check_latent(config: SequenceGANConfig) -> None:
    """Refuse what a generator of codes cannot follow.

    Raises
    ------
    ConfigError
        If there is such an option.

    Examples
    --------
    >>> check_latent(SequenceGANConfig(kmer_matching=1.0))
    Traceback (most recent call last):
    biogan.core.errors.ConfigError: --kmer-matching 1.0: --architecture latent generates codes,
    whose letters are not seen in training; leave it out
    """
    whys = {
        "kmer_matching": "generates codes, whose letters are not seen in training",
        "rotate": "reads each record from its first letter",
        "shift": "reads each record from its first letter",
        "minibatch_std": "has a critic without it",
        "cuda_graph": "does not do the same work in each step",
    }
    for name, why in whys.items():
        value = getattr(config, name)
        if value:
            given = flag(name) if value is True else f"{flag(name)} {value}"
            raise ConfigError(f"{given}: --architecture latent {why}; leave it out")
    if config.devices * config.nodes > 1:
        raise ConfigError(
            f"--devices {config.devices} --nodes {config.nodes}: --architecture latent trains in "
            "one process"
        )


# Of each weight: itself, its gradient, two moments, the average and the kept one, and the last
# good state of most of these.
COPIES = 10
# Records are pointed out that are more than so many times as long as this share of them at most.
TIMES, SHARE = 4, 0.99


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
    biogan.core.errors.DataError: 1 distinct record, 2 times: there is nothing to learn but that one
    """
    n = len(sequences)
    if sequences.is_fixed_length:
        rows = sequences.codes.reshape(n, -1)
        if (rows == rows[0]).all():
            times = f", {n:,} times" * (n > 1)
            hint = window_advice(sequences.lengths[:1])
            raise DataError(
                f"1 distinct record{times}: there is nothing to learn but that one"
                + (f"; {hint}" if hint else "")
            )


# A set of fewer records than this learns little; a set of windows is to have so many.
FEW_RECORDS, WINDOW, WINDOWS = 200, 200, 1000


def window_advice(lengths: np.ndarray) -> str:
    """Suggest a window, and a stride, where few records are long, as those of a genome.

    Parameters
    ----------
    lengths : numpy.ndarray, shape (n,)
        Letters of each record.

    Returns
    -------
    str
        Options with numbers; ``""`` where records are many or windows would be few.

    Examples
    --------
    >>> window_advice(np.array([4_641_652]))
    'as windows (--window 200) it gives 23,208 records'
    >>> window_advice(np.array([9000, 7000]))
    'as windows that overlap (--window 200 --stride 20) they give 782 records'
    >>> window_advice(np.array([300, 400])), window_advice(np.full(1000, 5000))
    ('', '')
    """
    if len(lengths) >= FEW_RECORDS or np.median(lengths) < 5 * WINDOW:
        return ""
    cut = lengths[lengths >= WINDOW]
    stride = min(WINDOW, max(WINDOW // 10, int(cut.sum()) // WINDOWS // 10 * 10))
    windows = int(((cut - WINDOW) // stride + 1).sum())
    overlapping = stride < WINDOW
    options = f"--window {WINDOW}" + f" --stride {stride}" * overlapping
    what = "windows that overlap" if overlapping else "windows"
    subject = "it gives" if len(lengths) == 1 else "they give"
    return f"as {what} ({options}) {subject} {windows:,} records"


def outsized(sequences: SequenceSet) -> list[str]:
    """Say where few records are long, or much longer than the others: networks span the longest.

    Examples
    --------
    >>> outsized(SequenceSet.from_strings(["ACGT"] * 100 + ["A" * 5000]))
    ['1 of 101 records is longer than 4 letters (up to 5,000) and sets the size of the networks:
    --length 4 leaves it out']
    """
    lengths = sequences.lengths
    if hint := window_advice(lengths):
        n = len(sequences)
        return [f"{n:,} records of up to {sequences.longest:,} letters are few and long: {hint}"]
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


def check_size(config: SequenceGANConfig, layout: Tokenizer, advice: str = "") -> None:
    """Refuse networks that this machine cannot train, before their weights are drawn.

    Parameters
    ----------
    config : SequenceGANConfig
        Options, all chosen.
    layout : Tokenizer
        How sequences become rows.
    advice : str
        What to do about the length of the records, see :func:`window_advice`.

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
        (f"{advice}; " if advice else "cut them with --window, ")
        + "drop long ones with --length, or take fewer --units and --width",
    )
