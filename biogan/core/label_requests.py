"""What a user asks a conditional model for: ``expr=10:14``, ``label=AMP``, a table of labels.

What is not asked for is drawn from the training data, given what is: whoever asks for a class gets
the numbers that go with it. Nothing is extrapolated: a number beyond those of the training data is
the nearest one that they have, and this is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

import numpy as np

from biogan.core.conditions import members, numbers
from biogan.core.display import excerpt
from biogan.core.errors import ConfigError, few
from biogan.core.inputs import is_pipe
from biogan.core.label_codes import Condition, rank_bytes, ranks_of, reflected
from biogan.core.label_rows import Conditions, taken
from biogan.core.labels import read_label_table

_TOP = re.compile(r"(top|bottom)\s*(\d+(?:\.\d+)?)\s*%?")


class Wish(NamedTuple):
    """What is asked of one label: bytes of a class, or of labels; or a range of ranks.

    Attributes
    ----------
    codes : bytes
        Empty where a range of ranks is asked for.
    low, high : float
        The range, 0 to 1; both the same for one number.
    """

    codes: bytes = b""
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Request:
    """Labels of one record, or of several that are to be alike.

    Attributes
    ----------
    conditions : Conditions
        Labels of the model.
    wishes : dict of str to Wish
        By name of the label; what is not there is drawn.
    """

    conditions: Conditions
    wishes: dict[str, Wish]

    def weights(self) -> tuple[np.ndarray, bool]:
        """Return how much each row of the joint distribution counts, and whether any suits."""
        rows, shares = self.conditions.joint
        for name, wish in self.wishes.items():
            part, place = self.conditions[name], self.conditions.places[name]
            shares = shares * _nearness(part, rows[:, place], wish)
        if shares.sum() > 0:
            return shares, True
        return self.conditions.joint[1], False

    def draw(self, uniform: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """Draw rows of labels, shape (n, size).

        Parameters
        ----------
        uniform : numpy.ndarray, shape (n, 2)
            From U(0, 1).
        normal : numpy.ndarray, shape (n, numbers)
            From N(0, 1).
        """
        conditions = self.conditions
        rows = conditions.joint[0][taken(self.weights()[0], uniform[:, 0])]
        moved = conditions.moved(rows, normal)
        for name, wish in self.wishes.items():
            part, place = conditions[name], conditions.places[name]
            if wish.codes or not part.size:
                moved[:, place] = np.frombuffer(wish.codes, np.uint8)
                continue
            ranks, outside = ranks_of(moved[:, place]), ranks_of(rows[:, place])
            outside = (outside < wish.low) | (outside > wish.high)
            within = wish.low + (wish.high - wish.low) * uniform[:, 1]
            ranks = np.where(outside, within, reflected(ranks, wish.low, wish.high))
            moved[:, place] = rank_bytes(ranks)
        return moved


def _nearness(part: Condition, codes: np.ndarray, wish: Wish) -> np.ndarray:
    """Return how well rows of a condition, shape (m, size), suit a wish, 0 to 1."""
    if wish.codes or not part.size:
        return np.asarray((codes == np.frombuffer(wish.codes, np.uint8)).all(1), float)
    ranks = ranks_of(codes)
    away = np.maximum(wish.low - ranks, ranks - wish.high).clip(0) / part.spread
    near = np.where(part.is_unknown(codes), 0, np.exp(-(away**2) / 2))
    inside = near * (away == 0)
    # One number: records of near numbers say what goes with it.
    return inside if wish.high > wish.low and inside.any() else near


def labels_asked(text: str | None) -> list[str]:
    """Take what was given to ``--label`` apart: a comma may also stand within a value.

    Examples
    --------
    >>> labels_asked("go=GO:1,GO:2,expr=12"), labels_asked(None)
    (['go=GO:1,GO:2', 'expr=12'], [])
    """
    found: list[str] = []
    for piece in (text or "").split(",") if text else []:
        if "=" in piece or not found:
            found.append(piece)
        else:
            found[-1] += f",{piece}"
    return found


def read_request(
    conditions: Conditions, texts: Sequence[str], notes: list[str] | None = None
) -> Request:
    """Read what was asked for with ``--label``.

    Parameters
    ----------
    conditions : Conditions
        Labels of the model.
    texts : sequence of str
        ``NAME=VALUE`` each.
    notes : list of str, optional
        Receives what could not be followed to the letter, one sentence each.

    Raises
    ------
    ConfigError
        If a label or a value is unknown.

    Examples
    --------
    >>> found = Conditions.of({"class": ["a", "b"] * 20}, ("class",), np.ones(40))
    >>> read_request(found, ["class=b"]).draw(np.zeros((2, 2)), np.zeros((2, 0))).tolist()
    [[1], [1]]
    """
    said = [] if notes is None else notes
    wishes: dict[str, Wish] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name, where = name.strip(), f"--label {text}"
        if not equals:
            known = [part.name for part in conditions] or ["label"]
            raise ConfigError(f"{where}: write NAME=VALUE, for example {known[0]}={text}")
        if name in wishes:
            raise ConfigError(f"{where}: {excerpt(name)} is given twice")
        try:
            part = conditions[name]
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from error
        if not value.strip() and conditions.whole:
            raise ConfigError(f"{where}: every training record has this label, say which")
        wishes[name] = _wish(part, value.strip(), where, said)
    request = Request(conditions, wishes)
    if len(wishes) > 1 and not request.weights()[1]:
        said.append(
            f"no training record has {' and '.join(texts)}: what is written is a guess from "
            "records with one of them"
        )
    return request


def _wish(part: Condition, value: str, where: str, notes: list[str]) -> Wish:
    if not value:
        return Wish(part.unknown)
    if part.kind == "number":
        return _range(part, value, where, notes)
    asked = members(value.replace(",", ";")) if part.kind == "multi" else [value]
    for one in asked:
        if one not in part.values:
            raise ConfigError(f"{where}: {_unknown(part, one)}")
    return Wish(part.codes([";".join(asked)])[0].tobytes())


def _unknown(part: Condition, value: str) -> str:
    """Say that there is no such class, which one is nearest, and which there are."""
    near = get_close_matches(value, part.values, 1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return f"unknown value {value!r}: {meant}{part.name} is one of {few(part.values, 8)}"


def _range(part: Condition, value: str, where: str, notes: list[str]) -> Wish:
    """Read ``12``, ``10:14``, ``10:``, ``:14``, ``top10`` or ``bottom10`` (per cent)."""
    if found := _TOP.fullmatch(value):
        share = float(found[2]) / 100
        if not 0 < share <= 1:
            raise ConfigError(f"{where}: the share must be above 0 and at most 100 %")
        return Wish(low=1 - share) if found[1] == "top" else Wish(high=share)
    first, colon, second = (text.strip() for text in value.partition(":"))
    ends = [first or f"{part.low!r}", (second or f"{part.high!r}") if colon else first]
    low, high = numbers(ends).tolist()
    if np.isnan([low, high]).any() or not (first or second):
        raise ConfigError(
            f"{where}: a number is needed, or a range such as {part.low:.3g}:{part.high:.3g}, "
            "or top10, bottom10 (per cent)"
        )
    if low > high:
        raise ConfigError(f"{where}: {low:g} is more than {high:g}")
    within = np.clip([low, high], part.low, part.high)
    if within.tolist() != [low, high]:
        used = f"{within[0]:.5g}" if within[0] == within[1] else f"{within[0]:.5g}:{within[1]:.5g}"
        notes.append(
            f"{where}: training data have {part.low:.5g} to {part.high:.5g}, {part.name}={used} "
            "is written"
        )
    ranks = part.ranks(within)
    return Wish(low=float(ranks[0]), high=float(ranks[1]))


class Wanted(NamedTuple):
    """What is asked for, record by record, or once for all.

    Attributes
    ----------
    ids : list of str
        Ids of the rows of a table; empty where there is none.
    requests : list of Request
        What each row asks for; one for all records without a table.
    """

    ids: list[str]
    requests: list[Request]

    def draw(self, uniform: np.ndarray, normal: np.ndarray, first: int) -> np.ndarray:
        """Draw rows of labels of records from number ``first`` on, see :meth:`Request.draw`."""
        if not self.ids:
            return self.requests[0].draw(uniform, normal)
        n = len(uniform)
        rows = Request(self.requests[0].conditions, {}).draw(uniform, normal)  # beyond the table
        # Rows that ask for the same share one request.
        alike: dict[int, tuple[Request, list[int]]] = {}
        for i, request in enumerate(self.requests[first : first + n]):
            alike.setdefault(id(request), (request, []))[1].append(i)
        for request, places in alike.values():
            rows[places] = request.draw(uniform[places], normal[places])
        return rows


def read_wanted(path: str, conditions: Conditions, notes: list[str] | None = None) -> Wanted:
    """Read a table of labels of records to write.

    Parameters
    ----------
    path : str
        TSV: first column an id, each further one a label of the model; an empty cell is drawn.
    conditions : Conditions
        Labels of the model.
    notes : list of str, optional
        Receives what there is to say, one sentence each.

    Raises
    ------
    ConfigError
        If no column is a label of the model, or a value cannot be asked for.
    DataError
        If it is no table, or an id stands in it twice.
    """
    if is_pipe(path):
        raise ConfigError(f"--labels {path}: is read more than once, give a file")
    said: list[str] = []
    names, rows, _ = read_label_table(path, said, once=True)
    known = {part.name for part in conditions}
    if not known.intersection(names):
        try:
            conditions[names[0]]  # says what there is
        except ConfigError as error:
            raise ConfigError(f"--labels {path}: {error}") from error
    if left := [name for name in names if name not in known]:
        said.append(f"not learned by this model, left out: {few(left)}")
    if not rows:
        raise ConfigError(f"--labels {path}: no rows below the header")
    odd: list[str] = []
    requests, seen = list[Request](), dict[tuple[str, ...], Request]()
    for number, row in enumerate(rows.values(), 2):
        asked = tuple(
            f"{name}={value}" for name, value in zip(names, row, strict=True)
            if name in known and value
        )  # fmt: skip
        if asked not in seen:
            try:
                seen[asked] = read_request(conditions, asked, odd)
            except ConfigError as error:
                raise ConfigError(f"--labels {path}, row {number:,}: {error}") from error
        requests.append(seen[asked])
    if odd:
        said.append(f"{odd[0]}" + (f" ({len(odd) - 1:,} more such)" if len(odd) > 1 else ""))
    if notes is not None:
        notes += [f"--labels {path}: {line}" for line in said]
    return Wanted([*rows], requests)
