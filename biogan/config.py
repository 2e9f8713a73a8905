"""Options, declared once: the command line, the Python keywords and ``config.json`` are one thing.

A field made with :func:`option` holds its default, its help, its range and its group. From it come
``biogan train --gp 10``, ``SequenceGAN(gp=10)`` and ``"gp": 10``. A new option is one line here.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeVar, get_type_hints

from biogan.errors import ConfigError

LOSSES = ("wgan-gp", "standard", "minimax", "hinge", "relativistic")
HEADS = ("straight-through", "gumbel", "softmax")
ARCHITECTURES = ("resnet", "dcgan")

Config = TypeVar("Config", bound="Options")


def option(
    default: Any,
    help: str,  # noqa: A002 - the word of click and argparse
    group: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] | None = None,
) -> Any:
    """Declare one option of a configuration.

    Parameters
    ----------
    default : object
        Default value; ``None`` means "chosen from the data", and the run says what it chose.
    help : str
        One line for ``--help``.
    group : str
        Heading under which ``--help`` lists it.
    low, high : float, optional
        Inclusive range.
    choices : tuple of str, optional
        Allowed words.
    """
    meta = {"help": help, "group": group, "low": low, "high": high, "choices": choices}
    return dataclasses.field(default=default, metadata=meta)


def flag(name: str) -> str:
    """Return the command-line flag of a field."""
    return "--" + name.replace("_", "-")


def seconds(text: str | float | None) -> float | None:
    """Read a duration: ``90``, ``"90s"``, ``"10m"``, ``"1.5h"``.

    Raises
    ------
    ConfigError
        If the text is no positive duration.

    Examples
    --------
    >>> seconds("10m")
    600.0
    """
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", str(text).strip())
    value = (
        float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]] if found else 0
    )
    if value <= 0:
        raise ConfigError(f"--max-time {text!r}: give a duration such as 90s, 10m or 2h")
    return value


def unknown_name(what: str, name: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    """Return the one-line message for a name that is not in a registry, with the nearest one."""
    near = difflib.get_close_matches(name, list(known), 1)
    hint = f"did you mean {near[0]!r}?" if near else "choose one of " + ", ".join(known)
    return f"unknown {what} {name!r}: {hint}"


def _checked(field: dataclasses.Field, value: Any, hint: str) -> Any:
    """Return the value of an option as the type that its field declares."""
    name, choices = flag(field.name), field.metadata["choices"]
    if value is None:
        if "None" not in hint:
            raise ConfigError(f"{name}: a value is needed")
        return None
    if choices and value not in choices:
        raise ConfigError(f"{name}: " + unknown_name("value", str(value), choices))
    if "str" in hint:
        return str(value)
    if "bool" in hint:
        if not isinstance(value, bool):
            raise ConfigError(f"{name} {value!r}: True or False is needed")
        return value
    # numbers.Real: numpy's numbers, as a grid search gives them, are numbers too.
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ConfigError(f"{name} {value!r}: a number is needed")
    number, whole = float(value), "int" in hint
    if not math.isfinite(number):
        raise ConfigError(f"{name} {value!r}: a finite number is needed")
    if whole and not number.is_integer():
        raise ConfigError(f"{name} {value!r}: a whole number is needed")
    low, high = field.metadata["low"], field.metadata["high"]
    if (low is not None and number < low) or (high is not None and number > high):
        wanted = f"at least {low}" if high is None else f"between {low} and {high}"
        raise ConfigError(f"{name} {value}: must be {wanted}")
    # Not int(number): a float has no room for the last digits of a large seed.
    return int(str(value).removesuffix(".0")) if whole else number


@dataclass(frozen=True)
class Options:
    """Base of every configuration: checks ranges, reads and writes plain dictionaries."""

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for field in dataclasses.fields(self):
            value = _checked(field, getattr(self, field.name), str(hints[field.name]))
            object.__setattr__(self, field.name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as a plain dictionary, ready for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls: type[Config], data: Mapping[str, Any]) -> Config:
        """Build the options from a dictionary.

        Raises
        ------
        ConfigError
            If a key is unknown or a value out of range.
        """
        known = {f.name: None for f in dataclasses.fields(cls)}
        for key in data:
            if key not in known:
                raise ConfigError(unknown_name("option", key, known))
        return cls(**data)

    def replace(self: Config, **changes: Any) -> Config:
        """Return a copy with some options changed; unknown names are an error."""
        return type(self).from_dict({**self.to_dict(), **changes})


@dataclass(frozen=True)
class TrainingConfig(Options):
    """What every GAN of biogan is trained with, whatever its data."""

    loss: str = option("wgan-gp", "Adversarial loss.", "Loss", choices=LOSSES)
    gp: float | None = option(
        None, "Weight of the one-centred gradient penalty (WGAN-GP's lambda).", "Loss", low=0
    )
    r1: float | None = option(
        None, "Weight of the zero-centred penalty on real data.", "Loss", low=0
    )
    r2: float | None = option(
        None, "Weight of the zero-centred penalty on generated data.", "Loss", low=0
    )
    critic_steps: int | None = option(
        None, "Critic steps for each generator step.", "Loss", low=1, high=1000
    )
    batch_size: int = option(64, "Sequences in a batch.", "Optimiser", low=1)
    lr: float = option(1e-3, "Learning rate of Adam.", "Optimiser", low=0)
    beta1: float = option(0.0, "Adam's first moment decay.", "Optimiser", low=0, high=0.9999)
    beta2: float = option(0.9, "Adam's second moment decay.", "Optimiser", low=0, high=0.999999)
    decay_start: float = option(
        0.5, "Share of the run after which the learning rate falls.", "Optimiser", low=0, high=1
    )
    decay_to: float = option(
        0.02, "Share of the learning rate left at the end.", "Optimiser", low=0, high=1
    )
    ema: float = option(
        0.9995, "Decay of the averaged generator weights.", "Optimiser", low=0, high=0.999999
    )
    steps: int | None = option(None, "Stop after this many generator steps.", "Budget", low=1)
    max_time: str | None = option(
        None, "Stop after this time, e.g. 90s, 10m, 2h (10m if --steps is not given).", "Budget"
    )
    check_every: int | None = option(
        None, "Generator steps between two checks on the validation split.", "Budget", low=1
    )
    seed: int = option(0, "Seed of every random stream.", "Budget")
    device: str = option(
        "auto", "Where to compute.", "Machine", choices=("auto", "cpu", "cuda", "mps")
    )
    threads: int | None = option(
        None, "CPU threads (up to 4: small networks gain nothing from more).", "Machine", low=1
    )
    devices: int = option(1, "Processes, one a device.", "Machine", low=1)
    nodes: int = option(1, "Machines.", "Machine", low=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        seconds(self.max_time)

    # Options that may change between a run and its resumption: they bound or place the work.
    FREE = ("steps", "max_time", "device", "threads", "devices", "nodes")

    def differences(self, other: TrainingConfig) -> list[str]:
        """Name the options that keep a run from being resumed under ``other``."""
        mine, theirs = self.to_dict(), other.to_dict()
        return [
            f"{flag(name)} was {mine[name]}, now {theirs[name]}"
            for name in mine
            if name not in self.FREE and mine[name] != theirs[name]
        ]


@dataclass(frozen=True)
class SequenceGANConfig(TrainingConfig):
    """Options of a sequence GAN."""

    architecture: str = option(
        "resnet", "Family of generator and critic.", "Networks", choices=ARCHITECTURES
    )
    width: int = option(32, "Channels of the hidden layers.", "Networks", low=1, high=4096)
    depth: int = option(2, "Residual blocks in each network.", "Networks", low=1, high=64)
    kernel: int = option(5, "Kernel size of the convolutions, odd.", "Networks", low=1, high=63)
    dilation: int | None = option(
        None, "Dilations double up to this value and start again (1: none).", "Networks", low=1
    )
    attention: bool = option(False, "Add a self-attention layer to both networks.", "Networks")
    latent: int = option(128, "Size of the latent vector.", "Networks", low=1, high=65536)
    position_noise: int = option(
        8, "Noise channels at each position beside the latent vector.", "Networks", low=0, high=4096
    )
    head: str = option(
        "straight-through", "How logits become letters while training.", "Networks", choices=HEADS
    )
    tau: float = option(1.0, "Temperature of the Gumbel-softmax.", "Networks", low=0.01, high=100)
    validation: float = option(
        0.1, "Share of the records kept for validation.", "Data", low=0, high=0.5
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kernel % 2 == 0:
            raise ConfigError(
                f"--kernel {self.kernel}: must be odd, so that positions stay aligned"
            )
        if self.architecture == "dcgan" and self.dilation not in (None, 1):
            raise ConfigError("--dilation: --architecture dcgan sees far by itself and has none")


@dataclass(frozen=True)
class ReadingConfig(Options):
    """How sequence files are read: one documented policy for each kind of doubtful letter."""

    format: str = option(
        "auto", "File format.", "Input", choices=("auto", "fasta", "fastq", "lines")
    )
    alphabet: str | None = option(
        None, "dna, rna, protein or custom:LETTERS (found from the data).", "Input"
    )
    ambiguous: str = option(
        "drop",
        "Records with ambiguous letters (N, R, X, ...): drop them, resolve to a random "
        "possible letter, keep the letters as letters of their own, or stop.",
        "Input",
        choices=("drop", "resolve", "keep", "error"),
    )
    case: str = option(
        "auto",
        "Lower case: same as upper case, or an A2M insert to remove (auto: A2M only where "
        "the file has '.' gaps and lower case).",
        "Input",
        choices=("auto", "upper", "a2m", "error"),
    )
    gaps: str = option(
        "auto",
        "Gaps '-' and '.': a letter, removed, or an error (auto: a letter where all records "
        "have one length).",
        "Input",
        choices=("auto", "letter", "remove", "error"),
    )
    stop: str = option(
        "strip",
        "'*': strip it at the end and drop records with one inside, keep it as a letter, "
        "drop every such record, or stop.",
        "Input",
        choices=("strip", "keep", "drop", "error"),
    )
    foreign: str = option(
        "drop",
        "Records with letters that no policy covers: drop them, or stop.",
        "Input",
        choices=("drop", "error"),
    )
    length: int | None = option(
        None, "Keep records of exactly (fixed) or at most (variable) this length.", "Input", low=1
    )
    window: int | None = option(None, "Cut records into windows of this length.", "Input", low=1)
    stride: int | None = option(
        None, "Distance between windows (the window length).", "Input", low=1
    )
    labels: str | None = option(
        None, "TSV of labels: first column id, one column a label.", "Input"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride is not None and self.window is None:
            raise ConfigError("--stride: needs --window")
        if self.length is not None and self.window is not None:
            raise ConfigError("--length: cannot be combined with --window")
