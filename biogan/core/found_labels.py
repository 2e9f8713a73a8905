"""Which labels of training records are learned, and what is said of those that are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from biogan.core.conditions import kind_of, members
from biogan.core.display import shown
from biogan.core.label_codes import FEWEST
from biogan.core.label_rows import Conditions

# Labels that are named in the hint.
_NAMED = 4


def conditions_of(
    columns: Mapping[str, Sequence[object] | np.ndarray],
    asked: Sequence[str],
    weights: np.ndarray,
) -> tuple[Conditions, list[str]]:
    """Read the conditions off the labels of training records.

    Parameters
    ----------
    columns : mapping of str to sequence
        Labels by name, one value a record.
    asked : sequence of str
        What ``--condition`` names.
    weights : numpy.ndarray, shape (n,)
        Records that each one stands for.

    Returns
    -------
    conditions : Conditions
        Empty where nothing is asked for.
    lines : list of str
        What is learned; or which labels could be.

    Raises
    ------
    ConfigError
        If a label cannot be learned.

    Examples
    --------
    >>> conditions_of({"class": ["a", "b"] * 20}, (), np.ones(40))[1]
    ['labels found and not used: class (2 classes): --condition NAME learns one']
    """
    if not asked:
        return Conditions(), _unused(columns)
    notes: list[str] = []
    conditions = Conditions.of(columns, asked, weights, notes)
    lines = [f"labels to learn: {conditions.describe()}"]
    lines += [
        f"label {part.name}: one value for all records, nothing to learn"
        for part in conditions
        if part.constant
    ]
    learned = {part.name for part in conditions}
    others = {name: column for name, column in columns.items() if name not in learned}
    return conditions, lines + _unused(others) + notes


def _unused(columns: Mapping[str, Sequence[object] | np.ndarray]) -> list[str]:
    found = usable(columns)
    if not found:
        return []
    more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
    names = ", ".join(f"{shown(k, 40)} ({v})" for k, v in [*found.items()][:_NAMED])
    return [f"labels found and not used: {names}{more}: --condition NAME learns one"]


def usable(columns: Mapping[str, Sequence[object] | np.ndarray]) -> dict[str, str]:
    """Say of each label that could be learned what it is; names of records are none.

    Examples
    --------
    >>> usable({"id": [str(i) + "x" for i in range(40)], "x": [str(i / 3) for i in range(40)]})
    {'x': 'numbers'}
    """
    found: dict[str, str] = {}
    for name, column in columns.items():
        values = [str(value).strip() for value in column]
        distinct = {value for value in values if value}
        if len(distinct) < 2:
            continue
        kind = kind_of(distinct)
        if kind == "number":
            found[name] = "numbers"
            continue
        counts: dict[str, int] = {}
        for value in values:
            for one in members(value) if kind == "multi" else [value] * bool(value):
                counts[one] = counts.get(one, 0) + 1
        often = sum(count >= FEWEST for count in counts.values())
        if often > 1:
            what = "classes" if kind == "class" else "labels, several at once"
            found[name] = f"{often:,} {what}"
    return found
