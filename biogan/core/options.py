"""What an option is: one field of a frozen dataclass, with its help, its range and its group.

From it come the flag of the command line, the keyword of Python and the key of ``config.json``.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import (
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from biogan.core.errors import ConfigError

Config = TypeVar("Config", bound="Options")
Function = TypeVar("Function", bound=Callable[..., Any])
Level = Literal["basic", "advanced", "experimental"]


def option(
    default: Any,
    help: str,  # noqa: A002 - the word of click and argparse
    group: str,
    *,
    low: float | None = None,
    high: float | None = None,
    free: bool = False,
    level: Level = "advanced",
    file: bool = False,
    repeat: bool = False,
) -> Any:
    """Declare one option of a configuration; its type is the annotation of the field.

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
    free : bool
        Whether a resumed run may have another value: the option bounds or places the work.
    level : str
        ``basic`` options are listed by ``--help``, the others by ``--help-all``; ``experimental``
        ones under a heading of their own.
    file : bool
        Whether the value is the name of a file that is read.
    repeat : bool
        Whether several values may be given: with commas between them, by giving the flag several
        times, or in Python as a list, or as a mapping of what is written NAME=VALUE. The value is
        a text with commas.
    """
    meta = {"help": help, "group": group, "low": low, "high": high, "free": free, "level": level,
            "file": file, "repeat": repeat}  # fmt: skip
    return dataclasses.field(default=default, metadata=meta)


class Kind(NamedTuple):
    """What the annotation of an option says.

    Attributes
    ----------
    type : type
        ``bool``, ``int``, ``float`` or ``str``.
    choices : tuple of str
        The allowed words, where the annotation is a ``Literal``; else empty.
    optional : bool
        Whether ``None`` is allowed.
    """

    type: type
    choices: tuple[str, ...]
    optional: bool


def _kind(hint: Any) -> Kind:
    optional = False
    if get_origin(hint) in (Union, UnionType):
        members = [member for member in get_args(hint) if member is not NoneType]
        optional = len(members) < len(get_args(hint))
        hint = members[0] if len(members) == 1 else hint
    if get_origin(hint) is Literal:
        return Kind(str, get_args(hint), optional)
    if hint not in (bool, int, float, str):
        raise TypeError(f"{hint}: an option is a bool, int, float, str or Literal, or None")
    return Kind(hint, (), optional)


#: The types of each configuration, read once: a configuration is built many times.
_KINDS: dict[type, dict[str, Kind]] = {}


def kinds(cls: type[Options]) -> dict[str, Kind]:
    """Return the type of every option of a configuration, by name.

    Raises
    ------
    TypeError
        If a field has a type that no option can have.

    Examples
    --------
    >>> from biogan.training.config import TrainingConfig
    >>> kinds(TrainingConfig)["device"].choices
    ('auto', 'cpu', 'cuda', 'mps')
    """
    if cls not in _KINDS:
        hints = get_type_hints(cls)
        _KINDS[cls] = {field.name: _kind(hints[field.name]) for field in dataclasses.fields(cls)}
    return _KINDS[cls]


def shown_default(field: dataclasses.Field) -> str:
    """Say in a sentence which default an option has."""
    return f"Default: {field.default!r}."


def takes(config: type[Options]) -> Callable[[Function], Function]:
    """Show the options of a configuration as the keyword parameters of a function.

    The function declares ``**options``; ``inspect.signature``, ``help`` and interactive completion
    then name each option with type and default, and the docstring gets a section about them.
    Options that are parameters of their own stay where they are.

    Parameters
    ----------
    config : type
        A subclass of :class:`Options`.

    Examples
    --------
    >>> from biogan.training.config import SamplingConfig
    >>> @takes(SamplingConfig)
    ... def sample(n: int, seed: int = 0, **options):
    ...     return n
    >>> list(inspect.signature(sample).parameters)
    ['n', 'seed', 'refine', 'effort', 'device_noise']
    """

    def decorate(function: Function) -> Function:
        signature = inspect.signature(function)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        hints = get_type_hints(config)
        fields = [
            field for field in dataclasses.fields(config) if field.name not in signature.parameters
        ]
        shown = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=hints[field.name],
            )
            for field in fields
        ]
        function.__signature__ = signature.replace(parameters=own + shown)  # type: ignore[attr-defined]
        lines = [inspect.cleandoc(function.__doc__ or ""), "", "Other Parameters", "-" * 16]
        for field in fields:
            said = inspect.formatannotation(hints[field.name])
            lines += [f"{field.name} : {said}", f"    {field.metadata['help']}"]
            lines += [f"    {shown_default(field)}"]
        function.__doc__ = "\n".join(lines).strip()
        return function

    return decorate


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


def _is_truth(value: Any) -> bool:
    """Tell whether a value is True or False, Python's or numpy's (which is not loaded here)."""
    return isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")


def check_count(name: str, n: Any, noun: str, low: int = 1) -> int:
    """Return how many are wanted, as an int.

    Raises
    ------
    ConfigError
        If it is no whole number, or below ``low``.

    Examples
    --------
    >>> check_count("-n", 3.0, "sequence")
    Traceback (most recent call last):
    biogan.core.errors.ConfigError: -n 3.0: a whole number is needed, at least 1 sequence
    """
    if _is_truth(n) or not isinstance(n, Integral) or n < low:
        raise ConfigError(f"{name} {n}: a whole number is needed, at least {low} {noun}")
    return int(n)


def _listed(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple | set) else str(value)


def _checked(field: dataclasses.Field, value: Any, kind: Kind) -> Any:
    """Return the value of an option as the type that its field declares."""
    name = flag(field.name)
    if value is None:
        if not kind.optional:
            raise ConfigError(f"{name}: a value is needed")
        return None
    if isinstance(value, Mapping) and field.metadata["repeat"]:
        value = [f"{key}={_listed(several)}" for key, several in value.items()]
    if kind.choices and value not in kind.choices:
        raise ConfigError(f"{name}: " + unknown_name("value", str(value), kind.choices))
    if kind.type is str:
        several = field.metadata["repeat"] and isinstance(value, list | tuple)
        return ",".join(map(str, value)) if several else str(value)
    if kind.type is bool:
        if not _is_truth(value):
            raise ConfigError(f"{name} {value!r}: True or False is needed")
        return bool(value)
    # numbers.Real: numpy's numbers, as a grid search gives them, are numbers too.
    if _is_truth(value) or not isinstance(value, Real):
        raise ConfigError(f"{name} {value!r}: a number is needed")
    number, whole = float(value), kind.type is int
    if not math.isfinite(number):
        raise ConfigError(f"{name} {value!r}: a finite number is needed")
    if whole and not number.is_integer():
        raise ConfigError(f"{name} {value!r}: a whole number is needed")
    low, high = field.metadata["low"], field.metadata["high"]
    if (low is not None and number < low) or (high is not None and number > high):
        wanted = f"at least {low}" if high is None else f"between {low} and {high}"
        raise ConfigError(f"{name} {value}: must be {wanted}")
    # Not int(number) of a whole number: a float has no room for the last digits of a large seed.
    return (int(value) if isinstance(value, Integral) else int(number)) if whole else number


#: In :attr:`Options.dropped`: whatever the value was.
ANY = object()


@dataclass(frozen=True)
class Options:
    """Base of every configuration: checks ranges, reads and writes plain dictionaries.

    Attributes
    ----------
    renamed : mapping of str to str
        Keys of earlier versions, as an old ``config.json`` has them, and their names of today.
    dropped : mapping of str to object
        Options of earlier versions that are gone, and the value with which they did what is done
        today: with it they are ignored, with any other they are an error. :data:`ANY` where none
        of their values changed a result.
    """

    renamed: ClassVar[Mapping[str, str]] = {}
    dropped: ClassVar[Mapping[str, Any]] = {}

    def __post_init__(self) -> None:
        known = kinds(type(self))
        for field in dataclasses.fields(self):
            value = _checked(field, getattr(self, field.name), known[field.name])
            object.__setattr__(self, field.name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as a plain dictionary, ready for JSON."""
        return dataclasses.asdict(self)

    def keywords(self) -> str:
        """Write the options that are not at their defaults as they are given in Python.

        Examples
        --------
        >>> from biogan import SequenceGANConfig
        >>> SequenceGANConfig(loss="hinge", seed=1).keywords()
        "loss='hinge', seed=1"
        """
        default = type(self)().to_dict()
        return ", ".join(f"{k}={v!r}" for k, v in self.to_dict().items() if v != default[k])

    def chosen(self, name: str) -> Any:
        """Return an option that may be left open.

        Raises
        ------
        ConfigError
            If it is still open.
        """
        value = getattr(self, name)
        if value is None:
            raise ConfigError(f"{flag(name)}: not chosen yet, give a value")
        return value

    @classmethod
    def from_dict(cls: type[Config], data: Mapping[str, Any]) -> Config:
        """Build the options from a dictionary, also one that an earlier version wrote.

        Raises
        ------
        ConfigError
            If a key is unknown, twice there under its old and its new name, or dropped with a value
            other than today's; or if a value is out of range.
        """
        known = {f.name: None for f in dataclasses.fields(cls)}
        # A configuration inherits from several.
        bases = [vars(base) for base in reversed(cls.__mro__)]
        dropped = {k: v for base in bases for k, v in base.get("dropped", {}).items()}
        renamed = {k: v for base in bases for k, v in base.get("renamed", {}).items()}
        found: dict[str, Any] = {}
        for key, value in data.items():
            if key in dropped:
                if dropped[key] is not ANY and value not in (None, dropped[key]):
                    raise ConfigError(
                        f"{flag(key)} {value}: this option is gone, and only "
                        f"{dropped[key]} is still possible"
                    )
                continue
            name = renamed.get(key, key)
            if name not in known:
                raise ConfigError(unknown_name("option", key, known))
            if name in found:
                raise ConfigError(f"{flag(name)}: given twice, once under its old name")
            found[name] = value
        return cls(**found)

    def replace(self: Config, **changes: Any) -> Config:
        """Return a copy with some options changed; unknown names are an error."""
        return type(self).from_dict({**self.to_dict(), **changes})


@dataclass(frozen=True)
class InputOptions(Options):
    """What the readers of all kinds of data are told."""

    unpack_ratio: int = option(
        1000,
        "Refuse compressed data that unpack to more than this many times their size and to more "
        "than 16 MB, as made to fill the memory (0: read them).",
        "Input",
        low=0,
    )
