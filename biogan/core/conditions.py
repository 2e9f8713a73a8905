"""What a label is when it is learned or asked for: a class, several classes at once, or a number.

Labels are text, as headers and tables have them (:mod:`biogan.core.labels`). Training, sampling and
evaluation read them by the functions here, so that a column has one kind everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

import numpy as np

from biogan.core.display import excerpt
from biogan.core.errors import ConfigError, few

#: One class a record, several at once, or a number.
ConditionKind = Literal["class", "multi", "number"]
KINDS: tuple[ConditionKind, ...] = get_args(ConditionKind)
#: A column of numbers with more distinct values than this is a number, else they are classes.
CLASS_NUMBERS = 12
#: Columns of classes with more values are names, one for nearly every record.
MOST_CLASSES = 200
# What separates the classes of one record.
_SEPARATOR = re.compile(r"\s*[;|]\s*")


def members(value: object) -> tuple[str, ...]:
    """Return the classes of one record of a ``multi`` label; none where it has no label.

    Examples
    --------
    >>> members("GO:0003677;GO:0016301"), members("UP | ext"), members("")
    (('GO:0003677', 'GO:0016301'), ('UP', 'ext'), ())
    """
    parts = (part.strip() for part in _SEPARATOR.split(str(value).strip()))
    return tuple(dict.fromkeys(part for part in parts if part))


def numbers(values: Iterable[object]) -> np.ndarray:
    """Read labels as numbers, shape (n,), float64; NaN where there is none, or no finite one.

    Examples
    --------
    >>> numbers(["1.5", "", "2e3", "high", "inf"]).tolist()
    [1.5, nan, 2000.0, nan, nan]
    """
    return np.array([_number(str(value)) for value in values], float)


def _number(text: str) -> float:
    try:
        # Underscores between digits are a number in Python only.
        found = float(text) if "_" not in text else np.nan
    except ValueError:
        return np.nan
    return found if np.isfinite(found) else np.nan


def kind_of(values: Iterable[object]) -> ConditionKind:
    """Find the kind of a column of labels; records without a label do not count.

    Parameters
    ----------
    values : iterable of object
        One value a record, ``""`` where there is none.

    Returns
    -------
    {"class", "multi", "number"}
        ``number`` where all are finite numbers and more than 12 are distinct, ``multi`` where a
        value holds ``;`` or ``|``, else ``class``.

    Examples
    --------
    >>> kind_of(["AMP", "nonAMP", ""]), kind_of(["a;b", "b"]), kind_of(map(str, range(13)))
    ('class', 'multi', 'number')
    >>> kind_of(["0", "1", "2"])
    'class'
    """
    distinct = {text for value in values if (text := str(value).strip())}
    read = numbers(distinct)
    if len(set(read.tolist())) > CLASS_NUMBERS and not np.isnan(read).any():
        return "number"
    return "multi" if any(_SEPARATOR.search(text) for text in distinct) else "class"


def parse_condition(text: str) -> tuple[str, ConditionKind | None]:
    """Read ``NAME`` or ``NAME=KIND``.

    Returns
    -------
    name : str
    kind : str or None
        ``None`` where the kind is to be found from the values.

    Raises
    ------
    ConfigError
        If there is no name, or no such kind.

    Examples
    --------
    >>> parse_condition("expr=number"), parse_condition("label")
    (('expr', 'number'), ('label', None))
    """
    name, equals, kind = (part.strip() for part in text.partition("="))
    known: dict[str, ConditionKind] = {word: word for word in KINDS}
    if not name or (equals and kind not in known):
        raise ConfigError(
            f"condition {excerpt(text)}: NAME or NAME=KIND, where KIND is {', '.join(KINDS)}"
        )
    return name, known.get(kind)


def chosen_conditions(
    asked: Sequence[str], columns: Mapping[str, Sequence[object] | np.ndarray], where: str
) -> dict[str, ConditionKind]:
    """Find the kinds of the labels that were asked for.

    Parameters
    ----------
    asked : sequence of str
        ``NAME`` or ``NAME=KIND``.
    columns : mapping of str to sequence of object
        Labels of the records that are learned from, by name.
    where : str
        What the records are, for messages: ``the training data``.

    Returns
    -------
    dict of str to str
        Kind by name, in the order asked for.

    Raises
    ------
    ConfigError
        If a label is not there, is empty everywhere, is asked for twice, is said to be a number
        and holds something else, or has more than 200 classes.

    Examples
    --------
    >>> chosen_conditions(["class"], {"class": ["a", "b"]}, "the training data")
    {'class': 'class'}
    >>> chosen_conditions(["expr"], {"class": ["a", "b"]}, "the training data")
    Traceback (most recent call last):
    biogan.core.errors.ConfigError: condition 'expr': the training data have no such label; labels
    there are: class
    """
    found: dict[str, ConditionKind] = {}
    for text in asked:
        name, kind = parse_condition(text)
        called = f"condition {excerpt(name)}"
        if name in found:
            raise ConfigError(f"{called}: is asked for twice")
        if name not in columns:
            there = f"labels there are: {few([*columns])}" if columns else "they have no labels"
            raise ConfigError(f"{called}: {where} have no such label; {there}")
        values = [text for value in columns[name] if (text := str(value).strip())]
        if not values:
            raise ConfigError(f"{called}: no record of {where} has a value")
        found[name] = kind or kind_of(values)
        if found[name] == "number":
            wrong = [text for text, x in zip(values, numbers(values), strict=True) if np.isnan(x)]
            if wrong:
                raise ConfigError(f"{called}: a number, but {where} hold {excerpt(wrong[0])}")
        else:
            classes = {c for v in values for c in (members(v) if found[name] == "multi" else [v])}
            if len(classes) > MOST_CLASSES:
                raise ConfigError(
                    f"{called}: {len(classes):,} classes in {where}, at most "
                    f"{MOST_CLASSES} can be learned; are they names?"
                )
    return found
