"""Flags that are declared only once: the fields of an options class, and what scoring takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

from biogan.core.options import Kind, Level, Options, flag, kinds

Function = Callable[..., Any]
_SWITCH = {True: "on", False: "off"}


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
    facts = []
    if field.default is not None:
        shown = f"{field.default:g}" if isinstance(field.default, float) else field.default
        facts.append(f"default: {shown}")
    if meta["high"] is not None:
        facts.append(f"{meta['low']} to {meta['high']}")
    told = f"  [{'; '.join(facts)}]" if facts else ""
    # The default stays None here: an option that was not given is left to the options class.
    return click.Option(
        [flag(field.name), field.name],
        type=form,
        help=meta["help"] + told,
    )


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


def scoring_options(
    noun: str, files: str, sequences: bool = True
) -> Callable[[Function], Function]:
    """Add the flags of a command that scores generated sets.

    The command receives ``train``, ``held_out``, ``out``, ``overwrite`` and ``as_json`` by
    themselves, and in the dict ``scoring`` what was given of the parameters of the function that
    scores, by their names.

    Parameters
    ----------
    noun : str
        What is scored, in the plural.
    files : str
        What is written into the folder of ``-o``.
    sequences : bool
        Whether these are sequences, which have an identity, motifs, a profile and genes.
    """
    real = f"Real {noun} that no generator has seen."
    parts = [
        click.Option(["--train"], help="What a generator was trained on: needed to find copies."),
        click.Option(["--held-out"], help=real),
        click.Option(["-o", "--out"], help=f"Folder for {files}."),
        click.Option(
            ["--overwrite"], is_flag=True, help="Replace earlier files of this kind in the folder."
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="JSON instead of the table."),
    ]
    scoring = [
        click.Option(["-n", "n"], type=click.IntRange(1),
                     help="Records of each set that are read at most; all by default."),
        click.Option(["--metric", "metrics"], multiple=True,
                     help="Only this metric (may be repeated); 'all' adds costly ones."),
        click.Option(["--seed"], type=int, default=0, show_default=True,
                     help="Seed of all random choices."),
        *(_of_sequences() if sequences else ()),
    ]  # fmt: skip

    def decorate(function: Function) -> Function:
        def call(*args: Any, **kwargs: Any) -> Any:
            found = {str(option.name): kwargs.pop(str(option.name)) for option in scoring}
            chosen = {name: value for name, value in found.items() if value not in (None, ())}
            return function(*args, scoring=chosen, **kwargs)

        return _with(call, function, [*parts, *scoring])

    return decorate


def _of_sequences() -> list[click.Option]:
    return [
        click.Option(["--identity"], type=click.FloatRange(0, 1, min_open=True), default=0.9,
                     show_default=True, help="Identity from which a record is a near copy."),
        click.Option(["--motifs"],
                     help="Motifs of nucleotides to look for, as MEME or JASPAR write them."),
        click.Option(["--hmm"], help="Profile of the protein family, in HMMER's format."),
        click.Option(["--coding"], is_flag=True, flag_value=True, default=None,
                     help="The records are genes (found from the reference)."),
        click.Option(["--genetic-code", "code"], type=int, default=1, show_default=True,
                     help="NCBI's number."),
    ]  # fmt: skip


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


def _help_all(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        ctx.meta[_ALL] = True
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


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
            self.params.append(
                click.Option(
                    ["--help-all"],
                    is_flag=True,
                    is_eager=True,
                    expose_value=False,
                    callback=_help_all,
                    help="Show all options and exit.",
                )
            )

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
