"""Flags made from the fields of a frozen options class, so that they are declared only once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, get_type_hints

import click
from click.core import ParameterSource

from biogan.options import Options, flag

Function = Callable[..., Any]


def _option(field: dataclasses.Field, hint: Any) -> click.Option:
    meta, text = field.metadata, str(hint)
    if "bool" in text:
        name = flag(field.name)
        return click.Option(
            [f"{name}/--no-{name[2:]}", field.name],
            default=None,
            help=f"{meta['help']}  [default: {'on' if field.default else 'off'}]",
        )
    kind: click.ParamType
    if meta["choices"]:
        kind = click.Choice(meta["choices"])
    elif "str" in text or hint is str:
        kind = click.STRING
    else:
        kind = click.FLOAT if "float" in text else click.INT
    default = "" if field.default is None else f"  [default: {field.default:g}]" if isinstance(
        field.default, float
    ) else f"  [default: {field.default}]"  # fmt: skip
    # The default stays None here: an option that was not given is left to the options class.
    return click.Option([flag(field.name), field.name], type=kind, help=meta["help"] + default)


def config_options(cls: type[Options], name: str) -> Callable[[Function], Function]:
    """Add a flag for every field of ``cls`` to a command.

    Parameters
    ----------
    cls : type
        A frozen subclass of :class:`biogan.config.Options`.
    name : str
        Keyword under which the command receives the built object.
    """
    fields = dataclasses.fields(cls)

    def decorate(function: Function) -> Function:
        def call(*args: Any, **kwargs: Any) -> Any:
            given = {f.name: kwargs.pop(f.name) for f in fields}
            kwargs[name] = cls.from_dict({k: v for k, v in given.items() if v is not None})
            return function(*args, **kwargs)

        call.__doc__, call.__name__ = function.__doc__, function.__name__
        hints = get_type_hints(cls)
        params = [_option(f, hints[f.name]) for f in fields]
        # Click keeps pending parameters in reverse order of declaration.
        inherited = list(getattr(function, "__click_params__", []))
        call.__click_params__ = list(reversed(params)) + inherited  # type: ignore[attr-defined]
        return call

    return decorate


def given(options: Options) -> dict[str, Any]:
    """Return the options that stand on the command line."""
    ctx = click.get_current_context()
    return {
        f.name: getattr(options, f.name)
        for f in dataclasses.fields(options)
        if ctx.get_parameter_source(f.name) is ParameterSource.COMMANDLINE
    }


class GroupedCommand(click.Command):
    """A command whose ``--help`` lists the options under the headings of their declaration."""

    def __init__(self, *args: Any, headings: tuple[type[Options], ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headings = {
            field.name: field.metadata["group"]
            for cls in headings
            for field in dataclasses.fields(cls)
        }

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options group by group."""
        groups: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                groups.setdefault(self.headings.get(str(param.name), "Options"), []).append(record)
        for heading in groups:
            with formatter.section(heading):
                formatter.write_dl(groups[heading])
