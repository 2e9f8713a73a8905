"""Flags that are declared only once: the fields of an options class, and what scoring takes."""

from __future__ import annotations

import dataclasses
import difflib
import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

import click
from click.core import ParameterSource

from biogan.cli import console
from biogan.core.errors import BioganError, CheckpointError, ConfigError, DataError
from biogan.core.options import Kind, Level, Options, flag, kinds, unknown_name
from biogan.models.address import is_address, local_folder
from biogan.models.registry import KINDS, get_kind

Function = Callable[..., Any]
_SWITCH = {True: "on", False: "off"}
#: What the three real sets of an evaluation are, in the same words wherever they are named.
REFERENCE = "Real records that generated ones are compared with."
TRAIN = "Real records that the generator was trained on: copies are looked for among them."
HELD_OUT = "Real records that no generator has seen: they tell copies from natural likeness."


_MISSING, _FOLDERS = "biogan.missing", "biogan.folders"


class InputPath(click.ParamType):
    """Something to read: a missing one is said while the command line is read, before imports.

    Parameters
    ----------
    missing : callable
        Makes the error from the name.
    known : bool
        Whether a name of a known set may stand for a file.
    model : bool
        Whether the address of a model may stand for its folder.
    """

    name = "text"

    def __init__(
        self, missing: Callable[[str], BioganError], known: bool = False, model: bool = False
    ) -> None:
        self.missing, self.known, self.model = missing, known, model

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name as it is, of an address the folder that it stands for."""
        if value == "-" or os.path.exists(value) or (self.known and is_known_set(value)):
            return value
        if self.model and is_address(value):
            # Arguments are read twice where the kind of the data decides on the options.
            folders = {} if ctx is None else ctx.meta.setdefault(_FOLDERS, {})
            try:
                if value not in folders:
                    folders[value] = str(local_folder(value, console.say))
                return folders[value]
            except BioganError as fault:
                error = fault
        else:
            error = self.missing(value)
        if ctx is not None:
            ctx.meta.setdefault(_MISSING, error)  # swallowed where mistakes are left to others
        raise error


def _no_file(name: str) -> BioganError:
    from biogan.core.inputs import unreadable

    return unreadable(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)), name)


def _no_data(name: str) -> BioganError:
    near = difflib.get_close_matches(name, _known_sets(), 1)
    return DataError(f"{_no_file(name)}; did you mean {near[0]!r}?") if near else _no_file(name)


def _no_model(name: str) -> CheckpointError:
    return CheckpointError(f"{name}: no such model folder")


def is_known_set(name: str) -> bool:
    """Whether a kind of data knows a set by this name."""
    return name in _known_sets()


def _known_sets() -> list[str]:
    found: list[str] = []
    for parts in OPTIONS.values():
        if "known" in parts:
            module, _, name = parts["known"].partition(":")
            found += getattr(import_module(module), name)
    return found


#: A file of an option, records to read (a file, a folder or a known set), a model (a folder or an
#: address), and records or a model.
FILE, DATA = InputPath(_no_file), InputPath(_no_data, known=True)
MODEL, MODEL_OR_DATA = InputPath(_no_model, model=True), InputPath(_no_data, True, model=True)


_FORMS: dict[type, click.ParamType] = {
    int: click.INT,
    float: click.FLOAT,
    str: click.STRING,
}


def _option(field: dataclasses.Field, kind: Kind) -> click.Option:
    meta = field.metadata
    if kind.type is bool:
        name, known = flag(field.name), field.default is not None
        return click.Option(
            [f"{name}/--no-{name[2:]}", field.name],
            default=None,
            help=meta["help"] + (f"  [default: {_SWITCH[bool(field.default)]}]" if known else ""),
        )
    form: click.ParamType = click.Choice(kind.choices) if kind.choices else _FORMS[kind.type]
    form = FILE if meta["file"] else form
    facts = []
    if field.default is not None:
        shown = f"{field.default:g}" if isinstance(field.default, float) else field.default
        facts.append(f"default: {shown}")
    if meta["high"] is not None:
        facts.append(f"{meta['low']} to {meta['high']}")
    told = f"  [{'; '.join(facts)}]" if facts else ""
    callback: Callable[..., Any] | None = None
    if meta["repeat"]:
        callback = lambda ctx, param, values: values or None  # noqa: E731 - one line beside another
    elif meta["file"]:
        callback = _only_file
    # The default stays None here: an option that was not given is left to the options class.
    return click.Option(
        [flag(field.name), field.name],
        type=form,
        multiple=callback is not None,
        callback=callback,
        help=meta["help"] + told,
    )


def _only_file(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> str | None:
    """Return the one file; of two the first would be left out without a word."""
    if len(values) > 1:
        raise click.UsageError(f"{param.opts[0]}: given twice, takes one file", ctx)
    return values[0] if values else None


def config_options(cls: type[Options], name: str) -> Callable[[Function], Function]:
    """Add a flag for every field of ``cls`` to a command.

    Parameters
    ----------
    cls : type
        A frozen subclass of :class:`biogan.core.options.Options`.
    name : str
        Keyword under which the command receives the built object.
    """
    fields = dataclasses.fields(cls)

    def decorate(function: Function) -> Function:
        def call(*args: Any, **kwargs: Any) -> Any:
            given = {f.name: kwargs.pop(f.name) for f in fields}
            kwargs[name] = cls.from_dict({k: v for k, v in given.items() if v is not None})
            return function(*args, **kwargs)

        known = kinds(cls)
        return _with(call, function, [_option(f, known[f.name]) for f in fields])

    return decorate


def _with(call: Function, function: Function, options: list[click.Option]) -> Function:
    """Let ``call`` stand for ``function``, with further options."""
    call.__doc__, call.__name__ = function.__doc__, function.__name__
    # Click keeps pending parameters in reverse order of declaration.
    inherited = list(getattr(function, "__click_params__", []))
    call.__click_params__ = inherited + options[::-1]  # type: ignore[attr-defined]
    return call


def scoring_options(files: str) -> Callable[[Function], Function]:
    """Add the flags of a command that scores generated sets, whatever their kind.

    The command receives ``train``, ``held_out``, ``out``, ``overwrite`` and ``as_json`` by
    themselves, and in the dict ``measured`` what was given of number, metrics and seed.

    Parameters
    ----------
    files : str
        What is written into the folder of ``-o``.
    """
    parts = [
        click.Option(["--train"], type=DATA, help=TRAIN),
        click.Option(["--held-out"], type=DATA, help=HELD_OUT),
        click.Option(["-o", "--out"], help=f"Folder for {files}."),
        click.Option(
            ["--overwrite"], is_flag=True, help="Replace earlier files of this kind in the folder."
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="JSON instead of the table."),
    ]
    measured = [
        click.Option(["-n", "n"], type=click.IntRange(1),
                     help="Records of each set that are read at most; all by default."),
        click.Option(["--metric", "metrics"], multiple=True,
                     help="Only this metric (may be repeated); 'all' adds costly ones."),
        click.Option(["--seed"], type=int, default=0, show_default=True,
                     help="Seed of all random choices."),
    ]  # fmt: skip

    def decorate(function: Function) -> Function:
        def call(*args: Any, **kwargs: Any) -> Any:
            found = {str(option.name): kwargs.pop(str(option.name)) for option in measured}
            chosen = {name: value for name, value in found.items() if value not in (None, ())}
            return function(*args, measured=chosen, **kwargs)

        return _with(call, function, [*parts, *measured])

    return decorate


def overwrite_option() -> Callable[[Function], Function]:
    """Add ``--overwrite`` to a command that writes to the place of ``-o``."""
    return click.option(
        "--overwrite", is_flag=True,
        help="Replace the file that is there, or write into a folder that is not empty.",
    )  # fmt: skip


def given(options: Options) -> dict[str, Any]:
    """Return the options that stand on the command line."""
    ctx = click.get_current_context()
    return {
        f.name: getattr(options, f.name)
        for f in dataclasses.fields(options)
        if ctx.get_parameter_source(f.name) is ParameterSource.COMMANDLINE
    }


_ALL = "biogan.help_all"
EXPERIMENTAL = "Experimental"
#: The kind whose options ``--help`` shows where nothing else is said.
DEFAULT_KIND = "sequences"


def _help_all(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        ctx.meta[_ALL] = True
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


def _help_all_option() -> click.Option:
    return click.Option(
        ["--help-all"], is_flag=True, is_eager=True, expose_value=False, callback=_help_all,
        help="Show all options and exit.",
    )  # fmt: skip


class GroupedCommand(click.Command):
    """A command whose ``--help`` lists the basic options and whose ``--help-all`` lists all.

    Parameters
    ----------
    headings : tuple of type
        Configurations whose fields are options of the command; they say heading and level.
    advanced : tuple of str
        Names of the command's own options that only ``--help-all`` lists.
    *args, **kwargs
        As :class:`click.Command` takes them.
    """

    def __init__(
        self,
        *args: Any,
        headings: tuple[type[Options], ...] = (),
        advanced: tuple[str, ...] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        fields = [field for cls in headings for field in dataclasses.fields(cls)]
        levels: dict[str, Level] = {field.name: field.metadata["level"] for field in fields}
        self.levels = levels | dict.fromkeys(advanced, "advanced")
        self.headings = {
            f.name: EXPERIMENTAL if levels[f.name] == "experimental" else f.metadata["group"]
            for f in fields
        }
        if any(level != "basic" for level in self.levels.values()):
            self.params.append(_help_all_option())

    def _is_basic(self, param: click.Parameter) -> bool:
        return self.levels.get(str(param.name), "basic") == "basic"

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options group by group, the experimental ones last."""
        groups: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            listed = isinstance(param, click.Option) and (self._is_basic(param) or _ALL in ctx.meta)
            if record is not None and listed:
                groups.setdefault(self.headings.get(str(param.name), "Options"), []).append(record)
        for heading in sorted(groups, key=EXPERIMENTAL.__eq__):
            with formatter.section(heading):
                formatter.write_dl(groups[heading])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the closing words, and how many options are not listed."""
        super().format_epilog(ctx, formatter)
        more = sum(not self._is_basic(param) for param in self.get_params(ctx))
        if more and _ALL not in ctx.meta:
            formatter.write_paragraph()
            noun = "option" if more == 1 else "options"
            formatter.write_text(f"{ctx.command_path} --help-all shows {more} more {noun}.")


#: What asks for help.
HELP = {"-h", "--help", "--help-all"}


def refuse_unknown_kind(params: Sequence[click.Parameter], args: Sequence[str]) -> None:
    """Refuse a ``--kind`` that there is not: help would be shown before it is looked at.

    Raises
    ------
    click.BadParameter
        With the kinds that there are.
    """
    option = next((p for p in params if p.name == "kind"), None)
    for i, word in enumerate(args):
        value = args[i + 1] if word == "--kind" and i + 1 < len(args) else ""
        value = value or (word.removeprefix("--kind=") if word.startswith("--kind=") else "")
        if option is not None and value:
            option.type.convert(value, option, None)


#: Modules and classes of the options of each kind, and the names of its known sets, so that
#: ``--help`` loads no torch. A test holds them equal to those of the modalities; a kind that is not
#: listed is asked itself.
OPTIONS = {
    "sequences": {
        "reading": "biogan.sequences.config:ReadingConfig",
        "config": "biogan.sequences.config:SequenceGANConfig",
        "sampling": "biogan.sequences.config:SequenceSamplingConfig",
        "constraining": "biogan.sequences.config:ConstraintConfig",
        "scoring": "biogan.sequences.config:SequenceScoringConfig",
        "writing": "biogan.sequences.config:SequenceWritingConfig",
    },
    "images": {
        "reading": "biogan.images.config:ImageReadingConfig",
        "config": "biogan.training.config:ImageGANConfig",
        "sampling": "biogan.images.config:ImageSamplingConfig",
        "known": "biogan.images.catalog:KNOWN",
    },
    "structures": {
        "reading": "biogan.structures.config:StructureReadingConfig",
        "config": "biogan.training.config:ImageGANConfig",
        "sampling": "biogan.training.config:SamplingConfig",
    },
    "molecules": {
        "reading": "biogan.molecules.config:MoleculeReadingConfig",
        "config": "biogan.molecules.config:MoleculeGANConfig",
        "sampling": "biogan.molecules.config:MoleculeSamplingConfig",
        "scoring": "biogan.molecules.config:MoleculeScoringConfig",
        "writing": "biogan.molecules.config:MoleculeWritingConfig",
    },
}


def options_of(kind: str, part: str) -> type[Options]:
    """Return a class of options of a kind of data, without loading the kind where it is known."""
    if kind not in OPTIONS:
        found: type[Options] = getattr(get_kind(kind), part)
        return found
    if part not in OPTIONS[kind]:
        return Options
    module, _, name = OPTIONS[kind][part].partition(":")
    cls: type[Options] = getattr(import_module(module), name)
    return cls


class KindCommand(GroupedCommand):
    """A command whose options are those of the kind of data that it is given.

    The kind is that of ``--kind``; without it, of what the command is given. The command receives
    an object of options for each part under the name of the part, and ``kind``.

    Parameters
    ----------
    parts : tuple of str
        ``reading``, ``config``, ``sampling`` and so on: classes of options that
        each kind has, see :class:`biogan.training.modality.Modality`.
    find : callable
        What was typed, by name, to the name of the kind.
    *args, **kwargs
        As :class:`GroupedCommand` takes them.
    """

    def __init__(
        self,
        *args: Any,
        parts: tuple[str, ...],
        find: Callable[[Mapping[str, Any]], str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.parts, self.find, self.kind = parts, find, DEFAULT_KIND
        self.params.append(
            click.Option(
                ["--config", "config_file"], type=FILE, metavar="FILE",
                help="Read options from a file, TOML or what --dry-run prints; the command line "
                "goes first.",
            )
        )  # fmt: skip
        self.own = [p for p in self.params if p.name != "help_all"]
        self.own_levels = dict(self.levels) | {"config_file": "advanced"}

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Find the kind of the data, then read the arguments with its options."""
        from biogan.core.inputs import forget_peeked

        # Every command has these two, see biogan.cli.
        switches = [p for p in self.params if p.name in ("quiet", "debug")]
        # A shell that completes opens no data.
        completing = extra.get("resilient_parsing")
        if completing or HELP & set(args):
            if not completing:
                refuse_unknown_kind(self.own, args)
            asked = [kind for kind in KINDS if kind in args or f"--kind={kind}" in args]
            self.kind = asked[0] if asked else DEFAULT_KIND
        else:
            self.kind = self._find([*self.own, *switches], info_name, list(args), parent)
        self.classes = {part: options_of(self.kind, part) for part in self.parts}
        self.levels, self.headings = dict(self.own_levels), {}
        params = [*self.own, *switches]
        for cls in self.classes.values():
            for field, option in _options(cls):
                level: Level = field.metadata["level"]
                untried = level == "experimental"
                self.levels[field.name] = level
                self.headings[field.name] = EXPERIMENTAL if untried else field.metadata["group"]
                params.append(option)
        if any(level != "basic" for level in self.levels.values()):
            params.append(_help_all_option())
        self.params = params
        ctx = super().make_context(info_name, args, parent, **extra)
        ctx.call_on_close(forget_peeked)
        return ctx

    def _find(
        self,
        params: list[click.Parameter],
        info_name: str | None,
        args: list[str],
        parent: click.Context | None,
    ) -> str:
        """Read the arguments with the options of all kinds; refuse those of another kind."""
        owners: dict[str, list[str]] = {}
        union: dict[str, click.Parameter] = {}
        for kind in KINDS:
            for part in self.parts:
                for field, option in _options(options_of(kind, part)):
                    owners.setdefault(field.name, []).append(kind)
                    union.setdefault(field.name, option)
        # Without the callbacks of --quiet and --debug, which are to act once.
        quiet = [click.Option(p.opts, is_flag=True) for p in params if p.callback]
        plain = [p for p in params if not p.callback]
        loose = click.Command(info_name, params=[*plain, *quiet, *union.values()])
        # Mistakes are left to the parser of the kind: it knows its types.
        ctx = loose.make_context(info_name, list(args), parent, resilient_parsing=True)
        if _MISSING in ctx.meta and _parses(loose, args):
            raise ctx.meta[_MISSING]
        typed = {
            name: value
            for name, value in ctx.params.items()
            if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
        }
        kind = typed["kind"] if typed.get("kind") in KINDS else self.find(typed)
        for name in typed:
            if name in owners and kind not in owners[name]:
                known = " and ".join(sorted(owners[name]))
                choice = any(p.name == "kind" for p in params)
                raise click.UsageError(
                    f"{flag(name)}: is an option of {known}, and these are {kind}; leave it out"
                    + ", or say what the data are with --kind" * choice
                )
        return kind

    def invoke(self, ctx: click.Context) -> Any:
        """Build the objects of options and call the command."""
        self._read_config(ctx)
        for part, cls in self.classes.items():
            given = {f.name: ctx.params.pop(f.name, None) for f in dataclasses.fields(cls)}
            ctx.params[part] = cls.from_dict({k: v for k, v in given.items() if v is not None})
        ctx.params["kind"] = self.kind
        return super().invoke(ctx)

    def _read_config(self, ctx: click.Context) -> None:
        """Take options that were not typed from the file of ``--config``."""
        path = ctx.params.pop("config_file", None)
        if path is None:
            return
        known = {field.name for cls in self.classes.values() for field in dataclasses.fields(cls)}
        for key, value in read_options(path).items():
            name = key.replace("-", "_")
            if name not in known:
                raise ConfigError(f"{path}: {unknown_name('option', key, tuple(sorted(known)))}")
            if value is not None and ctx.params.get(name) is None:
                ctx.params[name] = tuple(value) if isinstance(value, list) else value
                ctx.set_parameter_source(name, ParameterSource.COMMANDLINE)


def read_options(path: str) -> dict[str, Any]:
    """Read a file of options: JSON, as ``--dry-run`` prints it, or TOML.

    Raises
    ------
    DataError
        If it is neither, or no table of options.
    """
    import tomllib

    from biogan.core.files import parse_json, reading

    with reading(path, "no file of options", DataError):
        with open(path, "rb") as file:
            data = file.read()
    if data.lstrip()[:1] in (b"{", b"["):
        found = parse_json(data, path)
    else:
        with reading(path, "no valid TOML", DataError):
            found = tomllib.loads(data.decode())
    if not isinstance(found, dict):
        raise DataError(f"{path}: holds no table of options, such as steps = 3000")
    return found


def _parses(command: click.Command, args: Sequence[str]) -> bool:
    """Whether all options are known, whatever their values."""
    try:
        command.make_parser(click.Context(command)).parse_args(list(args))
    except click.UsageError:
        return False
    return True


def kind_option() -> Callable[[Function], Function]:
    """Add ``--kind`` to a command."""
    return click.option(
        "--kind", type=click.Choice(list(KINDS)),
        help="What the data are, where their names do not tell.",
    )  # fmt: skip


def _options(cls: type[Options]) -> Iterator[tuple[dataclasses.Field, click.Option]]:
    known = kinds(cls)
    for field in dataclasses.fields(cls):
        yield field, _option(field, known[field.name])
